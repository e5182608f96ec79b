"""What each of those who act on a hazard can do, and what is refused them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from core import redis
from core.clock import now
from core.crypto import reveal
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Actor, ActorKind, Role
from identity.models import Account
from management.hazards.accepting import accept_hazard, change_severity, reject_hazard
from management.hazards.dispatching import Order, dispatch_hazard
from management.hazards.following_up import (
    close_unreachable,
    confirm_fixed,
    rate_hazard,
    reopen_hazard,
    say_not_fixed,
)
from management.hazards.rechecking import close_case, fail_hazard, pass_hazard
from management.hazards.rectifying import (
    ask_enforcement,
    extend_hazard,
    return_hazard,
    start_hazard,
    submit_hazard,
)
from management.hazards.tokens import hash_of
from management.models import (
    Hazard,
    HazardAction,
    HazardClosure,
    HazardDocument,
    HazardPhoto,
    HazardState,
    HazardStep,
    PlaceBlock,
    Severity,
    Task,
    TaskState,
)
from media.models import Photo, Purpose
from tests import factories
from tests.management.hazards.acting import (
    brought_to,
    department_of,
    desk,
    history,
    live_task,
    posted,
    reported,
    supervisor,
    warden,
)
from tests.management.support import (
    COMMUNITY,
    OTHER_COMMUNITY,
    OTHER_GRID,
    TOWN,
    VISITOR,
    refused,
    refused_input,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("town")

A, S = HazardAction, HazardState


@pytest.fixture
async def limits() -> AsyncIterator[None]:
    """Where misses are counted."""
    async with redis.connected(None):
        yield


async def pictures(of: Actor, count: int = 1) -> list[UUID]:
    whose = "staff_id" if of.kind is ActorKind.STAFF else "owner_id"
    made = [
        await Photo.create(**{whose: of.id}, purpose=Purpose.HAZARD, width=720, height=540)
        for _ in range(count)
    ]
    return [photo.id for photo in made]


async def landlord_of(hazard: Hazard) -> Actor:
    who = await factories.account()
    await factories.claim(who, await hazard.place)  # type: ignore[arg-type]
    return signed_in(who)


async def last_step(hazard: Hazard) -> HazardStep:
    return await HazardStep.filter(hazard_id=hazard.id).order_by("-number").first()  # type: ignore[return-value]


async def test_a_hazard_goes_from_report_to_closure_by_the_hands_of_each() -> None:
    reporter: Account = await factories.account()
    first, second, lead = await warden(), await warden(), await supervisor()
    hazard = await reported(by=reporter, severity=Severity.SERIOUS)
    await accept_hazard(first, hazard_id=hazard.id, summary="一楼楼梯口堵塞")
    await dispatch_hazard(lead, hazard_id=hazard.id, order=Order(staff_id=first.id))
    await start_hazard(first, hazard_id=hazard.id)
    await submit_hazard(first, hazard_id=hazard.id, photo_ids=await pictures(first, 2))
    await pass_hazard(second, hazard_id=hazard.id, photo_ids=await pictures(second))
    done = await confirm_fixed(signed_in(reporter), hazard_id=hazard.id)
    await rate_hazard(signed_in(reporter), hazard_id=hazard.id, rating=5)
    taken = [A.ACCEPT, A.DISPATCH, A.ISSUE, A.START, A.SUBMIT, A.PASS, A.CONFIRM_FIXED, A.RATE]
    assert [action for action, _ in await history(hazard)] == [A.REPORT, *taken]
    kept = await Hazard.get(id=hazard.id)
    assert (kept.state, kept.closed_how, kept.rating) == (S.CLOSED, HazardClosure.CONFIRMED, 5)
    assert (kept.summary, kept.assignee_id) == ("一楼楼梯口堵塞", first.id)
    assert done.closed_at is not None
    assert await live_task(hazard) is None
    states = await Task.filter(subject_id=hazard.id).values_list("state", flat=True)
    assert set(states) == {TaskState.DONE}
    assert len(states) == 6
    shown = (
        await HazardPhoto.filter(hazard_id=hazard.id)
        .order_by("position")
        .values_list("position", "shown")
    )
    assert list(shown) == [(0, False), (1, False), (2, False)]


async def test_nobody_to_ask_means_that_a_recheck_closes() -> None:
    hazard = await brought_to(S.SUBMITTED)
    await pass_hazard(await warden(), hazard_id=hazard.id)
    kept = await Hazard.get(id=hazard.id)
    assert (kept.state, kept.closed_how) == (S.CLOSED, HazardClosure.NOBODY_TO_ASK)


async def test_who_can_only_be_asked_by_their_token_is_no_task_of_the_desk() -> None:
    hazard = await brought_to(S.SUBMITTED, token_hash=hash_of("a" * 32))
    await pass_hazard(await warden(), hazard_id=hazard.id)
    assert (await Hazard.get(id=hazard.id)).state is S.FOLLOW_UP
    assert await live_task(hazard) is None
    by_phone = await brought_to(S.SUBMITTED, caller_phone="13800000000")
    await pass_hazard(await warden(), hazard_id=by_phone.id)
    task = await live_task(by_phone)
    assert task is not None
    assert task.role is Role.SERVICE_DESK


async def test_a_rejection_needs_a_reason_and_a_warden_of_the_grid() -> None:
    hazard, who = await reported(), await warden()
    await refused_input(reject_hazard(who, hazard_id=hazard.id, reason=" "), "input.reason")
    far = await posted(Role.WARDEN, OTHER_GRID)
    await refused(NotFound, reject_hazard(far, hazard_id=hazard.id, reason="查无此事"))
    await refused(NotFound, reject_hazard(who, hazard_id=uuid7(), reason="查无此事"))
    await refused(Unauthenticated, reject_hazard(VISITOR, hazard_id=hazard.id, reason="查无此事"))
    auditor = await posted(Role.AUDITOR, TOWN)
    await refused(NotFound, accept_hazard(auditor, hazard_id=hazard.id))
    await reject_hazard(who, hazard_id=hazard.id, reason="查无此事")
    step = await last_step(hazard)
    assert reveal(step, "words") == "查无此事"
    assert "查无此事" not in str(step.words)
    await refused(WrongState, accept_hazard(who, hazard_id=hazard.id), reason="REJECTED")


async def test_a_department_gets_a_hazard_as_lead_with_others_and_a_deadline() -> None:
    fire, lead = await posted(Role.DEPARTMENT, TOWN, department="FIRE"), await supervisor()
    hazard = await brought_to(S.ACCEPTED, severity=Severity.SERIOUS)
    by = now() + timedelta(hours=40)
    order = Order(department_code="FIRE", assistants=["HOUSING"], deadline=by, words="请尽快处理")
    await dispatch_hazard(lead, hazard_id=hazard.id, order=order)
    task = await live_task(hazard)
    assert task is not None
    assert (task.role, task.department_id) == (Role.DEPARTMENT, (await department_of("FIRE")).id)
    assert await HazardDocument.filter(hazard_id=hazard.id, kind="NOTICE").count() == 1
    other = await posted(Role.DEPARTMENT, TOWN, department="HOUSING")
    await refused(NotFound, start_hazard(other, hazard_id=hazard.id))
    await start_hazard(fire, hazard_id=hazard.id)
    kept = await Hazard.get(id=hazard.id)
    assert (kept.assignee_id, kept.assistants) == (fire.id, ["HOUSING"])
    assert kept.due_at == kept.deadline == by
    task = await live_task(hazard)
    assert task is not None
    assert (task.assignee_id, task.due_at) == (fire.id, by)


async def test_an_order_that_cannot_be_is_refused() -> None:
    lead, who = await supervisor(), await warden()
    hazard = await brought_to(S.ACCEPTED)
    far = await posted(Role.WARDEN, OTHER_GRID)
    await department_of("FIRE")

    async def refuses(field: str, reason: str, **order: object) -> None:
        asked = Order(**order)  # type: ignore[arg-type]
        attempt = dispatch_hazard(lead, hazard_id=hazard.id, order=asked)
        await refused_input(attempt, f"input.{field}", reason)

    await refuses("departmentCode", "ONE_LEAD")
    await refuses("departmentCode", "ONE_LEAD", department_code="FIRE", staff_id=who.id)
    await refuses("departmentCode", "UNKNOWN_DEPARTMENT", department_code="MOON")
    await refuses("departmentCode", "NOBODY_THERE", department_code="FIRE")
    await refuses("staffId", "NOT_THERE", staff_id=far.id)
    await refuses("staffId", "NOT_THERE", staff_id=uuid7())
    await refuses("assistants", "TWICE", staff_id=who.id, assistants=["FIRE", "FIRE"])
    await refuses("assistants", "UNKNOWN_DEPARTMENT", staff_id=who.id, assistants=["X"])
    past, late = now() - timedelta(hours=1), now() + timedelta(hours=72 + 168 + 1)
    for deadline in (past, late):
        await refuses("deadline", "DEADLINE", staff_id=who.id, deadline=deadline)
    order = Order(staff_id=who.id)
    await refused(NotFound, dispatch_hazard(who, hazard_id=hazard.id, order=order))
    over_there = await posted(Role.SUPERVISOR, OTHER_COMMUNITY)
    await refused(NotFound, dispatch_hazard(over_there, hazard_id=hazard.id, order=order))


async def test_what_is_anothers_is_returned_to_who_dispatches_naming_the_department() -> None:
    fire = await posted(Role.DEPARTMENT, TOWN, department="FIRE")
    hazard = await brought_to(S.ACCEPTED)
    order = Order(department_code="FIRE", notice=False)
    await dispatch_hazard(await supervisor(), hazard_id=hazard.id, order=order)
    say = {"hazard_id": hazard.id, "reason": "属于燃气问题"}
    for code, reason in (("FIRE", "SAME_DEPARTMENT"), ("MOON", "UNKNOWN_DEPARTMENT")):
        attempt = return_hazard(fire, department_code=code, **say)  # type: ignore[arg-type]
        await refused_input(attempt, "input.departmentCode", reason)
    await return_hazard(fire, department_code="HOUSING", **say)  # type: ignore[arg-type]
    kept, step = await Hazard.get(id=hazard.id), await last_step(hazard)
    assert (kept.state, kept.department_id, kept.assignee_id) == (S.ACCEPTED, None, None)
    assert step.details == {"department": "HOUSING"}
    task = await Task.get(subject_id=hazard.id, step=S.DISPATCHED.value)
    assert task.state is TaskState.CANCELLED


async def test_evidence_is_ones_own_and_used_once() -> None:
    who = await warden()
    hazard = await brought_to(S.RECTIFYING, assignee_id=who.id)
    mine, others = await pictures(who, 7), await pictures(await warden())

    async def refuses(kind: type[Exception], photos: list[UUID], reason: str | None) -> None:
        attempt = submit_hazard(who, hazard_id=hazard.id, photo_ids=photos)
        await refused(kind, attempt, field="input.photoIds", reason=reason)  # type: ignore[arg-type]

    await refuses(InvalidInput, [], "TOO_FEW")
    await refuses(InvalidInput, mine, "TOO_MANY")
    await refuses(InvalidInput, [mine[0], mine[0]], "TWICE")
    await refuses(NotFound, others, None)
    await submit_hazard(who, hazard_id=hazard.id, photo_ids=mine[:1])
    second = await brought_to(S.RECTIFYING, assignee_id=who.id)
    attempt = submit_hazard(who, hazard_id=second.id, photo_ids=mine[:1])
    await refused(InvalidInput, attempt, field="input.photoIds", reason="PHOTO_USED")


async def test_who_runs_the_place_submits_what_they_put_right_and_nothing_else() -> None:
    who = await warden()
    hazard = await brought_to(S.RECTIFYING, assignee_id=who.id)
    landlord = await landlord_of(hazard)
    stranger = signed_in(await factories.account())
    await refused(NotFound, submit_hazard(stranger, hazard_id=hazard.id, photo_ids=[uuid7()]))
    await refused(NotFound, ask_enforcement(landlord, hazard_id=hazard.id, reason="不愿整改"))
    await submit_hazard(landlord, hazard_id=hazard.id, photo_ids=await pictures(landlord))
    kept = await Hazard.get(id=hazard.id)
    assert (kept.state, kept.assignee_id) == (S.SUBMITTED, who.id)
    await refused(NotFound, pass_hazard(landlord, hazard_id=hazard.id))
    await refused(WrongState, pass_hazard(who, hazard_id=hazard.id), reason="OWN_WORK")


async def test_time_is_given_once_with_a_reason_and_never_to_what_is_urgent() -> None:
    who = await warden()
    hazard = await brought_to(S.RECTIFYING, assignee_id=who.id)
    before = hazard.deadline
    assert before is not None

    def extend(until: object, reason: str = "等待材料", which: Hazard = hazard) -> object:
        return extend_hazard(who, hazard_id=which.id, deadline=until, reason=reason)  # type: ignore[arg-type]

    later = before + timedelta(hours=24)
    await refused_input(extend(later, ""), "input.reason")  # type: ignore[arg-type]
    for wrong in (before, before + timedelta(hours=169)):
        await refused_input(extend(wrong), "input.deadline", "DEADLINE")  # type: ignore[arg-type]
    await extend(later)  # type: ignore[misc]
    kept, task = await Hazard.get(id=hazard.id), await live_task(hazard)
    assert task is not None
    assert (kept.deadline, kept.due_at, task.due_at) == (later, later, later)
    again = later + timedelta(hours=1)
    await refused(WrongState, extend(again), reason="EXTENDED")  # type: ignore[arg-type]
    urgent = await brought_to(S.RECTIFYING, assignee_id=who.id, severity=Severity.URGENT)
    await refused(WrongState, extend(again, which=urgent), reason="URGENT")  # type: ignore[arg-type]


async def test_what_failed_goes_back_with_the_time_that_it_had() -> None:
    who, other = await warden(), await warden()
    hazard = await brought_to(S.SUBMITTED, assignee_id=who.id)
    await refused_input(fail_hazard(other, hazard_id=hazard.id, reason=""), "input.reason")
    await fail_hazard(other, hazard_id=hazard.id, reason="通道仍堵塞")
    kept, task = await Hazard.get(id=hazard.id), await live_task(hazard)
    assert (kept.state, kept.deadline) == (S.RECTIFYING, kept.state_since + timedelta(hours=168))
    assert task is not None
    assert task.assignee_id == who.id


async def test_enforcement_hands_back_to_a_recheck() -> None:
    who = await warden()
    officer = await posted(Role.ENFORCEMENT, TOWN, department="FIRE")
    hazard = await brought_to(S.RECTIFYING, assignee_id=who.id)
    await ask_enforcement(who, hazard_id=hazard.id, reason="多次拒绝整改")
    kept, task = await Hazard.get(id=hazard.id), await live_task(hazard)
    assert (kept.state, kept.enforced, kept.due_at) == (S.ENFORCEMENT, True, None)
    assert task is not None
    assert task.role is Role.ENFORCEMENT
    await refused(NotFound, close_case(who, hazard_id=hazard.id))
    await close_case(officer, hazard_id=hazard.id, words="已拆除")
    assert (await Hazard.get(id=hazard.id)).state is S.SUBMITTED


async def test_not_fixed_is_counted_and_goes_back() -> None:
    reporter = await factories.account()
    hazard = await brought_to(S.FOLLOW_UP, by=reporter)
    stranger = signed_in(await factories.account())
    await refused(NotFound, say_not_fixed(stranger, hazard_id=hazard.id))
    await refused(NotFound, confirm_fixed(await warden(), hazard_id=hazard.id))
    await say_not_fixed(signed_in(reporter), hazard_id=hazard.id, words="还是老样子")
    kept = await Hazard.get(id=hazard.id)
    assert (kept.state, kept.not_fixed, kept.closed_at) == (S.RECTIFYING, 1, None)


async def test_the_desk_asks_who_can_be_called() -> None:
    who = await desk()
    for act, state in ((confirm_fixed, S.CLOSED), (say_not_fixed, S.RECTIFYING)):
        hazard = await brought_to(S.FOLLOW_UP, caller_phone="13800000000")
        await act(who, hazard_id=hazard.id)
        assert (await Hazard.get(id=hazard.id)).state is state
        assert (await last_step(hazard)).details == {"called": True}
    hazard = await brought_to(S.FOLLOW_UP, caller_phone="13800000000")
    await close_unreachable(who, hazard_id=hazard.id)
    assert (await Hazard.get(id=hazard.id)).closed_how is HazardClosure.UNREACHABLE


@pytest.mark.usefixtures("limits")
async def test_a_token_speaks_for_who_reported_without_a_name() -> None:
    token = "b" * 32
    hazard = await brought_to(S.FOLLOW_UP, token_hash=hash_of(token))
    other = await brought_to(S.FOLLOW_UP, token_hash=hash_of("c" * 32))
    await refused(Unauthenticated, confirm_fixed(VISITOR, hazard_id=hazard.id))
    await refused(NotFound, confirm_fixed(VISITOR, hazard_id=None, token="d" * 32))
    await refused(InvalidInput, confirm_fixed(VISITOR, hazard_id=None))
    await confirm_fixed(VISITOR, hazard_id=None, token=token)
    await rate_hazard(VISITOR, hazard_id=None, token=token, rating=4)
    kept, step = await Hazard.get(id=hazard.id), await last_step(hazard)
    assert (kept.state, kept.rating) == (S.CLOSED, 4)
    assert (step.by_kind, step.account_id, step.staff_id) == (ActorKind.ANONYMOUS, None, None)
    assert (await Hazard.get(id=other.id)).state is S.FOLLOW_UP
    await reopen_hazard(VISITOR, hazard_id=None, token=token, reason="又堵上了")
    assert (await Hazard.get(id=hazard.id)).state is S.ACCEPTED


async def test_reopening_counts_from_the_closure_whatever_happened_since() -> None:
    reporter = await factories.account()
    actor, lead = signed_in(reporter), await supervisor()
    hazard = await brought_to(S.CLOSED, by=reporter)
    await rate_hazard(actor, hazard_id=hazard.id, rating=2)
    await refused(WrongState, rate_hazard(actor, hazard_id=hazard.id, rating=5), reason="RATED")
    await refused_input(rate_hazard(actor, hazard_id=hazard.id, rating=6), "input.rating")
    closed = now() - timedelta(hours=72, minutes=1)
    await Hazard.filter(id=hazard.id).update(closed_at=closed, updated_at=now())
    again = reopen_hazard(actor, hazard_id=hazard.id, reason="又堵上了")
    await refused(WrongState, again, reason="TOO_LATE")
    await reopen_hazard(lead, hazard_id=hazard.id, reason="群众再次反映")
    kept = await Hazard.get(id=hazard.id)
    assert (kept.state, kept.reopened, kept.closed_at, kept.closed_how) == (
        S.ACCEPTED,
        1,
        None,
        None,
    )
    assert (kept.assignee_id, kept.department_id, kept.open) == (None, None, True)


async def test_a_change_of_severity_moves_the_clock_and_the_block() -> None:
    lead = await supervisor()
    hazard = await brought_to(S.ACCEPTED)
    await change_severity(lead, hazard_id=hazard.id, severity=Severity.URGENT, reason="有爆燃危险")
    kept, task = await Hazard.get(id=hazard.id), await live_task(hazard)
    assert task is not None
    assert kept.due_at == task.due_at
    assert kept.due_at is not None
    assert kept.due_at <= now() + timedelta(hours=1)
    assert await PlaceBlock.filter(place_id=hazard.place_id, ends_at=None).count() == 1
    same = change_severity(lead, hazard_id=hazard.id, severity=Severity.URGENT, reason="有危险")
    await refused(WrongState, same, reason="SAME")
    await refused(
        NotFound,
        change_severity(
            await warden(), hazard_id=hazard.id, severity=Severity.GENERAL, reason="已排除"
        ),
    )
    await change_severity(lead, hazard_id=hazard.id, severity=Severity.GENERAL, reason="已排除")
    kept = await Hazard.get(id=hazard.id)
    assert kept.due_at == kept.state_since + timedelta(hours=24)
    assert await PlaceBlock.filter(place_id=hazard.place_id, ends_at=None).count() == 0
    assert (await last_step(hazard)).details == {"before": "URGENT", "after": "GENERAL"}


async def test_a_supervisor_of_the_community_is_not_one_of_the_grid_beside_it() -> None:
    over_there = await posted(Role.SUPERVISOR, OTHER_COMMUNITY)
    here = await posted(Role.SUPERVISOR, COMMUNITY)
    hazard = await brought_to(S.CLOSED)
    await refused(NotFound, reopen_hazard(over_there, hazard_id=hazard.id, reason="再查"))
    await reopen_hazard(here, hazard_id=hazard.id, reason="再查")
