"""Terms in working days, against days that the State Council announced."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from management.working_days import LAST_KNOWN, after_working_days, is_working_day

DAYS = st.dates(date(2004, 1, 1), date(LAST_KNOWN + 2, 12, 31))


@pytest.mark.parametrize(
    ("day", "works"),
    [((2026, 2, 14), True),  # a Saturday worked in exchange for the Spring Festival
     ((2026, 2, 17), False),  # the first day of the Spring Festival
     ((2026, 10, 1), False), ((2026, 10, 10), True), ((2026, 11, 20), True),
     ((2026, 11, 21), False)],
)  # fmt: skip
def test_moved_days_are_worked_and_holidays_are_not(day: tuple[int, int, int], works: bool) -> None:
    assert is_working_day(date(*day)) is works


@pytest.mark.parametrize(
    ("signed", "count", "last"),
    [((2026, 11, 20), 3, (2026, 11, 25)),  # over a weekend
     ((2026, 9, 30), 3, (2026, 10, 10)),  # over the National Day: 8, 9 and the Saturday after
     ((2026, 2, 13), 1, (2026, 2, 14))],
)  # fmt: skip
def test_a_term_ends_on_a_working_day(
    signed: tuple[int, int, int], count: int, last: tuple[int, int, int]
) -> None:
    assert after_working_days(date(*signed), count) == date(*last)


@given(DAYS, st.integers(1, 30))
def test_exactly_so_many_working_days_lie_in_a_term(day: date, count: int) -> None:
    last = after_working_days(day, count)
    between = [day + timedelta(days=passed) for passed in range(1, (last - day).days + 1)]
    assert sum(map(is_working_day, between)) == count
    assert is_working_day(last)


def test_of_a_year_that_is_not_announced_only_weekends_are_free() -> None:
    year = LAST_KNOWN + 1
    days = [date(year, 1, 1) + timedelta(days=passed) for passed in range(365)]
    assert all(is_working_day(day) is (day.weekday() < 5) for day in days)


@pytest.mark.parametrize("count", [0, -1])
def test_a_term_without_days_is_a_mistake(count: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        after_working_days(date(2026, 11, 20), count)
