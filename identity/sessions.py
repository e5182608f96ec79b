"""Sessions: opened by a sign-in, continued by refresh tokens, ended here or everywhere.

A refresh token is used once. Using it a second time means that two parties hold it, so the whole
session ends (RFC 9700 § 4.14.2); nobody can tell which of the two is the thief.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tortoise.expressions import Q

from core.clock import now
from core.errors import Unauthenticated
from core.events import emit
from core.settings import settings
from core.work import current, work
from identity.actor import Actor, ActorKind
from identity.authentication import forget, over
from identity.events import SessionEnded, SignedIn
from identity.models import Account, RefreshToken, Session, SessionEnd, StaffMember
from identity.tokens import AccessToken, Claims, issue

ACCOUNT_REFRESH: Final = timedelta(days=60)
ACCOUNT_SESSION: Final = timedelta(days=365)
STAFF_SESSION: Final = timedelta(hours=12)  # a working day; then both factors again

_DEVICE_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session with what its holder needs to go on; the refresh token is never seen again."""

    session: Session
    access: AccessToken = field(repr=False)
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime


async def open_session(
    holder: Account | StaffMember, *, device: str = "", enrolling: bool = False
) -> OpenSession:
    """Sign a holder in whose identity is proved; needs a running unit of work."""
    moment = now()
    staff = isinstance(holder, StaffMember)
    session = Session(
        account=None if staff else holder,
        staff=holder if staff else None,
        device=_label(device),
        enrolling=enrolling,
        last_seen_at=moment,
        expires_at=moment + (STAFF_SESSION if staff else ACCOUNT_SESSION),
    )
    earlier = Session.filter(**{"staff_id" if staff else "account_id": holder.id})
    new_device = await earlier.exists() and not await earlier.filter(device=session.device).exists()
    await session.save(force_create=True)
    current().note("openSession", "Session", session.id, enrolling=enrolling)
    await emit(
        SignedIn(
            session_id=session.id,
            account_id=None if staff else holder.id,
            staff_id=holder.id if staff else None,
            new_device=new_device,
        )
    )
    return await _continue(session)


async def refresh_session(actor: Actor, *, refresh_token: str) -> OpenSession:
    """Exchange a refresh token for the next one and a new access token.

    Not noted in the audit trail, because nothing changes; a second use is.

    Raises:
        Unauthenticated: unknown, used or expired, or its session is over.
    """
    digest = _digest(refresh_token)
    known = await RefreshToken.get_or_none(token_hash=digest)
    if known is None:
        raise over()
    async with work(actor) as unit:
        # Whoever continues or ends a session holds its row, so that one comes after the other.
        session = await Session.filter(id=known.session_id).select_for_update().get_or_none()
        token = await RefreshToken.get_or_none(token_hash=digest)
        opened = None
        ended: list[UUID] = []
        if session is None or token is None or session.ended_at is not None:
            pass
        elif token.used_at is not None:
            ended = await end_sessions(Q(id=session.id), SessionEnd.TOKEN_REPLAYED)
            unit.note("refuseReplayedToken", "Session", session.id)
        elif token.expires_at > now() and await _in_force(session):
            token.used_at = session.last_seen_at = now()
            await token.save(update_fields=["used_at"])
            await session.save(update_fields=["last_seen_at"])
            opened = await _continue(session)
    forget(ended)
    if opened is None:
        raise over()
    return opened


async def sign_out(actor: Actor, *, everywhere: bool = False) -> int:
    """End the actor's session, or all of theirs; answers how many ended.

    Raises:
        Unauthenticated: the actor has no session.
    """
    if actor.session_id is None:
        raise Unauthenticated
    which = _held_by(actor) if everywhere else Q(id=actor.session_id)
    reason = SessionEnd.SIGNED_OUT_EVERYWHERE if everywhere else SessionEnd.SIGNED_OUT
    async with work(actor) as unit:
        ended = await end_sessions(which, reason)
        unit.note("signOut", "Session", actor.session_id, everywhere=everywhere)
    forget(ended)
    return len(ended)


async def sessions_of(actor: Actor) -> list[Session]:
    """The actor's sessions in force, the one seen last first.

    Raises:
        Unauthenticated: the actor has no session.
    """
    if actor.session_id is None:
        raise Unauthenticated
    in_force = Session.filter(_held_by(actor), ended_at=None, expires_at__gt=now())
    return await in_force.order_by("-last_seen_at", "-id")


async def end_sessions(which: Q, reason: SessionEnd) -> list[UUID]:
    """End the sessions that match; needs a running unit of work.

    Answers their ids: the caller gives them to :func:`~identity.authentication.forget` after
    the commit.
    """
    open_ones = Session.filter(which, ended_at=None).order_by("id").select_for_update()
    ids = [session.id for session in await open_ones.only("id")]
    await Session.filter(id__in=ids).update(ended_at=now(), end_reason=reason)
    for session_id in ids:
        await emit(SessionEnded(session_id=session_id, reason=reason))
    return ids


def _label(device: str) -> str:
    """What a device says it is, in one line of what can be shown."""
    printable = "".join(c if c.isprintable() else " " for c in device)
    return " ".join(printable.split())[:_DEVICE_LENGTH]


def _held_by(actor: Actor) -> Q:
    return Q(staff_id=actor.id) if actor.kind is ActorKind.STAFF else Q(account_id=actor.id)


async def _in_force(session: Session) -> bool:
    moment = now()
    if session.expires_at <= moment:
        return False
    if session.staff_id is not None:
        idle = timedelta(minutes=settings().staff_idle_minutes)
        staff = StaffMember.filter(id=session.staff_id, left_at=None)
        return moment - session.last_seen_at <= idle and await staff.exists()
    return await Account.filter(id=session.account_id, locked_at=None, closed_at=None).exists()


async def _continue(session: Session) -> OpenSession:
    moment = now()
    staff = session.staff_id is not None
    expires_at = min(session.expires_at, moment + (STAFF_SESSION if staff else ACCOUNT_REFRESH))
    text = secrets.token_urlsafe(32)
    await RefreshToken.create(
        session_id=session.id,
        token_hash=_digest(text),
        issued_at=moment,
        expires_at=expires_at,
    )
    access = issue(Claims(*_holder(session), session.id))
    return OpenSession(session, access, text, expires_at)


def _holder(session: Session) -> tuple[ActorKind, UUID]:
    if session.staff_id is not None:
        return ActorKind.STAFF, session.staff_id
    assert session.account_id is not None, "a session is somebody's"
    return ActorKind.ACCOUNT, session.account_id


def _digest(refresh_token: str) -> str:
    # 256 random bits need no slow hash and no key.
    return hashlib.sha256(refresh_token.encode(errors="replace")).hexdigest()
