"""Keyset pagination: pages both ways, cursors of every type, the plan of a deep page."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core import keyset
from core.database import execute, fetch
from core.errors import InvalidInput
from core.keyset import LARGEST_PAGE, Order, Page, Slice, take
from core.models import RequestClaim
from core.settings import settings
from management.models import Grid, GridLevel, Place

ORDERS = [
    Order("up", "mutation"),
    Order("down", "mutation", descending=True),
    Order("oldest", "id"),
    Order("newest", "id", descending=True),
]

VALUES = st.one_of(
    st.text(st.characters(codec="utf-8")),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.uuids(),
    st.floats(allow_nan=False, allow_infinity=False),
)


class Shade(StrEnum):
    DARK = "DARK"


async def rows(count: int) -> list[dict[str, Any]]:
    """Rows with many ties in the column they are ordered by."""
    for number in range(count):
        await RequestClaim.create(
            actor_id=uuid4(), request_id=uuid4(), mutation=f"m{number % 5}", payload_hash=b""
        )
    return await RequestClaim.all().values("id", "mutation")


def in_order(order: Order, found: list[dict[str, Any]]) -> list[UUID]:
    ordered = sorted(
        found,
        key=lambda row: tuple(row[column] for column in order.columns),
        reverse=order.descending,
    )
    return [row["id"] for row in ordered]


async def walk(order: Order, size: int, *, backward: bool) -> list[Slice]:
    pages, cursor = [], None
    while True:
        page = await take(RequestClaim.all(), order, Page(size, cursor, backward), ["id"])
        pages.append(page)
        if not (page.has_previous if backward else page.has_next):
            return pages
        cursor = page.cursor(0 if backward else -1)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
@pytest.mark.parametrize("size", [1, 7, 23, 100])
async def test_pages_forward_hold_every_row_once_and_in_order(
    db: None, order: Order, size: int
) -> None:
    expected = in_order(order, await rows(23))
    pages = await walk(order, size, backward=False)
    assert [row["id"] for page in pages for row in page.rows] == expected
    assert [page.has_previous for page in pages] == [False] + [True] * (len(pages) - 1)
    assert all(len(page.rows) == size for page in pages[:-1])


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
@pytest.mark.parametrize("size", [1, 7, 23, 100])
async def test_pages_backward_hold_every_row_once_and_in_the_same_order(
    db: None, order: Order, size: int
) -> None:
    expected = in_order(order, await rows(23))
    pages = await walk(order, size, backward=True)
    assert [row["id"] for page in reversed(pages) for row in page.rows] == expected
    assert [page.has_next for page in pages] == [False] + [True] * (len(pages) - 1)


async def test_a_page_ahead_and_back_again_is_the_same(db: None) -> None:
    await rows(23)
    order = ORDERS[0]
    first = await take(RequestClaim.all(), order, Page(10), ["id"])
    second = await take(RequestClaim.all(), order, Page(10, first.cursor(-1)), ["id"])
    back = await take(RequestClaim.all(), order, Page(10, second.cursor(0), backward=True), ["id"])
    assert back.rows == first.rows


async def test_a_row_that_comes_between_moves_nothing(db: None) -> None:
    expected = in_order(ORDERS[0], await rows(10))
    first = await take(RequestClaim.all(), ORDERS[0], Page(4), ["id"])
    await RequestClaim.create(
        actor_id=uuid4(), request_id=uuid4(), mutation="m0", payload_hash=b"", id=UUID(int=0)
    )
    second = await take(RequestClaim.all(), ORDERS[0], Page(100, first.cursor(-1)), ["id"])
    assert [row["id"] for row in (*first.rows, *second.rows)] == expected


async def test_an_empty_list_has_no_pages(db: None) -> None:
    page = await take(RequestClaim.all(), ORDERS[0], Page(), ["id"])
    assert (page.rows, page.keys, page.has_next, page.has_previous) == ([], [], False, False)


# Cursors


@given(VALUES, st.uuids())
def test_a_cursor_keeps_the_value_and_its_type(value: Any, row_id: UUID) -> None:
    order = Order("any", "column")
    read = order.read(order.cursor((value, row_id)), "after")
    assert read == [value, row_id]
    assert [type(part) for part in read] == [type(value), UUID]


def test_a_cursor_of_an_enum_holds_its_value() -> None:
    order = Order("any", "column")
    cursor = order.cursor((Shade.DARK, UUID(int=1)))
    assert order.read(cursor, "after") == ["DARK", UUID(int=1)]


@pytest.mark.parametrize("value", [None, b"bytes", ["list"]])
def test_a_column_that_has_no_order_is_a_mistake_of_the_program(value: object) -> None:
    with pytest.raises(TypeError, match="ordered"):
        Order("any", "column").cursor((value, UUID(int=1)))


def refused(order: Order, cursor: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as refusal:
        order.beyond(cursor, field="after")
    return refusal.value


@given(st.text())
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    for order in ORDERS:
        refusal = refused(order, cursor)
        assert (refusal.field, refusal.reason) == ("after", "CURSOR")


@given(st.data())
def test_a_cursor_that_was_changed_is_refused(data: st.DataObject) -> None:
    cursor = ORDERS[0].cursor(("publishListing", UUID(int=7)))
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    place = data.draw(st.integers(0, len(raw) - 1))
    new = data.draw(st.integers(0, 255))
    assume(raw[place] != new)
    raw[place] = new
    refused(ORDERS[0], base64.urlsafe_b64encode(raw).decode().rstrip("="))


@given(st.recursive(VALUES, st.lists, max_leaves=5))
def test_a_cursor_that_nobody_signed_is_refused(value: Any) -> None:
    forged = json.dumps(["up", ["s", value], ["u", str(UUID(int=7))]], default=str).encode()
    for raw in (forged, bytes(keyset._SIGNATURE_BYTES) + forged):
        refused(ORDERS[0], base64.urlsafe_b64encode(raw).decode())


def test_a_cursor_of_another_order_is_refused() -> None:
    cursor = ORDERS[0].cursor(("m1", UUID(int=7)))
    for other in ORDERS[1:]:
        refused(other, cursor)
    refused(Order("up", "id"), cursor)


def test_a_cursor_outlives_a_change_of_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = ORDERS[0].cursor(("m1", UUID(int=7)))
    monkeypatch.setenv("LEYE_SECRET", "another secret for the tests of cursors")
    old = settings().secret.get_secret_value()
    try:
        settings.cache_clear()
        refused(ORDERS[0], cursor)
        settings.cache_clear()
        monkeypatch.setenv("LEYE_PREVIOUS_SECRETS", old)
        assert ORDERS[0].read(cursor, "after") == ["m1", UUID(int=7)]
    finally:
        monkeypatch.undo()
        settings.cache_clear()


# Arguments


@pytest.mark.parametrize(
    ("arguments", "page"),
    [
        ({}, Page(20)),
        ({"first": 1}, Page(1)),
        ({"first": LARGEST_PAGE, "after": "x"}, Page(100, "x")),
        ({"after": "x"}, Page(20, "x")),
        ({"last": 5}, Page(5, None, backward=True)),
        ({"before": "x"}, Page(20, "x", backward=True)),
        ({"last": 5, "before": "x"}, Page(5, "x", backward=True)),
    ],
)
def test_the_four_arguments_of_relay(arguments: dict[str, Any], page: Page) -> None:
    assert Page.of(**arguments) == page


@pytest.mark.parametrize(
    ("arguments", "field", "reason"),
    [
        ({"first": 0}, "first", "PAGE_SIZE"),
        ({"first": -1}, "first", "PAGE_SIZE"),
        ({"first": LARGEST_PAGE + 1}, "first", "PAGE_SIZE"),
        ({"last": 0}, "last", "PAGE_SIZE"),
        ({"first": 1, "last": 1}, "last", "BOTH_DIRECTIONS"),
        ({"first": 1, "before": "x"}, "last", "BOTH_DIRECTIONS"),
        ({"after": "x", "before": "x"}, "last", "BOTH_DIRECTIONS"),
        ({"after": "x", "last": 1}, "last", "BOTH_DIRECTIONS"),
    ],
)
def test_arguments_that_can_t_be_used(arguments: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Page.of(**arguments)
    assert (refusal.value.field, refusal.value.reason) == (field, reason)


# The plan of a deep page

MANY = 50_000
BATCH = 5_000  # a statement may take five seconds, and the machine may be busy
SAME = MANY // 101 + 1  # places with one percentage


async def _many_places() -> None:
    where = await Grid.create(
        code="9",
        level=GridLevel.GRID,
        name_zh="测试",
        name_en="Test",
        path="9/",
        boundary={},
    )
    for start in range(0, MANY, BATCH):
        await execute(
            "INSERT INTO place (id, code, kind, name, grid_id, grid_path, community_code,"
            " grid_code, street, door_number, operator_name, risk_class, lifecycle, filed_at,"
            " completeness, missing, version, created_at, updated_at)"
            " SELECT gen_random_uuid(), '9-' || n, 'RENTAL_HOUSE', 'x', $1, '9/', '9', '9', '',"
            " '', '', 'SAFE', 'ACTIVE', now(), n % 101, '[]', 1, now(), now()"
            " FROM generate_series($2::int, $3::int) AS n",
            where.id,
            start + 1,
            start + BATCH,
        )
    await execute("ANALYZE place")


async def _rows_read(
    query: QuerySet[Any], order: Order, *, backward: bool = False
) -> tuple[str, int]:
    """The index that a page is read from, and how many of its rows."""
    sql = (
        query.order_by(*order.sorting())
        .limit(21)
        .values("id", "completeness")
        .sql(params_inline=True)
    )
    (answer,) = await fetch(f"EXPLAIN (ANALYZE, TIMING off, FORMAT json) {sql}")
    node = json.loads(answer["QUERY PLAN"])[0]["Plan"]
    while "Plans" in node:
        (node,) = node["Plans"]
    assert node["Node Type"] in {"Index Scan", "Index Only Scan"}, node
    read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return node["Index Name"], int(read)


async def test_a_deep_page_reads_a_range_of_the_index_and_not_its_beginning(db: None) -> None:
    await _many_places()
    order = Order("complete", "completeness")
    (middle,) = await (
        Place.filter(completeness=50).order_by("id").limit(1).values("id", "completeness")
    )
    cursor = order.cursor(order.key(middle))
    index, read = await _rows_read(Place.filter(order.beyond(cursor)), order)
    assert index == "place_completeness"
    assert read <= SAME + 21

    naive = Q(completeness__gt=50) | Q(completeness=50, id__gt=middle["id"])
    index, read = await _rows_read(Place.filter(naive), order)
    assert read > MANY * 0.4, "PostgreSQL has learned it: the redundant condition can go"

    back = Place.filter(order.beyond(cursor, backward=True))
    index, read = await _rows_read(back, order, backward=True)
    assert index == "place_completeness"
    assert read <= SAME + 21


def test_dates_and_times_are_kept_apart() -> None:
    order = Order("any", "column")
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    for value in (moment, moment.date(), date(2026, 5, 1), Decimal("1.50")):
        (read, _) = order.read(order.cursor((value, UUID(int=1))), "after")
        assert (read, str(read)) == (value, str(value))
