"""Reporting a hazard: by residents and landlords, without a name, by apps, by staff for a caller.

The report is taken in whole: row, words, pictures, first step, task and news of it in one
transaction, or nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.clock import now, today
from core.crypto import ring, seal
from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.ids import uuid7
from core.rates import allow
from core.text import clean, phone_number
from core.work import unless_taken, work
from identity.actor import Actor, ActorKind, Permission
from management.access import require_sign_in
from management.hazards.access import access_hazard, access_hazard_by_token, checked_token
from management.hazards.answers import Answer, checked_answers
from management.hazards.categories import Category, category
from management.hazards.loop import begin, started
from management.hazards.pictures import checked_photos, hang
from management.hazards.tokens import hash_of, token_of
from management.hazards.whereabouts import Found, Spot, locate
from management.models import (
    FollowReason,
    Hazard,
    HazardFollower,
    HazardPhotoRole,
    HazardReport,
    HazardSource,
    HazardState,
)
from management.rules import rules

LONGEST_WORDS: Final = 1000
AHEAD: Final = timedelta(minutes=5)
"""Clocks of phones run ahead of ours by so much, at most."""
BY_STAFF: Final = frozenset(
    {HazardSource.WARDEN, HazardSource.HOTLINE_12345, HazardSource.RESIDENT, HazardSource.SAMPLING}
)
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
# To say aloud: without letters and digits that sound or look like others.
_LETTERS: Final = "ACDEFGHJKLMNPQRTUVWXY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What somebody says of a hazard.

    ``name`` and ``phone``: of the caller for whom staff take it down, or of who reports without
    an account and wants to be called. ``seen_at``: when, when that was earlier. ``earlier_id`` or
    ``earlier_token``: a closed hazard that it follows.
    """

    category_code: str
    spot: Spot
    words: str = ""
    answers: Sequence[Answer] = ()
    photo_ids: Sequence[UUID] = ()
    seen_at: datetime | None = None
    name: str = ""
    phone: str = ""
    external_no: str | None = None
    earlier_id: UUID | None = None
    earlier_token: str | None = None


async def report_hazard(actor: Actor, *, statement: Statement) -> Hazard:
    """Report a hazard: an account, an app, or somebody without a name.

    An anonymous reporter's way back is :func:`management.hazards.tokens.token_of`.

    Raises:
        NotFound: staff (they use :func:`report_hazard_for`); an app without the scope there; no
            such plate, place, room or picture.
        InvalidInput: unknown category, answers that don't fit, nowhere, too long ago, in the
            future, too many pictures or one used before, words that can't be used.
        Conflict: an app has reported this number before.
        WrongState: the earlier hazard is not closed.
        RateLimited: too many reports by the account or app, or from the address.
    """
    if actor.kind is ActorKind.STAFF:
        raise NotFound
    if actor.kind is ActorKind.APP and not actor.paths(Permission.HAZARDS_WRITE):
        raise NotFound
    kind, said = category(statement.category_code), _checked(statement)
    app = actor.kind is ActorKind.APP
    if said.external_no is not None and not app:
        raise _no_number()
    permission = Permission.HAZARDS_WRITE if app else None
    async with work(actor):
        where = await locate(actor, said.spot, permission=permission)
        source = HazardSource.OPEN311 if app else HazardSource.RESIDENT
        if where.runs:
            source = HazardSource.LANDLORD
        hazard = await _enter(actor, kind, said, where, source)
        await _count(actor)
    return hazard


