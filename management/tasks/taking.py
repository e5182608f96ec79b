"""Taking a task from a pool, giving it back, and giving it to somebody."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.errors import DomainError, InvalidInput, NotFound, WrongState
from core.events import emit
from core.ids import global_id
from core.text import clean
from core.work import current, work
from identity.actor import Actor
from identity.models import GridPost
from management.events import TaskAssigned, TaskRaised
from management.models import Task, TaskAction, TaskState
from management.rules import rules
from management.tasks.access import (
    access_task,
    own_posts,
    posts_of,
    require_direction,
    require_work,
    visible_tasks,
    works_on,
)
from management.tasks.core import give, over, put_back, stepped, works_here


async def take_task(actor: Actor, *, task_id: UUID) -> Task:
    """Take a task out of its pool; of those who try at once, one does.

    Raises:
        Unauthenticated, NotFound: absent, or not for the actor.
        WrongState: taken or over already, meant for other posts, or for somebody else than who
            did the work (``NOT_FOR_YOU``).
    """
    async with work(actor) as unit:
        await own_posts(actor)
        # Before the task: who leaves holds their own row.
        if actor.id is None or not await works_here(actor.id):
            raise NotFound
        task, posts = await access_task(actor, task_id=task_id, lock=True)
        if task.state is not TaskState.OPEN:
            raise over(task)
        require_work(posts, task)
        give(task, actor.id)
        await stepped(task, TaskAction.TAKE, by=actor)
        unit.note("takeTask", "TASK", task.id)
    return task


async def return_task(actor: Actor, *, task_id: UUID, reason: str) -> Task:
    """Give a task that the actor holds back to its pool, with the reason.

    Raises:
        Unauthenticated, NotFound: absent, or not for the actor.
        InvalidInput: no reason.
        WrongState: it is in nobody's or somebody else's hands.
    """
    words = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        task, _ = await access_task(actor, task_id=task_id, lock=True)
        require_holder(actor, task)
        put_back(task)
        await stepped(task, TaskAction.RETURN, by=actor, words=words)
        unit.note("returnTask", "TASK", task.id)
        await emit(TaskRaised(task_id=task.id))
    return task


async def assign_tasks(actor: Actor, *, task_ids: Sequence[UUID], staff_id: UUID) -> list[Task]:
    """Give tasks to a member of staff who holds a post for them: all, or none.

    Who held one before hears of it from its history. The tasks come back in the order asked.

    Raises:
        Unauthenticated, NotFound: one is absent, or not for the actor; or there is no such member
            of staff.
        InvalidInput: none, too many, one twice.
        WrongState: of one: why it can't be given; of several (``ITEMS``), ``params.items`` names
            each that can't, with the reason.
    """
    _check(task_ids)
    async with work(actor):
        posts = await own_posts(actor)
        present = await works_here(staff_id)
        seen = visible_tasks(actor, posts).filter(id__in=list(task_ids)).order_by("id")
        found = {task.id: task for task in await seen.select_for_update()}
        if len(found) < len(task_ids):
            raise NotFound
        held = await posts_of(staff_id) if present else []
        faults: list[tuple[UUID, DomainError]] = []
        for task in found.values():
            try:
                await _assign(actor, task, staff_id=staff_id, posts=posts, held=held)
            except DomainError as refusal:
                faults.append((task.id, refusal))
        if faults:
            raise _refusal(faults, of=len(task_ids))
    return [found[task_id] for task_id in task_ids]


async def _assign(
    actor: Actor, task: Task, *, staff_id: UUID, posts: list[GridPost], held: list[GridPost]
) -> None:
    require_direction(actor, posts, task)
    if task.state is TaskState.TAKEN and task.assignee_id == staff_id:
        raise WrongState(reason="THEIRS", zh="任务已在其手中", en="They hold it already")
    if not works_on(held, task):
        raise NotFound(
            field="input.staffId",
            reason="NOT_POSTED",
            zh="该人员没有办理此任务的岗位",
            en="They hold no post for this task",
        )
    give(task, staff_id)
    await stepped(task, TaskAction.ASSIGN, by=actor)
    current().note("assignTask", "TASK", task.id, staff=staff_id)
    if staff_id != actor.id:
        await emit(TaskAssigned(task_id=task.id))


def require_holder(actor: Actor, task: Task) -> None:
    """Refuse who does not hold the task.

    Raises:
        WrongState: nobody does, or somebody else.
    """
    if task.state is not TaskState.TAKEN:
        raise over(task)
    if task.assignee_id != actor.id:
        raise WrongState(reason="NOT_YOURS", zh="任务由他人承办", en="Somebody else holds the task")


def _check(task_ids: Sequence[UUID]) -> None:
    most = rules().tasks_at_once
    if not 1 <= len(task_ids) <= most:
        raise InvalidInput(
            field="input.taskIds",
            reason="TOO_MANY",
            params={"maximum": most},
            zh="一次可派 1 到 {maximum} 个任务",
            en="1 to {maximum} tasks at once",
        )
    if len(set(task_ids)) < len(task_ids):
        raise InvalidInput(
            field="input.taskIds", reason="TWICE", zh="有任务重复", en="A task is there twice"
        )


def _refusal(faults: list[tuple[UUID, DomainError]], *, of: int) -> DomainError:
    if of == 1:
        return faults[0][1]
    items = [
        {"id": global_id("Task", task_id), "code": error.code.value, "reason": error.reason}
        for task_id, error in faults
    ]
    return WrongState(
        field="input.taskIds",
        reason="ITEMS",
        params={"items": items},
        zh="有任务不能这样派，请去掉后再试",
        en="Some of the tasks can't be given; leave them out and try again",
    )
