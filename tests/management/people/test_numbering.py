"""Numbers of documents: one after the other, without gaps, also when many are given at once."""

from __future__ import annotations

import asyncio

import pytest

from core.work import work
from identity.actor import SYSTEM
from management.people.numbering import next_number


async def take(series: str = "CERT", year: int = 2026, *, fail: bool = False) -> int:
    async with work(SYSTEM):
        number = await next_number(series, year)
        if fail:
            raise LookupError
    return number


async def test_each_series_counts_from_one_in_each_year(db: None) -> None:
    assert [await take(), await take(), await take()] == [1, 2, 3]
    assert await take(year=2027) == 1
    assert await take("ORDER") == 1
    assert await take() == 4


async def test_numbers_given_at_once_are_all_different_and_leave_no_gap(committed_db: None) -> None:
    answers = await asyncio.gather(
        *(take(fail=index % 4 == 0) for index in range(20)), return_exceptions=True
    )
    given = sorted(one for one in answers if isinstance(one, int))
    assert given == list(range(1, 16))


async def test_a_number_needs_a_unit_of_work(db: None) -> None:
    with pytest.raises(RuntimeError):
        await next_number("CERT", 2026)
