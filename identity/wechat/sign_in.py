"""People come in by WeChat: the mini-program's code says who they are.

The first sign-in makes an account without a phone, which :mod:`identity.wechat.phones` may add.
What WeChat calls the session key is never stored: nothing here is sealed with it.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from core.clock import now
from core.crypto import ring, seal
from core.database import fetch
from core.errors import Unavailable
from core.rates import allow
from core.work import current, work
from identity.actor import Actor
from identity.authentication import account_locked
from identity.models import Account, WeChatUser
from identity.sessions import OpenSession, open_session
from identity.wechat.refusals import told_apart
from integrations import wechat
from integrations.wechat.results import Session

# One factory or phone network may stand behind an address, so this bounds a flood and no crowd.
BY_ADDRESS: Final = ((120, timedelta(minutes=1)), (2000, timedelta(hours=1)))


async def sign_in_with_wechat(actor: Actor, *, code: str, device: str = "") -> OpenSession:
    """Open a session for whoever the code of ``wx.login`` stands for.

    The account is that of the openid; else that of the unionid, which another app of the town's
    knows; else a new one.

    Raises:
        InvalidInput: WeChat does not know the code, or it was used already.
        Unauthenticated: WeChat holds the person for risky; or the account is locked.
        RateLimited: too many attempts from this address, or of this person.
        Unavailable: WeChat does not answer or is not set up; the limits can't be checked.
    """
    for limit, window in BY_ADDRESS:
        name = f"wechat sign-in by address {window // timedelta(seconds=1)}"
        await allow(name, actor.address, limit=limit, window=window)
    async with told_apart():
        client = wechat.client()
        who = await client.wxa.code2session(code)
    async with work(actor) as unit:
        account = await _account_of(str(client.appid), who)
        opened = None
        if account.locked_at is None:
            opened = await open_session(account, device=device)
        else:
            unit.note("refuseSignIn", "Account", account.id, locked=True)
    if opened is None:
        raise account_locked()
    return opened


async def _account_of(app_id: str, who: Session) -> Account:
    """The account of a person at WeChat, locked, made when there is none.

    Raises:
        Unavailable: it was closed or became part of another one, again and again meanwhile.
    """
    await _one_at_a_time(app_id, who)
    for _ in range(3):
        user = await _known(app_id, who.openid)
        if user is None:
            return await _connect(app_id, who)
        open_one = Account.filter(id=user.account_id, closed_at=None)
        account = await open_one.select_for_update().first()
        if account is not None:
            await _note_visit(user, who.unionid)
            return account
    raise Unavailable


async def _note_visit(user: WeChatUser, unionid: str | None) -> None:
    """The person was here; their unionid is known since the app belongs to an owner of several."""
    user.last_seen_at = now()
    if unionid is not None and user.unionid_index not in _unionid_indexes(unionid):
        seal(user, "unionid", unionid)
        user.unionid_index = _unionid_indexes(unionid)[0]
    await user.save(update_fields=["last_seen_at", "unionid", "unionid_index"])


async def _connect(app_id: str, who: Session) -> Account:
    """Make the person known, with the account by which another app knows them, or a new one."""
    account = await _account_of_union(who.unionid) if who.unionid is not None else None
    known = account is not None
    if account is None:
        account = await Account.create()
    user = WeChatUser(
        account_id=account.id,
        app_id=app_id,
        openid_index=_openid_indexes(who.openid)[0],
        last_seen_at=now(),
    )
    seal(user, "openid", who.openid)
    if who.unionid is not None:
        seal(user, "unionid", who.unionid)
        user.unionid_index = _unionid_indexes(who.unionid)[0]
    await user.save(force_create=True)
    current().note("connectWechat", "Account", account.id, wechat_user=user.id, known=known)
    return account


async def _account_of_union(unionid: str) -> Account | None:
    known = WeChatUser.filter(unionid_index__in=_unionid_indexes(unionid))
    user = await known.order_by("-last_seen_at", "-id").first()
    if user is None:
        return None
    open_ones = Account.filter(id=user.account_id, closed_at=None)
    return await open_ones.select_for_update().first()


async def _known(app_id: str, openid: str) -> WeChatUser | None:
    found = WeChatUser.filter(app_id=app_id, openid_index__in=_openid_indexes(openid))
    return await found.first()


async def _one_at_a_time(app_id: str, who: Session) -> None:
    """Whoever signs the same person in at the same time waits until the account is there."""
    names = [f"{app_id} {who.openid}"] + ([who.unionid] if who.unionid is not None else [])
    for key in sorted(map(_lock_key, names)):
        await fetch("SELECT pg_advisory_xact_lock($1) IS NULL", key)


def _lock_key(name: str) -> int:
    # Hashed here, so that neither a statement nor the table of locks says who it is.
    digest = hashlib.sha256(f"wechat {name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _openid_indexes(openid: str) -> list[str]:
    return ring().indexes(openid, table="wechat_user", column="openid_index")


def _unionid_indexes(unionid: str) -> list[str]:
    return ring().indexes(unionid, table="wechat_user", column="unionid_index")
