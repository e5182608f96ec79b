"""Checks of what the database holds: jobs, grids, posts, the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby, pairwise
from typing import Any, Final

import orjson

from api.ops.checks_servers import Check
from api.ops.findings import Finding, failure, good, skipped, warning
from api.runtime import Ground
from core.audit import CHAINS
from core.database import fetch
from core.jobs import HEARTBEAT_SECONDS, STALLED_SECONDS
from identity.actor import Role
from management.models import GridLevel
from management.posts import posts_by_grid

_SLOW_SECONDS: Final = 60
_STUCK_SECONDS: Final = 600
_WARDENS: Final = 2  # A and B of a post (AB岗): somebody is there when one is away
_ENTRIES: Final = 50
_SHOWN: Final = 5


async def workers(here: Ground) -> Finding:
    """Whether somebody runs the background jobs, and whether somebody died at it."""
    row = (
        await fetch(
            "SELECT count(*) FILTER (WHERE last_heartbeat > now() - make_interval(secs => $1))"
            " AS alive, (SELECT count(*) FROM procrastinate_jobs j"
            " LEFT JOIN procrastinate_workers w ON w.id = j.worker_id WHERE j.status = 'doing'"
            " AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => $2)))"
            " AS stalled FROM procrastinate_workers",
            float(3 * HEARTBEAT_SECONDS),
            # Living workers take such jobs over each minute.
            float(STALLED_SECONDS + 2 * _SLOW_SECONDS),
        )
    )[0]
    if row["stalled"]:
        return failure(
            "workers",
            f"{row['stalled']} jobs belong to workers that died, and nobody took them over",
            "Start a worker: systemctl restart leye-worker, or `leye worker`.",
        )
    if not row["alive"]:
        grave = failure if here.settings.production else warning
        return grave("workers", "none is at work", "Start `leye worker`, or `leye serve`.")
    return good("workers", f"{row['alive']} at work")


async def jobs(here: Ground) -> Finding:
    """Whether background jobs are done in time, and whether some were given up."""
    row = (
        await fetch(
            "SELECT count(*) FILTER (WHERE j.status = 'failed') AS failed,"
            " count(*) FILTER (WHERE due.at IS NOT NULL) AS waiting,"
            " coalesce(extract(epoch FROM now() - min(due.at)), 0)::float AS lag"
            " FROM procrastinate_jobs j LEFT JOIN LATERAL ("
            "  SELECT coalesce(j.scheduled_at, max(e.at)) AS at FROM procrastinate_events e"
            "  WHERE e.job_id = j.id AND j.status = 'todo'"
            "  AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())"
            " ) due ON j.status = 'todo' WHERE j.status IN ('todo', 'failed')"
        )
    )[0]
    says = f"{row['waiting']} due, the oldest for {row['lag']:.0f} s; {row['failed']} failed"
    if row["lag"] > _STUCK_SECONDS:
        return failure(
            "jobs", says, "Start a worker, or more of them: systemctl status leye-worker."
        )
    if row["lag"] > _SLOW_SECONDS:
        return warning("jobs", says, "If it grows, start more workers.")
    if row["failed"]:
        return warning(
            "jobs",
            says,
            "The worker's log tells why (journalctl -u leye-worker); they are not tried again.",
        )
    return good("jobs", says)


async def grids(here: Ground) -> Finding:
    """Whether the territory is there and its outlines can be used."""
    rows = await fetch("SELECT code, boundary FROM grid WHERE level = $1", GridLevel.GRID.value)
    if not rows:
        return failure("grids", "there are none", "Run `leye grids load`.")
    try:
        shapes = [(row["code"], orjson.loads(row["boundary"] or "null")) for row in rows]
        missing = [code for code, shape in shapes if shape is None]
        if missing:
            raise ValueError(f"{', '.join(missing[:_SHOWN])}: no boundary")
        # numpy and shapely: no other command pays for them.
        from management.territory_map import TerritoryMap

        TerritoryMap(shapes)
    except (ValueError, TypeError, KeyError) as fault:
        remedy = "Correct the outline, or bring the project's back with `leye grids load`."
        return failure("grids", str(fault), remedy)
    return good("grids", f"{len(rows)} grids of the third level, every outline valid")


async def wardens(here: Ground) -> Finding:
    """Whether each third-level grid has two wardens in post."""
    rows = await fetch("SELECT code FROM grid WHERE level = $1", GridLevel.GRID.value)
    if not rows:
        return skipped("wardens", "there are no grids")
    posts = await posts_by_grid([row["code"] for row in rows])
    short = sorted(code for code, held in posts.items() if _wardens(held) < _WARDENS)
    if short:
        shown = ", ".join(short[:_SHOWN]) + (" ..." if len(short) > _SHOWN else "")
        return warning(
            "wardens",
            f"{len(short)} of {len(rows)} grids have fewer than two: {shown}",
            "Post a warden and a deputy to each (console, or `leye staff add`).",
        )
    return good("wardens", f"two or more in each of {len(rows)} grids")


def _wardens(posts: Sequence[dict[str, Any]]) -> int:
    return len({post["staff_id"] for post in posts if post["role"] == Role.WARDEN.value})


async def audit_trail(here: Ground) -> Finding:
    """Whether the ends of the audit chains hold together (the whole is `leye audit verify`)."""
    rows = await fetch(
        "SELECT c.chain, c.seq AS head_seq, c.base_seq, c.head, e.seq, e.payload, e.hash"
        " FROM audit_chain c LEFT JOIN LATERAL (SELECT seq, payload, hash FROM audit_entry"
        "  WHERE chain = c.chain ORDER BY seq DESC LIMIT $1) e ON true ORDER BY c.chain, e.seq",
        _ENTRIES,
    )
    chains = {chain: list(ends) for chain, ends in groupby(rows, key=lambda row: row["chain"])}
    broken = [chain for chain in range(CHAINS) if not _holds(chains.get(chain, []))]
    if broken:
        return failure(
            "audit trail",
            f"chains {', '.join(map(str, broken))} don't hold together",
            "Run `leye audit verify`, keep the database as it is, and tell who answers for it.",
        )
    checked = sum(row["seq"] is not None for row in rows)
    return good("audit trail", f"the last {checked} entries of {CHAINS} chains hold together")


def _holds(ends: Sequence[dict[str, Any]]) -> bool:
    """Whether the last entries of a chain follow from each other and end in its head."""
    if not ends:
        return False
    head = ends[-1]
    if head["seq"] is None:  # empty, or pruned whole: the full check knows the beginning
        return bool(head["head_seq"] == head["base_seq"])
    linked = all(
        later["seq"] == before["seq"] + 1
        and sha256(before["hash"] + later["payload"].encode()).digest() == later["hash"]
        for before, later in pairwise(ends)
    )
    return linked and head["seq"] == head["head_seq"] and head["hash"] == head["head"]


OF_CONTENTS: Final[Sequence[tuple[str, Check]]] = (
    ("workers", workers),
    ("jobs", jobs),
    ("grids", grids),
    ("wardens", wardens),
    ("audit trail", audit_trail),
)
