"""The life of an offer: made public, read by staff, refreshed, reserved, let, taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.keyset import Page
from identity.actor import Actor, Permission
from landlord.access import access_reviewed_listing
from landlord.freshness import refresh_listing
from landlord.publishing import (
    decide_listing,
    list_in_review,
    publish_listing,
    relist_listing,
    withdraw_listing,
)
from landlord.reservations import mark_listing_let, release_reservation, reserve_listing
from schema.access import ACCOUNT, holds
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import given, gql_input, mutation, query, root_type, selected
from schema.ids import row_id
from schema.once import HasId, Requested, run_once
from schema.roots.listings import ListingPayload, listing_payload
from schema.types.listings import ListingConnection, listing_columns, shape_listings

_REVIEWERS = holds(Permission.LISTINGS_REVIEW)


@gql_input
class ReviewFilter:
    """Narrows what waits for review; what is left out stays open."""

    grid_code: str | None = given("In this grid and those beneath it.", default=None)


@gql_input
class PublishListingInput(Requested):
    """Which draft becomes public."""

    listing_id: strawberry.ID = given("The listing.")


@gql_input
class WithdrawListingInput(Requested):
    """Which offer is taken back."""

    listing_id: strawberry.ID = given("The listing.")


@gql_input
class RelistListingInput(Requested):
    """What is put up again."""

    listing_id: strawberry.ID = given("The listing that is let or withdrawn.")


@gql_input
class RefreshListingInput(Requested):
    """Which offer still stands."""

    listing_id: strawberry.ID = given("The listing.")


@gql_input
class ReserveListingInput(Requested):
    """Which room to hold."""

    listing_id: strawberry.ID = given("The listing.")


@gql_input
class ReleaseReservationInput(Requested):
    """Which room is free again."""

    listing_id: strawberry.ID = given("The listing that is reserved.")


@gql_input
class MarkListingLetInput(Requested):
    """Which room is let."""

    listing_id: strawberry.ID = given("The listing.")
    let_on: date | None = given("Since which day; today when left out.", default=None)


@gql_input
class DecideListingInput(Requested):
    """What becomes of a listing in review."""

    listing_id: strawberry.ID = given("The listing.")
    approve: bool = given("Whether it becomes public.")
    reason: str = given("Why not, in words for the landlord: 2 to 200 characters.", default="")


@root_type
class OfferQueries:
    """Listings that wait for staff."""

    @query(ListingConnection, access=_REVIEWERS)
    async def listings_in_review(
        self,
        info: Info,
        filter: Annotated[
            ReviewFilter | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Listings of your grids that wait to be read (待审核), longest waiting first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await list_in_review(
            info.context.actor,
            grid_code=filter.grid_code if filter else None,
            page=Page.of(first, after, last, before),
            columns=listing_columns(nodes),
        )
        await shape_listings(page.rows, nodes, info.context)
        return connection(page, want)


@root_type
class OfferMutations:
    """The life of an offer."""

    @mutation(ListingPayload, access=ACCOUNT)
    async def publish_listing(
        self,
        info: Info,
        input: Annotated[PublishListingInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Make a draft public, when its house meets the standard (达标).

        Words that ask for contact elsewhere or for money first are read by staff before. Where
        WeChat checks what is public, the listing is in review until it has.
        """
        return await _act(info, input, publish_listing)

    @mutation(ListingPayload, access=_REVIEWERS)
    async def decide_listing(
        self,
        info: Info,
        input: Annotated[DecideListingInput, strawberry.argument(description="The decision.")],
    ) -> dict[str, Any]:
        """Let a listing in review become public, or give it back to its landlord."""

        def decide(actor: Actor, *, listing_id: UUID) -> Awaitable[HasId]:
            return decide_listing(
                actor, listing_id=listing_id, approve=input.approve, reason=input.reason
            )

        answer = await _act(info, input, decide)
        # A repeat is answered like the first, but, as with every decision of staff, only to who
        # may still make it. Elsewhere reading the result is what refuses; this one is public.
        listing_id = row_id(input.listing_id, "Listing", field="input.listingId")
        await access_reviewed_listing(info.context.actor, listing_id=listing_id, lock=False)
        return answer

    @mutation(ListingPayload, access=ACCOUNT)
    async def refresh_listing(
        self,
        info: Info,
        input: Annotated[RefreshListingInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Say that an offer still stands: its days begin again."""
        return await _act(info, input, refresh_listing)

    @mutation(ListingPayload, access=ACCOUNT)
    async def withdraw_listing(
        self,
        info: Info,
        input: Annotated[WithdrawListingInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Take an offer back."""
        return await _act(info, input, withdraw_listing)

    @mutation(ListingPayload, access=ACCOUNT)
    async def relist_listing(
        self,
        info: Info,
        input: Annotated[RelistListingInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Draft what was let or withdrawn anew; answers the draft, which is a copy."""
        return await _act(info, input, relist_listing, another=True)

    @mutation(ListingPayload, access=ACCOUNT)
    async def reserve_listing(
        self,
        info: Info,
        input: Annotated[ReserveListingInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Hold a room (预订) for 24 hours."""
        return await _act(info, input, reserve_listing)

    @mutation(ListingPayload, access=ACCOUNT)
    async def release_reservation(
        self,
        info: Info,
        input: Annotated[ReleaseReservationInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Give a reservation up: as who holds it, or as the landlord."""
        return await _act(info, input, release_reservation)

    @mutation(ListingPayload, access=ACCOUNT)
    async def mark_listing_let(
        self,
        info: Info,
        input: Annotated[MarkListingLetInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Note that a room is let."""

        def let(actor: Actor, *, listing_id: UUID) -> Awaitable[HasId]:
            return mark_listing_let(actor, listing_id=listing_id, let_on=input.let_on)

        return await _act(info, input, let)


async def _act(
    info: Info, given: Any, use_case: Callable[..., Awaitable[HasId]], *, another: bool = False
) -> dict[str, Any]:
    """Run a use case on one listing once, and answer that listing or ``another`` it made."""
    listing_id = row_id(given.listing_id, "Listing", field="input.listingId")
    made = await run_once(info, given, lambda: use_case(info.context.actor, listing_id=listing_id))
    return await listing_payload(info, made if another else listing_id)
