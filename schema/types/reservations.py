"""Reservations as who made them sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from landlord.access import visible_listings
from landlord.models import ReservationState
from schema.access import ACCOUNT
from schema.connections import Connection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.listings import Listing, listing_columns, shape_listings


@gql_type(access=ACCOUNT)
class Reservation:
    """A room that you hold or held (预订)."""

    id: strawberry.ID = attr("Global id, opaque.")
    state: ReservationState = attr("How it stands.")
    until: datetime = attr("How long it is held.")
    created_at: datetime = attr("When you reserved it.")
    ended_at: datetime | None = attr("When it ended.")
    listing: Listing = attr("The room on offer.", needs=("listing_id",))


@strawberry.type(name="ReservationConnection", description="One page of reservations.")
class ReservationConnection(Connection[Reservation]):
    """One page of reservations."""


def reservation_columns(want: Selection) -> list[str]:
    """The columns of reservations that a selection needs."""
    return want.columns({"listing": ("listing_id",)}, "id")


async def shape_reservations(rows: Rows, want: Selection, context: Context) -> Rows:
    """Reservations as read, ready for the schema: their listings come in one query."""
    listings: dict[Any, dict[str, Any]] = {}
    if "listing" in want and rows:
        ids = list({row["listing_id"] for row in rows})
        query = visible_listings(context.actor).filter(id__in=ids)
        found = list(await query.values(*listing_columns(want["listing"])))
        keys = [row["id"] for row in found]
        await shape_listings(found, want["listing"], context)
        listings = dict(zip(keys, found, strict=True))
    for row in rows:
        if "listing" in want:
            row["listing"] = listings[row["listing_id"]]
        row["id"] = global_id("Reservation", row["id"])
    return rows
