"""Bands of rent and area take a search apart without losing or doubling a row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from landlord.search.bands import Key, bands_in_order
from landlord.search.filters import ListingFilter

AMOUNTS = some.decimals(0, 5000, places=2) | some.sampled_from(
    [Decimal(0), Decimal(10), Decimal("9.99"), Decimal(400), Decimal("399.99"), Decimal(3000)]
)
IDS = some.integers(0, 3).map(lambda number: UUID(int=number))
KEYS = some.none() | some.tuples(AMOUNTS, IDS)
ENDS = some.none() | AMOUNTS


def holds(wanted: ListingFilter, column: str, value: Decimal) -> bool:
    low, high = getattr(wanted, f"{column}_from"), getattr(wanted, f"{column}_to")
    return (low is None or value >= low) and (high is None or value <= high)


def follows(row: tuple[Decimal, UUID], key: Key | None, *, descending: bool) -> bool:
    return key is None or (row < key if descending else row > key)


@pytest.mark.parametrize(
    ("column", "descending"), [("rent", True), ("rent", False), ("area", True)]
)
@given(low=ENDS, high=ENDS, key=KEYS, row=some.tuples(AMOUNTS, IDS))
@example(low=None, high=None, key=None, row=(Decimal(0), UUID(int=1)))
@example(low=None, high=None, key=(Decimal(10), UUID(int=0)), row=(Decimal("9.99"), UUID(int=3)))
def test_every_row_that_is_sought_lies_in_one_part(
    column: str,
    descending: bool,
    low: Decimal | None,
    high: Decimal | None,
    key: Key | None,
    row: tuple[Decimal, UUID],
) -> None:
    limits: dict[str, Any] = {f"{column}_from": low, f"{column}_to": high}
    wanted = ListingFilter(**limits)
    parts = bands_in_order(wanted, column, descending=descending, key=key)
    found = [
        follows(row, after, descending=descending)
        for part, after in parts
        if holds(part, column, row[0])
    ]
    sought = holds(wanted, column, row[0]) and follows(row, key, descending=descending)
    assert sum(found) == int(sought)


def test_parts_come_in_the_order_that_is_read() -> None:
    falling = bands_in_order(ListingFilter(), "rent", descending=True, key=None)
    starts = [part.rent_from for part, _ in falling]
    assert starts == sorted(starts, reverse=True)
    rising = bands_in_order(ListingFilter(), "rent", descending=False, key=None)
    assert [part.rent_from for part, _ in rising] == starts[::-1]


def test_areas_are_not_taken_apart_from_the_smallest_up() -> None:
    assert bands_in_order(ListingFilter(), "area", descending=False, key=None) == []
    assert bands_in_order(ListingFilter(), "published_at", descending=True, key=None) == []
