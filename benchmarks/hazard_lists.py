"""Hazards by the million: what one page of them costs, and what is reported nearby already.

A copy of the town gets open hazards at its places until there are a million. It is kept between
runs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any, Final

import asyncpg

from core.database import Connection, credentials
from core.embedded_postgres import Cluster, running
from management.hazards import nearby

OPEN: Final = 1_000_000
PAGE: Final = 50
NEAR_GOAL_MS: Final = 5.0
SPOTS: Final = 40
TIMES: Final = 5
NAME: Final = "bench_hazards"
ALT: Final = "量度用的图片"

# Hazards of a seeded town have no pictures: what is newest in each grid gets one, of the files of
# a listing's.
_PICTURES: Final = f"""
WITH newest AS (SELECT id, row_number() OVER (PARTITION BY grid_code ORDER BY id DESC) AS place
                  FROM hazard),
bare AS (SELECT h.id, row_number() OVER (ORDER BY h.id) AS n FROM newest h
          WHERE place <= {2 * PAGE}
            AND NOT EXISTS (SELECT FROM hazard_photo p WHERE p.hazard_id = h.id)),
files AS (SELECT key, width, height, row_number() OVER (ORDER BY key) - 1 AS n
            FROM (SELECT DISTINCT ON (key) * FROM photo WHERE purpose = 'LISTING') p),
made AS (
  INSERT INTO photo (id, key, purpose, width, height, alt_zh, alt_en, created_at)
  SELECT bare.id, f.key, 'HAZARD', f.width, f.height, '{ALT}', '', now() FROM bare
  JOIN files f ON f.n = bare.n % (SELECT count(*) FROM files) RETURNING id)
INSERT INTO hazard_photo (id, hazard_id, photo_id, role, position, shown)
SELECT gen_random_uuid(), id, id, 'FOUND', 0, false FROM made
"""
_GRIDS: Final = """
SELECT g.code, g.path FROM grid g JOIN hazard h ON starts_with(h.grid_path, g.path)
GROUP BY g.code, g.path HAVING count(*) > $1 ORDER BY length(g.path) DESC, g.code LIMIT 8
"""
_FILL: Final = """
INSERT INTO hazard (id, code, place_id, grid_path, community_code, grid_code, longitude, latitude,
                    category, severity, major, source, state, open, state_since, due_at,
                    assistants, summary, extended, enforced, not_fixed, reopened, escalations,
                    escalated_to, version, created_at, updated_at)
SELECT (lpad(to_hex((extract(epoch FROM m.at) * 1000)::bigint), 12, '0') || '7'
        || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       'M' || n, p.id, p.grid_path, p.community_code, p.grid_code,
       p.longitude + (random() - 0.5) / 2000, p.latitude + (random() - 0.5) / 2000,
       k.kinds[1 + n % array_length(k.kinds, 1)], 'GENERAL', false, 'RESIDENT', 'REPORTED', true,
       m.at, m.at + interval '1 day', '{}', '', false, false, 0, 0, 0, '', 1, m.at, m.at
FROM generate_series(1, $1) n
CROSS JOIN (SELECT array_agg(DISTINCT category) AS kinds FROM hazard) k
CROSS JOIN LATERAL (SELECT now() - (n % 90000) * interval '1 minute' AS at) m
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS at_place FROM place
       WHERE longitude IS NOT NULL) p
  ON p.at_place = n % (SELECT count(*) FROM place WHERE longitude IS NOT NULL)
"""


async def picture(raw: asyncpg.Connection) -> None:
    """Give a picture to each hazard that a first page shows."""
    await raw.execute(_PICTURES)


async def grids(raw: asyncpg.Connection) -> Sequence[asyncpg.Record]:
    """Code and path of a few grids, as small as can be, that have more than a page of hazards."""
    return await raw.fetch(_GRIDS, PAGE)


@contextmanager
def million() -> Iterator[str]:
    """The URL of the town with :data:`OPEN` open hazards, made once and kept."""
    with running("bench") as cluster:
        asyncio.run(_made(cluster))
        yield cluster.url_of(NAME)


async def _made(cluster: Cluster) -> None:
    raw = await asyncpg.connect(**credentials(cluster.url))
    try:
        if await raw.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", NAME):
            return
        unfinished = f"{NAME}_unfinished"
        await raw.execute(f"DROP DATABASE IF EXISTS {unfinished}")
        await raw.execute(f"CREATE DATABASE {unfinished} TEMPLATE bench_town")
        await _filled(cluster.url_of(unfinished))
        await raw.execute(f"ALTER DATABASE {unfinished} RENAME TO {NAME}")
    finally:
        await raw.close()


async def _filled(url: str) -> None:
    """Indexes are built at the end, constraints are not asked: the rows are made from the town's.

    Ids follow the time, as everywhere.
    """
    raw = await asyncpg.connect(**credentials(url))
    try:
        indexes = await raw.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'hazard'"
            " AND indexname LIKE 'hazard_%' AND indexdef NOT LIKE 'CREATE UNIQUE%'"
        )
        await raw.execute("SET session_replication_role = replica")
        for index in indexes:
            await raw.execute(f'DROP INDEX "{index["indexname"]}"')
        known = await raw.fetchval("SELECT count(*) FROM hazard WHERE open")
        await raw.execute(_FILL, OPEN - known)
        for index in indexes:
            await raw.execute(index["indexdef"])
        await picture(raw)
        await raw.execute("VACUUM ANALYZE hazard")
    finally:
        await raw.close()


async def near(url: str) -> float:
    """Milliseconds in the database of one look for what is reported nearby, at the median.

    At places of the town, where it is densest first.

    Raises:
        RuntimeError: there is not that much, or nothing near: nothing was measured.
    """
    raw = await asyncpg.connect(**credentials(url), connection_class=Connection)
    try:
        if await raw.fetchval("SELECT count(*) FROM hazard WHERE open") < OPEN:
            raise RuntimeError("too few open hazards")
        spots = await raw.fetch(_SPOTS, SPOTS)
        found = [await _looked(raw, spot) for spot in spots]
    finally:
        await raw.close()
    if not all(rows for _, rows in found):
        raise RuntimeError("nothing is near")
    return max(ms for ms, _ in found)


async def _looked(raw: asyncpg.Connection, spot: asyncpg.Record) -> tuple[float, int]:
    box = nearby.box_around(spot["longitude"], spot["latitude"])
    values = [spot["category"], spot["place_id"], *box, nearby.MOST_IN_BOX]
    plans: list[Any] = [
        json.loads(await raw.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {nearby.SQL}", *values))[0]
        for _ in range(TIMES)
    ]
    middle = median(plan["Planning Time"] + plan["Execution Time"] for plan in plans)
    return middle, plans[0]["Plan"]["Actual Rows"]


_SPOTS: Final = """
SELECT place_id, category, avg(longitude) AS longitude, avg(latitude) AS latitude
FROM hazard WHERE open AND longitude IS NOT NULL GROUP BY place_id, category
ORDER BY count(*) DESC, place_id LIMIT $1
"""
