"""Searching against a plain reading of the same rows: filters, orders, pages, hostile texts."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.clock import now
from core.database import fetch
from core.datums import distance_m, from_gcj02, to_gcj02
from core.errors import InvalidInput
from core.keyset import Page, Slice
from landlord.models import Facility, LetBy, Listing
from landlord.search import Box, ListingFilter, ListingOrder, Near, SafetyFact, list_listings
from landlord.search import finding as finding_module
from landlord.search.finding import FEW
from landlord.search.frequencies import Frequencies, forget_frequencies
from landlord.search.projection import reconcile
from landlord.search.surveys import listing_facets, listing_map
from management.models import EBikeCharging, Place, RiskClass, Room
from tests import factories
from tests.management.support import (
    BAD_NUMBERS,
    GRID,
    HOSTILE,
    OTHER_COMMUNITY,
    OTHER_GRID,
    code_of,
    refused,
    refused_input,
    walk,
)

CENTRE = (113.67, 22.94)  # CGCS2000
PUBLIC_CENTRE = to_gcj02(*CENTRE)
NEAR = Near(longitude=PUBLIC_CENTRE[0], latitude=PUBLIC_CENTRE[1], radius=2000)
WORLD = Box(west=113.0, south=22.0, east=114.5, north=24.0)
TITLES = ("采光好的单间", "近地铁两房一厅", "安静单间，带阳台", "厚街大道旁 3房")


@pytest.fixture(autouse=True)
def own_statistics() -> Iterator[None]:
    """What one test learnt of its rows is nothing for the next."""
    forget_frequencies()
    yield
    forget_frequencies()


@pytest.fixture
async def offers(town: None) -> list[Listing]:
    """Sixty offers that differ in everything one can ask for, with ties in every order."""
    seed = 20261121
    draw = random.Random(seed)
    print("seed", seed)
    who, made = await factories.account(), []
    for number in range(12):
        place = await factories.place(
            grid=code_of(draw.choice([GRID, OTHER_GRID])),
            longitude=CENTRE[0] + draw.uniform(-0.04, 0.04) if number else None,
            latitude=CENTRE[1] + draw.uniform(-0.04, 0.04) if number else None,
            exits=draw.choice([1, 2, 3]),
            extinguishers=draw.choice([0, None, 4]),
            gas_bottles=draw.choice([0, None, 2]),
            e_bike_charging=draw.choice(list(EBikeCharging)),
            risk_class=draw.choice(list(RiskClass)),
        )
        for index in range(5):
            room = await factories.room(
                place, str(101 + index), escape_window=draw.choice([True, False, None])
            )
            bed = draw.random() < 0.2
            made.append(
                await factories.listing(
                    room,
                    who,
                    title=draw.choice(TITLES),
                    rent=Decimal(draw.choice([450, 600, 600, 1100])),
                    area=draw.choice([None, Decimal(12), Decimal(18), Decimal("18.5")]),
                    facilities=draw.sample(list(Facility), 5),
                    let_by=LetBy.BED if bed else LetBy.ROOM,
                    beds=4 if bed else None,
                    available_from=draw.choice([None, date(2026, 12, 1), date(2027, 1, 1)]),
                    published_at=now() - timedelta(days=draw.randrange(4)),
                )
            )
    await reconcile()
    return made


async def search(page: Page | None = None, order: Any = None, **narrowed: Any) -> Slice:
    return await list_listings(
        filter_by=ListingFilter(**narrowed),
        order=order,
        page=page or Page(100),
        columns=("id", "rent"),
    )


def metres(place: Place) -> float:
    if place.longitude is None or place.latitude is None:
        return 1e9
    return distance_m(place.longitude, place.latitude, *from_gcj02(*PUBLIC_CENTRE))


Oracle = Callable[[Listing, Place, Room], bool]
ASKED: list[tuple[dict[str, Any], Oracle]] = [
    ({"community_code": code_of(OTHER_COMMUNITY), "text": "单间"},
     lambda o, p, r: o.community_code == code_of(OTHER_COMMUNITY) and "单间" in o.title),
    ({"rent_from": Decimal(451), "rent_to": Decimal(600), "area_from": Decimal(18)},
     lambda o, p, r: o.rent == 600 and (o.area or r.area) >= 18),
    ({"area_from": Decimal("18.5")}, lambda o, p, r: (o.area or r.area) >= Decimal("18.5")),
    ({"area_to": Decimal(18)}, lambda o, p, r: (o.area or r.area) <= 18),
    ({"facilities": [Facility.LIFT, Facility.BED]},
     lambda o, p, r: {"LIFT", "BED"} <= set(o.facilities)),
    ({"free_by": date(2026, 12, 1)},
     lambda o, p, r: o.available_from is None or o.available_from <= date(2026, 12, 1)),
    ({"let_by": LetBy.BED}, lambda o, p, r: o.let_by is LetBy.BED),
    ({"safety": [SafetyFact.EXTINGUISHERS]}, lambda o, p, r: (p.extinguishers or 0) > 0),
    ({"safety": [SafetyFact.TWO_EXITS]}, lambda o, p, r: p.exits >= 2),
    ({"safety": [SafetyFact.NO_INDOOR_CHARGING]},
     lambda o, p, r: p.e_bike_charging is not EBikeCharging.INDOOR),
    ({"safety": [SafetyFact.NO_GAS_BOTTLES]}, lambda o, p, r: p.gas_bottles == 0),
    ({"safety": [SafetyFact.ESCAPE_WINDOW]}, lambda o, p, r: r.escape_window is True),
    ({"safety": [SafetyFact.NOT_KEY_RISK, SafetyFact.TWO_EXITS]},
     lambda o, p, r: p.risk_class is not RiskClass.KEY and p.exits >= 2),
    ({"near": NEAR}, lambda o, p, r: metres(p) <= 2000),
    ({"near": NEAR, "text": "地铁"},
     lambda o, p, r: metres(p) <= 2000
     and ("地铁" in o.title or "METRO_NEARBY" in o.facilities)),
    ({"box": WORLD}, lambda o, p, r: p.longitude is not None),
    ({"text": "3房"}, lambda o, p, r: "3房" in o.title),
    ({"text": "wifi"}, lambda o, p, r: "INTERNET" in o.facilities),
]  # fmt: skip


@pytest.mark.parametrize("everywhere", [False, True], ids=["by words", "along the order"])
async def test_every_filter_finds_what_a_plain_reading_finds(
    offers: list[Listing], monkeypatch: pytest.MonkeyPatch, everywhere: bool
) -> None:
    if everywhere:
        plenty(monkeypatch)
    rows = await Listing.all().select_related("place", "room")
    for narrowed, holds in ASKED:
        expected = {row.id for row in rows if holds(row, row.place, row.room)}
        for order in (None, ListingOrder.NEWEST, ListingOrder.LARGEST):
            page = await search(order=order, **narrowed)
            assert {row["id"] for row in page.rows} == expected, (narrowed, order)
        assert 0 < len(expected) < len(rows), narrowed


def plenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every search read along its order first, as if everything were common."""

    class Common(Frequencies):
        def of_words(self, column: str, query: Any) -> float:
            return 1.0

        def of_filter(self, wanted: Any) -> float:
            return 1.0

    async def common() -> Frequencies:
        return Common(FEW * 100, {})

    monkeypatch.setattr(finding_module, "frequencies", common)


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize("order", ListingOrder)
@pytest.mark.parametrize("narrowed", [{}, {"text": "单间"}, {"facilities": [Facility.BED]}])
async def test_pages_of_every_order_make_up_the_whole_list(
    offers: list[Listing],
    monkeypatch: pytest.MonkeyPatch,
    order: ListingOrder,
    narrowed: dict[str, Any],
    common: bool,
) -> None:
    if common:
        plenty(monkeypatch)
    if order is ListingOrder.NEAREST:
        narrowed = {**narrowed, "near": replace(NEAR, radius=10_000)}
    whole = [row["id"] for row in (await search(order=order, **narrowed)).rows]
    assert len(whole) == len(set(whole)) > 7
    for size in (1, 7):
        for backward in (False, True):
            rows = await walk(
                lambda page: search(page, order, **narrowed), size=size, backward=backward
            )
            assert [row["id"] for row in rows] == whole


