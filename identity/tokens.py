"""Access tokens: signed, short-lived, checked without the database.

A token only says which session or app knocks. Whether that one is still good and what it may do
is looked up afterwards (:mod:`identity.authentication`), so that an end takes effect at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import jwt

from core.clock import now
from core.errors import Unauthenticated
from core.ids import token as random_token
from core.settings import Settings, settings
from identity.actor import ActorKind, Permission

LIFETIME: Final = timedelta(minutes=15)
APP_LIFETIME: Final = timedelta(minutes=10)

# What clocks of servers kept by NTP differ by; a token from further in the future is refused.
LEEWAY: Final = timedelta(seconds=10)

_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "leye"
_REQUIRED: Final = ("exp", "iat", "aud", "sub", "jti")
_LONGEST: Final = 2048


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: the holder; for people the session, for apps the scopes."""

    kind: ActorKind
    holder_id: UUID
    session_id: UUID | None = None
    scopes: frozenset[Permission] = frozenset()


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token, to be carried as ``Authorization: Bearer``."""

    text: str = field(repr=False)
    expires_at: datetime


def issue(claims: Claims, *, lifetime: timedelta = LIFETIME) -> AccessToken:
    """Sign a token under the active secret."""
    issued_at = now()
    expires_at = issued_at + lifetime
    kid, key = next(iter(_keys(settings()).items()))
    content: dict[str, Any] = {
        "aud": _AUDIENCE,
        "sub": str(claims.holder_id),
        "kind": claims.kind.value,
        "jti": random_token(),
        "iat": issued_at,
        "exp": expires_at,
    }
    if claims.session_id is not None:
        content["sid"] = str(claims.session_id)
    if claims.scopes:
        content["scope"] = " ".join(sorted(claims.scopes))
    text = jwt.encode(content, key, algorithm=_ALGORITHM, headers={"kid": kid})
    return AccessToken(text, expires_at)


def read(text: str) -> Claims:
    """Check a token and answer what it says.

    Raises:
        Unauthenticated: unsigned, signed by another key or algorithm, for another audience,
            expired, from the future, or without one of the required claims.
    """
    try:
        if len(text) > _LONGEST:
            raise _refusal()
        key = _keys(settings()).get(str(jwt.get_unverified_header(text).get("kid")))
        if key is None:
            raise _refusal()
        content = jwt.decode(
            text,
            key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            leeway=LEEWAY,
            options={"require": list(_REQUIRED)},
        )
        return Claims(
            ActorKind(content["kind"]),
            UUID(content["sub"]),
            UUID(content["sid"]) if "sid" in content else None,
            frozenset(map(Permission, content.get("scope", "").split())),
        )
    except (jwt.PyJWTError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refusal() from None


def _refusal() -> Unauthenticated:
    return Unauthenticated(
        reason="TOKEN_REFUSED", zh="登录已失效，请重新登录", en="Your sign-in is no longer valid"
    )


@lru_cache(4)
def _keys(current: Settings) -> dict[str, bytes]:
    """Keys by id, the active one first: an earlier secret's tokens stay good until they expire."""
    secrets = (current.secret.get_secret_value(), *current.previous_secrets)
    keys = (current.derived_key("access tokens", secret=secret) for secret in secrets)
    return {hashlib.sha256(key).hexdigest()[:12]: key for key in keys}
