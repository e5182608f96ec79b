"""Telling somebody something: rows in the transaction of what it tells of, and one job.

What leaves the service (WeChat, short messages) and what is shown live follows in the job
:data:`DISPATCH`, which bears being run twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from core import jobs
from core.clock import now
from core.database import fetch
from core.ids import uuid7
from core.work import current
from notifications.topics import Topic

DISPATCH: Final = "notifications.dispatch"
QUEUE: Final = "notify"
AT_A_TIME: Final = 100
"""Notifications in one job: few enough that an urgent one soon finds a free worker."""

URGENT, ORDINARY, BULK = 100, 0, -100
"""Priorities of jobs: an emergency comes first, a notice to thousands last."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody with an inbox: exactly one of the two."""

    account_id: UUID | None = None
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notification is about: the type's name in the schema and the row."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Message:
    """What one recipient is told. ``key`` names the happening, ``params`` name no person."""

    recipient: Recipient
    key: str
    params: Mapping[str, str]
    about: Subject | None = None


async def tell(
    topic: Topic,
    recipients: Iterable[Recipient],
    *,
    key: str,
    params: Mapping[str, str],
    about: Subject | None = None,
    emergency: bool = False,
) -> list[UUID]:
    """Write one notification for each recipient; answers the ids of the new ones.

    ``key`` names the happening: the same topic and key are told to the same recipient once, so
    that a handler may run twice. ``params`` fill the template and name no person. Needs a running
    unit of work. Locked and closed accounts and staff who left are told nothing.
    """
    messages = [Message(one, key, params, about) for one in dict.fromkeys(recipients)]
    return await tell_each(topic, messages, emergency=emergency)


async def tell_each(
    topic: Topic, messages: Iterable[Message], *, emergency: bool = False
) -> list[UUID]:
    """As :func:`tell`, where not all are told the same: the statements don't grow with them."""
    current()
    told = list(messages)
    if not told:
        return []
    rows = await fetch(
        _INSERT,
        [uuid7() for _ in told],
        [one.recipient.account_id for one in told],
        [one.recipient.staff_id for one in told],
        [orjson.dumps(dict(one.params)).decode() for one in told],
        [one.about.kind if one.about else "" for one in told],
        [one.about.id if one.about else None for one in told],
        [f"{topic.value}:{one.key}" for one in told],
        topic.value,
        emergency,
        now(),
    )
    ids = [row["id"] for row in rows]
    await dispatch(ids, priority=URGENT if emergency else ORDINARY)
    return ids


async def dispatch(ids: Iterable[UUID], *, priority: int = ORDINARY) -> None:
    """Have notifications shown live and brought to people; needs a running unit of work."""
    args = [{"version": 1, "ids": part} for part in _batched(list(ids))]
    if args:
        await jobs.defer_all(DISPATCH, args, queue=QUEUE, priority=priority)


def _batched(ids: list[UUID]) -> list[list[UUID]]:
    return [ids[start : start + AT_A_TIME] for start in range(0, len(ids), AT_A_TIME)]


_INSERT: Final = """
INSERT INTO notification (id, account_id, staff_id, topic, template_id, params, subject_kind,
                          subject_id, emergency, dedup, created_at)
SELECT r.id, r.account_id, r.staff_id, $8::text,
       (SELECT t.id FROM message_template t WHERE t.topic = $8::text AND t.in_force),
       r.params::jsonb, r.subject_kind, r.subject_id, $9, r.dedup, $10
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[])
     AS r (id, account_id, staff_id, params, subject_kind, subject_id, dedup)
LEFT JOIN account a ON a.id = r.account_id
LEFT JOIN staff_member s ON s.id = r.staff_id
WHERE (a.id IS NOT NULL AND a.locked_at IS NULL AND a.closed_at IS NULL)
   OR (s.id IS NOT NULL AND s.left_at IS NULL)
ON CONFLICT DO NOTHING
RETURNING id
"""
