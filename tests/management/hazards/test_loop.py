"""The life of a hazard: its table, its steps, its clocks, its task and the block of its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import now
from core.errors import NotFound, WrongState
from core.work import work
from identity.actor import SYSTEM, Role
from management.hazards.loop import actions_for, move, noted, require
from management.hazards.table import CLOCK, ActionRule, table
from management.models import (
    Hazard,
    HazardAction,
    HazardClosure,
    HazardSource,
    HazardState,
    PlaceBlock,
    Severity,
    TaskState,
)
from tests import factories
from tests.management.hazards.acting import (
    WAY,
    brought_to,
    history,
    live_task,
    posted,
    reported,
    supervisor,
    warden,
)
from tests.management.support import COMMUNITY, OTHER_GRID, VISITOR, signed_in, staff

pytestmark = pytest.mark.usefixtures("town")

A, S = HazardAction, HazardState
OPEN = set(HazardState) - {S.CLOSED, S.REJECTED, S.DUPLICATE}


def test_every_open_state_can_be_left_and_every_state_is_reached() -> None:
    rules = table().actions.values()
    assert {state for rule in rules if rule.to for state in rule.states} == OPEN | {S.CLOSED}
    assert {to for rule in rules for to in rule.to} == set(HazardState) - {S.REPORTED}
    for rule in rules:
        assert rule.people or rule.permissions, f"nobody may {rule.code}"


def test_limits_grow_shorter_with_severity() -> None:
    for rule in table().states.values():
        if rule.hours:
            general, serious, urgent = (rule.hours[one] for one in Severity)
            assert general >= serious >= urgent > 0


async def test_a_life_begins_with_a_step_a_limit_and_a_task_for_the_wardens() -> None:
    hazard = await reported(severity=Severity.URGENT)
    assert await history(hazard) == [(A.REPORT, S.REPORTED)]
    assert hazard.due_at == hazard.state_since + timedelta(hours=1)
    task = await live_task(hazard)
    assert task is not None
    assert (task.role, task.state, task.due_at) == (Role.WARDEN, TaskState.OPEN, hazard.due_at)


@pytest.mark.parametrize("state", list(WAY))
async def test_each_state_has_its_step_its_clock_and_its_task(state: HazardState) -> None:
    who, reporter = await warden(), await factories.account()
    hazard = await brought_to(state, assignee_id=who.id, by=reporter)
    assert [action for action, _ in await history(hazard)] == [A.REPORT, *WAY[state]]
    assert (hazard.state, hazard.version) == (state, len(WAY[state]) + 1)
    rule, task = table().states[state], await live_task(hazard)
    limit = rule.limit(hazard.severity)
    assert hazard.due_at == (hazard.state_since + limit if limit else None)
    assert (task is not None) == hazard.open
    if task is not None:
        # A state without a limit leaves its task the one that all tasks have.
        assert task.step == state.value
        assert task.due_at == hazard.due_at or hazard.due_at is None
        assert task.role == (rule.pool or Role.WARDEN)
        assert task.assignee_id == (who.id if rule.to_assignee else None)
        assert task.not_for == (who.id if state is S.SUBMITTED else None)


async def taken(hazard: Hazard, rule: ActionRule) -> None:
    async with work(SYSTEM):
        if rule.to:
            await move(hazard, rule.code, by=SYSTEM, to=rule.to[0])
        else:
            await noted(hazard, rule.code, by=SYSTEM)


async def test_no_way_leads_past_the_table() -> None:
    for state in WAY:
        hazard = await brought_to(state)
        for rule in table().actions.values():
            if state in rule.states:
                continue
            with pytest.raises(WrongState) as caught:
                await taken(hazard, rule)
            assert caught.value.reason == state.value
        assert (await Hazard.get(id=hazard.id)).version == len(WAY[state]) + 1


async def test_a_change_of_state_that_is_none_is_a_mistake_of_the_program() -> None:
    hazard = await brought_to(S.SUBMITTED)
    with pytest.raises(ValueError, match="can't lead"):
        await move(hazard, A.PASS, by=SYSTEM)
    with pytest.raises(ValueError, match="can't lead"):
        await move(hazard, A.PASS, by=SYSTEM, to=S.ACCEPTED)
    with pytest.raises(ValueError, match="changes the state"):
        await noted(hazard, A.FAIL, by=SYSTEM)


async def test_an_urgent_hazard_bars_its_place_from_acceptance_to_closure() -> None:
    hazard = await reported(severity=Severity.URGENT, by=await factories.account())
    assert not await PlaceBlock.filter(place_id=hazard.place_id).exists()
    for action in WAY[S.CLOSED]:
        async with work(SYSTEM):
            await move(hazard, action, by=SYSTEM, to=S.FOLLOW_UP if action is A.PASS else None)
        block = await PlaceBlock.get(place_id=hazard.place_id, source=f"hazard:{hazard.id}")
        assert (block.ends_at is None) == hazard.open
    assert hazard.closed_how is HazardClosure.CONFIRMED
    assert hazard.closed_at == hazard.state_since


async def test_what_the_town_itself_found_bars_the_place_at_once() -> None:
    hazard = await reported(severity=Severity.URGENT, source=HazardSource.WARDEN)
    assert await PlaceBlock.filter(place_id=hazard.place_id, ends_at=None).count() == 1


async def test_who_may_what_follows_from_the_table() -> None:
    who, other, lead = await warden(), await warden(), await supervisor()
    hazard = await brought_to(S.SUBMITTED, assignee_id=who.id)
    nobody = {"reporter": False, "landlord": False}
    assert set(actions_for(hazard, actor=other, **nobody)) == {A.PASS, A.FAIL, A.ISSUE}
    assert set(actions_for(hazard, actor=who, **nobody)) == {A.ISSUE}
    assert A.CHANGE_SEVERITY in actions_for(hazard, actor=lead, **nobody)
    assert actions_for(hazard, actor=staff(Role.WARDEN, OTHER_GRID), **nobody) == []
    assert actions_for(hazard, actor=VISITOR, **nobody) == []
    with pytest.raises(WrongState) as caught:
        require(hazard, A.PASS, actor=who)
    assert caught.value.reason == "OWN_WORK"
    with pytest.raises(NotFound):
        require(hazard, A.PASS, actor=staff(Role.WARDEN, OTHER_GRID))


async def test_what_is_to_be_put_right_is_in_the_hands_of_who_holds_it() -> None:
    who = await warden()
    hazard = await brought_to(S.RECTIFYING, assignee_id=who.id)
    nobody = {"reporter": False, "landlord": False}
    held = {A.SUBMIT, A.ASK_ENFORCEMENT, A.EXTEND}
    assert held <= set(actions_for(hazard, actor=who, holds=True, **nobody))
    assert not held & set(actions_for(hazard, actor=who, **nobody))
    auditor = await posted(Role.AUDITOR, COMMUNITY)
    assert not held & set(actions_for(hazard, actor=auditor, holds=True, **nobody))
    landlord = signed_in(await factories.account())
    assert actions_for(hazard, actor=landlord, reporter=False, landlord=True) == [A.SUBMIT]
    hazard.severity = Severity.URGENT
    assert A.EXTEND not in actions_for(hazard, actor=who, holds=True, **nobody)


async def test_a_reporter_reopens_within_three_days_of_the_closure_and_not_later() -> None:
    reporter = await factories.account()
    hazard = await brought_to(S.CLOSED, by=reporter)
    actor = signed_in(reporter)
    assert actions_for(hazard, actor=actor, reporter=True, landlord=False) == [A.REOPEN, A.RATE]
    hazard.closed_at = now() - timedelta(hours=72, seconds=1)
    hazard.updated_at = now()
    assert actions_for(hazard, actor=actor, reporter=True, landlord=False) == [A.RATE]
    with pytest.raises(WrongState) as caught:
        require(hazard, A.REOPEN, actor=actor, reporter=True)
    assert caught.value.reason == "TOO_LATE"
    require(hazard, A.REOPEN, actor=await supervisor())


def test_the_clock_is_nobody_elses() -> None:
    clock = {rule.code for rule in table().actions.values() if CLOCK in rule.people}
    assert clock == {A.ESCALATE, A.CLOSE_SILENT}
    for rule in table().states.values():
        assert (rule.clock is None) == (not rule.hours)
        assert rule.clock is None or rule.code in table().actions[rule.clock].states
