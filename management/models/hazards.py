"""Hazards: what was reported, where it stands, every step, its documents, and who follows it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.crypto import BlindIndexField, EncryptedField
from core.ids import uuid7
from identity.actor import ActorKind
from identity.models import Account, App, Department, StaffMember
from management.models.places import Place, Room
from media.models import Photo


class Severity(StrEnum):
    """A first judgement; a formal major finding is a department's."""

    GENERAL = "GENERAL"
    SERIOUS = "SERIOUS"
    URGENT = "URGENT"


class HazardState(StrEnum):
    """Where a hazard stands; the moves are data of :mod:`management.hazards`."""

    REPORTED = "REPORTED"
    ACCEPTED = "ACCEPTED"
    DISPATCHED = "DISPATCHED"
    RECTIFYING = "RECTIFYING"
    SUBMITTED = "SUBMITTED"
    FOLLOW_UP = "FOLLOW_UP"
    ENFORCEMENT = "ENFORCEMENT"
    CLOSED = "CLOSED"
    REJECTED = "REJECTED"
    DUPLICATE = "DUPLICATE"


class HazardAction(StrEnum):
    """What can be done with a hazard, or happens to it."""

    REPORT = "REPORT"
    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    MARK_DUPLICATE = "MARK_DUPLICATE"
    DISPATCH = "DISPATCH"
    START = "START"
    RETURN = "RETURN"
    SUBMIT = "SUBMIT"
    ASK_ENFORCEMENT = "ASK_ENFORCEMENT"
    EXTEND = "EXTEND"
    PASS = "PASS"  # noqa: S105 - an action
    FAIL = "FAIL"
    CONFIRM_FIXED = "CONFIRM_FIXED"
    SAY_NOT_FIXED = "SAY_NOT_FIXED"
    CLOSE_UNREACHABLE = "CLOSE_UNREACHABLE"
    CLOSE_SILENT = "CLOSE_SILENT"
    CLOSE_CASE = "CLOSE_CASE"
    REOPEN = "REOPEN"
    RATE = "RATE"
    ESCALATE = "ESCALATE"
    CHANGE_SEVERITY = "CHANGE_SEVERITY"
    MODERATE = "MODERATE"
    ISSUE = "ISSUE"
    SUPPLEMENT = "SUPPLEMENT"


class HazardSource(StrEnum):
    """How a hazard came to be known."""

    RESIDENT = "RESIDENT"
    LANDLORD = "LANDLORD"
    WARDEN = "WARDEN"
    HOTLINE_12345 = "HOTLINE_12345"
    OPEN311 = "OPEN311"
    SAMPLING = "SAMPLING"
    CROSS_CHECK = "CROSS_CHECK"


class HazardClosure(StrEnum):
    """How it came to be closed."""

    CONFIRMED = "CONFIRMED"
    SILENT = "SILENT"
    UNREACHABLE = "UNREACHABLE"
    NOBODY_TO_ASK = "NOBODY_TO_ASK"


class HazardPhotoRole(StrEnum):
    """What a picture shows."""

    FOUND = "FOUND"
    EVIDENCE = "EVIDENCE"


class FollowReason(StrEnum):
    """Why somebody hears of a hazard."""

    REPORTED = "REPORTED"
    FOLLOWS = "FOLLOWS"
    SAME_AS = "SAME_AS"


class HazardDocumentKind(StrEnum):
    """隐患告知书 by a warden; 责令限期整改通知书 and 重大火灾隐患 by a department only."""

    NOTICE = "NOTICE"
    RECTIFICATION_ORDER = "RECTIFICATION_ORDER"
    MAJOR_FINDING = "MAJOR_FINDING"


