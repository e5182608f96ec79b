"""The log of deliveries, for staff: what became of which message on which channel, and why.

It names nobody: a recipient is the end of an id, enough to tell two apart.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tortoise.queryset import QuerySet

from core.clock import now
from core.database import fetch
from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from core.keyset import Order, Page, Slice, take
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from notifications.models import (
    Channel,
    ChannelPause,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
)
from notifications.pauses import end_those_over
from notifications.telling import dispatch
from notifications.topics import Topic

_LOG: Final = Order("deliveries", "created_at", descending=True)
_PAUSES: Final = Order("channel_pauses", "paused_at", descending=True)
_ENDED: Final = (DeliveryState.FAILED, DeliveryState.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries; what is empty does not matter. The period is that of planning."""

    notification_id: UUID | None = None
    channel: Channel | None = None
    state: DeliveryState | None = None
    reason: str | None = None
    topic: Topic | None = None
    since: datetime | None = None
    until: datetime | None = None


def require(actor: Actor, permission: Permission) -> None:
    """Refuse who may not: messages belong to no grid, so to hold it anywhere is enough.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: somebody is, without the right.
    """
    if not actor.paths(permission):
        raise Unauthenticated if actor.kind is ActorKind.ANONYMOUS else NotFound


async def list_deliveries(
    actor: Actor, *, where: DeliveryFilter, page: Page, columns: Sequence[str]
) -> Slice:
    """Deliveries, the newest first.

    Raises:
        Unauthenticated, NotFound: as :func:`require`.
    """
    require(actor, Permission.DELIVERIES_READ)
    return await take(_filtered(where), _LOG, page, columns)


async def count_deliveries(actor: Actor, *, where: DeliveryFilter) -> int:
    """How many there are.

    Raises:
        Unauthenticated, NotFound: as :func:`require`.
    """
    require(actor, Permission.DELIVERIES_READ)
    return await _filtered(where).count()


def _filtered(where: DeliveryFilter) -> QuerySet[Delivery]:
    wanted = {
        "notification_id": where.notification_id,
        "channel": where.channel,
        "state": where.state,
        "reason": where.reason,
        "notification__topic": where.topic.value if where.topic else None,
        "created_at__gte": where.since,
        "created_at__lt": where.until,
    }
    return Delivery.filter(**{name: value for name, value in wanted.items() if value is not None})


async def delivery_row(
    actor: Actor, *, delivery_id: UUID, columns: Sequence[str]
) -> dict[str, Any] | None:
    """One delivery; ``None`` when absent or not for the actor."""
    if not actor.paths(Permission.DELIVERIES_READ):
        return None
    rows = await Delivery.filter(id=delivery_id).values(*columns)
    return rows[0] if rows else None


