"""How many statements a document costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from api.graphql.execution import Schema
from api.graphql.limits import Limits
from core.database import connection
from identity.actor import Actor
from management.territory import territory
from schema.build import build
from tests.schema.support import data_of

# The cost limit is held elsewhere; here nothing may depend on the number of rows.
WIDE = build(Schema, limits=Limits(cost=10**9, depth=30), seconds=60)


# Savepoints of nested units of work; what asyncpg asks about a type that a connection has not met,
# with jit switched off for it and on again.
DRIVERS_OWN = ("SAVEPOINT", "typeinfo_tree", "set_config('jit'")


@asynccontextmanager
async def statements() -> AsyncIterator[list[str]]:
    """What PostgreSQL is asked, as the driver sends it."""
    seen: list[str] = []
    driver: Any = connection()._connection  # type: ignore[attr-defined]  # that of the transaction
    with driver.query_logger(lambda record: seen.append(record.query)):
        yield seen
        await asyncio.sleep(0)  # the driver tells in the loop's next turn
    seen[:] = [text for text in seen if not any(words in text for words in DRIVERS_OWN)]


async def count(document: str, actor: Actor, variables: dict[str, Any]) -> int:
    """The number of statements once the grids are in memory."""
    await territory()
    async with statements() as seen:
        await data_of(document, actor, variables, schema=WIDE)
    print(document, *seen, sep="\n  ")  # shown when the number is not the expected one
    return len(seen)
