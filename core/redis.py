"""The connection to Redis: limits, live updates and caches. Nothing that must last is kept there.

Without an address the server runs inside the process, for trying out: one process only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

# Nobody waits for a hung Redis: what needs it says so, what can do without goes on.
ANSWER_SECONDS = 0.2
POOL_SECONDS = 1.0
POOL_SIZE = 50

# What a command raises when Redis is stopped, hung, full or unreachable.
DOWN = (RedisError, OSError)

_client: Redis | None = None

log = structlog.get_logger(__name__)


def _open(url: str | None) -> Redis:
    if url is None:
        # With it comes numpy: 40 MB that a process with a real Redis does without.
        from fakeredis import FakeAsyncRedis, FakeServer

        log.info("redis.in_process")
        return FakeAsyncRedis(server=FakeServer())
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=POOL_SIZE,
        timeout=POOL_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


@asynccontextmanager
async def connected(url: str | None) -> AsyncIterator[None]:
    """Redis at hand for as long as the block runs; ``None`` is the one inside the process.

    Opens no connection yet: a Redis that is down does not keep the service from starting.
    """
    global _client
    before, _client = _client, _open(url)
    opened = _client
    try:
        yield
    finally:
        _client = before
        await opened.aclose()


def client() -> Redis:
    """The client of this process.

    Raises:
        RuntimeError: outside of :func:`connected`; a programming error.
    """
    if _client is None:
        raise RuntimeError("core.redis.connected() does not run")
    return _client


async def ping() -> None:
    """Raise one of :data:`DOWN` when Redis does not answer."""
    await client().ping()
