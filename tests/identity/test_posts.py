"""Posts: who may post whom as what, and the rights that follow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import now, today
from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.access import access_post, visible_posts
from identity.actor import SYSTEM, Actor, Permission, Role, anonymous
from identity.authentication import actor_from_token, forget
from identity.departments import DEPARTMENTS, departments, ensure_departments
from identity.models import Department, DutyGroup, GridPost, StaffMember
from identity.paths import check_path
from identity.posts import end_post, own_posts, post, posts_of_grid
from identity.tokens import Claims, issue

VISITOR = anonymous()
TOWN = "441900122/"
COMMUNITY = "441900122/441900122002/"
GRID = "441900122/441900122002/441900122002-01/"
OTHER = "441900122/441900122003/"
DAY = timedelta(days=1)
MakeStaff = Callable[..., Awaitable[StaffMember]]
SignIn = Callable[[StaffMember], Awaitable[Actor]]


async def put(actor: Actor, staff: StaffMember, path: str = GRID, **given: Any) -> GridPost:
    return await post(
        actor,
        staff_id=staff.id,
        grid_code=path.split("/")[-2],
        grid_path=path,
        **{"role": Role.WARDEN, **given},
    )


async def again(actor: Actor) -> Actor:
    """The same session, one request later."""
    return await actor_from_token(issue(Claims(actor.kind, actor.id, actor.session_id)).text)


async def test_a_post_gives_its_rights_at_once_and_its_end_takes_them(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    staff = await make_staff()
    actor = await sign_in(staff)
    assert not actor.permissions
    made = await put(SYSTEM, staff, duty_group=DutyGroup.INSPECTION, lead=True)
    assert (await again(actor)).may(Permission.PLACES_WRITE, GRID)
    assert not (await again(actor)).may(Permission.PLACES_WRITE, OTHER)
    assert [own.id for own in await own_posts(actor)] == [made.id]
    await end_post(SYSTEM, post_id=made.id)
    assert not (await again(actor)).permissions
    assert await own_posts(actor) == []


async def test_rights_last_from_the_first_day_up_to_the_last(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    staff = await make_staff()
    actor = await sign_in(staff)
    made = await put(SYSTEM, staff, starts_on=today() + DAY, ends_on=today() + 3 * DAY)
    for starts, ends, held in ((1, 3, False), (0, 1, True), (-2, 1, True), (-2, 0, False)):
        made.starts_on, made.ends_on = today() + starts * DAY, today() + ends * DAY
        await made.save()
        forget()
        assert bool((await again(actor)).permissions) == held


async def test_a_supervisor_posts_wardens_beneath_and_nobody_else(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    supervisor = await sign_in(
        await make_staff("supervisor.one", role=Role.SUPERVISOR, path=COMMUNITY)
    )
    staff = await make_staff()
    assert await put(supervisor, staff)
    for path, role in ((TOWN, Role.WARDEN), (OTHER, Role.WARDEN), (GRID, Role.SUPERVISOR),
                       (GRID, Role.ADMIN), (GRID, Role.SERVICE_DESK)):  # fmt: skip
        with pytest.raises(NotFound):
            await put(supervisor, staff, path, role=role)
    assert await GridPost.filter(staff_id=staff.id).count() == 1


async def test_a_supervisor_posts_who_works_for_them_or_for_nobody_yet(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    supervisor = await sign_in(
        await make_staff("supervisor.one", role=Role.SUPERVISOR, path=COMMUNITY)
    )
    ours, new, theirs = [await make_staff(name) for name in ("our.one", "new.one", "their.one")]
    await put(SYSTEM, ours, GRID.replace("-01", "-02"))
    await put(SYSTEM, theirs, OTHER)
    for somebody in (ours, new):
        assert (await put(supervisor, somebody)).staff_id == somebody.id
    with pytest.raises(NotFound) as refusal:
        await put(supervisor, theirs)
    assert refusal.value.field == "input.staffId"
    assert await GridPost.filter(staff_id=theirs.id).count() == 1


async def test_an_administrator_posts_every_role_but_not_themselves(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    admin = await make_staff("admin.one", role=Role.ADMIN, path=TOWN)
    actor = await sign_in(admin)
    assert await put(actor, await make_staff(), role=Role.SUPERVISOR)
    with pytest.raises(WrongState) as refusal:
        await put(actor, admin, role=Role.WARDEN)
    assert refusal.value.reason == "YOURSELF"
    own = await GridPost.get(staff_id=admin.id)
    with pytest.raises(WrongState):
        await end_post(actor, post_id=own.id)


@pytest.mark.parametrize("role", [Role.WARDEN, Role.AUDITOR, Role.SERVICE_DESK])
async def test_who_posts_nobody_is_told_nothing(
    db: None, make_staff: MakeStaff, sign_in: SignIn, role: Role
) -> None:
    actor = await sign_in(await make_staff("someone.else", role=role, path=TOWN))
    staff = await make_staff(role=Role.WARDEN)
    (made,) = await GridPost.filter(staff_id=staff.id)
    for attempt in (put(actor, staff, OTHER), end_post(actor, post_id=made.id)):
        with pytest.raises(NotFound):
            await attempt
    for attempt in (put(VISITOR, staff), end_post(VISITOR, post_id=made.id)):
        with pytest.raises(Unauthenticated):
            await attempt
    assert (await GridPost.get(id=made.id)).ends_on is None


async def test_who_has_left_or_never_was_is_not_posted(db: None, make_staff: MakeStaff) -> None:
    staff = await make_staff()
    await StaffMember.all().update(left_at=now())
    with pytest.raises(NotFound):
        await put(SYSTEM, staff)
    with pytest.raises(NotFound):
        await put(SYSTEM, StaffMember(id=uuid7()))
    assert not await GridPost.exists()


@pytest.mark.parametrize("alone", [Role.ADMIN, Role.AUDITOR])
@pytest.mark.parametrize("first", [True, False])
async def test_administrators_and_auditors_hold_no_other_role(
    db: None, make_staff: MakeStaff, alone: Role, first: bool
) -> None:
    staff = await make_staff()
    roles = [alone, Role.WARDEN] if first else [Role.WARDEN, alone]
    await put(SYSTEM, staff, TOWN, role=roles[0])
    with pytest.raises(WrongState) as refusal:
        await put(SYSTEM, staff, OTHER, role=roles[1])
    assert refusal.value.reason == "ROLES_APART"
    assert await put(SYSTEM, staff, OTHER, role=roles[0])


async def test_roles_may_follow_each_other(db: None, make_staff: MakeStaff) -> None:
    staff = await make_staff()
    await put(SYSTEM, staff, TOWN, role=Role.ADMIN, ends_on=today() + DAY)
    assert await put(SYSTEM, staff, TOWN, role=Role.AUDITOR, starts_on=today() + DAY)


async def test_separate_roles_at_once_give_one(committed_db: None, make_staff: MakeStaff) -> None:
    staff = await make_staff()
    results = await asyncio.gather(
        put(SYSTEM, staff, TOWN, role=Role.ADMIN),
        put(SYSTEM, staff, TOWN, role=Role.AUDITOR),
        return_exceptions=True,
    )
    assert {type(result) for result in results} == {GridPost, WrongState}


async def test_the_same_post_twice_is_refused(db: None, make_staff: MakeStaff) -> None:
    staff = await make_staff()
    await put(SYSTEM, staff, ends_on=today() + 10 * DAY)
    with pytest.raises(Conflict) as refusal:
        await put(SYSTEM, staff, starts_on=today() + 9 * DAY)
    assert refusal.value.reason == "POSTED_ALREADY"
    assert await put(SYSTEM, staff, starts_on=today() + 10 * DAY)


async def test_a_grid_has_one_lead_at_a_time(db: None, make_staff: MakeStaff) -> None:
    one, two = await make_staff(), await make_staff("warden.two")
    first = await put(SYSTEM, one, lead=True)
    with pytest.raises(Conflict) as refusal:
        await put(SYSTEM, two, lead=True)
    assert refusal.value.reason == "LEAD_TAKEN"
    assert await put(SYSTEM, two, COMMUNITY, lead=True)
    await end_post(SYSTEM, post_id=first.id)
    assert await put(SYSTEM, two, lead=True)


async def test_many_leads_at_once_give_one(committed_db: None, make_staff: MakeStaff) -> None:
    people = [await make_staff(f"warden.{number}") for number in range(8)]
    results = await asyncio.gather(
        *(put(SYSTEM, staff, lead=True) for staff in people), return_exceptions=True
    )
    assert sum(isinstance(result, GridPost) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 7


async def test_a_deputy_stands_in_for_another_warden_of_the_grid(
    db: None, make_staff: MakeStaff
) -> None:
    one, two = await make_staff(), await make_staff("warden.two")
    first = await put(SYSTEM, one, lead=True)
    deputy = await put(SYSTEM, two, deputy_of=first.id)
    assert deputy.deputy_of_id == first.id
    elsewhere = await put(SYSTEM, one, OTHER)
    for wrong, error in ((uuid7(), NotFound), (elsewhere.id, NotFound)):
        with pytest.raises(error):
            await put(SYSTEM, await make_staff(f"w.{wrong.hex[-8:]}"), deputy_of=wrong)
    with pytest.raises(InvalidInput):
        await put(SYSTEM, one, deputy_of=first.id)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"role": Role.DEPARTMENT}, "input.departmentCode"),
        ({"role": Role.ENFORCEMENT}, "input.departmentCode"),
        ({"role": Role.WARDEN, "department_code": "FIRE"}, "input.departmentCode"),
        ({"role": Role.SUPERVISOR, "lead": True}, "input.lead"),
        ({"lead": True, "deputy_of": uuid7()}, "input.lead"),
        ({"role": Role.SUPERVISOR, "deputy_of": uuid7()}, "input.deputyOf"),
        ({"ends_on": today()}, "input.endsOn"),
        ({"starts_on": today() + DAY, "ends_on": today()}, "input.endsOn"),
    ],
    ids=lambda given: given if isinstance(given, str) else " ".join(given),
)
async def test_what_does_not_fit_together_is_refused(
    db: None, make_staff: MakeStaff, given: dict[str, Any], field: str
) -> None:
    staff = await make_staff()
    with pytest.raises(InvalidInput) as refusal:
        await put(SYSTEM, staff, **given)
    assert refusal.value.field == field
    assert not await GridPost.exists()


@pytest.mark.parametrize("code", ["NOBODY", "", "F" * 999, "\0"])
async def test_there_must_be_such_a_department(db: None, make_staff: MakeStaff, code: str) -> None:
    await ensure_departments()
    with pytest.raises(NotFound):
        await put(SYSTEM, await make_staff(), role=Role.DEPARTMENT, department_code=code)


async def test_departments_are_data(db: None, make_staff: MakeStaff) -> None:
    await ensure_departments()
    await Department.filter(code="TAX").update(name_zh="税务局")
    await ensure_departments()
    found = {department.code: department.name_zh for department in await departments()}
    assert set(found) == {code for code, _, _ in DEPARTMENTS}
    assert found["TAX"] == "税务局"
    made = await put(SYSTEM, await make_staff(), role=Role.ENFORCEMENT, department_code="FIRE")
    assert (await Department.get(code="FIRE")).id == made.department_id


async def test_an_end_fits_its_post(db: None, make_staff: MakeStaff) -> None:
    made = await put(SYSTEM, await make_staff(), ends_on=today() + 10 * DAY)
    for day in (today() - DAY, today() + 11 * DAY):
        with pytest.raises(InvalidInput):
            await end_post(SYSTEM, post_id=made.id, ends_on=day)
    assert (await end_post(SYSTEM, post_id=made.id, ends_on=today() + DAY)).ends_on == today() + DAY
    await end_post(SYSTEM, post_id=made.id)
    with pytest.raises(WrongState) as refusal:
        await end_post(SYSTEM, post_id=made.id)
    assert refusal.value.reason == "POST_OVER"


async def test_a_post_that_has_not_begun_never_does(db: None, make_staff: MakeStaff) -> None:
    made = await put(SYSTEM, await make_staff(), starts_on=today() + 5 * DAY)
    ended = await end_post(SYSTEM, post_id=made.id)
    assert ended.ends_on == made.starts_on


async def test_who_reads_grids_sees_who_works_there(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    one = await make_staff(role=Role.WARDEN)
    lead = await make_staff("warden.two")
    await put(SYSTEM, lead, lead=True)
    outside = await sign_in(await make_staff("warden.far", role=Role.WARDEN, path=OTHER))
    actor = await sign_in(one)
    found = await posts_of_grid(actor, grid_path=GRID)
    assert [entry.staff.user_name for entry in found] == ["warden.two", "warden.one"]
    assert {entry.staff_id for entry in await visible_posts(actor)} == {one.id, lead.id}
    assert {entry.staff_id for entry in await visible_posts(outside)} == {outside.id}
    with pytest.raises(NotFound):
        await posts_of_grid(outside, grid_path=GRID)
    with pytest.raises(NotFound):
        await access_post(outside, post_id=found[0].id)
    with pytest.raises(Unauthenticated):
        await posts_of_grid(VISITOR, grid_path=GRID)
    assert await visible_posts(VISITOR) == []
    assert len(await visible_posts(SYSTEM)) == 3


async def test_a_grid_whose_code_begins_alike_is_another(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    actor = await sign_in(await make_staff(role=Role.WARDEN, path="441900122/44/"))
    await make_staff("warden.two", role=Role.WARDEN, path="441900122/441/")
    assert len(await visible_posts(actor)) == 1


@pytest.mark.parametrize(
    "path",
    ["", "/", "441900122", "441900122//", "/441900122/", "a b/", "甲/", "a\0/", "a/\n", "1/" * 101,
     "441900122/%/", "../"],
)  # fmt: skip
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        check_path(path)


def test_a_path_ends_in_the_code_of_its_grid() -> None:
    assert check_path(GRID, code="441900122002-01") == GRID
    with pytest.raises(InvalidInput):
        check_path(GRID, code="441900122002")


periods = st.tuples(st.integers(0, 6), st.integers(1, 4) | st.none())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(periods, max_size=5))
async def test_whatever_is_asked_for_no_day_has_two_leads(
    db: None, make_staff: MakeStaff, asked: list[tuple[int, int | None]]
) -> None:
    await GridPost.all().delete()
    await StaffMember.all().delete()
    for number, (start, length) in enumerate(asked):
        staff = await make_staff(f"warden.{number}")
        ends = None if length is None else today() + (start + length) * DAY
        try:
            await put(SYSTEM, staff, lead=True, starts_on=today() + start * DAY, ends_on=ends)
        except Conflict:
            continue
    for day in range(12):
        assert len(await posts_of_grid(SYSTEM, grid_path=GRID, on=today() + day * DAY)) <= 1
