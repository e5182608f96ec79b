"""Staff come in by user name, password and a second factor.

Whatever is wrong, the answer is the same and takes the same time: it doesn't say whether there
is such a user, which part was wrong, or whether the account is locked for the moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

import structlog

from core.clock import now
from core.errors import Unauthenticated
from core.events import emit
from core.rates import allow
from core.settings import settings
from core.work import Work, work
from identity import passwords
from identity.actor import Actor, ActorKind
from identity.events import StaffLockedOut
from identity.models import StaffMember
from identity.pace import Pace
from identity.second_factor import check_code
from identity.sessions import OpenSession, open_session
from identity.staff import USER_NAME

FAILURES: Final = 5
FIRST_LOCK: Final = timedelta(minutes=15)
LONGEST_LOCK: Final = timedelta(hours=24)

log = structlog.get_logger(__name__)


class _Factor(Enum):
    GOOD = auto()
    TO_ENROL = auto()
    BAD = auto()


async def sign_in_staff(
    actor: Actor, *, user_name: str, password: str, totp: str | None = None, device: str = ""
) -> OpenSession:
    """Open a session for a member of staff; ``totp`` is a time-based or a recovery code.

    Without a second factor yet, the session may do nothing but set one up. After 5 failures the
    account is locked for 15 minutes, after 5 more for twice as long, and so on up to a day.

    Raises:
        Unauthenticated: anything is wrong.
        RateLimited: too many attempts from this address or for this name.
        Unavailable: the limits can't be checked.
    """
    pace = Pace()
    name = user_name.strip().lower()
    quarter = timedelta(minutes=15)
    await allow("staff sign-in by address", actor.address, limit=60, window=quarter)
    await allow("staff sign-in by name", name, limit=20, window=quarter)
    staff = await StaffMember.get_or_none(user_name=name) if USER_NAME.fullmatch(name) else None
    right = await passwords.verify(staff.password_hash if staff else None, password)
    opened = None
    if staff is not None:
        opened = await _admit(actor, staff, password, right=right, totp=totp, device=device)
    if opened is None:
        await pace.wait()
        raise Unauthenticated(
            reason="SIGN_IN_REFUSED",
            zh="用户名、密码或动态码不正确；多次失败后账号会暂时锁定",
            en="User name, password or code is not right; repeated failures lock the account",
        )
    return opened


async def _admit(
    actor: Actor,
    seen: StaffMember,
    password: str,
    *,
    right: bool,
    totp: str | None,
    device: str,
) -> OpenSession | None:
    rehashed = None
    if right and passwords.outdated(seen.password_hash):
        rehashed = await passwords.hash_password(password)
    async with work(Actor(kind=ActorKind.STAFF, id=seen.id, address=actor.address)) as unit:
        staff = await StaffMember.filter(id=seen.id).select_for_update().get()
        moment = now()
        if staff.left_at is not None or _locked(staff, moment):
            unit.note("refuseSignIn", "StaffMember", staff.id, locked=_locked(staff, moment))
            return None
        # A password that was changed meanwhile no longer opens anything.
        if not right or staff.password_hash != seen.password_hash:
            await _count_failure(unit, staff, moment)
            return None
        factor = await _second_factor(staff, totp)
        if factor is _Factor.BAD:
            await _count_failure(unit, staff, moment)
            return None
        staff.failures, staff.locked_until = 0, None
        staff.password_hash = rehashed or staff.password_hash
        await staff.save(update_fields=["failures", "locked_until", "password_hash"])
        return await open_session(staff, device=device, enrolling=factor is _Factor.TO_ENROL)


async def _second_factor(staff: StaffMember, totp: str | None) -> _Factor:
    if staff.totp_confirmed_at is not None:
        return _Factor.GOOD if await check_code(staff, totp or "") else _Factor.BAD
    waived = staff.second_factor_waived and not settings().production
    return _Factor.GOOD if waived else _Factor.TO_ENROL


async def _count_failure(unit: Work, staff: StaffMember, moment: datetime) -> None:
    staff.failures += 1
    unit.note("failSignIn", "StaffMember", staff.id, failures=staff.failures)
    rounds, rest = divmod(staff.failures, FAILURES)
    if rest == 0:
        staff.locked_until = moment + min(FIRST_LOCK * 2 ** min(rounds - 1, 10), LONGEST_LOCK)
        unit.note("lockOutStaff", "StaffMember", staff.id)
        log.warning("staff.locked_out")
    await staff.save(update_fields=["failures", "locked_until"])
    if rest == 0:
        await emit(StaffLockedOut(staff_id=staff.id))


def _locked(staff: StaffMember, moment: datetime) -> bool:
    return staff.locked_until is not None and staff.locked_until > moment
