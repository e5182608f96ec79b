"""Tasks as their subjects see them: raised, finished and cancelled with what they are about.

Everything here runs in the unit of work of what it follows from. Its caller holds the lock of the
subject, so that a subject has one live task; the database holds it too (``task_one_live``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol, Self
from uuid import UUID

from core.clock import now
from core.crypto import seal
from core.database import fetch
from core.errors import WrongState
from core.events import emit
from core.work import Principal, current
from identity.actor import ActorKind, Role
from management.events import HazardChangedHands, TaskAssigned, TaskEnded, TaskRaised
from management.models import Place, Task, TaskAction, TaskKind, TaskState, TaskStep
from management.rules import rules
from management.tasks.admission import admission

LIVE: Final = (TaskState.OPEN, TaskState.TAKEN)
_CHANGES_HANDS: Final = frozenset({TaskAction.TAKE, TaskAction.ASSIGN, TaskAction.RETURN})

MOVES: Final[Mapping[TaskState, frozenset[TaskState]]] = MappingProxyType(
    {
        TaskState.OPEN: frozenset({TaskState.TAKEN, TaskState.DONE, TaskState.CANCELLED}),
        TaskState.TAKEN: frozenset({TaskState.OPEN, TaskState.DONE, TaskState.CANCELLED}),
        TaskState.DONE: frozenset(),
        TaskState.CANCELLED: frozenset(),
    }
)


_STATES: Final[Mapping[TaskState, tuple[str, str]]] = MappingProxyType(
    {
        TaskState.OPEN: ("任务还没有人领取", "Nobody has taken the task"),
        TaskState.TAKEN: ("任务已被领取", "Somebody has taken the task"),
        TaskState.DONE: ("任务已办结", "The task is done"),
        TaskState.CANCELLED: ("任务已取消", "The task was cancelled"),
    }
)


class _Somewhere(Protocol):
    """A row that repeats the columns of its grid."""

    grid_path: str
    community_code: str
    grid_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where the work is: a grid, and the place if there is one."""

    place_id: UUID | None
    grid_path: str
    community_code: str
    grid_code: str

    @classmethod
    def of(cls, row: _Somewhere) -> Self:
        """Where a place is, or a row that lies at one or in a grid (a hazard)."""
        return cls(
            place_id=row.id if isinstance(row, Place) else getattr(row, "place_id", None),
            grid_path=row.grid_path,
            community_code=row.community_code,
            grid_code=row.grid_code,
        )


async def raise_task(
    kind: TaskKind,
    *,
    where: Where,
    role: Role,
    subject_id: UUID | None,
    step: str = "",
    department_id: UUID | None = None,
    assignee_id: UUID | None = None,
    not_for: UUID | None = None,
    due_at: datetime | None = None,
    replace: bool = True,
) -> Task:
    """Put work into a pool of the grid, or into the hands of one member of staff.

    A live task of this kind about the same subject is cancelled first; ``replace=False``: the
    caller knows that there is none. An assignee who has left meanwhile gets nothing: the pool does.

    Raises:
        WrongState: the assignee is who it is ``not_for``.
    """
    by = current().who
    # Before any task: who leaves holds their own row.
    present = assignee_id is not None and await works_here(assignee_id)
    if replace and subject_id is not None:
        await cancel_task_of(kind, subject_id, by=by)
    task = Task(
        kind=kind,
        step=step,
        subject_id=subject_id,
        role=role,
        department_id=department_id,
        not_for=not_for,
        due_at=due_at,
        place_id=where.place_id,
        grid_path=where.grid_path,
        community_code=where.community_code,
        grid_code=where.grid_code,
    )
    await enter(task, by=by, assignee_id=assignee_id if present else None)
    if assignee_id is not None and not present:
        await _tell_of_hands(task)
    return task


async def enter(
    task: Task, *, by: Principal, assignee_id: UUID | None = None, words: str | None = None
) -> None:
    """Write a new task with its first step, and tell of it.

    A task without a deadline of its own has one by the rules, so that none is forgotten. What it
    costs in minutes is that of its kind, unless said otherwise.

    Raises:
        WrongState: the assignee is who it is ``not_for``.
    """
    task.due_at = task.due_at or now() + timedelta(days=rules().task_days)
    task.minutes = task.minutes or admission().own[task.kind]
    if assignee_id is not None:
        give(task, assignee_id)
    await task.save(force_create=True)
    await write(task, TaskAction.RAISE, by=by, words=words)
    if task.assignee_id is None or task.assignee_id == by.id:
        await emit(TaskRaised(task_id=task.id))
    else:
        await emit(TaskAssigned(task_id=task.id))


