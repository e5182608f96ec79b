"""What a search is narrowed to: checked, and turned into conditions with parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from core.datums import Datum, Point
from core.errors import InvalidInput
from core.numbers import within
from core.text import clean
from landlord.models import Facility, LetBy
from landlord.search.features import (
    AREA_BANDS,
    RENT_BANDS,
    SafetyFact,
    bands_between,
    community,
    let_code,
)
from landlord.search.ground import public_on_plane, stretch
from management.models import GridLevel
from management.territory import grid_by_code

LONGEST_TEXT: Final = 60
MOST_FEATURES: Final = 10
LARGEST_RADIUS: Final = 10_000  # metres
LARGEST_RENT_SOUGHT: Final = 9_999_999  # what the column holds
_LARGEST_AREA_SOUGHT: Final = 99_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Within so many metres of a point in GCJ-02 degrees."""

    longitude: float
    latitude: float
    radius: int = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A piece of the map by its sides, in GCJ-02 degrees."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFilter:
    """What a search is narrowed to; both ends of ranges are included.

    Rents are yuan a month, areas usable m². A listing has all of ``facilities`` and ``safety``.
    """

    text: str | None = None
    community_code: str | None = None
    near: Near | None = None
    box: Box | None = None
    rent_from: Decimal | None = None
    rent_to: Decimal | None = None
    area_from: Decimal | None = None
    area_to: Decimal | None = None
    facilities: Sequence[Facility] = ()
    safety: Sequence[SafetyFact] = ()
    free_by: date | None = None
    let_by: LetBy | None = None

    @property
    def plain(self) -> bool:
        """Whether it asks for what the table of listings itself can answer."""
        asked = {f.name for f in fields(self) if getattr(self, f.name) not in (None, (), [])}
        return asked <= {"community_code", "rent_from", "rent_to"}

    @property
    def mark(self) -> str:
        """A short name of this filter: a cursor of one is refused by another."""
        normal = replace(
            self, facilities=sorted(set(self.facilities)), safety=sorted(set(self.safety))
        )
        return hashlib.sha256(repr(normal).encode()).hexdigest()[:8]


