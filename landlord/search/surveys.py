"""What else can be found: counts by community, rent, facility and safety; places on a map.

Both read the rows that match a filter, up to a number that bounds their cost, and say when there
may be more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, log2
from typing import Any, Final
from uuid import UUID

from core.database import fetch
from landlord.models import Facility
from landlord.search.features import RENT_BANDS, SafetyFact
from landlord.search.filters import Box, ListingFilter, Where, box_of, check_box, checked, narrow
from landlord.search.finding import readings
from landlord.search.ground import on_globe, public_on_plane
from landlord.search.words import Query

MOST_COUNTED: Final = 5_000
MOST_ON_MAP: Final = 50_000
CELLS_ACROSS: Final = 16


@dataclass(frozen=True, slots=True)
class Counts:
    """How many listings there are with each value; at least so many, when ``capped``."""

    by_value: Mapping[str, int]
    capped: bool


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts by dimension, each for the filter without that dimension."""

    total: int
    capped: bool
    communities: Counts
    rents: Counts
    facilities: Counts
    safety: Counts


_CODES: Final = {
    "facilities": [facility.value for facility in Facility],
    "safety": [fact.value for fact in SafetyFact],
}
_VALUES: Final[Mapping[str, str]] = {
    "communities": "SELECT community_code AS value, count(*) AS n FROM {rows} GROUP BY 1",
    "rents": "SELECT width_bucket(rent, {bands})::text AS value, count(*) AS n"
    " FROM {rows} GROUP BY 1",
    "facilities": "SELECT f AS value, count(*) AS n FROM {rows}, unnest(features) f"
    " WHERE f = ANY({codes}) GROUP BY 1",
    "safety": "SELECT f AS value, count(*) AS n FROM {rows}, unnest(features) f"
    " WHERE f = ANY({codes}) GROUP BY 1",
}
_WITHOUT: Final[Mapping[str, Mapping[str, Any]]] = {
    "communities": {"community_code": None},
    "rents": {"rent_from": None, "rent_to": None},
    "facilities": {"facilities": ()},
    "safety": {"safety": ()},
}


async def listing_facets(*, filter_by: ListingFilter) -> Facets:
    """How a search could be narrowed further. For everybody; one statement.

    Raises:
        InvalidInput: a filter that can't be (:func:`landlord.search.filters.checked`).
    """
    wanted = await checked(filter_by)
    found: dict[str, dict[str, int]] = {}
    for query in await readings(wanted.text):
        found = await _count(wanted, query)
        if found["all"]["n"]:
            break

    def counts(name: str) -> Counts:
        values = dict(found[name])
        rows = values.pop("", 0)
        return Counts(values, rows >= MOST_COUNTED)

    total = found["all"]["n"]
    return Facets(
        total,
        total >= MOST_COUNTED,
        counts("communities"),
        counts("rents"),
        counts("facilities"),
        counts("safety"),
    )


async def _count(wanted: ListingFilter, query: Query | None) -> dict[str, dict[str, int]]:
    where = Where()
    parts = [f"r AS MATERIALIZED ({_matching(where, wanted, query)})"]
    asked = ["SELECT 'all' AS dimension, 'n' AS value, count(*) AS n FROM r"]
    for name, statement in _VALUES.items():
        rows = "r"
        without = replace(wanted, **_WITHOUT[name])
        if without != wanted:
            rows = f"r_{name}"
            parts.append(f"{rows} AS MATERIALIZED ({_matching(where, without, query)})")
        codes = where.value(_CODES[name], "text[]") if name in _CODES else ""
        bands = where.value(list(RENT_BANDS), "numeric[]") if name == "rents" else ""
        counted = statement.format(rows=rows, codes=codes, bands=bands)
        asked.append(f"SELECT '{name}', value, n FROM ({counted}) t")
        asked.append(f"SELECT '{name}', '', count(*) FROM {rows}")
    sql = f"WITH {', '.join(parts)} {' UNION ALL '.join(asked)}"
    answer: dict[str, dict[str, int]] = {name: {} for name in ("all", *_VALUES)}
    for row in await fetch(sql, *where.values):
        answer[row["dimension"]][row["value"]] = row["n"]
    rents = answer["rents"]
    answer["rents"] = {
        value if value == "" else str(RENT_BANDS[int(value) - 1]): n for value, n in rents.items()
    }
    return answer


def _matching(where: Where, wanted: ListingFilter, query: Query | None) -> str:
    here = Where(values=where.values)
    narrow(here, wanted)
    here.plan_anew()
    if query is not None:
        _match(here, query)
    return (
        "SELECT community_code, rent, features FROM listing_search"
        f" WHERE {here} LIMIT {MOST_COUNTED}"
    )


def _match(where: Where, query: Query) -> None:
    if query.terms:
        where.add(f"words @@ {where.value(str(query), 'tsquery')}")
    else:
        where.add("false")


@dataclass(frozen=True, slots=True)
class Spot:
    """Rooms on offer close together: of one house, or of several."""

    longitude: float
    latitude: float
    count: int
    lowest_rent: Any
    place_id: UUID | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What is on a piece of the map; the counts are at least so many when ``capped``."""

    spots: Sequence[Spot]
    capped: bool


async def listing_map(*, box: Box, filter_by: ListingFilter) -> Survey:
    """What is on offer in a piece of the map, gathered in cells of a grid that stays where it is
    when the map is moved. Points are CGCS2000 degrees. For everybody.

    Raises:
        InvalidInput: a filter or a box that can't be.
    """
    check_box(box, field="box")
    wanted = await checked(filter_by)
    survey = Survey([], capped=False)
    for query in await readings(wanted.text):
        survey = await _survey(box, wanted, query)
        if survey.spots:
            break
    return survey


async def _survey(box: Box, wanted: ListingFilter, query: Query | None) -> Survey:
    where = Where()
    narrow(where, wanted)
    where.plan_anew()
    where.add(f"point(east, north) <@ {box_of(where, box)}")
    if query is not None:
        _match(where, query)
    cell = where.value(_cell(box), "float8")
    rows = await fetch(
        "SELECT count(*) AS n, min(rent) AS rent, avg(east) AS east, avg(north) AS north,"
        " CASE WHEN min(place_id::text) = max(place_id::text) THEN min(place_id::text) END AS place"
        " FROM (SELECT east, north, rent, place_id FROM listing_search"
        f" WHERE {where} LIMIT {MOST_ON_MAP}) s"
        f" GROUP BY floor(east / {cell}), floor(north / {cell})"
        " ORDER BY n DESC, floor(min(east)), floor(min(north))",
        *where.values,
    )
    spots = [
        Spot(
            *on_globe(row["east"], row["north"]),
            row["n"],
            row["rent"],
            UUID(row["place"]) if row["place"] else None,
        )
        for row in rows
    ]
    return Survey(spots, capped=sum(spot.count for spot in spots) >= MOST_ON_MAP)


def _cell(box: Box) -> float:
    """The side of a cell in metres of the plane: a power of two, 8 to 16 across the longer side."""
    west, south = public_on_plane(box.west, box.south)
    east, north = public_on_plane(box.east, box.north)
    return float(2 ** ceil(log2(max(east - west, north - south, 1e-3) / CELLS_ACROSS)))
