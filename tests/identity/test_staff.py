"""Members of staff: who may take them on, change them, see them off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from core.clock import now, today
from core.errors import Conflict, InvalidInput, NotFound, RateLimited, Unauthenticated, WrongState
from core.ids import uuid7
from identity.access import visible_staff
from identity.actor import SYSTEM, Actor, Role, anonymous
from identity.authentication import actor_from_token, still_good
from identity.departments import ensure_departments
from identity.models import GridPost, RecoveryCode, Session, SessionEnd, StaffMember
from identity.posts import post
from identity.second_factor import begin_totp, confirm_totp
from identity.sessions import refresh_session
from identity.staff import add_staff, change_password, leave, reset_password, reset_second_factor
from identity.staff_sign_in import sign_in_staff

VISITOR = anonymous("a-test-address")
PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "quite another long one"
TOWN = "441900122/"
COMMUNITY = "441900122/441900122002/"
GRID = "441900122/441900122002/441900122002-01/"
OTHER = "441900122/441900122003/"
MakeStaff = Callable[..., Awaitable[StaffMember]]
SignIn = Callable[[StaffMember], Awaitable[Actor]]
Noted = Callable[[], Awaitable[list[str]]]


async def add(actor: Actor, **changes: Any) -> StaffMember:
    given = {"user_name": "new.warden", "name": "测试新人", "password": PASSWORD, **changes}
    return await add_staff(actor, **given)


async def signed_in_as(name: str, password: str = PASSWORD) -> Actor:
    opened = await sign_in_staff(VISITOR, user_name=name, password=password)
    return await actor_from_token(opened.access.text)


async def test_who_is_taken_on_can_sign_in(db: None, noted: Noted) -> None:
    staff = await add(SYSTEM, user_name=" New.Warden ")
    assert (staff.user_name, staff.left_at) == ("new.warden", None)
    assert PASSWORD not in staff.password_hash
    assert (await signed_in_as("new.warden")).id == staff.id
    assert (await noted())[0] == "addStaff"


async def test_an_administrator_takes_people_on(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    admin = await sign_in(await make_staff("admin.one", role=Role.ADMIN, path=TOWN))
    assert await add(admin)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_no_other_role_manages_staff(
    db: None, make_staff: MakeStaff, sign_in: SignIn, role: Role
) -> None:
    await ensure_departments()
    staff = await make_staff("someone.else")
    needs = {"department_code": "FIRE"} if role in {Role.DEPARTMENT, Role.ENFORCEMENT} else {}
    await post(SYSTEM, staff_id=staff.id, grid_code="441900122", grid_path=TOWN, role=role, **needs)
    actor = await sign_in(staff)
    other = await make_staff("other.one")
    for attempt in (
        add(actor),
        leave(actor, staff_id=other.id),
        reset_password(actor, staff_id=other.id, password=OTHER_PASSWORD),
        reset_second_factor(actor, staff_id=other.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await StaffMember.all().count() == 2
    assert (await StaffMember.get(id=other.id)).left_at is None


async def test_the_anonymous_are_asked_to_sign_in(db: None, make_staff: MakeStaff) -> None:
    other = await make_staff()
    for attempt in (add(VISITOR), leave(VISITOR, staff_id=other.id)):
        with pytest.raises(Unauthenticated):
            await attempt


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user_name": "ab"}, "input.userName"),
        ({"user_name": "1abc"}, "input.userName"),
        ({"user_name": "a" * 41}, "input.userName"),
        ({"user_name": "a\0bc"}, "input.userName"),
        ({"user_name": "测试人员"}, "input.userName"),
        ({"name": ""}, "input.name"),
        ({"name": "甲" * 61}, "input.name"),
        ({"name": "甲\u202e乙"}, "input.name"),
        ({"password": "short"}, "input.password"),
        ({"password": "x" * 129}, "input.password"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "input.password"),
        ({"password": "My.NEW.warden.2026"}, "input.password"),
    ],
)
async def test_what_breaks_a_rule_of_form_is_refused(
    db: None, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await add(SYSTEM, **changes)
    assert refusal.value.field == field
    assert not await StaffMember.exists()


async def test_a_user_name_is_given_once(db: None) -> None:
    first = await add(SYSTEM)
    with pytest.raises(Conflict) as refusal:
        await add(SYSTEM, user_name="NEW.warden", name="测试重名")
    assert refusal.value.reason == "USER_NAME_TAKEN"
    assert (await StaffMember.get()).name == first.name


async def test_ten_at_once_with_one_user_name(committed_db: None) -> None:
    results = await asyncio.gather(*(add(SYSTEM) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(result, StaffMember) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 9


async def test_who_leaves_is_out_at_once(
    db: None, make_staff: MakeStaff, sign_in: SignIn, noted: Noted
) -> None:
    staff = await make_staff(role=Role.WARDEN)
    opened = await sign_in_staff(VISITOR, user_name=staff.user_name, password=PASSWORD)
    actor = await actor_from_token(opened.access.text)
    await post(
        SYSTEM,
        staff_id=staff.id,
        grid_code="441900122003",
        grid_path=OTHER,
        role=Role.WARDEN,
        starts_on=today() + timedelta(days=7),
    )
    await leave(SYSTEM, staff_id=staff.id, reason="合同到期")
    assert not await still_good(actor)
    for attempt in (
        actor_from_token(opened.access.text),
        refresh_session(VISITOR, refresh_token=opened.refresh_token),
        signed_in_as(staff.user_name),
    ):
        with pytest.raises(Unauthenticated):
            await attempt
    assert (await Session.get()).end_reason is SessionEnd.LEFT
    assert all(p.ends_on == max(p.starts_on, today()) for p in await GridPost.all())
    assert "leave" in await noted()
    with pytest.raises(WrongState) as refusal:
        await leave(SYSTEM, staff_id=staff.id)
    assert refusal.value.reason == "HAS_LEFT"


async def test_nobody_decides_over_themselves(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    admin = await sign_in(await make_staff("admin.one", role=Role.ADMIN, path=TOWN))
    assert admin.id is not None
    for attempt in (
        leave(admin, staff_id=admin.id),
        reset_password(admin, staff_id=admin.id, password=OTHER_PASSWORD),
        reset_second_factor(admin, staff_id=admin.id),
    ):
        with pytest.raises(WrongState) as refusal:
            await attempt
        assert refusal.value.reason == "YOURSELF"
    assert await still_good(admin)


async def test_an_administrator_reaches_as_far_as_their_grid(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    admin = await sign_in(await make_staff("admin.one", role=Role.ADMIN, path=COMMUNITY))
    inside = await make_staff("inside.one", role=Role.WARDEN, path=GRID)
    unposted = await make_staff("unposted.one")
    outside = await make_staff("outside.one", role=Role.WARDEN, path=OTHER)
    above = await make_staff("above.one", role=Role.SUPERVISOR, path=TOWN)
    both = await make_staff("both.one", role=Role.WARDEN, path=GRID)
    await post(
        SYSTEM, staff_id=both.id, grid_code="441900122003", grid_path=OTHER, role=Role.WARDEN
    )
    seen = {staff.id for staff in await visible_staff(admin)}
    assert seen == {admin.id, inside.id, unposted.id}
    for staff in (outside, above, both):
        with pytest.raises(NotFound):
            await leave(admin, staff_id=staff.id)
    with pytest.raises(NotFound):
        await leave(admin, staff_id=uuid7())
    assert await leave(admin, staff_id=inside.id)


async def test_a_new_password_ends_sessions_and_lifts_a_lock_out(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    staff = await make_staff()
    actor = await sign_in(staff)
    await StaffMember.all().update(failures=5, locked_until=now() + timedelta(hours=1))
    await reset_password(SYSTEM, staff_id=staff.id, password=OTHER_PASSWORD)
    assert not await still_good(actor)
    with pytest.raises(Unauthenticated):
        await signed_in_as(staff.user_name)
    assert await signed_in_as(staff.user_name, OTHER_PASSWORD)


async def test_a_new_password_leaves_the_second_factor(db: None, make_staff: MakeStaff) -> None:
    staff = await make_staff(waived=False)
    totp = pyotp.parse_uri(await begin_totp(actor := await signed_in_as(staff.user_name)))
    assert isinstance(totp, pyotp.TOTP)
    await confirm_totp(actor, totp=totp.at(now()))
    await reset_password(SYSTEM, staff_id=staff.id, password=OTHER_PASSWORD)
    with pytest.raises(Unauthenticated):
        await signed_in_as(staff.user_name, OTHER_PASSWORD)
    await reset_second_factor(SYSTEM, staff_id=staff.id, reason="手机丢失")
    assert not await RecoveryCode.exists()
    assert (await signed_in_as(staff.user_name, OTHER_PASSWORD)).enrolling


async def test_a_weak_new_password_changes_nothing(db: None, make_staff: MakeStaff) -> None:
    staff = await make_staff()
    with pytest.raises(InvalidInput):
        await reset_password(SYSTEM, staff_id=staff.id, password="short")
    assert await signed_in_as(staff.user_name)


async def test_ones_own_password_is_changed_by_who_knows_the_old_one(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    staff = await make_staff()
    actor = await sign_in(staff)
    with pytest.raises(InvalidInput) as refusal:
        await change_password(actor, old="wrong", new=OTHER_PASSWORD)
    assert refusal.value.reason == "WRONG_PASSWORD"
    assert await still_good(actor)
    await change_password(actor, old=PASSWORD, new=OTHER_PASSWORD)
    assert not await still_good(actor)
    assert await signed_in_as(staff.user_name, OTHER_PASSWORD)


async def test_who_is_still_enrolling_changes_no_password(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    staff = await make_staff(waived=False)
    actor = await sign_in(staff)
    assert actor.enrolling
    with pytest.raises(WrongState) as refusal:
        await change_password(actor, old=PASSWORD, new=OTHER_PASSWORD)
    assert refusal.value.reason == "ENROLLING"
    assert await signed_in_as(staff.user_name, PASSWORD)


async def test_the_old_password_is_not_guessed_there(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    actor = await sign_in(await make_staff())
    for _ in range(10):
        with pytest.raises(InvalidInput):
            await change_password(actor, old="wrong", new=OTHER_PASSWORD)
    with pytest.raises(RateLimited):
        await change_password(actor, old=PASSWORD, new=OTHER_PASSWORD)


async def test_only_staff_have_a_password(db: None) -> None:
    for actor in (VISITOR, SYSTEM):
        with pytest.raises(Unauthenticated):
            await change_password(actor, old=PASSWORD, new=OTHER_PASSWORD)


@pytest.mark.parametrize("reason", ["x" * 201, "a\0b", "\u202e"])
async def test_a_reason_is_text_that_can_be_kept(
    db: None, make_staff: MakeStaff, reason: str
) -> None:
    staff = await make_staff()
    with pytest.raises(InvalidInput):
        await leave(SYSTEM, staff_id=staff.id, reason=reason)
    assert (await StaffMember.get()).left_at is None
