"""Working days in China: weekdays without public holidays, and the days they are moved to.

The State Council announces each year's holidays (节假日安排) in the autumn before; the library
``chinesecalendar`` carries them. For a year that it does not know yet only weekends are free, so
that a term is never longer than announced.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import chinese_calendar

LAST_KNOWN: Final[int] = max(chinese_calendar.holidays).year
"""The last year whose holidays are known here; a newer version of the library knows the next."""

_SATURDAY: Final = 5


def is_working_day(day: date) -> bool:
    """Whether offices are open: a weekday, or a weekend day to which work was moved (调休)."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # before 2004, or not announced yet
        return day.weekday() < _SATURDAY


def after_working_days(day: date, count: int) -> date:
    """The working day that is ``count`` working days after a day; that day itself is not counted.

    A term of three working days from Friday ends on Wednesday (Civil Code of the PRC, article 201:
    the day on which a term begins is not counted in).

    Raises:
        ValueError: ``count`` is not positive.
    """
    if count < 1:
        raise ValueError("a term has at least one day")
    reached = day
    for _ in range(count):
        reached += timedelta(days=1)
        while not is_working_day(reached):
            reached += timedelta(days=1)
    return reached
