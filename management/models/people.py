"""People, where they live, what they agreed to, and who looked at what is held about them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.crypto import BlindIndexField, EncryptedField
from core.ids import uuid7
from identity.models import Account, App, StaffMember
from management.models.places import Place, PlaceBlock, Room


class DocumentKind(StrEnum):
    """Kind of identity document (证件类型)."""

    MAINLAND_ID = "MAINLAND_ID"
    RESIDENCE_PERMIT_HMT = "RESIDENCE_PERMIT_HMT"
    PERMANENT_RESIDENCE = "PERMANENT_RESIDENCE"
    PASSPORT = "PASSPORT"


class ResidenceSource(StrEnum):
    """Who said that somebody lives somewhere."""

    SELF = "SELF"
    LANDLORD = "LANDLORD"
    WARDEN = "WARDEN"
    DESK = "DESK"
    CARD_READER = "CARD_READER"


class ResidenceCheck(StrEnum):
    """Whether somebody else has looked at it."""

    UNCHECKED = "UNCHECKED"
    CONFIRMED = "CONFIRMED"
    DOUBTED = "DOUBTED"


class ResidenceEnd(StrEnum):
    """Why a residence is over."""

    MOVED_OUT = "MOVED_OUT"
    MOVED_ON = "MOVED_ON"
    LANDLORD_SAID = "LANDLORD_SAID"
    STAFF_FOUND = "STAFF_FOUND"
    OBJECTION_UPHELD = "OBJECTION_UPHELD"
    PLACE_CLOSED = "PLACE_CLOSED"


class ConsentPurpose(StrEnum):
    """What somebody agrees to, apart from everything else (PIPL articles 29 and 31)."""

    DOCUMENT_NUMBER = "DOCUMENT_NUMBER"
    LOCATION = "LOCATION"
    MINOR = "MINOR"


class DutyState(StrEnum):
    """How a landlord's duty to register a tenant stands."""

    OPEN = "OPEN"
    DONE = "DONE"
    DONE_LATE = "DONE_LATE"
    CANCELLED = "CANCELLED"


class Person(Model):
    """A natural person, at most once by document. Erased: everything sealed is NULL.

    ``number_index`` is over kind and number in their one spelling.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="persons"
    )
    account_id: UUID | None
    document_kind = fields.CharEnumField(DocumentKind, max_length=24)
    number: str | None = EncryptedField(null=True)
    number_index: str | None = BlindIndexField(null=True, unique=True)  # type: ignore[assignment]
    name: str | None = EncryptedField(null=True)
    born: str | None = EncryptedField(null=True, description="ISO date; what the number says")
    phone: str | None = EncryptedField(null=True)
    phone_index: str | None = BlindIndexField(null=True, db_index=True)  # type: ignore[assignment]
    permit_endorse_by: date | None = fields.DateField(
        null=True, description="residence permit (居住证): the day by which it must be endorsed"
    )
    permit_reminded_for: date | None = fields.DateField(
        null=True, description="the endorsement of which the person has been reminded"
    )
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)
    erased_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "person"
        indexes = (Index(fields=("permit_endorse_by",), name="person_endorsement"),)
        constraints = (
            UniqueConstraint(("account_id",), "person_one_of_account", "account_id IS NOT NULL"),
            CheckConstraint(
                "(erased_at IS NULL) = (number IS NOT NULL)"
                " AND (number IS NULL) = (number_index IS NULL)"
                " AND (number IS NULL) = (name IS NULL)",
                "person_whole_or_erased",
            ),
            CheckConstraint("(phone IS NULL) = (phone_index IS NULL)", "person_phone_indexed"),
        )


class PersonLook(Model):
    """Somebody read a person's data in clear: with the reason, which the person sees."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "management.Person", on_delete=fields.CASCADE, related_name="looks"
    )
    person_id: UUID
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="looks"
    )
    staff_id: UUID | None
    app: fields.ForeignKeyNullableRelation[App] = fields.ForeignKeyField(
        "identity.App", null=True, on_delete=fields.SET_NULL, related_name="looks"
    )
    app_id: UUID | None
    office = fields.CharField(80, description="as what: role, and grid or department")
    reason = fields.CharField(200)
    what: list[str] = fields.JSONField(description="names of the fields that were shown")
    at: datetime = fields.DatetimeField()

    class Meta:
        table = "person_look"
        indexes = (Index(fields=("person_id", "id"), name="person_look_person"),)


