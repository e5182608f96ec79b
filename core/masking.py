"""Masked display: enough for people to recognise what is theirs, too little for others to use."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SEPARATORS: Final = frozenset(" ·•-'.")
_SHORT_DOCUMENT: Final = 6
_LONG_DOCUMENT: Final = 15
_SHORT_PHONE: Final = 7

# Bounded by look-around on digits only, because Chinese text puts no space round a number.
_DOCUMENT_IN_TEXT: Final = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)")
_PHONE_IN_TEXT: Final = re.compile(r"(?<!\d)(?:86)?1[3-9](?:[ -]?\d){9}(?!\d)")


def mask_name(name: str) -> str:
    """Keep the first character: ``张三`` becomes ``张*``, ``Ana Lima`` becomes ``A** ****``.

    Separators stay, so the shape of a name of several parts is seen; a name of one character is
    hidden altogether.
    """
    characters = unicodedata.normalize("NFC", name.strip())
    if len(characters) == 1:
        return "*"
    masked = "".join(c if c in _SEPARATORS else "*" for c in characters[1:])
    return characters[:1] + masked


def mask_document(number: str) -> str:
    """Keep four characters at each end of a long number (``4419**********1234``), a quarter of
    a shorter one such as a passport's (``E1*****78``), nothing of one under six characters."""
    text = number.strip()
    if len(text) < _SHORT_DOCUMENT:
        return "*" * len(text)
    kept = 4 if len(text) >= _LONG_DOCUMENT else len(text) // 4
    return text[:kept] + "*" * (len(text) - 2 * kept) + text[-kept:]


def mask_phone(number: str) -> str:
    """Hide the four digits before the last four: ``13800138000`` becomes ``138****8000``.

    Country and area codes and the way it is written stay; a number of fewer than seven digits is
    hidden altogether.
    """
    text = number.strip()
    digits = [position for position, c in enumerate(text) if c.isdigit()]
    hidden = set(digits[-8:-4] if len(digits) >= _SHORT_PHONE else digits)
    return "".join("*" if position in hidden else c for position, c in enumerate(text))


def mask_text(text: str) -> str:
    """Free text with the mainland document and mobile numbers in it masked.

    A safety net for words that people write into reasons and notes; it does not find names.
    """
    text = _DOCUMENT_IN_TEXT.sub(lambda found: mask_document(found[0]), text)
    return _PHONE_IN_TEXT.sub(lambda found: mask_phone(found[0]), text)
