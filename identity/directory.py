"""Members of staff and apps, listed for who manages them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from tortoise.queryset import QuerySet

from core.keyset import NOTHING, Order, Page, Slice, take
from identity.access import require, visible_apps, visible_staff
from identity.actor import Actor, Permission
from identity.models import StaffMember
from identity.staff import USER_NAME

BY_USER_NAME: Final = Order("user name", "user_name")
NEWEST_APP: Final = Order("newest app", "id", descending=True)

Row = dict[str, Any]


async def list_staff(
    actor: Actor, *, page: Page, columns: Sequence[str], user_name: str | None = None
) -> Slice:
    """Members of staff whom the actor may post, by user name; or the one of a user name.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor manages nobody's posts.
    """
    query = _managed(actor)
    if user_name is not None:
        login = user_name.strip().lower()
        if not USER_NAME.fullmatch(login):
            return NOTHING
        query = query.filter(user_name=login)
    return await take(query, BY_USER_NAME, page, columns)


async def staff_row(actor: Actor, *, staff_id: UUID, columns: Sequence[str]) -> Row | None:
    """One member of staff whom the actor may post.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor manages nobody's posts.
    """
    rows: list[Row] = list(await _managed(actor).filter(id=staff_id).values(*columns))
    return rows[0] if rows else None


async def list_apps(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """Apps that the actor manages, the newest first.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor manages no apps.
    """
    require(actor, Permission.APPS_MANAGE)
    return await take(visible_apps(actor), NEWEST_APP, page, columns)


async def app_row(actor: Actor, *, app_id: UUID, columns: Sequence[str]) -> Row | None:
    """One app that the actor manages.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor manages no apps.
    """
    require(actor, Permission.APPS_MANAGE)
    rows: list[Row] = list(await visible_apps(actor).filter(id=app_id).values(*columns))
    return rows[0] if rows else None


def _managed(actor: Actor) -> QuerySet[StaffMember]:
    require(actor, Permission.POSTS_MANAGE)
    managed = visible_staff(actor, Permission.POSTS_MANAGE)
    # Whoever left has no posts any more, so every supervisor of the town would see them.
    return managed if actor.paths(Permission.STAFF_MANAGE) else managed.filter(left_at=None)
