"""Live activity of a grid: events become short messages on Redis, for who watches the grid.

One message goes to the channel of every grid above the place, so a watcher listens to one channel
whatever the level. Messages hold codes and ids only; nothing is kept: a watcher who was away
reads the lists.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from core.clock import now
from core.database import fetch
from core.redis import client
from identity.actor import Actor, Permission
from management.access import access_grid
from management.models.territory import codes_of


class GridEventKind(StrEnum):
    """What happened in a grid."""

    PLACE_FILED = "PLACE_FILED"
    PLACE_UPDATED = "PLACE_UPDATED"
    PLACE_CLOSED = "PLACE_CLOSED"
    ROOMS_ADDED = "ROOMS_ADDED"
    ROOM_UPDATED = "ROOM_UPDATED"
    LEASE_FILED = "LEASE_FILED"
    PLACE_BLOCKED = "PLACE_BLOCKED"
    PLACE_UNBLOCKED = "PLACE_UNBLOCKED"
    LISTING_PUBLISHED = "LISTING_PUBLISHED"
    WARDEN_POSTED = "WARDEN_POSTED"


def channel(grid_code: str) -> str:
    """The Redis channel of a grid."""
    return f"grid-activity:{grid_code}"


async def announce_place(kind: GridEventKind, place_id: UUID) -> None:
    """Tell who watches the grid of a place, or one above it."""
    rows = await fetch("SELECT id, code, grid_path FROM place WHERE id = $1", place_id)
    for row in rows:
        await _announce(kind, row["grid_path"], place_id=row["id"], place_code=row["code"])


async def announce_grid(kind: GridEventKind, grid_id: UUID) -> None:
    """Tell who watches a grid, or one above it."""
    for row in await fetch("SELECT path FROM grid WHERE id = $1", grid_id):
        await _announce(kind, row["path"])


async def _announce(
    kind: GridEventKind, path: str, *, place_id: UUID | None = None, place_code: str | None = None
) -> None:
    codes = codes_of(path)
    message = orjson.dumps(
        {
            "kind": kind,
            "at": now(),
            "grid_code": codes[-1],
            "place_id": place_id,
            "place_code": place_code,
        },
        default=str,  # asyncpg has a UUID type of its own
    )
    for code in codes:
        await client().publish(channel(code), message)


async def watch_grid(actor: Actor, *, grid_code: str) -> AsyncIterator[dict[str, Any]]:
    """Messages of a grid and those beneath it, from now on.

    Raises:
        Unauthenticated, NotFound: the grid is not in the actor's scope.
    """
    await access_grid(actor, code=grid_code, permission=Permission.ACTIVITY_READ)
    async with client().pubsub() as pubsub:
        await pubsub.subscribe(channel(grid_code))
        try:
            while True:
                # Redis' socket timeout would end a quiet subscription: ask in short turns.
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=0.1)
                if message is not None:
                    yield orjson.loads(message["data"])
        finally:
            # The Redis inside the process does not notice that a connection is gone.
            await pubsub.unsubscribe()
