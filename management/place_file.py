"""The file of a place: which fields it has, what each may hold, which its kind requires.

One table decides what is valid, what is missing, and how complete a file is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.clock import today
from core.errors import InvalidInput
from core.numbers import within
from core.text import clean, phone_number
from management.models import PlaceKind
from management.rules import rules

EVERY_KIND = frozenset(PlaceKind)
HOUSES = frozenset({PlaceKind.RENTAL_HOUSE})
BUSINESSES = EVERY_KIND - HOUSES

Check = Callable[[Any, str], Any]


def _text(longest: int) -> Check:
    return lambda value, field: clean(value, field=field, longest=longest)


def _name(value: str, field: str) -> str:
    return clean(value, field=field, longest=80, shortest=1)


def _phone(value: str, field: str) -> str:
    return phone_number(value, field=field)


def _number(low: int, high: int) -> Check:
    return lambda value, field: within(value, low, high, field=field)


def _area(value: Decimal, field: str) -> Decimal:
    most = 1_000_000
    area = round(value, 2) if value.is_finite() and abs(value) < most else Decimal(0)
    if not 0 < area < most:
        raise InvalidInput(field=field, reason="AREA", zh="面积不正确", en="Not an area in m²")
    return area


def _degrees(value: float, field: str) -> float:
    largest = 180.0 if field.endswith("longitude") else 90.0
    if not -largest <= value <= largest:
        raise InvalidInput(field=field, reason="POINT", zh="坐标不正确", en="Not a coordinate")
    return value


def _as_is(value: Any, field: str) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class FileField:
    """One field of the file: how it is checked and for which kinds it is required."""

    check: Check
    required: frozenset[PlaceKind] = frozenset()


FIELDS: Mapping[str, FileField] = {
    "name": FileField(_name, EVERY_KIND),
    "street": FileField(_text(80), EVERY_KIND),
    "door_number": FileField(_text(40), EVERY_KIND),
    "longitude": FileField(_degrees, EVERY_KIND),
    "latitude": FileField(_degrees, EVERY_KIND),
    "floors": FileField(_number(1, 100), EVERY_KIND),
    "area": FileField(_area, EVERY_KIND),
    "operator_name": FileField(_text(60), BUSINESSES),
    "contact_name": FileField(_text(60), EVERY_KIND),
    "contact_phone": FileField(_phone, EVERY_KIND),
    "staircases": FileField(_number(0, 50), HOUSES | {PlaceKind.SMALL_WORKSHOP}),
    "exits": FileField(_number(0, 100), EVERY_KIND),
    "extinguishers": FileField(_number(0, 1000), EVERY_KIND),
    "e_bike_charging": FileField(_as_is, HOUSES),
    "gas_bottles": FileField(_number(0, 1000), HOUSES | {PlaceKind.SMALL_SHOP}),
    "wiring_year": FileField(
        lambda value, field: _number(1950, today().year)(value, field), HOUSES
    ),
}


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields of a file, cleaned.

    Raises:
        InvalidInput: for the first field that can't be used, with its path.
    """
    answer = {}
    for name, value in values.items():
        path = f"input.{_camel(name)}"
        if value is None:
            answer[name] = "" if name in _TEXTS else None
            if name == "name":
                raise InvalidInput(
                    field=path, reason="EMPTY", zh="不能为空", en="It must not be empty"
                )
        else:
            answer[name] = FIELDS[name].check(value, path)
    return answer


def missing(kind: PlaceKind, values: Mapping[str, Any]) -> list[str]:
    """Names of the required fields that are empty, in the table's order."""
    return [
        name
        for name, field in FIELDS.items()
        if kind in field.required and values.get(name) in (None, "")
    ]


def completeness(kind: PlaceKind, absent: list[str]) -> int:
    """Percent of the required fields that are filled, rounded down: 信息完整率."""
    required = sum(kind in field.required for field in FIELDS.values())
    return (required - len(absent)) * 100 // required


def size_limit(kind: PlaceKind, floors: int | None, area: Decimal | None) -> str | None:
    """The size rule that the place breaks, if any: then it is of another kind."""
    rule = rules()
    most_floors, most_area, inclusive = {
        PlaceKind.SMALL_SHOP: (None, rule.shop_area, False),
        PlaceKind.SMALL_ENTERTAINMENT: (None, rule.entertainment_area, False),
        PlaceKind.SMALL_WORKSHOP: (rule.workshop_floors, rule.workshop_floor_area, True),
        PlaceKind.RENTAL_HOUSE: (rule.rental_floors, rule.rental_floor_area, True),
        PlaceKind.ENTERPRISE: (None, None, True),
    }[kind]
    if most_floors is not None and floors is not None and floors > most_floors:
        return "floors"
    if most_area is None or area is None:
        return None
    too_large = area > most_area or (area == most_area and not inclusive)
    return "area" if too_large else None


_TEXTS = frozenset(
    {"name", "street", "door_number", "operator_name", "contact_name", "contact_phone"}
)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
