"""The small town of the tests is made once a minute, and put back for every test by SQL.

To make it takes some 150 statements; to put its rows back takes one. Everything in it is as in
the moment it was made, which is no longer ago than a test may take.
"""

from __future__ import annotations

import pickle
import time
from dataclasses import dataclass, replace

from core.database import connection, fetch
from identity.actor import Actor
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
    world: bytes
    actors: dict[str, Actor]
    rows: str
    until: float

    def copy(self) -> World:
        """Rows that a test may change as it likes; nobody changes an actor."""
        world: World = pickle.loads(self.world)
        return replace(world, actors=dict(self.actors))


_kept: _Kept | None = None


async def world_anew() -> World:
    """Both tenants and everybody, in the running transaction on an empty database."""
    global _kept
    if _kept is not None and time.monotonic() < _kept.until:
        await connection().execute_script(_kept.rows)
        forget_territory()
        return _kept.copy()
    until = time.monotonic() + _SECONDS
    world = await make_world()
    kept = pickle.dumps(replace(world, actors={}))
    _kept = _Kept(kept, dict(world.actors), await _rows(), until)
    return world


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
