"""Sessions: opened, continued, replayed, ended; and how fast the end is felt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tortoise.expressions import Q

from core.clock import now
from core.database import execute, fetch
from core.errors import Unauthenticated
from core.events import wiring
from core.ids import uuid7
from identity import authentication, handlers, sessions
from identity.actor import SYSTEM, ActorKind, Permission, Role, anonymous
from identity.authentication import REMEMBERED_SECONDS, actor_from_token, still_good
from identity.models import Account, GridPost, RefreshToken, Session, SessionEnd, StaffMember
from identity.posts import end_post
from identity.sessions import (
    ACCOUNT_REFRESH,
    STAFF_SESSION,
    OpenSession,
    refresh_session,
    sessions_of,
    sign_out,
)
from identity.staff_sign_in import sign_in_staff
from identity.tokens import Claims, issue

VISITOR = anonymous("a-test-address")
GRID = "441900122/441900122002/441900122002-01/"
SignInAccount = Callable[..., Awaitable[OpenSession]]
MakeStaff = Callable[..., Awaitable[StaffMember]]


async def refused(attempt: Awaitable[object]) -> bool:
    with pytest.raises(Unauthenticated):
        await attempt
    return True


def a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is remembered grow old."""
    present = authentication.monotonic
    monkeypatch.setattr(authentication, "monotonic", lambda: present() + REMEMBERED_SECONDS + 0.001)


async def test_a_session_opens_with_its_two_tokens(
    db: None, sign_in_account: SignInAccount
) -> None:
    opened = await sign_in_account(device="  Huawei  P60 ")
    assert opened.session.device == "Huawei P60"
    assert ACCOUNT_REFRESH - (opened.refresh_expires_at - now()) < timedelta(minutes=1)
    actor = await actor_from_token(opened.access.text, address="a1")
    assert (actor.kind, actor.session_id, actor.address) == (
        ActorKind.ACCOUNT,
        opened.session.id,
        "a1",
    )
    assert not actor.rights
    assert opened.refresh_token not in repr(opened)


async def test_the_refresh_token_is_not_in_the_database(
    db: None, sign_in_account: SignInAccount
) -> None:
    opened = await sign_in_account()
    rows = await fetch("SELECT token_hash FROM refresh_token")
    assert [opened.refresh_token in row["token_hash"] for row in rows] == [False]


async def test_refreshing_gives_the_next_pair_of_the_same_session(
    db: None, sign_in_account: SignInAccount
) -> None:
    first = await sign_in_account()
    second = await refresh_session(VISITOR, refresh_token=first.refresh_token)
    assert second.session.id == first.session.id
    assert second.refresh_token != first.refresh_token
    assert (await actor_from_token(second.access.text)).session_id == first.session.id
    third = await refresh_session(VISITOR, refresh_token=second.refresh_token)
    assert third.session.id == first.session.id


async def test_a_replayed_refresh_token_ends_the_whole_family(
    db: None, sign_in_account: SignInAccount, noted: Callable[[], Awaitable[list[str]]]
) -> None:
    first = await sign_in_account()
    second = await refresh_session(VISITOR, refresh_token=first.refresh_token)
    third = await refresh_session(VISITOR, refresh_token=second.refresh_token)
    assert await refused(refresh_session(VISITOR, refresh_token=first.refresh_token))
    assert await refused(refresh_session(VISITOR, refresh_token=third.refresh_token))
    assert await refused(actor_from_token(third.access.text))
    session = await Session.get(id=first.session.id)
    assert session.end_reason is SessionEnd.TOKEN_REPLAYED
    assert "refuseReplayedToken" in await noted()


async def test_a_replay_ends_no_other_session(db: None, sign_in_account: SignInAccount) -> None:
    other = await sign_in_account()
    first = await sign_in_account()
    await refresh_session(VISITOR, refresh_token=first.refresh_token)
    assert await refused(refresh_session(VISITOR, refresh_token=first.refresh_token))
    assert await actor_from_token(other.access.text)


@pytest.mark.parametrize("text", ["", "unknown", "\0", "秘密" * 1000])
async def test_an_unknown_refresh_token_is_refused(
    db: None, sign_in_account: SignInAccount, text: str
) -> None:
    await sign_in_account()
    assert await refused(refresh_session(VISITOR, refresh_token=text))
    assert await Session.filter(ended_at=None).count() == 1


