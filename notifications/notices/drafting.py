"""Notices are written: words, the grid, who hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.clock import now
from core.datums import Datum, Point
from core.errors import InvalidInput, WrongState, require_version
from core.text import clean
from core.work import work
from identity.actor import Actor
from management.models import Grid
from management.rules import rules
from management.territory import grid_of_point
from notifications.models import Audience, Notice, NoticeKind, NoticeState
from notifications.notices.access import access_notice, access_sending_grid

LONGEST_TITLE: Final = 30
LONGEST_BODY: Final = 2000
"""Characters of Chinese; English may take twice as many."""
SMALLEST_RADIUS: Final = 50
LARGEST_RADIUS: Final = 5000
"""Metres around the point of an alert."""
SHORTEST_REASON: Final = 5

NEIGHBOURS: Final = frozenset({Audience.LANDLORDS, Audience.RESIDENTS})
"""Whom an emergency always reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a notice says and whom it is for. ``radius`` in metres."""

    kind: NoticeKind
    grid_code: str
    title_zh: str
    body_zh: str
    title_en: str = ""
    body_en: str = ""
    audience: frozenset[Audience] = frozenset()
    point: Point | None = None
    radius: int | None = None
    emergency: bool = False
    reason: str = ""
    shown_until: datetime | None = None


async def draft_notice(actor: Actor, draft: Draft) -> Notice:
    """Write a notice; nobody hears of it before it is sent.

    Raises:
        Unauthenticated, NotFound: the actor may not send notices in the grid.
        InvalidInput: the parts don't fit together, or a text is too long or empty.
    """
    async with work(actor) as unit:
        grid = await access_sending_grid(actor, code=draft.grid_code)
        assert actor.id is not None  # staff
        notice = Notice(author_id=actor.id)
        await _write(notice, draft, grid)
        await notice.save(force_create=True)
        unit.note("draftNotice", "NOTICE", notice.id, kind=notice.kind.value, grid=grid.id)
    return notice


async def change_notice(
    actor: Actor, *, notice_id: UUID, expected_version: int, draft: Draft
) -> Notice:
    """Write a notice anew that was not sent yet.

    Raises:
        Unauthenticated, NotFound: no such notice for the actor, or they may not send notices in
            the grid that it shall be for.
        WrongState: it is no draft any more.
        Conflict: somebody changed it meanwhile.
        InvalidInput: as :func:`draft_notice`.
    """
    async with work(actor) as unit:
        notice = await access_notice(actor, notice_id=notice_id, lock=True)
        grid = await access_sending_grid(actor, code=draft.grid_code)
        require_draft(notice)
        require_version(notice.version, expected_version)
        await _write(notice, draft, grid)
        notice.version += 1
        await notice.save()
        unit.note("changeNotice", "NOTICE", notice.id, version=notice.version, grid=grid.id)
    return notice


def require_draft(notice: Notice) -> None:
    """Refuse what was sent, scheduled or cancelled.

    Raises:
        WrongState: it is no draft any more.
    """
    if notice.state is not NoticeState.DRAFT:
        raise WrongState(
            reason="NO_DRAFT",
            params={"state": notice.state.value},
            zh="已经发出、定时或取消，不能再改",
            en="It was sent, scheduled or cancelled already",
        )


async def _write(notice: Notice, draft: Draft, grid: Grid) -> None:
    _check_kind(draft)
    notice.kind = draft.kind
    notice.grid_code, notice.grid_path = grid.code, grid.path
    notice.title_zh = clean(
        draft.title_zh, field="input.titleZh", longest=LONGEST_TITLE, shortest=2
    )
    notice.body_zh = clean(
        draft.body_zh, field="input.bodyZh", longest=LONGEST_BODY, shortest=2, multiline=True
    )
    # Whoever reads English gets all of it or none.
    least = 2 if draft.title_en.strip() or draft.body_en.strip() else 0
    notice.title_en = clean(
        draft.title_en, field="input.titleEn", longest=2 * LONGEST_TITLE, shortest=least
    )
    notice.body_en = clean(
        draft.body_en,
        field="input.bodyEn",
        longest=2 * LONGEST_BODY,
        shortest=least,
        multiline=True,
    )
    notice.reason = ""
    if draft.emergency:
        notice.reason = clean(
            draft.reason, field="input.reason", longest=200, shortest=SHORTEST_REASON
        )
    notice.emergency = draft.emergency
    audience = draft.audience | NEIGHBOURS if draft.emergency else draft.audience
    notice.audience = [each.value for each in Audience if each in audience]
    notice.shown_until = draft.shown_until
    await _place(notice, draft, grid)


def _check_kind(draft: Draft) -> None:
    """Refuse parts that a kind does not have, and a kind without what it needs."""
    alert = draft.kind is NoticeKind.AREA_ALERT
    if draft.point is not None and not alert:
        raise _unfit("point")
    if (draft.point is None) != (draft.radius is None):
        raise _unfit("radius")
    if draft.emergency and not alert:
        raise _unfit("emergency")
    if draft.reason.strip() and not draft.emergency:
        raise _unfit("reason")
    if draft.kind is not NoticeKind.ANNOUNCEMENT and not (draft.audience or draft.emergency):
        raise InvalidInput(
            field="input.audience", reason="EMPTY", zh="请选择发给谁", en="Say whom it is for"
        )
    if draft.kind is NoticeKind.NOTICE and draft.shown_until is not None:
        raise _unfit("shownUntil")
    if draft.kind is NoticeKind.ANNOUNCEMENT and draft.shown_until is None:
        raise InvalidInput(
            field="input.shownUntil",
            reason="EMPTY",
            zh="请填写公示到什么时候",
            en="Say until when it is shown",
        )
    check_shown(draft.shown_until, since=now())


def check_shown(until: datetime | None, *, since: datetime) -> None:
    """Refuse a notice that is shown to the public until before it begins, or for ever.

    Raises:
        InvalidInput: it is.
    """
    most = rules().announcement_days
    if until is not None and not since < until <= since + timedelta(days=most):
        raise InvalidInput(
            field="input.shownUntil",
            reason="PERIOD",
            params={"maximum": most},
            zh="公示截止时间须在发布之后，最长 {maximum} 天",
            en="It must end after it begins, within {maximum} days",
        )


async def _place(notice: Notice, draft: Draft, grid: Grid) -> None:
    notice.longitude = notice.latitude = notice.radius = None
    if draft.point is None or draft.radius is None:
        return
    point = draft.point.to(Datum.CGCS2000)
    if not SMALLEST_RADIUS <= draft.radius <= LARGEST_RADIUS:
        raise InvalidInput(
            field="input.radius",
            reason="RANGE",
            params={"minimum": SMALLEST_RADIUS, "maximum": LARGEST_RADIUS},
            zh="半径应在 {minimum} 到 {maximum} 米之间",
            en="Between {minimum} and {maximum} metres",
        )
    lies_in = await grid_of_point(point.lon, point.lat)
    if lies_in is None or not lies_in["path"].startswith(grid.path):
        raise InvalidInput(
            field="input.point",
            reason="OUTSIDE",
            zh="这个位置不在所选网格内",
            en="The point is not in the grid",
        )
    notice.longitude, notice.latitude, notice.radius = point.lon, point.lat, draft.radius


def _unfit(name: str) -> InvalidInput:
    return InvalidInput(
        field=f"input.{name}",
        reason="UNFIT",
        zh="这一类通知不能这样填",
        en="A notice of this kind has no such thing, or not in this way",
    )
