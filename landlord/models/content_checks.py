"""What WeChat was asked about a listing, and what it answered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import uuid7
from landlord.models.listings import Listing


class ContentKind(StrEnum):
    """What is checked."""

    TEXT = "TEXT"
    PHOTO = "PHOTO"


class ContentState(StrEnum):
    """What the check says; UNKNOWN: it could not be made."""

    WAITING = "WAITING"
    PASS = "PASS"  # noqa: S105 - no password
    REVIEW = "REVIEW"
    RISKY = "RISKY"
    UNKNOWN = "UNKNOWN"


class ContentCheck(Model):
    """One check of the words or of one picture of a listing in review, as one version has them.

    All rows of a version are written at once, before anybody is asked. Pictures that passed
    before have none.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    listing: fields.ForeignKeyRelation[Listing] = fields.ForeignKeyField(
        "landlord.Listing", on_delete=fields.CASCADE, related_name="content_checks"
    )
    listing_id: UUID
    listing_version = fields.IntField(description="of the listing in review")
    kind = fields.CharEnumField(ContentKind, max_length=8)
    photo_id: UUID | None = fields.UUIDField(
        null=True, description="no reference: what was checked once keeps no picture"
    )
    trace_id = fields.CharField(128, null=True, unique=True, description="WeChat's, once asked")
    state = fields.CharEnumField(ContentState, max_length=8, default=ContentState.WAITING)
    label: int | None = fields.IntField(null=True, description="WeChat's kind of offence")
    created_at: datetime = fields.DatetimeField()
    asked_at: datetime | None = fields.DatetimeField(null=True, description="WeChat took it")
    answered_at: datetime | None = fields.DatetimeField(null=True)
    with_staff_since: datetime | None = fields.DatetimeField(
        null=True, description="since when staff are asked to read the listing"
    )

    class Meta:
        table = "content_check"
        indexes = (
            Index(fields=("listing_id", "listing_version"), name="content_check_listing"),
            PartialIndex(
                fields=("photo_id",), condition={"state": "PASS"}, name="content_check_passed"
            ),
        )
        constraints = (
            UniqueConstraint(
                ("listing_id", "listing_version"), "content_check_one_text", "kind = 'TEXT'"
            ),
            UniqueConstraint(
                ("listing_id", "listing_version", "photo_id"), "content_check_one_photo"
            ),
            CheckConstraint("(kind = 'PHOTO') = (photo_id IS NOT NULL)", "content_check_photo"),
            CheckConstraint(
                "(state = 'WAITING') = (answered_at IS NULL)", "content_check_answered"
            ),
        )
