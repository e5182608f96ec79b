"""Connections go back to the pool, also when a transaction does not come to be."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import asyncpg
import pytest
from tortoise.exceptions import DBConnectionError
from tortoise.transactions import in_transaction

from core.database import busy_connections, connection, ping

ENDED = (
    OSError,
    DBConnectionError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.InternalClientError,  # the server said good-bye, and has not hung up yet
)


async def test_who_gives_up_while_a_transaction_begins_leaves_no_connection_behind(
    committed_db: None,
) -> None:
    outside = connection()
    for _ in range(3):
        await ping()  # a connection lies ready: nothing but BEGIN has to be waited for
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), in_transaction():
                pytest.fail("it was not given up")
        assert busy_connections() == 0
        assert connection() is outside
    async with in_transaction():
        await ping()
    assert busy_connections() == 0


async def test_a_server_that_ends_connections_costs_the_pool_none(
    committed_db: None, server_url: str, database_url: str
) -> None:
    admin = await asyncpg.connect(server_url)
    outside = connection()
    try:
        for _ in range(20):
            while not await answers():
                pass
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                urlsplit(database_url).path.lstrip("/"),
            )
            with suppress(*ENDED):
                async with in_transaction():
                    await ping()
            assert busy_connections() == 0
            assert connection() is outside
        while not await answers():
            pass
    finally:
        await admin.close()


async def test_connections_are_busy_while_a_transaction_runs(committed_db: None) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with in_transaction():
            begun.set()
            await over.wait()

    holding = asyncio.create_task(hold())
    await begun.wait()
    assert busy_connections() == 1
    over.set()
    await holding
    assert busy_connections() == 0


async def answers() -> bool:
    """Whether the pool has noticed that its connections were ended."""
    try:
        await ping()
    except ENDED:
        return False
    return True
