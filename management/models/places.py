"""Places under management and what belongs to them: rooms, lease filings, claims, blocks."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.crypto import EncryptedField
from core.ids import uuid7
from identity.models import Account
from management.models.territory import Grid
from media.models import Photo


class PlaceKind(StrEnum):
    """Kinds of place under management (列管对象)."""

    RENTAL_HOUSE = "RENTAL_HOUSE"
    SMALL_SHOP = "SMALL_SHOP"
    SMALL_WORKSHOP = "SMALL_WORKSHOP"
    SMALL_ENTERTAINMENT = "SMALL_ENTERTAINMENT"
    ENTERPRISE = "ENTERPRISE"


class Lifecycle(StrEnum):
    """From a known plan to a retired code."""

    PLANNED = "PLANNED"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    DEMOLISHED = "DEMOLISHED"


class RiskClass(StrEnum):
    """平安 / 放心 / 重点: inspected at least every two months / month / week."""

    SAFE = "SAFE"
    ASSURED = "ASSURED"
    KEY = "KEY"


class EBikeCharging(StrEnum):
    """Where e-bikes are charged."""

    NONE = "NONE"
    OUTDOOR = "OUTDOOR"
    INDOOR = "INDOOR"


class RoomState(StrEnum):
    """Whether a room can be let."""

    VACANT = "VACANT"
    LET = "LET"
    OUT_OF_USE = "OUT_OF_USE"


class ClaimRole(StrEnum):
    """As what somebody runs a house."""

    OWNER = "OWNER"
    SUBLANDLORD = "SUBLANDLORD"
    AGENT = "AGENT"


class ClaimState(StrEnum):
    """How far the check of a claim is."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    REFUSED = "REFUSED"
    ENDED = "ENDED"


class ClaimEnd(StrEnum):
    """Why a claim ended, where nobody gave a reason in their own words: kept in ``reason``."""

    WITHDRAWN = "WITHDRAWN"
    LEFT = "LEFT"
    TAKEN_OVER = "TAKEN_OVER"
    LEASE_OVER = "LEASE_OVER"
    PRINCIPAL_ENDED = "PRINCIPAL_ENDED"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    MERGED = "MERGED"


class ClaimPaper(StrEnum):
    """What a picture of a paper proves."""

    PROOF = "PROOF"
    OWNER_AUTHORITY = "OWNER_AUTHORITY"


class PlaceBlockKind(StrEnum):
    """Why a place may not be let now."""

    URGENT_HAZARD = "URGENT_HAZARD"
    MEASURE = "MEASURE"
    TENANT_REGISTRATION_OVERDUE = "TENANT_REGISTRATION_OVERDUE"
    STAFF_DECISION = "STAFF_DECISION"