async def test_the_nearest_and_the_largest_come_first(offers: list[Listing]) -> None:
    rows = {row.id: row for row in await Listing.all().select_related("place", "room")}
    near = [rows[row["id"]] for row in (await search(order=ListingOrder.NEAREST, near=NEAR)).rows]
    away = [round(metres(row.place)) for row in near]
    assert away == sorted(away)
    large = [rows[row["id"]] for row in (await search(order=ListingOrder.LARGEST)).rows]
    areas = [row.area or row.room.area for row in large]
    assert areas == sorted(areas, reverse=True)


async def test_nearest_needs_a_point(town: None) -> None:
    await refused(InvalidInput, search(order=ListingOrder.NEAREST), reason="NO_POINT")


async def test_a_cursor_belongs_to_its_order_and_its_filter(offers: list[Listing]) -> None:
    cursor = (await search(text="单间")).cursor(0)
    assert (await search(Page(5, cursor), text="单间")).rows
    for order, narrowed in (
        (None, {"text": "地铁"}),
        (None, {"text": "单间", "rent_to": Decimal(600)}),
        (ListingOrder.NEWEST, {"text": "单间"}),
        (ListingOrder.NEWEST, {}),
    ):
        await refused(InvalidInput, search(Page(5, cursor), order, **narrowed), reason="CURSOR")


