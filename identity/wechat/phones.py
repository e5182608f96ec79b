"""An account gets the phone that WeChat vouches for; if another account has it, the two are one.

Whoever has both the account and the number is the same person, as with a code by short message.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core.crypto import seal
from core.errors import Conflict, InvalidInput, Unauthenticated, Unavailable, WrongState
from core.rates import allow
from core.work import current, work
from identity.actor import Actor, ActorKind
from identity.authentication import account_locked, over
from identity.models import Account, WeChatUser
from identity.phone_sign_in import known_account, mobile_number, phone_indexes
from identity.wechat.merging import locked, merge
from identity.wechat.refusals import told_apart
from integrations import wechat

_MAINLAND: Final = "86"
_BY_ACCOUNT: Final = ((10, timedelta(hours=1)), (30, timedelta(days=1)))
_FIELD: Final = "input.code"


async def vouched_number(actor: Actor, *, code: str) -> str:
    """The number that the person agreed to give, of 11 digits; the code is used up. No transaction.

    Raises:
        Unauthenticated: no account is signed in.
        InvalidInput: WeChat does not know the code, or it was used already; not a mobile number
            of mainland China.
        RateLimited: too often from this account.
        Unavailable: WeChat does not answer or is not set up; the limits can't be checked.
    """
    account_id = _own(actor)
    for limit, window in _BY_ACCOUNT:
        name = f"wechat phone by account {window // timedelta(seconds=1)}"
        await allow(name, str(account_id), limit=limit, window=window)
    async with told_apart():
        found = await wechat.client().wxa.phone_number(code)
    if found.country_code != _MAINLAND:
        raise InvalidInput(
            field=_FIELD,
            reason="PHONE_NUMBER",
            zh="请授权中国大陆的手机号码",
            en="Share a mobile number of mainland China",
        )
    return mobile_number(found.number, field=_FIELD)


async def bind_phone(actor: Actor, *, number: str) -> Account:
    """Give the actor's account a number that is theirs; answers the account they have now.

    A number of its own before is replaced. If another account has the number, that one is kept,
    and all that the actor's account has goes there, their sign-ins too.

    Raises:
        Unauthenticated: no account is signed in; or it is locked.
        WrongState: ``ACCOUNT_LOCKED``: the account that has the number is.
        Conflict: ``TWO_PHONES``: another account has the number, and the actor's has one too; or
            why a package above does not let the two become one (:mod:`identity.belongings`).
    """
    account_id = _own(actor)
    async with work(actor):
        for _ in range(3):
            holder = await known_account(number)
            if holder is None or holder.id == account_id:
                bound = await _set(account_id, number)
            else:
                bound = await _join(account_id, holder.id, number)
            if bound is not None:
                return bound
    raise Unavailable  # the number changed hands again and again


async def disconnect_wechat(actor: Actor) -> Account:
    """Forget how mini-programs know the actor's account. Sessions go on.

    Raises:
        Unauthenticated: no account is signed in.
        WrongState: ``PHONE_UNKNOWN``: nothing would be left to sign in with; or
            ``NOT_CONNECTED``.
    """
    account_id = _own(actor)
    async with work(actor) as unit:
        account = await _own_account(account_id)
        if account.phone_index is None:
            raise WrongState(
                reason="PHONE_UNKNOWN",
                zh="请先绑定手机号码，否则将无法登录",
                en="Add your phone first: nothing would be left to sign in with",
            )
        if not await WeChatUser.filter(account_id=account.id).delete():
            raise WrongState(reason="NOT_CONNECTED", zh="没有绑定微信", en="It is not connected")
        unit.note("disconnectWechat", "Account", account.id)
    return account


async def _set(account_id: UUID, number: str) -> Account | None:
    """Nothing when another account has got the number meanwhile."""
    account = await _own_account(account_id)
    indexes = phone_indexes(number)
    replaced = account.phone_index is not None and account.phone_index not in indexes
    same = account.phone_index in indexes
    if not same:
        seal(account, "phone", number)
        account.phone_index = indexes[0]
        try:
            async with in_transaction():
                await account.save(update_fields=["phone", "phone_index"])
        except IntegrityError:
            return None
    current().note("bindWechatPhone", "Account", account.id, replaced=replaced, same=same)
    return account


async def _join(account_id: UUID, holder_id: UUID, number: str) -> Account | None:
    """Nothing when the number has gone to yet another account meanwhile."""
    own, holder = await locked([account_id, holder_id])
    _require_open(own)
    if holder.phone_index not in phone_indexes(number):
        return None
    if holder.locked_at is not None:
        raise WrongState(
            reason="ACCOUNT_LOCKED",
            zh="该手机号码的账号已被停用，请联系镇政府服务台",
            en="The account of this number is locked",
        )
    if own.phone_index is not None:
        raise Conflict(
            reason="TWO_PHONES",
            zh="该手机号码属于另一个账号，而您的账号已绑定别的号码",
            en="The number is another account's, and yours has another number",
        )
    await merge(holder, own)
    return holder


async def _own_account(account_id: UUID) -> Account:
    account = await Account.filter(id=account_id).select_for_update().first()
    _require_open(account)
    assert account is not None
    return account


def _require_open(account: Account | None) -> None:
    if account is None or account.closed_at is not None:
        raise over()
    if account.locked_at is not None:
        raise account_locked()


def _own(actor: Actor) -> UUID:
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise Unauthenticated
    return actor.id
