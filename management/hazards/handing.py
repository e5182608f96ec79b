"""Whose turn it is: the task of a hazard, handed on with every change of its state."""

from __future__ import annotations

from uuid import UUID

from core.database import fetch
from core.events import later
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind, Role
from management.events import HazardChangedHands
from management.hazards.access import locked
from management.hazards.table import table
from management.models import (
    Hazard,
    HazardAction,
    HazardReport,
    HazardState,
    Task,
    TaskAction,
    TaskKind,
)
from management.tasks.core import (
    LIVE,
    Where,
    cancel_task_of,
    finish_task_of,
    live_task_of,
    raise_task,
    stepped,
)


async def hand_on(hazard: Hazard) -> None:
    """Raise the task that follows from where a locked hazard stands, if one does.

    The hazard is new, or :func:`drop_task` has ended the task before.
    """
    rule = table().states[hazard.state]
    role, department_id, assignee_id = rule.pool, None, None
    if rule.to_assignee:
        department_id, assignee_id = hazard.department_id, hazard.assignee_id
        role = Role.WARDEN if department_id is None else Role.DEPARTMENT
    if role is None:
        return
    if hazard.state is HazardState.FOLLOW_UP and not await _can_be_called(hazard.id):
        return
    await raise_task(
        TaskKind.HAZARD,
        where=Where.of(hazard),
        role=role,
        subject_id=hazard.id,
        step=hazard.state.value,
        department_id=department_id,
        assignee_id=assignee_id,
        not_for=hazard.assignee_id if hazard.state is HazardState.SUBMITTED else None,
        due_at=hazard.due_at,
        replace=False,
    )


async def drop_task(hazard: Hazard, action: HazardAction, *, by: Actor) -> None:
    """End the task of the state that a locked hazard has left.

    It is done where people did something; time and returning it leave it undone.
    """
    if by.kind is ActorKind.SYSTEM or action is HazardAction.RETURN:
        await cancel_task_of(TaskKind.HAZARD, hazard.id, by=by)
    else:
        await finish_task_of(TaskKind.HAZARD, hazard.id, by=by, outcome=action.value)


async def move_due(hazard: Hazard, *, by: Actor) -> None:
    """Give the live task of a locked hazard the time that the hazard has now."""
    live = Task.filter(kind=TaskKind.HAZARD, subject_id=hazard.id, state__in=LIVE)
    task = await live.select_for_update().first()
    if task is not None and task.due_at != hazard.due_at:
        task.due_at = hazard.due_at
        await stepped(task, TaskAction.EXTEND, by=by)


# Not in the transaction of the task: a hazard is locked before its task, never after.
@later(HazardChangedHands, name="management.follow_task")
async def follow_task(event: HazardChangedHands) -> None:
    """Whoever holds the task of a hazard that is to be put right stands on it; or nobody does."""
    async with work(SYSTEM) as unit:
        seen = await Hazard.get_or_none(id=event.hazard_id)
        if seen is None:
            return
        hazard = await locked(seen)
        task = (await live_task_of(TaskKind.HAZARD, [hazard.id])).get(hazard.id)
        follows = task is not None and table().states[hazard.state].to_assignee
        if task is None or not follows or hazard.assignee_id == task.assignee_id:
            return
        hazard.assignee_id = task.assignee_id
        await hazard.save(update_fields=["assignee_id", "updated_at"])
        unit.note("followTask", "HAZARD", hazard.id, task=task.id, staff=task.assignee_id)


async def can_be_asked(hazard_id: UUID) -> bool:
    """Whether there is a reporter who can say whether it is fixed: an account, a token, a phone."""
    asked = await fetch(
        "SELECT 1 AS found FROM hazard_report WHERE hazard_id = $1 AND (account_id IS NOT NULL"
        " OR token_hash IS NOT NULL OR caller_phone IS NOT NULL)",
        hazard_id,
    )
    return bool(asked)


async def _can_be_called(hazard_id: UUID) -> bool:
    report = (
        await HazardReport.filter(hazard_id=hazard_id).only("account_id", "caller_phone").first()
    )
    return report is not None and (report.account_id is not None or bool(report.caller_phone))
