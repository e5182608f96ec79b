"""Pauses of a channel: nothing is sent on it, nothing is lost, and what waits goes out afterwards.

Staff pause a channel; the service pauses it itself when the provider's quota of the day is used
up, and such a pause ends by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from core.clock import now
from core.database import execute, fetch
from core.ids import uuid7
from notifications.models import Channel

QUOTA_USED_UP: Final = "QUOTA_USED_UP"
"""The reason of a pause that the service made."""

Paused = Mapping[Channel, datetime | None]
"""Each channel that is paused now, with the moment at which that ends if it is known."""


async def paused() -> Paused:
    """The pauses in force."""
    rows = await fetch(
        "SELECT channel, until FROM channel_pause"
        " WHERE ended_at IS NULL AND (until IS NULL OR until > $1)",
        now(),
    )
    return {Channel(row["channel"]): row["until"] for row in rows}


async def pause_until(channel: Channel, until: datetime, *, reason: str = QUOTA_USED_UP) -> None:
    """Pause a channel on the service's own account; one that is paused already stays as it is.

    Needs a running transaction. Many workers may hear of the same at the same time.
    """
    await end_those_over(channel)
    await execute(
        "INSERT INTO channel_pause (id, channel, reason, paused_at, until)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        uuid7(),
        channel.value,
        reason,
        now(),
        until,
    )


async def end_those_over(channel: Channel | None = None) -> int:
    """Note the end of pauses whose time is over."""
    return await execute(
        "UPDATE channel_pause SET ended_at = until"
        " WHERE ended_at IS NULL AND until <= $1 AND ($2::text IS NULL OR channel = $2)",
        now(),
        channel.value if channel else None,
    )
