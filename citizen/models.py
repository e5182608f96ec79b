"""Tables of the residents' own features: declarations, and what is said against them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.crypto import EncryptedField
from core.ids import uuid7
from identity.actor import ActorKind
from identity.models import Account, StaffMember
from management.models import DocumentKind, Person, Place, Residence, ResidenceSource, Room
from media.models import Photo


class DeclarationState(StrEnum):
    """Where a declaration stands; the moves are in :mod:`citizen.declarations`."""

    IN_FORCE = "IN_FORCE"
    HELD = "HELD"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


class Doubt(StrEnum):
    """Why a declaration is looked at by a warden before it takes effect."""

    LANDLORD_DENIES = "LANDLORD_DENIES"
    OVER_CAPACITY = "OVER_CAPACITY"
    PLACE_NOT_LET = "PLACE_NOT_LET"
    NAME_CONFLICT = "NAME_CONFLICT"
    MANY_IN_A_DAY = "MANY_IN_A_DAY"
    ACCOUNT_UNPROVEN = "ACCOUNT_UNPROVEN"


class Relation(StrEnum):
    """What somebody who is declared is to the one who declares them."""

    SELF = "SELF"
    SPOUSE = "SPOUSE"
    CHILD = "CHILD"
    PARENT = "PARENT"
    OTHER = "OTHER"
    TENANT = "TENANT"


class LandlordAnswer(StrEnum):
    """What the landlord said of a tenant's declaration."""

    CONFIRMED = "CONFIRMED"
    DENIED = "DENIED"


class DeclarationAction(StrEnum):
    """What was done with a declaration."""

    DECLARE = "DECLARE"
    HOLD = "HOLD"
    LANDLORD_CONFIRM = "LANDLORD_CONFIRM"
    LANDLORD_DENY = "LANDLORD_DENY"
    QUESTION_CLOSED = "QUESTION_CLOSED"
    CONFIRM = "CONFIRM"
    REFUSE = "REFUSE"
    WITHDRAW = "WITHDRAW"
    OBJECT = "OBJECT"
    OBJECTION_UPHELD = "OBJECTION_UPHELD"
    OBJECTION_DISMISSED = "OBJECTION_DISMISSED"
    CORRECT = "CORRECT"


class ObjectionState(StrEnum):
    """Whether an objection is decided."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"


class Declaration(Model):
    """Somebody's statement that a person lives in a room (自主申报), from a day.

    Who declared: an account (themself, family, a landlord), or staff on somebody's behalf. A name
    that contradicts what is known is kept sealed in ``claimed_name`` until it is decided.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="declarations"
    )
    account_id: UUID | None
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="declarations"
    )
    staff_id: UUID | None
    on_behalf: str | None = EncryptedField(
        null=True, description="who asked staff to declare, in words"
    )
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "management.Person", on_delete=fields.RESTRICT, related_name="declarations"
    )
    person_id: UUID
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="declarations"
    )
    place_id: UUID
    room: fields.ForeignKeyRelation[Room] = fields.ForeignKeyField(
        "management.Room", on_delete=fields.RESTRICT, related_name="declarations"
    )
    room_id: UUID
    residence: fields.ForeignKeyNullableRelation[Residence] = fields.ForeignKeyField(
        "management.Residence", null=True, on_delete=fields.SET_NULL, related_name="declarations"
    )
    residence_id: UUID | None
    source = fields.CharEnumField(ResidenceSource, max_length=12)
    relation = fields.CharEnumField(Relation, max_length=8, default=Relation.SELF)
    batch: UUID = fields.UUIDField(description="the same for those declared together")
    household = fields.BooleanField(default=False, description="a family, exempt from capacity")
    document_kind = fields.CharEnumField(DocumentKind, max_length=24)
    claimed_name: str | None = EncryptedField(null=True)
    starts_on: date = fields.DateField()
    signed_on: date | None = fields.DateField(null=True, description="of the lease, by a landlord")
    lease_until: date | None = fields.DateField(null=True, description="its last day")
    state = fields.CharEnumField(DeclarationState, max_length=10)
    doubts: list[str] = ArrayField(element_type="text", description="codes of Doubt")
    welfare = fields.BooleanField(default=False, description="somebody under 16 alone")
    asked_landlord_at: datetime | None = fields.DatetimeField(null=True)
    landlord_answer = fields.CharEnumField(LandlordAnswer, max_length=10, null=True)
    answered_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="tenant_answers"
    )
    answered_by_id: UUID | None
    question_open = fields.BooleanField(default=False, description="the landlord may answer")
    decided_by: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="decided"
    )
    decided_by_id: UUID | None
    decided_at: datetime | None = fields.DatetimeField(null=True)
    reason: str | None = EncryptedField(null=True, description="why refused, for who declared")
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "declaration"
        indexes = (
            Index(fields=("account_id", "id"), name="declaration_account"),
            Index(fields=("person_id", "id"), name="declaration_person"),
            Index(fields=("place_id", "id"), name="declaration_place"),
            Index(fields=("residence_id",), name="declaration_residence"),
            PartialIndex(fields=("id",), name="declaration_held", condition={"state": "HELD"}),
            PartialIndex(
                fields=("asked_landlord_at",),
                name="declaration_asked",
                condition={"question_open": True},
            ),
        )
        constraints = (
            UniqueConstraint(("person_id", "room_id"), "declaration_one_held", "state = 'HELD'"),
            CheckConstraint(
                "state <> 'IN_FORCE' OR residence_id IS NOT NULL", "declaration_in_force"
            ),
            CheckConstraint("state <> 'HELD' OR cardinality(doubts) > 0", "declaration_doubted"),
        )


