"""What seekers mean is what they find first: queries judged by hand on a corpus of rooms."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from math import log2
from pathlib import Path
from statistics import mean
from typing import Any, Final

from core.keyset import Page
from landlord.models import Facility, LetBy
from landlord.search import ListingFilter, list_listings
from landlord.search.frequencies import forget_frequencies
from landlord.search.projection import reconcile
from management.models import GridLevel
from management.territory import town_data
from tests import factories

HERE: Final = Path(__file__).parent
FLOOR: Final = 0.95
"""Of the mean nDCG@10; 0.97 when it was written."""
LABELS: Final = {
    "空调": Facility.AIR_CONDITIONER,
    "热水": Facility.HOT_WATER,
    "独卫": Facility.PRIVATE_BATHROOM,
    "厨房": Facility.KITCHEN,
    "阳台": Facility.BALCONY,
    "床": Facility.BED,
    "衣柜": Facility.WARDROBE,
    "书桌": Facility.DESK,
    "洗衣机": Facility.WASHING_MACHINE,
    "冰箱": Facility.REFRIGERATOR,
    "宽带": Facility.INTERNET,
    "电梯": Facility.LIFT,
    "停车位": Facility.PARKING,
    "电动车棚": Facility.E_BIKE_SHED,
    "近地铁": Facility.METRO_NEARBY,
    "公交": Facility.BUS_NEARBY,
}


def read(name: str) -> Any:
    return tomllib.loads((HERE / f"search_{name}.toml").read_text(encoding="utf-8"))


HOUSES: Final[list[dict[str, Any]]] = read("corpus")["house"]
QUERIES: Final[list[dict[str, Any]]] = read("queries")["query"]
ROOMS: Final[dict[str, tuple[dict[str, Any], list[str]]]] = {
    f"{house['id']}-{row.split(' | ')[0]}": (house, row.split(" | "))
    for house in HOUSES
    for row in house["rooms"]
}


async def put_up() -> dict[Any, str]:
    """The corpus on offer; keys by id."""
    await factories.town()
    codes = {
        grid["name_zh"].removesuffix("社区"): grid["code"]
        for grid in town_data()
        if grid["level"] == GridLevel.COMMUNITY
    }
    who, keys = await factories.account(), {}
    for house in HOUSES:
        place = await factories.place(
            grid=f"{codes[house['community']]}-01",
            name=house["name"],
            street=house["street"],
            door_number=house["door"],
        )
        for row in house["rooms"]:
            number, title, rent, area, facilities, description, *deposit = row.split(" | ")
            bed = "床位" in title
            listing = await factories.listing(
                await factories.room(place, number, dormitory=bed),
                who,
                title=title,
                rent=Decimal(rent),
                area=Decimal(area),
                deposit=Decimal(deposit[0] if deposit else rent),
                facilities=[LABELS[label] for label in facilities.split()],
                description=description,
                let_by=LetBy.BED if bed else LetBy.ROOM,
                beds=2 if bed else None,
            )
            keys[listing.id] = f"{house['id']}-{number}"
    await reconcile()
    forget_frequencies()
    return keys


def rooms_of(names: list[str]) -> set[str]:
    """Keys of rooms; the name of a house stands for all of its rooms."""
    found = {key for key in ROOMS for name in names if name in (key, key.partition("-")[0])}
    assert all(any(name in (k, k.partition("-")[0]) for k in ROOMS) for name in names), names
    return found


def judged(query: Mapping[str, Any]) -> dict[str, int]:
    """Points of the rooms that answer a query."""
    points = dict.fromkeys(rooms_of(query.get("fair", [])), 1)
    if wanted := set(query.get("offers", [])):
        points |= {key: 2 for key, (_, row) in ROOMS.items() if wanted <= set(row[4].split())}
    points |= dict.fromkeys(rooms_of(query.get("good", [])), 2)
    return points | dict.fromkeys(rooms_of(query.get("best", [])), 3)


def ndcg(found: list[str], points: Mapping[str, int]) -> float:
    """Discounted gain of the first ten, in that of the best ten there could be."""

    def gain(values: list[int]) -> float:
        return sum((2**value - 1) / log2(place + 2) for place, value in enumerate(values[:10]))

    return gain([points.get(key, 0) for key in found]) / gain(sorted(points.values())[::-1])


def faults(query: Mapping[str, Any], found: list[str], points: Mapping[str, int]) -> list[str]:
    """What a list does not keep of its judgement."""
    best, sought = rooms_of(query.get("best", [])), {k for k, v in points.items() if v > 1}
    wrong = []
    if query.get("nothing"):
        return [f"finds {found}"] if found else []
    if never := rooms_of(query.get("never", [])) & set(found[:20]):
        wrong.append(f"must not have {sorted(never)}")
    if best and found[:1] and found[0] not in best:
        wrong.append(f"begins with {found[0]}")
    if len(best) <= 10 and (missing := best - set(found[:10])):
        wrong.append(f"best ones not among ten: {sorted(missing)}")
    if len(sought) <= 20 and (missing := sought - set(found[:20])):
        wrong.append(f"not among twenty: {sorted(missing)}")
    if (first := [key for key in found[:10] if not points.get(key)]) and len(sought) >= 10:
        wrong.append(f"among the first ten: {first}")
    if not found:
        wrong.append("finds nothing")
    return wrong


def test_the_corpus_and_the_judgements_are_large_enough() -> None:
    assert len(ROOMS) >= 150
    assert len(QUERIES) >= 60
    assert len({query["text"] for query in QUERIES}) == len(QUERIES)
    assert all(query.get("nothing") or judged(query) for query in QUERIES)


async def test_every_query_finds_what_is_meant(db: None) -> None:
    keys = await put_up()
    wrong, gains = {}, []
    for query in QUERIES:
        page = await list_listings(
            filter_by=ListingFilter(text=query["text"]), page=Page(20), columns=("id",)
        )
        found, points = [keys[row["id"]] for row in page.rows], judged(query)
        if (bad := faults(query, found, points)) and "gap" not in query:
            wrong[query["text"]] = bad
        if points:
            gains.append(ndcg(found, points))
            if gains[-1] < FLOOR:
                print(query["text"], round(gains[-1], 2), found[:10])
    print("mean nDCG@10", round(mean(gains), 4))
    for text, said in wrong.items():
        print(text, *said, sep=" / ")
    assert not wrong
    assert mean(gains) >= FLOOR
