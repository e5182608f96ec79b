"""Tenants as who runs the house sees them, and what landlords still owe."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import strawberry

from citizen.declarations.tenant_lists import declarations_of
from citizen.models import DeclarationState, Doubt
from core.clock import today
from identity.actor import Permission
from management.models import DocumentKind, DutyState, ResidenceCheck, ResidenceSource
from management.people.persons import PERSON_COLUMNS, shown
from schema.access import holds_or_account
from schema.connections import CountedConnection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.listings import PublicPlace, add_public_places, public_place_columns

OWN: Final = holds_or_account(Permission.PEOPLE_READ)
_ROOM: Final = ("room_id", "room__number", "room__code")
_PERSON: Final = ("person__document_kind", *(f"person__{name}" for name in PERSON_COLUMNS))


@gql_type(access=OWN)
class TenantRoom:
    """The room that a tenant lives in."""

    id: strawberry.ID = attr("Global id of the room, opaque.")
    number: str = attr("Room number 房号.")
    code: str = attr("Code of the room.")


@gql_type(access=OWN)
class TenantPerson:
    """Who a tenant is, masked: enough to recognise who is known."""

    name: str | None = attr("Such as 张*.")
    document_kind: DocumentKind = attr("Kind of document.")
    document_number: str | None = attr("Such as 4419**********1234.")
    phone: str | None = attr("Such as 138****0000.")


@gql_type(access=OWN)
class Tenant:
    """Somebody who lives in a room of a house (租客)."""

    id: strawberry.ID = attr("Global id of the residence, opaque.")
    room: TenantRoom = attr("Where.", needs=_ROOM)
    person: TenantPerson = attr("Who, masked.", needs=("person_id", *_PERSON))
    starts_on: date = attr("First day.")
    ends_on: date | None = attr("The day on which they no longer live there.")
    source: ResidenceSource = attr("Who said so.")
    check: ResidenceCheck = attr("Whether somebody else has looked at it.", needs=("check_state",))
    household: bool = attr("Whether they live there with their family.", needs=("family",))
    confirmed_on: date = attr("The day on which it was last said that it is so.")
    declaration_id: strawberry.ID | None = attr("The declaration behind it.", needs=("id",))
    question_open: bool = attr("Whether you are asked if they live there.", needs=("id",))


@strawberry.type(name="TenantConnection", description="One page of tenants.")
class TenantConnection(CountedConnection[Tenant]):
    """One page of tenants."""


@gql_type(access=OWN)
class TenantDuty:
    """That who let a room has to register the tenant (租客登记义务)."""

    id: strawberry.ID = attr("Global id, opaque.")
    place: PublicPlace = attr("The house.", needs=("place_id",))
    room: TenantRoom = attr("The room that was let.", needs=_ROOM)
    signed_on: date = attr("The day of signing.")
    due_on: date = attr("Its last day: the third working day after that.")
    state: DutyState = attr("How it stands.")
    overdue: bool = attr(
        "Whether the last day is over and nobody registered.", needs=("state", "due_on")
    )
    blocks: bool = attr(
        "Whether the house lets nothing because of it.",
        needs=("block_id", "block__ends_at", "state"),
    )
    own: bool = attr(
        "Whether it is yours; else of somebody who runs the house too.", needs=("account_id",)
    )
    ended_at: datetime | None = attr("When it was done or cancelled.")


@strawberry.type(name="TenantDutyConnection", description="One page of duties.")
class TenantDutyConnection(CountedConnection[TenantDuty]):
    """One page of duties."""


@gql_type(access=OWN)
class DeclaredTenant:
    """What became of one tenant's declaration by somebody else."""

    declaration_id: strawberry.ID = attr("The declaration 申报.")
    residence_id: strawberry.ID | None = attr("The residence, when it took effect.")
    room: TenantRoom = attr("Where.", needs=_ROOM)
    name: str = attr("As you gave it, such as 张*.")
    state: DeclarationState = attr("Where it stands: in force at once, or looked at first.")
    doubts: list[Doubt] = attr("Why a warden looks at it first.", size=2)


def _needs(kind: Any) -> dict[str, tuple[str, ...]]:
    return {
        field.python_name: field.metadata["needs"]
        for field in kind.__strawberry_definition__.fields
        if "needs" in field.metadata
    }


_TENANT: Final = _needs(Tenant)
_DUTY: Final = _needs(TenantDuty)


def tenant_columns(want: Selection) -> list[str]:
    """The columns of residences that a selection of tenants needs."""
    return want.columns(_TENANT, "id")


async def shape_tenants(rows: Rows, want: Selection) -> Rows:
    """Residences as read, ready for the schema: declarations come in one query."""
    asked = "declaration_id" in want or "question_open" in want
    behind = await declarations_of([row["id"] for row in rows]) if asked and rows else {}
    for row in rows:
        if "room" in want:
            row["room"] = _room(row)
        if "person" in want:
            row["person"] = _person(row)
        if asked:
            said = behind.get(row["id"])
            row["declaration_id"] = global_id("Declaration", said["id"]) if said else None
            row["question_open"] = bool(said and said["question_open"])
        row["check"] = row.get("check_state")
        row["household"] = row.get("family") is not None
        row["id"] = global_id("Residence", row["id"])
    return rows


def duty_columns(want: Selection) -> list[str]:
    """The columns of duties that a selection needs."""
    columns = want.columns(_DUTY, "id")
    if "place" in want:
        columns += public_place_columns(want["place"])
    return list(dict.fromkeys(columns))


async def shape_duties(rows: Rows, want: Selection, context: Context) -> Rows:
    """Duties as read, ready for the schema."""
    if "place" in want and rows:
        await add_public_places(rows, want["place"], context)
    for row in rows:
        if "room" in want:
            row["room"] = _room(row)
        still = row.get("state") == DutyState.OPEN
        if "overdue" in want:
            row["overdue"] = still and row["due_on"] < today()
        if "blocks" in want:
            in_force = row["block_id"] is not None and row["block__ends_at"] is None
            row["blocks"] = still and in_force
        row["own"] = row.get("account_id") == context.actor.id
        row["id"] = global_id("TenantDuty", row["id"])
    return rows


def shape_declared(rows: Rows) -> Rows:
    """Declarations that were just made, with the columns of :data:`DECLARED`."""
    return [
        {
            "declaration_id": global_id("Declaration", row["id"]),
            "residence_id": (
                global_id("Residence", row["residence_id"]) if row["residence_id"] else None
            ),
            "room": _room(row),
            "name": row["name"],
            "state": row["state"],
            "doubts": row["doubts"],
        }
        for row in rows
    ]


DECLARED: Final = ("id", "residence_id", *_ROOM, "state", "doubts")
"""What :func:`shape_declared` reads, beside the name that was given."""


def _room(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": global_id("Room", row["room_id"]),
        "number": row["room__number"],
        "code": row["room__code"],
    }


def _person(row: dict[str, Any]) -> dict[str, Any]:
    masked = shown({**row, "person__id": row["person_id"]}, clear=False, prefix="person__")
    return {
        "name": masked["name"],
        "document_kind": row["person__document_kind"],
        "document_number": masked["number"],
        "phone": masked["phone"],
    }
