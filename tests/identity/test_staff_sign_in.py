"""Staff come in: both factors, lock-out, one answer to everything that is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import unquote

import pyotp
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from core import redis
from core.clock import now
from core.errors import InvalidInput, RateLimited, Unauthenticated, Unavailable, WrongState
from core.redis import connected
from core.settings import Settings
from identity import authentication, pace, staff_sign_in
from identity.actor import SYSTEM, Actor, ActorKind, Permission, Role, anonymous
from identity.authentication import actor_from_token
from identity.models import RecoveryCode, Session, StaffMember
from identity.second_factor import RECOVERY_CODES, begin_totp, confirm_totp
from identity.sessions import OpenSession
from identity.staff import reset_password
from identity.staff_sign_in import sign_in_staff

VISITOR = anonymous("a-test-address")
PASSWORD = "correct horse battery staple"
GRID = "441900122/441900122002/441900122002-01/"
MakeStaff = Callable[..., Awaitable[StaffMember]]
Enrolled = tuple[StaffMember, pyotp.TOTP, list[str]]


async def enter(
    name: str = "warden.one", password: str = PASSWORD, totp: str | None = None
) -> OpenSession:
    return await sign_in_staff(VISITOR, user_name=name, password=password, totp=totp)


async def refused(attempt: Awaitable[object]) -> bool:
    with pytest.raises(Unauthenticated) as refusal:
        await attempt
    assert refusal.value.reason == "SIGN_IN_REFUSED"
    return True


def code(totp: pyotp.TOTP, steps: int = 0) -> str:
    return totp.at(now() + timedelta(seconds=30 * steps))


@pytest.fixture
async def enrolled(db: None, make_staff: MakeStaff) -> Enrolled:
    """Somebody with a second factor that has not been used since its enrolment."""
    staff = await make_staff(role=Role.WARDEN, waived=False)
    actor = await actor_from_token((await enter()).access.text)
    totp = pyotp.parse_uri(await begin_totp(actor))
    assert isinstance(totp, pyotp.TOTP)
    codes = await confirm_totp(actor, totp=code(totp))
    await StaffMember.all().update(totp_last_step=0)
    await Session.all().delete()
    return staff, totp, codes


async def test_password_and_code_open_a_session_with_the_rights_of_the_posts(
    enrolled: Enrolled, noted: Callable[[], Awaitable[list[str]]]
) -> None:
    staff, totp, _ = enrolled
    actor = await actor_from_token((await enter(totp=code(totp))).access.text)
    assert (actor.kind, actor.id, actor.enrolling) == (ActorKind.STAFF, staff.id, False)
    assert actor.may(Permission.PLACES_WRITE, GRID)
    assert (await noted())[-1] == "openSession"


async def test_user_names_are_read_without_case_or_spaces(enrolled: Enrolled) -> None:
    assert await enter(" Warden.ONE ", totp=code(enrolled[1]))


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_a_phone_may_be_half_a_minute_off(enrolled: Enrolled, steps: int) -> None:
    assert await enter(totp=code(enrolled[1], steps))


@pytest.mark.parametrize("steps", [-3, 3])
async def test_an_older_or_later_code_is_refused(enrolled: Enrolled, steps: int) -> None:
    assert await refused(enter(totp=code(enrolled[1], steps)))


async def test_a_code_is_good_once(enrolled: Enrolled) -> None:
    used = code(enrolled[1])
    assert await enter(totp=used)
    assert await refused(enter(totp=used))
    assert await Session.all().count() == 1


async def test_a_code_from_before_the_last_used_one_is_refused(enrolled: Enrolled) -> None:
    assert await enter(totp=code(enrolled[1], 1))
    assert await refused(enter(totp=code(enrolled[1], 0)))


async def test_a_wrong_password_does_not_use_up_the_code(enrolled: Enrolled) -> None:
    right = code(enrolled[1])
    assert await refused(enter(password="wrong", totp=right))
    assert await enter(totp=right)


@pytest.mark.parametrize("given", [None, "", "000000", "abcdef", "１２３４５６", "\0", "1" * 999])
async def test_without_the_second_factor_nobody_who_has_one_comes_in(
    enrolled: Enrolled, given: str | None
) -> None:
    # One chance in a million that a fixed guess is right; then it is another moment's code.
    assert await refused(enter(totp=given))
    assert not await Session.exists()


async def test_each_recovery_code_stands_in_once(enrolled: Enrolled) -> None:
    codes = enrolled[2]
    assert len(set(codes)) == RECOVERY_CODES
    assert await enter(totp=codes[0].lower().replace("-", " "))
    assert await refused(enter(totp=codes[0]))
    assert await enter(totp=codes[1])


async def test_recovery_codes_are_not_in_the_database(enrolled: Enrolled) -> None:
    stored = {row.code_hash for row in await RecoveryCode.all()}
    assert not stored & {text.replace("-", "") for text in enrolled[2]}


async def test_the_recovery_code_of_another_is_refused(
    enrolled: Enrolled, make_staff: MakeStaff
) -> None:
    await make_staff("warden.two", waived=False)
    await StaffMember.filter(user_name="warden.two").update(
        totp_secret=None, totp_confirmed_at=None
    )
    actor = await actor_from_token((await enter("warden.two")).access.text)
    theirs = pyotp.parse_uri(await begin_totp(actor))
    assert isinstance(theirs, pyotp.TOTP)
    await confirm_totp(actor, totp=code(theirs))
    assert await refused(enter("warden.two", totp=enrolled[2][0]))


async def test_everything_wrong_gets_one_answer(enrolled: Enrolled, make_staff: MakeStaff) -> None:
    await make_staff("warden.gone")
    await StaffMember.filter(user_name="warden.gone").update(left_at=now())
    await make_staff("warden.locked")
    await StaffMember.filter(user_name="warden.locked").update(
        locked_until=now() + timedelta(minutes=1)
    )
    answers = set()
    for name, password, totp in (
        ("nobody.here", PASSWORD, "000000"),
        ("warden.one", "wrong", None),
        ("warden.one", PASSWORD, None),
        ("warden.gone", PASSWORD, None),
        ("warden.locked", PASSWORD, None),
        ("\0", PASSWORD, None),
        ("", "", ""),
        ("x" * 9999, "y" * 9999, "z" * 9999),
    ):
        with pytest.raises(Unauthenticated) as refusal:
            await enter(name, password, totp)
        answers.add((refusal.value.message(), str(refusal.value.extensions())))
    assert len(answers) == 1
    assert not await Session.exists()


async def test_an_unknown_name_costs_a_hash_too(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []

    async def counting(password_hash: str | None, password: str) -> bool:
        verified.append(password_hash)
        return False

    monkeypatch.setattr(staff_sign_in.passwords, "verify", counting)
    assert await refused(enter("nobody.here"))
    assert verified == [None]


async def test_refusals_take_equally_long(
    db: None, make_staff: MakeStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "REFUSAL_SECONDS", 0.3)
    await make_staff()
    loop = asyncio.get_running_loop()
    for name in ("warden.one", "nobody.here"):
        begun = loop.time()
        assert await refused(enter(name, "wrong"))
        assert loop.time() - begun >= 0.3


async def test_five_failures_lock_for_a_quarter_of_an_hour_then_twice_as_long(
    db: None, make_staff: MakeStaff, noted: Callable[[], Awaitable[list[str]]]
) -> None:
    await make_staff()
    for minutes in (15, 30, 60):
        for _ in range(5):
            assert await refused(enter(password="wrong"))
        staff = await StaffMember.get()
        assert staff.locked_until is not None
        left = staff.locked_until - now()
        assert timedelta(minutes=minutes - 1) < left <= timedelta(minutes=minutes)
        assert await refused(enter())  # right, but locked
        await StaffMember.all().update(locked_until=now())
        await redis.client().flushall()
    assert (await noted()).count("lockOutStaff") == 3
    assert await enter()
    assert (await StaffMember.get()).failures == 0


async def test_attempts_during_a_lock_out_do_not_lengthen_it(
    db: None, make_staff: MakeStaff
) -> None:
    await make_staff()
    until = now() + timedelta(minutes=3)
    await StaffMember.all().update(failures=5, locked_until=until)
    for _ in range(6):
        assert await refused(enter(password="wrong"))
    staff = await StaffMember.get()
    assert (staff.failures, staff.locked_until) == (5, until)


async def test_wrong_codes_lock_like_wrong_passwords(enrolled: Enrolled) -> None:
    for _ in range(5):
        assert await refused(enter(totp="000000"))
    assert (await StaffMember.get()).locked_until is not None
    assert await refused(enter(totp=code(enrolled[1])))


async def test_a_hundred_guesses_at_once_lock_after_five(
    committed_db: None, make_staff: MakeStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlimited(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(staff_sign_in, "allow", unlimited)
    await make_staff()
    results = await asyncio.gather(
        *(enter(password="wrong") for _ in range(100)), return_exceptions=True
    )
    assert {type(result) for result in results} == {Unauthenticated}
    assert (await StaffMember.get()).failures == 5


async def test_a_code_lets_one_of_many_in(
    committed_db: None, make_staff: MakeStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_staff(waived=False)
    actor = await actor_from_token((await enter()).access.text)
    totp = pyotp.parse_uri(await begin_totp(actor))
    assert isinstance(totp, pyotp.TOTP)
    codes = await confirm_totp(actor, totp=code(totp))
    results = await asyncio.gather(
        *(enter(totp=codes[0]) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, OpenSession) for result in results) == 1


async def test_too_many_attempts_from_an_address_are_refused(db: None) -> None:
    for number in range(60):
        await refused(enter(f"nobody.{number}"))
    with pytest.raises(RateLimited):
        await enter("nobody.more")


async def test_without_limits_nobody_signs_in(db: None, make_staff: MakeStaff) -> None:
    await make_staff()
    async with connected("redis://127.0.0.1:1"):
        with pytest.raises(Unavailable):
            await enter()
    assert not await Session.exists()


async def test_a_password_that_changed_meanwhile_opens_nothing(
    db: None, make_staff: MakeStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = await make_staff()
    verify = staff_sign_in.passwords.verify

    async def slow(password_hash: str | None, password: str) -> bool:
        right = await verify(password_hash, password)
        await reset_password(SYSTEM, staff_id=staff.id, password="another good long one")
        return right

    monkeypatch.setattr(staff_sign_in.passwords, "verify", slow)
    assert await refused(enter())
    assert not await Session.exists()


async def test_a_hash_with_other_costs_is_renewed(db: None, make_staff: MakeStaff) -> None:
    await make_staff()
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await StaffMember.all().update(password_hash=old)
    assert await enter()
    assert (await StaffMember.get()).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await enter()


async def test_without_a_second_factor_one_may_only_enrol(db: None, make_staff: MakeStaff) -> None:
    await make_staff(role=Role.WARDEN, waived=False)
    opened = await enter()
    actor = await actor_from_token(opened.access.text)
    assert actor.enrolling
    assert not actor.rights
    uri = await begin_totp(actor)
    assert unquote(uri).startswith("otpauth://totp/乐业 Leye:warden.one?")
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    assert len(await confirm_totp(actor, totp=code(totp))) == RECOVERY_CODES
    now_full = await actor_from_token(opened.access.text)
    assert not now_full.enrolling
    assert now_full.may(Permission.PLACES_READ, GRID)


async def test_an_unconfirmed_secret_changes_nothing(db: None, make_staff: MakeStaff) -> None:
    await make_staff(waived=False)
    actor = await actor_from_token((await enter()).access.text)
    totp = pyotp.parse_uri(await begin_totp(actor))
    assert isinstance(totp, pyotp.TOTP)
    with pytest.raises(InvalidInput) as refusal:
        await confirm_totp(actor, totp=code(totp, 5))
    assert refusal.value.reason == "WRONG_CODE"
    staff = await StaffMember.get()
    assert staff.totp_secret is None
    assert staff.totp_confirmed_at is None
    assert not await RecoveryCode.exists()
    assert (await enter()).session.enrolling


async def test_the_secret_is_sealed_in_the_database(enrolled: Enrolled) -> None:
    staff = await StaffMember.get()
    assert staff.totp_secret
    assert enrolled[1].secret not in staff.totp_secret


async def test_a_code_that_confirmed_does_not_sign_in(db: None, make_staff: MakeStaff) -> None:
    await make_staff(waived=False)
    actor = await actor_from_token((await enter()).access.text)
    totp = pyotp.parse_uri(await begin_totp(actor))
    assert isinstance(totp, pyotp.TOTP)
    used = code(totp)
    await confirm_totp(actor, totp=used)
    assert await refused(enter(totp=used))


async def test_a_second_factor_is_replaced_only_by_who_has_it(enrolled: Enrolled) -> None:
    _, totp, codes = enrolled
    actor = await actor_from_token((await enter(totp=code(totp))).access.text)
    for wrong in (None, "000000"):
        with pytest.raises(InvalidInput):
            await begin_totp(actor, totp=wrong)
    with pytest.raises(WrongState):
        await confirm_totp(actor, totp=code(totp, 1))
    fresh = pyotp.parse_uri(await begin_totp(actor, totp=code(totp, 1)))
    assert isinstance(fresh, pyotp.TOTP)
    await confirm_totp(actor, totp=code(fresh))
    assert await refused(enter(totp=codes[5]))
    assert await enter(totp=code(fresh, 1))


@pytest.mark.parametrize("actor", [VISITOR, Actor(kind=ActorKind.ACCOUNT, id=SYSTEM.id)])
async def test_only_staff_have_a_second_factor(db: None, actor: Actor) -> None:
    with pytest.raises(Unauthenticated):
        await begin_totp(actor)
    with pytest.raises(Unauthenticated):
        await confirm_totp(actor, totp="000000")


async def test_the_waiver_means_nothing_in_production(
    db: None, make_staff: MakeStaff, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_staff(role=Role.WARDEN, waived=True)
    assert not (await enter()).session.enrolling
    production = Settings.model_construct(
        env="production", secret=SecretStr("x" * 40), staff_idle_minutes=30
    )
    monkeypatch.setattr(staff_sign_in, "settings", lambda: production)
    authentication.forget()
    assert (await enter()).session.enrolling
