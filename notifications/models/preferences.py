"""What people want to be told, how, and when not."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import uuid7
from identity.models import Account, StaffMember
from notifications.models.messages import Channel


class Preference(Model):
    """Whether a group of topics may use a channel; without a row the group's default holds."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="preferences", on_delete=fields.CASCADE
    )
    account_id: UUID
    group = fields.CharField(30, source_field="topic_group")
    channel = fields.CharEnumField(Channel, max_length=10)
    wanted = fields.BooleanField()

    class Meta:
        app = "notifications"
        table = "notification_preference"
        unique_together = (("account_id", "group", "channel"),)


class RecipientSettings(Model):
    """Language and quiet hours of somebody; without a row zh-CN and 22:00 to 08:00 hold.

    Times of day are Asia/Shanghai; equal ones mean no quiet hours.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="recipient_settings", null=True, on_delete=fields.CASCADE
    )
    account_id: UUID | None
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember",
        related_name="recipient_settings",
        null=True,
        on_delete=fields.CASCADE,
    )
    staff_id: UUID | None
    language = fields.CharField(
        5, null=True, description="zh-CN or en; nothing: zh-CN, where no request says otherwise"
    )
    quiet_from: time = fields.TimeField()
    quiet_until: time = fields.TimeField()

    class Meta:
        app = "notifications"
        table = "recipient_settings"
        constraints = (
            CheckConstraint("(account_id IS NULL) <> (staff_id IS NULL)", "recipient_settings_of"),
            CheckConstraint("language IN ('zh-CN', 'en')", "recipient_settings_language"),
            UniqueConstraint(
                ("account_id",), "recipient_settings_account", "account_id IS NOT NULL"
            ),
            UniqueConstraint(("staff_id",), "recipient_settings_staff", "staff_id IS NOT NULL"),
        )
