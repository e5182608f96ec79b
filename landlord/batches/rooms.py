"""How the rooms of a house stand, many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from core.clock import today
from core.errors import InvalidInput, NotFound
from core.work import work
from identity.actor import Actor, ActorKind
from landlord.batches.common import check_count, refuse
from landlord.models import Listing, ListingState
from management.access import access_place, require_sign_in
from management.models import Place, Room, RoomState
from management.people.duties import begin_duties, signed_by
from management.rooms import set_states

_LIVE: Final = (ListingState.PUBLISHED, ListingState.RESERVED, ListingState.SUSPENDED)


async def set_room_states(
    actor: Actor, *, place_id: UUID, states: Mapping[UUID, RoomState]
) -> Place:
    """Say which rooms of a house are vacant and which are let, all or none.

    Rooms that are on offer or held change with their listing instead, and a room that staff put
    out of use stays so. Where a room is let and nobody is registered in it, the landlord has the
    duty to register the tenant from today on.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor is not known to run the house, or a room is not in it.
        InvalidInput: no room, too many, or a state that is not the landlord's to set.
        WrongState: a room is on offer or out of use; ``params.items`` names each.
    """
    check_count(states, "input.items")
    if RoomState.OUT_OF_USE in states.values():
        raise InvalidInput(
            field="input.items",
            reason="OUT_OF_USE",
            zh="停用房间请联系网格员",
            en="A room is put out of use by staff",
        )
    async with work(actor) as unit:
        place = await _own_place(actor, place_id)
        rooms = await _rooms(place, states)
        offered = set(
            await Listing.filter(
                room_id__in=list(states), state__in=[state.value for state in _LIVE]
            ).values_list("room_id", flat=True)
        )
        faults = [
            {
                "room": room.number,
                "code": room.code,
                "reason": "ON_OFFER" if room.id in offered else room.state.value,
            }
            for room in rooms
            if room.id in offered or room.state is RoomState.OUT_OF_USE
        ]
        refuse(faults)
        newly_let = [
            room
            for room in rooms
            if room.state is RoomState.VACANT and states[room.id] is RoomState.LET
        ]
        changed = await set_states({room: states[room.id] for room in rooms})
        if actor.id is not None and newly_let:
            signer = await signed_by(place.id, actor.id)
            await begin_duties(
                newly_let, account_id=signer, signed_on=today(), unless_lived_in=True
            )
        unit.note("setRoomStates", "PLACE", place.id, count=changed)
    return place


async def _own_place(actor: Actor, place_id: UUID) -> Place:
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    await access_place(actor, place_id=place_id)
    return await Place.filter(id=place_id).select_for_update().get()


async def _rooms(place: Place, ids: Collection[UUID]) -> list[Room]:
    """These rooms of a place, locked in one order.

    Raises:
        NotFound: one is not in it.
    """
    wanted = Room.filter(place_id=place.id, id__in=list(ids))
    rooms = await wanted.order_by("id").select_for_update()
    if len(rooms) < len(set(ids)):
        raise NotFound
    return rooms