async def test_an_expired_refresh_token_is_refused_and_changes_nothing(
    db: None, sign_in_account: SignInAccount
) -> None:
    opened = await sign_in_account()
    await RefreshToken.all().update(expires_at=now())
    assert await refused(refresh_session(VISITOR, refresh_token=opened.refresh_token))
    assert await RefreshToken.filter(used_at=None).count() == 1


async def test_no_refresh_goes_beyond_the_session(db: None, make_staff: MakeStaff) -> None:
    staff = await make_staff()
    opened = await sign_in_staff(
        VISITOR, user_name=staff.user_name, password="correct horse battery staple"
    )
    await Session.all().update(expires_at=now() + timedelta(minutes=30))
    again = await refresh_session(VISITOR, refresh_token=opened.refresh_token)
    assert again.refresh_expires_at - now() <= timedelta(minutes=30)
    assert timedelta(hours=12) >= STAFF_SESSION
    await Session.all().update(expires_at=now())
    assert await refused(refresh_session(VISITOR, refresh_token=again.refresh_token))


async def test_a_hundred_at_once_with_one_refresh_token(
    committed_db: None, sign_in_account: SignInAccount
) -> None:
    opened = await sign_in_account()
    results = await asyncio.gather(
        *(refresh_session(VISITOR, refresh_token=opened.refresh_token) for _ in range(100)),
        return_exceptions=True,
    )
    winners = [result for result in results if isinstance(result, OpenSession)]
    assert len(winners) == 1
    assert {type(result) for result in results} == {OpenSession, Unauthenticated}
    # All but one used a used token: nobody goes on.
    assert await refused(refresh_session(VISITOR, refresh_token=winners[0].refresh_token))
    assert await refused(actor_from_token(opened.access.text))
    assert await RefreshToken.all().count() == 2


async def test_signing_out_ends_this_session_only(db: None, sign_in_account: SignInAccount) -> None:
    other, opened = await sign_in_account(), await sign_in_account()
    actor = await actor_from_token(opened.access.text)
    assert await sign_out(actor) == 1
    assert await refused(actor_from_token(opened.access.text))
    assert await refused(refresh_session(VISITOR, refresh_token=opened.refresh_token))
    assert await actor_from_token(other.access.text)


async def test_signing_out_everywhere_ends_all_of_ones_own(
    db: None, sign_in_account: SignInAccount
) -> None:
    stranger = await sign_in_account("13800000002")
    mine = [await sign_in_account() for _ in range(3)]
    actor = await actor_from_token(mine[0].access.text)
    assert len(await sessions_of(actor)) == 3
    assert await sign_out(actor, everywhere=True) == 3
    for opened in mine:
        assert await refused(actor_from_token(opened.access.text))
    assert await actor_from_token(stranger.access.text)


async def test_signing_out_twice_does_nothing_more(
    db: None, sign_in_account: SignInAccount
) -> None:
    actor = await actor_from_token((await sign_in_account()).access.text)
    assert [await sign_out(actor), await sign_out(actor)] == [1, 0]


@pytest.mark.parametrize("actor", [VISITOR, SYSTEM], ids=["anonymous", "system"])
async def test_who_has_no_session_can_not_sign_out(db: None, actor: authentication.Actor) -> None:
    assert await refused(sign_out(actor))
    assert await refused(sessions_of(actor))


