"""Who may see and answer declarations: the only way to load them by id.

What is absent and what is not for the actor answer alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from citizen.models import Declaration, ResidenceObjection
from core.clock import now
from core.crypto import reveal
from core.errors import NotFound, WrongState
from identity.actor import Actor, ActorKind, Permission
from identity.models import Account
from management.access import access_place_at_plate, in_scope, require_sign_in
from management.models import (
    ClaimState,
    Person,
    Place,
    PlaceClaim,
    Plate,
    PlateState,
    ResidenceSource,
    Room,
)
from management.people.persons import phone_indexes
from management.people.residences import LANDLORD_SEES

_NOTHING: Final = Q(id__isnull=True)


class Part(StrEnum):
    """As what somebody sees a declaration."""

    DECLARER = "DECLARER"
    PERSON = "PERSON"
    LANDLORD = "LANDLORD"
    STAFF = "STAFF"


async def own_phone(actor: Actor) -> str | None:
    """The phone of the account that acts, in clear; None where it has none."""
    account = await Account.get_or_none(id=actor.id) if actor.kind is ActorKind.ACCOUNT else None
    return reveal(account, "phone") if account is not None else None


async def own_persons(actor: Actor) -> list[UUID]:
    """The persons that the account speaks for: its own, and who was declared with its phone.

    Somebody whom a landlord declared has not signed in as that person yet; the phone that the
    landlord gave leads to them, unless another account is known to be theirs.
    """
    if actor.kind is not ActorKind.ACCOUNT:
        return []
    phone = await own_phone(actor)
    mine = Q(account_id=actor.id)
    if phone is not None:
        mine |= Q(account_id=None, phone_index__in=phone_indexes(phone))
    return list(await Person.filter(mine).values_list("id", flat=True))  # type: ignore[arg-type]


def as_landlord(actor: Actor) -> Q:
    """The condition for declarations that who runs the place may see.

    Those that took effect there, while somebody lives there and thirty days after; what is held
    is between the declarer and the wardens.
    """
    runs = PlaceClaim.filter(account_id=actor.id, state=ClaimState.VERIFIED).values("place_id")
    lately = Q(residence__current=True) | Q(residence__ended_at__gte=now() - LANDLORD_SEES)
    theirs = Q(asked_landlord_at__isnull=False) | Q(source=ResidenceSource.LANDLORD)
    return Q(lately, theirs, place_id__in=Subquery(runs))


async def own(actor: Actor) -> Q:
    """The condition for declarations that the actor made, or that are about them."""
    return Q(account_id=actor.id) | Q(person_id__in=await own_persons(actor))


async def visible_declarations(actor: Actor) -> QuerySet[Declaration]:
    """Accounts: what they declared, what is about them, what their tenants declared.

    Staff: where they may read about people.
    """
    if actor.kind is ActorKind.ACCOUNT:
        return Declaration.filter(await own(actor) | as_landlord(actor))
    if actor.kind is ActorKind.STAFF:
        return Declaration.filter(in_scope(actor, Permission.PEOPLE_READ, "place__"))
    return Declaration.filter(_NOTHING)


async def access_declaration(
    actor: Actor, *, declaration_id: UUID, permission: Permission = Permission.PEOPLE_READ
) -> tuple[Place, Declaration]:
    """One declaration that the actor may see, its place and then it locked, in this order.

    ``permission`` is what staff need there. In a running unit of work.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not for the actor.
    """
    require_sign_in(actor)
    visible = await visible_declarations(actor)
    seen = await visible.filter(id=declaration_id).select_related("place").first()
    if seen is None or (
        actor.kind is not ActorKind.ACCOUNT and not actor.may(permission, seen.place.grid_path)
    ):
        raise NotFound
    place = await Place.filter(id=seen.place_id).select_for_update().get()
    return place, await Declaration.filter(id=declaration_id).select_for_update().get()


async def access_objection(
    actor: Actor, *, objection_id: UUID
) -> tuple[Place, Declaration, ResidenceObjection]:
    """One objection for who decides there: place, declaration and it locked, in this order.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the scope in which the actor decides.
    """
    require_sign_in(actor)
    scope = in_scope(actor, Permission.DECLARATIONS_DECIDE, "declaration__place__")
    seen = await ResidenceObjection.filter(scope, id=objection_id).first()
    if seen is None or actor.kind is not ActorKind.STAFF:
        raise NotFound
    place, row = await access_declaration(
        actor, declaration_id=seen.declaration_id, permission=Permission.DECLARATIONS_DECIDE
    )
    return place, row, await ResidenceObjection.filter(id=objection_id).select_for_update().get()


async def at_plate(actor: Actor, *, token: str, room_id: UUID | None) -> tuple[Place, Room]:
    """The place, locked, and the room at whose plate somebody with an account stands.

    The plate of a room says which; at that of the house the room is named.

    Raises:
        Unauthenticated, NotFound, RateLimited: as in
            :func:`management.access.access_place_at_plate`; the room is not of this house, or
            the plate is that of another room.
        WrongState: ``ROOM_NEEDED``: the plate is the house's, and no room was named.
    """
    place = await access_place_at_plate(actor, token=token)
    plate = await Plate.filter(token=token, state=PlateState.ACTIVE).only("room_id").get()
    wanted = plate.room_id or room_id
    if wanted is None:
        raise WrongState(
            field="input.roomId",
            reason="ROOM_NEEDED",
            zh="请选择您住的房间",
            en="Choose the room that you live in",
        )
    if room_id is not None and room_id != wanted:
        raise NotFound(field="input.roomId")
    room = await Room.filter(id=wanted, place_id=place.id).first()
    if room is None:
        raise NotFound(field="input.roomId")
    return place, room


def parts_of(
    actor: Actor, row: Mapping[str, Any], *, persons: frozenset[UUID], runs: bool
) -> frozenset[Part]:
    """As what the actor sees a declaration that was loaded for them."""
    if actor.kind is not ActorKind.ACCOUNT:
        return frozenset({Part.STAFF})
    parts = set()
    if row["account_id"] == actor.id:
        parts.add(Part.DECLARER)
    if row["person_id"] in persons:
        parts.add(Part.PERSON)
    if runs:
        parts.add(Part.LANDLORD)
    return frozenset(parts)
