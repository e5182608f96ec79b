"""Notices as staff follow them, and what is public of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.clock import now
from core.database import fetch
from core.errors import NotFound
from core.keyset import Order, Page, Slice, take
from identity.actor import Actor
from management.models.territory import codes_of
from management.territory import territory
from notifications.models import Notice, NoticeKind, NoticeState, Notification
from notifications.notices.access import access_notice, beneath, visible_notices

_NEWEST: Final = Order("notices", "created_at", descending=True)
_LATEST: Final = Order("announcements", "sent_at", descending=True)
_RECEIPTS: Final = Order("receipts", "created_at")


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices to list."""

    state: NoticeState | None = None
    kind: NoticeKind | None = None
    grid_code: str | None = None


async def list_notices(
    actor: Actor, *, filter_by: NoticeFilter, page: Page, columns: Sequence[str]
) -> Slice:
    """Notices of the grids where the actor may send, newest first.

    Raises:
        NotFound: there is no such grid.
    """
    query = visible_notices(actor)
    if filter_by.state is not None:
        query = query.filter(state=filter_by.state)
    if filter_by.kind is not None:
        query = query.filter(kind=filter_by.kind)
    if filter_by.grid_code is not None:
        query = query.filter(beneath(await _path(filter_by.grid_code, "filter.gridCode")))
    return await take(query, _NEWEST, page, columns)


async def notice_by_id(
    actor: Actor, notice_id: UUID, columns: Sequence[str]
) -> dict[str, Any] | None:
    """One notice of the grids where the actor may send."""
    rows = await visible_notices(actor).filter(id=notice_id).values(*columns)
    return dict(rows[0]) if rows else None


async def read_counts(notice_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many recipients of each notice have read it: one query for all."""
    rows = await fetch(
        "SELECT notice_id, count(*) AS read FROM notification"
        " WHERE notice_id = ANY($1::uuid[]) AND read_at IS NOT NULL GROUP BY notice_id",
        list(notice_ids),
    )
    return {row["notice_id"]: row["read"] for row in rows}


async def receipts(actor: Actor, *, notice_id: UUID, page: Page) -> Slice:
    """Who of the staff was told, and when they read it.

    Of residents and landlords there are numbers alone: that somebody lives or lets there, and
    what they read, is nobody's business.

    Raises:
        Unauthenticated, NotFound: no such notice for the actor.
    """
    await access_notice(actor, notice_id=notice_id)
    told = Notification.filter(notice_id=notice_id, staff_id__isnull=False)
    return await take(told, _RECEIPTS, page, ("staff_id", "staff__name", "read_at"))


async def announcements(*, grid_code: str | None, page: Page, columns: Sequence[str]) -> Slice:
    """What is public now, the latest first: of a grid, those for it, beneath and above it.

    Raises:
        NotFound: there is no such grid.
    """
    query = in_force()
    if grid_code is not None:
        query = query.filter(concerns(await _path(grid_code, "gridCode")))
    return await take(query, _LATEST, page, columns)


async def announcement(notice_id: UUID, columns: Sequence[str]) -> dict[str, Any] | None:
    """One that is public now."""
    rows = await in_force().filter(id=notice_id).values(*columns)
    return dict(rows[0]) if rows else None


def in_force() -> QuerySet[Notice]:
    """What everybody may read now."""
    return Notice.filter(state=NoticeState.SENT, shown_until__gt=now())


def concerns(path: str) -> Q:
    """The condition "is for this grid, one beneath it, or one that it lies in"."""
    return Q(beneath(path), Q(grid_code__in=codes_of(path)), join_type=Q.OR)


async def _path(grid_code: str, field: str) -> str:
    grid = (await territory()).by_code.get(grid_code)
    if grid is None:
        raise NotFound(field=field)
    return cast("str", grid["path"])