async def attempts_of(delivery_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Attempts by delivery, in their order."""
    found: dict[UUID, list[dict[str, Any]]] = {each: [] for each in delivery_ids}
    rows = DeliveryAttempt.filter(delivery_id__in=list(delivery_ids)).order_by("number")
    for row in await rows.values("delivery_id", "number", "at", "ended_at", "outcome", "code"):
        found[row["delivery_id"]].append(row)
    return found


async def list_pauses(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """Pauses of channels, the latest first; those that are over too.

    Raises:
        Unauthenticated, NotFound: as :func:`require`.
    """
    require(actor, Permission.DELIVERIES_READ)
    return await take(ChannelPause.all(), _PAUSES, page, columns)


async def resend_delivery(actor: Actor, *, delivery_id: UUID) -> Delivery:
    """Have a message that failed or was passed over tried once more on that channel.

    What stood in its way is looked at again: with nothing changed, it stays with that.

    Raises:
        Unauthenticated, NotFound: as :func:`require`; or there is no such delivery.
        WrongState: it is on its way, or sent.
        Conflict: the message is on its way, or was sent, on another channel.
    """
    require(actor, Permission.DELIVERIES_MANAGE)
    async with work(actor) as unit:
        row = await Delivery.get_or_none(id=delivery_id)
        if row is None:
            raise NotFound
        await fetch(
            "SELECT id FROM notification WHERE id = $1 FOR NO KEY UPDATE", row.notification_id
        )
        deliveries = await Delivery.filter(notification_id=row.notification_id).select_for_update()
        wanted = next(one for one in deliveries if one.id == delivery_id)
        if wanted.state not in _ENDED:
            raise WrongState(
                reason="NOT_ENDED", zh="该消息还在发送，或已发出", en="It is on its way, or sent"
            )
        if any(one.state not in _ENDED for one in deliveries):
            raise Conflict(
                reason="OTHER_CHANNEL",
                zh="该消息已由其他渠道发送",
                en="Another channel has it",
            )
        wanted.state, wanted.reason, wanted.attempts = DeliveryState.PLANNED, "", 0
        wanted.due_at = now()
        await wanted.save(update_fields=["state", "reason", "attempts", "due_at"])
        unit.note("resendDelivery", "DELIVERY", delivery_id, channel=wanted.channel.value)
        await dispatch([row.notification_id])
    return wanted


async def pause_channel(
    actor: Actor, *, channel: Channel, reason: str, until: datetime | None = None
) -> ChannelPause:
    """Send nothing on a channel from now on; what waits is kept, emergencies go another way.

    Raises:
        Unauthenticated, NotFound: as :func:`require`.
        InvalidInput: no reason, or an end that is past.
        Conflict: it is paused already.
    """
    require(actor, Permission.DELIVERIES_MANAGE)
    words = clean(reason, field="input.reason", longest=200, shortest=2)
    if until is not None and until <= now():
        raise InvalidInput(
            field="input.until", reason="PAST", zh="结束时间应在现在之后", en="That is past"
        )
    async with work(actor) as unit:
        await end_those_over(channel)
        rows = await fetch(
            "INSERT INTO channel_pause (id, channel, reason, paused_by, paused_at, until)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
            uuid7(),
            channel.value,
            words,
            actor.id,
            now(),
            until,
        )
        if not rows:
            raise Conflict(reason="PAUSED", zh="该渠道已暂停", en="It is paused already")
        pause = await ChannelPause.get(id=rows[0]["id"])
        unit.note("pauseChannel", "CHANNEL_PAUSE", pause.id, channel=channel.value)
    return pause


async def resume_channel(actor: Actor, *, channel: Channel) -> ChannelPause:
    """End the pause of a channel, whoever began it; what waits goes out within a minute.

    Raises:
        Unauthenticated, NotFound: as :func:`require`.
        WrongState: it is not paused.
    """
    require(actor, Permission.DELIVERIES_MANAGE)
    async with work(actor) as unit:
        await end_those_over(channel)
        rows = await fetch(
            "UPDATE channel_pause SET ended_at = $2 WHERE channel = $1 AND ended_at IS NULL"
            " RETURNING id",
            channel.value,
            now(),
        )
        if not rows:
            raise WrongState(reason="NOT_PAUSED", zh="该渠道没有暂停", en="It is not paused")
        pause = await ChannelPause.get(id=rows[0]["id"])
        await fetch(_DUE_NOW, channel.value, now(), pause.until)
        unit.note("resumeChannel", "CHANNEL_PAUSE", pause.id, channel=channel.value)
    return pause


async def pause_row(
    actor: Actor, *, pause_id: UUID, columns: Sequence[str]
) -> dict[str, Any] | None:
    """One pause; ``None`` when absent or not for the actor."""
    if not actor.paths(Permission.DELIVERIES_READ):
        return None
    rows = await ChannelPause.filter(id=pause_id).values(*columns)
    return rows[0] if rows else None


# What was put off to the end of the pause, and nothing else.
_DUE_NOW: Final = """
UPDATE delivery SET due_at = $2
WHERE channel = $1 AND state = 'PLANNED' AND due_at = $3::timestamptz RETURNING id
"""
