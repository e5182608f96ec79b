"""Who stands on a hazard that is to be put right is who holds its task."""

from __future__ import annotations

import pytest

from core.clock import today
from identity.actor import Actor
from identity.events import RightsChanged
from identity.models import GridPost, StaffMember
from management.events import HazardChangedHands
from management.hazards.handing import follow_task
from management.hazards.holding import held
from management.hazards.rechecking import fail_hazard
from management.models import Hazard, HazardState, Task, TaskState
from management.tasks.handing_over import return_tasks_of_who_may_no_longer
from management.tasks.taking import assign_tasks, return_task, take_task
from tests.management.hazards.acting import brought_to, live_task, supervisor, warden
from tests.management.support import entries, jobs

S = HazardState


async def followed(hazard: Hazard) -> Hazard:
    """The hazard once the waiting job has run, twice."""
    waiting = [ids for name, ids in await jobs() if name == "follow_task"]
    assert {ids["hazard_id"] for ids in waiting} == {str(hazard.id)}
    for _ in range(2):
        await follow_task(HazardChangedHands(hazard_id=hazard.id))
    return await Hazard.get(id=hazard.id)


async def given(state: HazardState = S.RECTIFYING) -> tuple[Hazard, Task, Actor]:
    """A hazard in a warden's hands."""
    who = await warden()
    hazard = await brought_to(state, assignee_id=who.id)
    task = await live_task(hazard)
    assert task is not None
    assert (hazard.assignee_id, task.assignee_id) == (who.id, who.id)
    return hazard, task, who


@pytest.mark.parametrize("state", [S.DISPATCHED, S.RECTIFYING])
async def test_a_task_that_went_back_to_its_pool_leaves_nobody_on_the_hazard(
    town: None, state: HazardState
) -> None:
    hazard, task, who = await given(state)
    await return_task(who, task_id=task.id, reason="今天请假")
    assert (await followed(hazard)).assignee_id is None
    assert await held(who, [hazard.id]) == set()
    other = await warden()
    await take_task(other, task_id=task.id)
    assert (await followed(hazard)).assignee_id == other.id
    noted = [one for one in await entries(hazard.id) if one.action == "followTask"]
    assert [one.details["staff"] for one in noted] == [None, str(other.id)]


async def test_nobody_who_left_stays_on_a_hazard(town: None) -> None:
    hazard, task, who = await given()
    await GridPost.filter(staff_id=who.id).update(ends_on=today())
    assert who.id is not None
    await return_tasks_of_who_may_no_longer(RightsChanged(staff_id=who.id))
    assert (await Task.get(id=task.id)).state is TaskState.OPEN
    assert (await followed(hazard)).assignee_id is None


async def test_who_is_given_the_task_stands_on_the_hazard(town: None) -> None:
    hazard, task, who = await given()
    other = await warden()
    assert other.id is not None
    await assign_tasks(await supervisor(), task_ids=[task.id], staff_id=other.id)
    assert (await followed(hazard)).assignee_id == other.id
    assert await held(other, [hazard.id]) == {hazard.id}
    assert await held(who, [hazard.id]) == set()


async def test_what_comes_back_to_who_left_stands_in_nobodys_name(town: None) -> None:
    who = await warden()
    hazard = await brought_to(S.SUBMITTED, assignee_id=who.id)
    await StaffMember.filter(id=who.id).update(left_at=hazard.state_since)
    await fail_hazard(await warden(), hazard_id=hazard.id, reason="杂物还在")
    assert (await followed(hazard)).assignee_id is None


async def test_who_put_it_right_stays_known_while_it_is_rechecked(town: None) -> None:
    who = await warden()
    hazard = await brought_to(S.SUBMITTED, assignee_id=who.id)
    task = await live_task(hazard)
    assert task is not None
    await take_task(await warden(), task_id=task.id)
    assert (await followed(hazard)).assignee_id == who.id
