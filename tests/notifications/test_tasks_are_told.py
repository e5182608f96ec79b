"""Who hears of tasks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from core.clock import now
from core.work import work
from identity.actor import Actor, Role
from management.models import Grid, Task, TaskKind
from management.tasks.core import Where, finish_task_of
from management.tasks.finishing import TaskOutcome, finish_task
from management.tasks.handing_over import tell_overdue_tasks
from management.tasks.sending import Order, send_task
from management.tasks.steering import cancel_task, urge_task
from management.tasks.taking import assign_tasks, return_task, take_task
from notifications.models import Notification
from tests import factories
from tests.management.support import COMMUNITY, GRID, SIBLING, TOWN, some_grids
from tests.management.tasks.support import department, gone, posted, raised

pytestmark = pytest.mark.usefixtures("grids")
SOON = timedelta(days=2)


@pytest.fixture
async def grids(db: None) -> None:
    await some_grids()


async def told(topic: str, task: Task) -> set[UUID | None]:
    """Who was told, each once for each time."""
    rows = await Notification.filter(topic=topic, subject_id=task.id)
    return {row.staff_id for row in rows}


async def sent(by: Actor, to: Actor | None = None) -> Task:
    place = await factories.place()
    order = Order(
        words="逐户宣传", due_at=now() + SOON, place_id=place.id, staff_id=to.id if to else None
    )
    return await send_task(by, order=order)


async def test_the_nearest_who_may_take_it_hear_of_a_new_task() -> None:
    one, two = await posted(), await posted()
    leaver = await posted()
    await gone(leaver)
    await posted(Role.WARDEN, SIBLING)
    await posted(Role.WARDEN, COMMUNITY)
    await posted(Role.SUPERVISOR, COMMUNITY)
    await posted(Role.DEPARTMENT, TOWN)
    assert await told("TASK_RAISED", await raised()) == {one.id, two.id}
    assert await told("TASK_RAISED", await raised(not_for=one.id)) == {two.id}


async def test_where_nobody_is_posted_those_above_hear_of_it() -> None:
    above = await posted(Role.WARDEN, COMMUNITY)
    assert await told("TASK_RAISED", await raised()) == {above.id}


async def test_a_department_hears_of_its_own_tasks() -> None:
    fire, tax = await posted(Role.DEPARTMENT, TOWN), await posted(Role.DEPARTMENT, TOWN, of="TAX")
    theirs = (await department("TAX")).id
    task = await raised(TaskKind.HAZARD, role=Role.DEPARTMENT, department_id=theirs)
    assert await told("TASK_RAISED", task) == {tax.id}
    assert fire.id not in await told("TASK_RAISED", task)


async def test_who_is_given_a_task_hears_of_it_and_who_takes_one_does_not() -> None:
    chief, warden = await posted(Role.SUPERVISOR, COMMUNITY), await posted()
    task = await raised()
    assert warden.id is not None
    await assign_tasks(chief, task_ids=[task.id], staff_id=warden.id)
    assert await told("TASK_ASSIGNED", task) == {warden.id}
    own = await raised()
    await take_task(warden, task_id=own.id)
    assert await told("TASK_ASSIGNED", own) == set()


async def test_what_comes_back_is_told_to_the_others() -> None:
    holder, other = await posted(), await posted()
    task = await raised(assignee_id=holder.id)
    assert await told("TASK_RAISED", task) == set()
    await return_task(holder, task_id=task.id, reason="今天请假")
    assert await told("TASK_RAISED", task) == {other.id}


async def test_urging_reaches_who_holds_it_or_the_pool() -> None:
    chief, warden, other = await posted(Role.SUPERVISOR), await posted(), await posted()
    held, waiting = await raised(assignee_id=warden.id), await raised()
    for task in (held, waiting):
        await urge_task(chief, task_id=task.id)
    assert await told("TASK_URGED", held) == {warden.id}
    assert await told("TASK_URGED", waiting) == {warden.id, other.id}


async def test_a_passed_deadline_reaches_who_directs_but_for_hazards() -> None:
    chief, warden = await posted(Role.SUPERVISOR, COMMUNITY), await posted()
    past = now() - timedelta(minutes=1)
    visit = await raised(assignee_id=warden.id, due_at=past)
    hazard = await raised(TaskKind.HAZARD, assignee_id=warden.id, due_at=past)
    await tell_overdue_tasks()
    assert await told("TASK_OVERDUE", visit) == {chief.id, warden.id}
    assert await told("TASK_OVERDUE", hazard) == {warden.id}


async def test_who_sent_a_task_hears_how_it_ended() -> None:
    chief, warden = await posted(Role.SUPERVISOR), await posted()
    done, off = await sent(chief, warden), await sent(chief, warden)
    await finish_task(warden, task_id=done.id, outcome=TaskOutcome.DONE, feedback="已逐户上门")
    await cancel_task(chief, task_id=off.id, reason="不需要了")
    assert await told("TASK_ENDED", done) == {chief.id}
    assert await told("TASK_ENDED", off) == {warden.id}


async def test_tasks_that_end_with_their_subject_are_told_to_nobody() -> None:
    warden = await posted()
    task = await raised(TaskKind.DECLARATION)
    assert task.subject_id is not None
    async with work(warden):
        await finish_task_of(task.kind, task.subject_id, by=warden)
    assert await told("TASK_ENDED", task) == set()


async def test_a_task_is_named_by_its_place_or_by_its_grid_and_by_no_person() -> None:
    await posted()
    place = await factories.place(name="样例|楼")
    at_place = await raised(place=place)
    in_grid = await raised(
        where=Where(
            place_id=None, grid_path=GRID, community_code=place.community_code,
            grid_code=place.grid_code,
        )
    )  # fmt: skip
    grid = await Grid.get(code=place.grid_code)
    (first,) = await Notification.filter(subject_id=at_place.id)
    (second,) = await Notification.filter(subject_id=in_grid.id)
    assert first.params["place"] == "样例/楼|样例/楼"
    assert second.params["place"] == f"{grid.name_zh}|{grid.name_en}"
    assert set(first.params) == {"kind", "place", "until"}
