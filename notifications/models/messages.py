"""Notifications, the texts they are made of, and how they were brought to people."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import uuid7
from identity.models import Account, StaffMember
from notifications.models.notices import Notice

# PartialIndex knows "=" alone; PostgreSQL takes this for what it says.
_UNREAD = {"(read_at IS NULL)": True}


class Channel(StrEnum):
    """How a notification leaves the service. The inbox is no channel: everything is in it."""

    WECHAT = "WECHAT"
    SMS = "SMS"


class DeliveryState(StrEnum):
    """How far one notification got on one channel."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class AttemptOutcome(StrEnum):
    """What became of one attempt; UNKNOWN: the answer was lost, it may have arrived."""

    STARTED = "STARTED"
    SENT = "SENT"
    RETRY = "RETRY"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


class MessageTemplate(Model):
    """One version of the text of a topic, in both languages; never changed, only followed.

    The words between braces are filled from the notification's ``params``. A version that comes
    with the program takes the place of one that did too, never of one that staff wrote.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    topic = fields.CharField(40)
    version = fields.IntField(description="1 and up")
    shipped = fields.BooleanField(description="came with the program; otherwise staff wrote it")
    title_zh = fields.CharField(60)
    body_zh = fields.CharField(500)
    title_en = fields.CharField(120)
    body_en = fields.CharField(1000)
    form_values: fields.JSONField[dict[str, str]] = fields.JSONField(
        description="slot of the WeChat form → text with braces (zh-CN)"
    )
    in_force = fields.BooleanField(description="new notifications are made from it")
    author_id = fields.UUIDField(null=True, description="the member of staff who wrote it")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        app = "notifications"
        table = "message_template"
        unique_together = (("topic", "version"),)
        constraints = (
            UniqueConstraint(("topic",), "message_template_in_force", "in_force"),
            CheckConstraint("version >= 1", "message_template_version"),
            CheckConstraint("shipped = (author_id IS NULL)", "message_template_author"),
        )


class Notification(Model):
    """Something that somebody is told, written in the transaction of what it tells of."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="notifications", null=True, on_delete=fields.CASCADE
    )
    account_id: UUID | None
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", related_name="notifications", null=True, on_delete=fields.CASCADE
    )
    staff_id: UUID | None
    topic = fields.CharField(40)
    template: fields.ForeignKeyNullableRelation[MessageTemplate] = fields.ForeignKeyField(
        "notifications.MessageTemplate",
        related_name="notifications",
        null=True,
        on_delete=fields.RESTRICT,
    )
    template_id: UUID | None
    notice: fields.ForeignKeyNullableRelation[Notice] = fields.ForeignKeyField(
        "notifications.Notice", related_name="notifications", null=True, on_delete=fields.CASCADE
    )
    notice_id: UUID | None
    params: fields.JSONField[dict[str, str]] = fields.JSONField(
        description="what fills the template: names of places and listings, times; no person"
    )
    subject_kind = fields.CharField(30, default="", description="type name in the schema")
    subject_id = fields.UUIDField(null=True, description="what it is about")
    emergency = fields.BooleanField(default=False, description="overrides quiet hours")
    dedup = fields.CharField(
        100, description="the same happening is told to the same recipient once"
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    read_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "notifications"
        table = "notification"
        indexes = (
            Index(fields=("account_id", "created_at", "id"), name="notification_of_account"),
            Index(fields=("staff_id", "created_at", "id"), name="notification_of_staff"),
            PartialIndex(
                fields=("account_id", "created_at", "id"),
                name="notification_unread_account",
                condition=_UNREAD,
            ),
            PartialIndex(
                fields=("staff_id", "created_at", "id"),
                name="notification_unread_staff",
                condition=_UNREAD,
            ),
            Index(fields=("notice_id", "read_at"), name="notification_of_notice"),
        )
        constraints = (
            CheckConstraint("(account_id IS NULL) <> (staff_id IS NULL)", "notification_of_one"),
            CheckConstraint("(template_id IS NULL) <> (notice_id IS NULL)", "notification_words"),
            UniqueConstraint(
                ("account_id", "dedup"), "notification_once_account", "account_id IS NOT NULL"
            ),
            UniqueConstraint(
                ("staff_id", "dedup"), "notification_once_staff", "staff_id IS NOT NULL"
            ),
        )


class Delivery(Model):
    """One notification on one channel. ``claimed_until``: a worker is sending it until then."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    notification: fields.ForeignKeyRelation[Notification] = fields.ForeignKeyField(
        "notifications.Notification", related_name="deliveries", on_delete=fields.CASCADE
    )
    notification_id: UUID
    channel = fields.CharEnumField(Channel, max_length=10)
    state = fields.CharEnumField(DeliveryState, max_length=10, default=DeliveryState.PLANNED)
    reason = fields.CharField(60, default="", description="why it failed or was skipped: a code")
    attempts = fields.IntField(default=0)
    due_at = fields.DatetimeField(description="not before; quiet hours and back-off move it")
    claimed_until: datetime | None = fields.DatetimeField(null=True)
    provider_ref = fields.CharField(64, null=True, description="the provider's id of the message")
    created_at = fields.DatetimeField(auto_now_add=True)
    sent_at: datetime | None = fields.DatetimeField(null=True)
    arrived_at: datetime | None = fields.DatetimeField(
        null=True, description="when the provider said that it arrived"
    )

    class Meta:
        app = "notifications"
        table = "delivery"
        unique_together = (("notification_id", "channel"),)
        indexes = (
            Index(fields=("created_at", "id"), name="delivery_log"),
            Index(fields=("state", "created_at", "id"), name="delivery_log_of_state"),
            Index(fields=("state", "due_at"), name="delivery_open"),
            Index(fields=("provider_ref",), name="delivery_ref"),
        )
        constraints = (
            CheckConstraint(
                "(state = 'SENDING') = (claimed_until IS NOT NULL)", "delivery_claimed"
            ),
            CheckConstraint("(state = 'SENT') <= (sent_at IS NOT NULL)", "delivery_sent"),
        )


class DeliveryAttempt(Model):
    """One attempt to send, on record before it is made."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    delivery: fields.ForeignKeyRelation[Delivery] = fields.ForeignKeyField(
        "notifications.Delivery", related_name="log", on_delete=fields.CASCADE
    )
    delivery_id: UUID
    number = fields.IntField(description="1 and up")
    at = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)
    outcome = fields.CharEnumField(AttemptOutcome, max_length=10, default=AttemptOutcome.STARTED)
    code = fields.CharField(60, default="", description="the provider's code, or our kind of error")

    class Meta:
        app = "notifications"
        table = "delivery_attempt"
        unique_together = (("delivery_id", "number"),)
