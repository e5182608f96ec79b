"""Self-checks: what landlords find in their own houses, month by month."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.crypto import EncryptedField
from core.ids import uuid7
from identity.models import Account
from management.models import Place
from media.models import Photo


class CheckResult(StrEnum):
    """What was found at one point of the list."""

    FINE = "FINE"
    FOUND = "FOUND"
    FIXED = "FIXED"


class SelfCheck(Model):
    """One house, one month (自查): made by who runs it, once."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="self_checks"
    )
    place_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="self_checks"
    )
    account_id: UUID
    month: date = fields.DateField(description="its first day")
    checklist = fields.CharField(12, description="version of the list of points")
    made_at: datetime = fields.DatetimeField()

    class Meta:
        table = "self_check"
        unique_together = (("place_id", "month"),)


class SelfCheckItem(Model):
    """One point of a self-check, with pictures of it as found and as fixed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    check: fields.ForeignKeyRelation[SelfCheck] = fields.ForeignKeyField(
        "landlord.SelfCheck", on_delete=fields.CASCADE, related_name="items"
    )
    check_id: UUID
    point = fields.CharField(30, description="code of the point")
    result = fields.CharEnumField(CheckResult, max_length=6)
    words: str | None = EncryptedField(null=True)
    photo: fields.ForeignKeyNullableRelation[Photo] = fields.ForeignKeyField(
        "media.Photo", null=True, on_delete=fields.SET_NULL, related_name="self_check_items"
    )
    photo_id: UUID | None
    fixed_photo: fields.ForeignKeyNullableRelation[Photo] = fields.ForeignKeyField(
        "media.Photo", null=True, on_delete=fields.SET_NULL, related_name="self_check_fixes"
    )
    fixed_photo_id: UUID | None
    fixed_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "self_check_item"
        unique_together = (("check_id", "point"),)
        constraints = (
            CheckConstraint("(result = 'FIXED') = (fixed_at IS NOT NULL)", "self_check_fixed"),
        )
