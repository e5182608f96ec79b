"""Listings as seekers keep, compare and report them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry

from core.errors import Language
from core.keyset import NOTHING, Page
from identity.actor import Permission
from landlord.access import visible_listings
from landlord.comparing import ComparedPoint, ComparedRow
from landlord.models import Facility, ListingState, ReportReason, ReportState
from landlord.saved import saved_listings
from management.rules import rules
from schema.access import ACCOUNT, PUBLIC, holds
from schema.connections import Connection, connection, wanted_nodes
from schema.context import Context, Info
from schema.fields import attr, gql_type, selected_here
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.listings import Listing, listing_columns, shape_listings


@gql_type(access=ACCOUNT)
class SavedListing:
    """A listing (收藏) that you keep an eye on."""

    id: strawberry.ID = attr("Global id of the listing, opaque.", needs=("listing_id",))
    state: ListingState = attr("Where the listing stands.", needs=("listing__state",))
    listing: Listing | None = attr(
        "The listing; empty when it is no longer for you to see.", needs=("listing_id",)
    )
    saved_at: datetime = attr("Since when you keep it.", needs=("created_at",))


@strawberry.type(name="SavedListingConnection", description="One page of kept listings.")
class SavedListingConnection(Connection[SavedListing]):
    """One page of kept listings."""


_SAVED_NEEDS: dict[str, tuple[str, ...]] = {
    field.python_name: field.metadata["needs"]
    for field in SavedListing.__strawberry_definition__.fields  # type: ignore[attr-defined]
}


async def saved_connection(info: Info, page: Page) -> dict[str, Any]:
    """What the actor keeps, for the field being resolved: two statements and its pictures'."""
    context = info.context
    if not ACCOUNT.actor(context.actor):
        return connection(NOTHING, Selection())
    want = selected_here(info)
    nodes = wanted_nodes(want)
    columns = nodes.columns(_SAVED_NEEDS, "listing_id")
    found = await saved_listings(context.actor, page=page, columns=columns)
    ids = [row["listing_id"] for row in found.rows]
    seen = await _listings(ids, nodes["listing"], context) if "listing" in nodes else {}
    found.rows[:] = [
        {
            "id": global_id("Listing", row["listing_id"]),
            "state": row.get("listing__state"),
            "listing": seen.get(row["listing_id"]),
            "saved_at": row.get("created_at"),
        }
        for row in found.rows
    ]
    return connection(found, want)


async def _listings(
    ids: Collection[UUID], want: Selection, context: Context
) -> dict[UUID, dict[str, Any]]:
    """Those of these listings that the actor may see, ready for the schema."""
    if not ids:
        return {}
    query = visible_listings(context.actor).filter(id__in=list(ids))
    rows: Rows = [dict(row) for row in await query.values(*listing_columns(want))]
    found = [row["id"] for row in rows]
    return dict(zip(found, await shape_listings(rows, want, context), strict=True))


@gql_type(access=PUBLIC)
class ComparisonRow:
    """One point of all listings."""

    point: ComparedPoint = attr("What is compared.")
    facility: Facility | None = attr("Which facility, in rows about one.")
    values: list[str | None] = attr(
        "Of each listing, in their order: numbers as text, else words; empty: not known.", size=4
    )
    differs: bool = attr("Whether they are not alike in this.")


@gql_type(access=PUBLIC)
class Comparison:
    """Some listings side by side."""

    listings: list[Listing] = attr("The listings, in the order asked for.", size=4)
    rows: list[ComparisonRow] = attr("Point by point.", size=20)


async def comparison(
    ids: list[UUID], rows: list[ComparedRow], want: Selection, context: Context
) -> dict[str, Any]:
    """A comparison, ready for the schema."""
    seen = await _listings(ids, want["listings"], context) if "listings" in want else {}
    return {
        "listings": [seen[listing_id] for listing_id in ids] if seen else [],
        "rows": [
            {
                "point": row.point,
                "facility": row.facility,
                "values": [_written(value, context.language) for value in row.values],
                "differs": row.differs,
            }
            for row in rows
        ],
    }


_WORDS: dict[str, tuple[str, str]] = {
    "SAFE": ("平安", "safe"),
    "ASSURED": ("放心", "assured"),
    "KEY": ("重点", "key"),
    "NONE": ("不充电", "nowhere"),
    "OUTDOOR": ("室外", "outdoors"),
    "INDOOR": ("室内", "indoors"),
}


def _written(value: Any, language: Language) -> str | None:
    """A value as people read it."""
    if value is None:
        return None
    if isinstance(value, bool):
        value = ("有" if value else "无") if language != "en" else ("yes" if value else "no")
    elif isinstance(value, Decimal):
        value = format(value, "f")
    elif isinstance(value, StrEnum | str):
        value = _WORDS[str(value)][language == "en"]
    return str(value)


_REVIEW = holds(Permission.LISTINGS_REVIEW)


@gql_type(access=_REVIEW)
class ListingReport:
    """Somebody says that a listing is not what it seems (举报)."""

    id: strawberry.ID = attr("Global id, opaque.")
    state: ReportState = attr("Whether it is decided.")
    reason: ReportReason = attr("What is wrong.")
    words: str | None = attr("What the reporter says of it.")
    reporter_id: strawberry.ID | None = attr(
        "An account, by a global id that says nothing of who it is; empty when it was erased."
    )
    created_at: datetime = attr("When it was made.")
    open_reports: int = attr("How many reports of this listing wait.")
    pressing: bool = attr(
        "Whether so many people report it that it comes first.", needs=("open_reports",)
    )
    decision: str | None = attr("Why it was decided so.")
    decided_at: datetime | None = attr("When.")
    listing: Listing = attr("The listing, in whatever state.", needs=("listing_id",))


@strawberry.type(name="ListingReportConnection", description="One page of reports.")
class ListingReportConnection(Connection[ListingReport]):
    """One page of reports."""


_REPORT_NEEDS: dict[str, tuple[str, ...]] = {
    field.python_name: field.metadata["needs"]
    for field in ListingReport.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}


def report_columns(want: Selection) -> list[str]:
    """The columns of reports that a selection needs."""
    return want.columns(_REPORT_NEEDS, "id", "listing_id")


async def shape_reports(rows: Rows, want: Selection, context: Context) -> Rows:
    """Reports as read, ready for the schema: their listings come in one query."""
    seen = {}
    if "listing" in want:
        seen = await _listings({row["listing_id"] for row in rows}, want["listing"], context)
    for row in rows:
        if "listing" in want:
            row["listing"] = seen[row["listing_id"]]
        if row.get("reporter_id") is not None:
            row["reporter_id"] = global_id("Account", row["reporter_id"])
        row["pressing"] = row["open_reports"] >= rules().pressing_reports
        row["decision"] = row.get("decision") or None
        row["id"] = global_id("ListingReport", row["id"])
    return rows
