"""Delivering one message: claim it, put the attempt on record, send, settle.

The job bears being run twice and at once: whoever doesn't get the claim does nothing. A worker
that dies leaves its attempt open; when its claim is over the sweeper has the message tried again,
so a message may arrive twice, with the same ``webhook-id``.

An endpoint has at most :data:`AT_ONCE` messages under way, one while it fails: a slow receiver
does not hold the others back. What finds no room is left to whoever of that endpoint ends next.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from tortoise.expressions import Subquery

from core.clock import now
from core.crypto import reveal
from core.database import execute, fetch
from core.jobs import APART, job
from core.work import Work, work
from identity.actor import SYSTEM
from identity.models import App
from notifications.models import (
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
    WebhookState,
)
from notifications.webhooks import messages, schedule
from notifications.webhooks.endpoints import DisabledReason, close
from notifications.webhooks.sending import Answer, Fault, sender
from notifications.webhooks.signing import headers

AT_ONCE: Final = 2
CLAIM: Final = timedelta(seconds=45)
"""Thrice what an attempt may take."""

SKEW: Final = timedelta(seconds=2)
"""The queue's clock is the database's."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is about to be sent."""

    message: WebhookMessage
    url: str
    keys: tuple[str, ...]


@job(messages.DELIVER, queue=APART)
async def deliver(version: int, message_id: str) -> None:
    """Try a message once, if it waits and its endpoint has room."""
    attempt = await begin(UUID(message_id))
    if attempt is None:
        return
    body = messages.body(attempt.message)
    signed = headers(
        attempt.keys,
        message_id=messages.public_id(attempt.message.id),
        timestamp=int(now().timestamp()),
        body=body,
    )
    await settle(attempt.message, await sender().post(attempt.url, signed, body))


async def begin(message_id: UUID) -> Attempt | None:
    """Claim a message and put the attempt on record; ``None``: not now, or not any more."""
    async with work(SYSTEM):
        endpoint = await _locked(message_id)
        if endpoint is None:
            return None
        message = await WebhookMessage.get(id=message_id)
        if not _waits(message):
            return None
        if endpoint.disabled_at is not None or not await _in_force(endpoint):
            message.state, message.claimed_until = WebhookState.FAILED, None
            await message.save(update_fields=["state", "claimed_until"])
            return None
        if not await _room(endpoint):
            return None
        await _note_attempt(message)
        return Attempt(message, endpoint.url, _keys(endpoint))


async def settle(message: WebhookMessage, answer: Answer) -> None:
    """Write down what came of an attempt, and what follows from it."""
    async with work(SYSTEM) as unit:
        endpoint = await _locked(message.id)
        if endpoint is None:  # removed meanwhile, with everything that was its
            return
        await WebhookAttempt.filter(message_id=message.id, number=message.attempts).update(
            status=answer.status,
            error=answer.fault.value if answer.fault else "",
            milliseconds=answer.milliseconds,
        )
        current = await WebhookMessage.get(id=message.id)
        if current.attempts != message.attempts:  # it took so long that somebody else began
            return
        current.claimed_until = None
        if answer.status in schedule.OK:
            await _arrived(endpoint, current)
        elif current.state is WebhookState.PENDING:
            await _failed(endpoint, current, answer, unit)
        await current.save(
            update_fields=["state", "claimed_until", "delivered_at", "due_at"],
        )
        await messages.defer(await _next(endpoint))


def _waits(message: WebhookMessage) -> bool:
    moment = now()
    free = message.claimed_until is None or message.claimed_until <= moment
    return message.state is WebhookState.PENDING and message.due_at <= moment + SKEW and free


async def _locked(message_id: UUID) -> WebhookEndpoint | None:
    """The endpoint of a message: its lock goes before everything else.

    It leaves keys alone, so events go on writing messages meanwhile.
    """
    of = Subquery(WebhookMessage.filter(id=message_id).values("endpoint_id"))
    return await WebhookEndpoint.filter(id__in=of).select_for_update(no_key=True).first()


async def _in_force(endpoint: WebhookEndpoint) -> bool:
    return await App.filter(id=endpoint.app_id, revoked_at=None, expires_at__gt=now()).exists()


async def _room(endpoint: WebhookEndpoint) -> int:
    """How many more messages may be under way."""
    moment = now()
    if endpoint.paused_until is not None and endpoint.paused_until > moment + SKEW:
        return 0
    busy = await WebhookMessage.filter(endpoint_id=endpoint.id, claimed_until__gt=moment).count()
    return max(0, (AT_ONCE if endpoint.failing_since is None else 1) - busy)


async def _note_attempt(message: WebhookMessage) -> None:
    moment = now()
    if message.attempts:  # by whom it was not ended
        await execute(
            "UPDATE webhook_attempt SET error = $2 WHERE message_id = $1 AND milliseconds IS NULL",
            message.id,
            Fault.INTERRUPTED.value,
        )
    message.attempts += 1
    message.claimed_until = moment + CLAIM
    await message.save(update_fields=["attempts", "claimed_until"])
    await WebhookAttempt.create(message_id=message.id, number=message.attempts, at=moment)


def _keys(endpoint: WebhookEndpoint) -> tuple[str, ...]:
    columns = ["secret"]
    if endpoint.earlier_until is not None and endpoint.earlier_until > now():
        columns.append("earlier_secret")
    return tuple(secret for name in columns if (secret := reveal(endpoint, name)))


async def _arrived(endpoint: WebhookEndpoint, message: WebhookMessage) -> None:
    message.state, message.delivered_at = WebhookState.DELIVERED, now()
    if endpoint.failing_since is not None or endpoint.paused_until is not None:
        endpoint.failing_since = endpoint.paused_until = None
        await endpoint.save(update_fields=["failing_since", "paused_until"])


async def _failed(
    endpoint: WebhookEndpoint, message: WebhookMessage, answer: Answer, unit: Work
) -> None:
    moment = now()
    code = f"HTTP_{answer.status}" if answer.fault is None else answer.fault.value
    log.info("webhooks.attempt_failed", status=answer.status or 0, ms=answer.milliseconds)
    endpoint.failing_since = endpoint.failing_since or moment
    endpoint.paused_until = moment + answer.pause if answer.pause else None
    await endpoint.save(update_fields=["failing_since", "paused_until"])
    over = moment - endpoint.failing_since >= schedule.GIVE_UP_AFTER
    if over or answer.status == schedule.GONE:
        reason = DisabledReason.GONE if answer.status == schedule.GONE else DisabledReason.FAILING
        message.state = WebhookState.FAILED
        await close(unit, endpoint, reason, code=code)
        log.warning("webhooks.endpoint_disabled", code=reason.value)
        return
    made = message.attempts - message.attempts_before
    chance = random.random()  # noqa: S311 - spreads load, guards nothing
    wait = schedule.wait(made, chance=chance, pause=answer.pause)
    if wait is None:
        message.state = WebhookState.FAILED
        return
    message.due_at = moment + wait
    await messages.defer([message.id], at=message.due_at)


async def _next(endpoint: WebhookEndpoint) -> list[UUID]:
    """What waits for room at this endpoint, the longest first."""
    room = 0 if endpoint.disabled_at is not None else await _room(endpoint)
    if not room:
        return []
    rows = await fetch(
        "SELECT id FROM webhook_message WHERE endpoint_id = $1 AND state = 'PENDING'"
        " AND due_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2)"
        " ORDER BY due_at, id LIMIT $3",
        endpoint.id,
        now(),
        room,
    )
    return [row["id"] for row in rows]
