"""What the clock does: messages that a dead worker left are tried again, old ones go."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from core.clock import now
from core.database import execute, fetch
from core.jobs import periodic
from core.work import work
from identity.actor import SYSTEM
from notifications.webhooks import messages

KEPT: Final = timedelta(days=30)
"""Messages and their attempts, from when they were written."""

OVERDUE: Final = timedelta(seconds=30)
_BATCH: Final = 1000

log = structlog.get_logger(__name__)


@periodic("notifications.sweep_webhooks", cron="* * * * *")
async def sweep() -> None:
    """Each minute: one overdue message of each endpoint goes to the queue again.

    What else waits there follows it, as room allows.
    """
    async with work(SYSTEM):
        rows = await fetch(_OVERDUE, now(), now() - OVERDUE)
        await messages.defer(row["id"] for row in rows)
    if rows:
        log.info("webhooks.overdue", count=len(rows))


@periodic("notifications.forget_webhooks", cron="47 18 * * *")
async def forget() -> None:
    """Each night: messages older than thirty days go, and secrets that no longer sign."""
    await execute(
        "UPDATE webhook_endpoint SET earlier_secret = NULL, earlier_until = NULL"
        " WHERE earlier_until < $1",
        now(),
    )
    while await execute(_FORGET, now() - KEPT, _BATCH) == _BATCH:
        pass


_OVERDUE: Final = """
SELECT DISTINCT ON (m.endpoint_id) m.id
FROM webhook_message m JOIN webhook_endpoint e ON e.id = m.endpoint_id
WHERE m.state = 'PENDING' AND m.due_at < $2 AND (m.claimed_until IS NULL OR m.claimed_until < $1)
  AND (e.paused_until IS NULL OR e.paused_until < $1)
ORDER BY m.endpoint_id, m.due_at
"""
_FORGET: Final = """
DELETE FROM webhook_message WHERE id IN
  (SELECT id FROM webhook_message WHERE created_at < $1 ORDER BY created_at LIMIT $2)
"""