async def report_hazard_for(actor: Actor, *, source: HazardSource, statement: Statement) -> Hazard:
    """Take a hazard down: what staff found themselves, or what a caller told them.

    Raises:
        Unauthenticated, NotFound: the actor is not staff who may do so there; or as
            :func:`report_hazard`.
        InvalidInput: a source that staff don't report from; the hotline without its number; a
            caller of what staff found themselves; or as :func:`report_hazard`.
        Conflict: the hotline's number is known already.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.STAFF or not actor.paths(Permission.HAZARDS_WRITE):
        raise NotFound
    if source not in BY_STAFF:
        raise InvalidInput(
            field="input.source", reason="SOURCE", zh="不能选这个来源", en="Not a source of staff"
        )
    kind, said = category(statement.category_code), _checked(statement)
    hotline = source is HazardSource.HOTLINE_12345
    if hotline != (said.external_no is not None):
        raise InvalidInput(
            field="input.externalNo",
            reason="HOTLINE_NUMBER",
            zh="12345 转办的请填写工单编号，其他来源不填",
            en="The hotline's number goes with reports of the hotline, and with no others",
        )
    if source in {HazardSource.WARDEN, HazardSource.SAMPLING} and (said.name or said.phone):
        raise InvalidInput(
            field="input.callerPhone",
            reason="NO_CALLER",
            zh="自己发现的隐患没有来电人",
            en="What you found yourself has no caller",
        )
    async with work(actor):
        where = await locate(actor, said.spot, permission=Permission.HAZARDS_WRITE)
        return await _enter(actor, kind, said, where, source)


def _no_number() -> InvalidInput:
    return InvalidInput(
        field="input.externalNo",
        reason="APPS_ONLY",
        zh="外部编号只用于对接的系统",
        en="Only another system has a number of its own",
    )


def _checked(said: Statement) -> Statement:
    """The statement with clean words and a moment that can be."""
    checked_photos(said.photo_ids)
    if said.earlier_token is not None:
        checked_token(said.earlier_token, field="input.earlierToken")
    number = said.external_no
    if number is not None:
        number = clean(number, field="input.externalNo", longest=50, shortest=1)
    return replace(
        said,
        words=clean(said.words, field="input.words", longest=LONGEST_WORDS, multiline=True),
        name=clean(said.name, field="input.callerName", longest=40),
        phone=phone_number(said.phone, field="input.callerPhone"),
        external_no=number,
        seen_at=_seen(said.seen_at),
    )


def _seen(at: datetime | None) -> datetime:
    moment = now()
    if at is None:
        return moment
    days = rules().hazard_seen_days
    if at.tzinfo is None or not moment - timedelta(days=days) <= at <= moment + AHEAD:
        raise InvalidInput(
            field="input.seenAt",
            reason="SEEN_AT",
            params={"days": days},
            zh="发现时间应在最近 {days} 天内",
            en="It was seen within the last {days} days",
        )
    return min(at, moment)


async def _enter(
    actor: Actor, kind: Category, said: Statement, where: Found, source: HazardSource
) -> Hazard:
    """Write everything. The place, if there is one, is locked."""
    answers = checked_answers(kind, said.answers)
    earlier_id = await _earlier(actor, said)
    hazard = Hazard(
        id=uuid7(),
        code=_code(),
        place_id=where.place_id,
        room_id=where.room_id,
        grid_path=where.grid_path,
        community_code=where.community_code,
        grid_code=where.grid_code,
        longitude=where.longitude,
        latitude=where.latitude,
        category=kind.code,
        severity=kind.judged(answers),
        source=source,
        external_no=_number(actor, said),
        earlier_id=earlier_id,
    )
    begin(hazard)
    await _insert(hazard)
    await _keep_report(actor, hazard, said, answers)
    await hang(actor, hazard, said.photo_ids, role=HazardPhotoRole.FOUND)
    if actor.kind is ActorKind.ACCOUNT:
        await HazardFollower.create(
            hazard_id=hazard.id, account_id=actor.id, why=FollowReason.REPORTED
        )
    await started(hazard, by=actor)
    return hazard


def _code() -> str:
    return f"{today():%y%m%d}-" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def _number(actor: Actor, said: Statement) -> str | None:
    """The number as it is kept: two systems may use the same one."""
    if said.external_no is None or actor.kind is not ActorKind.APP or actor.id is None:
        return said.external_no
    return f"{actor.id.hex[-8:]}:{said.external_no}"


def shown_number(source: HazardSource | str, number: str | None) -> str | None:
    """An external number as the other system knows it."""
    if number is None or source != HazardSource.OPEN311:
        return number
    return number.partition(":")[2]


async def _insert(hazard: Hazard) -> None:
    if hazard.external_no is None:
        await hazard.save(force_create=True)
        return
    taken = Conflict(
        field="input.externalNo",
        reason="EXTERNAL_NO",
        zh="这个编号已经上报过",
        en="This number was reported already",
    )
    async with unless_taken(taken):
        await hazard.save(force_create=True)


async def _keep_report(actor: Actor, hazard: Hazard, said: Statement, answers: Any) -> None:
    report = HazardReport(
        id=uuid7(),
        hazard_id=hazard.id,
        account_id=actor.id if actor.kind is ActorKind.ACCOUNT else None,
        staff_id=actor.id if actor.kind is ActorKind.STAFF else None,
        app_id=actor.id if actor.kind is ActorKind.APP else None,
        seen_at=said.seen_at,
        received_at=now(),
    )
    if actor.kind is ActorKind.ANONYMOUS:
        report.token_hash = hash_of(token_of(hazard.id))
    seal(report, "words", said.words or None)
    seal(report, "answers", json.dumps(dict(answers), ensure_ascii=False) if answers else None)
    if actor.kind is not ActorKind.ACCOUNT:  # an account has a name and a phone of its own
        seal(report, "caller_name", said.name or None)
        seal(report, "caller_phone", said.phone or None)
        if said.phone:
            report.caller_index = ring().index(
                said.phone, table="hazard_report", column="caller_index"
            )
    await report.save(force_create=True)


async def _earlier(actor: Actor, said: Statement) -> UUID | None:
    """The closed hazard that this one follows: one of the reporter's, or that they may see."""
    if said.earlier_token is not None:
        earlier = await access_hazard_by_token(actor, token=said.earlier_token)
    elif said.earlier_id is not None:
        earlier = await access_hazard(actor, hazard_id=said.earlier_id)
    else:
        return None
    if earlier.state is not HazardState.CLOSED:
        raise WrongState(
            reason=earlier.state.value,
            zh="原隐患还没有销号，可以直接补充",
            en="The earlier hazard is not closed: add to that",
        )
    found: UUID = earlier.id
    return found


async def _count(actor: Actor) -> None:
    """Bound what one source can report. Without Redis nobody is kept from reporting a danger."""
    limits = rules()
    if actor.kind is ActorKind.ANONYMOUS:
        await allow(
            "anonymous hazards", actor.address, limit=limits.anonymous_hazards_per_hour,
            window=_HOUR, fail_open=True,
        )  # fmt: skip
        return
    app = actor.kind is ActorKind.APP
    most = limits.app_hazards_per_day if app else limits.hazard_reports_per_day
    await allow("hazards", str(actor.id), limit=most, window=_DAY, fail_open=True)
