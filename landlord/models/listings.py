"""Listings and what was kept of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import uuid7
from identity.models import Account
from management.models import Place, Room
from media.models import Photo


class ListingState(StrEnum):
    """Where a listing stands; the moves are in :mod:`landlord.workflow`."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    PUBLISHED = "PUBLISHED"
    RESERVED = "RESERVED"
    SUSPENDED = "SUSPENDED"
    LET = "LET"
    WITHDRAWN = "WITHDRAWN"


class LetBy(StrEnum):
    """What one rent is for."""

    ROOM = "ROOM"
    BED = "BED"


class Facility(StrEnum):
    """What a room or its house offers; a listing names those it has."""

    AIR_CONDITIONER = "AIR_CONDITIONER"
    HOT_WATER = "HOT_WATER"
    PRIVATE_BATHROOM = "PRIVATE_BATHROOM"
    KITCHEN = "KITCHEN"
    BALCONY = "BALCONY"
    BED = "BED"
    WARDROBE = "WARDROBE"
    DESK = "DESK"
    WASHING_MACHINE = "WASHING_MACHINE"
    REFRIGERATOR = "REFRIGERATOR"
    INTERNET = "INTERNET"
    LIFT = "LIFT"
    PARKING = "PARKING"
    E_BIKE_SHED = "E_BIKE_SHED"
    METRO_NEARBY = "METRO_NEARBY"
    BUS_NEARBY = "BUS_NEARBY"


class SnapshotOccasion(StrEnum):
    """Why it was kept what was on offer."""

    PUBLISHED = "PUBLISHED"
    CHANGED = "CHANGED"
    RESERVED = "RESERVED"
    LET = "LET"
    REPORTED = "REPORTED"


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
    state_before: ListingState | None = fields.CharEnumField(  # type: ignore[assignment]
        ListingState, max_length=12, null=True, description="of a suspended one: to come back to"
    )
    let_by = fields.CharEnumField(LetBy, max_length=4, default=LetBy.ROOM)
    beds: int | None = fields.SmallIntField(null=True, description="on offer, when let by the bed")
    title = fields.CharField(60)
    description = fields.CharField(1000, default="")
    rent: Decimal = fields.DecimalField(9, 2, description="yuan a month")
    deposit: Decimal | None = fields.DecimalField(9, 2, null=True, description="yuan")
    area: Decimal | None = fields.DecimalField(7, 2, null=True, description="usable m²")
    water_price: Decimal | None = fields.DecimalField(6, 2, null=True, description="yuan per m³")
    electricity_price: Decimal | None = fields.DecimalField(
        6, 2, null=True, description="yuan per kWh"
    )
    management_fee: Decimal | None = fields.DecimalField(
        9, 2, null=True, description="yuan a month beside the rent"
    )
    facilities: list[str] = ArrayField("text", default=list, description="as in Facility")
    available_from: date | None = fields.DateField(null=True)
    published_at: datetime | None = fields.DatetimeField(null=True)
    refreshed_at: datetime | None = fields.DatetimeField(
        null=True, description="when the landlord last said that it is still to let"
    )
    warned_at: datetime | None = fields.DatetimeField(
        null=True, description="when the landlord was told that it will be withdrawn"
    )
    review_reason = fields.CharField(200, default="", description="why review refused it")
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "listing"
        indexes = (
            Index(fields=("landlord_id", "id"), name="listing_landlord"),
            PartialIndex(
                fields=("refreshed_at", "id"),
                condition={"state": "PUBLISHED"},
                name="listing_public_refreshed",
            ),
            PartialIndex(
                fields=("updated_at", "id"),
                condition={"state": "IN_REVIEW"},
                name="listing_in_review",
            ),
            Index(fields=("place_id", "state"), name="listing_place_state"),
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
                "(state = 'SUSPENDED') = (state_before IS NOT NULL)", "listing_state_before"
            ),
            CheckConstraint(
                "state_before IS NULL OR state_before IN ('PUBLISHED', 'RESERVED')",
                "listing_suspendable",
            ),
            CheckConstraint("(let_by = 'BED') = (beds IS NOT NULL)", "listing_beds"),
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


class ListingSnapshot(Model):
    """What was on offer at a moment, word for word: evidence, never changed."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    listing: fields.ForeignKeyRelation[Listing] = fields.ForeignKeyField(
        "landlord.Listing", on_delete=fields.RESTRICT, related_name="snapshots"
    )
    listing_id: UUID
    version = fields.IntField(description="of the listing")
    occasion = fields.CharEnumField(SnapshotOccasion, max_length=12)
    content: dict[str, Any] = fields.JSONField(description="the offer as the public saw it")
    digest = fields.CharField(64, description="SHA-256 of the content, in hex")
    taken_at: datetime = fields.DatetimeField()

    class Meta:
        table = "listing_snapshot"
        unique_together = (("listing_id", "version", "occasion"),)


class SnapshotPhoto(Model):
    """A picture as a snapshot shows it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    snapshot: fields.ForeignKeyRelation[ListingSnapshot] = fields.ForeignKeyField(
        "landlord.ListingSnapshot", on_delete=fields.CASCADE, related_name="photos"
    )
    snapshot_id: UUID
    photo: fields.ForeignKeyRelation[Photo] = fields.ForeignKeyField(
        "media.Photo", on_delete=fields.RESTRICT, related_name="snapshots"
    )
    photo_id: UUID
    position = fields.SmallIntField()

    class Meta:
        table = "listing_snapshot_photo"
        unique_together = (("snapshot_id", "position"),)