class Organisation(Model):
    """A legal entity (法人) by its unified social credit code (统一社会信用代码, GB 32100)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    credit_code = fields.CharField(18, unique=True)
    name = fields.CharField(120)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "organisation"


class Place(Model):
    """Anything under management that has a file (列管对象).

    The grid's path and codes are repeated here so that "everything in my grid" and the lists of a
    community or grid are one test on an index of this table.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    code = fields.CharField(24, unique=True)
    kind = fields.CharEnumField(PlaceKind, max_length=20)
    name = fields.CharField(80)
    grid: fields.ForeignKeyRelation[Grid] = fields.ForeignKeyField(
        "management.Grid", on_delete=fields.RESTRICT, related_name="places"
    )
    grid_id: UUID
    grid_path = fields.CharField(140, description='as in the grid; COLLATE "C"')
    community_code = fields.CharField(40)
    grid_code = fields.CharField(40)

    street = fields.CharField(80, default="", description="road or village lane")
    door_number = fields.CharField(40, default="", description="number, building, unit")
    longitude: float | None = fields.FloatField(null=True, description="degrees, CGCS2000")
    latitude: float | None = fields.FloatField(null=True, description="degrees, CGCS2000")
    floors: int | None = fields.SmallIntField(null=True)
    area: Decimal | None = fields.DecimalField(
        10, 2, null=True, description="m²: of a shop in all, of a house or workshop per floor"
    )
    operator_name = fields.CharField(60, default="", description="trade name or who runs it")
    contact_name: str | None = EncryptedField(null=True)
    contact_phone: str | None = EncryptedField(null=True)
    organisation: fields.ForeignKeyNullableRelation[Organisation] = fields.ForeignKeyField(
        "management.Organisation", null=True, on_delete=fields.RESTRICT, related_name="places"
    )
    organisation_id: UUID | None
    photo: fields.ForeignKeyNullableRelation[Photo] = fields.ForeignKeyField(
        "media.Photo", null=True, on_delete=fields.SET_NULL, related_name="places"
    )
    photo_id: UUID | None

    staircases: int | None = fields.SmallIntField(null=True)
    exits: int | None = fields.SmallIntField(null=True)
    extinguishers: int | None = fields.SmallIntField(null=True)
    e_bike_charging = fields.CharEnumField(EBikeCharging, max_length=10, null=True)
    gas_bottles: int | None = fields.SmallIntField(null=True)
    wiring_year: int | None = fields.SmallIntField(null=True, description="year of installation")

    risk_class = fields.CharEnumField(RiskClass, max_length=10, default=RiskClass.ASSURED)
    lifecycle = fields.CharEnumField(Lifecycle, max_length=12, default=Lifecycle.ACTIVE)
    filed_at: datetime | None = fields.DatetimeField(null=True)
    completeness = fields.SmallIntField(description="percent of the fields its kind requires")
    missing: list[str] = fields.JSONField(description="names of required fields still empty")
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)
    ended_at: datetime | None = fields.DatetimeField(null=True, description="closed or demolished")

    class Meta:
        table = "place"
        indexes = (
            Index(fields=("grid_path", "id"), name="place_path"),
            Index(fields=("community_code", "id"), name="place_community"),
            Index(fields=("community_code", "kind", "id"), name="place_community_kind"),
            Index(fields=("community_code", "completeness", "id"), name="place_comm_complete"),
            Index(fields=("grid_code", "id"), name="place_grid"),
            Index(fields=("grid_code", "kind", "id"), name="place_grid_kind"),
            Index(fields=("grid_code", "completeness", "id"), name="place_grid_complete"),
            Index(fields=("kind", "id"), name="place_kind"),
            Index(fields=("completeness", "id"), name="place_completeness"),
        )
        constraints = (
            CheckConstraint("completeness BETWEEN 0 AND 100", "place_completeness_percent"),
            CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", "place_whole_point"),
            CheckConstraint(
                "(lifecycle <> 'PLANNED' OR filed_at IS NULL)"
                " AND (lifecycle <> 'ACTIVE' OR filed_at IS NOT NULL)",
                "place_filed",
            ),
            CheckConstraint(
                "(lifecycle IN ('CLOSED', 'DEMOLISHED')) = (ended_at IS NOT NULL)", "place_ended"
            ),
        )


class Room(Model):
    """A room of a house; its code is the place's code and the room number."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="rooms"
    )
    place_id: UUID
    number = fields.CharField(12)
    code = fields.CharField(40, unique=True)
    floor: int | None = fields.SmallIntField(null=True)
    area: Decimal | None = fields.DecimalField(7, 2, null=True, description="usable m²")
    dormitory = fields.BooleanField(default=False, description="may be let by the bed")
    escape_window = fields.BooleanField(
        null=True, description="window with an opening of at least 0.5 × 0.8 m"
    )
    rent: Decimal | None = fields.DecimalField(9, 2, null=True, description="yuan a month")
    state = fields.CharEnumField(RoomState, max_length=12, default=RoomState.VACANT)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "room"
        unique_together = (("place_id", "number"),)
        constraints = (CheckConstraint("area > 0", "room_area"),)


class LeaseFiling(Model):
    """A registered lease (房屋租赁登记备案): number, date, until. Apart from the place's file."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="lease_filings"
    )
    place_id: UUID
    room: fields.ForeignKeyNullableRelation[Room] = fields.ForeignKeyField(
        "management.Room", null=True, on_delete=fields.RESTRICT, related_name="lease_filings"
    )
    room_id: UUID | None
    number = fields.CharField(40, unique=True)
    filed_on: date = fields.DateField()
    until: date | None = fields.DateField(null=True)

    class Meta:
        table = "lease_filing"
        indexes = (Index(fields=("place_id", "filed_on"), name="lease_filing_place"),)


