"""Keeps what is searched up to date: with each event in its transaction, and each night."""

from __future__ import annotations

import structlog

from core.events import on
from core.jobs import periodic
from landlord.events import (
    ListingPublished,
    ListingRefreshed,
    ListingsPublished,
    ListingsRefreshed,
    ListingsRestored,
    ListingsUpdated,
    ListingUpdated,
    ReservationExpired,
    ReservationReleased,
)
from landlord.search.projection import reconcile, reindex
from management.events import PlaceUpdated, RoomsUpdated, RoomUpdated

log = structlog.get_logger("landlord.search")


async def index_listing(
    event: ListingPublished
    | ListingUpdated
    | ListingRefreshed
    | ReservationReleased
    | ReservationExpired,
) -> None:
    """What a listing says is what is searched; what nobody holds any longer is on offer again."""
    await reindex(listing_ids=[event.listing_id])


async def index_listings(event: ListingsPublished | ListingsUpdated | ListingsRefreshed) -> None:
    """As for one, for many at once."""
    await reindex(listing_ids=event.listing_ids)


async def index_place(event: ListingsRestored | PlaceUpdated | RoomUpdated | RoomsUpdated) -> None:
    """What the file of a place says is searched with each of its listings."""
    await reindex(place_id=event.place_id)


def register() -> None:
    """Hear of what changes listings, after everybody who changes some because of it.

    Leaving needs no handler: a trigger deletes the row of what is no longer on offer.
    """
    on(ListingPublished)(index_listing)
    on(ListingUpdated)(index_listing)
    on(ListingRefreshed)(index_listing)
    on(ReservationReleased)(index_listing)
    on(ReservationExpired)(index_listing)
    on(ListingsPublished)(index_listings)
    on(ListingsUpdated)(index_listings)
    on(ListingsRefreshed)(index_listings)
    on(ListingsRestored)(index_place)
    on(PlaceUpdated)(index_place)
    on(RoomUpdated)(index_place)
    on(RoomsUpdated)(index_place)


@periodic("landlord.search_reconcile", "33 18 * * *")
async def search_reconcile() -> None:
    """Each night: repair what is searched wrongly. It should find nothing."""
    repaired = await reconcile()
    (log.warning if repaired else log.info)("landlord.search_reconciled", count=repaired)