async def test_only_a_new_device_is_called_new(
    db: None, sign_in_account: SignInAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []

    async def listen(event: object) -> None:
        told.append(event)

    monkeypatch.setattr(sessions, "emit", listen)
    for device in ("phone", "phone", "tablet"):
        await sign_in_account(device=device)
    assert [event.new_device for event in told] == [False, False, True]


async def test_a_token_of_another_holder_or_kind_is_refused(
    db: None, sign_in_account: SignInAccount
) -> None:
    session = (await sign_in_account()).session
    for claims in (
        Claims(ActorKind.ACCOUNT, uuid7(), session.id),
        Claims(ActorKind.STAFF, session.account_id, session.id),
        Claims(ActorKind.ACCOUNT, session.account_id, uuid7()),
        Claims(ActorKind.ACCOUNT, session.account_id),
        Claims(ActorKind.APP, session.id),
        Claims(ActorKind.SYSTEM, session.account_id, session.id),
        Claims(ActorKind.ANONYMOUS, session.account_id, session.id),
    ):
        assert await refused(actor_from_token(issue(claims).text))


async def test_what_ended_elsewhere_is_felt_within_a_second(
    db: None, sign_in_account: SignInAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await sign_in_account()
    actor = await actor_from_token(opened.access.text)
    # Another process: the rows change and nobody tells this one.
    await Session.all().update(ended_at=now(), end_reason=SessionEnd.SIGNED_OUT)
    assert REMEMBERED_SECONDS <= 1
    a_second_later(monkeypatch)
    assert await refused(actor_from_token(opened.access.text))
    assert not await still_good(actor)


async def test_a_second_of_requests_asks_the_database_once(
    db: None, sign_in_account: SignInAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def counting(sql: str, *values: object) -> list[dict[str, object]]:
        asked.append(sql)
        return await fetch(sql, *values)

    monkeypatch.setattr(authentication, "fetch", counting)
    opened = await sign_in_account()
    for _ in range(5):
        await actor_from_token(opened.access.text)
    assert len(asked) == 1


async def test_an_end_during_a_look_up_is_not_forgotten(
    db: None, sign_in_account: SignInAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await sign_in_account()

    async def slow(sql: str, *values: object) -> list[dict[str, object]]:
        rows = await fetch(sql, *values)
        await Session.all().update(ended_at=now(), end_reason=SessionEnd.SIGNED_OUT)
        authentication.forget([opened.session.id])
        return rows

    with monkeypatch.context() as patched:
        patched.setattr(authentication, "fetch", slow)
        await actor_from_token(opened.access.text)
    assert await refused(actor_from_token(opened.access.text))


@pytest.mark.parametrize(
    "change",
    ["UPDATE account SET locked_at = now()", "UPDATE account SET closed_at = now()",
     "UPDATE session SET expires_at = now()"],
)  # fmt: skip
async def test_a_locked_or_closed_account_is_out(
    db: None, sign_in_account: SignInAccount, change: str
) -> None:
    opened = await sign_in_account()
    actor = await actor_from_token(opened.access.text)
    await execute(change)
    authentication.forget()
    assert await refused(actor_from_token(opened.access.text))
    assert await refused(refresh_session(VISITOR, refresh_token=opened.refresh_token))
    assert not await still_good(actor)
    assert await RefreshToken.filter(used_at=None).count() == 1


async def test_open_sockets_stand_as_long_as_nothing_changes(
    db: None, sign_in_account: SignInAccount, make_staff: MakeStaff, sign_in: Callable
) -> None:
    for actor in (
        VISITOR,
        SYSTEM,
        await actor_from_token((await sign_in_account()).access.text, address="x"),
        await sign_in(await make_staff(role=Role.WARDEN)),
    ):
        assert await still_good(actor)
        authentication.forget()
        assert await still_good(actor)


async def test_open_sockets_fall_when_rights_change(
    db: None, make_staff: MakeStaff, sign_in: Callable
) -> None:
    actor = await sign_in(await make_staff(role=Role.WARDEN))
    assert actor.paths(Permission.PLACES_READ) == (GRID,)
    await end_post(SYSTEM, post_id=(await GridPost.get()).id)
    assert not await still_good(actor)


async def test_an_idle_staff_session_is_over(
    db: None, make_staff: MakeStaff, sign_in: Callable
) -> None:
    staff = await make_staff(role=Role.WARDEN)
    opened = await sign_in_staff(
        VISITOR, user_name=staff.user_name, password="correct horse battery staple"
    )
    await Session.all().update(last_seen_at=now() - timedelta(minutes=31))
    authentication.forget()
    assert await refused(actor_from_token(opened.access.text))
    assert await refused(refresh_session(VISITOR, refresh_token=opened.refresh_token))


async def test_requests_keep_a_staff_session_alive_and_sockets_do_not(
    db: None, make_staff: MakeStaff, sign_in: Callable
) -> None:
    actor = await sign_in(await make_staff())
    before = now() - timedelta(minutes=10)
    await Session.all().update(last_seen_at=before)
    authentication.forget()
    assert await still_good(actor)
    assert (await Session.get()).last_seen_at == before
    authentication.forget()
    await actor_from_token(issue(Claims(ActorKind.STAFF, actor.id, actor.session_id)).text)
    assert now() - (await Session.get()).last_seen_at < timedelta(minutes=1)


async def test_a_session_belongs_to_one_holder(db: None, sign_in_account: SignInAccount) -> None:
    opened = await sign_in_account()
    assert await Account.filter(Q(sessions__id=opened.session.id)).count() == 1
    assert opened.session.staff_id is None


def test_the_events_of_identity_have_their_handlers() -> None:
    assert handlers
    assert wiring()["SmsCodeRequested"][1] == ["identity.send_sms_code"]
