"""Accounts of the public: locked by staff, closed by their holders, kept no longer than needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tortoise import Tortoise

from core.clock import now
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from core.privacy import registry
from identity.access import access_account, visible_sessions
from identity.accounts import close_account, lock_account, set_display_name, unlock_account
from identity.actor import SYSTEM, Actor, Role, anonymous
from identity.authentication import actor_from_token, still_good
from identity.models import Account, RefreshToken, Session, SessionEnd, SmsCode, StaffMember
from identity.personal_data import HALF_A_YEAR, end_expired_sessions
from identity.sessions import OpenSession, refresh_session
from identity.staff import leave

VISITOR = anonymous("a-test-address")
TOWN = "441900122/"
PHONE = "13800000001"
MakeStaff = Callable[..., Awaitable[StaffMember]]
SignIn = Callable[[StaffMember], Awaitable[Actor]]
SignInAccount = Callable[..., Awaitable[OpenSession]]


async def test_a_locked_account_is_out_until_it_is_unlocked(
    db: None,
    make_staff: MakeStaff,
    sign_in: SignIn,
    sign_in_account: SignInAccount,
    noted: Callable[[], Awaitable[list[str]]],
) -> None:
    admin = await sign_in(await make_staff("admin.one", role=Role.ADMIN, path=TOWN))
    opened = await sign_in_account()
    actor = await actor_from_token(opened.access.text)
    assert actor.id is not None
    await lock_account(admin, account_id=actor.id, reason="虚假房源")
    assert not await still_good(actor)
    for attempt in (
        actor_from_token(opened.access.text),
        refresh_session(VISITOR, refresh_token=opened.refresh_token),
        sign_in_account(),
    ):
        with pytest.raises(Unauthenticated):
            await attempt
    assert {s.end_reason for s in await Session.filter(account_id=actor.id)} == {SessionEnd.LOCKED}
    with pytest.raises(WrongState):
        await lock_account(admin, account_id=actor.id, reason="再次")
    await unlock_account(admin, account_id=actor.id)
    assert await sign_in_account()
    with pytest.raises(WrongState):
        await unlock_account(admin, account_id=actor.id)
    assert {"lockAccount", "unlockAccount", "refuseSignIn"} <= set(await noted())


async def test_only_administrators_lock_accounts(
    db: None, make_staff: MakeStaff, sign_in: SignIn, sign_in_account: SignInAccount
) -> None:
    opened = await sign_in_account()
    actor = await actor_from_token(opened.access.text)
    other = await actor_from_token((await sign_in_account("13800000002")).access.text)
    supervisor = await sign_in(await make_staff(role=Role.SUPERVISOR, path=TOWN))
    assert actor.id is not None
    for who, refusal in ((supervisor, NotFound), (other, NotFound), (actor, NotFound),
                         (VISITOR, Unauthenticated)):  # fmt: skip
        with pytest.raises(refusal):
            await lock_account(who, account_id=actor.id, reason="无权")
    assert (await Account.get(id=actor.id)).locked_at is None
    assert await still_good(actor)


async def test_a_lock_has_a_reason_and_an_account(db: None, sign_in_account: SignInAccount) -> None:
    session = (await sign_in_account()).session
    assert session.account_id is not None
    with pytest.raises(InvalidInput):
        await lock_account(SYSTEM, account_id=session.account_id, reason=" ")
    with pytest.raises(NotFound):
        await lock_account(SYSTEM, account_id=uuid7(), reason="没有")


async def test_an_account_is_seen_by_its_holder(db: None, sign_in_account: SignInAccount) -> None:
    mine = await actor_from_token((await sign_in_account()).access.text)
    other = await actor_from_token((await sign_in_account("13800000002")).access.text)
    assert mine.id is not None
    assert (await access_account(mine, account_id=mine.id)).id == mine.id
    with pytest.raises(NotFound):
        await access_account(other, account_id=mine.id)
    with pytest.raises(Unauthenticated):
        await access_account(VISITOR, account_id=mine.id)
    assert [s.id for s in await visible_sessions(mine)] == [mine.session_id]
    assert await visible_sessions(VISITOR) == []


async def test_a_closed_account_is_gone_and_its_number_free(
    db: None, sign_in_account: SignInAccount
) -> None:
    opened = await sign_in_account()
    actor = await actor_from_token(opened.access.text)
    await set_display_name(actor, name="测试住户")
    closed = await close_account(actor)
    assert (closed.phone, closed.phone_index, closed.display_name) == (None, None, "")
    assert closed.closed_at is not None
    assert not await still_good(actor)
    with pytest.raises(Unauthenticated):
        await refresh_session(VISITOR, refresh_token=opened.refresh_token)
    with pytest.raises(NotFound):
        await close_account(actor)
    assert (await sign_in_account()).session.account_id != actor.id


async def test_a_display_name_is_text_that_can_be_shown(
    db: None, sign_in_account: SignInAccount
) -> None:
    actor = await actor_from_token((await sign_in_account()).access.text)
    assert (await set_display_name(actor, name="  测试住户 ")).display_name == "测试住户"
    for name in ("x" * 61, "a\0b", "甲\u202e乙"):
        with pytest.raises(InvalidInput):
            await set_display_name(actor, name=name)
    for stranger in (VISITOR, SYSTEM):
        with pytest.raises(Unauthenticated):
            await set_display_name(stranger, name="甲")
        with pytest.raises(Unauthenticated):
            await close_account(stranger)


def test_everything_held_about_people_is_declared(tortoise: None) -> None:
    models = Tortoise.apps["identity"].values() if Tortoise.apps else []
    assert list(models)
    assert registry.problems(models) == []


async def test_a_person_gets_a_copy_of_what_is_held(
    db: None, sign_in_account: SignInAccount
) -> None:
    session = (await sign_in_account(device="测试手机")).session
    await sign_in_account("13800000002")
    assert session.account_id is not None
    copy = await registry.export("account", session.account_id)
    rows: dict[str, Any] = {part.holding.name: part.rows for part in copy}
    assert [row["phone"] for row in rows["account.id"]] == [PHONE]
    assert [row["device"] for row in rows["session.account_id"]] == ["测试手机"]
    assert len(rows["sms_code.phone_index"]) == 1


async def test_erasing_leaves_nothing_that_leads_to_the_person(
    db: None, sign_in_account: SignInAccount
) -> None:
    session = (await sign_in_account()).session
    assert session.account_id is not None
    await SmsCode.all().update(created_at=now() - timedelta(days=2))
    await registry.erase("account", session.account_id)
    account = await Account.get()
    assert (account.phone, account.phone_index) == (None, None)
    assert not await SmsCode.exists()


async def test_what_is_over_its_time_goes_by_itself(
    db: None, sign_in_account: SignInAccount, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    old, recent = await sign_in_account(), await sign_in_account()
    await SmsCode.all().update(created_at=now() - timedelta(days=1, minutes=1))
    for opened, ago in ((old, HALF_A_YEAR), (recent, HALF_A_YEAR - timedelta(days=1))):
        await Session.filter(id=opened.session.id).update(
            ended_at=now() - ago - timedelta(minutes=1), end_reason=SessionEnd.SIGNED_OUT
        )
    gone = await make_staff("long.gone")
    await leave(SYSTEM, staff_id=gone.id)
    await StaffMember.all().update(left_at=now() - timedelta(days=4 * 366))
    await registry.enforce_retention()
    assert not await SmsCode.exists()
    assert [session.id for session in await Session.all()] == [recent.session.id]
    assert await RefreshToken.filter(session_id=old.session.id).count() == 0
    assert (await StaffMember.get(id=gone.id)).name == ""


async def test_sessions_nobody_continued_end_and_keep_their_last_sign_of_life(
    db: None, sign_in_account: SignInAccount
) -> None:
    alive, forgotten = await sign_in_account(), await sign_in_account()
    week_ago = now() - timedelta(days=7)
    await RefreshToken.filter(session_id=forgotten.session.id).update(expires_at=now())
    await Session.filter(id=forgotten.session.id).update(last_seen_at=week_ago)
    await end_expired_sessions()
    ended = await Session.get(id=forgotten.session.id)
    assert (ended.ended_at, ended.end_reason) == (week_ago, SessionEnd.EXPIRED)
    assert (await Session.get(id=alive.session.id)).ended_at is None
    assert await RefreshToken.all().count() == 1
