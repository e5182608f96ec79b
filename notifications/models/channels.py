"""What channels need to know: WeChat's templates and its quota of accepts; pauses."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import uuid7
from identity.models import WeChatUser
from notifications.models.messages import Channel


class WeChatForm(StrEnum):
    """The kinds of subscribe message. Few: one tap asks for three templates at the most."""

    RESULT = "RESULT"
    APPOINTMENT = "APPOINTMENT"
    MESSAGE = "MESSAGE"
    SAFETY = "SAFETY"
    NOTICE = "NOTICE"


class SubscriptionChange(StrEnum):
    """What happened to the number of messages that somebody may still be sent."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    SPENT = "SPENT"
    RETURNED = "RETURNED"
    USED_UP = "USED_UP"


class SubscriptionSource(StrEnum):
    """How we know."""

    CLIENT = "CLIENT"
    PUSH = "PUSH"
    SENDING = "SENDING"


class WeChatTemplate(Model):
    """The template at WeChat for a form: its id and which of its keys takes which slot."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    form = fields.CharEnumField(WeChatForm, max_length=15)
    template_id = fields.CharField(64, description="as WeChat's console shows it")
    keys: fields.JSONField[dict[str, str]] = fields.JSONField(
        description="slot of the form → WeChat's key, such as thing1"
    )
    long_term = fields.BooleanField(default=False, description="one accept for good (长期订阅)")
    author_id = fields.UUIDField(null=True, description="the member of staff who entered it")
    created_at = fields.DatetimeField(auto_now_add=True)
    replaced_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "notifications"
        table = "wechat_template"
        indexes = (Index(fields=("template_id",)),)
        constraints = (UniqueConstraint(("form",), "wechat_template_one", "replaced_at IS NULL"),)


class SubscriptionBalance(Model):
    """How many messages of a template somebody may still be sent."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    wechat_user: fields.ForeignKeyRelation[WeChatUser] = fields.ForeignKeyField(
        "identity.WeChatUser", related_name="subscriptions", on_delete=fields.CASCADE
    )
    wechat_user_id: UUID
    template_id = fields.CharField(64)
    remaining = fields.IntField(default=0)
    always = fields.BooleanField(default=False, description="a long-term subscription is on")
    updated_at = fields.DatetimeField()

    class Meta:
        app = "notifications"
        table = "subscription_balance"
        unique_together = (("wechat_user_id", "template_id"),)
        constraints = (CheckConstraint("remaining >= 0", "subscription_balance_remaining"),)


class SubscriptionEntry(Model):
    """One line of the ledger from which the balance follows; ``key`` makes a repeat harmless."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    wechat_user: fields.ForeignKeyRelation[WeChatUser] = fields.ForeignKeyField(
        "identity.WeChatUser", related_name="subscription_entries", on_delete=fields.CASCADE
    )
    wechat_user_id: UUID
    template_id = fields.CharField(64)
    change = fields.CharEnumField(SubscriptionChange, max_length=10)
    source = fields.CharEnumField(SubscriptionSource, max_length=10)
    key = fields.CharField(100, unique=True)
    paired_key = fields.CharField(
        100, null=True, description="the same accept, as the other source told of it"
    )
    at = fields.DatetimeField()

    class Meta:
        app = "notifications"
        table = "subscription_entry"
        indexes = (
            Index(fields=("wechat_user_id", "template_id", "at"), name="subscription_entry_of"),
            Index(fields=("at",), name="subscription_entry_age"),
        )


class ChannelPause(Model):
    """Nothing is sent on a channel for now; what waits is sent afterwards."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    channel = fields.CharEnumField(Channel, max_length=10)
    reason = fields.CharField(200, description="of staff, or a code of ours")
    paused_by = fields.UUIDField(null=True, description="nobody: the service paused itself")
    paused_at = fields.DatetimeField()
    until: datetime | None = fields.DatetimeField(null=True, description="ends by itself then")
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "notifications"
        table = "channel_pause"
        constraints = (
            UniqueConstraint(("channel",), "channel_pause_one", "ended_at IS NULL"),
            CheckConstraint("until IS NULL OR until > paused_at", "channel_pause_period"),
        )
