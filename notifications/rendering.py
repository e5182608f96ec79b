"""Words out of a template and the params of a notification, in the reader's language.

Params are kept as codes, ISO times and names; here they become words: times in Asia/Shanghai.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from string import Formatter
from typing import Final, Protocol

from core.clock import SHANGHAI
from core.errors import Language
from notifications.forms import FORMS, Fitted, SlotKind, fit
from notifications.shipped import codes
from notifications.topics import RULES, ParamKind, Topic

_WEEKDAYS_ZH: Final = "一二三四五六日"
_WEEKDAYS_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_UNKNOWN: Final = "…"
_PLAIN: Final = re.compile(r"\w+")


class Text(Protocol):
    """What a template says: a row of ``message_template``, or words that are not kept yet."""

    @property
    def topic(self) -> str:
        """Of :class:`notifications.topics.Topic`."""

    @property
    def title_zh(self) -> str:
        """At most 20 characters, when filled."""

    @property
    def body_zh(self) -> str:
        """Some sentences."""

    @property
    def title_en(self) -> str:
        """The same in English."""

    @property
    def body_en(self) -> str:
        """The same in English."""

    @property
    def form_values(self) -> Mapping[str, str]:
        """Slot of the topic's form → text with braces, in Chinese."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What somebody reads."""

    title: str
    body: str


def render(template: Text, params: Mapping[str, str], language: Language) -> Rendered:
    """Title and body, filled."""
    values = _values(Topic(template.topic), params, language)
    english = language == "en"
    return Rendered(
        (template.title_en if english else template.title_zh).format_map(values),
        (template.body_en if english else template.body_zh).format_map(values),
    )


def render_form(template: Text, params: Mapping[str, str]) -> dict[str, Fitted]:
    """Slot → value as WeChat gets it, cut to fit; in Chinese, as WeChat shows nothing else.

    Empty for a topic without a form. Slots that the template leaves out are left out.
    """
    topic = Topic(template.topic)
    form = RULES[topic].form
    if form is None:
        return {}
    said = template.form_values
    return {
        slot: fit(kind, said[slot].format_map(_values(topic, params, "zh-CN", kind)))
        for slot, kind in FORMS[form].items()
        if slot in said
    }


def wechat_data(
    template: Text, keys: Mapping[str, str], params: Mapping[str, str]
) -> dict[str, str]:
    """WeChat's key → value, for the ``data`` of a subscribe message.

    ``keys`` are those of the form's :class:`notifications.models.WeChatTemplate`; a slot without
    one is left out.
    """
    values = render_form(template, params)
    return {keys[slot]: found.value for slot, found in values.items() if slot in keys}


def placeholders(text: str) -> Iterator[str]:
    """The names between braces.

    Raises:
        ValueError: a brace without its other half, or more than a name between two.
    """
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not _PLAIN.fullmatch(name):
            raise ValueError("only a name can stand between braces")
        yield name


def _values(
    topic: Topic,
    params: Mapping[str, str],
    language: Language,
    slot: SlotKind | None = None,
) -> dict[str, str]:
    kinds = RULES[topic].params
    return _Values(
        (name, _readable(kinds.get(name, ParamKind.NAME), value, language, slot))
        for name, value in params.items()
    )


class _Values(dict[str, str]):
    """What was told long ago may lack what its words ask for today: one row spoils no inbox."""

    def __missing__(self, name: str) -> str:
        return _UNKNOWN


def _readable(kind: ParamKind, value: str, language: Language, slot: SlotKind | None) -> str:
    if slot is SlotKind.TIME and kind is ParamKind.MOMENT:
        return _for_wechat(value)
    return _AS_WORDS.get(kind, partial(_of_code, kind))(value, language)


def _of_code(kind: ParamKind, value: str, language: Language) -> str:
    zh, en = codes()[kind].get(value, (_UNKNOWN, _UNKNOWN))
    return en if language == "en" else zh


def _name(value: str, _: Language) -> str:
    return value


def _grid(value: str, language: Language) -> str:
    """``厚街社区|Houjie Community``: both names; one is enough."""
    zh, _, en = value.partition("|")
    return en or zh if language == "en" else zh


def _rooms(value: str, language: Language) -> str:
    """``301,302,+4``: room numbers, and how many there are besides."""
    numbers = value.split(",")
    more = numbers.pop()[1:] if numbers[-1].startswith("+") else ""
    if language == "en":
        named = ("rooms " if more or len(numbers) > 1 else "room ") + ", ".join(numbers)
        return f"{named} and {more} more" if more else named
    named = "、".join(numbers)
    return f"{named}等{len(numbers) + int(more)}间房" if more else f"{named}房"


def _moment(value: str, language: Language) -> str:
    at = datetime.fromisoformat(value).astimezone(SHANGHAI)
    if language == "en":
        weekday, month = _WEEKDAYS_EN[at.weekday()], _MONTHS_EN[at.month - 1]
        return f"{weekday} {at.day} {month}, {at:%H:%M}"
    return f"{at.month}月{at.day}日（周{_WEEKDAYS_ZH[at.weekday()]}）{at:%H:%M}"


def _for_wechat(value: str) -> str:
    at = datetime.fromisoformat(value).astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _day(value: str, language: Language) -> str:
    on = date.fromisoformat(value)
    if language == "en":
        return f"{on.day} {_MONTHS_EN[on.month - 1]}"
    return f"{on.month}月{on.day}日"


def _month(value: str, language: Language) -> str:
    on = date.fromisoformat(f"{value}-01")
    return f"{_MONTHS_EN[on.month - 1]} {on.year}" if language == "en" else f"{on.month}月"


_AS_WORDS: Final[Mapping[ParamKind, Callable[[str, Language], str]]] = {
    ParamKind.NAME: _name,
    ParamKind.GRID: _grid,
    ParamKind.ROOMS: _rooms,
    ParamKind.MOMENT: _moment,
    ParamKind.DAY: _day,
    ParamKind.MONTH: _month,
}
