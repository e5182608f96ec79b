"""The way of a notification out of the service: the first channel of its topic that is open.

What is not used leaves a row that says why, so that the log explains everything. Of a notice to
thousands only those leave rows who can be reached.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tortoise.transactions import in_transaction

from core.clock import now
from core.database import execute, fetch
from core.ids import uuid7
from notifications.attempts import PAUSED
from notifications.models import Channel, DeliveryState
from notifications.pauses import paused
from notifications.standing import FINAL, Standing, Ways, standings, ways

LOOK_AGAIN: Final = timedelta(minutes=10)
"""An emergency on a paused channel without another way is tried again after so long."""

Tried = Mapping[Channel, tuple[DeliveryState, str]]
"""The channels of a notification that have a row already: state and reason."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One row to be written: a channel is planned, or passed over for a reason."""

    channel: Channel
    state: DeliveryState
    reason: str
    due_at: datetime


async def route(ids: Collection[UUID]) -> None:
    """Plan the next channel of each notification that is on its way on none.

    May be run again and by several at once: a notification is on one channel at a time.
    """
    if not ids:
        return
    async with in_transaction():
        # Whoever plans the same notification waits here, and then sees what was planned.
        await fetch(
            "SELECT id FROM notification WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE",
            list(ids),
        )
        found = await standings(ids)
        if not any(one.rule.channels for one in found.values()):
            return
        tried, open_ways, at = await _tried(ids), await ways(), now()
        await _write(
            (one.id, leg)
            for one in found.values()
            for leg in _kept(one, legs(one, tried.get(one.id, {}), open_ways, at))
        )


async def avoid_paused(limit: int) -> None:
    """Emergencies that are due on a paused channel go another way, where there is one."""
    stopped = list(await paused())
    if not stopped:
        return
    async with in_transaction():
        rows = await fetch(_AVOID, [channel.value for channel in stopped], now(), limit)
        await route([row["notification_id"] for row in rows])


def legs(one: Standing, tried: Tried, open_ways: Ways, at: datetime) -> list[Leg]:
    """The rows that a notification still needs, in the order of its topic's channels."""
    on_its_way = {DeliveryState.PLANNED, DeliveryState.SENDING, DeliveryState.SENT}
    if any(state in on_its_way for state, _ in tried.values()):
        return []
    found: list[Leg] = []
    waiting: Channel | None = None
    for channel in one.rule.channels:
        state, reason = tried.get(channel, (None, ""))
        if state is not None:
            if reason in FINAL:
                return []
            waiting = waiting or (channel if reason == PAUSED else None)
            continue
        obstacle = open_ways.obstacle(one, channel)
        if obstacle is not None:
            found.append(Leg(channel, DeliveryState.SKIPPED, obstacle.value, at))
            if obstacle in FINAL:
                return found
        elif channel in open_ways.paused and one.emergency:
            found.append(Leg(channel, DeliveryState.SKIPPED, PAUSED, at))
            waiting = waiting or channel
        else:
            due = max(one.due(at), open_ways.paused.get(channel) or at)
            return [*found, Leg(channel, DeliveryState.PLANNED, "", due)]
    if waiting is None:
        return found
    # No way but one that is paused: better late than never.
    later = open_ways.paused.get(waiting) or at + LOOK_AGAIN
    kept = [leg for leg in found if leg.channel is not waiting]
    return [*kept, Leg(waiting, DeliveryState.PLANNED, "", later)]


def _kept(one: Standing, found: list[Leg]) -> list[Leg]:
    if one.of_notice and all(leg.state is DeliveryState.SKIPPED for leg in found):
        return []
    return found


async def _tried(ids: Collection[UUID]) -> dict[UUID, dict[Channel, tuple[DeliveryState, str]]]:
    rows = await fetch(
        "SELECT notification_id, channel, state, reason FROM delivery"
        " WHERE notification_id = ANY($1::uuid[])",
        list(ids),
    )
    found: dict[UUID, dict[Channel, tuple[DeliveryState, str]]] = {}
    for row in rows:
        known = DeliveryState(row["state"]), row["reason"]
        found.setdefault(row["notification_id"], {})[Channel(row["channel"])] = known
    return found


async def _write(rows: Iterable[tuple[UUID, Leg]]) -> None:
    given = list(rows)
    if not given:
        return
    await execute(
        _INSERT,
        [uuid7() for _ in given],
        [notification_id for notification_id, _ in given],
        [leg.channel.value for _, leg in given],
        [leg.state.value for _, leg in given],
        [leg.reason for _, leg in given],
        [leg.due_at for _, leg in given],
        now(),
    )


# A row that is there already is one that was passed over because of a pause.
_INSERT: Final = """
INSERT INTO delivery (id, notification_id, channel, state, reason, attempts, due_at, created_at)
SELECT r.id, r.notification_id, r.channel, r.state, r.reason, 0, r.due_at, $7
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
     AS r (id, notification_id, channel, state, reason, due_at)
ON CONFLICT (notification_id, channel) DO UPDATE
SET state = excluded.state, reason = excluded.reason, due_at = excluded.due_at
WHERE delivery.state = 'SKIPPED' AND delivery.reason = 'PAUSED' AND excluded.state = 'PLANNED'
"""

_AVOID: Final = """
UPDATE delivery d SET state = 'SKIPPED', reason = 'PAUSED'
WHERE d.id IN (
    SELECT o.id FROM delivery o JOIN notification n ON n.id = o.notification_id
    WHERE o.state = 'PLANNED' AND o.due_at <= $2 AND o.channel = ANY($1::text[]) AND n.emergency
    LIMIT $3 FOR UPDATE OF o SKIP LOCKED)
RETURNING d.notification_id
"""
