"""What a scanned plate answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from citizen.scanning import PlateAction, ScannedPlate
from core.keyset import NOTHING, Page
from landlord.listings import listings_behind_plate
from landlord.self_checks import public_facts
from management.models import EBikeCharging, PlateState
from schema.access import PUBLIC
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Context, Info
from schema.fields import attr, gql_type, row_field, selected_here
from schema.ids import global_id
from schema.selection import Selection
from schema.types.listings import (
    ListingConnection,
    PublicPlace,
    PublicRoom,
    listing_columns,
    scanned_place,
    shape_listings,
)
from schema.types.open_hazards import OpenHazards, open_hazards_of


@gql_type(access=PUBLIC)
class CreditSummary:
    """Facts about a place that anybody may know (出租屋安全诚信档案). Facts only, no score."""

    grade: str | None = attr("A to D; empty until scoring exists.")
    filed: bool = attr("Whether it is on file (建档).")
    filed_at: datetime | None = attr("Since when.")
    may_be_let: bool = attr("Whether nothing bars it from letting now.")
    staircases: int | None = attr("Staircases.")
    exits: int | None = attr("Exits.")
    extinguishers: int | None = attr("Fire extinguishers.")
    e_bike_charging: EBikeCharging | None = attr("Where e-bikes are charged.")
    open_hazards: OpenHazards = attr("Hazards that are open there, as far as they are public.")
    last_self_check_on: date | None = attr("Day on which who runs it last checked it (自查).")
    self_checks_last_year: int = attr("Monthly self-checks of the past twelve months.")


@gql_type(access=PUBLIC)
class Plate:
    """A scanned QR plate (二维码门牌) and what it speaks for."""

    token: str = attr("The token that was scanned.")
    state: PlateState = attr("Whether it still speaks for its place.")
    place: PublicPlace | None = attr("The place; empty for a revoked or replaced plate.")
    room: PublicRoom | None = attr("The room, when the plate hangs at one.")
    credit: CreditSummary | None = attr("Facts about the place.")
    actions: list[PlateAction] = attr("What this viewer may do next.")
    replaced_by: str | None = attr("Token of the plate that replaced this one.")

    @row_field(ListingConnection, size=1)
    async def listings(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What is on offer here: in the house, or the room whose plate it is."""
        return await _listings(self, info, Page.of(first, after, last, before))


async def _listings(plate: Any, info: Info, page: Page) -> dict[str, Any]:
    if plate["place"] is None:
        return connection(NOTHING, Selection())
    context = info.context
    want = selected_here(info)
    nodes = wanted_nodes(want)
    found = await listings_behind_plate(
        place_id=plate["place_id"],
        room_id=plate["room_id"],
        page=page,
        columns=listing_columns(nodes),
    )
    await shape_listings(found.rows, nodes, context)
    return connection(found, want)


async def shape_plate(
    scanned: ScannedPlate,
    actions: list[PlateAction],
    blocked: bool,
    want: Selection,
    context: Context,
) -> dict[str, Any]:
    """A scanned plate, ready for the schema. One that is out of use says nothing of its place."""
    row = scanned.row
    answer: dict[str, Any] = {
        "token": row["token"],
        "state": row["state"],
        "place": None,
        "room": None,
        "credit": None,
        "actions": actions,
        "replaced_by": row["successor_token"],
        "place_id": row["place_id"],
        "room_id": row["room_id"],
    }
    if scanned.state is not PlateState.ACTIVE:
        return answer
    answer["place"] = await scanned_place(row, want["place"], context)
    answer["room"] = _room(row)
    answer["credit"] = {
        "grade": None,
        "filed": row["filed_at"] is not None,
        "may_be_let": not blocked and row["lifecycle"] == "ACTIVE",
        **{
            name: row[name]
            for name in ("filed_at", "staircases", "exits", "extinguishers", "e_bike_charging")
        },
    }
    if "open_hazards" in want["credit"]:
        found = answer["place"].get("open_hazards")  # read already, where both are asked for
        place_id = row["place_id"]
        answer["credit"]["open_hazards"] = found or (await open_hazards_of([place_id]))[place_id]
    if want["credit"].fields.keys() & {"last_self_check_on", "self_checks_last_year"}:
        answer["credit"].update(await public_facts(row["place_id"]))
    return answer


def _room(row: dict[str, Any]) -> dict[str, Any] | None:
    if row["room_id"] is None:
        return None
    return {
        "id": global_id("Room", row["room_id"]),
        "number": row["room_number"],
        "floor": row["room_floor"],
        "area": row["room_area"],
        "dormitory": row["room_dormitory"],
    }
