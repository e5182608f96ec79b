"""The second factor of staff: time-based codes (RFC 6238) and recovery codes for a lost phone."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

import pyotp
from pyotp.exceptions import OTPVerificationError

from core.clock import now
from core.crypto import reveal, seal
from core.errors import InvalidInput, Unauthenticated, WrongState
from core.rates import allow
from core.work import work
from identity.actor import Actor, ActorKind
from identity.authentication import forget
from identity.hashing import keyed_hash, keyed_hashes
from identity.models import RecoveryCode, Session, StaffMember

ISSUER: Final = "乐业 Leye"
RECOVERY_CODES: Final = 10

_DIGITS: Final = 6
_WINDOW: Final = 1  # steps of 30 s that clocks of phones may be off, either way
_RECOVERY_BYTES: Final = 10  # 80 bits in 16 characters
_PURPOSE: Final = "recovery codes"


async def begin_totp(actor: Actor, *, totp: str | None = None) -> str:
    """Make a secret for an authenticator and answer its ``otpauth:`` address, once.

    It counts from :func:`confirm_totp` on. Who has a second factor already gives a code of it.

    Raises:
        Unauthenticated: not staff.
        InvalidInput: the code of the present second factor is missing or wrong.
    """
    staff_id = await _attempt(actor)
    async with work(actor) as unit:
        staff = await StaffMember.filter(id=staff_id).select_for_update().get()
        good = staff.totp_confirmed_at is None or await check_code(staff, totp or "")
        uri = ""
        if good:
            secret = pyotp.random_base32()
            seal(staff, "totp_pending_secret", secret)
            await staff.save(update_fields=["totp_pending_secret"])
            unit.note("beginTotp", "StaffMember", staff.id)
            uri = pyotp.TOTP(secret).provisioning_uri(name=staff.user_name, issuer_name=ISSUER)
    if not good:
        raise _wrong_code()
    return uri


async def confirm_totp(actor: Actor, *, totp: str) -> list[str]:
    """Put the new secret in force by a code of it; answers new recovery codes, once.

    The session gets its rights if it had none for want of a second factor.

    Raises:
        Unauthenticated: not staff.
        WrongState: :func:`begin_totp` did not come before.
        InvalidInput: the code is wrong.
    """
    staff_id = await _attempt(actor)
    async with work(actor) as unit:
        staff = await StaffMember.filter(id=staff_id).select_for_update().get()
        secret = reveal(staff, "totp_pending_secret")
        if secret is None:
            raise WrongState(
                reason="NO_ENROLMENT", zh="请先获取绑定二维码", en="Begin enrolment first"
            )
        step = _step(secret, totp)
        if step is None:
            raise _wrong_code()
        seal(staff, "totp_secret", secret)
        seal(staff, "totp_pending_secret", None)
        staff.totp_confirmed_at, staff.totp_last_step = now(), step
        await staff.save()
        codes = await _new_recovery_codes(staff)
        await Session.filter(id=actor.session_id).update(enrolling=False)
        unit.note("confirmTotp", "StaffMember", staff.id)
    forget()
    return codes


async def check_code(staff: StaffMember, code: str) -> bool:
    """Whether a time-based or recovery code is good; if so, it never is again.

    The caller holds the row of ``staff`` locked in a running unit of work.
    """
    text = "".join(code.split()).replace("-", "").upper()
    if len(text) == _DIGITS:
        secret = reveal(staff, "totp_secret")
        step = None if secret is None else _step(secret, text)
        if step is None or step <= staff.totp_last_step:
            return False
        staff.totp_last_step = step
        await staff.save(update_fields=["totp_last_step"])
        return True
    unused = RecoveryCode.filter(
        staff_id=staff.id, code_hash__in=keyed_hashes(_PURPOSE, text), used_at=None
    )
    return await unused.update(used_at=now()) == 1


async def drop_second_factor(staff: StaffMember) -> None:
    """Take it away, for a new enrolment; needs the row locked in a running unit of work."""
    seal(staff, "totp_secret", None)
    seal(staff, "totp_pending_secret", None)
    staff.totp_confirmed_at = None
    await staff.save(update_fields=["totp_secret", "totp_pending_secret", "totp_confirmed_at"])
    await RecoveryCode.filter(staff_id=staff.id).delete()


def _step(secret: str, code: str) -> int | None:
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            code, for_time=now(), valid_window=_WINDOW
        )
    except OTPVerificationError:
        return None


async def _attempt(actor: Actor) -> UUID:
    if actor.kind is not ActorKind.STAFF or actor.id is None:
        raise Unauthenticated
    await allow("second factor", str(actor.id), limit=10, window=timedelta(minutes=15))
    return actor.id


async def _new_recovery_codes(staff: StaffMember) -> list[str]:
    await RecoveryCode.filter(staff_id=staff.id).delete()
    texts = [
        base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
        for _ in range(RECOVERY_CODES)
    ]
    await RecoveryCode.bulk_create(
        [RecoveryCode(staff_id=staff.id, code_hash=keyed_hash(_PURPOSE, text)) for text in texts]
    )
    return ["-".join(text[at : at + 4] for at in range(0, len(text), 4)) for text in texts]


def _wrong_code() -> InvalidInput:
    return InvalidInput(
        field="input.totp", reason="WRONG_CODE", zh="动态码不正确", en="The code is not right"
    )
