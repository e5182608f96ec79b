"""The recipients of a notice are planned: some hundred at a time, each group a transaction.

How far it is stands in the notice's own row, written with the group: a worker that is killed
leaves neither gaps nor doubles, and two workers take turns. A group is small, so that nobody waits
for the locks that it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import orjson

from core.clock import now
from core.database import fetch
from core.ids import uuid7
from core.jobs import job
from core.work import work
from identity.actor import SYSTEM
from management.territory import territory
from notifications.models import Notice, NoticeKind, NoticeState
from notifications.notices.audiences import Part, people
from notifications.notices.sending import PLAN, QUEUE
from notifications.telling import BULK, URGENT, dispatch
from notifications.topics import Topic

GROUP: Final = 500
"""Recipients in one transaction: so few that who waits for one of their rows waits briefly."""
READ: Final = 20_000
"""Recipients that are looked up at once."""


@job(PLAN, queue=QUEUE)
async def plan_notice(version: int, notice_id: str) -> None:
    """Plan the recipients of a notice from where it stands; run twice, it plans everybody once."""
    while notice := await _still_sending(UUID(notice_id)):
        if notice.planned_part >= len(Part):
            await _finish(notice)
            continue
        found = await people(
            notice, Part(notice.planned_part), after=notice.planned_up_to, most=READ
        )
        for group in _groups(found):
            if not await plan_group(notice, group):
                break
        else:
            if len(found) < READ:
                await _next_part(notice)


async def _still_sending(notice_id: UUID) -> Notice | None:
    return await Notice.get_or_none(id=notice_id, state=NoticeState.SENDING)


def _groups(ids: list[UUID]) -> Iterator[list[UUID]]:
    return (ids[start : start + GROUP] for start in range(0, len(ids), GROUP))


async def plan_group(notice: Notice, group: list[UUID]) -> bool:
    """Tell the next people of the part; not when the notice was cancelled or moved on meanwhile."""
    async with work(SYSTEM):
        if not await _stands(notice):
            return False
        ids, params = [uuid7() for _ in group], await params_of(notice)
        await dispatch(ids, priority=URGENT if notice.emergency else BULK)
        # Last, because the rows of the people are locked from here to the commit.
        (told,) = await fetch(
            _TELL[Part(notice.planned_part)],
            ids,
            group,
            topic_of(notice).value,
            notice.id,
            orjson.dumps(params).decode(),
            notice.emergency,
            f"notice:{notice.id}",
            now(),
            group[-1],
        )
    notice.planned_up_to, notice.recipients = group[-1], told["recipients"]
    return True


async def _next_part(notice: Notice) -> None:
    async with work(SYSTEM):
        if await _stands(notice):
            notice.planned_part += 1
            notice.planned_up_to = None
            await notice.save(update_fields=["planned_part", "planned_up_to", "updated_at"])


async def _finish(notice: Notice) -> None:
    async with work(SYSTEM) as unit:
        if await _stands(notice):
            notice.state, notice.sent_at = NoticeState.SENT, now()
            await notice.save(update_fields=["state", "sent_at", "updated_at"])
            unit.note("noticeSent", "NOTICE", notice.id, recipients=notice.recipients)


async def _stands(notice: Notice) -> bool:
    """Lock the notice; whether it is still being sent, and stands where we saw it."""
    rows = await fetch(
        "SELECT planned_part, planned_up_to FROM notice WHERE id = $1 AND state = 'SENDING'"
        " FOR NO KEY UPDATE",
        notice.id,
    )
    here = (notice.planned_part, notice.planned_up_to)
    return any((row["planned_part"], row["planned_up_to"]) == here for row in rows)


def topic_of(notice: Notice) -> Topic:
    """As what a notice is told."""
    return Topic.AREA_ALERT if notice.kind is NoticeKind.AREA_ALERT else Topic.NOTICE


async def params_of(notice: Notice) -> dict[str, str]:
    """What the frame of the topic needs besides the notice's own words."""
    if notice.kind is not NoticeKind.AREA_ALERT:
        return {}
    grid = (await territory()).by_code.get(notice.grid_code)
    return {"place": grid["name_zh"] if grid else notice.grid_code}


# Who can't be told any more has a job all the same, which finds nothing to do.
_INSERT: Final = """
WITH told AS (
INSERT INTO notification (id, {column}, topic, notice_id, params, subject_kind, emergency, dedup,
                          created_at)
SELECT r.id, o.id, $3, $4, $5::text::jsonb, '', $6, $7, $8
FROM unnest($1::uuid[], $2::uuid[]) AS r (id, who)
JOIN {table} o ON o.id = r.who AND {open}
ON CONFLICT DO NOTHING
RETURNING id)
UPDATE notice SET planned_up_to = $9, updated_at = $8,
                  recipients = recipients + (SELECT count(*) FROM told)
WHERE id = $4 RETURNING recipients
"""

# Somebody may have left since they were looked up.
_TELL: Final = {
    Part.STAFF: _INSERT.format(column="staff_id", table="staff_member", open="o.left_at IS NULL"),
    Part.ACCOUNTS: _INSERT.format(
        column="account_id", table="account", open="o.locked_at IS NULL AND o.closed_at IS NULL"
    ),
}
