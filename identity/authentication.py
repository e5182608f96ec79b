"""From an access token to an actor, with the rights as they are now.

Rights are read from their rows with every request, in one query, and remembered for at most a
second: sign-out, lock, leaving, posts and revocations take effect within a second in every
process, and at once in the one that made the change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from time import monotonic
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import orjson

from core.clock import now, today
from core.database import execute, fetch
from core.errors import Unauthenticated
from core.rates import allow
from core.settings import settings
from core.work import after_commit
from identity.actor import (
    APP_SCOPES,
    ROLE_PERMISSIONS,
    Actor,
    ActorKind,
    Permission,
    Role,
    rights_from,
)
from identity.models import AccountMerge
from identity.tokens import Claims, read

REMEMBERED_SECONDS: Final = 1.0
SEEN_EVERY: Final = timedelta(minutes=1)
_MOST: Final = 10_000

_SESSION_SQL: Final = """
SELECT s.account_id, s.staff_id, s.enrolling, s.last_seen_at,
       coalesce(a.display_name, m.name) AS name,
       s.ended_at IS NULL AND s.expires_at > $2 AND a.locked_at IS NULL AND a.closed_at IS NULL
           AND m.left_at IS NULL AS good,
       (SELECT array_agg(p.role || ' ' || p.grid_path) FROM grid_post p
        WHERE p.staff_id = s.staff_id AND p.starts_on <= $3
          AND (p.ends_on IS NULL OR p.ends_on > $3)) AS posts
