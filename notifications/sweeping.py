"""Each minute: what is due goes out, and what a dead worker had in its hands goes on.

This is what sends after quiet hours, after a pause of a channel, and once more after a failure.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from core.clock import now
from core.database import fetch
from core.ids import uuid7_floor
from core.jobs import periodic
from notifications import pauses
from notifications.metrics import OLDEST, WAITING
from notifications.routing import avoid_paused, route
from notifications.sending import give_up_lost, send_due
from notifications.topics import RULES

SECONDS: Final = 45
"""A sweep ends before the next begins; what is left waits for that."""
BATCH: Final = 200


FORGOTTEN_AFTER: Final = timedelta(minutes=15)
FORGOTTEN_UNTIL: Final = timedelta(hours=6)
"""Between these ages a notification has its way, or the job that plans it failed for good."""


@periodic("notifications.sweep", cron="* * * * *")
async def sweep() -> None:
    """Go on with what stands still."""
    until = asyncio.get_running_loop().time() + SECONDS
    await pauses.end_those_over()
    while await give_up_lost(BATCH) == BATCH:
        pass
    await avoid_paused(BATCH)
    await route_forgotten(BATCH)
    await send_due(until=until)
    await measure()


async def route_forgotten(limit: int) -> int:
    """Plan the way of notifications that have none; answers how many there were."""
    at = now()
    rows = await fetch(
        _FORGOTTEN,
        uuid7_floor(at - FORGOTTEN_UNTIL),
        uuid7_floor(at - FORGOTTEN_AFTER),
        [topic.value for topic, rule in RULES.items() if rule.channels],
        limit,
    )
    await route([row["id"] for row in rows])
    return len(rows)


async def measure() -> None:
    """Set the gauges: how many messages are due, and since when."""
    stopped = [channel.value for channel in await pauses.paused()]
    rows = await fetch(
        "SELECT count(*) AS waiting, min(due_at) FILTER (WHERE channel <> ALL($2::text[])) AS since"
        " FROM delivery WHERE state = 'PLANNED' AND due_at <= $1",
        now(),
        stopped,
    )
    since = rows[0]["since"]
    WAITING.set(rows[0]["waiting"])
    OLDEST.set((now() - since).total_seconds() if since else 0)


# Ids begin with the time, so their index serves; every channel that is passed over leaves a row.
_FORGOTTEN: Final = """
SELECT n.id FROM notification n
WHERE n.id >= $1 AND n.id < $2 AND n.account_id IS NOT NULL AND n.topic = ANY($3::text[])
  AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notification_id = n.id)
ORDER BY n.id LIMIT $4
"""