class DeclarationStep(Model):
    """What was done with a declaration, when and by whom: its history."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    declaration: fields.ForeignKeyRelation[Declaration] = fields.ForeignKeyField(
        "citizen.Declaration", on_delete=fields.CASCADE, related_name="steps"
    )
    declaration_id: UUID
    number = fields.IntField(description="1, 2, 3 … as the declaration's version")
    at: datetime = fields.DatetimeField()
    by_kind = fields.CharEnumField(ActorKind, max_length=10)
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="declared_steps"
    )
    staff_id: UUID | None
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="declared_steps"
    )
    account_id: UUID | None
    action = fields.CharEnumField(DeclarationAction, max_length=20)
    words: str | None = EncryptedField(null=True)

    class Meta:
        table = "declaration_step"
        unique_together = (("declaration_id", "number"),)


class DeclarationPhoto(Model):
    """A picture that speaks for or against a declaration; for staff, and who sent it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    declaration: fields.ForeignKeyRelation[Declaration] = fields.ForeignKeyField(
        "citizen.Declaration", on_delete=fields.CASCADE, related_name="papers"
    )
    declaration_id: UUID
    photo: fields.OneToOneRelation[Photo] = fields.OneToOneField(
        "media.Photo", on_delete=fields.RESTRICT, related_name="declaration"
    )
    photo_id: UUID
    step: fields.ForeignKeyRelation[DeclarationStep] = fields.ForeignKeyField(
        "citizen.DeclarationStep", on_delete=fields.CASCADE, related_name="papers"
    )
    step_id: UUID
    position = fields.SmallIntField()

    class Meta:
        table = "declaration_photo"
        unique_together = (("declaration_id", "position"),)


class ResidenceObjection(Model):
    """A person says that they don't live where somebody else declared them (异议)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    declaration: fields.ForeignKeyRelation[Declaration] = fields.ForeignKeyField(
        "citizen.Declaration", on_delete=fields.CASCADE, related_name="objections"
    )
    declaration_id: UUID
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="objections"
    )
    account_id: UUID | None
    words: str | None = EncryptedField(null=True)
    state = fields.CharEnumField(ObjectionState, max_length=10, default=ObjectionState.OPEN)
    decided_by: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="objections"
    )
    decided_by_id: UUID | None
    decided_at: datetime | None = fields.DatetimeField(null=True)
    reason: str | None = EncryptedField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "residence_objection"
        indexes = (Index(fields=("account_id", "id"), name="residence_objection_account"),)
        constraints = (
            UniqueConstraint(("declaration_id",), "residence_objection_open", "state = 'OPEN'"),
        )
