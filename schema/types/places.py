"""Places as staff, apps and their operators see them: the whole file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from core.crypto import ring
from core.masking import mask_name, mask_phone
from core.settings import settings
from identity.actor import ActorKind, Permission
from management import reading
from management.claims import Responsibility
from management.models import (
    ClaimRole,
    EBikeCharging,
    Lifecycle,
    PlaceBlockKind,
    PlaceKind,
    PlateEndReason,
    PlateState,
    RiskClass,
    RoomState,
)
from management.rooms import capacity
from management.territory import territory
from schema.access import holds_here_or_account, holds_or_account
from schema.connections import CountedConnection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node, Point, surveyed_point
from schema.types.territory import Grid, grids_by_code

_FILES = holds_or_account(Permission.PLACES_READ)


@gql_type(access=_FILES)
class Room:
    """A room (房间) of a house."""

    id: strawberry.ID = attr("Global id, opaque.")
    code: str = attr("Place code and room number.")
    number: str = attr("Room number.")
    floor: int | None = attr("Storey, counted from 1; below ground negative.")
    area: float | None = attr("Usable area in m².")
    capacity: int | None = attr("How many people it holds: usable area / 5 m²; families exempt.")
    dormitory: bool = attr("Whether it may be let by the bed.")
    escape_window: bool | None = attr("Whether a window opens at least 0.5 × 0.8 m (逃生窗).")
    rent: Decimal | None = attr("Usual rent in yuan a month.")
    state: RoomState = attr("Whether it can be let.")


@gql_type(access=_FILES)
class Organisation:
    """A legal entity (法人)."""

    credit_code: str = attr("Unified social credit code (统一社会信用代码).")
    name: str = attr("Its name.")


@gql_type(access=_FILES)
class MaskedContact:
    """Whom to call about a place, masked; `revealPlaceContact` shows it in clear, on record."""

    name: str | None = attr("Name, such as 张*.")
    phone: str | None = attr("Phone, such as 138****0000.")


@gql_type(access=_FILES)
class LeaseFiling:
    """A registered lease (房屋租赁登记备案)."""

    number: str = attr("Its number.")
    room_number: str | None = attr("The room it is about; empty: the whole house.")
    filed_on: date = attr("Day of registration.")
    until: date | None = attr("Last day of the lease.")


@gql_type(access=_FILES)
class IssuedPlate:
    """A plate that was issued: what staff and operators need to print and manage it."""

    id: strawberry.ID = attr("Global id, opaque.")
    token: str = attr("The random token on the plate.")
    state: PlateState = attr("Whether it still speaks for its place.")
    room_number: str | None = attr("The room it hangs at; empty: the house itself.")
    url: str = attr("The address in the QR code.")
    png_url: str = attr("The QR code as PNG.")
    svg_url: str = attr("The QR code as SVG, for print.")
    issued_at: datetime = attr("When it was issued.")
    ended_at: datetime | None = attr("Since when it no longer speaks for its place.")
    end_reason: PlateEndReason | None = attr("Why it was replaced or taken out of use.")
    batch: strawberry.ID = attr("What was issued together has the same; `printPlates` takes it.")


@gql_type(access=_FILES)
class Operator:
    """Somebody who is known to run a place."""

    id: strawberry.ID = attr("Global id, opaque.")
    role: ClaimRole = attr("As what.")
    display_name: str = attr("What they call themselves.")
    since: datetime | None = attr("When staff verified it.")
    responsible_for: list[Responsibility] = attr(
        "What they answer for; agents for nothing.", size=1
    )
    acts_for: ClaimRole | None = attr("Of an agent: for the owner, or for the sub-landlord.")
    lease_until: date | None = attr("Of a sub-landlord: last day of the head lease.")


@gql_type(access=_FILES)
class PlaceBlock:
    """Why a place may not be let, from when to when."""

    id: strawberry.ID = attr("Global id, opaque.")
    kind: PlaceBlockKind = attr("The kind of reason.")
    reason: str = attr("The reason in words.")
    starts_at: datetime = attr("From when.")
    ends_at: datetime | None = attr("Until when; empty: still in force.")


@gql_type(access=_FILES)
class Place(Node):
    """A place under management (列管对象) with its file."""

    code: str = attr("Place code: six digits of town and community, then a number.")
    kind: PlaceKind = attr("Its kind.")
    name: str = attr("Its name.")
    grid: Grid = attr("The third-level grid it lies in.", needs=("grid_code",))
    community: Grid = attr("The community it lies in.", needs=("community_code",))
    address: str = attr("Address in one line.", needs=("community_code", "street", "door_number"))
    street: str = attr("Road or village lane.")
    door_number: str = attr("Number, building, unit.")
    point: Point | None = attr("Where it is, CGCS2000.", needs=("longitude", "latitude"))
    floors: int | None = attr("Storeys.")
    area: float | None = attr("m²: of a shop in all, of a house or workshop per floor.")
    operator_name: str = attr("Trade name, or who runs it.")
    contact: MaskedContact | None = attr(
        "Whom to call, masked.",
        access=holds_here_or_account(Permission.PLACES_CONTACT),
        needs=("contact_name", "contact_phone", "grid_path"),
    )
    organisation: Organisation | None = attr("The legal entity.", needs=("organisation_id",))
    staircases: int | None = attr("Staircases.")
    exits: int | None = attr("Exits.")
    extinguishers: int | None = attr("Fire extinguishers.")
    e_bike_charging: EBikeCharging | None = attr("Where e-bikes are charged.")
    gas_bottles: int | None = attr("Gas bottles.")
    wiring_year: int | None = attr("Year the wiring was installed.")
    risk_class: RiskClass = attr("Its risk class.")
    lifecycle: Lifecycle = attr("Where it is in its life.")
    filed_at: datetime | None = attr("When its file was opened (建档).")
    completeness: int = attr("Percent of the required fields that are filled (信息完整率).")
    missing: list[str] = attr("Required fields that are still empty.")
    version: int = attr("Give it as `expectedVersion` when you change the file.")
    created_at: datetime = attr("When it was entered.")
    updated_at: datetime = attr("When it last changed.")
    ended_at: datetime | None = attr("When it closed or was demolished.")
    rooms: list[Room] = attr("Its rooms by number.", needs=(), size=20)
    lease_filings: list[LeaseFiling] = attr("Registered leases, newest first.", needs=(), size=5)
    plates: list[IssuedPlate] = attr("Every plate issued here.", needs=(), size=10)
    operators: list[Operator] = attr("Who is known to run it.", needs=(), size=3)
    blocks: list[PlaceBlock] = attr("Why it may not be let, newest first.", needs=(), size=3)


@strawberry.type(name="PlaceConnection", description="One page of places.")
class PlaceConnection(CountedConnection[Place]):
    """One page of places."""


PLACE_NEEDS: dict[str, tuple[str, ...]] = {
    field.python_name: field.metadata["needs"]
    for field in Place.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}


def place_columns(want: Selection) -> list[str]:
    """The columns of places that a selection needs."""
    return want.columns(PLACE_NEEDS, "id")


async def shape_places(rows: Rows, want: Selection, context: Context) -> Rows:
    """Places as read, ready for the schema: what hangs on them comes in one query per kind."""
    if not rows:
        return rows
    await _add_grids(rows, want, context)
    await _add_related(rows, want, context)
    for row in rows:
        if "contact" in want:
            row["contact"] = _contact(row, context)
        if "point" in want:
            row["point"] = surveyed_point(row)
    for row in rows:
        row["id"] = global_id("Place", row["id"])
    return rows


async def _add_grids(rows: Rows, want: Selection, context: Context) -> None:
    for name, column in (("grid", "grid_code"), ("community", "community_code")):
        if name in want:
            grids = await grids_by_code({row[column] for row in rows}, want[name], context)
            for row in rows:
                row[name] = grids[row[column]]
    if "address" in want:
        known = (await territory()).by_code
        for row in rows:
            row["address"] = one_line_address(row, known[row["community_code"]]["name_zh"])


def one_line_address(row: dict[str, Any], community: str) -> str:
    """Community, street and number as they are written in Chinese, from the large to the small."""
    return f"{community}{row['street']}{row['door_number']}"


async def _add_related(rows: Rows, want: Selection, context: Context) -> None:
    ids = [row["id"] for row in rows]
    if "organisation" in want:
        wanted = {row["organisation_id"] for row in rows} - {None}
        known = await reading.organisations(wanted) if wanted else {}
        for row in rows:
            row["organisation"] = known.get(row["organisation_id"])
    if "rooms" in want:
        rooms = await reading.rooms_of_places(ids, _room_columns(want["rooms"]))
        for row in rows:
            row["rooms"] = [shape_room(room) for room in rooms[row["id"]]]
    for name, (read, shape) in _RELATED.items():
        if name in want:
            related = await read(ids)
            for row in rows:
                row[name] = [shape(one) for one in related[row["id"]]]


def _room_columns(want: Selection) -> list[str]:
    return want.columns({"capacity": ("area",)}, "id", "area")


def shape_room(row: dict[str, Any]) -> dict[str, Any]:
    """A room as read, ready for the schema."""
    return {**row, "id": global_id("Room", row["id"]), "capacity": capacity(row["area"])}


def shape_issued_plate(row: dict[str, Any]) -> dict[str, Any]:
    """A plate as read, ready for the schema."""
    url = f"{settings().public_url}/q/{row['token']}"
    return {
        **row,
        "id": global_id("IssuedPlate", row["id"]),
        "batch": global_id("PlateBatch", row["batch"]),
        "url": url,
        "png_url": f"{url}.png",
        "svg_url": f"{url}.svg",
    }


def _operator(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "id": global_id("Operator", row["id"]), "since": row["decided_at"]}


def _block(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "id": global_id("PlaceBlock", row["id"])}


_RELATED: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "lease_filings": (reading.lease_filings_of_places, dict),
    "plates": (reading.plates_of_places, shape_issued_plate),
    "operators": (reading.claims_of_places, _operator),
    "blocks": (reading.blocks_of_places, _block),
}


def _contact(row: dict[str, Any], context: Context) -> dict[str, Any] | None:
    actor = context.actor
    own = actor.kind is ActorKind.ACCOUNT
    if not own and not actor.may(Permission.PLACES_CONTACT, row["grid_path"]):
        return None
    name = _opened(row, "contact_name")
    phone = _opened(row, "contact_phone")
    return {
        "name": name and (name if own else mask_name(name)),
        "phone": phone and (phone if own else mask_phone(phone)),
    }


def _opened(row: dict[str, Any], column: str) -> str | None:
    sealed, row_id = row[column], row["id"]
    if sealed is None:
        return None
    assert isinstance(row_id, UUID)
    return ring().decrypt(sealed, table="place", column=column, row=row_id)