async def test_a_text_that_finds_nothing_as_it_stands_is_cut_at_known_words(
    offers: list[Listing],
) -> None:
    plain = {row["id"] for row in (await search(text="单间 阳台")).rows}
    assert plain
    assert {row["id"] for row in (await search(text="便宜的单间有阳台")).rows} == plain
    rows = await walk(lambda page: search(page, text="便宜的单间有阳台"), size=3)
    assert {row["id"] for row in rows} == plain


@pytest.mark.parametrize("text", [*HOSTILE, "单" * 61])
async def test_texts_that_can_not_be_are_refused(town: None, text: str) -> None:
    await refused_input(search(text=text), "filter.text")


async def test_limits_of_the_filter(town: None) -> None:
    await refused_input(search(facilities=list(Facility)[:11]), "filter.facilities", "TOO_MANY")
    for radius in (0, -1, 10_001):
        near = Near(longitude=113.7, latitude=22.9, radius=radius)
        await refused_input(search(near=near), "filter.near.radius", "OUT_OF_RANGE")
    for bad in (float("nan"), float("inf"), 181.0):
        await refused_input(search(near=Near(longitude=bad, latitude=22.9)), "filter.near")
    await refused_input(search(box=Box(west=114, south=22, east=113, north=23)), "filter.box")
    for number in BAD_NUMBERS:
        await refused_input(search(area_from=number), "filter.areaFrom", "OUT_OF_RANGE")


async def test_a_thousand_random_texts_find_or_are_refused(offers: list[Listing]) -> None:
    seed = random.randrange(10**9)
    print("seed", seed)
    draw = random.Random(seed)
    alphabet = string.printable + "'\\&|!<>:*()单间厚街地铁的房３Ａ％　，。😀é\u0301ﷺ\x00\u202e𠀀ª²"
    for _ in range(1000):
        text = "".join(draw.choices(alphabet, k=draw.randrange(0, 70)))
        try:
            page = await search(Page(3), text=text)
        except InvalidInput:
            continue
        assert len(page.rows) <= 3


