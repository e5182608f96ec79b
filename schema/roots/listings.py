"""Listings: found by everybody, put up by landlords."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import InvalidInput, NotFound
from landlord.access import visible_listings
from landlord.listings import (
    create_listing,
    update_listing,
)
from landlord.models import Facility, LetBy
from schema.access import ACCOUNT, PUBLIC
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
from schema.once import Requested, run_once, set_fields
from schema.selection import Selection
from schema.types.listings import Listing, listing_columns, shape_listings


@root_type
class ListingQueries:
    """Listings."""

    @query(Listing | None, access=PUBLIC)
    async def listing(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> dict[str, Any] | None:
        """One listing: for everybody when it is on offer, for its landlord always."""
        return await listing_row(info, selected(info), row_id(id, "Listing", field="id"))


async def listing_row(info: Info, want: Selection, listing_id: UUID) -> dict[str, Any] | None:
    """One listing that the actor may see, ready for the schema."""
    query = visible_listings(info.context.actor).filter(id=listing_id)
    rows = await shape_listings(
        list(await query.values(*listing_columns(want))), want, info.context
    )
    return rows[0] if rows else None


@gql_input
class CreateListingInput(Requested):
    """A room to put up."""

    room_id: strawberry.ID = given("A room of a house that you run.")
    title: str = given("One line, 2 to 60 characters.")
    description: str = given("Up to 1,000 characters.", default="")
    rent: Decimal = given("Yuan a month.")
    deposit: Decimal | None = given("Yuan, once.", default=None)
    area: Decimal | None = given("Usable m²; the room's by default.", default=strawberry.UNSET)
    available_from: date | None = given("First day it is free.", default=None)
    let_by: LetBy = given("What one rent is for.", default=LetBy.ROOM)
    beds: int | None = given("Beds on offer, when let by the bed.", default=None)
    water_price: Decimal | None = given("Yuan per m³ of water.", default=None)
    electricity_price: Decimal | None = given("Yuan per kWh.", default=None)
    management_fee: Decimal | None = given("Yuan a month beside the rent.", default=None)
    facilities: list[Facility] = given("What there is, each once.", default_factory=list)
    photo_ids: list[strawberry.ID] | None = given(
        "Up to 9 pictures of yours, in this order.", default=None
    )


@gql_input
class UpdateListingInput(Requested):
    """A change of a listing; what is left out stays as it is."""

    listing_id: strawberry.ID = given("The listing.")
    expected_version: int = given("The version that you saw.")
    title: str | None = given("One line, 2 to 60 characters.", default=strawberry.UNSET)
    description: str | None = given("Up to 1,000 characters.", default=strawberry.UNSET)
    rent: Decimal | None = given("Yuan a month.", default=strawberry.UNSET)
    deposit: Decimal | None = given("Yuan, once.", default=strawberry.UNSET)
    area: Decimal | None = given("Usable m².", default=strawberry.UNSET)
    available_from: date | None = given("First day it is free.", default=strawberry.UNSET)
    let_by: LetBy | None = given("What one rent is for.", default=strawberry.UNSET)
    beds: int | None = given("Beds on offer, when let by the bed.", default=strawberry.UNSET)
    water_price: Decimal | None = given("Yuan per m³ of water.", default=strawberry.UNSET)
    electricity_price: Decimal | None = given("Yuan per kWh.", default=strawberry.UNSET)
    management_fee: Decimal | None = given(
        "Yuan a month beside the rent.", default=strawberry.UNSET
    )
    facilities: list[Facility] | None = given("What there is, each once.", default=strawberry.UNSET)
    photo_ids: list[strawberry.ID] | None = given(
        "Up to 9 pictures of yours, in place of those it has.", default=strawberry.UNSET
    )


@gql_type(access=PUBLIC)
class ListingPayload:
    """The listing."""

    listing: Listing = attr("The listing as it is now.")


async def listing_payload(info: Info, listing_id: UUID) -> dict[str, Any]:
    """The payload with a listing that the actor may see."""
    listing = await listing_row(info, selected(info)["listing"], listing_id)
    if listing is None:
        raise NotFound
    return {"listing": listing}


def _changes(given: UpdateListingInput) -> dict[str, Any]:
    """What is to change; what an offer must have can be changed, not taken away."""
    values = set_fields(given, leave_out=_OWN)
    for name in ("title", "rent", "let_by", "facilities"):
        if name in values and values[name] is None:
            raise InvalidInput(
                field=f"input.{_CAMEL.get(name, name)}",
                reason="EMPTY",
                zh="不能为空",
                en="It must not be empty",
            )
    return values


_CAMEL = {"let_by": "letBy"}
_OWN = frozenset({"request_id", "room_id", "listing_id", "expected_version", "photo_ids"})


def _photo_ids(given: list[strawberry.ID] | None) -> list[UUID]:
    return row_ids(given or (), "Photo", field="input.photoIds")


@root_type
class ListingMutations:
    """Listings."""

    @mutation(ListingPayload, access=ACCOUNT)
    async def create_listing(
        self,
        info: Info,
        input: Annotated[CreateListingInput, strawberry.argument(description="The offer.")],
    ) -> dict[str, Any]:
        """Draft an offer of a room in a house that you run; one draft of a room at a time."""
        listing_id = await run_once(
            info,
            input,
            lambda: create_listing(
                info.context.actor,
                room_id=row_id(input.room_id, "Room", field="input.roomId"),
                values=set_fields(input, leave_out=_OWN),
                photo_ids=_photo_ids(input.photo_ids),
            ),
        )
        return await listing_payload(info, listing_id)

    @mutation(ListingPayload, access=ACCOUNT)
    async def update_listing(
        self,
        info: Info,
        input: Annotated[UpdateListingInput, strawberry.argument(description="The change.")],
    ) -> dict[str, Any]:
        """Change an offer."""
        listing_id = row_id(input.listing_id, "Listing", field="input.listingId")
        await run_once(
            info,
            input,
            lambda: update_listing(
                info.context.actor,
                listing_id=listing_id,
                expected_version=input.expected_version,
                values=_changes(input),
                photo_ids=(
                    None if input.photo_ids is strawberry.UNSET else _photo_ids(input.photo_ids)
                ),
            ),
        )
        return await listing_payload(info, listing_id)