@dataclass(slots=True)
class Where:
    """Conditions of a statement, and the values of its parameters."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def value(self, value: Any, kind: str) -> str:
        """The place of a value in the statement."""
        self.values.append(value)
        return f"${len(self.values)}::{kind}"

    def plan_anew(self) -> None:
        """Have the statement planned for its values each time, which takes 0.2 ms.

        PostgreSQL plans a prepared statement once for all values when it believes that to be no
        worse; knowing no values it reads all that has common facilities for a word that is nowhere
        (11 ms for 0.1 ms). With a value the condition is true and gone; without, its cost, which
        nobody pays, keeps the plan for all values from being taken.
        """
        self.add(
            f"({self.value(True, 'boolean')} OR EXISTS (SELECT FROM listing_search a,"
            " listing_search b OFFSET 1000000000))"
        )

    def add(self, condition: str) -> None:
        """Another condition, all of which must hold."""
        self.parts.append(condition)

    def __str__(self) -> str:
        return " AND ".join(self.parts) or "true"


async def checked(wanted: ListingFilter) -> ListingFilter:
    """The filter with its text cleaned.

    Raises:
        InvalidInput: a text, list or radius over its limit, a number or point that can't be, no
            community of the town.
    """
    if wanted.community_code is not None:
        grid = await grid_by_code(wanted.community_code, field="filter.communityCode")
        if grid["level"] != GridLevel.COMMUNITY:
            raise InvalidInput(
                field="filter.communityCode",
                reason="NOT_COMMUNITY",
                zh="请选择社区",
                en="Name a community",
            )
    for name, path, most in _RANGES:
        within(getattr(wanted, name), 0, most, field=f"filter.{path}")
    for name in ("facilities", "safety"):
        _few(len(getattr(wanted, name)), field=f"filter.{name}")
    if wanted.near is not None:
        _check_point(wanted.near.longitude, wanted.near.latitude, "filter.near")
        within(wanted.near.radius, 1, LARGEST_RADIUS, field="filter.near.radius")
    if wanted.box is not None:
        check_box(wanted.box, field="filter.box")
    if wanted.text is None:
        return wanted
    text = clean(wanted.text, field="filter.text", longest=LONGEST_TEXT)
    return replace(wanted, text=text or None)


_RANGES: Final = (
    ("rent_from", "rentFrom", LARGEST_RENT_SOUGHT),
    ("rent_to", "rentTo", LARGEST_RENT_SOUGHT),
    ("area_from", "areaFrom", _LARGEST_AREA_SOUGHT),
    ("area_to", "areaTo", _LARGEST_AREA_SOUGHT),
)


def _few(count: int, *, field: str) -> None:
    if count > MOST_FEATURES:
        raise InvalidInput(
            field=field,
            reason="TOO_MANY",
            params={"maximum": MOST_FEATURES},
            zh="最多 {maximum} 项",
            en="At most {maximum}",
        )


def check_box(box: Box, *, field: str) -> None:
    """Refuse a box that is turned over or not on the globe."""
    _check_point(box.west, box.south, field)
    _check_point(box.east, box.north, field)
    if box.west >= box.east or box.south >= box.north:
        raise InvalidInput(
            field=field,
            reason="EMPTY_BOX",
            zh="地图范围不正确",
            en="West must be west of east, south south of north",
        )


def _check_point(longitude: float, latitude: float, field: str) -> None:
    if not (isfinite(longitude) and isfinite(latitude)):
        raise InvalidInput(
            field=field, reason="COORDINATE", zh="坐标不正确", en="Not a usable coordinate"
        )
    try:
        Point(longitude, latitude, Datum.GCJ02)
    except InvalidInput as refusal:
        raise InvalidInput(
            field=field, reason="COORDINATE", zh="坐标不正确", en="Not a usable coordinate"
        ) from refusal


def codes_of(wanted: ListingFilter) -> list[str]:
    """The codes that a listing must all have."""
    codes: list[str] = [*wanted.facilities, *wanted.safety]
    if wanted.let_by is not None:
        codes.append(let_code(wanted.let_by))
    if wanted.community_code is not None:
        codes.append(community(wanted.community_code))
    return sorted({str(code) for code in codes})


def bands_of(wanted: ListingFilter) -> list[list[str]]:
    """For each range, the codes of which a listing has one; ranges that are wide say nothing."""
    ranges = (
        bands_between(wanted.rent_from, wanted.rent_to, RENT_BANDS, "RENT"),
        bands_between(wanted.area_from, wanted.area_to, AREA_BANDS, "AREA"),
    )
    return [codes for codes in ranges if 0 < len(codes) <= 5]


def narrow(where: Where, wanted: ListingFilter, *, by_place: bool = True) -> None:
    """Add the conditions of a checked filter, its text excepted.

    Codes of communities and bands repeat what the columns say: with them the GIN index alone finds
    the few rows of a combination of which each part is common. ``by_place``: the index of points
    may be used for a circle; PostgreSQL takes every circle for a small one.
    """
    if codes := codes_of(wanted):
        where.add(f"features @> {where.value(codes, 'text[]')}")
    for codes in bands_of(wanted):
        where.add(f"features && {where.value(codes, 'text[]')}")
    span(where, wanted, "rent")
    span(where, wanted, "area")
    if wanted.area_to is not None:
        where.add("area > 0")
    if wanted.free_by is not None:
        where.add(f"available_from <= {where.value(wanted.free_by, 'date')}")
    if wanted.near is not None:
        east = "east" if by_place else "east + 0"
        where.add(f"point({east}, north) <@ {_circle(where, wanted.near)}")
    if wanted.box is not None:
        where.add(f"point(east, north) <@ {box_of(where, wanted.box)}")


def span(where: Where, wanted: ListingFilter, column: str) -> None:
    """Add the range of ``rent`` or ``area``."""
    ends = (("rent", ">=", wanted.rent_from), ("rent", "<=", wanted.rent_to),
            ("area", ">=", wanted.area_from), ("area", "<=", wanted.area_to))  # fmt: skip
    for name, way, value in ends:
        if name == column and value is not None:
            where.add(f"{column} {way} {where.value(value, 'numeric')}")


def _circle(where: Where, near: Near) -> str:
    east, north = public_on_plane(near.longitude, near.latitude)
    radius = near.radius * stretch(north)
    centre = f"point({where.value(east, 'float8')}, {where.value(north, 'float8')})"
    return f"circle({centre}, {where.value(radius, 'float8')})"


def box_of(where: Where, box: Box) -> str:
    """The box on the plane."""
    west, south = public_on_plane(box.west, box.south)
    east, north = public_on_plane(box.east, box.north)
    corners = [
        f"point({where.value(x, 'float8')}, {where.value(y, 'float8')})"
        for x, y in ((west, south), (east, north))
    ]
    return f"box({', '.join(corners)})"