async def test_facets_count_what_choosing_them_would_find(offers: list[Listing]) -> None:
    for narrowed in ({}, {"text": "单间"}, {"facilities": [Facility.BED], "rent_to": Decimal(600)}):
        facets = await listing_facets(filter_by=ListingFilter(**narrowed))
        assert facets.total == len((await search(**narrowed)).rows)
        assert not facets.capped
        for code, count in facets.communities.by_value.items():
            there = await search(**{**narrowed, "community_code": code})
            assert count == len(there.rows)
        for facility, count in facets.facilities.by_value.items():
            there = await search(**{**narrowed, "facilities": [Facility(facility)]})
            assert count == len(there.rows)
        for fact, count in facets.safety.by_value.items():
            there = await search(**{**narrowed, "safety": [SafetyFact(fact)]})
            assert count == len(there.rows)
        total = len((await search(**{**narrowed, "rent_from": None, "rent_to": None})).rows)
        assert sum(facets.rents.by_value.values()) == total


async def test_a_map_holds_every_room_with_a_point_once(offers: list[Listing]) -> None:
    with_point = await Listing.filter(place__longitude__not_isnull=True).select_related("place")
    whole = await listing_map(box=WORLD, filter_by=ListingFilter())
    assert sum(spot.count for spot in whole.spots) == len(with_point)
    assert min(spot.lowest_rent for spot in whole.spots) == 450
    at = with_point[0].place
    longitude, latitude = to_gcj02(at.longitude, at.latitude)
    small = Box(west=longitude - 1e-4, south=latitude - 1e-4, east=longitude + 1e-4,
                north=latitude + 1e-4)  # fmt: skip
    (spot,) = (await listing_map(box=small, filter_by=ListingFilter())).spots
    assert spot.place_id == at.id
    assert distance_m(spot.longitude, spot.latitude, at.longitude, at.latitude) < 1
    none = await listing_map(box=small, filter_by=ListingFilter(text="查无此词"))
    assert none.spots == []


async def test_plans_read_the_index_that_they_should(
    offers: list[Listing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On some thousand rows: rare words by the GIN index, common ones along the order's own."""
    for key in await fetch(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'listing_search'::regclass"
        " AND contype = 'f'"
    ):
        await fetch(f'ALTER TABLE listing_search DROP CONSTRAINT "{key["conname"]}"')
    columns = (
        "place_id, community_code, rent, area, available_from, east, north, published_at, quality,"
        " rank, features, heading, words, digest"
    )
    await fetch(
        f"INSERT INTO listing_search (listing_id, {columns}) SELECT gen_random_uuid(), {columns}"
        " FROM listing_search, generate_series(1, 40) RETURNING 1 AS one"
    )
    await fetch("ANALYZE listing_search")
    forget_frequencies()
    for bound in ("FEW", "SCANNED", "MOST_SCANNED"):
        monkeypatch.setattr(finding_module, bound, 200)
    plans: list[str] = []
    real = finding_module.fetch

    async def explain(sql: str, *values: Any) -> Any:
        rows = await real(f"EXPLAIN {sql}", *values)
        plans.append("\n".join(row["QUERY PLAN"] for row in rows))
        return await real(sql, *values)

    monkeypatch.setattr(finding_module, "fetch", explain)
    for order, narrowed, index in (
        (None, {"text": "单间"}, "listing_search_rank"),
        (ListingOrder.CHEAPEST, {"text": "单间"}, "listing_search_rent"),
        (ListingOrder.NEWEST, {"text": "单间"}, "listing_search_new"),
        (ListingOrder.LARGEST, {"text": "单间"}, "listing_search_area"),
        (ListingOrder.NEAREST, {"near": NEAR}, "listing_search_point"),
        (None, {"text": "查无此词"}, "listing_search_words"),
        (ListingOrder.CHEAPEST, {"text": "查无此词"}, "listing_search_words"),
    ):
        plans.clear()
        await search(Page(20), order, **narrowed)
        assert index in plans[0], plans[0]
        assert "Seq Scan" not in plans[0], plans[0]
