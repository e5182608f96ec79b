"""What the clock does: overdue hazards go up, a step at a time and at most to the town."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.clock import now
from core.work import work
from identity.actor import SYSTEM
from management.hazards import clocks
from management.hazards.clocks import above, tend_hazards
from management.hazards.loop import move, noted
from management.hazards.table import table
from management.models import (
    Hazard,
    HazardAction,
    HazardClosure,
    HazardState,
    HazardStep,
    Severity,
)
from tests import factories
from tests.management.hazards.acting import brought_to, history, live_task, reported
from tests.management.support import GRID, TOWN

pytestmark = pytest.mark.usefixtures("town")

A, S = HazardAction, HazardState
TOWN_CODE, COMMUNITY_CODE = "441900122", "441900122002"


async def overdue(hazard: Hazard, hours: float) -> None:
    timed = Hazard.filter(id=hazard.id, due_at__isnull=False)
    await timed.update(due_at=now() - timedelta(hours=hours))


async def told(hazard: Hazard) -> tuple[str, int]:
    kept = await Hazard.get(id=hazard.id)
    return kept.escalated_to, kept.escalations


def test_above_a_grid_are_its_community_and_the_town() -> None:
    assert above(GRID) == [COMMUNITY_CODE, TOWN_CODE]
    assert above(TOWN) == [TOWN_CODE]


async def test_an_overdue_hazard_goes_up_one_post_for_each_limit_that_passed() -> None:
    hazard = await reported()  # 24 hours for each post
    await tend_hazards()
    assert await told(hazard) == ("", 0)
    await overdue(hazard, 1)
    await tend_hazards()
    await tend_hazards()
    assert await told(hazard) == (COMMUNITY_CODE, 1)
    await overdue(hazard, 25)
    for _ in range(3):
        await tend_hazards()
    assert await told(hazard) == (TOWN_CODE, 2)
    assert await history(hazard) == [(A.REPORT, S.REPORTED)] + [(A.ESCALATE, S.REPORTED)] * 2
    assert (await Hazard.get(id=hazard.id)).due_at is not None
    step = await HazardStep.filter(hazard_id=hazard.id).order_by("-number").first()
    assert step is not None
    assert step.details == {"to": TOWN_CODE, "level": 2}
    assert await live_task(hazard) is not None


async def test_what_moves_on_has_its_posts_before_it_again() -> None:
    hazard = await reported()
    await overdue(hazard, 1)
    await tend_hazards()
    async with work(SYSTEM):
        await move(await Hazard.get(id=hazard.id), A.ACCEPT, by=SYSTEM)
    assert await told(hazard) == ("", 1)
    await overdue(hazard, 1)
    await tend_hazards()
    assert await told(hazard) == (COMMUNITY_CODE, 2)


async def test_who_does_not_answer_for_three_days_agrees() -> None:
    hazard = await brought_to(S.FOLLOW_UP, by=await factories.account())
    assert hazard.due_at == hazard.state_since + timedelta(hours=72)
    await tend_hazards()
    assert (await Hazard.get(id=hazard.id)).open
    await overdue(hazard, 0.01)
    await tend_hazards()
    kept = await Hazard.get(id=hazard.id)
    assert (kept.state, kept.closed_how) == (S.CLOSED, HazardClosure.SILENT)
    assert await live_task(hazard) is None


async def test_many_are_tended_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "_BATCH", 2)
    place = await factories.place()
    hazards = [await reported(place) for _ in range(5)]
    moment = now() - timedelta(hours=1)
    await Hazard.filter(id__in=[one.id for one in hazards]).update(due_at=moment)
    await tend_hazards()
    assert {await told(one) for one in hazards} == {(COMMUNITY_CODE, 1)}


async def test_enforcement_has_no_limit_of_its_own() -> None:
    hazard = await brought_to(S.ENFORCEMENT)
    assert hazard.due_at is None
    await tend_hazards()
    assert await told(hazard) == ("", 0)


_STEPS = st.lists(
    st.tuples(st.integers(0, 50), st.sampled_from([0, 0, 1, 30, 100, 300])), min_size=1, max_size=12
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(severity=st.sampled_from(Severity), steps=_STEPS)
async def test_whatever_is_done_history_and_state_agree(
    severity: Severity, steps: list[tuple[int, int]]
) -> None:
    """A random walk: any action the table allows, and hours that pass between."""
    hazard = await reported(severity=severity)
    for choice, hours in steps:
        if hours:
            await overdue(hazard, hours)
            await tend_hazards()
        hazard = await Hazard.get(id=hazard.id)
        await _take_one(hazard, choice)
    await _check(await Hazard.get(id=hazard.id))


async def _take_one(hazard: Hazard, choice: int) -> None:
    rules = [rule for rule in table().actions.values() if hazard.state in rule.states]
    rules = [rule for rule in rules if rule.code not in {A.ESCALATE, A.MARK_DUPLICATE}]
    rule = rules[choice % len(rules)]
    async with work(SYSTEM):
        if rule.to:
            await move(hazard, rule.code, by=SYSTEM, to=rule.to[choice % len(rule.to)])
        else:
            await noted(hazard, rule.code, by=SYSTEM)


async def _check(hazard: Hazard) -> None:
    steps: list[Any] = await HazardStep.filter(hazard_id=hazard.id).order_by("number")
    assert [step.number for step in steps] == list(range(1, hazard.version + 1))
    assert steps[-1].to_state == hazard.state
    up = 0
    for before, after in pairwise(steps):
        rule = table().actions[after.action]
        assert after.from_state == before.to_state
        assert after.from_state in rule.states
        assert after.to_state in (rule.to or (after.from_state,))
        if after.action is A.ESCALATE:
            up += 1
        elif rule.to:
            up = 0
        assert up <= 2
    assert hazard.escalations == sum(step.action is A.ESCALATE for step in steps)
    task = await live_task(hazard)
    assert task is None or (hazard.open and task.step == hazard.state.value)
    assert (task is not None) == (hazard.open and hazard.state is not S.FOLLOW_UP)
    assert (hazard.due_at is None) == (not table().states[hazard.state].hours)
