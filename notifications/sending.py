"""Sending what is due: a few messages at a time, each on record first, no transaction open.

A group of messages goes through three steps: one transaction claims it, looks once more whether
each may go out, and puts the attempts on record; then all are handed over at once; a second
transaction settles them and plans the next channel of what failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog
from tortoise.transactions import in_transaction

from core.clock import now
from notifications import deliveries
from notifications.attempts import Step, Verdict
from notifications.channels.carrier import Carrier, Due, Message
from notifications.channels.sms import SmsCarrier
from notifications.channels.wechat import WeChatCarrier
from notifications.deliveries import Claim, Move, Settled
from notifications.metrics import note
from notifications.models import AttemptOutcome, Channel, DeliveryState
from notifications.pauses import pause_until
from notifications.routing import route
from notifications.standing import Obstacle, Standing, Ways, standings, ways

GROUP: Final = 20
"""Messages that are claimed together: as many are without an answer at the most when a worker
dies."""
AT_ONCE: Final = 20
"""Messages on their way in one process. The pool of connections looks through all of them at each
call: forty at once took one and a half times the processor's time of twenty."""
LANES: Final = 2
"""Groups of one job on their way at a time: one waits for the network, one for the database."""

CARRIERS: Final[dict[Channel, Carrier]] = {
    Channel.WECHAT: WeChatCarrier(),
    Channel.SMS: SmsCarrier(),
}

log = structlog.get_logger(__name__)


class Room:
    """Places for messages on their way, taken several at a time in the order of asking."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def of(self, wanted: int) -> AsyncIterator[None]:
        """So many places while the block runs."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            async with self._changed:
                self._free += wanted
                self._changed.notify_all()


_room = Room(AT_ONCE)


@dataclass(slots=True)
class Group:
    """Claimed deliveries with their messages; those that don't go out are settled already."""

    claimed: int = 0
    dues: dict[UUID, Due] = field(default_factory=dict)
    messages: dict[UUID, Message] = field(default_factory=dict)
    attempts: dict[UUID, UUID] = field(default_factory=dict)


async def send_due(ids: Collection[UUID] | None = None, *, until: float | None = None) -> int:
    """Send everything that is due, of these notifications or of all; answers how many were taken.

    ``until`` (of the loop's clock): no new group is begun after that.
    """
    counts = await asyncio.gather(*(_lane(ids, until) for _ in range(_lanes(ids))))
    return sum(counts)


def _lanes(ids: Collection[UUID] | None) -> int:
    return LANES if ids is None or len(ids) > GROUP else 1


async def _lane(ids: Collection[UUID] | None, until: float | None) -> int:
    most = GROUP if ids is None else min(GROUP, len(ids))
    taken = 0
    while until is None or asyncio.get_running_loop().time() < until:
        turn = asyncio.create_task(_turn(ids, most))
        try:
            claimed = await asyncio.shield(turn)
        except asyncio.CancelledError:
            await turn  # cut short, its messages would count as lost on the way
            raise
        taken += claimed
        if not claimed:
            break
    return taken


async def _turn(ids: Collection[UUID] | None, most: int) -> int:
    """One group from claim to settling; how many were claimed."""
    async with _room.of(most):
        group = await _begin(ids, most)
        await _settle(await _hand_over(group), group)
    return group.claimed


async def _begin(ids: Collection[UUID] | None, most: int) -> Group:
    """Claim a group and put its attempts on record."""
    async with in_transaction():
        open_ways = await ways()
        claims = await deliveries.claim(most, ids=ids, without=open_ways.paused)
        if not claims:
            return Group()
        known = await standings([one.notification_id for one in claims])
        group = Group(claimed=len(claims))
        stopped: list[Move] = []
        for one in claims:
            step = _hindered(one, known.get(one.notification_id), open_ways)
            if step is None:
                group.dues[one.id] = Due(one, known[one.notification_id])
            else:
                stopped.append(Move(one, step))
        stopped += await _prepare(group, open_ways)
        await route(await deliveries.move(stopped))
        if group.messages:
            group.attempts = await deliveries.record_attempts(
                [group.dues[delivery_id].claim for delivery_id in group.messages]
            )
    for each in stopped:
        if each.step.state is DeliveryState.SKIPPED:
            note(each.claim.channel, DeliveryState.SKIPPED, each.step.reason)
    return group


def _hindered(one: Claim, standing: Standing | None, open_ways: Ways) -> Step | None:
    """What becomes of a delivery that may not go out now, though it was planned for now."""
    if standing is None:
        return Step(DeliveryState.SKIPPED, one.attempts, Obstacle.GONE)
    # Whether an accept is left shows when it is set aside.
    if obstacle := open_ways.obstacle(standing, one.channel, paid=True):
        return Step(DeliveryState.SKIPPED, one.attempts, obstacle)
    at = now()
    due = standing.due(at)
    return Step(DeliveryState.PLANNED, one.attempts, due_at=due) if due > at else None


async def _prepare(group: Group, open_ways: Ways) -> list[Move]:
    stopped: list[Move] = []
    for channel, carrier in CARRIERS.items():
        dues = [due for due in group.dues.values() if due.claim.channel is channel]
        if not dues:
            continue
        for delivery_id, message in (await carrier.prepare(dues, open_ways)).items():
            if isinstance(message, Obstacle):
                one = group.dues[delivery_id].claim
                stopped.append(Move(one, Step(DeliveryState.SKIPPED, one.attempts, message)))
            else:
                group.messages[delivery_id] = message
    return stopped


async def _hand_over(group: Group) -> list[Settled]:
    return await asyncio.gather(*(_attempt(group, each) for each in group.messages))


async def _attempt(group: Group, delivery_id: UUID) -> Settled:
    due = group.dues[delivery_id]
    try:
        verdict = await CARRIERS[due.claim.channel].send(group.messages[delivery_id])
    except Exception as error:  # one message's fault must not hold the others up
        log.error("notifications.attempt_failed", delivery=str(delivery_id), exc_info=error)
        verdict = Verdict(outcome=AttemptOutcome.UNKNOWN, code="FAULT")
    return Settled(due.claim, group.attempts[delivery_id], verdict, due.standing.emergency)


async def _settle(results: Sequence[Settled], group: Group) -> None:
    if not results:
        return
    async with in_transaction():
        counted = await deliveries.end_attempts(results)
        for channel, carrier in CARRIERS.items():
            mine = [one for one in counted if one.claim.channel is channel]
            await carrier.after(mine, group.messages)
            ends = [one.verdict.paused_until for one in mine if one.verdict.paused_until]
            if ends:
                await pause_until(channel, max(ends))
        await route(await deliveries.go_on(counted))
    for one in results:
        note(one.claim.channel, one.verdict.outcome, one.verdict.reason)


async def give_up_lost(limit: int) -> int:
    """Settle what workers that died had in their hands; answers how many attempts were lost."""
    async with in_transaction():
        results = await deliveries.run_out(limit)
        if results:
            counted = await deliveries.end_attempts(results)
            await route(await deliveries.go_on(counted))
    for one in results:
        note(one.claim.channel, one.verdict.outcome, one.verdict.code)
    return len(results)
