"""Quiet hours: when nobody wants to hear a telephone. Times of day are Asia/Shanghai."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from core.clock import SHANGHAI

QUIET_FROM: Final = time(22)
QUIET_UNTIL: Final = time(8)
"""What holds for who has set nothing."""


def after_quiet(at: datetime, begin: time = QUIET_FROM, end: time = QUIET_UNTIL) -> datetime:
    """The moment itself, or when the quiet hours that it falls into end, in its own time zone.

    Equal times mean no quiet hours; ``begin`` after ``end`` means over midnight. The first
    minute is quiet, the last one is not.
    """
    local = at.astimezone(SHANGHAI)
    clock = local.time()
    quiet = begin <= clock < end if begin < end else clock >= begin or clock < end
    if begin == end or not quiet:
        return at
    day = local.date() + timedelta(days=1) if clock >= end else local.date()
    return datetime.combine(day, end, SHANGHAI).astimezone(at.tzinfo)
