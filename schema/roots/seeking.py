"""Listings are kept, compared and reported."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.datums import Point
from core.errors import NotFound
from core.keyset import Page
from identity.actor import Permission
from landlord.comparing import compare_listings
from landlord.models import ReportReason, ReportState
from landlord.reports import (
    ReportFilter,
    decide_listing_report,
    list_reports,
    report_by_id,
    report_listing,
)
from landlord.saved import save_listing, unsave_listing
from schema.access import ACCOUNT, PUBLIC, holds
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import row_id, row_ids
from schema.once import Requested, run_once
from schema.types.common import PointInput
from schema.types.seeking import (
    Comparison,
    ListingReport,
    ListingReportConnection,
    comparison,
    report_columns,
    shape_reports,
)

_REVIEW = holds(Permission.LISTINGS_REVIEW)


@gql_input
class ListingReportFilter:
    """Narrows the queue of reports."""

    state: ReportState | None = given("In this state; empty: in any.", default=ReportState.OPEN)
    grid_code: str | None = given("In this grid or beneath it.", default=None)


@root_type
class SeekingQueries:
    """Listings side by side, and reports of listings."""

    @query(Comparison, access=PUBLIC, cost=10)
    async def compare_listings(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="2 to 4 different listings.")
        ],
        near: Annotated[
            PointInput | None,
            strawberry.argument(description="How far each is from here; mind the datum."),
        ] = None,
    ) -> dict[str, Any]:
        """Listings side by side: what they cost, have and are like."""
        listing_ids = row_ids(ids, "Listing", field="ids")
        point = Point(near.longitude, near.latitude, near.datum) if near else None
        rows = await compare_listings(info.context.actor, listing_ids=listing_ids, near=point)
        return await comparison(listing_ids, rows, selected(info), info.context)

    @query(ListingReportConnection, access=_REVIEW)
    async def listing_reports(
        self,
        info: Info,
        filter: Annotated[
            ListingReportFilter | None, strawberry.argument(description="Narrows the queue.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Reports of listings (举报) in your grids: of those with most open reports first, then
        the oldest."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await list_reports(
            info.context.actor,
            filter_by=ReportFilter(**vars(filter)) if filter else ReportFilter(),
            page=Page.of(first, after, last, before),
            columns=report_columns(nodes),
        )
        await shape_reports(page.rows, nodes, info.context)
        return connection(page, want)


@gql_input
class SaveListingInput(Requested):
    """Which listing is kept."""

    listing_id: strawberry.ID = given("The listing.")


@gql_input
class UnsaveListingInput(Requested):
    """Which listing is kept no longer."""

    listing_id: strawberry.ID = given("The listing.")


@gql_input
class ReportListingInput(Requested):
    """What is wrong with a listing."""

    listing_id: strawberry.ID = given("The listing.")
    reason: ReportReason = given("What is wrong.")
    words: str = given("Up to 500 characters; needed where the reason is OTHER.", default="")


@gql_input
class DecideListingReportInput(Requested):
    """What staff decide on a report."""

    report_id: strawberry.ID = given("The report.")
    uphold: bool = given("Whether it is true: the listing is then taken down.")
    reason: str = given("Why, for the landlord: 2 to 200 characters.")


@gql_type(access=ACCOUNT)
class SavedListingPayload:
    """Whether a listing is kept."""

    listing_id: strawberry.ID = attr("The listing.")
    saved: bool = attr("Whether it is kept now.")


@gql_type(access=ACCOUNT)
class ReportListingPayload:
    """What became of a report."""

    received: bool = attr("Always true: staff will look at it.")


@gql_type(access=_REVIEW)
class ListingReportPayload:
    """The report."""

    report: ListingReport = attr("The report as it is now.")


async def _report(info: Info, report_id: UUID) -> dict[str, Any]:
    want = selected(info)["report"]
    row = await report_by_id(info.context.actor, report_id, report_columns(want))
    if row is None:
        raise NotFound
    (report,) = await shape_reports([row], want, info.context)
    return {"report": report}


@root_type
class SeekingMutations:
    """Listings are kept and reported."""

    @mutation(SavedListingPayload, access=ACCOUNT)
    async def save_listing(
        self,
        info: Info,
        input: Annotated[SaveListingInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Keep an eye on a listing (收藏)."""
        listing_id = row_id(input.listing_id, "Listing", field="input.listingId")
        await run_once(info, input, lambda: save_listing(info.context.actor, listing_id=listing_id))
        return {"listing_id": input.listing_id, "saved": True}

    @mutation(SavedListingPayload, access=ACCOUNT)
    async def unsave_listing(
        self,
        info: Info,
        input: Annotated[UnsaveListingInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Keep a listing no longer."""
        listing_id = row_id(input.listing_id, "Listing", field="input.listingId")
        await run_once(
            info, input, lambda: unsave_listing(info.context.actor, listing_id=listing_id)
        )
        return {"listing_id": input.listing_id, "saved": False}

    @mutation(ReportListingPayload, access=ACCOUNT)
    async def report_listing(
        self,
        info: Info,
        input: Annotated[ReportListingInput, strawberry.argument(description="What is wrong.")],
    ) -> dict[str, Any]:
        """Tell staff that a listing is not what it seems (举报). Its landlord never learns who."""
        listing_id = row_id(input.listing_id, "Listing", field="input.listingId")
        await run_once(
            info,
            input,
            lambda: report_listing(
                info.context.actor,
                listing_id=listing_id,
                reason=input.reason,
                words=input.words,
            ),
        )
        return {"received": True}

    @mutation(ListingReportPayload, access=_REVIEW)
    async def decide_listing_report(
        self,
        info: Info,
        input: Annotated[
            DecideListingReportInput, strawberry.argument(description="The decision.")
        ],
    ) -> dict[str, Any]:
        """Uphold a report, which takes the listing down and upholds all its reports, or not."""
        report_id = row_id(input.report_id, "ListingReport", field="input.reportId")
        await run_once(
            info,
            input,
            lambda: decide_listing_report(
                info.context.actor,
                report_id=report_id,
                uphold=input.uphold,
                reason=input.reason,
            ),
        )
        return await _report(info, report_id)
