"""Taking tasks, giving them back, giving them to others; and who may."""

from __future__ import annotations

import asyncio

import pytest

from core.crypto import reveal
from core.errors import DomainError, InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import global_id, uuid7
from core.work import work
from identity.actor import SYSTEM, Actor, Permission, Role
from management.models import Task, TaskAction, TaskKind, TaskState, TaskStep
from management.rules import rules
from management.tasks.core import Where, cancel_task_of, raise_task
from management.tasks.taking import assign_tasks, return_task, take_task
from tests import factories
from tests.management.support import (
    COMMUNITY,
    GRID,
    HOSTILE,
    OTHER_GRID,
    SIBLING,
    TOWN,
    VISITOR,
    app,
    entries,
    outcomes,
    refused,
    refused_input,
    signed_in,
)
from tests.management.tasks.support import department, ended, fresh, gone, history, posted, raised


async def test_a_warden_takes_a_task_of_the_grid(town: None) -> None:
    warden, task = await posted(), await raised()
    taken = await take_task(warden, task_id=task.id)
    kept = await fresh(task)
    assert (kept.state, kept.assignee_id, kept.version) == (TaskState.TAKEN, warden.id, 2)
    assert taken.assignee_id == warden.id
    assert await history(task) == [(1, TaskAction.RAISE), (2, TaskAction.TAKE)]
    assert [entry.action for entry in await entries(task.id)] == ["takeTask"]


@pytest.mark.parametrize("path", [GRID, COMMUNITY, TOWN])
async def test_a_post_reaches_down(town: None, path: str) -> None:
    warden = await posted(Role.WARDEN, path)
    assert (await take_task(warden, task_id=(await raised()).id)).assignee_id == warden.id


async def test_whom_a_task_is_not_for_finds_none(town: None) -> None:
    task = await raised()
    strangers = [
        await posted(Role.WARDEN, SIBLING), await posted(Role.WARDEN, OTHER_GRID),
        await posted(Role.DEPARTMENT), await posted(Role.SERVICE_DESK), await posted(Role.AUDITOR),
        app(Permission.TASKS_WORK), signed_in(await factories.account()),
    ]  # fmt: skip
    for stranger in strangers:
        there = await refused(NotFound, take_task(stranger, task_id=task.id))
        nowhere = await refused(NotFound, take_task(stranger, task_id=uuid7()))
        assert there.extensions() == nowhere.extensions()
    await refused(Unauthenticated, take_task(VISITOR, task_id=task.id))


async def test_a_supervisor_sees_it_and_leaves_it_to_wardens(town: None) -> None:
    supervisor, task = await posted(Role.SUPERVISOR, COMMUNITY), await raised()
    await refused(WrongState, take_task(supervisor, task_id=task.id), reason="NOT_POSTED")


async def test_departments_take_what_is_theirs(town: None) -> None:
    fire = await department("FIRE")
    task = await raised(TaskKind.HAZARD, role=Role.DEPARTMENT, department_id=fire.id)
    await refused(NotFound, take_task(await posted(Role.DEPARTMENT, of="TAX"), task_id=task.id))
    await refused(NotFound, take_task(await posted(Role.ENFORCEMENT), task_id=task.id))
    taken = await take_task(await posted(Role.DEPARTMENT, TOWN, of="FIRE"), task_id=task.id)
    assert taken.state is TaskState.TAKEN


async def test_who_did_the_work_does_not_check_it(town: None) -> None:
    worker, other = await posted(), await posted()
    task = await raised(not_for=worker.id)
    await refused(WrongState, take_task(worker, task_id=task.id), reason="NOT_FOR_YOU")
    assert (await take_task(other, task_id=task.id)).assignee_id == other.id


async def test_what_is_taken_or_over_is_not_taken_again(town: None) -> None:
    first, second, task = await posted(), await posted(), await raised()
    await take_task(first, task_id=task.id)
    await refused(WrongState, take_task(second, task_id=task.id), reason="TAKEN")
    await refused(WrongState, take_task(first, task_id=task.id), reason="TAKEN")
    assert task.subject_id is not None
    async with work(SYSTEM):
        await cancel_task_of(task.kind, task.subject_id, by=SYSTEM)
    await refused(WrongState, take_task(first, task_id=task.id), reason="CANCELLED")


async def test_whose_post_is_over_takes_nothing(town: None) -> None:
    warden, leaver, task = await posted(), await posted(), await raised()
    await ended(warden)
    await refused(NotFound, take_task(warden, task_id=task.id))
    await gone(leaver)
    await refused(NotFound, take_task(leaver, task_id=task.id))


async def test_of_five_who_take_a_hundred_tasks_at_once_each_task_has_one(
    committed_town: None,
) -> None:
    wardens = [await posted() for _ in range(5)]
    where = Where.of(await factories.place())
    async with work(SYSTEM):
        tasks = [
            await raise_task(
                TaskKind.WELFARE_VISIT, where=where, role=Role.WARDEN, subject_id=uuid7()
            )
            for _ in range(100)
        ]

    async def race(warden: Actor) -> list[Task | DomainError]:
        # Each begins elsewhere, so that they meet all over the list.
        start = wardens.index(warden) * 20
        order = tasks[start:] + tasks[:start]
        return await outcomes(*(take_task(warden, task_id=task.id) for task in order))

    tries = await asyncio.gather(*(race(warden) for warden in wardens))
    won = [answer for answers in tries for answer in answers if isinstance(answer, Task)]
    lost = [answer for answers in tries for answer in answers if isinstance(answer, WrongState)]
    assert len(won) == 100
    assert len(lost) == 400
    assert {error.reason for error in lost} == {"TAKEN"}
    assert {(task.id, task.assignee_id) for task in won} == {
        (task.id, task.assignee_id) for task in await Task.all()
    }
    assert await TaskStep.filter(action=TaskAction.TAKE).count() == 100


