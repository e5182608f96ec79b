"""The small town of the tests is made once a minute, and put back for every test by SQL.

To make it takes some 150 statements; to put its rows back takes one. Everything in it is as in
the moment it was made, which is no longer ago than a test may take.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, replace

from core.database import connection, fetch
from management.territory import forget_territory
from tests.schema.support import World, make_world

_SECONDS = 60

_TABLES = """
SELECT relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  AND relname NOT IN ('tortoise_migrations', 'job_schema')
"""


@dataclass(frozen=True)
class _Kept:
    world: World
    rows: str
    until: float


_kept: _Kept | None = None


async def world_anew() -> World:
    """Both tenants and everybody, in the running transaction on an empty database."""
    global _kept
    if _kept is not None and time.monotonic() < _kept.until:
        await connection().execute_script(_kept.rows)
        forget_territory()
        return _copy(_kept.world)
    until = time.monotonic() + _SECONDS
    world = await make_world()
    _kept = _Kept(_copy(world), await _rows(), until)
    return world


def _copy(world: World) -> World:
    """Rows that a test may change as it likes; nobody changes an actor."""
    return replace(deepcopy(replace(world, actors={})), actors=dict(world.actors))


async def _rows() -> str:
    """SQL that puts all rows of the running transaction back; nothing is checked or triggered."""
    statements = ["SET LOCAL session_replication_role = replica"]
    for table in await fetch(_TABLES):
        name = f'"{table["name"]}"'
        (found,) = await fetch(f"SELECT json_agg(t)::text AS rows FROM {name} t")
        if found["rows"] is not None:
            rows = f"json_populate_recordset(NULL::{name}, $rows${found['rows']}$rows$)"
            statements += [
                f"DELETE FROM {name}",
                f"INSERT INTO {name} OVERRIDING SYSTEM VALUE SELECT * FROM {rows}",
            ]
    return ";".join([*statements, "SET LOCAL session_replication_role = origin"])
