"""One-time codes: who gets one, how often, and what each of them opens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core import redis
from core.clock import now
from core.database import fetch
from core.errors import InvalidInput, RateLimited, Unauthenticated, Unavailable
from core.jobs import run_worker, worker_app
from core.redis import connected
from core.work import work
from identity import pace, phone_sign_in
from identity.actor import ActorKind, anonymous
from identity.authentication import actor_from_token
from identity.events import SmsCodeRequested
from identity.models import Account, Session, SmsCode
from identity.phone_sign_in import (
    VALID,
    account_for_phone,
    deliver,
    mobile_number,
    request_sms_code,
    sign_in_with_sms_code,
)
from identity.sessions import OpenSession
from integrations.sms import SmsRefused, SmsUnavailable, Template

VISITOR = anonymous("a-test-address")
PHONE = "13800000001"
SendCode = Callable[[str], Awaitable[str]]
Waiting = Callable[[str], Awaitable[list[dict[str, str]]]]


async def enter(code: str, phone: str = PHONE) -> OpenSession:
    return await sign_in_with_sms_code(VISITOR, phone=phone, code=code)


async def refused(attempt: Awaitable[object]) -> bool:
    with pytest.raises(Unauthenticated) as refusal:
        await attempt
    return refusal.value.reason == "WRONG_CODE"


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize(
    "written",
    ["13800000001", "+8613800000001", "+86 138 0000 0001", "0086-138-0000-0001", "8613800000001",
     " 138-0000-0001 ", "１３８００００　０００１"],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(written: str) -> None:
    assert mobile_number(written) == "13800000001"


@pytest.mark.parametrize(
    "written",
    ["", "1380000000", "138000000011", "12800000001", "+85212345678", "23800000001", "10086",
     "1380000000a", "13800000001\0", "١٣٨٠٠٠٠٠٠٠١", "+86+8613800000001", "13800000001" * 1000],
)  # fmt: skip
async def test_what_is_no_mainland_mobile_number_is_refused(
    db: None, outbox: Any, written: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await request_sms_code(VISITOR, phone=written)
    assert (refusal.value.field, refusal.value.reason) == ("input.phone", "PHONE_NUMBER")
    assert written not in str(refusal.value.extensions()) or not written
    with pytest.raises(InvalidInput):
        await enter("000000", written)
    assert not await SmsCode.exists()


async def test_the_code_is_sent_after_the_commit_by_a_job(
    db: None, outbox: Any, waiting: Waiting
) -> None:
    asked = await request_sms_code(VISITOR, phone="+86 138 0000 0001")
    assert outbox.sent == []
    assert VALID - (asked.expires_at - now()) < timedelta(minutes=1)
    (event,) = await waiting("identity.send_sms_code")
    assert set(event) == {"code_id"}
    await deliver(SmsCodeRequested(code_id=UUID(event["code_id"])))
    ((phone, template, params),) = outbox.sent
    assert (phone, template, params["minutes"]) == (PHONE, Template.SIGN_IN_CODE, "5")
    assert len(params["code"]) == 6


async def test_a_worker_hands_the_code_over_and_it_opens_a_session(
    committed_db: None, database_url: str, outbox: Any
) -> None:
    await request_sms_code(VISITOR, phone=PHONE)
    worker = worker_app(database_url)
    async with worker.open_async():
        await run_worker(worker, wait=False)
    ((_, _, params),) = outbox.sent
    assert await enter(params["code"])


async def test_number_and_code_are_nowhere_in_the_clear_and_wiped_when_sent(
    db: None, outbox: Any, waiting: Waiting
) -> None:
    await request_sms_code(VISITOR, phone=PHONE)
    (row,) = await fetch("SELECT sms_code::text AS text, phone, code FROM sms_code")
    jobs = str(await fetch("SELECT args FROM procrastinate_jobs"))
    trail = str(await fetch("SELECT payload FROM audit_entry"))
    assert row["phone"]
    (event,) = await waiting("identity.send_sms_code")
    await deliver(SmsCodeRequested(code_id=UUID(event["code_id"])))
    code = outbox.sent[0][2]["code"]
    for place in (row["text"].replace(event["code_id"], ""), jobs, trail):
        assert PHONE not in place
    assert code not in trail
    (row,) = await fetch("SELECT phone, code FROM sms_code")
    assert (row["phone"], row["code"]) == (None, None)


async def test_a_job_that_runs_twice_sends_once(db: None, send_code: SendCode, outbox: Any) -> None:
    await send_code(PHONE)
    await deliver(SmsCodeRequested(code_id=(await SmsCode.get()).id))
    assert len(outbox.sent) == 1


async def test_a_provider_that_is_away_is_tried_again(
    db: None, outbox: Any, waiting: Waiting
) -> None:
    await request_sms_code(VISITOR, phone=PHONE)
    event = SmsCodeRequested(code_id=(await SmsCode.get()).id)
    outbox.fails_with = SmsUnavailable("AWAY")
    with pytest.raises(SmsUnavailable):
        await deliver(event)
    outbox.fails_with = None
    await deliver(event)
    assert await enter(outbox.sent[0][2]["code"])


async def test_a_provider_that_refuses_is_left_alone(db: None, outbox: Any) -> None:
    await request_sms_code(VISITOR, phone=PHONE)
    event = SmsCodeRequested(code_id=(await SmsCode.get()).id)
    outbox.fails_with = SmsRefused("blocked")
    await deliver(event)
    outbox.fails_with = None
    await deliver(event)
    assert outbox.sent == []
    assert (await SmsCode.get()).phone is None


async def test_an_expired_or_vanished_code_is_not_sent(db: None, outbox: Any) -> None:
    await request_sms_code(VISITOR, phone=PHONE)
    code = await SmsCode.get()
    await SmsCode.all().update(expires_at=now())
    await deliver(SmsCodeRequested(code_id=code.id))
    assert (await SmsCode.get()).code is None
    await SmsCode.all().delete()
    await deliver(SmsCodeRequested(code_id=code.id))
    assert outbox.sent == []


async def test_the_first_sign_in_makes_the_account_and_the_next_finds_it(
    db: None, send_code: SendCode
) -> None:
    first = await enter(await send_code(PHONE))
    second = await enter(await send_code("+86" + PHONE), "0086 " + PHONE)
    assert first.session.account_id == second.session.account_id
    assert await Account.all().count() == 1
    actor = await actor_from_token(first.access.text)
    assert (actor.kind, actor.id) == (ActorKind.ACCOUNT, first.session.account_id)
    other = await enter(await send_code("13800000002"), "13800000002")
    assert other.session.account_id != first.session.account_id


async def test_the_number_is_sealed_in_the_account(db: None, send_code: SendCode) -> None:
    await enter(await send_code(PHONE))
    (row,) = await fetch("SELECT account::text AS text FROM account")
    assert PHONE not in row["text"]


async def test_a_wrong_code_opens_nothing(db: None, send_code: SendCode) -> None:
    code = await send_code(PHONE)
    assert await refused(enter(another(code)))
    assert not await Session.exists()
    assert not await Account.exists()
    assert await enter(code)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\0", "\ud800", "1" * 9999])
async def test_what_is_no_code_opens_nothing(db: None, send_code: SendCode, code: str) -> None:
    await send_code(PHONE)
    assert await refused(enter(code))


async def test_a_code_may_be_typed_with_spaces_or_wide_digits(
    db: None, send_code: SendCode
) -> None:
    code = await send_code(PHONE)
    wide = code.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    assert await enter(f" {wide[:3]} {wide[3:]} ")


async def test_a_code_is_good_once(db: None, send_code: SendCode) -> None:
    code = await send_code(PHONE)
    await enter(code)
    assert await refused(enter(code))
    assert await Session.all().count() == 1


async def test_a_code_is_good_for_five_minutes(db: None, send_code: SendCode) -> None:
    code = await send_code(PHONE)
    await SmsCode.all().update(expires_at=now())
    assert await refused(enter(code))


async def test_a_code_is_good_for_five_tries(db: None, send_code: SendCode) -> None:
    code = await send_code(PHONE)
    for _ in range(5):
        assert await refused(enter(another(code)))
    assert await refused(enter(code))
    assert (await SmsCode.get()).tries == 5
    assert not await Session.exists()


async def test_a_later_code_replaces_an_earlier_one(db: None, send_code: SendCode) -> None:
    earlier, later = await send_code(PHONE), await send_code(PHONE)
    if earlier != later:
        assert await refused(enter(earlier))
    assert await enter(later)
    assert await refused(enter(earlier))


async def test_the_code_of_another_number_opens_nothing(db: None, send_code: SendCode) -> None:
    mine = await send_code(PHONE)
    await send_code("13800000002")
    if mine != await send_code("13800000003"):
        assert await refused(enter(mine, "13800000003"))


async def test_a_wrong_code_and_a_number_without_one_get_one_answer(
    db: None, send_code: SendCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "REFUSAL_SECONDS", 0.2)
    code = await send_code(PHONE)
    loop, answers = asyncio.get_running_loop(), set()
    for phone in (PHONE, "13800000009"):
        begun = loop.time()
        with pytest.raises(Unauthenticated) as refusal:
            await enter(another(code), phone)
        assert loop.time() - begun >= 0.2
        answers.add((refusal.value.message(), str(refusal.value.extensions())))
    assert len(answers) == 1


async def test_a_hundred_at_once_with_one_code(committed_db: None, send_code: SendCode) -> None:
    code = await send_code(PHONE)
    results = await asyncio.gather(
        *(
            sign_in_with_sms_code(anonymous(f"address {n // 50}"), phone=PHONE, code=code)
            for n in range(100)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, OpenSession) for result in results) == 1
    # Those beyond the limit of tries for one number are turned away before they are looked at.
    assert {type(result) for result in results} == {OpenSession, Unauthenticated, RateLimited}
    assert await Session.all().count() == 1
    assert await Account.all().count() == 1


async def test_many_who_ask_for_the_account_of_a_number_get_one(committed_db: None) -> None:
    async def ask() -> UUID:
        async with work(VISITOR):
            return (await account_for_phone(PHONE)).id

    assert len(set(await asyncio.gather(*(ask() for _ in range(20))))) == 1
    assert await Account.all().count() == 1


async def test_guesses_at_once_have_five_tries_together(
    committed_db: None, send_code: SendCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlimited(*_: object, **__: object) -> None:
        return None

    code = await send_code(PHONE)
    monkeypatch.setattr(phone_sign_in, "allow", unlimited)
    await asyncio.gather(*(enter(another(code)) for _ in range(50)), return_exceptions=True)
    assert (await SmsCode.get()).tries == 5
    assert await refused(enter(code))


async def rewind(minutes: float) -> None:
    """As if every attempt lay further in the past."""
    for key in await redis.client().keys("rate:*"):
        for member, _ in await redis.client().zrange(key, 0, -1, withscores=True):
            await redis.client().zincrby(key, -minutes * 60_000_000, member)


async def ask(phone: str = PHONE, address: str = "") -> bool:
    try:
        await request_sms_code(anonymous(address), phone=phone)
    except RateLimited:
        return False
    return True


async def test_a_number_gets_one_code_a_minute(db: None, outbox: Any, waiting: Waiting) -> None:
    assert await ask()
    with pytest.raises(RateLimited) as refusal:
        await request_sms_code(VISITOR, phone="+86" + PHONE)
    assert 0 < refusal.value.params["retryAfter"] <= 60
    assert await ask("13800000002")
    assert len(await waiting("identity.send_sms_code")) == 2
    await rewind(1.01)
    assert await ask()


async def test_a_number_gets_five_codes_an_hour_and_ten_a_day(
    db: None, outbox: Any, waiting: Waiting
) -> None:
    got = []
    for _ in range(3):
        for attempt in range(7):
            got.append(await ask(address=f"another {attempt}"))
            await rewind(2)
        await rewind(60)
    assert got == [True] * 5 + [False] * 2 + [True] * 5 + [False] * 2 + [False] * 7
    assert len(await waiting("identity.send_sms_code")) == 10
    await rewind(24 * 60)
    assert await ask()


async def test_an_address_gets_twenty_codes_an_hour(db: None, outbox: Any) -> None:
    got = [await ask(f"138000001{number:02}", "one address") for number in range(22)]
    assert got == [True] * 20 + [False] * 2
    assert await ask("13800000200", "another address")


async def test_an_address_gets_sixty_codes_a_day(db: None, outbox: Any) -> None:
    got = []
    for number in range(62):
        got.append(await ask(f"138000001{number:02}", "one address"))
        await rewind(4)
    assert got == [True] * 60 + [False] * 2


async def test_without_limits_no_code_is_sent_and_none_is_read(
    db: None, send_code: SendCode, outbox: Any
) -> None:
    code = await send_code(PHONE)
    async with connected("redis://127.0.0.1:1"):
        with pytest.raises(Unavailable):
            await request_sms_code(VISITOR, phone=PHONE)
        with pytest.raises(Unavailable):
            await enter(code)
    assert await SmsCode.all().count() == 1
    assert not await Session.exists()


async def test_without_a_provider_nobody_waits_for_a_code(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_sign_in.sms, "available", lambda: False)
    with pytest.raises(Unavailable) as refusal:
        await request_sms_code(VISITOR, phone=PHONE)
    assert refusal.value.reason == "SMS_NOT_CONFIGURED"
    assert not await SmsCode.exists()


async def test_a_locked_account_is_told_so_to_its_holder_only(
    db: None, send_code: SendCode
) -> None:
    await enter(await send_code(PHONE))
    await Account.all().update(locked_at=now())
    code = await send_code(PHONE)
    assert await refused(enter(another(code)))
    with pytest.raises(Unauthenticated) as refusal:
        await enter(code)
    assert refusal.value.reason == "ACCOUNT_LOCKED"
    assert await Session.all().count() == 1
