"""Lists of places: filters, orders, pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput, Unauthenticated
from core.keyset import Page, Slice
from identity.actor import Actor, Permission
from management.models import Lifecycle, Place, PlaceKind, RiskClass
from management.places import PlaceFilter, PlaceOrder, count_places, list_places
from tests import factories
from tests.management.support import (
    COMMUNITY,
    GRID,
    HOSTILE,
    OTHER_COMMUNITY,
    OTHER_GRID,
    SIBLING,
    TOWN,
    VISITOR,
    code_of,
    holding,
    refused,
    refused_input,
    signed_in,
    staff,
    walk,
)

READER = holding(Permission.PLACES_READ, paths=[TOWN])


async def listing(
    actor: Actor = READER,
    *,
    order: PlaceOrder = PlaceOrder.OLDEST,
    page: Page | None = None,
    **narrowed: Any,
) -> Slice:
    return await list_places(
        actor,
        filter_by=PlaceFilter(**narrowed),
        order=order,
        page=page or Page(100),
        columns=("id", "code"),
    )


async def ids(actor: Actor = READER, **narrowed: Any) -> list[UUID]:
    """The ids of a whole list, which the count must agree with."""
    rows = (await listing(actor, **narrowed)).rows
    assert await count_places(actor, filter_by=PlaceFilter(**narrowed)) == len(rows)
    return [row["id"] for row in rows]


@pytest.fixture
async def places(town: None) -> list[Place]:
    return [
        await factories.place(grid=code_of(GRID), risk_class=RiskClass.KEY),
        await factories.place(grid=code_of(SIBLING), kind=PlaceKind.SMALL_SHOP, completeness=40),
        await factories.place(grid=code_of(OTHER_GRID), lifecycle=Lifecycle.PLANNED),
        await factories.place(grid=code_of(OTHER_GRID), completeness=89),
    ]


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"grid_code": code_of(TOWN)}, [0, 1, 2, 3]),
        ({"grid_code": code_of(COMMUNITY)}, [0, 1]),
        ({"grid_code": code_of(GRID)}, [0]),
        ({"kinds": [PlaceKind.SMALL_SHOP]}, [1]),
        ({"kinds": list(PlaceKind)}, [0, 1, 2, 3]),
        ({"kinds": []}, []),
        ({"risk_classes": [RiskClass.KEY]}, [0]),
        ({"lifecycles": [Lifecycle.ACTIVE]}, [0, 1, 3]),
        ({"completeness_below": 90}, [1, 3]),
        ({"completeness_below": 0}, []),
        ({"completeness_below": 89, "grid_code": code_of(OTHER_COMMUNITY)}, []),
        ({"code": "999999-nothing"}, []),
    ],
)
async def test_a_list_is_narrowed(
    places: list[Place], narrowed: dict[str, Any], expected: Sequence[int]
) -> None:
    assert await ids(**narrowed) == [places[index].id for index in expected]


async def test_a_list_is_narrowed_to_a_code(places: list[Place]) -> None:
    assert await ids(code=f" {places[2].code} ") == [places[2].id]


async def test_a_filter_never_widens_a_scope(places: list[Place]) -> None:
    assert await ids(staff()) == [places[0].id]
    assert await ids(staff(), grid_code=code_of(TOWN)) == [places[0].id]
    assert await ids(staff(), grid_code=code_of(OTHER_GRID)) == []
    assert await ids(staff(), code=places[1].code) == []
    owner = await factories.account()
    await factories.claim(owner, places[1])
    assert await ids(signed_in(owner)) == [places[1].id]
    assert await ids(signed_in(owner), grid_code=code_of(GRID)) == []


async def test_lists_are_not_for_the_anonymous(places: list[Place]) -> None:
    await refused(Unauthenticated, listing(VISITOR))
    await refused(Unauthenticated, count_places(VISITOR, filter_by=PlaceFilter()))


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_filters_are_refused(town: None, text: str) -> None:
    await refused_input(listing(grid_code=text), "filter.gridCode", "UNKNOWN_GRID")
    await refused_input(listing(code=text), "filter.code")


@pytest.mark.parametrize("percent", [-1, 102, 10**9, -(10**9), 2**31])
async def test_completeness_is_a_percentage(town: None, percent: int) -> None:
    await refused_input(
        listing(completeness_below=percent), "filter.completenessBelow", "OUT_OF_RANGE"
    )


ORDERS = {
    PlaceOrder.NEWEST: lambda place: (-place.id.int,),
    PlaceOrder.OLDEST: lambda place: (place.id.int,),
    PlaceOrder.CODE: lambda place: (place.code,),
    PlaceOrder.LEAST_COMPLETE: lambda place: (place.completeness, place.id.int),
}


@pytest.mark.parametrize("order", PlaceOrder)
async def test_every_order_reads_the_same_either_way_and_in_any_page_size(
    town: None, order: PlaceOrder
) -> None:
    made = [await factories.place(completeness=index % 3) for index in range(11)]
    whole = [place.id for place in sorted(made, key=ORDERS[order])]
    for size in (1, 2, 3, 5, 11, 20):
        for backward in (False, True):

            async def read(page: Page) -> Slice:
                return await listing(order=order, page=page)

            rows = await walk(read, size=size, backward=backward)
            assert [row["id"] for row in rows] == whole


async def test_a_cursor_belongs_to_its_order(places: list[Place]) -> None:
    cursor = (await listing(order=PlaceOrder.CODE)).cursor(0)
    for order in set(PlaceOrder) - {PlaceOrder.CODE}:
        refusal = await refused(
            InvalidInput, listing(order=order, page=Page(10, cursor)), reason="CURSOR"
        )
        assert refusal.field == "after"
    await refused_input(
        listing(order=PlaceOrder.OLDEST, page=Page(10, cursor, backward=True)), "before"
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cursor=st.one_of(st.text(max_size=60), st.binary(max_size=40).map(lambda b: b.hex())))
async def test_no_text_is_a_cursor(town: None, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        await listing(page=Page(10, cursor))
