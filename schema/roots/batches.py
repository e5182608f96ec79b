"""What a landlord does with many listings at once: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import InvalidInput
from identity.actor import Actor
from landlord.access import visible_listings
from landlord.batches import (
    NewRent,
    change_rents,
    create_listings,
    drafted_with,
    publish_listings,
    refresh_listings,
    withdraw_listings,
)
from landlord.models import Facility, LetBy
from landlord.models import Listing as ListingRow
from schema.access import ACCOUNT
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, root_type, selected
from schema.ids import row_ids
from schema.once import Requested, run_once, set_fields
from schema.types.listings import Listing, listing_columns, shape_listings

_OWN = frozenset({"request_id", "room_ids", "title", "photo_ids"})
_IDS = "input.listingIds"


@gql_input
class CreateListingsInput(Requested):
    """Rooms to put up, and what their offers share."""

    room_ids: list[strawberry.ID] = given("1 to 100 rooms of houses that you run, each once.")
    title: str = given("One line, 2 to 60 characters; `{number}` stands for the room number.")
    description: str = given("Up to 1,000 characters.", default="")
    rent: Decimal | None = given("Yuan a month; left out, that of each room's file.", default=None)
    deposit: Decimal | None = given("Yuan, once.", default=None)
    available_from: date | None = given("First day they are free.", default=None)
    let_by: LetBy = given("What one rent is for.", default=LetBy.ROOM)
    beds: int | None = given("Beds on offer in each, when let by the bed.", default=None)
    water_price: Decimal | None = given("Yuan per m³ of water.", default=None)
    electricity_price: Decimal | None = given("Yuan per kWh.", default=None)
    management_fee: Decimal | None = given("Yuan a month beside the rent.", default=None)
    facilities: list[Facility] = given("What there is, each once.", default_factory=list)
    photo_ids: list[strawberry.ID] | None = given(
        "Up to 9 pictures of yours that all show, in this order.", default=None
    )


@gql_input
class PublishListingsInput(Requested):
    """Which drafts become public."""

    listing_ids: list[strawberry.ID] = given("1 to 100 listings, each once.")


@gql_input
class RefreshListingsInput(Requested):
    """Which offers still stand."""

    listing_ids: list[strawberry.ID] = given("1 to 100 listings, each once.")


@gql_input
class WithdrawListingsInput(Requested):
    """Which offers are taken back."""

    listing_ids: list[strawberry.ID] = given("1 to 100 listings, each once.")


@gql_input
class RentInput:
    """What one listing is to cost."""

    listing_id: strawberry.ID = given("The listing.")
    expected_version: int = given("The version that you saw.")
    rent: Decimal | None = given("Yuan a month; leave it out with `percent`.", default=None)


@gql_input
class ChangeRentsInput(Requested):
    """New rents: one for each listing, or a percentage for all."""

    items: list[RentInput] = given("1 to 100 listings, each once.")
    percent: Decimal | None = given(
        "Up or (below zero) down, of each rent; rounded to full yuan.", default=None
    )


@gql_type(access=ACCOUNT)
class ListingsPayload:
    """The listings."""

    listings: list[Listing] = attr("As they are now, in the order asked.", size=20)


@root_type
class BatchMutations:
    """Many listings at once. A refusal names each room at fault in `params.items`."""

    @mutation(ListingsPayload, access=ACCOUNT, cost=10)
    async def create_listings(
        self,
        info: Info,
        input: Annotated[CreateListingsInput, strawberry.argument(description="The offers.")],
    ) -> dict[str, Any]:
        """Draft an offer of each of many rooms (批量发布): all of them or none."""
        actor = info.context.actor
        rooms = row_ids(input.room_ids, "Room", field="input.roomIds")
        photos = row_ids(input.photo_ids or (), "Photo", field="input.photoIds")
        first = await _once(
            info,
            input,
            lambda: create_listings(
                actor,
                room_ids=rooms,
                title=input.title,
                values=set_fields(input, leave_out=_OWN),
                photo_ids=photos,
            ),
        )
        made = await drafted_with(actor, listing_id=first, room_ids=rooms)
        return await _payload(info, made)

    @mutation(ListingsPayload, access=ACCOUNT, cost=10)
    async def publish_listings(
        self,
        info: Info,
        input: Annotated[PublishListingsInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Make drafts public: all of them or none. Some may be read by staff first."""
        return await _act(info, input, publish_listings)

    @mutation(ListingsPayload, access=ACCOUNT, cost=10)
    async def refresh_listings(
        self,
        info: Info,
        input: Annotated[RefreshListingsInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Say that offers still stand: all of them or none."""
        return await _act(info, input, refresh_listings)

    @mutation(ListingsPayload, access=ACCOUNT, cost=10)
    async def withdraw_listings(
        self,
        info: Info,
        input: Annotated[WithdrawListingsInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Take offers back: all of them or none."""
        return await _act(info, input, withdraw_listings)

    @mutation(ListingsPayload, access=ACCOUNT, cost=10)
    async def change_rents(
        self,
        info: Info,
        input: Annotated[ChangeRentsInput, strawberry.argument(description="The rents.")],
    ) -> dict[str, Any]:
        """Ask other rents for drafts and offers: all of them or none."""
        ids = row_ids([item.listing_id for item in input.items], "Listing", field="input.items")
        rents = {
            listing_id: NewRent(expected_version=item.expected_version, rent=item.rent)
            for listing_id, item in zip(ids, input.items, strict=True)
        }
        if len(rents) < len(ids):
            raise InvalidInput(
                field="input.items", reason="TWICE", zh="有重复的项", en="One comes twice"
            )
        actor = info.context.actor
        await _once(info, input, lambda: change_rents(actor, rents=rents, percent=input.percent))
        return await _payload(info, ids)


async def _once(
    info: Info, given: Requested, act: Callable[[], Awaitable[list[ListingRow]]]
) -> UUID:
    """Run a batch once; the id of its first listing stands for all of them."""

    async def first() -> ListingRow:
        return (await act())[0]

    return await run_once(info, given, first)


async def _act(
    info: Info, given: Any, use_case: Callable[..., Awaitable[list[ListingRow]]]
) -> dict[str, Any]:
    actor: Actor = info.context.actor
    ids = row_ids(given.listing_ids, "Listing", field=_IDS)
    await _once(info, given, lambda: use_case(actor, listing_ids=ids))
    return await _payload(info, ids)


async def _payload(info: Info, listing_ids: Sequence[UUID]) -> dict[str, Any]:
    """Those of the listings that the actor still may see, in their order."""
    want = selected(info)["listings"]
    query = visible_listings(info.context.actor).filter(id__in=list(listing_ids))
    rows = list(await query.values(*listing_columns(want)))
    place = {listing_id: index for index, listing_id in enumerate(listing_ids)}
    rows.sort(key=lambda row: place[row["id"]])
    return {"listings": await shape_listings(rows, want, info.context)}