class PlaceClaim(Model):
    """Somebody runs a place: as owner, as sub-landlord, or for one of them."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="claims"
    )
    place_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="claims"
    )
    account_id: UUID
    role = fields.CharEnumField(ClaimRole, max_length=12)
    state = fields.CharEnumField(ClaimState, max_length=10, default=ClaimState.PENDING)
    lease_from: date | None = fields.DateField(
        null=True, description="of a sub-landlord's head lease"
    )
    lease_until: date | None = fields.DateField(null=True, description="its last day")
    acts_for: fields.ForeignKeyNullableRelation[PlaceClaim] = fields.ForeignKeyField(
        "management.PlaceClaim", null=True, on_delete=fields.RESTRICT, related_name="agents"
    )
    acts_for_id: UUID | None
    takes_over: fields.ForeignKeyNullableRelation[PlaceClaim] = fields.ForeignKeyField(
        "management.PlaceClaim", null=True, on_delete=fields.RESTRICT, related_name="successors"
    )
    takes_over_id: UUID | None
    vouched = fields.BooleanField(
        default=False, description="handed over by who ran the place, so it needs no papers"
    )
    reason = fields.CharField(200, default="", description="why it was refused or ended")
    decided_by: UUID | None = fields.UUIDField(null=True)
    decided_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "place_claim"
        indexes = (
            Index(fields=("account_id", "state"), name="place_claim_account"),
            Index(fields=("place_id", "state"), name="place_claim_place"),
            Index(fields=("state", "id"), name="place_claim_queue"),
            Index(fields=("takes_over_id",), name="place_claim_takes_over"),
            Index(fields=("acts_for_id",), name="place_claim_acts_for"),
        )
        constraints = (
            UniqueConstraint(
                ("place_id", "account_id"), "place_claim_once", "state IN ('PENDING', 'VERIFIED')"
            ),
            UniqueConstraint(
                ("place_id", "role"),
                "place_claim_one_of_role",
                "state = 'VERIFIED' AND role IN ('OWNER', 'SUBLANDLORD')",
            ),
            CheckConstraint(
                "lease_until IS NULL OR lease_until >= lease_from", "place_claim_lease"
            ),
        )


class ClaimPhoto(Model):
    """A picture of a paper that proves a claim; shown to who decides, and to who sent it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    claim: fields.ForeignKeyRelation[PlaceClaim] = fields.ForeignKeyField(
        "management.PlaceClaim", on_delete=fields.CASCADE, related_name="papers"
    )
    claim_id: UUID
    photo: fields.ForeignKeyRelation[Photo] = fields.ForeignKeyField(
        "media.Photo", on_delete=fields.RESTRICT, related_name="claim_papers"
    )
    photo_id: UUID
    paper = fields.CharEnumField(ClaimPaper, max_length=16)
    position = fields.SmallIntField()

    class Meta:
        table = "claim_photo"
        unique_together = (("claim_id", "position"),)


class PlaceBlock(Model):
    """Why a place may not be let now. In force from ``starts_at`` until ``ends_at``."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="blocks"
    )
    place_id: UUID
    kind = fields.CharEnumField(PlaceBlockKind, max_length=30)
    source = fields.CharField(80, description="what it follows from, as kind:id")
    reason = fields.CharField(200, default="")
    starts_at: datetime = fields.DatetimeField()
    ends_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "place_block"
        unique_together = (("place_id", "kind", "source", "starts_at"),)
        constraints = (
            CheckConstraint("ends_at IS NULL OR ends_at >= starts_at", "place_block_period"),
        )
