"""Quiet hours: notifications/quiet_hours.py."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import SHANGHAI
from notifications.quiet_hours import QUIET_FROM, QUIET_UNTIL, after_quiet

MOMENTS = st.integers(1_767_225_600, 1_893_456_000).map(lambda at: datetime.fromtimestamp(at, UTC))
"""Of the years 2026 to 2029."""
TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0))


def is_quiet(at: datetime, begin: time, end: time) -> bool:
    """By walking the clock round from the beginning to the end, minute by minute."""
    clock = at.astimezone(SHANGHAI)
    since = (clock.hour * 60 + clock.minute - begin.hour * 60 - begin.minute) % 1440
    length = (end.hour * 60 + end.minute - begin.hour * 60 - begin.minute) % 1440
    return since < length


@given(MOMENTS, TIMES, TIMES)
def test_nobody_is_disturbed_and_nobody_waits_longer_than_need_be(
    at: datetime, begin: time, end: time
) -> None:
    due = after_quiet(at, begin, end)
    assert at <= due < at + timedelta(days=1)
    assert not is_quiet(due, begin, end)
    assert (due > at) == is_quiet(at, begin, end)
    if due > at:
        assert due.astimezone(SHANGHAI).time() == end
        assert is_quiet(due - timedelta(minutes=1), begin, end)


@given(MOMENTS, TIMES)
def test_equal_times_mean_none(at: datetime, both: time) -> None:
    assert after_quiet(at, both, both) == at


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-01-31T21:59:59", "2026-01-31T21:59:59"),
        ("2026-01-31T22:00:00", "2026-02-01T08:00:00"),
        ("2026-01-31T23:59:59", "2026-02-01T08:00:00"),
        ("2026-02-01T00:00:00", "2026-02-01T08:00:00"),
        ("2026-02-01T07:59:59", "2026-02-01T08:00:00"),
        ("2026-02-01T08:00:00", "2026-02-01T08:00:00"),
    ],
)
def test_the_night_is_from_ten_to_eight_in_shanghai(at: str, due: str) -> None:
    local = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    found = after_quiet(local.astimezone(UTC), QUIET_FROM, QUIET_UNTIL)
    assert found == datetime.fromisoformat(due).replace(tzinfo=SHANGHAI)
