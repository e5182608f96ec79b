"""The connection to PostgreSQL: one Tortoise set-up for serve, worker, migrate and tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

CONNECT_SECONDS = 5
COMMAND_SECONDS = 5


class Connection(asyncpg.Connection):
    """An asyncpg connection that saves the pool's clean-up round trip on every release.

    Nothing here changes the state of a session: transactions end before release (the pool still
    sees to that), locks are transaction-scoped, LISTEN belongs to the job worker's own connections.
    """

    def get_reset_query(self) -> str:
        """Nothing to reset."""
        return ""


def credentials(url: str) -> dict[str, Any]:
    """Read a libpq URL (``postgresql://user:password@host:port/name?host=/socket/folder``)."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError("a database URL begins with postgresql://")
    options = dict(parse_qsl(parts.query))
    return {
        "host": options.pop("host", None) or parts.hostname or "127.0.0.1",
        "port": int(options.pop("port", None) or parts.port or 5432),
        "user": unquote(parts.username or options.pop("user", "postgres")),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.lstrip("/")) or "postgres",
        **({"ssl": options["sslmode"]} if "sslmode" in options else {}),
    }


def tortoise_config(
    url: str, apps: Mapping[str, Sequence[str]], *, pool: int = 10, statement_cache: int = 200
) -> dict[str, Any]:
    """Tortoise's configuration: ``apps`` maps each app to the modules that hold its models."""
    return {
        "connections": {
            "default": {
                "engine": "core.database_engine",
                "credentials": {
                    **credentials(url),
                    "minsize": 1,
                    "maxsize": pool,
                    "timeout": CONNECT_SECONDS,
                    "command_timeout": COMMAND_SECONDS,
                    "statement_cache_size": statement_cache,
                    "connection_class": Connection,
                },
            }
        },
        "apps": {
            app: {
                "models": list(modules),
                "default_connection": "default",
                "migrations": f"migrations.{app}",
            }
            for app, modules in apps.items()
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def patient(config: Mapping[str, Any]) -> dict[str, Any]:
    """The same with one connection that waits for ever: for what may take minutes."""
    default = config["connections"]["default"]
    limits = {"minsize": 1, "maxsize": 1, "command_timeout": None}
    return {
        **config,
        "connections": {
            "default": {**default, "credentials": {**default["credentials"], **limits}}
        },
    }


@asynccontextmanager
async def connected(config: Mapping[str, Any]) -> AsyncIterator[None]:
    """Tortoise initialised for as long as the block runs."""
    # The fallback lets code outside the task that initialised (a lifespan, a worker) find it.
    await Tortoise.init(config=dict(config), _enable_global_fallback=True)
    try:
        yield
    finally:
        await Tortoise.close_connections()


def connection() -> BaseDBAsyncClient:
    """The connection of the running transaction, or the pool when there is none."""
    return get_connection("default")


async def fetch(sql: str, *values: Any) -> list[dict[str, Any]]:
    """Run one statement and answer its rows as dicts."""
    return await connection().execute_query_dict(sql, list(values))


async def execute(sql: str, *values: Any) -> int:
    """Run one statement and answer the number of rows it changed."""
    changed, _ = await connection().execute_query(sql, list(values))
    return changed


def open_connections() -> int:
    """How many connections the pool holds open; 0 before the first."""
    pool = _pool()
    return pool.get_size() if pool else 0


def busy_connections() -> int:
    """How many of them a statement or a transaction holds."""
    pool = _pool()
    return pool.get_size() - pool.get_idle_size() if pool else 0


def _pool() -> asyncpg.Pool | None:
    return getattr(get_connection("default"), "_pool", None)


async def ping() -> None:
    """Raise when PostgreSQL does not answer."""
    await fetch("SELECT 1 AS one")
