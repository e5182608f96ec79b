"""The phone that WeChat vouches for: whose account gets it, and what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core import redis
from core.audit import AuditEntry
from core.clock import now
from core.crypto import reveal
from core.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WrongState,
)
from core.work import work
from identity.accounts import close_account
from identity.actor import SYSTEM, Actor
from identity.authentication import actor_from_token, present
from identity.models import Account, AccountMerge, Session, WeChatUser
from identity.phone_sign_in import account_for_phone
from identity.sessions import open_session, refresh_session
from identity.wechat.phones import bind_phone, disconnect_wechat, vouched_number
from tests.identity.wechat.conftest import PHONE, VISITOR, Phone, person

LIN, CHEN = person(1), person(2)


async def enter(phone: Phone, who: Any = LIN) -> Actor:
    return await actor_from_token((await phone.sign_in(who)).access.text)


async def bind(phone: Phone, actor: Actor, who: Any = LIN) -> Account:
    number = await vouched_number(actor, code=phone.phone_code(who))
    return await bind_phone(actor, number=number)


async def with_phone(number: str) -> Account:
    async with work(SYSTEM):
        return await account_for_phone(number)


async def number_of(account_id: Any) -> str | None:
    return reveal(await Account.get(id=account_id), "phone")


async def test_a_number_that_nobody_has_becomes_the_accounts_own(
    db: None, phone: Phone, noted: Any
) -> None:
    actor = await enter(phone)
    account = await bind(phone, actor)
    assert account.id == actor.id
    assert await number_of(account.id) == LIN.phone
    assert (await with_phone(LIN.phone)).id == account.id, "the code by short message finds it"
    assert (await noted())[-1] == "bindWechatPhone"
    assert not await AccountMerge.exists()


async def test_a_number_of_its_own_before_is_replaced_and_that_is_noted(
    db: None, phone: Phone
) -> None:
    actor = await enter(phone)
    await bind(phone, actor, CHEN)
    await bind(phone, actor)
    assert await number_of(actor.id) == LIN.phone
    await bind(phone, actor)
    trail = await AuditEntry.filter(action="bindWechatPhone").order_by("id")
    told = [(entry.details["replaced"], entry.details["same"]) for entry in trail]
    assert told == [(False, False), (True, False), (False, True)]


async def test_the_account_that_has_the_number_is_kept_and_the_sign_ins_go_there(
    db: None, phone: Phone, noted: Any
) -> None:
    landlord = await with_phone(LIN.phone)
    opened = await phone.sign_in(LIN)
    actor = await actor_from_token(opened.access.text)
    account = await bind(phone, actor)
    assert account.id == landlord.id != actor.id
    # Still signed in: by the token in their hands, by the next one, and by WeChat.
    assert (await actor_from_token(opened.access.text)).id == landlord.id
    assert (await present(actor)).id == landlord.id
    again = await refresh_session(VISITOR, refresh_token=opened.refresh_token)
    assert (await actor_from_token(again.access.text)).id == landlord.id
    assert (await enter(phone)).id == landlord.id
    merged = await Account.get(id=actor.id)
    assert merged.closed_at is not None
    assert await number_of(landlord.id) == LIN.phone
    assert "mergeAccounts" in await noted()
    done = await AccountMerge.get()
    assert (done.kept_id, done.merged_id) == (landlord.id, actor.id)


async def test_merges_of_merged_accounts_keep_people_signed_in(db: None, phone: Phone) -> None:
    opened = await phone.sign_in(LIN)
    first = await with_phone(CHEN.phone)
    await bind(phone, await actor_from_token(opened.access.text), CHEN)
    await Account.filter(id=first.id).update(phone=None, phone_index=None)
    second = await with_phone(LIN.phone)
    await bind(phone, await actor_from_token(opened.access.text))
    assert (await actor_from_token(opened.access.text)).id == second.id


async def test_two_numbers_are_a_conflict_and_nothing_changes(db: None, phone: Phone) -> None:
    other = await with_phone(LIN.phone)
    actor = await enter(phone)
    await bind(phone, actor, CHEN)
    before = await rows()
    with pytest.raises(Conflict) as refusal:
        await bind(phone, actor)
    assert refusal.value.reason == "TWO_PHONES"
    assert await rows() == before
    assert (await number_of(actor.id), await number_of(other.id)) == (CHEN.phone, LIN.phone)


async def rows() -> list[Any]:
    kinds = (Account, Session, WeChatUser, AccountMerge)
    return [await kind.all().order_by("id").values() for kind in kinds]


async def test_a_locked_account_that_has_the_number_is_not_merged(db: None, phone: Phone) -> None:
    other = await with_phone(LIN.phone)
    await Account.filter(id=other.id).update(locked_at=now())
    actor = await enter(phone)
    before = await rows()
    with pytest.raises(WrongState) as refusal:
        await bind(phone, actor)
    assert refusal.value.reason == "ACCOUNT_LOCKED"
    assert await rows() == before


@pytest.mark.parametrize("taken", [True, False])
async def test_a_locked_or_closed_account_gets_no_number(
    db: None, phone: Phone, taken: bool
) -> None:
    if taken:
        await with_phone(LIN.phone)
    actor = await enter(phone)
    number = await vouched_number(actor, code=phone.phone_code(LIN))
    await Account.filter(id=actor.id).update(locked_at=now())
    with pytest.raises(Unauthenticated) as locked:
        await bind_phone(actor, number=number)
    assert locked.value.reason == "ACCOUNT_LOCKED"
    await Account.filter(id=actor.id).update(locked_at=None)
    await close_account(actor)
    with pytest.raises(Unauthenticated) as closed:
        await bind_phone(actor, number=number)
    assert closed.value.reason == "SESSION_OVER"
    assert not await AccountMerge.exists()


async def test_who_is_not_signed_in_as_an_account_binds_nothing(db: None, phone: Phone) -> None:
    code = phone.phone_code(LIN)
    for actor in (VISITOR, SYSTEM):
        with pytest.raises(Unauthenticated):
            await vouched_number(actor, code=code)
        with pytest.raises(Unauthenticated):
            await bind_phone(actor, number=LIN.phone)
    assert await phone.control.calls(PHONE) == 0


@pytest.mark.parametrize(
    "who", [replace(LIN, phone="61234567", country_code="852"), replace(LIN, phone="075512345678")]
)
async def test_only_mobile_numbers_of_the_mainland_are_taken(
    db: None, phone: Phone, who: Any
) -> None:
    actor = await enter(phone)
    with pytest.raises(InvalidInput) as refusal:
        await vouched_number(actor, code=phone.phone_code(who))
    assert (refusal.value.field, refusal.value.reason) == ("input.code", "PHONE_NUMBER")
    assert who.phone not in str(refusal.value.extensions())


async def test_a_sign_in_code_is_no_phone_code_and_a_code_serves_once(
    db: None, phone: Phone
) -> None:
    actor = await enter(phone)
    for code in (phone.code(LIN), "no-such-code"):
        with pytest.raises(InvalidInput) as refusal:
            await vouched_number(actor, code=code)
        assert refusal.value.reason == "WECHAT_CODE"
    good = phone.phone_code(LIN)
    await vouched_number(actor, code=good)
    with pytest.raises(InvalidInput):
        await vouched_number(actor, code=good)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "http", "status": 502}, Unavailable),
        ({"kind": "delay", "seconds": 1.5}, Unavailable),
        ({"kind": "errcode", "errcode": -1}, Unavailable),
        ({"kind": "errcode", "errcode": 45011}, RateLimited),
    ],
    ids=str,
)
async def test_when_wechat_is_down_nothing_changes(
    db: None, phone: Phone, fault: dict[str, Any], kind: type[DomainError]
) -> None:
    actor = await enter(phone)
    before = await rows()
    await phone.control.post("faults", path=PHONE, **fault)
    with pytest.raises(kind):
        await vouched_number(actor, code=phone.phone_code(LIN))
    assert await rows() == before


async def test_an_account_may_ask_so_often_and_no_more(db: None, phone: Phone) -> None:
    actor = await enter(phone)
    for _ in range(10):
        await vouched_number(actor, code=phone.phone_code(LIN))
    with pytest.raises(RateLimited):
        await vouched_number(actor, code=phone.phone_code(LIN))
    await redis.client().flushall()


async def test_two_who_bind_one_number_at_once_become_one_account(
    committed_db: None, phone: Phone
) -> None:
    actors = [await enter(phone, person(number)) for number in (11, 12)]
    await asyncio.gather(*(bind_phone(actor, number=LIN.phone) for actor in actors))
    assert await Account.filter(closed_at=None).count() == 1
    assert await AccountMerge.all().count() == 1
    assert await WeChatUser.filter(account__closed_at=None).count() == 2


async def test_a_sign_in_meanwhile_ends_up_in_the_kept_account(
    committed_db: None, phone: Phone
) -> None:
    landlord = await with_phone(LIN.phone)
    actor = await enter(phone)
    entering = [phone.sign_in(LIN) for _ in range(8)]
    bound, *opened = await asyncio.gather(bind_phone(actor, number=LIN.phone), *entering)
    assert bound.id == landlord.id
    for one in opened:
        assert (await actor_from_token(one.access.text)).id == landlord.id


# Disconnecting


async def test_wechat_is_taken_off_an_account_that_has_a_phone(db: None, phone: Phone) -> None:
    actor = await enter(phone)
    await bind(phone, actor)
    await disconnect_wechat(actor)
    assert not await WeChatUser.exists()
    assert await actor_from_token((await phone.sign_in(CHEN)).access.text)
    assert (await enter(phone)).id != actor.id, "WeChat alone no longer leads there"


async def test_without_a_phone_wechat_stays(db: None, phone: Phone) -> None:
    actor = await enter(phone)
    with pytest.raises(WrongState) as refusal:
        await disconnect_wechat(actor)
    assert refusal.value.reason == "PHONE_UNKNOWN"
    assert await WeChatUser.all().count() == 1


async def test_what_is_not_connected_is_not_disconnected(db: None, phone: Phone) -> None:
    account = await with_phone(LIN.phone)
    async with work(SYSTEM):
        opened = await open_session(account)
    actor = await actor_from_token(opened.access.text)
    with pytest.raises(WrongState) as refusal:
        await disconnect_wechat(actor)
    assert refusal.value.reason == "NOT_CONNECTED"
