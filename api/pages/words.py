"""How the pages speak: words by language, numbers, money and dates as people say them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from api.pages.words_certificates import CERTIFICATES
from api.pages.words_declaring import DECLARING
from api.pages.words_general import GENERAL
from api.pages.words_hazards import HAZARDS
from api.pages.words_letting import LETTING
from api.pages.words_map import MAP
from core.clock import SHANGHAI, today
from core.errors import Language

# For each key the words in zh-CN, then in en.
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    **GENERAL,
    **LETTING,
    **HAZARDS,
    **DECLARING,
    **CERTIFICATES,
    **MAP,
}


class Words:
    """The words of one language: ``words("floor", floor=3)``."""

    def __init__(self, language: Language) -> None:
        self._column = 1 if language == "en" else 0
        self.language: Language = language

    def __call__(self, key: str, **params: object) -> str:
        """The words for a key.

        Raises:
            KeyError: no such words, or a param is missing.
        """
        return WORDS[key][self._column].format_map(params)

    def of(self, row: Mapping[str, str], name: str) -> str:
        """A value that a row holds in both languages, as ``name_zh`` and ``name_en``."""
        return row[f"{name}_{'en' if self._column else 'zh'}"]


def number(value: Decimal | int) -> str:
    """A number without idle zeros: 18.50 is 18.5."""
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal) -> str:
    """Yuan; fen only where there are any: 1,250 or 1,250.50."""
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.2f}"


_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def day(value: date, language: Language) -> str:
    """A date as people say it; the year only when it is not this one."""
    if value.year != today().year:
        return whole_day(value, language)
    if language == "en":
        return f"{value.day} {_MONTHS[value.month - 1]}"
    return f"{value.month}月{value.day}日"


def whole_day(value: date, language: Language) -> str:
    """A date with its year, as papers give it."""
    if language == "en":
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日"


def moment(value: datetime, language: Language) -> str:
    """A time as people say it, by the town's clock."""
    there = value.astimezone(SHANGHAI)
    between = ", " if language == "en" else " "
    return f"{day(there.date(), language)}{between}{there:%H:%M}"
