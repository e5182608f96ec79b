"""Apps of third parties: OAuth 2.0 client credentials (RFC 6749 § 4.4), cut by grid."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.clock import now
from core.crypto import seal
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.events import emit
from core.ids import token
from core.rates import allow
from core.text import clean
from core.work import work
from identity.access import access_app, require
from identity.actor import APP_SCOPES, Actor, ActorKind, Permission
from identity.authentication import forget
from identity.events import AppRevoked
from identity.models import App
from identity.paths import check_path
from identity.reasons import clean_reason
from identity.tokens import APP_LIFETIME, AccessToken, Claims, issue

LONGEST_LIFE: Final = timedelta(days=366)
FASTEST: Final = 6000
"""Requests a minute."""


_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewApp:
    """An app with its secret, which is never seen again."""

    app: App
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppToken:
    """An access token of an app and the scopes it is good for."""

    access: AccessToken = field(repr=False)
    scopes: frozenset[Permission]


async def add_app(
    actor: Actor,
    *,
    name: str,
    scopes: Collection[str],
    grid_path: str,
    contact: str,
    expires_at: datetime,
    rate_per_minute: int = 60,
) -> NewApp:
    """Let an app in, with scopes that hold in one grid, for a year at most.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor doesn't manage apps in that grid.
        InvalidInput: a scope that apps can't have, or a value that breaks a rule of form.
    """
    check_path(grid_path)
    require(actor, Permission.APPS_MANAGE)
    if not actor.may(Permission.APPS_MANAGE, grid_path):
        raise NotFound
    granted = _scopes(scopes, within=APP_SCOPES)
    shown = clean(name, field="input.name", shortest=1, longest=80)
    reach = clean(contact, field="input.contact", shortest=3, longest=200)
    if not now() < expires_at <= now() + LONGEST_LIFE:
        raise InvalidInput(
            field="input.expiresAt",
            reason="EXPIRY",
            zh="有效期最长一年",
            en="It lasts a year at most",
        )
    if not 1 <= rate_per_minute <= FASTEST:
        raise InvalidInput(field="input.ratePerMinute", reason="RATE", params={"maximum": FASTEST})
    secret = secrets.token_urlsafe(32)
    app = App(
        client_id=token(),
        name=shown,
        secret_hash=_digest(secret),
        scopes=sorted(granted),
        grid_path=grid_path,
        rate_per_minute=rate_per_minute,
        expires_at=expires_at,
    )
    seal(app, "contact", reach)
    async with work(actor) as unit:
        await app.save(force_create=True)
        unit.note("addApp", "App", app.id, scopes=[scope.name for scope in sorted(granted)])
    return NewApp(app, secret)


async def app_token(
    actor: Actor, *, client_id: str, secret: str, scopes: Collection[str] | None = None
) -> AppToken:
    """A token for 10 minutes, for all scopes of the app or for fewer.

    Raises:
        Unauthenticated: unknown, wrong secret, expired or revoked: all alike.
        InvalidInput: a scope that the app has not.
        RateLimited: too many attempts from this address or for this app.
        Unavailable: the limits can't be checked.
    """
    minute = timedelta(minutes=1)
    await allow("app sign-in by address", actor.address, limit=120, window=minute)
    await allow("app sign-in by client", client_id, limit=30, window=minute)
    app = await App.get_or_none(client_id=client_id) if _CLIENT_ID.fullmatch(client_id) else None
    # Compared even when there is none, so that the time does not tell.
    right = hmac.compare_digest(app.secret_hash if app else _digest(""), _digest(secret))
    if app is None or not right or app.revoked_at is not None or app.expires_at <= now():
        raise Unauthenticated(
            reason="CLIENT_REFUSED", zh="应用凭证无效", en="The app's credentials are not valid"
        )
    has = frozenset(map(Permission, app.scopes)) & APP_SCOPES
    granted = has if scopes is None else _scopes(scopes, within=has)
    lifetime = min(APP_LIFETIME, app.expires_at - now())
    access = issue(Claims(ActorKind.APP, app.id, scopes=granted), lifetime=lifetime)
    return AppToken(access, granted)


async def revoke_app(actor: Actor, *, app_id: UUID, reason: str | None = None) -> App:
    """Keep an app out from now on; its tokens stop working within a second.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's reach.
        WrongState: revoked already.
    """
    await access_app(actor, app_id=app_id)
    why = clean_reason(reason)
    async with work(actor) as unit:
        app = await App.filter(id=app_id).select_for_update().get()
        if app.revoked_at is not None:
            raise WrongState(reason="REVOKED_ALREADY", zh="应用已停用", en="It is revoked already")
        app.revoked_at = now()
        await app.save(update_fields=["revoked_at"])
        unit.note("revokeApp", "App", app.id, reason=why)
        await emit(AppRevoked(app_id=app.id))
    forget([app.id])
    return app


def _scopes(names: Collection[str], *, within: Collection[Permission]) -> frozenset[Permission]:
    known = {scope.value: scope for scope in within}
    if not names or not set(names) <= set(known):
        raise InvalidInput(
            field="input.scopes",
            reason="SCOPES",
            params={"allowed": sorted(known)},
            zh="申请的权限范围不可用",
            en="These scopes can't be had",
        )
    return frozenset(known[name] for name in names)


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash and no key.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
