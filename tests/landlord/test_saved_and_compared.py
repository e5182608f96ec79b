"""Listings kept and laid side by side."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest

from core.clock import now
from core.datums import Datum, Point
from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from core.keyset import Page
from core.privacy import registry
from identity.actor import SYSTEM, Actor, anonymous
from identity.models import Account
from landlord.comparing import ComparedPoint, compare_listings
from landlord.models import Facility, Listing, ListingState, SavedListing
from landlord.saved import save_listing, saved_listings, unsave_listing
from management.models import EBikeCharging, Place
from management.rules import rules
from tests import factories
from tests.management.support import VISITOR, entries, outcomes, refused, signed_in


class Offers(NamedTuple):
    """A house with three rooms on offer, and somebody who looks."""

    place: Place
    owner: Account
    listings: list[Listing]
    seeker: Actor


@pytest.fixture
async def offers(town: None) -> Offers:
    place, owner = await factories.place(), await factories.account()
    await factories.claim(owner, place)
    listings = [
        await factories.listing(await factories.room(place, str(number)), owner)
        for number in (301, 302, 303)
    ]
    return Offers(place, owner, listings, signed_in(await factories.account()))


async def kept(actor: Actor) -> list[object]:
    found = await saved_listings(actor, page=Page(), columns=("listing_id",))
    return [row["listing_id"] for row in found.rows]


# Keeping


async def test_what_is_kept_comes_back_the_latest_first(offers: Offers) -> None:
    first, second, _ = offers.listings
    await save_listing(offers.seeker, listing_id=first.id)
    again = await save_listing(offers.seeker, listing_id=second.id)
    assert (await save_listing(offers.seeker, listing_id=second.id)).id == again.id
    assert await kept(offers.seeker) == [second.id, first.id]
    await unsave_listing(offers.seeker, listing_id=second.id)
    assert await kept(offers.seeker) == [first.id]
    assert [entry.action for entry in await entries(second.id)] == ["saveListing", "unsaveListing"]
    await refused(NotFound, unsave_listing(offers.seeker, listing_id=second.id))


async def test_what_is_gone_stays_kept_until_it_is_let_go(offers: Offers) -> None:
    listing = offers.listings[0]
    await save_listing(offers.seeker, listing_id=listing.id)
    await Listing.filter(id=listing.id).update(state=ListingState.WITHDRAWN)
    assert await kept(offers.seeker) == [listing.id]
    await unsave_listing(offers.seeker, listing_id=listing.id)
    await refused(NotFound, save_listing(offers.seeker, listing_id=listing.id))


async def test_only_accounts_keep_listings(offers: Offers) -> None:
    listing = offers.listings[0]
    for attempt in (save_listing, unsave_listing):
        await refused(Unauthenticated, attempt(VISITOR, listing_id=listing.id))
        await refused(NotFound, attempt(SYSTEM, listing_id=listing.id))
    assert await kept(VISITOR) == []


async def test_nobody_keeps_more_than_the_rule_also_at_once(
    committed_town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "landlord.saved.rules", lambda: rules().model_copy(update={"saved_listings": 2})
    )
    place, owner = await factories.place(), await factories.account()
    listings = [
        await factories.listing(await factories.room(place, str(number)), owner)
        for number in (301, 302, 303, 304)
    ]
    seeker = signed_in(await factories.account())
    done = await outcomes(*(save_listing(seeker, listing_id=one.id) for one in listings))
    assert sorted(type(one) is Conflict for one in done) == [False, False, True, True]
    assert await SavedListing.all().count() == 2


async def test_what_is_kept_goes_with_the_account(offers: Offers) -> None:
    await save_listing(offers.seeker, listing_id=offers.listings[0].id)
    assert offers.seeker.id is not None
    await registry.erase("account", offers.seeker.id)
    assert await SavedListing.all().count() == 0


# Comparing


async def test_costs_facts_and_distance_are_worked_out(offers: Offers) -> None:
    first, second, _ = offers.listings
    await Listing.filter(id=first.id).update(
        rent=Decimal(850), management_fee=Decimal("50.50"), area=Decimal("18.50"),
        facilities=[Facility.HOT_WATER, Facility.BED], electricity_price=Decimal("0.65"),
    )  # fmt: skip
    house = await factories.place(
        longitude=113.680, latitude=22.940, e_bike_charging=EBikeCharging.INDOOR, exits=1
    )
    await Place.filter(id=offers.place.id).update(longitude=113.670, latitude=22.940)
    other = await factories.listing(
        await factories.room(house, escape_window=False), offers.owner,
        rent=Decimal(900), area=None, facilities=[Facility.HOT_WATER],
    )  # fmt: skip
    near = Point(113.670, 22.940).to(Datum.GCJ02)
    rows = await compare_listings(VISITOR, listing_ids=[first.id, other.id], near=near)
    by_point = {row.point: row.values for row in rows if row.facility is None}
    assert by_point[ComparedPoint.RENT] == (Decimal("850.00"), Decimal("900.00"))
    assert by_point[ComparedPoint.MONTHLY_COST] == (Decimal("900.50"), Decimal("900.00"))
    assert by_point[ComparedPoint.PRICE_PER_AREA] == (Decimal("45.95"), None)
    assert by_point[ComparedPoint.ELECTRICITY_PRICE] == (Decimal("0.65"), None)
    assert by_point[ComparedPoint.EXITS] == (2, 1)
    assert by_point[ComparedPoint.E_BIKE_CHARGING] == ("OUTDOOR", "INDOOR")
    assert by_point[ComparedPoint.ESCAPE_WINDOW] == (True, False)
    assert by_point[ComparedPoint.DISTANCE] == (0, 1030)  # 0.01° × 111.3 km × cos 22.94°
    facilities = {row.facility: (row.values, row.differs) for row in rows if row.facility}
    assert facilities == {
        Facility.HOT_WATER: ((True, True), False),
        Facility.BED: ((True, False), True),
    }
    turned = await compare_listings(VISITOR, listing_ids=[other.id, first.id])
    assert turned[0].values == (Decimal("900.00"), Decimal("850.00"))
    assert ComparedPoint.DISTANCE not in {row.point for row in turned}
    assert second.id


async def test_two_to_four_different_ones_that_can_be_seen(offers: Offers) -> None:
    ids = [listing.id for listing in offers.listings]
    for wrong in ([], ids[:1], [*ids, *ids]):
        await refused(InvalidInput, compare_listings(VISITOR, listing_ids=wrong), reason="COUNT")
    await refused(
        InvalidInput, compare_listings(VISITOR, listing_ids=[ids[0], ids[0]]), reason="TWICE"
    )
    await Listing.filter(id=ids[1]).update(state=ListingState.DRAFT, published_at=now())
    await refused(NotFound, compare_listings(anonymous(), listing_ids=ids))
    assert await compare_listings(signed_in(offers.owner), listing_ids=ids)
