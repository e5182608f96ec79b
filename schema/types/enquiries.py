"""Conversations about listings, as the two who talk see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from core.keyset import NOTHING, Page, Slice
from landlord.enquiry_lists import (
    PHONE_COLUMNS,
    enquiry_by_id,
    latest_messages,
    shared_phone,
)
from landlord.models import EnquiryState, ListingState, ViewingState
from schema.access import ACCOUNT
from schema.connections import Connection, connection, wanted_nodes
from schema.context import Context, Info
from schema.fields import attr, gql_type, selected_here
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node


@gql_type(access=ACCOUNT)
class EnquiryMessage:
    """What one of the two said."""

    id: strawberry.ID = attr("Global id, opaque.")
    from_landlord: bool = attr("Whether the landlord said it; else the seeker.")
    words: str | None = attr("What was said; empty when its author took it back.")
    created_at: datetime = attr("When.")


@gql_type(access=ACCOUNT)
class EnquiryListing:
    """What a conversation is about: as little as both may always know."""

    id: strawberry.ID = attr("Global id of the listing, opaque.")
    title: str = attr("Its line, as it is now.")
    state: ListingState = attr("Where it stands; a conversation outlives the offer.")
    place_name: str = attr("The house.")
    room_number: str = attr("The room.")


@gql_type(access=ACCOUNT)
class Enquiry(Node):
    """A conversation (咨询) of a seeker with a landlord about one listing. Only they see it."""

    state: EnquiryState = attr("Whose turn it is.")
    from_me: bool = attr(
        "Whether you are the seeker in it; else the landlord.", needs=("seeker_id",)
    )
    listing: EnquiryListing = attr("What it is about.", needs=())
    seeker_name: str = attr("What the seeker calls themselves.", needs=("seeker__display_name",))
    landlord_name: str = attr(
        "What the landlord calls themselves.", needs=("listing__landlord__display_name",)
    )
    viewing_at: datetime | None = attr("The time named for a viewing (看房).")
    viewing_state: ViewingState | None = attr("How that viewing stands.")
    viewing_from_landlord: bool | None = attr("Whether the landlord named that time.")
    landlord_phone: str | None = attr(
        "The landlord's number, as long as they share it.", needs=PHONE_COLUMNS["landlord_phone"]
    )
    seeker_phone: str | None = attr(
        "The seeker's number, as long as they share it.", needs=PHONE_COLUMNS["seeker_phone"]
    )
    messages: list[EnquiryMessage] = attr(
        "The latest 20 messages, oldest first; `enquiryMessages` has all.", needs=(), size=10
    )
    last_words_at: datetime = attr("When something was said last.")
    created_at: datetime = attr("When it began.")


@strawberry.type(name="EnquiryConnection", description="One page of conversations.")
class EnquiryConnection(Connection[Enquiry]):
    """One page of conversations."""


@strawberry.type(name="EnquiryMessageConnection", description="One page of messages.")
class EnquiryMessageConnection(Connection[EnquiryMessage]):
    """One page of messages."""


_NEEDS: dict[str, tuple[str, ...]] = {
    field.python_name: field.metadata["needs"]
    for field in Enquiry.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
} | {
    "listing": ("listing_id", "listing__title", "listing__state", "listing__place__name",
                "listing__room__number"),
}  # fmt: skip


def enquiry_columns(want: Selection) -> list[str]:
    """The columns of conversations that a selection needs."""
    return want.columns(_NEEDS, "id")


async def shape_enquiries(rows: Rows, want: Selection, context: Context) -> Rows:
    """Conversations as read, ready for the schema: messages come in one query."""
    messages = (
        await latest_messages([row["id"] for row in rows]) if rows and "messages" in want else {}
    )
    for row in rows:
        for name in PHONE_COLUMNS:
            if name in want:
                row[name] = shared_phone(row, name)
        if "from_me" in want:
            row["from_me"] = row["seeker_id"] == context.actor.id
        if "listing" in want:
            row["listing"] = {
                "id": global_id("Listing", row["listing_id"]),
                "title": row["listing__title"],
                "state": row["listing__state"],
                "place_name": row["listing__place__name"],
                "room_number": row["listing__room__number"],
            }
        row["seeker_name"] = row.get("seeker__display_name")
        row["landlord_name"] = row.get("listing__landlord__display_name")
        row["messages"] = [message_row(message) for message in messages.get(row["id"], ())]
        row["id"] = global_id("Enquiry", row["id"])
    return rows


def message_row(row: dict[str, Any]) -> dict[str, Any]:
    """A message as read, ready for the schema."""
    return {**row, "id": global_id("EnquiryMessage", row["id"])}


async def enquiry_row(info: Info, want: Selection, enquiry_id: UUID) -> dict[str, Any] | None:
    """One conversation of the actor's, ready for the schema."""
    row = await enquiry_by_id(info.context.actor, enquiry_id, enquiry_columns(want))
    if row is None:
        return None
    (shaped,) = await shape_enquiries([row], want, info.context)
    return shaped


async def enquiry_connection(
    info: Info, read: Callable[..., Awaitable[Slice]], page: Page, **given: Any
) -> dict[str, Any]:
    """The connection over a list of conversations, for the field being resolved."""
    if not ACCOUNT.actor(info.context.actor):
        return connection(NOTHING, Selection())
    want = selected_here(info)
    nodes = wanted_nodes(want)
    found = await read(info.context.actor, page=page, columns=enquiry_columns(nodes), **given)
    await shape_enquiries(found.rows, nodes, info.context)
    return connection(found, want)
