"""Accounts of the public: locked by staff for abuse, closed by their holders."""

from __future__ import annotations

from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.clock import now
from core.errors import NotFound, Unauthenticated, WrongState
from core.events import emit
from core.text import clean
from core.work import work
from identity.access import access_account, require
from identity.actor import Actor, ActorKind, Permission
from identity.authentication import forget
from identity.events import AccountClosed, AccountLocked
from identity.models import Account, AccountMerge, SessionEnd, WeChatUser
from identity.phone_sign_in import known_account, mobile_number
from identity.reasons import clean_reason
from identity.sessions import end_sessions


async def set_display_name(actor: Actor, *, name: str) -> Account:
    """Set what others see instead of a name.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: it was closed meanwhile.
        InvalidInput: the name breaks a rule of form.
    """
    account_id = _own(actor)
    shown = clean(name, field="input.displayName", longest=60)
    async with work(actor) as unit:
        account = await Account.filter(id=account_id, closed_at=None).select_for_update().first()
        if account is None:
            raise NotFound
        account.display_name = shown
        await account.save(update_fields=["display_name"])
        unit.note("setDisplayName", "Account", account.id)
    forget([actor.session_id] if actor.session_id else [])
    return account


async def account_by_phone(actor: Actor, *, phone: str) -> Account:
    """The account of a mobile number, for who may lock accounts; never made here.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: there is none, or the actor may not lock accounts.
        InvalidInput: not a mainland mobile number.
    """
    require(actor, Permission.ACCOUNTS_LOCK)
    account = await known_account(mobile_number(phone))
    if account is None:
        raise NotFound(field="input.phone")
    return account


async def lock_account(actor: Actor, *, account_id: UUID, reason: str) -> Account:
    """Lock an account: its sessions end and it can't sign in. The reason goes into the trail.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor may not lock accounts.
        WrongState: it is locked or closed already.
    """
    require(actor, Permission.ACCOUNTS_LOCK)
    why = clean_reason(reason, shortest=1)
    async with work(actor) as unit:
        account = await access_account(actor, account_id=account_id, lock=True)
        if account.locked_at is not None or account.closed_at is not None:
            raise WrongState(reason="LOCKED_ALREADY", zh="账号已停用", en="It is locked already")
        account.locked_at = now()
        await account.save(update_fields=["locked_at"])
        ended = await end_sessions(Q(account_id=account.id), SessionEnd.LOCKED)
        unit.note("lockAccount", "Account", account.id, reason=why, sessions=len(ended))
        await emit(AccountLocked(account_id=account.id))
    forget(ended)
    return account


async def unlock_account(actor: Actor, *, account_id: UUID) -> Account:
    """Let the holder of a locked account sign in again.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor may not lock accounts.
        WrongState: it is not locked.
    """
    require(actor, Permission.ACCOUNTS_LOCK)
    async with work(actor) as unit:
        account = await access_account(actor, account_id=account_id, lock=True)
        if account.locked_at is None or account.closed_at is not None:
            raise WrongState(reason="NOT_LOCKED", zh="账号未被停用", en="It is not locked")
        account.locked_at = None
        await account.save(update_fields=["locked_at"])
        unit.note("unlockAccount", "Account", account.id)
    return account


async def close_account(actor: Actor) -> Account:
    """Close the actor's own account for good: phone and WeChat are forgotten, every session ends.

    Whoever signs in with that phone or WeChat afterwards gets a new account.

    Raises:
        Unauthenticated: no account is signed in.
    """
    account_id = _own(actor)
    async with work(actor) as unit:
        account = await Account.filter(id=account_id, closed_at=None).select_for_update().first()
        if account is None:
            raise NotFound
        await blank(Account.filter(id=account.id))
        ended = await end_sessions(Q(account_id=account.id), SessionEnd.CLOSED)
        unit.note("closeAccount", "Account", account.id, sessions=len(ended))
        await emit(AccountClosed(account_id=account.id))
    forget(ended)
    return await Account.get(id=account_id)


async def blank(accounts: QuerySet[Account]) -> None:
    """Close accounts and forget who held them; the rows stay, for what refers to them."""
    ids = {account.id for account in await accounts.only("id")}
    await WeChatUser.filter(account_id__in=ids).delete()
    await accounts.update(phone=None, phone_index=None, display_name="", closed_at=now())
    while ids:  # what became part of them, and of that
        ids = {one.merged_id for one in await AccountMerge.filter(kept_id__in=ids, undone_at=None)}
        await Account.filter(id__in=ids).update(display_name="")


def _own(actor: Actor) -> UUID:
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise Unauthenticated
    return actor.id
