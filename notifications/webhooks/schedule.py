"""When a message is tried again: the schedule that Standard Webhooks 1.0.0 gives as its example.

Ten attempts within 75 hours and a half. Each wait is drawn up to a tenth longer, so that what
failed together does not come back together.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

WAITS: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before each attempt."""

JITTER: Final = 0.1
LONGEST_PAUSE: Final = timedelta(hours=24)
"""A receiver that asks for more patience is asked again after this."""

GIVE_UP_AFTER: Final = timedelta(days=5)
"""An endpoint that has answered nothing well for so long is disabled."""

OK: Final = range(200, 300)
GONE: Final = 410
SLOW_DOWN: Final = frozenset({429, 503})
"""With these a ``Retry-After`` counts (RFC 9110 § 10.2.3, RFC 6585 § 4)."""


def wait(made: int, *, chance: float, pause: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many attempts; ``None``: that was the last one.

    ``chance`` is drawn from 0 to 1; a ``pause`` that the receiver asked for only makes it longer.
    """
    if made >= len(WAITS):
        return None
    drawn = WAITS[made] * (1 + JITTER * chance)
    return drawn if pause is None else max(drawn, min(pause, LONGEST_PAUSE))


def pause(status: int | None, retry_after: str | None, at: datetime) -> timedelta | None:
    """How long the receiver wants to be left alone; ``None``: it did not say, or not clearly."""
    if status not in SLOW_DOWN or retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        seconds = min(int(text[:12]), math.ceil(LONGEST_PAUSE.total_seconds()))
        return timedelta(seconds=seconds)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(until - at, timedelta(0)), LONGEST_PAUSE)