class Hazard(Model):
    """An unsafe condition (隐患) at a place, or at a point.

    Who reported it and their words are in :class:`HazardReport`, apart: most who see a hazard may
    not see those. ``version`` is the number of its last step, so a state never changes without
    its history. The grid's columns are repeated as on a place.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    code = fields.CharField(16, unique=True, description="to say aloud: day and eight letters")
    place: fields.ForeignKeyNullableRelation[Place] = fields.ForeignKeyField(
        "management.Place", null=True, on_delete=fields.RESTRICT, related_name="hazards"
    )
    place_id: UUID | None
    room: fields.ForeignKeyNullableRelation[Room] = fields.ForeignKeyField(
        "management.Room", null=True, on_delete=fields.RESTRICT, related_name="hazards"
    )
    room_id: UUID | None
    grid_path = fields.CharField(140, description='COLLATE "C"')
    community_code = fields.CharField(40)
    grid_code = fields.CharField(40)
    longitude: float | None = fields.FloatField(null=True, description="degrees, CGCS2000")
    latitude: float | None = fields.FloatField(null=True, description="degrees, CGCS2000")
    category = fields.CharField(40, description="code in management/hazards/categories.toml")
    severity = fields.CharEnumField(Severity, max_length=8)
    major = fields.BooleanField(default=False, description="a department's formal finding")
    source = fields.CharEnumField(HazardSource, max_length=14)
    external_no: str | None = fields.CharField(  # type: ignore[assignment]
        60, null=True, description="of the hotline, or of another system"
    )
    state = fields.CharEnumField(HazardState, max_length=12, default=HazardState.REPORTED)
    open = fields.BooleanField(default=True, description="not closed, rejected or a duplicate")
    state_since: datetime = fields.DatetimeField()
    due_at: datetime | None = fields.DatetimeField(null=True, description="of this state")
    deadline: datetime | None = fields.DatetimeField(
        null=True, description="by which it is to be put right, as dispatched"
    )
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "identity.Department", null=True, on_delete=fields.RESTRICT, related_name="hazards"
    )
    department_id: UUID | None
    assignee: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.RESTRICT, related_name="hazards"
    )
    assignee_id: UUID | None
    assistants: list[str] = fields.JSONField(
        default=list, description="codes of departments that help"
    )
    summary = fields.CharField(
        200, default="", description="in words of staff: what landlord and public read"
    )
    duplicate_of: fields.ForeignKeyNullableRelation[Hazard] = fields.ForeignKeyField(
        "management.Hazard", null=True, on_delete=fields.RESTRICT, related_name="duplicates"
    )
    duplicate_of_id: UUID | None
    earlier: fields.ForeignKeyNullableRelation[Hazard] = fields.ForeignKeyField(
        "management.Hazard", null=True, on_delete=fields.RESTRICT, related_name="later"
    )
    earlier_id: UUID | None
    extended = fields.BooleanField(default=False)
    enforced = fields.BooleanField(default=False, description="enforcement was asked for")
    not_fixed = fields.SmallIntField(default=0, description='how often "not fixed" was said')
    reopened = fields.SmallIntField(default=0)
    escalations = fields.SmallIntField(default=0, description="levels above the grid, in all")
    escalated_to = fields.CharField(40, default="", description="grid code of who is told now")
    closed_how = fields.CharEnumField(HazardClosure, max_length=14, null=True)
    closed_at: datetime | None = fields.DatetimeField(null=True)
    rating: int | None = fields.SmallIntField(null=True, description="1 to 5, by the reporter")
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "hazard"
        indexes = (
            Index(fields=("grid_path", "id"), name="hazard_path"),
            Index(fields=("community_code", "id"), name="hazard_community"),
            Index(fields=("grid_code", "id"), name="hazard_grid"),
            Index(fields=("place_id", "id"), name="hazard_place"),
            Index(fields=("duplicate_of_id",), name="hazard_duplicates"),
            Index(fields=("earlier_id",), name="hazard_later"),
            Index(fields=("assignee_id", "id"), name="hazard_assignee"),
            PartialIndex(
                fields=("category", "latitude", "longitude"),
                name="hazard_near",
                condition={"open": True},
            ),
            PartialIndex(
                fields=("latitude", "longitude"), name="hazard_map", condition={"open": True}
            ),
            PartialIndex(fields=("due_at", "id"), name="hazard_due", condition={"open": True}),
        )
        constraints = (
            UniqueConstraint(
                ("source", "external_no"), "hazard_external", "external_no IS NOT NULL"
            ),
            CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", "hazard_whole_point"),
            CheckConstraint("place_id IS NOT NULL OR longitude IS NOT NULL", "hazard_somewhere"),
            CheckConstraint(
                "open = (state NOT IN ('CLOSED', 'REJECTED', 'DUPLICATE'))", "hazard_open"
            ),
            CheckConstraint(
                "(state = 'CLOSED') = (closed_at IS NOT NULL)"
                " AND (state = 'CLOSED') = (closed_how IS NOT NULL)",
                "hazard_closed",
            ),
            CheckConstraint(
                "(state = 'DUPLICATE') = (duplicate_of_id IS NOT NULL)", "hazard_duplicate"
            ),
            CheckConstraint("rating BETWEEN 1 AND 5", "hazard_rating"),
        )


class HazardReport(Model):
    """Who reported a hazard, and their words: for the town's staff alone.

    ``token_hash``: an anonymous reporter's way back. ``staff``: who took it down for a caller.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    hazard: fields.OneToOneRelation[Hazard] = fields.OneToOneField(
        "management.Hazard", on_delete=fields.CASCADE, related_name="report"
    )
    hazard_id: UUID
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="hazard_reports"
    )
    account_id: UUID | None
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="hazard_reports"
    )
    staff_id: UUID | None
    app: fields.ForeignKeyNullableRelation[App] = fields.ForeignKeyField(
        "identity.App", null=True, on_delete=fields.SET_NULL, related_name="hazard_reports"
    )
    app_id: UUID | None
    caller_name: str | None = EncryptedField(null=True)
    caller_phone: str | None = EncryptedField(null=True)
    caller_index: str | None = BlindIndexField(null=True, db_index=True)  # type: ignore[assignment]
    words: str | None = EncryptedField(null=True)
    answers: str | None = EncryptedField(null=True, description="JSON: question code → answer")
    token_hash: str | None = fields.CharField(  # type: ignore[assignment]
        64, null=True, unique=True, description="SHA-256, hexadecimal"
    )
    seen_at: datetime = fields.DatetimeField(description="when it was seen, by who reports")
    received_at: datetime = fields.DatetimeField()

    class Meta:
        table = "hazard_report"
        indexes = (Index(fields=("account_id", "hazard_id"), name="hazard_report_account"),)


