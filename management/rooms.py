"""Rooms of a house."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.errors import Conflict, InvalidInput, WrongState
from core.events import emit
from core.numbers import within
from core.text import clean
from core.work import work
from identity.actor import Actor, Permission
from management.access import access_place, access_room
from management.events import RoomsAdded, RoomsUpdated, RoomsVacated, RoomUpdated
from management.models import Lifecycle, Place, PlaceKind, Room, RoomState
from management.rules import rules

_NUMBER = re.compile(r"[0-9A-Za-z]+(-[0-9A-Za-z]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRoom:
    """What is known of a room when it is added. ``area`` is usable m², ``rent`` yuan a month."""

    number: str
    floor: int | None = None
    area: Decimal | None = None
    dormitory: bool = False
    escape_window: bool | None = None
    rent: Decimal | None = None


async def add_rooms(actor: Actor, *, place_id: UUID, rooms: Sequence[NewRoom]) -> Place:
    """Add rooms to a rental house, all or none.

    Raises:
        InvalidInput: no rooms, too many, a number twice, a value that can't be used.
        Conflict: a number that the house has already.
        NotFound, WrongState: as in :func:`access_house`.
    """
    if not 1 <= len(rooms) <= rules().rooms_per_request:
        raise InvalidInput(
            field="input.rooms",
            reason="COUNT",
            params={"maximum": rules().rooms_per_request},
            zh="一次可添加 1 到 {maximum} 间",
            en="Add 1 to {maximum} rooms at a time",
        )
    checked = [_checked(room, f"input.rooms.{index}") for index, room in enumerate(rooms)]
    if len({room.number for room in checked}) < len(checked):
        raise InvalidInput(
            field="input.rooms", reason="NUMBER_TWICE", zh="房号重复", en="A number comes twice"
        )
    async with work(actor) as unit:
        place = await access_house(actor, place_id=place_id)
        numbers = [room.number for room in checked]
        if taken := await Room.filter(place_id=place.id, number__in=numbers).first():
            raise Conflict(
                field="input.rooms",
                reason="ROOM_EXISTS",
                params={"number": taken.number},
                zh="房号 {number} 已存在",
                en="Room {number} exists already",
            )
        await Room.bulk_create(
            Room(
                place_id=place.id,
                number=room.number,
                code=f"{place.code}-{room.number}",
                floor=room.floor,
                area=room.area,
                dormitory=room.dormitory,
                escape_window=room.escape_window,
                rent=room.rent,
            )
            for room in checked
        )
        unit.note("addRooms", "PLACE", place.id, count=len(checked))
        await emit(RoomsAdded(place_id=place.id))
    return place


async def update_room(actor: Actor, *, room_id: UUID, values: Mapping[str, Any]) -> Room:
    """Change what is known of a room, all or nothing; what is not among ``values`` stays.

    ``values``: floor, area (usable m²), dormitory, escape_window, rent (yuan a month), state.
    Listings of a room that goes out of use are withdrawn in the same transaction.

    Raises:
        InvalidInput: a value that can't be used.
        NotFound: absent, or out of the actor's scope.
        WrongState: as in :func:`access_house`.
    """
    _check(values, "input")
    async with work(actor) as unit:
        seen = await access_room(actor, room_id=room_id, permission=Permission.PLACES_WRITE)
        place = await access_house(actor, place_id=seen.place_id)
        room = await Room.filter(id=seen.id).select_for_update().get()
        was_let = room.state is RoomState.LET
        room.update_from_dict(dict(values))
        await room.save()
        unit.note("updateRoom", "PLACE", place.id, room=room.id, fields=sorted(values))
        await emit(RoomUpdated(room_id=room.id, place_id=place.id))
        if was_let and room.state is not RoomState.LET:
            await emit(RoomsVacated(place_id=place.id, room_ids=(room.id,)))
    return room


async def note_let(room: Room) -> None:
    """Note that a room is let, in a running unit of work with its place and itself locked.

    Raises:
        WrongState: it is let already, or out of use.
    """
    if room.state is not RoomState.VACANT:
        taken = room.state is RoomState.LET
        raise WrongState(
            reason="ROOM_LET" if taken else room.state.value,
            zh="房间已经出租" if taken else "房间已停用",
            en="The room is let already" if taken else "The room is out of use",
        )
    await _set_state(room, RoomState.LET)


async def note_vacant(room: Room) -> None:
    """Note that a room is to let again, in a running unit of work with its place locked."""
    if room.state is RoomState.LET:
        await _set_state(room, RoomState.VACANT)


async def note_all_vacant(rooms: Sequence[Room]) -> None:
    """As :func:`note_vacant` for several, with all their places locked; one event a place."""
    await set_states({room: RoomState.VACANT for room in rooms if room.state is RoomState.LET})


async def set_states(states: Mapping[Room, RoomState]) -> int:
    """Note how rooms stand now, in a running unit of work with all their places locked.

    One event a place tells of those that change; answers how many do.
    """
    changed = [room for room, state in states.items() if room.state is not state]
    vacated = {room.id for room in changed if room.state is RoomState.LET}
    for state in dict.fromkeys(states[room] for room in changed):
        ids = [room.id for room in changed if states[room] is state]
        await Room.filter(id__in=ids).update(state=state)
    by_place: dict[UUID, list[UUID]] = defaultdict(list)
    for room in changed:
        room.state = states[room]
        by_place[room.place_id].append(room.id)
    for place_id, room_ids in by_place.items():
        await emit(RoomsUpdated(place_id=place_id, room_ids=tuple(room_ids)))
        if left := tuple(room_id for room_id in room_ids if room_id in vacated):
            await emit(RoomsVacated(place_id=place_id, room_ids=left))
    return len(changed)


async def _set_state(room: Room, state: RoomState) -> None:
    was_let = room.state is RoomState.LET
    room.state = state
    await room.save(update_fields=["state"])
    await emit(RoomUpdated(room_id=room.id, place_id=room.place_id))
    if was_let:
        await emit(RoomsVacated(place_id=room.place_id, room_ids=(room.id,)))


async def access_house(actor: Actor, *, place_id: UUID) -> Place:
    """A rental house in use, locked, for who may change its file. A planned one is in use too.

    Raises:
        NotFound: absent, or out of the actor's scope.
        WrongState: the house is closed, or not a rental house.
    """
    place = await access_place(
        actor, place_id=place_id, permission=Permission.PLACES_WRITE, lock=True
    )
    closed = place.lifecycle in {Lifecycle.CLOSED, Lifecycle.DEMOLISHED}
    if closed or place.kind is not PlaceKind.RENTAL_HOUSE:
        raise WrongState(
            reason="NOT_LETTABLE",
            zh="只有在用的出租屋才有房间和租约",
            en="Only rental houses in use have rooms and leases",
        )
    return place


def capacity(area: Decimal | None) -> int | None:
    """How many people a room holds by its usable area; a family is exempt."""
    return None if area is None else int(area // rules().room_area_per_person)


def _checked(room: NewRoom, path: str) -> NewRoom:
    number = clean(room.number, field=f"{path}.number", longest=12, shortest=1)
    if not _NUMBER.fullmatch(number):
        raise InvalidInput(
            field=f"{path}.number",
            reason="ROOM_NUMBER",
            zh="房号只能用数字、字母和短横",
            en="A room number is made of digits, letters and hyphens",
        )
    _check(asdict(room), path)
    return replace(room, number=number.upper())


def _check(values: Mapping[str, Any], path: str) -> None:
    for name in ("dormitory", "state"):
        if name in values and values[name] is None:
            raise InvalidInput(
                field=f"{path}.{name}", reason="EMPTY", zh="不能为空", en="It must not be empty"
            )
    within(values.get("floor"), -3, 100, field=f"{path}.floor")
    within(values.get("area"), 1, 2000, field=f"{path}.area")
    within(values.get("rent"), 1, rules().largest_rent, field=f"{path}.rent")
