"""What staff tell many people at once, and the places that people want to hear about."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.ids import uuid7
from identity.models import Account, StaffMember
from management.models import Place


class NoticeKind(StrEnum):
    """A notice (通知) has recipients, an announcement (公告) is public, an alert (提醒) is both."""

    NOTICE = "NOTICE"
    ANNOUNCEMENT = "ANNOUNCEMENT"
    AREA_ALERT = "AREA_ALERT"


class NoticeState(StrEnum):
    """How far a notice is."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    SENDING = "SENDING"
    SENT = "SENT"
    CANCELLED = "CANCELLED"


class Audience(StrEnum):
    """Whom a notice is for, within its grid."""

    LANDLORDS = "LANDLORDS"
    RESIDENTS = "RESIDENTS"
    WARDENS = "WARDENS"
    SUPERVISORS = "SUPERVISORS"
    SERVICE_DESK = "SERVICE_DESK"
    DEPARTMENTS = "DEPARTMENTS"


class Notice(Model):
    """Words of staff to everybody of some kind in a grid, or around a point in it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    author: fields.ForeignKeyRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", related_name="notices", on_delete=fields.RESTRICT
    )
    author_id: UUID
    kind = fields.CharEnumField(NoticeKind, max_length=15)
    title_zh = fields.CharField(60)
    body_zh = fields.TextField()
    title_en = fields.CharField(120, default="")
    body_en = fields.TextField(default="")
    grid_code = fields.CharField(40)
    grid_path = fields.CharField(200, description="codes from the top down, each with a slash")
    audience: fields.JSONField[list[str]] = fields.JSONField(description="of Audience")
    latitude = fields.FloatField(null=True, description="CGCS2000, centre of an alert")
    longitude = fields.FloatField(null=True)
    radius = fields.IntField(null=True, description="metres")
    emergency = fields.BooleanField(default=False, description="overrides quiet hours")
    reason = fields.CharField(200, default="", description="why it is an emergency")
    sender: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", related_name="notices_sent", null=True, on_delete=fields.RESTRICT
    )
    sender_id: UUID | None
    state = fields.CharEnumField(NoticeState, max_length=10, default=NoticeState.DRAFT)
    send_at: datetime | None = fields.DatetimeField(null=True)
    planned_part = fields.IntField(default=0, description="of the audience, when it is SENDING")
    planned_up_to = fields.UUIDField(null=True, description="last recipient planned in that part")
    recipients = fields.IntField(default=0)
    sent_at: datetime | None = fields.DatetimeField(null=True, description="everybody is planned")
    shown_until: datetime | None = fields.DatetimeField(
        null=True, description="an announcement is public until then"
    )
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        app = "notifications"
        table = "notice"
        indexes = (
            Index(fields=("grid_path", "created_at", "id"), name="notice_of_grid"),
            Index(fields=("state", "send_at"), name="notice_due"),
            Index(fields=("sent_at", "id"), name="notice_public"),
            Index(fields=("sender_id", "send_at"), name="notice_of_sender"),
        )
        constraints = (
            CheckConstraint("grid_path ~ '^([0-9A-Za-z-]+/)+$'", "notice_path"),
            CheckConstraint("num_nonnulls(latitude, longitude, radius) IN (0, 3)", "notice_point"),
            CheckConstraint("radius IS NULL OR radius BETWEEN 50 AND 5000", "notice_radius"),
            CheckConstraint(
                "(state IN ('DRAFT', 'CANCELLED')) OR send_at IS NOT NULL", "notice_at"
            ),
            CheckConstraint("NOT emergency OR reason <> ''", "notice_emergency"),
            CheckConstraint("(state = 'SENT') = (sent_at IS NOT NULL)", "notice_sent"),
        )


class FollowedPlace(Model):
    """A place, mostly a home, about which and around which an account wants to hear."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="followed_places", on_delete=fields.CASCADE
    )
    account_id: UUID
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", related_name="followers", on_delete=fields.CASCADE
    )
    place_id: UUID
    radius = fields.IntField(description="metres around it; 0: the place itself only")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        app = "notifications"
        table = "followed_place"
        unique_together = (("account_id", "place_id"),)
        indexes = (Index(fields=("place_id", "account_id"), name="followed_place_of"),)
        constraints = (CheckConstraint("radius BETWEEN 0 AND 2000", "followed_place_radius"),)