class Residence(Model):
    """A person lives in a room from a day up to, not including, another (居住登记)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "management.Person", on_delete=fields.RESTRICT, related_name="residences"
    )
    person_id: UUID
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="residences"
    )
    place_id: UUID
    room: fields.ForeignKeyRelation[Room] = fields.ForeignKeyField(
        "management.Room", on_delete=fields.RESTRICT, related_name="residences"
    )
    room_id: UUID
    source = fields.CharEnumField(ResidenceSource, max_length=12)
    check_state = fields.CharEnumField(
        ResidenceCheck, max_length=10, default=ResidenceCheck.UNCHECKED
    )
    family: UUID | None = fields.UUIDField(null=True, description="the same for one household")
    starts_on: date = fields.DateField()
    ends_on: date | None = fields.DateField(null=True)
    end_reason = fields.CharEnumField(ResidenceEnd, max_length=20, null=True)
    confirmed_on: date = fields.DateField(description="the day it was last said that it is so")
    asked_at: datetime | None = fields.DatetimeField(
        null=True, description='when "still here?" was asked; NULL once answered'
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    ended_at: datetime | None = fields.DatetimeField(null=True, description="when that was noted")
    current = fields.BooleanField(default=True, description="not ended")

    class Meta:
        table = "residence"
        indexes = (
            Index(fields=("person_id", "starts_on"), name="residence_person"),
            Index(fields=("place_id", "id"), name="residence_place"),
            PartialIndex(fields=("room_id",), name="residence_room", condition={"current": True}),
            PartialIndex(
                fields=("confirmed_on",), name="residence_stale", condition={"current": True}
            ),
        )
        constraints = (
            UniqueConstraint(("person_id",), "residence_one_in_force", "current"),
            CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", "residence_period"),
            CheckConstraint(
                "current = (ended_at IS NULL) AND (ends_on IS NULL) = (ended_at IS NULL)"
                " AND (ends_on IS NULL) = (end_reason IS NULL)",
                "residence_end",
            ),
        )


class Consent(Model):
    """Somebody agreed to a text of a version; a guardian for a child under 14."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="consents"
    )
    account_id: UUID | None
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "management.Person", null=True, on_delete=fields.CASCADE, related_name="consents"
    )
    person_id: UUID | None
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="consents"
    )
    staff_id: UUID | None
    purpose = fields.CharEnumField(ConsentPurpose, max_length=16)
    version = fields.CharField(12, description="of the text that was shown")
    given_at: datetime = fields.DatetimeField()
    withdrawn_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "consent"
        indexes = (
            Index(fields=("account_id", "purpose"), name="consent_account"),
            Index(fields=("person_id", "purpose"), name="consent_person"),
        )
        constraints = (
            CheckConstraint(
                "withdrawn_at IS NULL OR withdrawn_at >= given_at", "consent_withdrawn_after"
            ),
        )


class TenantDuty(Model):
    """A landlord signed with a tenant and has to register them within three working days."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="tenant_duties"
    )
    place_id: UUID
    room: fields.ForeignKeyRelation[Room] = fields.ForeignKeyField(
        "management.Room", on_delete=fields.RESTRICT, related_name="tenant_duties"
    )
    room_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="tenant_duties"
    )
    account_id: UUID
    signed_on: date = fields.DateField()
    due_on: date = fields.DateField(description="its last day")
    state = fields.CharEnumField(DutyState, max_length=10, default=DutyState.OPEN)
    block: fields.ForeignKeyNullableRelation[PlaceBlock] = fields.ForeignKeyField(
        "management.PlaceBlock", null=True, on_delete=fields.SET_NULL, related_name="tenant_duties"
    )
    block_id: UUID | None
    reminded_at: datetime | None = fields.DatetimeField(null=True)
    ended_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "tenant_duty"
        indexes = (
            Index(fields=("place_id", "id"), name="tenant_duty_place"),
            Index(fields=("account_id", "id"), name="tenant_duty_account"),
            PartialIndex(fields=("due_on",), name="tenant_duty_due", condition={"state": "OPEN"}),
        )
        constraints = (
            UniqueConstraint(("room_id",), "tenant_duty_one_open", "state = 'OPEN'"),
            CheckConstraint("(state = 'OPEN') = (ended_at IS NULL)", "tenant_duty_end"),
            CheckConstraint("due_on > signed_on", "tenant_duty_term"),
        )


class ResidenceCertificate(Model):
    """A certificate of residence (居住登记凭证) that anybody can check by its code."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    number = fields.CharField(24, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "management.Person", on_delete=fields.CASCADE, related_name="certificates"
    )
    person_id: UUID
    residence: fields.ForeignKeyRelation[Residence] = fields.ForeignKeyField(
        "management.Residence", on_delete=fields.CASCADE, related_name="certificates"
    )
    residence_id: UUID
    token_hash = fields.CharField(64, unique=True, description="SHA-256, hexadecimal")
    issued_at: datetime = fields.DatetimeField()
    valid_until: date = fields.DateField(description="its last day")
    revoked_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "residence_certificate"
        indexes = (
            Index(fields=("person_id", "id"), name="residence_certificate_person"),
            Index(fields=("residence_id",), name="residence_certificate_of"),
        )


class DocumentNumber(Model):
    """The next number of a kind of document in a year: without gaps, so the row is locked."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    series = fields.CharField(24)
    year = fields.SmallIntField()
    issued = fields.IntField(default=0, description="the last number given")

    class Meta:
        table = "document_number"
        unique_together = (("series", "year"),)
