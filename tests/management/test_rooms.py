"""Rooms of a house."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from core.errors import Conflict, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Actor, Permission, Role
from management.models import Lifecycle, Place, PlaceKind, Room, RoomState
from management.places import close_place
from management.rooms import NewRoom, add_rooms, update_room
from management.rules import rules
from tests import factories
from tests.management.support import (
    BAD_NUMBERS,
    HOSTILE,
    SIBLING,
    VISITOR,
    app,
    entries,
    holding,
    jobs,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
)


async def adding(actor: Actor, place: Place, *rooms: NewRoom) -> Place:
    return await add_rooms(actor, place_id=place.id, rooms=rooms)


async def test_rooms_carry_the_code_of_their_house(town: None) -> None:
    place = await factories.place()
    warden = staff()
    await adding(
        warden,
        place,
        NewRoom(number=" 302 ", floor=3, area=Decimal("18.5"), rent=Decimal(850)),
        NewRoom(number="b-1", floor=-1, dormitory=True, escape_window=False),
    )
    rooms = await Room.filter(place_id=place.id).order_by("number")
    assert [room.code for room in rooms] == [f"{place.code}-302", f"{place.code}-B-1"]
    assert (rooms[0].area, rooms[0].rent, rooms[0].state) == (
        Decimal("18.50"), Decimal("850.00"), RoomState.VACANT,
    )  # fmt: skip
    assert (rooms[1].dormitory, rooms[1].escape_window, rooms[1].area) == (True, False, None)
    (entry,) = await entries(place.id)
    assert (entry.action, entry.actor_id, entry.details) == ("addRooms", warden.id, {"count": 2})
    assert await jobs() == [("rooms_added", {"place_id": str(place.id)})]


async def test_one_request_adds_one_to_the_most_rooms(town: None) -> None:
    place, most = await factories.place(), rules().rooms_per_request
    many = [NewRoom(number=str(100 + index)) for index in range(most + 1)]
    await refused_input(adding(staff(), place), "input.rooms", "COUNT")
    await refused_input(adding(staff(), place, *many), "input.rooms", "COUNT")
    await adding(staff(), place, *many[:most])
    assert await Room.filter(place_id=place.id).count() == most


@pytest.mark.parametrize(("one", "other"), [("302", "302"), ("b1", "B1"), ("302", " 302")])
async def test_a_number_comes_once(town: None, one: str, other: str) -> None:
    place = await factories.place()
    await refused_input(
        adding(staff(), place, NewRoom(number=one), NewRoom(number=other)),
        "input.rooms",
        "NUMBER_TWICE",
    )
    await adding(staff(), place, NewRoom(number=one))
    taken = await refused(
        Conflict,
        adding(staff(), place, NewRoom(number="999"), NewRoom(number=other)),
        reason="ROOM_EXISTS",
    )
    assert taken.params == {"number": one.strip().upper()}


@pytest.mark.parametrize(
    "number",
    [
        "",
        " ",
        "3 02",
        "302-",
        "-302",
        "3--2",
        "三零二",
        "302'",
        "ß" * 12,
        "ﬁ302",
        "３０２",
        "ı1",
        *HOSTILE,
    ],
)
async def test_a_number_is_digits_letters_and_hyphens(town: None, number: str) -> None:
    place = await factories.place()
    await refused_input(
        adding(staff(), place, NewRoom(number="1"), NewRoom(number=number)), "input.rooms.1.number"
    )


@pytest.mark.parametrize("bad", [*BAD_NUMBERS, Decimal(0), Decimal("0.99")])
async def test_areas_and_rents_are_within_reason(town: None, bad: Decimal) -> None:
    place = await factories.place()
    for field in ("area", "rent"):
        await refused_input(
            adding(staff(), place, NewRoom(number="1", **{field: bad})),
            f"input.rooms.0.{field}",
            "OUT_OF_RANGE",
        )


@pytest.mark.parametrize("floor", [-4, 101, 10**9, -(10**9)])
async def test_floors_are_within_reason(town: None, floor: int) -> None:
    place = await factories.place()
    await refused_input(
        adding(staff(), place, NewRoom(number="1", floor=floor)), "input.rooms.0.floor"
    )


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"lifecycle": Lifecycle.PLANNED}, True),
        ({"lifecycle": Lifecycle.CLOSED}, False),
        ({"lifecycle": Lifecycle.DEMOLISHED}, False),
        ({"kind": PlaceKind.SMALL_SHOP}, False),
        ({"kind": PlaceKind.ENTERPRISE}, False),
    ],
)
async def test_only_a_rental_house_in_use_gets_rooms(
    town: None, values: dict[str, object], allowed: bool
) -> None:
    place = await factories.place(**values)
    attempt = adding(staff(), place, NewRoom(number="1"))
    if allowed:
        await attempt
    else:
        await refused(WrongState, attempt, reason="NOT_LETTABLE")


async def test_rooms_are_added_by_who_may_write_the_file(town: None) -> None:
    place, owner = await factories.place(), await factories.account()
    await factories.claim(owner, place)
    for actor in (staff(Role.WARDEN, SIBLING), holding(Permission.PLACES_READ),
                  app(Permission.PLACES_WRITE, path=SIBLING), signed_in(owner)):  # fmt: skip
        there = await refused(NotFound, adding(actor, place, NewRoom(number="1")))
        absent = await refused(NotFound, adding(actor, Place(id=uuid7()), NewRoom(number="1")))
        assert there.extensions() == absent.extensions()
    await refused(Unauthenticated, adding(VISITOR, place, NewRoom(number="1")))


async def test_of_those_who_add_the_same_room_at_once_one_wins(committed_town: None) -> None:
    place = await factories.place()
    answers = await outcomes(
        *(adding(staff(), place, NewRoom(number="302"), NewRoom(number=f"40{n}")) for n in range(6))
    )
    assert sum(isinstance(answer, Place) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 5
    assert await Room.filter(place_id=place.id).count() == 2


# Changing a room


async def changing(actor: Actor, room: Room, **values: Any) -> Room:
    return await update_room(actor, room_id=room.id, values=values)


async def test_a_change_leaves_alone_what_it_does_not_name(town: None) -> None:
    place, warden = await factories.place(), staff()
    room, neighbour = await factories.room(place), await factories.room(place, "303")
    other = await Room.get(id=neighbour.id).values()
    before = await Room.get(id=room.id).values()
    values = {"rent": Decimal("900.50"), "area": None, "dormitory": True, "state": RoomState.LET}
    await changing(warden, room, **values)
    assert await Room.get(id=room.id).values() == {**before, **values}
    await changing(warden, room, floor=-1, escape_window=None)
    assert await Room.get(id=room.id).values() == {
        **before, **values, "floor": -1, "escape_window": None,
    }  # fmt: skip
    assert await Room.get(id=neighbour.id).values() == other
    first, _ = await entries(place.id)
    assert (first.action, first.actor_id) == ("updateRoom", warden.id)
    assert first.details == {
        "room": str(room.id), "fields": ["area", "dormitory", "rent", "state"],
    }  # fmt: skip
    ids = {"room_id": str(room.id), "place_id": str(place.id)}
    assert await jobs() == [("room_updated", ids)] * 2


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        *((name, bad) for name in ("area", "rent") for bad in (*BAD_NUMBERS, Decimal("0.99"))),
        ("area", Decimal(2001)),
        ("floor", -4),
        ("floor", 101),
        ("floor", 10**9),
    ],
)
async def test_a_change_is_within_reason_or_changes_nothing(
    town: None, field: str, bad: Decimal | int
) -> None:
    room = await factories.room(await factories.place())
    await refused_input(
        changing(staff(), room, dormitory=True, **{field: bad}), f"input.{field}", "OUT_OF_RANGE"
    )


@pytest.mark.parametrize("field", ["dormitory", "state"])
async def test_what_every_room_has_is_not_emptied(town: None, field: str) -> None:
    room = await factories.room(await factories.place())
    await refused_input(changing(staff(), room, rent=None, **{field: None}), f"input.{field}")


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"lifecycle": Lifecycle.PLANNED}, True),
        ({"lifecycle": Lifecycle.CLOSED}, False),
        ({"lifecycle": Lifecycle.DEMOLISHED}, False),
        ({"kind": PlaceKind.SMALL_SHOP}, False),
    ],
)
async def test_only_a_room_of_a_rental_house_in_use_is_changed(
    town: None, values: dict[str, object], allowed: bool
) -> None:
    room = await factories.room(await factories.place(**values))
    attempt = changing(staff(), room, rent=Decimal(700))
    if allowed:
        assert (await attempt).rent == Decimal(700)
    else:
        await refused(WrongState, attempt, reason="NOT_LETTABLE")


async def test_a_room_is_changed_by_who_may_write_the_file(town: None) -> None:
    place, owner = await factories.place(), await factories.account()
    room = await factories.room(place)
    await factories.claim(owner, place)
    for actor in (staff(Role.WARDEN, SIBLING), holding(Permission.PLACES_READ),
                  app(Permission.PLACES_WRITE, path=SIBLING), signed_in(owner)):  # fmt: skip
        there = await refused(NotFound, changing(actor, room, floor=2))
        absent = await refused(NotFound, changing(actor, Room(id=uuid7()), floor=2))
        assert there.extensions() == absent.extensions()
    await refused(Unauthenticated, changing(VISITOR, room, floor=2))


async def test_changes_of_a_room_at_once_lose_nothing(committed_town: None) -> None:
    place = await factories.place()
    room = await factories.room(place)
    many = [{"floor": 9}, {"rent": Decimal(990)}, {"dormitory": True}, {"state": RoomState.LET}]
    await asyncio.gather(*(changing(staff(), room, **values) for values in many))
    now = await Room.get(id=room.id)
    assert (now.floor, now.rent, now.dormitory, now.state) == (
        9, Decimal(990), True, RoomState.LET,
    )  # fmt: skip


async def test_no_room_changes_after_its_house_has_closed(committed_town: None) -> None:
    for _ in range(6):
        place = await factories.place()
        rooms = [await factories.room(place, number) for number in ("101", "102", "103", "104")]
        closing = close_place(staff(), place_id=place.id, expected_version=1, demolished=False)
        changes = [changing(staff(), room, rent=Decimal(990)) for room in rooms]
        answers = await outcomes(*changes[:2], closing, *changes[2:])
        actions = [entry.action for entry in await entries(place.id)]
        assert actions[-1] == "closePlace"
        changed = sum(isinstance(answer, Room) for answer in answers)
        assert actions.count("updateRoom") == changed
        assert await Room.filter(place_id=place.id, rent=Decimal(990)).count() == changed
