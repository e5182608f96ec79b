"""Relay connections: both directions in every order, cursors, sizes, counts."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from core.clock import now
from identity.actor import Actor
from landlord.models import Listing, ListingState
from tests import factories
from tests.schema.support import World, ask, data_of

MORE = 11
PAGE = (
    " edges { cursor node { id } } nodes { id }"
    " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } "
)


@dataclass(frozen=True)
class Case:
    """A list: its field, who reads it, how it is ordered, and what its nodes show of the order."""

    name: str
    field: str
    role: str
    key: str | None
    sort: Callable[[Any], Any] = str
    descending: bool = False
    arguments: str = ""
    both_ways: bool = True

    def __str__(self) -> str:
        return self.name


CASES = [
    Case("places-newest", "places", "warden 1", "createdAt", descending=True,
         arguments="orderBy: NEWEST"),
    Case("places-oldest", "places", "warden 1", "createdAt", arguments="orderBy: OLDEST"),
    Case("places-code", "places", "warden 1", "code", arguments="orderBy: CODE"),
    Case("places-least-complete", "places", "warden 1", "completeness", int,
         arguments="orderBy: LEAST_COMPLETE"),
    Case("places-of-a-landlord", "places", "landlord A", "createdAt", descending=True),
    Case("listings-newest", "listings", "anonymous", "publishedAt", descending=True,
         arguments="orderBy: NEWEST"),
    Case("listings-cheapest", "listings", "anonymous", "rent", Decimal,
         arguments="orderBy: CHEAPEST"),
    Case("listings-dearest", "listings", "anonymous", "rent", Decimal, descending=True,
         arguments="orderBy: DEAREST"),
    Case("grids", "grids", "anonymous", "code", arguments="level: GRID", both_ways=False),
    Case("own-places", "viewer { list: places", "landlord A", "createdAt", descending=True),
    Case("own-listings", "viewer { list: listings", "landlord A", None),
    Case("own-reservations", "viewer { list: reservations", "resident", None),
    Case("listings-in-review", "listingsInReview", "supervisor 1", None),
    Case("listings-of-a-plate", "plate(token: \"$token\") { list: listings", "anonymous", None),
]  # fmt: skip
EVERY = pytest.mark.parametrize("case", CASES, ids=str)
BOTH_WAYS = pytest.mark.parametrize("case", [c for c in CASES if c.both_ways], ids=str)


async def fill(world: World) -> None:
    """More rows than two pages, with ties in every order."""
    tenant, landlord = world.tenants[0], world.accounts["landlord A"]
    for number in range(MORE):
        house = await factories.place(completeness=(number // 3) * 10)
        await factories.claim(landlord, house)
        room = await factories.room(tenant.place, str(501 + number))
        await factories.listing(
            room,
            landlord,
            rent=Decimal(700 + 50 * (number // 3)),
            published_at=now() - timedelta(hours=number // 2),
        )
        # A room that somebody reserved before, whose next offer waits to be read.
        again = await factories.listing(
            await factories.room(tenant.place, str(601 + number)),
            landlord,
            state=ListingState.IN_REVIEW,
        )
        await Listing.filter(id=again.id).update(updated_at=now() - timedelta(hours=number // 2))
        await factories.reservation(
            again, world.accounts["resident"], state="RELEASED", ended_at=now()
        )


async def page(case: Case, world: World, actor: Actor, **arguments: Any) -> dict[str, Any]:
    """One page of a list."""
    given = [f"{name}: {orjson.dumps(value).decode()}" for name, value in arguments.items()]
    given += [case.arguments] if case.arguments else []
    field = case.field.replace("$token", world.tenants[0].plate.token)
    nested = "list:" in field
    selection = PAGE.replace("nodes { id }", f"nodes {{ id {case.key or ''} }}")
    document = "{ " + ("" if nested else "list: ") + field
    document += f"({', '.join(given)})" if given else ""
    document += " { " + selection + " } }" + (" }" if nested else "")
    answer = await ask(document, actor)
    if "errors" in answer:
        return {"error": answer["errors"][0]["extensions"]}
    data = answer["data"]
    found: dict[str, Any] = data["list"] if "list" in data else next(iter(data.values()))["list"]
    assert [edge["node"]["id"] for edge in found["edges"]] == [n["id"] for n in found["nodes"]]
    return found


async def walk(
    case: Case, world: World, actor: Actor, size: int, *, back: bool
) -> list[list[dict[str, Any]]]:
    """Every page of a list, one way, checking what each says of itself."""
    pages: list[list[dict[str, Any]]] = []
    cursor = None
    while True:
        arguments: dict[str, Any] = {"last" if back else "first": size}
        if cursor is not None:
            arguments["before" if back else "after"] = cursor
        found = await page(case, world, actor, **arguments)
        info, cursors = found["pageInfo"], [edge["cursor"] for edge in found["edges"]]
        assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1])
        behind, ahead = ("hasNextPage", "hasPreviousPage")
        if not back:
            behind, ahead = ahead, behind
        assert info[behind] == (cursor is not None)
        pages.append(found["nodes"])
        if not info[ahead]:
            return pages
        assert len(cursors) == size
        cursor = cursors[0] if back else cursors[-1]


@EVERY
async def test_pages_put_together_are_the_list_in_its_order(case: Case, world: World) -> None:
    await fill(world)
    actor = world.actors[case.role]
    whole = (await page(case, world, actor, first=100))["nodes"]
    assert len(whole) >= 4
    assert len({node["id"] for node in whole}) == len(whole)
    if case.key:
        keys = [case.sort(node[case.key]) for node in whole]
        assert keys == sorted(keys, reverse=case.descending)
    for size in (1, 3, len(whole)):
        pages = await walk(case, world, actor, size, back=False)
        assert [node for nodes in pages for node in nodes] == whole


@BOTH_WAYS
async def test_the_list_read_backwards_is_the_same_list(case: Case, world: World) -> None:
    await fill(world)
    actor = world.actors[case.role]
    whole = (await page(case, world, actor, first=100))["nodes"]
    for size in (1, 3, len(whole)):
        pages = await walk(case, world, actor, size, back=True)
        assert [node for nodes in reversed(pages) for node in nodes] == whole


@EVERY
async def test_sizes_outside_1_to_100_are_refused(case: Case, world: World) -> None:
    actor = world.actors[case.role]
    for way in ("first", "last") if case.both_ways else ("first",):
        for size in (0, 101, -1, -(2**31), 2**31 - 1):
            answer = await page(case, world, actor, **{way: size})
            assert answer == {
                "error": {
                    "code": "INVALID_INPUT",
                    "field": way,
                    "params": {"reason": "PAGE_SIZE", "minimum": 1, "maximum": 100},
                }
            }


@BOTH_WAYS
async def test_both_directions_at_once_are_refused(case: Case, world: World) -> None:
    actor = world.actors[case.role]
    cursor = (await page(case, world, actor))["pageInfo"]["endCursor"]
    for arguments in (
        {"first": 1, "last": 1},
        {"first": 1, "before": cursor},
        {"after": cursor, "last": 1},
        {"after": cursor, "before": cursor},
    ):
        answer = await page(case, world, actor, **arguments)
        assert answer["error"]["params"] == {"reason": "BOTH_DIRECTIONS"}


@EVERY
async def test_cursors_of_other_lists_and_made_up_ones_are_refused(
    case: Case, world: World
) -> None:
    actor = world.actors[case.role]
    own = (await page(case, world, actor))["pageInfo"]["endCursor"]
    foreign = [
        (await page(other, world, world.actors[other.role]))["pageInfo"]["endCursor"]
        for other in CASES
        if (other.field, other.arguments) != (case.field, case.arguments)
        and not {other.name, case.name} <= {"places-newest", "places-of-a-landlord", "own-places"}
    ]
    made_up = [
        "",
        "x",
        "\0",
        "光标",
        own[:-1],
        own + "A",
        own[::-1],
        base64.urlsafe_b64encode(b'["newest",["u","x"]]').decode(),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
        orjson.dumps(["newest", ["s", "x"]]).decode(),
    ]
    for way in ("after", "before") if case.both_ways else ("after",):
        for cursor in foreign + made_up:
            answer = await page(case, world, actor, **{way: cursor})
            assert answer.get("error") == {
                "code": "INVALID_INPUT",
                "field": way,
                "params": {"reason": "CURSOR"},
            }, (way, cursor)


async def test_a_cursor_outlives_the_row_it_points_at(world: World) -> None:
    await fill(world)
    case, actor = CASES[6], world.actors["anonymous"]
    whole = (await page(case, world, actor, first=100))["nodes"]
    cursor = (await page(case, world, actor, first=3))["pageInfo"]["endCursor"]
    cheap = await Listing.filter(rent=700).all()
    await Listing.filter(id__in=[row.id for row in cheap]).update(state="WITHDRAWN")
    assert (await page(case, world, actor, first=100, after=cursor))["nodes"] == whole[3:]


async def test_an_empty_list_is_a_page_too(world: World) -> None:
    data = await data_of("{ places { " + PAGE + " totalCount } }", world.actors["resident"])
    assert data["places"] == {
        "edges": [],
        "nodes": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "totalCount": 0,
    }


async def test_the_total_is_of_the_filter_and_not_of_the_page(world: World) -> None:
    await fill(world)
    document = "query($f: PlaceFilter) { places(first: 2, filter: $f) { nodes { id } totalCount } }"
    warden = world.actors["warden 1"]
    for narrowed, expected in (
        (None, MORE + 1),
        ({}, MORE + 1),
        ({"completenessBelow": 10}, 3),
        ({"kinds": ["ENTERPRISE"]}, 0),
        ({"kinds": []}, 0),
        ({"gridCode": "441900122003-01"}, 0),
        ({"code": world.tenants[0].place.code}, 1),
        ({"code": world.tenants[1].place.code}, 0),
    ):
        data = await data_of(document, warden, {"f": narrowed})
        assert data["places"]["totalCount"] == expected, narrowed
        assert len(data["places"]["nodes"]) == min(2, expected)


async def test_an_order_of_null_is_the_order_by_default(world: World) -> None:
    await fill(world)
    for field, actor in (("places", "warden 1"), ("listings", "anonymous")):
        given = await data_of(
            "{ l: " + field + "(orderBy: null) { nodes { id } } }", world.actors[actor]
        )
        default = await data_of("{ l: " + field + " { nodes { id } } }", world.actors[actor])
        assert given == default
