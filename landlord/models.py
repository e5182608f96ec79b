"""Tables of landlord."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import uuid7
from identity.models import Account
from management.models import Place, Room
from media.models import Photo


class ListingState(StrEnum):
    """Where a listing stands; the moves are in :mod:`landlord.listings`."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    PUBLISHED = "PUBLISHED"
    RESERVED = "RESERVED"
    SUSPENDED = "SUSPENDED"
    LET = "LET"
    WITHDRAWN = "WITHDRAWN"


class Listing(Model):
    """One room put up to let (房源)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    room: fields.ForeignKeyRelation[Room] = fields.ForeignKeyField(
        "management.Room", on_delete=fields.RESTRICT, related_name="listings"
    )
    room_id: UUID
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="listings"
    )
    place_id: UUID
    landlord: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="listings"
    )
    landlord_id: UUID
    community_code = fields.CharField(40, description="as of the place: search needs no join")
    state = fields.CharEnumField(ListingState, max_length=12, default=ListingState.DRAFT)
    title = fields.CharField(60)
    description = fields.CharField(1000, default="")
    rent: Decimal = fields.DecimalField(9, 2, description="yuan a month")
    deposit: Decimal | None = fields.DecimalField(9, 2, null=True, description="yuan")
    area: Decimal | None = fields.DecimalField(7, 2, null=True, description="usable m²")
    available_from: date | None = fields.DateField(null=True)
    published_at: datetime | None = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "listing"
        indexes = (
            Index(fields=("landlord_id", "id"), name="listing_landlord"),
            PartialIndex(
                fields=("place_id", "id"),
                condition={"state": "PUBLISHED"},
                name="listing_public_place",
            ),
            PartialIndex(
                fields=("room_id", "id"),
                condition={"state": "PUBLISHED"},
                name="listing_public_room",
            ),
            PartialIndex(
                fields=("community_code", "rent", "id"),
                condition={"state": "PUBLISHED"},
                name="listing_public_comm_rent",
            ),
            PartialIndex(
                fields=("community_code", "published_at", "id"),
                condition={"state": "PUBLISHED"},
                name="listing_public_comm_new",
            ),
            PartialIndex(
                fields=("rent", "id"), condition={"state": "PUBLISHED"}, name="listing_public_rent"
            ),
            PartialIndex(
                fields=("published_at", "id"),
                condition={"state": "PUBLISHED"},
                name="listing_public_new",
            ),
        )
        constraints = (
            UniqueConstraint(
                ("room_id",),
                "listing_one_on_offer",
                "state IN ('PUBLISHED', 'RESERVED', 'SUSPENDED')",
            ),
            CheckConstraint("rent > 0", "listing_rent"),
            CheckConstraint(
                "state <> 'PUBLISHED' OR published_at IS NOT NULL", "listing_published"
            ),
        )


class ListingPhoto(Model):
    """A picture of a listing, in the order the landlord gave."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    listing: fields.ForeignKeyRelation[Listing] = fields.ForeignKeyField(
        "landlord.Listing", on_delete=fields.CASCADE, related_name="photos"
    )
    listing_id: UUID
    photo: fields.ForeignKeyRelation[Photo] = fields.ForeignKeyField(
        "media.Photo", on_delete=fields.RESTRICT, related_name="listings"
    )
    photo_id: UUID
    position = fields.SmallIntField()

    class Meta:
        table = "listing_photo"
        unique_together = (("listing_id", "position"),)
