"""What WeChat accepts, as functions that refuse or shorten before anything is sent.

Template values: "订阅消息参数值内容限制" of the page subscribeMessage.send. Scenes: the page
getUnlimitedQRCode.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from integrations.wechat.errors import UnfitInput

SCENE: Final = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
PAGE: Final = re.compile(r"[0-9A-Za-z_-]+(?:/[0-9A-Za-z_-]+)*")
PAGE_WITH_QUERY: Final = re.compile(PAGE.pattern + r"(?:\?[^\s#]{0,500})?")
LONGEST_TEXT: Final = 2_500
"""Characters that msgSecCheck reads at a time."""
MOST_VALUES: Final = 20
LONGEST_CODE: Final = 512

_MOMENT = (
    r"(?:\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2})(?: ?\d{1,2}:\d{2}(?::\d{2})?)?"
)
_TIME = rf"(?:{_MOMENT}|\d{{1,2}}:\d{{2}}(?::\d{{2}})?)"

FIELDS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "thing": (re.compile(r"[^\r\n]{1,20}"), "1 to 20 characters on one line"),
    "number": (re.compile(r"-?(?=[\d.]{1,32}\Z)\d+(?:\.\d+)?"), "a number of up to 32 digits"),
    "letter": (re.compile(r"[A-Za-z]{1,32}"), "up to 32 Latin letters"),
    "symbol": (re.compile(r"[^\w\s]{1,5}"), "up to 5 symbols"),
    "character_string": (re.compile(r"[\x21-\x7e]{1,32}"), "up to 32 letters, digits, symbols"),
    "time": (re.compile(rf"{_TIME}(?:~{_TIME})?"), "a time such as 2026年1月31日 15:01"),
    "date": (re.compile(rf"{_MOMENT}(?:~{_MOMENT})?"), "a date such as 2026年1月31日"),
    "amount": (
        re.compile(r"[^\w\s]?(?=[\d.]{1,11}元?\Z)\d{1,10}(?:\.\d+)?元?"),
        "a currency sign and up to 10 digits",
    ),
    "phone_number": (re.compile(r"[\d+() -]{1,17}"), "up to 17 digits and signs"),
    "car_number": (
        re.compile(r"[\u4e00-\u9fffA-Za-z0-9][A-Za-z0-9]{0,6}[\u4e00-\u9fffA-Za-z0-9]?"),
        "up to 8 characters",
    ),
    "name": (
        re.compile(r"[\u4e00-\u9fff·]{1,10}|[A-Za-z·. '-]{1,20}"),
        "up to 10 Chinese characters or 20 letters",
    ),
    "phrase": (re.compile(r"[\u4e00-\u9fff]{1,5}"), "up to 5 Chinese characters"),
}
"""Kind of a template's field → what it takes."""

_KEY = re.compile(r"([a-z_]{1,20}?)\d{1,2}")


def check_scene(value: str, call: str = "code_unlimited") -> str:
    """The value, when a mini-program code can carry it.

    Raises:
        UnfitInput: 1 to 32 of WeChat's characters.
    """
    if not SCENE.fullmatch(value):
        raise UnfitInput(call, "scene", "1 to 32 of 0-9 A-Z a-z !#$&'()*+,/:;=?@-._~")
    return value


def check_page(value: str, call: str, *, query: bool = False) -> str:
    """The value, when it can be the path of a page: no leading slash.

    Raises:
        UnfitInput: not a path, or one with a query where none is allowed.
    """
    pattern = PAGE_WITH_QUERY if query else PAGE
    if not pattern.fullmatch(value):
        raise UnfitInput(call, "page", "a page's path without a slash before it")
    return value


def field_kind(key: str) -> str | None:
    """The kind of a template's field: ``thing`` for ``thing12``; None for no known kind."""
    found = _KEY.fullmatch(key)
    return found[1] if found and found[1] in FIELDS else None


def fits(key: str, value: str) -> bool:
    """Whether the field of a template takes the value; unknown kinds take anything."""
    kind = field_kind(key)
    return kind is None or FIELDS[kind][0].fullmatch(value) is not None


def check_values(values: Mapping[str, str], call: str = "send_subscribe_message") -> None:
    """Refuse what a template would not take.

    Raises:
        UnfitInput: ``field`` is the key of the first value at fault.
    """
    if not 1 <= len(values) <= MOST_VALUES:
        raise UnfitInput(call, "data", f"1 to {MOST_VALUES} values")
    for key, value in values.items():
        kind = field_kind(key)
        if kind is None:
            raise UnfitInput(call, "data", "keys such as thing1, date2, phrase3")
        if not fits(key, value):
            raise UnfitInput(call, key, FIELDS[kind][1])


def as_thing(text: str) -> str:
    """A text cut to what ``thing`` takes: one line, 20 characters, the last an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= 20 else line[:19] + "…"


def check_text(value: str, call: str = "check_text") -> str:
    """The value, when msgSecCheck reads it in one go.

    Raises:
        UnfitInput: empty, or longer than 2,500 characters.
    """
    if not 1 <= len(value) <= LONGEST_TEXT:
        raise UnfitInput(call, "content", f"1 to {LONGEST_TEXT} characters")
    return value


def check_code(value: str, call: str) -> str:
    """The value, when it may be a code that the mini-program got.

    Raises:
        UnfitInput: never sent on: anything could stand in it.
    """
    if not re.fullmatch(rf"[0-9A-Za-z_-]{{8,{LONGEST_CODE}}}", value):
        raise UnfitInput(call, "code", "the code as WeChat gave it")
    return value


def check_openid(value: str, call: str) -> str:
    """The value, when it has the form of an openid.

    Raises:
        UnfitInput: it has not.
    """
    if not re.fullmatch(r"[0-9A-Za-z_-]{6,64}", value):
        raise UnfitInput(call, "openid", "an openid")
    return value
