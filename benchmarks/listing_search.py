"""What one search of listings costs the database: ``python -m benchmarks.listing_search``.

The statements that find a page are timed on one connection, in the town of 30,000 listings (16,500
of them public) and among 300,000 public ones, made from the town's with other words, prices and
points. Each search runs nine times, the first does not count; medians are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import asyncpg
from rich.console import Console
from rich.table import Table

from api.assembly import database_config
from benchmarks.servers import prepared
from core.database import connected, credentials, fetch, patient
from core.embedded_postgres import running
from core.keyset import Page
from core.settings import settings
from landlord.models import Facility
from landlord.search import ListingFilter, ListingOrder, Near, finding, list_listings
from landlord.search.frequencies import forget_frequencies
from landlord.search.projection import reconcile

PUBLIC: Final = 300_000
GOAL_MS: Final = 15.0
TIMES: Final = 9
DEEP_PAGES: Final = 20  # of a hundred

# The search's own rows are copied with their listings. Nothing here writes through the domain, so
# what keeps a room from being offered twice is dropped: no search reads that index.
COPY: Final = (
    "SET maintenance_work_mem = '256MB'",
    "SET session_replication_role = replica",
    "DROP INDEX listing_one_on_offer",
    "CREATE TEMP TABLE copied AS SELECT s.*, gen_random_uuid() AS new_id, random() AS r,"
    " ARRAY(SELECT chr(19968 + (c * 911) % 20000) || chr(19968 + (c * 677) % 20000) FROM"
    " (SELECT floor(6000 * random() ^ 2)::int AS c FROM generate_series(1, 24 + n * 0)) w) AS more"
    " FROM generate_series(1, $1) n, listing_search s",
    "INSERT INTO listing (id, room_id, place_id, landlord_id, community_code, state, let_by, beds,"
    " title, description, rent, deposit, area, facilities, published_at, refreshed_at,"
    " review_reason, version, created_at, updated_at)"
    " SELECT c.new_id, l.room_id, l.place_id, l.landlord_id, l.community_code, l.state, l.let_by,"
    " l.beds, l.title, l.description, l.rent + floor(c.r * 400), l.deposit, l.area, l.facilities,"
    " l.published_at - c.r * interval '90 days', l.refreshed_at, l.review_reason, l.version,"
    " l.created_at, l.updated_at FROM copied c JOIN listing l ON l.id = c.listing_id",
    "INSERT INTO listing_search (listing_id, place_id, community_code, rent, area, available_from,"
    " east, north, published_at, quality, rank, features, heading, words, digest)"
    " SELECT c.new_id, c.place_id, c.community_code, c.rent + floor(c.r * 400),"
    " c.area + round((c.r * 9)::numeric, 1), c.available_from, c.east + random() * 400 - 200,"
    " c.north + random() * 400 - 200, c.published_at - c.r * interval '90 days', c.quality,"
    " c.rank - floor(c.r * 90)::int, c.features,"
    " array_to_tsvector(tsvector_to_array(c.heading) || c.more[1:3]"
    "  || CASE WHEN c.r < 0.0002 THEN ARRAY['鹦鹉'] ELSE '{}' END),"
    " array_to_tsvector(tsvector_to_array(c.words) || c.more"
    "  || CASE WHEN c.r < 0.0002 THEN ARRAY['鹦鹉'] WHEN c.r < 0.02 THEN ARRAY['云雀']"
    "  ELSE '{}' END), c.digest FROM copied c",
    "ANALYZE listing_search",
    "ANALYZE listing",
)

SOME: Final[Mapping[str, Any]] = {
    "facilities": (Facility.AIR_CONDITIONER, Facility.HOT_WATER),
    "rent_from": Decimal(500),
    "rent_to": Decimal(900),
}
NEAR: Final = Near(longitude=113.676, latitude=22.937, radius=3000)
TEXTS: Final[Mapping[str, str | None]] = {
    "no word": None,
    "common word": "单间",
    "two common words": "单间 阳台",
    "middling word": "云雀",
    "rare word": "鹦鹉",
    "absent word": "查无此词",
}


async def enlarge(url: str) -> None:
    """Fill a copy of the town up to 300,000 public listings. Indexes are built at the end."""
    raw = await asyncpg.connect(**credentials(url))
    try:
        public = await raw.fetchval("SELECT count(*) FROM listing_search")
        indexes = await raw.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'listing_search'"
            " AND indexname <> 'listing_search_pkey'"
        )
        for index in indexes:
            await raw.execute(f'DROP INDEX "{index["indexname"]}"')
        for statement in COPY:
            values = [PUBLIC // public - 1] if "$1" in statement else []
            await raw.execute(statement, *values)
        for index in indexes:
            await raw.execute(index["indexdef"])
        await raw.execute("VACUUM ANALYZE listing_search")
    finally:
        await raw.close()


async def brought_up(url: str) -> None:
    """The rows of the town as this code makes them, and statistics."""
    async with connected(patient(database_config(url, settings()))):
        await reconcile()
        await fetch("ANALYZE listing_search")


@contextmanager
def large(town_url: str) -> Iterator[str]:
    """The town enlarged, made once and kept."""
    with running("bench") as cluster:
        url = cluster.url_of("bench_search")
        if not asyncio.run(_there(cluster.url)):
            asyncio.run(_run(cluster.url, "DROP DATABASE IF EXISTS bench_search_unfinished"))
            asyncio.run(
                _run(cluster.url, "CREATE DATABASE bench_search_unfinished TEMPLATE bench_town")
            )
            asyncio.run(enlarge(cluster.url_of("bench_search_unfinished")))
            asyncio.run(
                _run(cluster.url, "ALTER DATABASE bench_search_unfinished RENAME TO bench_search")
            )
        yield url


async def _there(url: str) -> bool:
    raw = await asyncpg.connect(**credentials(url))
    try:
        return bool(await raw.fetchval("SELECT 1 FROM pg_database WHERE datname = 'bench_search'"))
    finally:
        await raw.close()


async def _run(url: str, statement: str) -> None:
    raw = await asyncpg.connect(**credentials(url))
    try:
        await raw.execute(statement)
    finally:
        await raw.close()


class Clock:
    """Stands where the search reads, and adds up how long that takes."""

    def __init__(self) -> None:
        self.spent = 0.0

    async def fetch(self, sql: str, *values: Any) -> Any:
        """The same rows, timed."""
        begin = perf_counter()
        try:
            return await fetch(sql, *values)
        finally:
            self.spent += perf_counter() - begin


class Measured(NamedTuple):
    """One search: milliseconds of its first page, and of a deep one where there is one."""

    words: str
    filters: str
    order: str
    first: float
    deep: float | None


async def timed(clock: Clock, order: ListingOrder, page: Page, **asked: Any) -> float:
    """Milliseconds of the statements that find one page."""
    spent = []
    for _ in range(TIMES):
        clock.spent = 0.0
        await list_listings(
            filter_by=ListingFilter(**asked), order=order, page=page, columns=("id", "rent")
        )
        spent.append(clock.spent * 1000)
    return median(spent[1:])


async def deep(order: ListingOrder, **asked: Any) -> Page | None:
    """A page some two thousand rows on, where there are as many."""
    cursor = None
    for _ in range(DEEP_PAGES):
        found = await list_listings(
            filter_by=ListingFilter(**asked), order=order, page=Page(100, cursor), columns=("id",)
        )
        if not found.has_next:
            return None
        cursor = found.cursor(-1)
    return Page(20, cursor)


def every_search() -> Iterator[tuple[str, ListingOrder, dict[str, Any]]]:
    """Name of the words, order, filter."""
    for name, text in TEXTS.items():
        for order in ListingOrder:
            if order is ListingOrder.RELEVANCE and text is None:
                continue
            near = {"near": NEAR} if order is ListingOrder.NEAREST else {}
            for narrowed in ({}, SOME):
                yield name, order, {"text": text, **narrowed, **near}


async def measure(url: str) -> list[Measured]:
    """Milliseconds of the first page and of a deep one, for every search."""
    results = []
    forget_frequencies()
    clock = Clock()
    async with connected(database_config(url, settings())):
        with patch.object(finding, "fetch", clock.fetch):
            for words, order, asked in every_search():
                first = await timed(clock, order, Page(20), **asked)
                further = await deep(order, **asked)
                later = await timed(clock, order, further, **asked) if further else None
                filters = "filters" if "rent_to" in asked else ""
                results.append(Measured(words, filters, order.value, first, later))
    return results


def report(title: str, results: list[Measured]) -> bool:
    """Print the table; whether every page meets the goal."""
    table = Table(title=title)
    for heading in ("words", "filters", "order", "first page ms", "deep page ms"):
        table.add_column(heading, justify="right" if "ms" in heading else "left")
    good = True
    for words, filters, order, first, later in results:
        shown = []
        for one in (first, later):
            met = one is None or one < GOAL_MS
            good = good and met
            shown.append("" if one is None else f"[{'green' if met else 'red'}]{one:.1f}[/]")
        table.add_row(words, filters, order, *shown)
    Console(width=100).print(table)
    return good


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=["both", "town", "large"], default="both")
    chosen = parser.parse_args()
    good = True
    with prepared("town") as town:
        asyncio.run(brought_up(town.url))
        if chosen.size != "large":
            good = report("The town", asyncio.run(measure(town.url)))
        if chosen.size != "town":
            with large(town.url) as url:
                good = report(f"{PUBLIC:,} public listings", asyncio.run(measure(url))) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    os.environ.setdefault("LEYE_ENV", "development")
    main()