FROM session s
LEFT JOIN account a ON a.id = s.account_id
LEFT JOIN staff_member m ON m.id = s.staff_id
WHERE s.id = $1
"""
_APP_SQL: Final = """
SELECT name, scopes, grid_path, rate_per_minute FROM app
WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2
"""


@dataclass(frozen=True, slots=True)
class _Standing:
    """What was found out about a session or an app."""

    actor: Actor
    until: float
    rate_per_minute: int | None = None


_known: dict[UUID, _Standing] = {}
_changes = 0


async def actor_from_token(text: str, *, address: str = "") -> Actor:
    """The actor behind an access token; ``address`` as :attr:`Actor.address`.

    Counts as a sign of life of a staff session, and against the rate of an app.

    Raises:
        Unauthenticated: a bad token, or its session or app is no longer good.
        RateLimited: the app asks more often than it may.
    """
    claims = read(text)
    standing = await _standing(claims.kind, claims.session_id or claims.holder_id, seen=True)
    actor = standing.actor
    if (actor.kind, actor.id) != (claims.kind, claims.holder_id) and not await _merged(claims):
        raise over()
    if standing.rate_per_minute is not None:
        await _count(standing)
        actor = _narrowed(actor, claims)
    return replace(actor, address=address)


async def present(actor: Actor) -> Actor:
    """The actor of the same session as it stands now: another account, after a merge.

    Raises:
        Unauthenticated: the session is no longer good.
    """
    assert actor.session_id is not None, "only who signed in has a session"
    standing = await _standing(actor.kind, actor.session_id, seen=True)
    return replace(standing.actor, address=actor.address)


async def _merged(claims: Claims) -> bool:
    """Whether the account of a token became part of another one, to which its session went along.

    Whose the session is now, its row says; an undone merge has ended the session.
    """
    if claims.kind is not ActorKind.ACCOUNT:
        return False
    return await AccountMerge.exists(merged_id=claims.holder_id, undone_at=None)


async def count_request(actor: Actor) -> None:
    """Count one more request of an actor who was let in before, against the rate of an app.

    For what stays open: each operation on a socket is a request.

    Raises:
        Unauthenticated: the app is no longer good.
        RateLimited: the app asks more often than it may.
    """
    if actor.kind is ActorKind.APP and actor.id is not None:
        await _count(await _standing(actor.kind, actor.id, seen=False))


async def _count(standing: _Standing) -> None:
    if standing.rate_per_minute is not None:
        minute = timedelta(minutes=1)
        key = str(standing.actor.id)
        await allow("app", key, limit=standing.rate_per_minute, window=minute, fail_open=True)


async def still_good(actor: Actor) -> bool:
    """Whether an actor from some time ago still stands, with the same rights.

    For what stays open: a socket asks every second and closes on ``False``. This is no sign of
    life, so an idle staff session ends under an open socket too.
    """
    if actor.id is None:
        return True
    try:
        standing = await _standing(actor.kind, actor.session_id or actor.id, seen=False)
    except Unauthenticated:
        return False
    present = standing.actor
    if actor.kind is ActorKind.APP:
        return all(present.paths(scope) == paths for scope, paths in actor.rights.items())
    return present == actor


def forget(session_ids: Iterable[UUID] | None = None) -> None:
    """Remember nothing about these sessions (or apps), or about any, once the running unit of
    work is committed.
    """
    after_commit(partial(_forget, None if session_ids is None else list(session_ids)))


def _forget(session_ids: list[UUID] | None) -> None:
    global _changes
    _changes += 1
    if session_ids is None:
        _known.clear()
        return
    for session_id in session_ids:
        _known.pop(session_id, None)


def over() -> Unauthenticated:
    """The one refusal for a session that is not good, whatever the reason."""
    return Unauthenticated(
        reason="SESSION_OVER", zh="登录已失效，请重新登录", en="Your sign-in is over; sign in again"
    )


def account_locked() -> Unauthenticated:
    """The refusal for who proved to be the holder of a locked account."""
    return Unauthenticated(
        reason="ACCOUNT_LOCKED", zh="账号已被停用，请联系镇政府服务台", en="The account is locked"
    )


async def _standing(kind: ActorKind, key: UUID, *, seen: bool) -> _Standing:
    remembered = _known.get(key)
    if remembered is not None and remembered.until > monotonic():
        return remembered
    before, asked = _changes, monotonic()
    look_up = _app if kind is ActorKind.APP else _session
    actor, rate = await look_up(key, seen=seen)
    standing = _Standing(actor, asked + REMEMBERED_SECONDS, rate)
    # What changed while the question was under way is asked again next time.
    if before == _changes:
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = standing
    return standing


async def _session(session_id: UUID, *, seen: bool) -> tuple[Actor, None]:
    moment = now()
    rows = await fetch(_SESSION_SQL, session_id, moment, today())
    if not rows or not rows[0]["good"]:
        raise over()
    (row,) = rows
    idle = moment - row["last_seen_at"]
    staff = row["staff_id"] is not None
    if staff and idle > timedelta(minutes=settings().staff_idle_minutes):
        raise over()
    if staff and seen and idle > SEEN_EVERY:
        await execute(
            "UPDATE session SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2",
            session_id,
            moment,
        )
    actor = Actor(
        kind=ActorKind.STAFF if staff else ActorKind.ACCOUNT,
        id=row["staff_id"] or row["account_id"],
        session_id=session_id,
        name=row["name"],
        rights=rights_from(() if row["enrolling"] else _of_posts(row["posts"] or ())),
        enrolling=row["enrolling"],
    )
    return actor, None


def _of_posts(posts: Iterable[str]) -> Iterable[tuple[Permission, str]]:
    for post in posts:
        role, path = post.split(" ", 1)
        for permission in ROLE_PERMISSIONS[Role(role)]:
            yield permission, path


async def _app(app_id: UUID, *, seen: bool) -> tuple[Actor, int]:
    rows = await fetch(_APP_SQL, app_id, now())
    if not rows:
        raise over()
    (row,) = rows
    scopes: Any = row["scopes"]
    listed = orjson.loads(scopes) if isinstance(scopes, str) else scopes
    granted = {scope for scope in APP_SCOPES if scope in listed}
    actor = Actor(
        kind=ActorKind.APP,
        id=app_id,
        name=row["name"],
        rights=rights_from((scope, row["grid_path"]) for scope in granted),
    )
    return actor, row["rate_per_minute"]


def _narrowed(actor: Actor, claims: Claims) -> Actor:
    """An app with no more than its token was asked for."""
    rights = {scope: paths for scope, paths in actor.rights.items() if scope in claims.scopes}
    return replace(actor, rights=MappingProxyType(rights))
