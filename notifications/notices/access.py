"""Who may see and send notices: staff, in the grids where they may send."""

from __future__ import annotations

from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.errors import NotFound, Unauthenticated
from identity.actor import EVERYWHERE, Actor, ActorKind, Permission
from management.access import access_grid
from management.models import Grid
from notifications.models import Notice

_NOTHING = Q(id__isnull=True)


def beneath(path: str) -> Q:
    """The condition "is for this grid or one beneath it"."""
    return Q(grid_path__gte=path, grid_path__lt=path[:-1] + "0")


def visible_notices(actor: Actor) -> QuerySet[Notice]:
    """Those for the grids where the actor may send notices, in whatever state."""
    paths = actor.paths(Permission.NOTICES_SEND)
    if EVERYWHERE in paths:
        return Notice.all()
    if not paths:
        return Notice.filter(_NOTHING)
    return Notice.filter(Q(*(beneath(path) for path in paths), join_type=Q.OR))


async def access_notice(actor: Actor, *, notice_id: UUID, lock: bool = False) -> Notice:
    """One notice, for staff who may send notices in its grid.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's scope.
    """
    _require_staff(actor)
    query = visible_notices(actor).filter(id=notice_id)
    notice = await (query.select_for_update() if lock else query).first()
    if notice is None:
        raise NotFound
    return notice


async def access_sending_grid(actor: Actor, *, code: str) -> Grid:
    """A grid in all of which the actor may send notices.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's scope.
    """
    _require_staff(actor)
    return await access_grid(actor, code=code, permission=Permission.NOTICES_SEND)


def _require_staff(actor: Actor) -> None:
    """Notices have a member of staff who answers for them.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: somebody else is.
    """
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
