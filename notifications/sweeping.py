"""Each minute: what is due goes out, and what a dead worker had in its hands goes on.

This is what sends after quiet hours, after a pause of a channel, and once more after a failure.
"""

from __future__ import annotations

import asyncio
from typing import Final

from core.clock import now
from core.database import fetch
from core.jobs import periodic
from notifications import pauses
from notifications.metrics import OLDEST, WAITING
from notifications.routing import avoid_paused
from notifications.sending import give_up_lost, send_due

SECONDS: Final = 45
"""A sweep ends before the next begins; what is left waits for that."""
BATCH: Final = 200


@periodic("notifications.sweep", cron="* * * * *")
async def sweep() -> None:
    """Go on with what stands still."""
    until = asyncio.get_running_loop().time() + SECONDS
    await pauses.end_those_over()
    while await give_up_lost(BATCH) == BATCH:
        pass
    await avoid_paused(BATCH)
    await send_due(until=until)
    await measure()


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
