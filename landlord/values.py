"""What a listing may say: each value checked, and the bed rule."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.errors import DomainError, InvalidInput, WrongState
from core.numbers import within
from core.text import clean
from landlord.models import Facility, LetBy, Listing
from management.models import Room, RoomState
from management.rooms import capacity
from management.rules import rules

_CENT: Final = Decimal("0.01")
_NEEDED: Final = ("rent", "let_by", "facilities")
# The words that are shown, and so checked before they are public.
WORDS: Final = ("title", "description")


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an offer, as they are written.

    Raises:
        InvalidInput: one can't be used.
    """
    answer = dict(values)
    for name, longest, shortest in (("title", 60, 2), ("description", 1000, 0)):
        if name in values:
            answer[name] = clean(
                values[name] or "",
                field=f"input.{name}",
                longest=longest,
                shortest=shortest,
                multiline=name == "description",
            )
    for name in _NEEDED:
        if name in values and values[name] is None:
            raise InvalidInput(
                field=_path(name), reason="EMPTY", zh="不能为空", en="It must not be empty"
            )
    _check_numbers(values)
    if "facilities" in values:
        answer["facilities"] = _facilities(values["facilities"])
    available: date | None = values.get("available_from")
    if available is not None and not 2000 <= available.year <= 2100:
        raise InvalidInput(
            field="input.availableFrom", reason="DATE", zh="日期不正确", en="Not a usable date"
        )
    return answer


def _check_numbers(values: Mapping[str, Any]) -> None:
    limits = rules()
    most = limits.largest_rent
    ends = {
        "rent": (1, most),
        "deposit": (0, most * 12),
        "area": (1, 2000),
        "water_price": (_CENT, limits.largest_water_price),
        "electricity_price": (_CENT, limits.largest_electricity_price),
        "management_fee": (_CENT, most),
        "beds": (1, 999),
    }
    for name, (low, high) in ends.items():
        within(values.get(name), low, high, field=_path(name))


def _facilities(given: Collection[Facility]) -> list[str]:
    names = [Facility(name).value for name in given]
    if len(set(names)) != len(names):
        raise InvalidInput(
            field="input.facilities",
            reason="TWICE",
            zh="同一项设施只能选一次",
            en="A facility is there twice",
        )
    return names


def require_in_use(room: Room) -> None:
    """Refuse a room that is out of use.

    Raises:
        WrongState: it is.
    """
    if room.state is RoomState.OUT_OF_USE:
        raise WrongState(reason="OUT_OF_USE", zh="房间已停用", en="The room is out of use")


def require_bed_rule(listing: Listing, room: Room, *, given: bool) -> None:
    """Beds are let one by one in dormitories only, and no more of them than the room holds.

    ``given``: the values came with the request, so the field at fault is named. Holds for the
    municipal rule on letting: at least 5 m² of usable area a person.

    Raises:
        InvalidInput: ``given`` and against the rule.
        WrongState: not ``given``, and the room has changed since.
    """
    if listing.let_by is LetBy.ROOM:
        if listing.beds is not None:
            raise InvalidInput(
                field="input.beds",
                reason="NOT_BY_BED",
                zh="整间出租不填床位数",
                en="Beds are counted only when a room is let by the bed",
            )
        return
    if not room.dormitory:
        raise _refusal(
            given, "letBy", "NOT_DORMITORY", "只有宿舍可以按床位出租",
            "Only dormitories are let by the bed",
        )  # fmt: skip
    if listing.beds is None:
        raise InvalidInput(
            field="input.beds", reason="EMPTY", zh="请填写床位数", en="Say how many beds"
        )
    most = capacity(room.area)
    if most is None:
        raise _refusal(
            given, "beds", "AREA_UNKNOWN", "房间档案没有使用面积，不能核定床位数",
            "The room's file has no usable area to count beds by",
        )  # fmt: skip
    if listing.beds > most:
        raise _refusal(
            given, "beds", "OVER_CAPACITY", "床位数超过房间可住人数 {maximum}",
            "The room holds {maximum} people", maximum=most,
        )  # fmt: skip


def _refusal(
    given: bool, name: str, reason: str, zh: str, en: str, **params: object
) -> DomainError:
    if given:
        return InvalidInput(field=f"input.{name}", reason=reason, params=params, zh=zh, en=en)
    return WrongState(reason=reason, params=params, zh=zh, en=en)


def _path(name: str) -> str:
    first, *rest = name.split("_")
    return "input." + first + "".join(word.capitalize() for word in rest)
