"""The rows that are searched, made from listings, their places, rooms and pictures.

:func:`reindex` runs in the transaction of whatever changed one of these. What a missed change
would leave behind, :func:`reconcile` finds and repairs each night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from tortoise.transactions import in_transaction

from core.clock import SHANGHAI
from core.database import execute, fetch
from landlord.models import LetBy
from landlord.search.features import features_of
from landlord.search.ground import on_plane
from landlord.search.words import NAMED, lacking, spoken, tokens

FREE_ALREADY: Final = date(1970, 1, 1)
_FIRST_DAY: Final = date(2020, 1, 1)
_DAYS_A_POINT: Final = 2
_BATCH: Final = 500

SOURCE: Final = """
SELECT l.id, l.place_id, l.community_code, l.rent, coalesce(l.area, r.area) AS area,
       l.available_from, l.let_by, l.title, l.description, l.facilities, l.published_at,
       l.refreshed_at, l.deposit, l.water_price, l.electricity_price, p.name, p.street,
       p.door_number, p.longitude, p.latitude, p.exits, p.extinguishers, p.e_bike_charging,
       p.gas_bottles, p.risk_class, r.escape_window, g.name_zh AS community,
       (SELECT count(*) FROM listing_photo ph WHERE ph.listing_id = l.id) AS photos
FROM listing l JOIN place p ON p.id = l.place_id JOIN room r ON r.id = l.room_id
JOIN grid g ON g.code = l.community_code
WHERE l.state = 'PUBLISHED' AND
"""

COLUMNS: Final = (
    "listing_id", "place_id", "community_code", "rent", "area", "available_from", "east", "north",
    "published_at", "quality", "rank", "features", "heading", "words", "digest",
)  # fmt: skip

# Lists of words travel as one text each: tokens and codes hold no space.
WRITE: Final = f"""
INSERT INTO listing_search ({", ".join(COLUMNS)})
SELECT i, pl, c, re, ar, af, e, n, pu, q, ra, string_to_array(f, ' '),
       array_to_tsvector(string_to_array(h, ' ')), array_to_tsvector(string_to_array(w, ' ')), d
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::numeric[], $5::numeric[], $6::date[],
            $7::float8[], $8::float8[], $9::timestamptz[], $10::int[], $11::int[], $12::text[],
            $13::text[], $14::text[], $15::text[])
     AS t(i, pl, c, re, ar, af, e, n, pu, q, ra, f, h, w, d)
ON CONFLICT (listing_id) DO UPDATE SET
  {", ".join(f"{column} = excluded.{column}" for column in COLUMNS[1:])}
WHERE listing_search.digest <> excluded.digest
RETURNING 1 AS one
"""

# Two changes of one house at once would each write what they saw before the other.
_ONE_AT_A_TIME: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('search:' || place_id, 0))
FROM (SELECT DISTINCT place_id FROM listing WHERE
"""


def projected(source: Mapping[str, Any]) -> tuple[Any, ...]:
    """The row to search, in the order of ``COLUMNS``; lists of words joined by spaces."""
    codes = features_of(source)
    heading = _heading(source, codes)
    words = heading | tokens(source["description"])
    quality = quality_of(source)
    point: tuple[float | None, float | None] = (None, None)
    if source["longitude"] is not None:
        point = on_plane(source["longitude"], source["latitude"])
    row = (
        source["id"], source["place_id"], source["community_code"], source["rent"],
        source["area"] or Decimal(0), source["available_from"] or FREE_ALREADY, *point,
        source["published_at"], quality, _rank(source, quality), " ".join(sorted(codes)),
        " ".join(sorted(heading)), " ".join(sorted(words)),
    )  # fmt: skip
    return *row, blake2b("\n".join(map(str, row)).encode(), digest_size=16).hexdigest()


def _heading(source: Mapping[str, Any], codes: Iterable[str]) -> set[str]:
    named = ("title", "name", "street", "door_number", "community")
    # One by one: the end of one and the beginning of the next are no pair.
    found = set().union(*(tokens(source[name], singles=True) for name in named))
    address = f"{source['street']}{source['door_number']}"
    let_by = f"LET_{LetBy(source['let_by'])}"
    called = tokens(source["title"], singles=True) | tokens(source["community"], singles=True)
    says = {*source["facilities"], *spoken(source["title"]), let_by}
    if source["deposit"] == 0:
        says.add("NO_DEPOSIT")
    return found | tokens(address) | {NAMED + token for token in called} | says | _lacks(source)


def _lacks(source: Mapping[str, Any]) -> set[str]:
    """Codes of what the words deny; what is ticked is there all the same."""
    denied = {*lacking(source["title"]), *lacking(source["description"])}
    return denied - {f"LACKS_{facility}" for facility in source["facilities"]}


def quality_of(source: Mapping[str, Any]) -> int:
    """Points for what the offer says and shows, 0 to 10: none can be bought."""
    said = [
        source["photos"] >= 1,
        source["photos"] >= 3,
        source["photos"] >= 5,
        len(source["description"]) >= 40,
        source["area"] is not None,
        source["deposit"] is not None,
        source["water_price"] is not None and source["electricity_price"] is not None,
        len(source["facilities"]) >= 3,
        source["longitude"] is not None,
        source["available_from"] is not None,
    ]
    return sum(said)


def _rank(source: Mapping[str, Any], quality: int) -> int:
    """The day it was published; refreshing makes it age half as fast; a point is worth two days.

    It never depends on today, so an order by it stays the same while somebody turns pages.
    """
    published = source["published_at"].astimezone(SHANGHAI).date()
    refreshed = source["refreshed_at"]
    later = timedelta(0)
    if refreshed is not None:
        later = max(refreshed.astimezone(SHANGHAI).date() - published, later)
    days: int = (published - _FIRST_DAY).days + later.days // 2
    return days + _DAYS_A_POINT * quality


def columns_of(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """The parameters of ``WRITE`` for at least one projected row."""
    return [list(column) for column in zip(*rows, strict=True)]


async def reindex(*, listing_ids: Sequence[UUID] = (), place_id: UUID | None = None) -> int:
    """Write the rows of these listings, or of all of a place, as they are now; how many changed.

    Call it last in a transaction. Those that are not on offer have no row: a trigger saw to it.
    """
    where, value = ("id = ANY($1::uuid[])", list(listing_ids))
    if place_id is not None:
        where, value = "place_id = $1", place_id  # type: ignore[assignment]
    await fetch(f"{_ONE_AT_A_TIME} {where} ORDER BY 1) t", value)
    rows = [projected(source) for source in await fetch(f"{SOURCE} l.{where} ORDER BY l.id", value)]
    return len(await fetch(WRITE, *columns_of(rows))) if rows else 0


async def reconcile() -> int:
    """Compare every row with what it should be, repair those that differ; how many did."""
    repaired: int = await execute(
        "DELETE FROM listing_search s USING listing l"
        " WHERE l.id = s.listing_id AND l.state <> 'PUBLISHED'"
    )
    after = UUID(int=0)
    while True:
        sources = await fetch(f"{SOURCE} l.id > $1 ORDER BY l.id LIMIT $2", after, _BATCH)
        if not sources:
            return repaired
        after = sources[-1]["id"]
        ids = [source["id"] for source in sources]
        known = await fetch(
            "SELECT listing_id, digest FROM listing_search WHERE listing_id = ANY($1::uuid[])", ids
        )
        digests = {row["listing_id"]: row["digest"] for row in known}
        wrong = [s["id"] for s in sources if digests.get(s["id"]) != projected(s)[-1]]
        if wrong:
            async with in_transaction():
                repaired += await reindex(listing_ids=wrong)
