"""Checks of PostgreSQL and Redis themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from api.ops.findings import Finding, failure, good, warning
from api.runtime import Ground
from core import redis
from core.clock import now
from core.database import fetch
from core.migrate import DatabaseFromBeforeTheRelease, pending

OLDEST_POSTGRES: Final = 15
OLDEST_REDIS: Final = 7
MOST_SKEW: Final = timedelta(seconds=5)
_REACH_SECONDS: Final = 8

Check = Callable[[Ground], Awaitable[Finding]]


async def redis_server(url: str | None) -> Finding:
    """Whether Redis answers, is new enough, and forgets nothing by itself."""
    name = "redis"
    if url is None:
        return good(name, "inside the process; one process only")
    try:
        async with redis.connected(url):
            told = await redis.client().info()
    except redis.DOWN as error:
        return failure(
            name,
            f"does not answer ({type(error).__name__})",
            "Start Redis, or correct REDIS_URL: address, password, rediss:// for TLS.",
        )
    version = str(told["redis_version"])
    if int(version.split(".")[0]) < OLDEST_REDIS:
        return failure(name, f"version {version}", f"Install Redis {OLDEST_REDIS} or newer.")
    policy = str(told.get("maxmemory_policy", "unknown"))
    if int(told.get("maxmemory", 0)) and policy != "noeviction":
        return warning(
            name,
            f"version {version}; when memory is full it drops keys ({policy}), counters of failed "
            "sign-ins among them",
            "Set `maxmemory-policy noeviction` in redis.conf.",
        )
    return good(name, f"version {version}, drops nothing by itself")


async def database(here: Ground) -> Finding:
    """Whether PostgreSQL answers and is new enough."""
    name = "database"
    try:
        async with asyncio.timeout(_REACH_SECONDS):
            found = await fetch(
                "SELECT current_setting('server_version') AS version,"
                " current_setting('server_version_num')::int / 10000 AS major"
            )
    except Exception as error:
        return failure(
            name,
            f"does not answer ({type(error).__name__})",
            "Start PostgreSQL, or correct DATABASE_URL: address, password, name of the database.",
        )
    version = str(found[0]["version"]).split()[0]
    if int(found[0]["major"]) < OLDEST_POSTGRES:
        remedy = f"Upgrade to PostgreSQL {OLDEST_POSTGRES} or newer."
        return failure(name, f"PostgreSQL {version}", remedy)
    kind = f"embedded, {here.cluster.data}" if here.cluster else "external"
    return good(name, f"PostgreSQL {version}, {kind}")


async def encoding(here: Ground) -> Finding:
    """Whether the database can hold every language."""
    found = str((await fetch("SHOW server_encoding"))[0]["server_encoding"])
    if found == "UTF8":
        return good("encoding", found)
    return failure(
        "encoding",
        found,
        "Make a database with ENCODING 'UTF8' TEMPLATE template0 and name it in DATABASE_URL.",
    )


async def migrations(here: Ground) -> Finding:
    """Whether the database has the schema of this version."""
    made = await fetch("SELECT to_regclass('public.tortoise_migrations') IS NOT NULL AS found")
    if not made[0]["found"]:
        return failure("migrations", "the database is empty", "Run `leye migrate`.")
    try:
        waiting = await pending(here.config)
    except DatabaseFromBeforeTheRelease as error:
        return failure("migrations", "from before the first release", str(error))
    if not waiting:
        return good("migrations", "none waits")
    shown = ", ".join(waiting[:3]) + (" ..." if len(waiting) > 3 else "")
    return failure("migrations", f"{len(waiting)} wait: {shown}", "Run `leye migrate`.")


async def clock(here: Ground) -> Finding:
    """Whether this machine and the database agree on the time."""
    before = now()
    found = (await fetch("SELECT clock_timestamp() AS at"))[0]["at"]
    return judge_clock(found, before + (now() - before) / 2)


def judge_clock(theirs: datetime, ours: datetime) -> Finding:
    """The finding for two readings of the same moment."""
    apart = abs(theirs - ours)
    says = f"{apart.total_seconds():.1f} s from the database's"
    if apart < MOST_SKEW:
        return good("clock", says)
    return failure("clock", says, "Let both machines keep time by NTP (timedatectl set-ntp true).")


async def connections(here: Ground) -> Finding:
    """Whether the server has room for the connections of this deployment."""
    name = "connections"
    row = (
        await fetch(
            "SELECT current_setting('max_connections')::int AS most,"
            " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used"
        )
    )[0]
    says = f"{row['used']} of {row['most']} in use, up to {here.settings.database_pool} a process"
    if here.settings.database_pool > int(row["most"]):
        remedy = "Lower LEYE_DATABASE_POOL or raise max_connections."
        return failure(name, says, remedy)
    if row["used"] > row["most"] * 0.8:
        remedy = "Raise max_connections, lower LEYE_DATABASE_POOL, or put pgbouncer in between."
        return warning(name, says, remedy)
    return good(name, says)


OF_DATABASE: Final[Sequence[tuple[str, Check]]] = (
    ("encoding", encoding),
    ("migrations", migrations),
    ("clock", clock),
    ("connections", connections),
)
