"""Notices are sent, scheduled and cancelled.

```mermaid
stateDiagram-v2
  DRAFT --> SCHEDULED: sendNotice, later
  DRAFT --> SENDING: sendNotice, now
  SCHEDULED --> SENDING: its time has come
  SENDING --> SENT: everybody is planned
  DRAFT --> CANCELLED
  SCHEDULED --> CANCELLED
  SENDING --> CANCELLED: who is not planned yet hears nothing
```
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from core import jobs
from core.clock import now
from core.database import fetch
from core.errors import Conflict, InvalidInput, RateLimited, WrongState, require_version
from core.work import work
from identity.actor import SYSTEM, Actor
from management.rules import rules
from notifications.models import Notice, NoticeState
from notifications.notices.access import access_notice
from notifications.notices.audiences import count
from notifications.notices.drafting import check_shown, require_draft
from notifications.telling import ORDINARY, URGENT

PLAN: Final = "notifications.plan_notice"
QUEUE: Final = "notices"

STANDS_STILL: Final = timedelta(minutes=2)
"""A notice whose planning made no step for so long is taken up again."""
MAY_DIFFER: Final = 0.1
"""By this share the recipients may have become more or fewer since the preview."""


async def send_notice(
    actor: Actor,
    *,
    notice_id: UUID,
    expected_version: int,
    send_at: datetime | None = None,
    recipients: int | None = None,
) -> Notice:
    """Send a notice now, or at a moment to come.

    ``recipients`` is the number that the preview told, held against the number now: an emergency
    is sent only by who has seen how many people it wakes.

    Raises:
        Unauthenticated, NotFound: no such notice for the actor.
        WrongState: it is no draft any more.
        Conflict: somebody changed it meanwhile; or ``recipients`` is not the number of people
            whom it reaches, which ``params.recipients`` tells.
        InvalidInput: ``send_at`` is past, too far off, or after its public end; or an emergency
            shall wait.
        RateLimited: the actor has sent too many.
    """
    async with work(actor) as unit:
        notice = await access_notice(actor, notice_id=notice_id, lock=True)
        require_draft(notice)
        require_version(notice.version, expected_version)
        at = now()
        if send_at is not None:
            _check_moment(notice, send_at, at)
        check_shown(notice.shown_until, since=send_at or at)
        if notice.emergency or recipients is not None:
            await _check_recipients(notice, recipients)
        await _limit(actor, notice, at)
        notice.sender_id, notice.send_at = actor.id, send_at or at
        notice.version += 1
        if send_at is None:
            await begin(notice)
        else:
            notice.state = NoticeState.SCHEDULED
            await notice.save()
        unit.note(
            "sendNotice",
            "NOTICE",
            notice.id,
            kind=notice.kind.value,
            emergency=notice.emergency,
            scheduled=send_at is not None,
        )
    return notice


async def begin(notice: Notice) -> None:
    """Have the recipients planned; what is only for the public is out at once."""
    if notice.audience:
        notice.state = NoticeState.SENDING
        await _plan(notice.id, emergency=notice.emergency)
    else:
        notice.state, notice.sent_at = NoticeState.SENT, now()
    await notice.save()


async def cancel_notice(actor: Actor, *, notice_id: UUID) -> Notice:
    """Stop a notice: who was not reached yet hears nothing. What is public goes out of sight.

    Raises:
        Unauthenticated, NotFound: no such notice for the actor.
        WrongState: everybody has it already, or it is cancelled.
    """
    async with work(actor) as unit:
        notice = await access_notice(actor, notice_id=notice_id, lock=True)
        at = now()
        if notice.state in {NoticeState.DRAFT, NoticeState.SCHEDULED, NoticeState.SENDING}:
            notice.state = NoticeState.CANCELLED
        elif is_public(notice, at):
            notice.shown_until = at
        else:
            raise WrongState(
                reason="TOO_LATE",
                params={"state": notice.state.value},
                zh="已经发完或取消，不能再取消",
                en="It is with everybody, or cancelled, already",
            )
        notice.version += 1
        await notice.save()
        unit.note("cancelNotice", "NOTICE", notice.id, planned=notice.recipients)
    return notice


def is_public(notice: Notice, at: datetime) -> bool:
    """Whether everybody may read it."""
    until = notice.shown_until
    return notice.state is NoticeState.SENT and until is not None and until > at


@jobs.periodic("notifications.begin_notices", cron="* * * * *")
async def begin_due() -> None:
    """Send what was scheduled for now, and go on with what stands still."""
    while await _begin_next():
        pass
    async with work(SYSTEM):
        still = await Notice.filter(
            state=NoticeState.SENDING, updated_at__lt=now() - STANDS_STILL
        ).select_for_update(skip_locked=True)
        for notice in still:
            await notice.save(update_fields=["updated_at"])
            await _plan(notice.id, emergency=notice.emergency)


async def _begin_next() -> bool:
    async with work(SYSTEM) as unit:
        due = (
            await Notice.filter(state=NoticeState.SCHEDULED, send_at__lte=now())
            .order_by("send_at")
            .select_for_update(skip_locked=True)
            .first()
        )
        if due is None:
            return False
        await begin(due)
        unit.note("beginNotice", "NOTICE", due.id)
    return True


async def _plan(notice_id: UUID, *, emergency: bool) -> None:
    args = {"version": 1, "notice_id": notice_id}
    await jobs.defer(PLAN, args, queue=QUEUE, priority=URGENT if emergency else ORDINARY)


def _check_moment(notice: Notice, send_at: datetime, at: datetime) -> None:
    most = rules().notice_days_ahead
    if notice.emergency or not at < send_at <= at + timedelta(days=most):
        raise InvalidInput(
            field="input.sendAt",
            reason="MOMENT",
            params={"maximum": most},
            zh="定时须在将来 {maximum} 天之内；紧急提醒不能定时",
            en="Within the next {maximum} days; an emergency can't wait",
        )


async def _check_recipients(notice: Notice, seen: int | None) -> None:
    found, _ = await count(notice)
    if seen is None or abs(found - seen) > max(1, ceil(found * MAY_DIFFER)):
        raise Conflict(
            field="input.recipients",
            reason="RECIPIENTS",
            params={"recipients": found},
            zh="将发给 {recipients} 人，请确认人数后再发",
            en="It goes to {recipients} people: confirm the number first",
        )


async def _limit(actor: Actor, notice: Notice, at: datetime) -> None:
    """Refuse what one person sends too often: a slip must not reach the town again and again.

    Counted in the database: an alarm must get out also when Redis is down.
    """
    await fetch("SELECT pg_advisory_xact_lock(hashtext($1))::text", f"notices of {actor.id}")
    bounds: list[tuple[int, timedelta, dict[str, bool]]] = [
        (rules().notices_per_day, timedelta(days=1), {})
    ]
    if notice.emergency:
        bounds.append((rules().emergencies_per_hour, timedelta(hours=1), {"emergency": True}))
    for most, window, which in bounds:
        # What waits counts from when it is due, and so does what was cancelled midway.
        sent = Notice.filter(sender_id=actor.id, send_at__gt=at - window, **which)
        moments = await sent.order_by("-send_at").limit(most).values_list("send_at", flat=True)
        if len(moments) >= most:
            wait = moments[-1] + window - at  # type: ignore[operator]  # of one that was sent
            raise RateLimited(params={"retryAfter": ceil(wait.total_seconds())})
