"""Live: news reaches an inbox that is open while it happens.

Messages on Redis hold ids alone and are not kept: the rows are the truth. Who watches is told
what came while nothing could be heard as soon as it can.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

import structlog

from core.database import fetch
from core.hearing import Heard, Missed, listening
from core.redis import DOWN, client
from identity.actor import Actor
from notifications.access import own_notifications, require_recipient
from notifications.telling import Recipient

LATE: Final = timedelta(minutes=1)
"""Longer than from the writing of a row to the message about it."""

_REMEMBERED: Final = 200

log = structlog.get_logger(__name__)


def channel(to: Recipient) -> str:
    """The Redis channel of somebody's inbox."""
    if to.account_id is not None:
        return f"inbox:account:{to.account_id}"
    return f"inbox:staff:{to.staff_id}"


async def show(ids: Sequence[UUID]) -> None:
    """Tell the open inboxes of the recipients. Without Redis they find out later."""
    rows = await fetch(
        "SELECT id, account_id, staff_id FROM notification WHERE id = ANY($1::uuid[])", list(ids)
    )
    try:
        async with client().pipeline(transaction=False) as pipe:
            for row in rows:
                to = Recipient(account_id=row["account_id"], staff_id=row["staff_id"])
                pipe.publish(channel(to), str(row["id"]))
            await pipe.execute()
    except DOWN as down:
        log.warning("inbox.not_shown", notifications=len(rows), exc_info=down)


async def watch(actor: Actor) -> AsyncIterator[UUID]:
    """The ids of the actor's notifications, from now on, each once; missed ones as well.

    Raises:
        Unauthenticated, NotFound: the actor has no inbox.
    """
    to = require_recipient(actor)
    shown: deque[UUID] = deque(maxlen=_REMEMBERED)
    async with listening(channel(to)) as heard:
        late = timedelta(0)
        while True:
            for notification_id in await _news(to, await heard.get(), late):
                if notification_id not in shown:
                    shown.append(notification_id)
                    yield notification_id
            late = LATE


async def _news(to: Recipient, heard: Heard, late: timedelta) -> list[UUID]:
    if not isinstance(heard, Missed):
        return [UUID(heard.decode())]
    return await _written_since(to, heard.since - late)


async def _written_since(to: Recipient, since: datetime) -> list[UUID]:
    query = own_notifications(to).filter(created_at__gte=since).order_by("created_at", "id")
    return cast("list[UUID]", await query.limit(_REMEMBERED).values_list("id", flat=True))
