"""Sign-in with WeChat: who gets which account, and what is said when WeChat does not let in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core import events, redis
from core.clock import now
from core.crypto import reveal
from core.database import fetch
from core.errors import Code, DomainError, InvalidInput, RateLimited, Unauthenticated, Unavailable
from core.redis import connected
from identity.accounts import close_account
from identity.authentication import actor_from_token
from identity.events import SignedIn
from identity.models import Account, Session, WeChatUser
from identity.sessions import OpenSession
from identity.wechat import sign_in
from identity.wechat.sign_in import sign_in_with_wechat
from integrations import wechat
from integrations.wechat.client import Client
from integrations.wechat.emulator import PERSONAS, Running
from tests.identity.wechat.conftest import LOGIN, VISITOR, Phone, person
from tests.integrations.wechat.support import config_for

LIN = person(1)


def account_of(opened: OpenSession) -> Any:
    return opened.session.account_id


async def refused(code: str) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        await sign_in_with_wechat(VISITOR, code=code)
    assert not await Session.exists()
    assert not await WeChatUser.exists()
    assert not await Account.exists()
    return refusal.value


async def test_the_first_sign_in_makes_an_account_without_a_phone(db: None, phone: Phone) -> None:
    opened = await phone.sign_in(LIN, device="微信小程序")
    actor = await actor_from_token(opened.access.text)
    account = await Account.get(id=actor.id)
    user = await WeChatUser.get()
    assert (account.phone, account.phone_index, account.display_name) == (None, None, "")
    assert (user.account_id, user.app_id) == (account.id, phone.emulator.world.app_id)
    assert (reveal(user, "openid"), reveal(user, "unionid")) == (LIN.openid, LIN.unionid)
    assert opened.session.device == "微信小程序"


async def test_the_next_sign_in_finds_it_and_notes_when_they_were_here(
    db: None, phone: Phone
) -> None:
    first = await phone.sign_in(LIN)
    seen = (await WeChatUser.get()).last_seen_at
    second = await phone.sign_in(LIN)
    assert account_of(first) == account_of(second)
    assert seen < (await WeChatUser.get()).last_seen_at <= now()
    assert await Account.all().count() == 1


async def test_a_sign_in_from_another_device_is_told_as_new(
    db: None, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    async def hear(event: SignedIn) -> None:
        told.append(event.new_device)

    monkeypatch.setitem(events._at_once, SignedIn, [hear])
    for device in ("iPhone", "iPhone", "Android"):
        await phone.sign_in(LIN, device=device)
    assert told == [False, False, True]


async def test_who_is_known_to_another_app_of_the_owner_keeps_their_account(
    db: None, phone: Phone, other_app: Running
) -> None:
    first = await phone.sign_in(LIN)
    there = replace(LIN, openid="oOtherOtherOtherOtherOther01")
    client = Client(replace(config_for(other_app), app_id=other_app.world.app_id))
    before = wechat.use(client)
    try:
        code = other_app.world.mint("login", there)
        second = await sign_in_with_wechat(VISITOR, code=code)
        stranger = replace(there, openid="oOtherOtherOtherOtherOther02", unionid="")
        third = await sign_in_with_wechat(VISITOR, code=other_app.world.mint("login", stranger))
    finally:
        wechat.use(before)
        await client.close()
    assert account_of(first) == account_of(second) != account_of(third)
    assert await WeChatUser.filter(account_id=account_of(first)).count() == 2


async def test_a_unionid_that_comes_later_is_kept(db: None, phone: Phone) -> None:
    await phone.sign_in(replace(LIN, unionid=""))
    assert (await WeChatUser.get()).unionid is None
    await phone.sign_in(LIN)
    assert reveal(await WeChatUser.get(), "unionid") == LIN.unionid
    await phone.sign_in(replace(LIN, unionid=""))
    assert reveal(await WeChatUser.get(), "unionid") == LIN.unionid


async def test_the_same_openid_in_another_app_is_another_person(
    db: None, phone: Phone, other_app: Running
) -> None:
    one = replace(LIN, unionid="")
    first = await phone.sign_in(one)
    client = Client(replace(config_for(other_app), app_id=other_app.world.app_id))
    before = wechat.use(client)
    try:
        second = await sign_in_with_wechat(VISITOR, code=other_app.world.mint("login", one))
    finally:
        wechat.use(before)
        await client.close()
    assert account_of(first) != account_of(second)


async def test_fifty_sign_ins_of_a_new_person_at_once_make_one_account(
    committed_db: None, phone: Phone
) -> None:
    codes = [phone.code(LIN) for _ in range(50)]
    opened = await asyncio.gather(*(sign_in_with_wechat(VISITOR, code=code) for code in codes))
    assert len({account_of(one) for one in opened}) == 1
    assert await Account.all().count() == await WeChatUser.all().count() == 1
    assert await Session.all().count() == 50


async def test_a_locked_account_is_refused_and_noted(db: None, phone: Phone, noted: Any) -> None:
    opened = await phone.sign_in(LIN)
    await Account.filter(id=account_of(opened)).update(locked_at=now())
    with pytest.raises(Unauthenticated) as refusal:
        await phone.sign_in(LIN)
    assert refusal.value.reason == "ACCOUNT_LOCKED"
    assert (await noted())[-1] == "refuseSignIn"
    assert await Session.all().count() == 1


async def test_who_closed_their_account_gets_a_new_one(db: None, phone: Phone) -> None:
    opened = await phone.sign_in(LIN)
    await close_account(await actor_from_token(opened.access.text))
    assert not await WeChatUser.exists()
    assert account_of(await phone.sign_in(LIN)) != account_of(opened)


# What WeChat says


@pytest.mark.parametrize("code", ["", "x", "no-such-code-at-all", "a" * 5000, "code with\nline"])
async def test_a_code_that_wechat_never_gave_is_refused(db: None, phone: Phone, code: str) -> None:
    error = await refused(code)
    assert isinstance(error, InvalidInput)
    assert error.extensions() == {
        "code": "INVALID_INPUT", "field": "input.code", "params": {"reason": "WECHAT_CODE"},
    }  # fmt: skip


async def test_a_code_is_good_once_and_for_five_minutes(db: None, phone: Phone) -> None:
    late = phone.code(LIN)
    await phone.control.post("clock", forward=301)
    assert (await refused(late)).reason == "WECHAT_CODE"
    used = phone.code(LIN)
    await sign_in_with_wechat(VISITOR, code=used)
    with pytest.raises(InvalidInput):
        await sign_in_with_wechat(VISITOR, code=used)
    assert await Session.all().count() == 1


async def test_a_phones_code_signs_nobody_in(db: None, phone: Phone) -> None:
    assert (await refused(phone.phone_code(LIN))).reason == "WECHAT_CODE"


async def test_whom_wechat_holds_for_risky_is_let_in_nowhere(db: None, phone: Phone) -> None:
    error = await refused(phone.code(PERSONAS["risky"]))
    assert (error.code, error.reason) == (Code.UNAUTHENTICATED, "WECHAT_HIGH_RISK")


DOWN = "WECHAT_UNAVAILABLE"


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        ({"kind": "errcode", "errcode": 40029}, InvalidInput, "WECHAT_CODE"),
        ({"kind": "errcode", "errcode": 40226}, Unauthenticated, "WECHAT_HIGH_RISK"),
        ({"kind": "errcode", "errcode": 45011}, RateLimited, None),
        ({"kind": "errcode", "errcode": 45009}, Unavailable, DOWN),
        ({"kind": "errcode", "errcode": 40125}, Unavailable, DOWN),
        ({"kind": "errcode", "errcode": 40164}, Unavailable, DOWN),
        ({"kind": "errcode", "errcode": 99999}, Unavailable, DOWN),
        ({"kind": "errcode", "errcode": -1}, Unavailable, DOWN),
        ({"kind": "http", "status": 502}, Unavailable, DOWN),
        ({"kind": "delay", "seconds": 1.5}, Unavailable, DOWN),
        ({"kind": "drop"}, Unavailable, DOWN),
        ({"kind": "malformed"}, Unavailable, DOWN),
    ],
    ids=str,
)
async def test_each_failure_of_wechat_has_its_refusal(
    db: None, phone: Phone, fault: dict[str, Any], kind: type[DomainError], reason: str | None
) -> None:
    await phone.control.post("faults", path=LOGIN, **fault)
    error = await refused(phone.code(LIN))
    assert isinstance(error, kind)
    assert error.reason == reason
    assert isinstance(error, RateLimited) == ("retryAfter" in error.params)
    assert await phone.sign_in(LIN), "what is over is over"


async def test_without_a_mini_program_nobody_comes_in_by_wechat(db: None) -> None:
    before = wechat.use(None)
    try:
        error = await refused("0123456789")
    finally:
        wechat.use(before)
    assert (error.code, error.reason) == (Code.UNAVAILABLE, "WECHAT_NOT_CONFIGURED")


async def test_no_transaction_waits_for_wechat(committed_db: None, phone: Phone) -> None:
    await phone.control.post("faults", path=LOGIN, kind="delay", seconds=1.5)
    entering = asyncio.ensure_future(sign_in_with_wechat(VISITOR, code=phone.code(LIN)))
    async with asyncio.timeout(5):
        while (await phone.control.get("state"))["faults"]:  # until it is the call's
            await asyncio.wait([entering], timeout=0.01)
    (row,) = await fetch(
        "SELECT count(*) AS open FROM pg_stat_activity WHERE datname = current_database()"
        " AND state LIKE 'idle in transaction%'"
    )
    assert row["open"] == 0
    with pytest.raises(Unavailable):
        await entering


# Limits


async def test_an_address_may_try_so_often_and_no_more(
    db: None, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = tuple((3, window) for _, window in sign_in.BY_ADDRESS)
    monkeypatch.setattr(sign_in, "BY_ADDRESS", limits)
    for _ in range(3):
        await phone.sign_in(LIN)
    before = await phone.control.calls(LOGIN)
    with pytest.raises(RateLimited):
        await phone.sign_in(LIN)
    assert await phone.control.calls(LOGIN) == before, "WeChat is not asked"
    await sign_in_with_wechat(replace(VISITOR, address="another"), code=phone.code(LIN))


async def test_nobody_comes_in_while_the_limits_cannot_be_checked(db: None, phone: Phone) -> None:
    code = phone.code(LIN)
    async with connected("redis://127.0.0.1:1/0"):
        with pytest.raises(Unavailable) as refusal:
            await sign_in_with_wechat(VISITOR, code=code)
    assert refusal.value.reason == "LIMITS_UNAVAILABLE"
    await redis.client().flushall()
    assert await sign_in_with_wechat(VISITOR, code=code), "the code was not used up"