class HazardStep(Model):
    """One step: who, when, from, to, words, evidence. The history of a hazard."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    hazard: fields.ForeignKeyRelation[Hazard] = fields.ForeignKeyField(
        "management.Hazard", on_delete=fields.CASCADE, related_name="steps"
    )
    hazard_id: UUID
    number = fields.IntField(description="1, 2, 3 … as the hazard's version")
    at: datetime = fields.DatetimeField()
    by_kind = fields.CharEnumField(ActorKind, max_length=10)
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="hazard_steps"
    )
    staff_id: UUID | None
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="hazard_steps"
    )
    account_id: UUID | None
    action = fields.CharEnumField(HazardAction, max_length=18)
    from_state = fields.CharEnumField(HazardState, max_length=12, null=True)
    to_state = fields.CharEnumField(HazardState, max_length=12)
    words: str | None = EncryptedField(null=True, description="reason or remark, in clear to staff")
    details: dict[str, Any] = fields.JSONField(
        default=dict, description="codes and ids: department, deadline, severity before"
    )

    class Meta:
        table = "hazard_step"
        unique_together = (("hazard_id", "number"),)


class HazardPhoto(Model):
    """A picture of a hazard; shown to others than staff once it was looked at."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    hazard: fields.ForeignKeyRelation[Hazard] = fields.ForeignKeyField(
        "management.Hazard", on_delete=fields.CASCADE, related_name="photos"
    )
    hazard_id: UUID
    photo: fields.OneToOneRelation[Photo] = fields.OneToOneField(
        "media.Photo", on_delete=fields.RESTRICT, related_name="hazard"
    )
    photo_id: UUID
    step: fields.ForeignKeyNullableRelation[HazardStep] = fields.ForeignKeyField(
        "management.HazardStep", null=True, on_delete=fields.SET_NULL, related_name="photos"
    )
    step_id: UUID | None
    role = fields.CharEnumField(HazardPhotoRole, max_length=10)
    position = fields.SmallIntField()
    shown = fields.BooleanField(default=False, description="staff let others see it")

    class Meta:
        table = "hazard_photo"
        unique_together = (("hazard_id", "role", "position"),)


class HazardFollower(Model):
    """An account that hears of a hazard."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    hazard: fields.ForeignKeyRelation[Hazard] = fields.ForeignKeyField(
        "management.Hazard", on_delete=fields.CASCADE, related_name="followers"
    )
    hazard_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.CASCADE, related_name="hazards_followed"
    )
    account_id: UUID
    why = fields.CharEnumField(FollowReason, max_length=8)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "hazard_follower"
        unique_together = (("hazard_id", "account_id"),)
        indexes = (Index(fields=("account_id", "id"), name="hazard_follower_account"),)


class HazardDocument(Model):
    """A numbered document about a hazard; ``content`` is what it says, for good."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    hazard: fields.ForeignKeyRelation[Hazard] = fields.ForeignKeyField(
        "management.Hazard", on_delete=fields.RESTRICT, related_name="documents"
    )
    hazard_id: UUID
    kind = fields.CharEnumField(HazardDocumentKind, max_length=20)
    number = fields.CharField(40, unique=True)
    staff: fields.ForeignKeyRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", on_delete=fields.RESTRICT, related_name="hazard_documents"
    )
    staff_id: UUID
    content: dict[str, Any] = fields.JSONField()
    issued_at: datetime = fields.DatetimeField()
    served_at: datetime | None = fields.DatetimeField(null=True, description="handed over")
    served_how = fields.CharField(60, default="", description="how, and to whom by role")

    class Meta:
        table = "hazard_document"
        indexes = (Index(fields=("hazard_id", "id"), name="hazard_document_hazard"),)
