"""Whatever the table of actions lets happen to a listing, the search has followed at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest

from core.clock import now
from core.database import fetch
from core.work import work
from identity.actor import SYSTEM, Role
from landlord.freshness import refresh_listing, tend_listings
from landlord.listings import update_listing
from landlord.models import Listing, ListingState, Reservation
from landlord.publishing import decide_listing, publish_listing, relist_listing, withdraw_listing
from landlord.reports import decide_listing_report
from landlord.reservations import (
    expire_reservations,
    mark_listing_let,
    release_reservation,
    reserve_listing,
)
from landlord.search.projection import reconcile, reindex
from landlord.workflow import TABLE, ListingAction, Move
from management.blocks import block_place, end_block
from management.models import PlaceBlock
from management.places import close_place
from management.rules import rules
from tests import factories
from tests.management.support import signed_in, staff

HELD = frozenset({ListingState.RESERVED})
LONG_AGO = timedelta(days=20)


class Offer(NamedTuple):
    listing: Listing
    row: Move

    @property
    def to_review(self) -> bool:
        return self.row.to[-1] is ListingState.IN_REVIEW


async def update(offer: Offer) -> None:
    asks_for_money = "先加微信 abc12345 转定金" if offer.to_review else "云雀单间"
    await update_listing(
        signed_in(await offer.listing.landlord),
        listing_id=offer.listing.id,
        expected_version=offer.listing.version,
        values={"title": "换了名字的单间", "description": asks_for_money, "rent": Decimal(1234)},
    )


async def publish(offer: Offer) -> None:
    await publish_listing(signed_in(await offer.listing.landlord), listing_id=offer.listing.id)


async def decide(offer: Offer) -> None:
    approve = offer.row.action is ListingAction.APPROVE
    await decide_listing(
        staff(Role.SUPERVISOR), listing_id=offer.listing.id, approve=approve, reason="测试原因"
    )


async def refresh(offer: Offer) -> None:
    await Listing.filter(id=offer.listing.id).update(
        published_at=now() - LONG_AGO, refreshed_at=now() - LONG_AGO
    )
    await reindex_now(offer.listing)
    await refresh_listing(signed_in(await offer.listing.landlord), listing_id=offer.listing.id)


async def reserve(offer: Offer) -> None:
    await reserve_listing(
        signed_in(await factories.account("测试租客")), listing_id=offer.listing.id
    )


async def release(offer: Offer) -> None:
    await release_reservation(signed_in(await offer.listing.landlord), listing_id=offer.listing.id)


async def expire(offer: Offer) -> None:
    await Reservation.filter(listing_id=offer.listing.id).update(until=now() - timedelta(minutes=1))
    await expire_reservations()


async def mark_let(offer: Offer) -> None:
    await mark_listing_let(signed_in(await offer.listing.landlord), listing_id=offer.listing.id)


async def withdraw(offer: Offer) -> None:
    await withdraw_listing(signed_in(await offer.listing.landlord), listing_id=offer.listing.id)


async def relist(offer: Offer) -> None:
    await relist_listing(signed_in(await offer.listing.landlord), listing_id=offer.listing.id)


async def lapse(offer: Offer) -> None:
    limits, moment = rules(), now()
    await Listing.filter(id=offer.listing.id).update(
        refreshed_at=moment - timedelta(days=limits.listing_days + 1),
        warned_at=moment - timedelta(days=limits.listing_warn_days + 1),
    )
    await tend_listings()


async def block(offer: Offer) -> None:
    await block_place(staff(Role.SUPERVISOR), place_id=offer.listing.place_id, reason="测试原因")


async def unblock(offer: Offer) -> None:
    in_force = await PlaceBlock.get(place_id=offer.listing.place_id, ends_at=None)
    await end_block(staff(Role.SUPERVISOR), block_id=in_force.id)


async def take_down(offer: Offer) -> None:
    report = await factories.report(offer.listing, await factories.account("测试租客"))
    await decide_listing_report(
        staff(Role.SUPERVISOR), report_id=report.id, uphold=True, reason="测试原因"
    )


async def end(offer: Offer) -> None:
    place = await offer.listing.place
    await close_place(
        staff(Role.SUPERVISOR), place_id=place.id, expected_version=place.version, demolished=False
    )


WAYS: Mapping[ListingAction, Callable[[Offer], Awaitable[None]]] = {
    ListingAction.UPDATE: update,
    ListingAction.PUBLISH: publish,
    ListingAction.APPROVE: decide,
    ListingAction.REFUSE: decide,
    ListingAction.REFRESH: refresh,
    ListingAction.RESERVE: reserve,
    ListingAction.RELEASE: release,
    ListingAction.EXPIRE: expire,
    ListingAction.MARK_LET: mark_let,
    ListingAction.WITHDRAW: withdraw,
    ListingAction.RELIST: relist,
    ListingAction.LAPSE: lapse,
    ListingAction.BLOCK: block,
    ListingAction.UNBLOCK: unblock,
    ListingAction.TAKE_DOWN: take_down,
    ListingAction.END: end,
}


async def standing(row: Move) -> Listing:
    """A listing in the state in which the row begins, with what belongs to that state."""
    who, place = await factories.account(), await factories.place()
    await factories.claim(who, place)
    room = await factories.room(place)
    before = row.before or ListingState.PUBLISHED
    suspended = row.state is ListingState.SUSPENDED
    listing = await factories.listing(
        room, who, state=row.state, state_before=before if suspended else None
    )
    if HELD & {row.state, row.before}:
        await factories.reservation(listing, await factories.account("测试租客"))
    if suspended:
        await factories.block(place)
    await reindex_now(listing)
    assert await reconcile() == 0
    return listing


async def reindex_now(listing: Listing) -> None:
    async with work(SYSTEM):
        await reindex(listing_ids=[listing.id])


def named(row: Move) -> str:
    return "-".join(filter(None, (row.state, row.before, row.action, row.to[-1])))


def each_end() -> list[Move]:
    """The rows, one for each state that may follow."""
    return [
        Move(row.state, row.action, (to,), row.who, row.before) for row in TABLE for to in row.to
    ]


@pytest.mark.parametrize("row", each_end(), ids=named)
async def test_the_nightly_look_finds_nothing_to_repair_after(
    town: None, limits: None, row: Move
) -> None:
    listing = await standing(row)
    if row.action is ListingAction.PUBLISH and row.to == (ListingState.IN_REVIEW,):
        listing.description = "先加微信 abc12345 转定金"
        await listing.save()
    await WAYS[row.action](Offer(listing, row))
    now_is = await Listing.get(id=listing.id)
    assert now_is.state is (listing.state if row.copies else row.to[0])
    searched = await fetch("SELECT listing_id FROM listing_search")
    public = now_is.state is ListingState.PUBLISHED
    assert [each["listing_id"] for each in searched] == ([listing.id] if public else [])
    assert await reconcile() == 0