async def finish_task_of(
    kind: TaskKind, subject_id: UUID, *, by: Principal, outcome: str = ""
) -> Task | None:
    """Finish the live task about a subject, if there is one; ``outcome`` is a code by the kind.

    What nobody had taken counts as done by the member of staff who did it.
    """
    task = await _live(kind, subject_id)
    if task is not None:
        await finish(task, by=by, outcome=outcome)
    return task


async def cancel_task_of(kind: TaskKind, subject_id: UUID, *, by: Principal) -> Task | None:
    """Cancel the live task about a subject, if there is one."""
    task = await _live(kind, subject_id)
    if task is not None:
        await end(task, TaskState.CANCELLED, TaskAction.CANCEL, by=by)
    return task


async def live_task_of(kind: TaskKind, subject_ids: Collection[UUID]) -> dict[UUID, Task]:
    """The live task of each of these subjects: one query; those without any are left out."""
    tasks = await Task.filter(kind=kind, subject_id__in=list(subject_ids), state__in=LIVE)
    return {task.subject_id: task for task in tasks if task.subject_id is not None}


def give(task: Task, staff_id: UUID) -> None:
    """Put a task into somebody's hands; not saved yet.

    Raises:
        WrongState: it is not for them, or has ended.
    """
    if task.not_for == staff_id:
        raise WrongState(
            reason="NOT_FOR_YOU",
            zh="同一人不能既整改又复查，此任务须由他人办理",
            en="Who did the work does not check it: this task is for somebody else",
        )
    if task.state is not TaskState.TAKEN:
        _move(task, TaskState.TAKEN)
    task.assignee_id, task.taken_at = staff_id, now()


def put_back(task: Task) -> None:
    """Put a task that somebody holds back into its pool; not saved yet.

    Raises:
        WrongState: nobody holds it.
    """
    if task.state is not TaskState.TAKEN:
        raise over(task)
    _move(task, TaskState.OPEN)
    task.assignee_id = task.taken_at = None
    task.returns += 1


async def finish(
    task: Task, *, by: Principal, outcome: str = "", feedback: str | None = None
) -> None:
    """Finish a locked task.

    Raises:
        WrongState: it has ended.
    """
    if task.state is TaskState.OPEN and by.kind == ActorKind.STAFF:
        task.assignee_id, task.taken_at = by.id, now()
    task.outcome = outcome
    seal(task, "feedback", feedback)
    await end(task, TaskState.DONE, TaskAction.FINISH, by=by)


async def end(
    task: Task, to: TaskState, action: TaskAction, *, by: Principal, words: str | None = None
) -> None:
    """Take a locked task to one of its two ends, and tell of it.

    Raises:
        WrongState: it has ended.
    """
    _move(task, to)
    task.ended_at = now()
    await stepped(task, action, by=by, words=words)
    await emit(TaskEnded(task_id=task.id))


async def stepped(
    task: Task, action: TaskAction, *, by: Principal, words: str | None = None
) -> TaskStep:
    """Save a locked task that took a step, with the step."""
    task.version += 1
    await task.save()
    if action in _CHANGES_HANDS:
        await _tell_of_hands(task)
    return await write(task, action, by=by, words=words)


async def write(
    task: Task, action: TaskAction, *, by: Principal, words: str | None = None
) -> TaskStep:
    """Write the step that led to the task's version; ``words`` are sealed."""
    step = TaskStep(
        task_id=task.id,
        number=task.version,
        at=now(),
        by_kind=ActorKind(by.kind),
        staff_id=by.id if by.kind == ActorKind.STAFF else None,
        action=action,
    )
    seal(step, "words", words)
    await step.save(force_create=True)
    return step


def over(task: Task) -> WrongState:
    """The refusal of what the state of a task does not allow."""
    zh, en = _STATES[task.state]
    return WrongState(reason=task.state.value, zh=zh, en=en)


async def works_here(staff_id: UUID) -> bool:
    """Whether somebody works for the town; they can't leave before the running work is over."""
    rows: list[dict[str, Any]] = await fetch(
        "SELECT id FROM staff_member WHERE id = $1 AND left_at IS NULL FOR SHARE", staff_id
    )
    return bool(rows)


async def _tell_of_hands(task: Task) -> None:
    if task.kind is TaskKind.HAZARD and task.subject_id is not None:
        await emit(HazardChangedHands(hazard_id=task.subject_id))


def _move(task: Task, to: TaskState) -> None:
    if to not in MOVES[task.state]:
        raise over(task)
    task.state = to


async def _live(kind: TaskKind, subject_id: UUID) -> Task | None:
    live = Task.filter(kind=kind, subject_id=subject_id, state__in=LIVE)
    return await live.select_for_update().first()
