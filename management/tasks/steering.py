"""Urging, extending and cancelling: by who sent a task, or directs the work on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.clock import now
from core.errors import InvalidInput, WrongState
from core.events import emit
from core.text import clean
from core.work import work
from identity.actor import Actor
from management.events import TaskUrged
from management.models import Task, TaskAction, TaskKind, TaskState
from management.rules import rules
from management.tasks.access import access_task, require_direction, require_live
from management.tasks.core import end, stepped

BY_HAND: Final = frozenset({TaskKind.WELFARE_VISIT, TaskKind.RESIDENCE, TaskKind.AD_HOC})
"""Kinds that somebody finishes or cancels. All others end with what they are about."""


async def urge_task(actor: Actor, *, task_id: UUID) -> Task:
    """Ask where a task is (催办): who holds it is told, or everybody in its pool.

    Raises:
        Unauthenticated, NotFound: absent, or not for the actor.
        WrongState: it is over, not the actor's to direct, or was urged a moment ago.
    """
    async with work(actor) as unit:
        task, posts = await access_task(actor, task_id=task_id, lock=True)
        require_direction(actor, posts, task)
        require_live(task)
        pause = timedelta(hours=rules().task_urge_hours)
        if task.urged_at is not None and task.urged_at + pause > now():
            raise WrongState(
                reason="URGED_LATELY",
                params={"hours": rules().task_urge_hours},
                zh="{hours} 小时内已催办过",
                en="It was urged within the last {hours} hours",
            )
        task.urged_at, task.urges = now(), task.urges + 1
        await stepped(task, TaskAction.URGE, by=actor)
        unit.note("urgeTask", "TASK", task.id)
        await emit(TaskUrged(task_id=task.id))
    return task


async def extend_task(actor: Actor, *, task_id: UUID, due_at: datetime, reason: str) -> Task:
    """Move the deadline of a task to a later time, with the reason.

    Raises:
        Unauthenticated, NotFound: absent, or not for the actor.
        InvalidInput: no reason, or the time is not later, past, or too far ahead.
        WrongState: it is over, not the actor's to direct, or has the deadline of a hazard.
    """
    words = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        task, posts = await access_task(actor, task_id=task_id, lock=True)
        require_direction(actor, posts, task)
        require_live(task)
        if task.kind is TaskKind.HAZARD:
            raise _by_its_subject()
        check_deadline(due_at, after=max(task.due_at or now(), now()))
        task.due_at, task.overdue_at = due_at, None
        await stepped(task, TaskAction.EXTEND, by=actor, words=words)
        unit.note("extendTask", "TASK", task.id)
    return task


async def cancel_task(actor: Actor, *, task_id: UUID, reason: str) -> Task:
    """Cancel a task that nobody needs to do any more, with the reason.

    Raises:
        Unauthenticated, NotFound: absent, or not for the actor.
        InvalidInput: no reason.
        WrongState: it is over, not the actor's to direct, or ends with what it is about.
    """
    words = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        task, posts = await access_task(actor, task_id=task_id, lock=True)
        require_direction(actor, posts, task)
        require_live(task)
        require_by_hand(task)
        await end(task, TaskState.CANCELLED, TaskAction.CANCEL, by=actor, words=words)
        unit.note("cancelTask", "TASK", task.id)
    return task


def require_by_hand(task: Task) -> None:
    """Refuse a task that ends with what it is about.

    Raises:
        WrongState: it does.
    """
    if task.kind not in BY_HAND:
        raise _by_its_subject()


def check_deadline(due_at: datetime, *, after: datetime) -> None:
    """Refuse a deadline that is too early or too far ahead.

    Raises:
        InvalidInput: it is, or says no time zone.
    """
    days = rules().task_longest_days
    if due_at.tzinfo is None or not after < due_at <= now() + timedelta(days=days):
        raise InvalidInput(
            field="input.dueAt",
            reason="DEADLINE",
            params={"days": days},
            zh="期限应晚于现在（或原期限），且在 {days} 天之内",
            en="The deadline lies ahead (of the present one), within {days} days",
        )


def _by_its_subject() -> WrongState:
    return WrongState(
        reason="BY_ITS_SUBJECT",
        zh="此任务随其事项办理而结束，请直接办理该事项",
        en="This task follows what it is about: deal with that instead",
    )
