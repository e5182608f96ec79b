"""The room board (房态图) of a house, for who runs it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from landlord.models import ListingState
from landlord.room_board import RoomBoard as Board
from management.models import RoomState
from schema.access import ACCOUNT
from schema.fields import attr, gql_type
from schema.ids import global_id


@gql_type(access=ACCOUNT)
class BoardListing:
    """What is offered of a room."""

    id: strawberry.ID = attr("Global id of the listing, opaque.")
    title: str = attr("One line.")
    state: ListingState = attr("Where it stands.")
    rent: Decimal = attr("Yuan a month.")
    version: int = attr("Give it as `expectedVersion` when you change the listing.")
    own: bool = attr("Whether you put it up; else somebody who runs the house with you.")
    expires_at: datetime | None = attr("When it is withdrawn unless refreshed.")
    reserved_until: datetime | None = attr("Until when somebody holds it.")


@gql_type(access=ACCOUNT)
class BoardRoom:
    """A room on the board."""

    id: strawberry.ID = attr("Global id, opaque.")
    number: str = attr("Room number.")
    state: RoomState = attr("Whether it can be let.")
    area: float | None = attr("Usable area in m².")
    rent: Decimal | None = attr("Usual rent in yuan a month.")
    listing: BoardListing | None = attr("What is offered of it: on offer, or a draft of yours.")
    open_enquiries: int = attr("How many enquiries about it wait for your answer.")


@gql_type(access=ACCOUNT)
class BoardFloor:
    """A storey on the board."""

    floor: int | None = attr("Storey, counted from 1; empty: not known.")
    rooms: list[BoardRoom] = attr("Its rooms by number.", size=8)


@gql_type(access=ACCOUNT)
class RoomBoard:
    """A house at a glance (房态图)."""

    place_id: strawberry.ID = attr("The house.")
    vacant: int = attr("Rooms that are vacant 空置.")
    let: int = attr("Rooms that are let 已出租.")
    out_of_use: int = attr("Rooms out of use 停用.")
    on_offer: int = attr("Rooms that the public sees.")
    floors: list[BoardFloor] = attr("From the top down.", size=6)


def shape_board(board: Board) -> dict[str, Any]:
    """A board, ready for the schema."""
    return {
        "place_id": global_id("Place", board.place_id),
        "vacant": board.count(RoomState.VACANT),
        "let": board.count(RoomState.LET),
        "out_of_use": board.count(RoomState.OUT_OF_USE),
        "on_offer": board.on_offer,
        "floors": [
            {"floor": floor, "rooms": [_room(room) for room in rooms]}
            for floor, rooms in board.floors
        ],
    }


def _room(row: dict[str, Any]) -> dict[str, Any]:
    listing = None
    if row["listing_id"] is not None:
        listing = {
            "id": global_id("Listing", row["listing_id"]),
            "title": row["title"],
            "state": row["listing_state"],
            "rent": row["listing_rent"],
            "version": row["listing_version"],
            "own": row["own"],
            "expires_at": row["expires_at"],
            "reserved_until": row["reserved_until"],
        }
    return {**row, "id": global_id("Room", row["id"]), "listing": listing}
