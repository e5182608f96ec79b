"""The public search: filters, orders, pages both ways."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import now
from core.database import fetch
from core.errors import InvalidInput
from core.ids import uuid7
from core.keyset import Page, Slice
from identity.actor import anonymous
from landlord.listings import listings_behind_plate, own_listings
from landlord.models import Listing, ListingState
from landlord.photos import photos_of
from landlord.search import ListingFilter, ListingOrder, list_listings
from tests import factories
from tests.management.support import (
    BAD_NUMBERS,
    COMMUNITY,
    GRID,
    HOSTILE,
    OTHER_COMMUNITY,
    OTHER_GRID,
    TOWN,
    code_of,
    refused,
    refused_input,
    signed_in,
    staff,
    walk,
)

RENTS = (600, 600, 600, 850, 850, 1200)
OPEN = Page(100)


async def search(
    page: Page = OPEN, *, order: ListingOrder = ListingOrder.CHEAPEST, **narrowed: Any
) -> Slice:
    return await list_listings(
        filter_by=ListingFilter(**narrowed), order=order, page=page, columns=("id", "rent")
    )


async def found(**narrowed: Any) -> list[Decimal]:
    return [row["rent"] for row in (await search(**narrowed)).rows]


@pytest.fixture
async def offers(town: None) -> list[Listing]:
    """Offers with many ties in rent and moment, in two communities, and others not on offer."""
    made, moment, who = [], now(), await factories.account()
    for path in (GRID, OTHER_GRID):
        place = await factories.place(grid=code_of(path))
        for index, rent in enumerate(RENTS * 2):
            room = await factories.room(place, str(101 + index))
            made.append(
                await factories.listing(
                    room,
                    who,
                    rent=Decimal(rent),
                    published_at=moment - timedelta(hours=index % 3),
                )
            )
        for index, state in enumerate(sorted(set(ListingState) - {ListingState.PUBLISHED})):
            room = await factories.room(place, str(901 + index))
            await factories.listing(room, who, state=state, rent=Decimal(700))
    return made


async def test_only_what_is_on_offer_is_found(offers: list[Listing]) -> None:
    page = await search()
    assert {row["id"] for row in page.rows} == {offer.id for offer in offers}
    assert not page.has_next
    assert not page.has_previous


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"rent_from": Decimal(850)}, {850, 1200}),
        ({"rent_to": Decimal(850)}, {600, 850}),
        ({"rent_from": Decimal(850), "rent_to": Decimal(850)}, {850}),
        ({"rent_from": Decimal("850.01"), "rent_to": Decimal("1199.99")}, set()),
        ({"rent_from": Decimal(1200), "rent_to": Decimal(600)}, set()),
        ({"rent_to": Decimal(0)}, set()),
        ({"rent_to": Decimal(1_000_000)}, {600, 850, 1200}),
    ],
)
async def test_rents_include_both_ends(
    offers: list[Listing], narrowed: dict[str, Decimal], expected: set[int]
) -> None:
    assert set(await found(**narrowed)) == expected


async def test_a_search_is_narrowed_to_a_community(offers: list[Listing]) -> None:
    rows = (await search(community_code=code_of(OTHER_COMMUNITY))).rows
    here = {offer.id for offer in offers if offer.community_code == code_of(OTHER_COMMUNITY)}
    assert {row["id"] for row in rows} == here
    assert len(here) == len(RENTS) * 2
    both = {"community_code": code_of(COMMUNITY), "rent_to": Decimal(600)}
    assert await found(**both) == [600] * 6


@pytest.mark.parametrize("code", ["", "nowhere", code_of(TOWN), code_of(GRID), *HOSTILE])
async def test_a_community_is_one_of_the_towns(town: None, code: str) -> None:
    await refused_input(search(community_code=code), "filter.communityCode")


@pytest.mark.parametrize("bad", BAD_NUMBERS)
async def test_impossible_rents_are_refused(town: None, bad: Decimal) -> None:
    await refused_input(search(rent_from=bad), "filter.rentFrom", "OUT_OF_RANGE")
    await refused_input(search(rent_to=bad), "filter.rentTo", "OUT_OF_RANGE")


KEYS = {
    ListingOrder.NEWEST: lambda offer: (offer.published_at, offer.id),
    ListingOrder.CHEAPEST: lambda offer: (offer.rent, offer.id),
    ListingOrder.DEAREST: lambda offer: (offer.rent, offer.id),
}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.sampled_from(list(KEYS)),
    size=st.integers(1, 30),
    backward=st.booleans(),
    community=st.sampled_from([None, code_of(COMMUNITY), code_of(OTHER_COMMUNITY)]),
    rent_from=st.sampled_from([None, Decimal(600), Decimal(601)]),
    rent_to=st.sampled_from([None, Decimal(850), Decimal(2000)]),
)
async def test_pages_make_up_the_whole_list_without_gaps_or_repeats(
    offers: list[Listing],
    order: ListingOrder,
    size: int,
    backward: bool,
    community: str | None,
    rent_from: Decimal | None,
    rent_to: Decimal | None,
) -> None:
    matching = [
        offer
        for offer in offers
        if community in (None, offer.community_code)
        and (rent_from is None or offer.rent >= rent_from)
        and (rent_to is None or offer.rent <= rent_to)
    ]
    whole = sorted(matching, key=KEYS[order], reverse=order is not ListingOrder.CHEAPEST)

    async def read(page: Page) -> Slice:
        return await search(
            page, order=order, community_code=community, rent_from=rent_from, rent_to=rent_to
        )

    rows = await walk(read, size=size, backward=backward)
    assert [row["id"] for row in rows] == [offer.id for offer in whole]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.sampled_from(list(KEYS)), at=st.integers(0, 23), size=st.integers(1, 12))
async def test_a_page_back_leads_to_where_one_came_from(
    offers: list[Listing], order: ListingOrder, at: int, size: int
) -> None:
    whole = [row["id"] for row in (await search(order=order)).rows]
    cursor = (await search(order=order)).cursor(at)
    after = await search(Page(size, cursor), order=order)
    before = await search(Page(size, cursor, backward=True), order=order)
    assert [row["id"] for row in after.rows] == whole[at + 1 : at + 1 + size]
    assert [row["id"] for row in before.rows] == whole[max(0, at - size) : at]
    assert after.has_previous
    assert before.has_next
    assert after.has_next == (at + 1 + size < len(whole))
    assert before.has_previous == (at - size > 0)


async def test_what_is_withdrawn_meanwhile_leaves_no_hole(offers: list[Listing]) -> None:
    whole = [row["id"] for row in (await search()).rows]
    first = await search(Page(5))
    await Listing.filter(id__in=[whole[4], whole[5]]).update(state=ListingState.WITHDRAWN)
    following = await search(Page(5, first.cursor(-1)))
    assert [row["id"] for row in following.rows] == whole[6:11]


async def test_a_cursor_belongs_to_its_order(offers: list[Listing]) -> None:
    cursor = (await search()).cursor(0)
    for order in (ListingOrder.NEWEST, ListingOrder.DEAREST):
        await refused(InvalidInput, search(Page(5, cursor), order=order), reason="CURSOR")


async def test_a_plate_shows_the_offers_of_its_house_or_room(offers: list[Listing]) -> None:
    offer = offers[3]

    async def behind(**where: Any) -> list[Any]:
        page = await listings_behind_plate(page=OPEN, columns=("id",), **where)
        return [row["id"] for row in page.rows]

    here = sorted(one.id for one in offers if one.place_id == offer.place_id)
    assert await behind(place_id=offer.place_id, room_id=None) == here
    assert await behind(place_id=offer.place_id, room_id=offer.room_id) == [offer.id]
    draft = await Listing.get(place_id=offer.place_id, state=ListingState.DRAFT)
    assert await behind(place_id=offer.place_id, room_id=draft.room_id) == []


async def test_landlords_see_all_of_their_own_and_nothing_of_others(
    offers: list[Listing],
) -> None:
    landlord = await offers[0].landlord

    async def own(actor: Any) -> list[Any]:
        page = await own_listings(actor, page=OPEN, columns=("id", "state"))
        return [row["state"] for row in page.rows]

    assert set(await own(signed_in(landlord))) == set(ListingState)
    assert len(await own(signed_in(landlord))) == await Listing.all().count()
    assert await own(signed_in(await factories.account())) == []
    for actor in (staff(), anonymous()):
        assert await own(actor) == []


async def test_photos_come_in_the_landlords_order(offers: list[Listing]) -> None:
    first, second = offers[:2]
    last = await factories.photo(first, position=1)
    head = await factories.photo(first, position=0)
    only = await factories.photo(second)
    found = await photos_of([first.id, second.id, uuid7()])
    assert [row["id"] for row in found[first.id]] == [head.id, last.id]
    assert [row["id"] for row in found[second.id]] == [only.id]
    assert await photos_of([]) == {}


async def many(count: int = 2000) -> None:
    """Offers of so many rooms, spread over two communities and many rents."""
    place, who = await factories.place(), await factories.account()
    offer = await factories.listing(await factories.room(place, "0"), who)
    await fetch(
        "INSERT INTO room (id, place_id, number, code, dormitory, state, created_at)"
        " SELECT gen_random_uuid(), place_id, n, code || n, false, state, created_at"
        " FROM room, generate_series(1, $1::int) n RETURNING 1 AS one",
        count,
    )
    columns = [name for name in Listing._meta.fields_db_projection.values() if name != "id"]
    changed = {
        "room_id": "r.id",
        "rent": "500 + 10 * (r.number::int % 97)",
        "community_code": "CASE r.number::int % 2 WHEN 0 THEN l.community_code ELSE 'x' END",
        "published_at": "l.published_at - r.number::int % 89 * interval '1 hour'",
    }
    await fetch(
        f"INSERT INTO listing (id, {', '.join(columns)})"
        f" SELECT gen_random_uuid(), {', '.join(changed.get(c, f'l.{c}') for c in columns)}"
        " FROM listing l, room r WHERE l.id = $1 AND r.number <> '0' RETURNING 1 AS one",
        offer.id,
    )
    await fetch("ANALYZE listing")


@pytest.mark.parametrize(
    ("order", "community", "index"),
    [
        (ListingOrder.NEWEST, None, "listing_public_new"),
        (ListingOrder.CHEAPEST, None, "listing_public_rent"),
        (ListingOrder.DEAREST, None, "listing_public_rent"),
        (ListingOrder.NEWEST, COMMUNITY, "listing_public_comm_new"),
        (ListingOrder.CHEAPEST, COMMUNITY, "listing_public_comm_rent"),
        (ListingOrder.DEAREST, COMMUNITY, "listing_public_comm_rent"),
    ],
)
async def test_a_search_reads_one_index_in_its_order(
    town: None,
    monkeypatch: pytest.MonkeyPatch,
    order: ListingOrder,
    community: str | None,
    index: str,
) -> None:
    asked: list[str] = []
    execute = type(Listing._meta.db).execute_query_dict

    async def explain(self: Any, sql: str, values: Any = None) -> Any:
        rows = await execute(self, f"EXPLAIN {sql}", values)
        asked.append("\n".join(row["QUERY PLAN"] for row in rows))
        return await execute(self, sql, values)

    await many()
    narrowed = {"community_code": code_of(community)} if community else {}
    # Deep in the list: close to an end, a handful of rows may as well be fetched and sorted.
    cursor = (await search(Page(500), order=order, **narrowed)).cursor(-1)
    await fetch("SET LOCAL enable_bitmapscan = off")
    monkeypatch.setattr(type(Listing._meta.db), "execute_query_dict", explain)
    for page in (Page(5), Page(5, cursor), Page(5, cursor, backward=True)):
        await search(page, order=order, **narrowed)
        plan = asked.pop()
        assert f"using {index} on listing" in plan, plan
        assert "Sort" not in plan
