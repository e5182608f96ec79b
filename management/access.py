"""Who may see and change what management holds: the only way to load its rows by id.

Lists start from ``visible_*``; look-ups go through ``access_*``. What is absent and what is not
for the actor answer alike.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.errors import NotFound, Unauthenticated
from core.rates import allow
from identity.actor import EVERYWHERE, Actor, ActorKind, Permission
from management.models import ClaimState, Grid, Place, PlaceClaim, Plate, PlateState, Room
from management.models.territory import codes_of

_NOTHING = Q(id__isnull=True)
_MISSES_WINDOW: Final = timedelta(minutes=1)


def within(path: str, prefix: str = "") -> Q:
    """The condition "lies in this grid" on rows that carry a place's grid columns.

    ``prefix`` leads to the place (``place__``). Of the three levels the lower two are equality on
    a column of their own, which PostgreSQL can combine with an order; the town is a range of the
    path (``COLLATE "C"``, and "0" follows "/").
    """
    codes = codes_of(path)
    if len(codes) == 1:
        upper = path[:-1] + "0"
        return Q(**{f"{prefix}grid_path__gte": path, f"{prefix}grid_path__lt": upper})
    column = "community_code" if len(codes) == 2 else "grid_code"
    return Q(**{f"{prefix}{column}": codes[-1]})


def in_scope(actor: Actor, permission: Permission, prefix: str = "") -> Q:
    """The condition "lies where the actor holds the permission"."""
    paths = actor.paths(permission)
    if EVERYWHERE in paths:
        return Q()
    return Q(*(within(path, prefix) for path in paths), join_type=Q.OR) if paths else _NOTHING


def visible_places(
    actor: Actor, permission: Permission = Permission.PLACES_READ
) -> QuerySet[Place]:
    """Staff and apps: places in their scope. Accounts may read those they are known to run."""
    if actor.kind is ActorKind.ACCOUNT:
        if permission is not Permission.PLACES_READ:
            return Place.filter(_NOTHING)
        own = PlaceClaim.filter(account_id=actor.id, state=ClaimState.VERIFIED).values("place_id")
        return Place.filter(id__in=Subquery(own))
    return Place.filter(in_scope(actor, permission))


async def access_place(
    actor: Actor,
    *,
    place_id: UUID | None = None,
    code: str | None = None,
    permission: Permission = Permission.PLACES_READ,
    lock: bool = False,
) -> Place:
    """One place by id or code, for an actor who holds the permission there.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's scope.
    """
    require_sign_in(actor)
    if code is not None and not _is_code(code, longest=24):
        raise NotFound
    which: dict[str, Any] = {"code": code} if place_id is None else {"id": place_id}
    query = visible_places(actor, permission).filter(**which)
    place = await (query.select_for_update() if lock else query).first()
    if place is None:
        raise NotFound
    return place


async def access_room(
    actor: Actor, *, room_id: UUID, permission: Permission = Permission.PLACES_READ
) -> Room:
    """One room, for who may see its place."""
    require_sign_in(actor)
    room = await Room.get_or_none(id=room_id).select_related("place")
    if room is None:
        raise NotFound
    await access_place(actor, place_id=room.place_id, permission=permission)
    return room


async def access_plate(
    actor: Actor, *, plate_id: UUID, permission: Permission = Permission.PLATES_MANAGE
) -> Plate:
    """One plate, for who may manage the plates of its place."""
    require_sign_in(actor)
    plate = await Plate.filter(in_scope(actor, permission, "place__"), id=plate_id).first()
    if plate is None:
        raise NotFound
    return plate


def visible_claims(actor: Actor) -> QuerySet[PlaceClaim]:
    """Staff: claims on places where they decide. Accounts: their own, and who takes over theirs."""
    if actor.kind is ActorKind.ACCOUNT:
        successor = Q(vouched=True, takes_over__account_id=actor.id)
        return PlaceClaim.filter(Q(account_id=actor.id) | successor)
    return PlaceClaim.filter(in_scope(actor, Permission.CLAIMS_DECIDE, "place__"))


async def access_claim(actor: Actor, *, claim_id: UUID, kind: ActorKind) -> PlaceClaim:
    """One claim, for an actor of this kind; its place and then it locked, in this order.

    In a running unit of work.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, out of scope, or somebody else's.
    """
    require_sign_in(actor)
    seen = await visible_claims(actor).filter(id=claim_id).first()
    if actor.kind is not kind or seen is None:
        raise NotFound
    # The place is locked first, as by everything that changes several of its listings.
    await Place.filter(id=seen.place_id).select_for_update().only("id").get()
    return await PlaceClaim.filter(id=claim_id).select_for_update().get()


async def access_place_at_plate(actor: Actor, *, token: str) -> Place:
    """The place, locked, at which somebody with an account stands: they scanned its plate.

    The plate is in use, and the place's own or of one of its rooms. In a running unit of work.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not an account, or no such plate, or one that is out of use.
        RateLimited: this address has asked for too many plates that don't exist.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    plate = None
    if _is_code(token, longest=32):
        plate = await Plate.filter(token=token, state=PlateState.ACTIVE).first()
    if plate is None:
        await count_plate_miss(actor)
        raise NotFound(field="input.plateToken")
    return await Place.filter(id=plate.place_id).select_for_update().get()


async def count_plate_miss(actor: Actor) -> None:
    """Count a token that speaks for nothing against the address it came from.

    Raises:
        RateLimited: more than 10 a minute.
    """
    await allow("plate misses", actor.address, limit=10, window=_MISSES_WINDOW, fail_open=True)


async def access_grid(actor: Actor, *, code: str, permission: Permission) -> Grid:
    """One grid by code, for an actor who holds the permission in all of it."""
    require_sign_in(actor)
    grid = await Grid.get_or_none(code=code) if _is_code(code, longest=40) else None
    if grid is None or not actor.may(permission, grid.path):
        raise NotFound
    return grid


def _is_code(text: str, *, longest: int) -> bool:
    """Whether such a code can be at all: databases refuse NUL, the ORM what is too long."""
    return len(text) <= longest and text.isascii() and text.isprintable()


def require_sign_in(actor: Actor) -> None:
    """Refuse the anonymous.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated
