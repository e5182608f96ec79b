"""The job behind every notification: shown live, its way planned, and sent as far as it is due."""

from __future__ import annotations

from uuid import UUID

from core.jobs import job
from notifications.live import show
from notifications.routing import route
from notifications.sending import send_due
from notifications.telling import DISPATCH, QUEUE


@job(DISPATCH, queue=QUEUE)
async def dispatch(version: int, ids: list[str]) -> None:
    """Bring notifications to people; run twice, or by two at once, it sends once."""
    wanted = [UUID(each) for each in ids]
    await show(wanted)
    await route(wanted)
    await send_due(wanted)
