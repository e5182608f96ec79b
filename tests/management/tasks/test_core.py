"""A subject and its one live task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core.clock import now
from core.errors import WrongState
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind, Role
from identity.models import StaffMember
from management.models import Task, TaskAction, TaskKind, TaskState, TaskStep
from management.tasks.core import (
    Where,
    cancel_task_of,
    finish,
    finish_task_of,
    give,
    live_task_of,
    put_back,
    raise_task,
)
from tests import factories
from tests.management.support import GRID, employee

pytestmark = pytest.mark.usefixtures("town")


async def raised(subject_id: UUID | None = None, by: Actor = SYSTEM, **given: Any) -> Task:
    where = given.pop("where", None) or Where.of(await factories.place())
    arguments = {"role": Role.WARDEN, "subject_id": subject_id or uuid7(), **given}
    async with work(by):
        return await raise_task(TaskKind.DECLARATION, where=where, **arguments)


async def history(task: Task) -> list[tuple[int, TaskAction]]:
    steps = await TaskStep.filter(task_id=task.id).order_by("number")
    return [(step.number, step.action) for step in steps]


async def test_a_task_waits_in_the_pool_of_its_grid_for_who_is_meant() -> None:
    place, subject, due = await factories.place(), uuid7(), now() + timedelta(hours=24)
    task = await raised(subject, where=Where.of(place), due_at=due, step="HELD")
    kept = await Task.get(id=task.id)
    assert (kept.place_id, kept.grid_path, kept.grid_code) == (place.id, GRID, place.grid_code)
    assert (kept.state, kept.role, kept.assignee_id) == (TaskState.OPEN, Role.WARDEN, None)
    assert (kept.step, kept.subject_id, kept.due_at) == ("HELD", subject, due)
    assert await history(task) == [(1, TaskAction.RAISE)]
    step = await TaskStep.get(task_id=task.id)
    assert (step.by_kind, step.staff_id) == (ActorKind.SYSTEM, None)


async def test_a_task_for_one_is_in_their_hands_at_once() -> None:
    warden = await employee()
    task = await Task.get(id=(await raised(assignee_id=warden.id)).id)
    assert (task.state, task.assignee_id) == (TaskState.TAKEN, warden.id)
    assert task.taken_at is not None


async def test_who_has_left_gets_nothing_and_the_pool_does() -> None:
    gone = await employee()
    await StaffMember.filter(id=gone.id).update(left_at=now())
    task = await raised(assignee_id=gone.id)
    assert (task.state, task.assignee_id) == (TaskState.OPEN, None)


async def test_one_subject_has_one_live_task() -> None:
    subject = uuid7()
    first, second = await raised(subject), await raised(subject)
    assert (await Task.get(id=first.id)).state is TaskState.CANCELLED
    assert await history(first) == [(1, TaskAction.RAISE), (2, TaskAction.CANCEL)]
    live = await live_task_of(TaskKind.DECLARATION, [subject, uuid7()])
    assert {key: task.id for key, task in live.items()} == {subject: second.id}
    assert await live_task_of(TaskKind.HAZARD, [subject]) == {}
    with pytest.raises(IntegrityError):
        async with in_transaction():
            await Task.filter(id=first.id).update(state=TaskState.OPEN, ended_at=None)


async def test_two_subjects_are_apart() -> None:
    first, second = await raised(), await raised()
    assert first.subject_id is not None
    async with work(SYSTEM):
        await cancel_task_of(TaskKind.DECLARATION, first.subject_id, by=SYSTEM)
    assert (await Task.get(id=second.id)).state is TaskState.OPEN


async def test_what_was_done_with_the_subject_finishes_its_task_and_says_by_whom() -> None:
    subject, warden = uuid7(), await employee()
    actor = Actor(kind=ActorKind.STAFF, id=warden.id)
    await raised(subject)
    async with work(actor):
        done = await finish_task_of(TaskKind.DECLARATION, subject, by=actor, outcome="UPHELD")
        again = await finish_task_of(TaskKind.DECLARATION, subject, by=actor)
    assert done is not None
    assert again is None
    kept = await Task.get(id=done.id)
    assert (kept.state, kept.outcome, kept.assignee_id) == (TaskState.DONE, "UPHELD", warden.id)
    assert kept.ended_at is not None
    step = await TaskStep.get(task_id=done.id, action=TaskAction.FINISH)
    assert (step.number, step.staff_id) == (2, warden.id)


async def test_who_held_a_task_stays_named_when_another_finishes_it() -> None:
    subject, holder, other = uuid7(), await employee(), await employee()
    await raised(subject, assignee_id=holder.id)
    actor = Actor(kind=ActorKind.STAFF, id=other.id)
    async with work(actor):
        done = await finish_task_of(TaskKind.DECLARATION, subject, by=actor)
    assert done is not None
    assert done.assignee_id == holder.id


async def test_what_has_no_live_task_needs_none() -> None:
    async with work(SYSTEM):
        assert await finish_task_of(TaskKind.HAZARD, uuid7(), by=SYSTEM) is None
        assert await cancel_task_of(TaskKind.HAZARD, uuid7(), by=SYSTEM) is None


async def test_it_is_for_somebody_else_than_who_did_the_work() -> None:
    worker = await employee()
    task = await raised(not_for=worker.id)
    with pytest.raises(WrongState) as caught:
        give(task, worker.id)
    assert caught.value.reason == "NOT_FOR_YOU"
    async with in_transaction():
        with pytest.raises(WrongState):
            await raised(not_for=worker.id, assignee_id=worker.id)


async def test_a_task_that_has_ended_moves_no_more() -> None:
    subject, warden = uuid7(), await employee()
    await raised(subject)
    async with work(SYSTEM):
        ended = await cancel_task_of(TaskKind.DECLARATION, subject, by=SYSTEM)
        assert ended is not None
        for attempt in (lambda: give(ended, warden.id), lambda: put_back(ended)):
            with pytest.raises(WrongState):
                attempt()
        with pytest.raises(WrongState):
            await finish(ended, by=SYSTEM)
