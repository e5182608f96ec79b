"""Urging, extending, cancelling and finishing; what time and leaving do to tasks."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from core.clock import now, today
from core.crypto import reveal
from core.database import fetch
from core.errors import InvalidInput, NotFound, WrongState
from core.ids import uuid7
from core.work import work
from identity.actor import Actor, Role
from identity.events import RightsChanged
from identity.models import GridPost
from management.models import Task, TaskAction, TaskKind, TaskState, TaskStep
from management.rules import rules
from management.tasks import handing_over
from management.tasks.actions import actions_for
from management.tasks.core import Where, enter
from management.tasks.finishing import OUTCOMES, TaskOutcome, finish_task
from management.tasks.handing_over import (
    return_stranded_tasks,
    return_tasks_of_who_may_no_longer,
    tell_overdue_tasks,
)
from management.tasks.steering import BY_HAND, cancel_task, extend_task, urge_task
from management.tasks.taking import return_task, take_task
from tests import factories
from tests.management.support import (
    COMMUNITY,
    GRID,
    HOSTILE,
    OTHER_GRID,
    SIBLING,
    TOWN,
    refused,
    refused_input,
)
from tests.management.tasks.support import (
    ended,
    fresh,
    gone,
    history,
    post,
    posted,
    raised,
)

pytestmark = pytest.mark.usefixtures("town")
LATER = timedelta(days=60)


async def held(by: Actor, kind: TaskKind = TaskKind.WELFARE_VISIT, **given: Any) -> Task:
    return await raised(kind, assignee_id=by.id, **given)


async def test_who_directs_asks_after_a_task_once_in_a_while() -> None:
    chief, warden = await posted(Role.SUPERVISOR, COMMUNITY), await posted()
    task = await held(warden)
    await urge_task(chief, task_id=task.id)
    assert (await fresh(task)).urges == 1
    error = await refused(WrongState, urge_task(chief, task_id=task.id), reason="URGED_LATELY")
    assert error.params == {"hours": rules().task_urge_hours}
    await Task.filter(id=task.id).update(urged_at=now() - timedelta(hours=rules().task_urge_hours))
    assert (await urge_task(chief, task_id=task.id)).urges == 2
    await refused(WrongState, urge_task(await posted(), task_id=task.id), reason="NOT_DIRECTED")
    stranger = await posted(Role.SUPERVISOR, OTHER_GRID)
    await refused(NotFound, urge_task(stranger, task_id=task.id))


async def test_more_time_is_given_with_a_reason_and_never_for_a_hazard() -> None:
    chief, warden = await posted(Role.SUPERVISOR, COMMUNITY), await posted()
    task, hazard = await held(warden), await held(warden, TaskKind.HAZARD)
    await Task.filter(id=task.id).update(overdue_at=now())
    until = now() + LATER
    await extend_task(chief, task_id=task.id, due_at=until, reason="住户不在")
    kept = await fresh(task)
    assert (kept.due_at, kept.overdue_at) == (until, None)
    step = await TaskStep.get(task_id=task.id, action=TaskAction.EXTEND)
    assert reveal(step, "words") == "住户不在"
    far = now() + timedelta(days=rules().task_longest_days, minutes=1)
    for due in (until, until - timedelta(days=1), now(), far):
        attempt = extend_task(chief, task_id=task.id, due_at=due, reason="住户不在")
        await refused_input(attempt, "input.dueAt", "DEADLINE")
    for reason in ("", *HOSTILE):
        attempt = extend_task(chief, task_id=task.id, due_at=far, reason=reason)
        await refused_input(attempt, "input.reason")
    attempt = extend_task(chief, task_id=hazard.id, due_at=until, reason="住户不在")
    await refused(WrongState, attempt, reason="BY_ITS_SUBJECT")


async def test_what_nobody_needs_is_cancelled_but_not_what_ends_with_its_subject() -> None:
    chief, warden = await posted(Role.SUPERVISOR, COMMUNITY), await posted()
    for kind in TaskKind:
        task = await held(warden, kind)
        attempt = cancel_task(chief, task_id=task.id, reason="已经搬走")
        if kind not in BY_HAND:
            await refused(WrongState, attempt, reason="BY_ITS_SUBJECT")
            continue
        assert (await attempt).state is TaskState.CANCELLED
        again = cancel_task(chief, task_id=task.id, reason="已经搬走")
        await refused(WrongState, again, reason="CANCELLED")
    attempt = cancel_task(warden, task_id=(await held(warden)).id, reason="不想去")
    await refused(WrongState, attempt, reason="NOT_DIRECTED")


@pytest.mark.parametrize("kind", sorted(OUTCOMES))
async def test_who_holds_a_task_says_what_came_of_it(kind: TaskKind) -> None:
    warden = await posted()
    for outcome in TaskOutcome:
        task = await held(warden, kind)
        attempt = finish_task(warden, task_id=task.id, outcome=outcome, feedback="住户一切安好")
        if outcome not in OUTCOMES[kind]:
            await refused_input(attempt, "input.outcome", "OUTCOME")
            continue
        done = await fresh(await attempt)
        assert (done.state, done.outcome) == (TaskState.DONE, outcome.value)
        assert reveal(done, "feedback") == "住户一切安好"
        assert "安好" not in str(done.feedback)


async def test_what_does_not_speak_for_itself_needs_words() -> None:
    warden = await posted()
    task = await held(warden)
    for words in ("", "无", *HOSTILE):
        attempt = finish_task(warden, task_id=task.id, outcome=TaskOutcome.NOT_MET, feedback=words)
        await refused_input(attempt, "input.feedback")
    done = await finish_task(warden, task_id=task.id, outcome=TaskOutcome.WELL)
    assert (done.state, done.feedback) == (TaskState.DONE, None)


async def test_only_who_holds_it_finishes_it_and_not_what_ends_with_its_subject() -> None:
    warden, other = await posted(), await posted()
    task = await held(warden)
    attempt = finish_task(other, task_id=task.id, outcome=TaskOutcome.WELL)
    await refused(WrongState, attempt, reason="NOT_YOURS")
    for kind in set(TaskKind) - BY_HAND:
        theirs = await held(warden, kind)
        attempt = finish_task(
            warden, task_id=theirs.id, outcome=TaskOutcome.DONE, feedback="已处理"
        )
        await refused(WrongState, attempt, reason="BY_ITS_SUBJECT")
    waiting = finish_task(other, task_id=(await raised()).id, outcome=TaskOutcome.WELL)
    await refused(WrongState, waiting, reason="OPEN")


async def test_tasks_of_who_leaves_go_back_to_their_pools() -> None:
    leaver, stays = await posted(), await posted()
    mine = [await held(leaver) for _ in range(3)]
    theirs = await held(stays)
    done = await held(leaver)
    await finish_task(leaver, task_id=done.id, outcome=TaskOutcome.WELL)
    await ended(leaver, on=today())
    await gone(leaver)
    assert leaver.id is not None
    await return_tasks_of_who_may_no_longer(RightsChanged(staff_id=leaver.id))
    for task in mine:
        kept = await fresh(task)
        assert (kept.state, kept.assignee_id, kept.returns) == (TaskState.OPEN, None, 1)
        assert (await history(task))[-1] == (2, TaskAction.RETURN)
        assert (await take_task(stays, task_id=task.id)).assignee_id == stays.id
    assert (await fresh(theirs)).assignee_id == stays.id
    assert (await fresh(done)).assignee_id == leaver.id
    await return_tasks_of_who_may_no_longer(RightsChanged(staff_id=leaver.id))  # run twice


async def test_a_new_post_elsewhere_keeps_what_it_covers() -> None:
    warden = await posted(Role.WARDEN, COMMUNITY)
    here, there = await held(warden), await held(
        warden, place=await factories.place(grid="441900122002-02")
    )  # fmt: skip
    assert warden.id is not None
    await post(warden.id, Role.WARDEN, SIBLING)
    await GridPost.filter(staff_id=warden.id, grid_path=COMMUNITY).update(
        starts_on=today() - timedelta(days=9), ends_on=today()
    )
    await return_stranded_tasks()
    assert (await fresh(here)).state is TaskState.OPEN
    assert (await fresh(there)).assignee_id == warden.id


async def test_every_stranded_task_is_found_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing_over, "AT_A_TIME", 2)
    warden = await posted()
    for _ in range(5):
        await held(warden)
    await ended(warden)
    await return_stranded_tasks()
    assert await Task.filter(state=TaskState.TAKEN).count() == 0


async def told_overdue(to: Actor) -> dict[Any, int]:
    """How often somebody was told of each task that its deadline had passed."""
    sql = "SELECT subject_id FROM notification WHERE topic = 'TASK_OVERDUE' AND staff_id = $1"
    return Counter(row["subject_id"] for row in await fetch(sql, to.id))


async def test_a_deadline_that_passed_is_told_once_and_again_after_more_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handing_over, "AT_A_TIME", 1)
    chief, warden = await posted(Role.SUPERVISOR, COMMUNITY), await posted()
    past = now() - timedelta(minutes=1)
    tasks = [await held(warden, due_at=past), await raised(due_at=past)]
    await raised(due_at=now() + LATER)
    over = await held(warden, due_at=past)
    await finish_task(warden, task_id=over.id, outcome=TaskOutcome.WELL)
    dropped = await raised(due_at=past)
    await cancel_task(chief, task_id=dropped.id, reason="不再需要")

    for _ in range(2):
        await tell_overdue_tasks()
        assert await told_overdue(chief) == {task.id: 1 for task in tasks}
    assert (await fresh(tasks[0])).overdue_at is not None
    await extend_task(chief, task_id=tasks[0].id, due_at=now() + LATER, reason="住户不在")
    assert (await fresh(tasks[0])).overdue_at is None
    await tell_overdue_tasks()
    assert await told_overdue(chief) == {task.id: 1 for task in tasks}
    # That time is over, too.
    await Task.filter(id=tasks[0].id).update(due_at=now() - timedelta(seconds=1))
    for _ in range(2):
        await tell_overdue_tasks()
        assert await told_overdue(chief) == {tasks[0].id: 2, tasks[1].id: 1}


async def test_deadlines_are_told_of_in_batches_however_many_have_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handing_over, "AT_A_TIME", 2)
    batches = []

    async def noted(sql: str, *values: Any) -> list[dict[str, Any]]:
        batches.append(await fetch(sql, *values))
        return batches[-1]

    monkeypatch.setattr(handing_over, "fetch", noted)
    chief, warden = await posted(Role.SUPERVISOR, COMMUNITY), await posted()
    past = now() - timedelta(minutes=1)
    tasks = [await make(due_at=past) for make in (raised, partial(held, warden)) for _ in range(5)]
    await tell_overdue_tasks()
    assert [len(batch) for batch in batches] == [4, 4, 2, 0]
    assert await told_overdue(chief) == {task.id: 1 for task in tasks}


async def test_what_can_be_done_is_what_is_allowed() -> None:
    """Every action that is offered succeeds, and every other one is refused."""
    chief = await posted(Role.SUPERVISOR, COMMUNITY)
    lead, warden = await posted(lead=True), await posted()
    place = await factories.place()

    async def sent() -> Task:
        task = Task(
            kind=TaskKind.AD_HOC, role=Role.WARDEN, sent_by_id=chief.id, place_id=place.id,
            grid_path=place.grid_path, community_code=place.community_code,
            grid_code=place.grid_code,
        )  # fmt: skip
        async with work(chief):
            await enter(task, by=chief, assignee_id=warden.id)
        return task

    makers = [
        lambda: raised(place=place), lambda: held(warden, place=place),
        lambda: held(warden, TaskKind.HAZARD, place=place), sent,
        lambda: raised(place=place, not_for=warden.id),
    ]  # fmt: skip
    attempts: dict[TaskAction, Any] = {
        TaskAction.TAKE: lambda who, t: take_task(who, task_id=t.id),
        TaskAction.RETURN: lambda who, t: return_task(who, task_id=t.id, reason="今天请假"),
        TaskAction.URGE: lambda who, t: urge_task(who, task_id=t.id),
        TaskAction.EXTEND: lambda who, t: extend_task(
            who, task_id=t.id, due_at=now() + LATER, reason="住户不在"
        ),
        TaskAction.CANCEL: lambda who, t: cancel_task(who, task_id=t.id, reason="不需要了"),
        TaskAction.FINISH: lambda who, t: finish_task(
            who, task_id=t.id, feedback="已处理",
            outcome=TaskOutcome.DONE if t.kind is TaskKind.AD_HOC else TaskOutcome.NOT_MET,
        ),
    }  # fmt: skip
    tried = 0
    for make in makers:
        for who in (chief, lead, warden):
            posts = await GridPost.filter(staff_id=who.id)
            for action, attempt in attempts.items():
                task = await fresh(await make())
                if action in actions_for(task, actor=who, posts=posts):
                    await attempt(who, task)
                else:
                    with pytest.raises((WrongState, InvalidInput)):
                        await attempt(who, task)
                tried += 1
    assert tried == 90


async def test_a_grid_without_a_place_has_work_too() -> None:
    where = Where(
        place_id=None, grid_path=GRID, community_code="441900122002", grid_code="441900122002-01"
    )
    task = await raised(where=where, subject_id=uuid7())
    assert (await take_task(await posted(Role.WARDEN, TOWN), task_id=task.id)).place_id is None
