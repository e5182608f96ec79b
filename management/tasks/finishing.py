"""Finishing a task by hand: what came of a visit, or of work that was sent.

Attempted is not covered: where nobody was met, the same visit waits in its pool anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from core.clock import now
from core.errors import InvalidInput
from core.text import clean
from core.work import work
from identity.actor import Actor
from management.models import Task, TaskKind
from management.rules import rules
from management.tasks.access import access_task
from management.tasks.core import Where, finish, raise_task
from management.tasks.steering import require_by_hand
from management.tasks.taking import require_holder

LONGEST_FEEDBACK: Final = 500


class TaskOutcome(StrEnum):
    """What came of a task that somebody finishes by hand."""

    DONE = "DONE"
    NOT_POSSIBLE = "NOT_POSSIBLE"
    WELL = "WELL"
    HELP_ARRANGED = "HELP_ARRANGED"
    STILL_HERE = "STILL_HERE"
    MOVED_OUT = "MOVED_OUT"
    NOT_MET = "NOT_MET"


_O = TaskOutcome
OUTCOMES: Final[Mapping[TaskKind, frozenset[TaskOutcome]]] = MappingProxyType(
    {
        TaskKind.AD_HOC: frozenset({_O.DONE, _O.NOT_POSSIBLE}),
        TaskKind.WELFARE_VISIT: frozenset({_O.WELL, _O.HELP_ARRANGED, _O.NOT_MET}),
        TaskKind.RESIDENCE: frozenset({_O.STILL_HERE, _O.MOVED_OUT, _O.NOT_MET}),
    }
)
"""What can come of each kind. Whoever raised it hears ``TaskEnded`` and reads ``Task.outcome``."""

Effect = Callable[[Task], Awaitable[None]]
Hold = Callable[[UUID], Awaitable[Effect]]
_acting: dict[TaskKind, Hold] = {}

_SPEAK_FOR_THEMSELVES: Final = frozenset({_O.WELL, _O.STILL_HERE, _O.MOVED_OUT})


def acts_on(kind: TaskKind) -> Callable[[Hold], Hold]:
    """Register what the outcome of a kind does to what its tasks are about.

    The function locks the subject, before its task is locked, and answers what is then done with
    the finished task, in the same unit of work.
    """

    def register(hold: Hold) -> Hold:
        _acting[kind] = hold
        return hold

    return register


async def finish_task(
    actor: Actor, *, task_id: UUID, outcome: TaskOutcome, feedback: str = ""
) -> Task:
    """Finish a task that the actor holds (反馈办结), with what its outcome does to its subject.

    Raises:
        Unauthenticated, NotFound: absent, or not for the actor.
        InvalidInput: the outcome is none of this kind, or does not speak for itself.
        WrongState: it is in nobody's or somebody else's hands, or ends with what it is about.
    """
    shortest = 0 if outcome in _SPEAK_FOR_THEMSELVES else 2
    words = clean(feedback, field="input.feedback", longest=LONGEST_FEEDBACK, shortest=shortest)
    async with work(actor) as unit:
        effect = await _hold_subject((await access_task(actor, task_id=task_id))[0])
        task, _ = await access_task(actor, task_id=task_id, lock=True)
        require_holder(actor, task)
        require_by_hand(task)
        if outcome not in OUTCOMES[task.kind]:
            raise InvalidInput(
                field="input.outcome",
                reason="OUTCOME",
                params={"outcomes": sorted(OUTCOMES[task.kind])},
                zh="这类任务没有这个办理结果",
                en="A task of this kind has no such outcome",
            )
        await finish(task, by=actor, outcome=outcome.value, feedback=words or None)
        unit.note("finishTask", "TASK", task.id, outcome=outcome.value)
        if effect is not None:
            await effect(task)
        if outcome is TaskOutcome.NOT_MET:
            await _again(task)
    return task


async def _hold_subject(task: Task) -> Effect | None:
    hold = _acting.get(task.kind)
    return await hold(task.subject_id) if hold and task.subject_id else None


async def _again(task: Task) -> None:
    """The same visit for whoever takes it, with as much time as this one had."""
    term = task.due_at - task.created_at if task.due_at else timedelta(days=rules().task_days)
    await raise_task(
        task.kind,
        where=Where.of(task),
        role=task.role,
        subject_id=task.subject_id,
        step=task.step,
        department_id=task.department_id,
        not_for=task.not_for,
        due_at=now() + term,
    )
