"""Deliveries as rows: claimed by one worker, every attempt on record, settled together.

A claim and its attempt are committed together, before the call. A claim runs out: then its worker
is taken for dead, and as the message may have arrived, the attempt is one without an answer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from core.clock import now
from core.database import execute, fetch
from core.ids import uuid7
from notifications.attempts import Step, Verdict, following
from notifications.models import AttemptOutcome, Channel, DeliveryState

CLAIM: Final = timedelta(seconds=60)
"""Far longer than a call may take with everything around it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in the hands of this worker. ``unknown``: attempts that got no answer."""

    id: UUID
    notification_id: UUID
    channel: Channel
    attempts: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A claim, its attempt on record, and how that went."""

    claim: Claim
    attempt_id: UUID
    verdict: Verdict
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """What a claimed delivery becomes; ``ref`` is the provider's id of the message."""

    claim: Claim
    step: Step
    ref: str | None = None


async def claim(
    limit: int, *, ids: Collection[UUID] | None = None, without: Collection[Channel] = ()
) -> list[Claim]:
    """Take up to ``limit`` deliveries that are due, of these notifications or of any.

    Nobody else takes the same: others pass over what is locked. In a running transaction.
    """
    at = now()
    rows = await fetch(
        _CLAIM,
        at,
        at + CLAIM,
        [channel.value for channel in without],
        limit,
        None if ids is None else list(ids),
    )
    return [_claim(row) for row in rows]


def _claim(row: dict[str, Any]) -> Claim:
    return Claim(
        row["id"],
        row["notification_id"],
        Channel(row["channel"]),
        row["attempts"],
        row["unknown"],
    )


async def record_attempts(claims: Sequence[Claim]) -> dict[UUID, UUID]:
    """Put an attempt on record for each claim, before it is made: delivery → attempt."""
    ids = {one.id: uuid7() for one in claims}
    await execute(_ATTEMPT, list(ids.values()), list(ids), now())
    return ids


async def end_attempts(results: Sequence[Settled]) -> list[Settled]:
    """Write down how attempts went; answers those that had not been given up meanwhile."""
    rows = await fetch(
        _END_ATTEMPTS,
        [one.attempt_id for one in results],
        [one.verdict.outcome.value for one in results],
        [one.verdict.code[:60] for one in results],
        now(),
    )
    still = {row["id"] for row in rows}
    return [one for one in results if one.attempt_id in still]


async def go_on(results: Sequence[Settled]) -> list[UUID]:
    """Draw the consequences of verdicts; answers the notifications that got no further."""
    at = now()
    return await move(
        [
            Move(
                one.claim,
                following(
                    one.verdict,
                    attempts=one.claim.attempts,
                    unknown=one.claim.unknown,
                    at=at,
                    emergency=one.emergency,
                ),
                one.verdict.ref,
            )
            for one in results
        ]
    )


async def move(moves: Sequence[Move]) -> list[UUID]:
    """Take deliveries out of this worker's hands; answers the notifications that got no further."""
    if not moves:
        return []
    moved = await fetch(
        _MOVE,
        [one.claim.id for one in moves],
        [one.step.state.value for one in moves],
        [one.step.reason[:60] for one in moves],
        [one.step.attempts for one in moves],
        [one.step.due_at for one in moves],
        [one.ref for one in moves],
        now(),
    )
    ended = {DeliveryState.FAILED.value, DeliveryState.SKIPPED.value}
    return [row["notification_id"] for row in moved if row["state"] in ended]


async def run_out(limit: int) -> list[Settled]:
    """What workers that died had in their hands, locked: attempts without an answer."""
    rows = await fetch(_RUN_OUT, now(), limit)
    lost = Verdict(outcome=AttemptOutcome.UNKNOWN, code="WORKER_LOST")
    return [Settled(_claim(row), row["attempt_id"], lost, row["emergency"]) for row in rows]


_CLAIM: Final = """
UPDATE delivery d SET state = 'SENDING', claimed_until = $2
WHERE d.id IN (
    SELECT o.id FROM delivery o
    WHERE o.state = 'PLANNED' AND o.due_at <= $1 AND o.channel <> ALL($3::text[])
      AND ($5::uuid[] IS NULL OR o.notification_id = ANY($5::uuid[]))
    ORDER BY o.due_at LIMIT $4 FOR UPDATE SKIP LOCKED)
RETURNING d.id, d.notification_id, d.channel, d.attempts,
          (SELECT count(*) FROM delivery_attempt u
            WHERE u.delivery_id = d.id AND u.outcome = 'UNKNOWN') AS unknown
"""

_ATTEMPT: Final = """
INSERT INTO delivery_attempt (id, delivery_id, number, at, outcome, code)
SELECT r.id, r.delivery_id,
       1 + coalesce((SELECT max(a.number) FROM delivery_attempt a
                     WHERE a.delivery_id = r.delivery_id), 0), $3, 'STARTED', ''
FROM unnest($1::uuid[], $2::uuid[]) AS r (id, delivery_id)
"""

_END_ATTEMPTS: Final = """
UPDATE delivery_attempt a SET outcome = r.outcome, code = r.code, ended_at = $4
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS r (id, outcome, code)
WHERE a.id = r.id AND a.outcome = 'STARTED' RETURNING a.id
"""

_MOVE: Final = """
UPDATE delivery d
SET state = r.state, reason = r.reason, attempts = r.attempts, claimed_until = NULL,
    due_at = coalesce(r.due_at, d.due_at), provider_ref = coalesce(r.ref, d.provider_ref),
    sent_at = CASE WHEN r.state = 'SENT' THEN $7 ELSE d.sent_at END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[])
     AS r (id, state, reason, attempts, due_at, ref)
WHERE d.id = r.id AND d.state = 'SENDING'
RETURNING d.notification_id, d.state
"""

_RUN_OUT: Final = """
SELECT d.id, d.notification_id, d.channel, d.attempts, n.emergency, a.id AS attempt_id,
       (SELECT count(*) FROM delivery_attempt u
         WHERE u.delivery_id = d.id AND u.outcome = 'UNKNOWN') AS unknown
FROM delivery d
JOIN notification n ON n.id = d.notification_id
JOIN delivery_attempt a ON a.delivery_id = d.id AND a.outcome = 'STARTED'
WHERE d.state = 'SENDING' AND d.claimed_until < $1
ORDER BY d.id LIMIT $2 FOR UPDATE OF d SKIP LOCKED
"""
