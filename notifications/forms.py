"""The forms of WeChat's subscribe messages: their slots, and how a text is made to fit one.

WeChat refuses a whole message for one value that does not fit (47003). So a text is cut to what
the kind of its slot takes before it is sent, and a preview says what was cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from integrations.wechat.limits import FIELDS, as_thing, field_kind, fits
from notifications.models import WeChatForm


class SlotKind(StrEnum):
    """What a slot holds: WeChat's name of the kind."""

    THING = "thing"
    PHRASE = "phrase"
    TIME = "time"


_K = SlotKind

FORMS: Final[Mapping[WeChatForm, Mapping[str, SlotKind]]] = MappingProxyType(
    {
        WeChatForm.RESULT: {
            "subject": _K.THING, "result": _K.PHRASE, "note": _K.THING, "at": _K.TIME,
        },
        WeChatForm.APPOINTMENT: {
            "subject": _K.THING, "at": _K.TIME, "place": _K.THING, "note": _K.THING,
        },
        WeChatForm.MESSAGE: {"subject": _K.THING, "note": _K.THING, "at": _K.TIME},
        WeChatForm.SAFETY: {
            "place": _K.THING, "matter": _K.THING, "advice": _K.THING, "at": _K.TIME,
        },
        WeChatForm.NOTICE: {"title": _K.THING, "body": _K.THING, "at": _K.TIME},
    }
)  # fmt: skip
"""The slots of each form, in the order in which people read them."""

SUITS: Final[Mapping[SlotKind, frozenset[str]]] = MappingProxyType(
    {
        SlotKind.THING: frozenset({"thing"}),
        SlotKind.PHRASE: frozenset({"phrase", "thing"}),
        SlotKind.TIME: frozenset({"time", "date", "thing"}),
    }
)
"""Kinds of WeChat's keys that take what a slot holds."""

_EMPTY: Final = "-"
_NOT_CHINESE: Final = re.compile(r"[^\u4e00-\u9fff]")
_LONGEST_PHRASE: Final = 5


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value as WeChat gets it. ``cut``: less than was said."""

    value: str
    cut: bool


def suits(slot: SlotKind, key: str) -> bool:
    """Whether WeChat's key (``thing1``) takes what the slot holds."""
    return field_kind(key) in SUITS[slot]


def fit(kind: SlotKind, text: str) -> Fitted:
    """The text, or what of it a slot of this kind takes; nothing left is a dash.

    A time that is none can't be mended: it stays, and :func:`takes` says so.
    """
    line = " ".join(text.split())
    value = _CUT[kind](line) or _EMPTY
    return Fitted(value, value != (line or _EMPTY))


def takes(kind: SlotKind, value: str) -> bool:
    """Whether a slot of this kind takes the value as it is."""
    return fits(f"{kind.value}1", value)


def what_fits(kind: SlotKind) -> str:
    """What a slot of this kind takes, in words."""
    return FIELDS[kind.value][1]


def _phrase(line: str) -> str:
    return _NOT_CHINESE.sub("", line)[:_LONGEST_PHRASE]


_CUT: Final[Mapping[SlotKind, Callable[[str], str]]] = {
    SlotKind.THING: as_thing,
    SlotKind.PHRASE: _phrase,
    SlotKind.TIME: str,
}