async def test_who_holds_a_task_gives_it_back_with_a_reason(town: None) -> None:
    warden, task = await posted(), await raised()
    await take_task(warden, task_id=task.id)
    await return_task(warden, task_id=task.id, reason="今天请假")
    kept = await fresh(task)
    assert (kept.state, kept.assignee_id, kept.taken_at, kept.returns) == (
        TaskState.OPEN, None, None, 1,
    )  # fmt: skip
    step = await TaskStep.get(task_id=task.id, action=TaskAction.RETURN)
    assert reveal(step, "words") == "今天请假"
    assert "请假" not in str(step.words)
    assert "请假" not in str([entry.payload for entry in await entries(task.id)])
    assert (await take_task(await posted(), task_id=task.id)).state is TaskState.TAKEN


async def test_only_who_holds_it_gives_it_back(town: None) -> None:
    holder, other, task = await posted(), await posted(), await raised()
    await refused(WrongState, return_task(other, task_id=task.id, reason="不是我的"), reason="OPEN")
    await take_task(holder, task_id=task.id)
    await refused(
        WrongState, return_task(other, task_id=task.id, reason="不是我的"), reason="NOT_YOURS"
    )
    for reason in ("", " ", "无", *HOSTILE):
        await refused_input(return_task(holder, task_id=task.id, reason=reason), "input.reason")


@pytest.mark.parametrize(("role", "lead"), [(Role.SUPERVISOR, False), (Role.WARDEN, True)])
async def test_a_supervisor_and_a_lead_warden_give_tasks_out(
    town: None, role: Role, lead: bool
) -> None:
    chief, warden, task = await posted(role, lead=lead), await posted(), await raised()
    assert chief.id is not None
    assert warden.id is not None
    (given,) = await assign_tasks(chief, task_ids=[task.id], staff_id=warden.id)
    assert (given.state, given.assignee_id) == (TaskState.TAKEN, warden.id)
    step = await TaskStep.get(task_id=task.id, action=TaskAction.ASSIGN)
    assert step.staff_id == chief.id
    (entry,) = await entries(task.id)
    assert (entry.action, entry.details) == ("assignTask", {"staff": str(warden.id)})
    again = assign_tasks(chief, task_ids=[task.id], staff_id=warden.id)
    await refused(WrongState, again, reason="THEIRS")
    other = await posted()
    assert other.id is not None
    (moved,) = await assign_tasks(chief, task_ids=[task.id], staff_id=other.id)
    assert moved.assignee_id == other.id


async def test_a_colleague_gives_nothing_out(town: None) -> None:
    warden, other, task = await posted(), await posted(), await raised()
    assert other.id is not None
    attempt = assign_tasks(warden, task_ids=[task.id], staff_id=other.id)
    await refused(WrongState, attempt, reason="NOT_DIRECTED")
    stranger = await posted(Role.SUPERVISOR, OTHER_GRID)
    await refused(NotFound, assign_tasks(stranger, task_ids=[task.id], staff_id=other.id))


async def test_a_task_is_given_to_who_has_a_post_for_it(town: None) -> None:
    chief, task = await posted(Role.SUPERVISOR, TOWN), await raised()
    leaver = await posted()
    await gone(leaver)
    over = await posted()
    await ended(over)
    for nobody in (await posted(Role.WARDEN, SIBLING), await posted(Role.DEPARTMENT), leaver, over):
        assert nobody.id is not None
        attempt = assign_tasks(chief, task_ids=[task.id], staff_id=nobody.id)
        await refused(NotFound, attempt, field="input.staffId", reason="NOT_POSTED")
    absent = assign_tasks(chief, task_ids=[task.id], staff_id=uuid7())
    await refused(NotFound, absent, field="input.staffId", reason="NOT_POSTED")
    worker = await posted()
    checked = await raised(not_for=worker.id)
    assert worker.id is not None
    attempt = assign_tasks(chief, task_ids=[checked.id], staff_id=worker.id)
    await refused(WrongState, attempt, reason="NOT_FOR_YOU")


async def test_many_are_given_at_once_or_none_and_each_fault_is_named(town: None) -> None:
    chief, warden = await posted(Role.SUPERVISOR, COMMUNITY), await posted()
    assert warden.id is not None
    good, also = await raised(), await raised()
    elsewhere = await raised(place=await factories.place(grid="441900122002-02"))
    given = [also.id, elsewhere.id, good.id]
    error = await refused(
        WrongState, assign_tasks(chief, task_ids=given, staff_id=warden.id), reason="ITEMS"
    )
    assert error.params["items"] == [
        {"id": global_id("Task", elsewhere.id), "code": "NOT_FOUND", "reason": "NOT_POSTED"}
    ]
    done = await assign_tasks(chief, task_ids=[also.id, good.id], staff_id=warden.id)
    assert [task.id for task in done] == [also.id, good.id]


async def test_the_number_given_at_once_is_bounded(town: None) -> None:
    chief, warden = await posted(Role.SUPERVISOR), await posted()
    assert warden.id is not None
    task = await raised()
    for ids in ([], [task.id] * 2, [uuid7() for _ in range(rules().tasks_at_once + 1)]):
        attempt = assign_tasks(chief, task_ids=ids, staff_id=warden.id)
        await refused(InvalidInput, attempt, field="input.taskIds")
