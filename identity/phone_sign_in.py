"""Residents and landlords come in by a one-time code sent to their mobile number.

Whoever shows the code owns the number, so the first sign-in makes the account. A wrong code and
a number that asked for none get the same answer in the same time.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from core.clock import now
from core.crypto import reveal, ring, seal
from core.errors import InvalidInput, Unauthenticated, Unavailable
from core.events import emit
from core.rates import allow
from core.work import work
from identity.actor import Actor
from identity.authentication import account_locked
from identity.events import SmsCodeRequested
from identity.hashing import keyed_hash, keyed_hashes, matches
from identity.models import Account, SmsCode
from identity.pace import Pace
from identity.sessions import OpenSession, open_session
from integrations import sms

VALID: Final = timedelta(minutes=5)
TRIES: Final = 5
WAIT: Final = timedelta(minutes=1)

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_BY_ADDRESS: Final = ((20, _HOUR), (60, _DAY))
_BY_NUMBER: Final = ((1, WAIT), (5, _HOUR), (10, _DAY))

_DIGITS: Final = 6
_PURPOSE: Final = "sms codes"
_MOBILE: Final = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})", re.ASCII)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RequestedCode:
    """A code is on its way."""

    expires_at: datetime
    retry_after: timedelta


def mobile_number(text: str, *, field: str = "input.phone") -> str:
    """A mainland mobile number as 11 digits, however it was written.

    Raises:
        InvalidInput: it is none.
    """
    written = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text))
    found = _MOBILE.fullmatch(written)
    if found is None:
        raise InvalidInput(
            field=field,
            reason="PHONE_NUMBER",
            zh="请输入中国大陆的手机号码",
            en="Enter a mobile number of mainland China",
        )
    return found[1]


async def request_sms_code(actor: Actor, *, phone: str) -> RequestedCode:
    """Have a one-time code sent: good for 5 minutes and 5 tries; a later one replaces it.

    At most 1 a minute, 5 an hour and 10 a day to a number; 20 an hour and 60 a day from an
    address.

    Raises:
        InvalidInput: not a mainland mobile number.
        RateLimited: a limit is reached.
        Unavailable: the limits can't be checked, or there is no provider of short messages.
    """
    number = mobile_number(phone)
    if not sms.available():
        raise Unavailable(reason="SMS_NOT_CONFIGURED")
    for limit, window in _BY_ADDRESS:
        await allow(_named("sms by address", window), actor.address, limit=limit, window=window)
    for limit, window in _BY_NUMBER:
        await allow(_named("sms by number", window), number, limit=limit, window=window)
    moment = now()
    text = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    code = SmsCode(
        phone_index=phone_indexes(number)[0], created_at=moment, expires_at=moment + VALID
    )
    code.code_hash = keyed_hash(_PURPOSE, f"{code.id} {text}")
    seal(code, "phone", number)
    seal(code, "code", text)
    async with work(actor) as unit:
        await code.save(force_create=True)
        unit.note("requestSmsCode", "SmsCode", code.id)
        await emit(SmsCodeRequested(code_id=code.id))
    return RequestedCode(code.expires_at, WAIT)


async def sign_in_with_sms_code(
    actor: Actor, *, phone: str, code: str, device: str = ""
) -> OpenSession:
    """Open a session for whoever shows the latest code of this number.

    Raises:
        InvalidInput: not a mainland mobile number.
        Unauthenticated: wrong, used or expired code, or none was asked for; or, to the owner of
            the number, that the account is locked.
        RateLimited: too many attempts from this address or for this number.
        Unavailable: the limits can't be checked.
    """
    pace = Pace()
    number = mobile_number(phone)
    await allow("sms sign-in by address", actor.address, limit=60, window=_HOUR)
    await allow("sms sign-in by number", number, limit=30, window=_HOUR)
    async with work(actor) as unit:
        right = await _use(number, unicodedata.normalize("NFKC", "".join(code.split())))
        account = await account_for_phone(number) if right else None
        opened = None
        if account is not None and account.locked_at is None:
            opened = await open_session(account, device=device)
        elif account is not None:
            unit.note("refuseSignIn", "Account", account.id, locked=True)
    if opened is not None:
        return opened
    if account is not None:
        raise account_locked()
    await pace.wait()
    raise Unauthenticated(
        reason="WRONG_CODE", zh="验证码不正确或已过期", en="The code is wrong or has expired"
    )


async def deliver(event: SmsCodeRequested) -> None:
    """Hand a code over to the provider, then wipe number and code. Bears being run twice.

    Raises:
        SmsUnavailable: to be tried again; once the code has expired there is nothing to send.
    """
    code = await SmsCode.get_or_none(id=event.code_id)
    if code is None or code.phone is None:
        return
    if code.expires_at > now() and code.used_at is None:
        params = {
            "code": reveal(code, "code") or "",
            "minutes": str(VALID // timedelta(minutes=1)),
        }
        try:
            await sms.sender().send(reveal(code, "phone") or "", sms.Template.SIGN_IN_CODE, params)
        except sms.SmsRefused as refusal:
            log.warning("sms.refused", exc_info=refusal)
    await SmsCode.filter(id=code.id).update(phone=None, code=None)


async def _use(number: str, text: str) -> bool:
    """Count a try at the latest code of a number; when it is right, it never is again."""
    latest = (
        await SmsCode.filter(phone_index__in=phone_indexes(number))
        .order_by("-created_at", "-id")
        .select_for_update()
        .first()
    )
    moment = now()
    if (
        latest is None
        or latest.used_at is not None
        or latest.expires_at <= moment
        or latest.tries >= TRIES
    ):
        return False
    latest.tries += 1
    if matches(latest.code_hash, keyed_hashes(_PURPOSE, f"{latest.id} {text}")):
        latest.used_at = moment
    await latest.save(update_fields=["tries", "used_at"])
    return latest.used_at is not None


async def known_account(number: str) -> Account | None:
    """The account of a number of 11 digits, if there is one."""
    return await Account.filter(phone_index__in=phone_indexes(number)).first()


async def account_for_phone(number: str) -> Account:
    """The account of a number of 11 digits, made when there is none.

    Needs a running unit of work, in which its row stays locked. Whoever asks at the same time
    for the same number gets the same account.
    """
    indexes = phone_indexes(number)
    found = await Account.filter(phone_index__in=indexes).select_for_update().first()
    if found is not None:
        return found
    account = Account(phone_index=indexes[0])
    seal(account, "phone", number)
    await Account.bulk_create([account], ignore_conflicts=True)
    return await Account.filter(phone_index__in=indexes).select_for_update().get()


def phone_indexes(number: str) -> list[str]:
    """Of the account's column for codes too, so that an account leads to its codes."""
    return ring().indexes(number, table="account", column="phone_index")


def _named(name: str, window: timedelta) -> str:
    return f"{name} {window // timedelta(seconds=1)}"
