"""Many rooms at once: all or nothing, each room at fault named, statements that don't grow."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from identity.actor import Actor, Role
from identity.models import Account
from landlord.batches import common, set_room_states
from landlord.models import ListingState
from management.models import Place, Room, RoomState
from tests import factories
from tests.management.support import VISITOR, entries, jobs, refused, signed_in, staff
from tests.schema.counting import statements


class House(NamedTuple):
    """A house with three rooms, and who runs it."""

    place: Place
    rooms: list[Room]
    owner: Account
    landlord: Actor


@pytest.fixture
async def house(town: None) -> House:
    place, owner = await factories.place(), await factories.account()
    await factories.claim(owner, place)
    rooms = [await factories.room(place, str(number)) for number in (301, 302, 303)]
    return House(place, rooms, owner, signed_in(owner))


def setting(house: House, *states: RoomState, actor: Actor | None = None) -> Any:
    wanted = {room.id: state for room, state in zip(house.rooms, states, strict=False)}
    return set_room_states(actor or house.landlord, place_id=house.place.id, states=wanted)


async def states_of(house: House) -> list[RoomState]:
    return [(await Room.get(id=room.id)).state for room in house.rooms]


async def test_rooms_are_let_and_vacant_again(house: House) -> None:
    await setting(house, RoomState.LET, RoomState.VACANT, RoomState.LET)
    assert await states_of(house) == [RoomState.LET, RoomState.VACANT, RoomState.LET]
    await setting(house, RoomState.VACANT)
    assert await states_of(house) == [RoomState.VACANT, RoomState.VACANT, RoomState.LET]
    trail = [one for one in await entries(house.place.id) if one.action == "setRoomStates"]
    assert [entry.details for entry in trail] == [
        {"count": 2},
        {"count": 1},
    ]
    told = await jobs()
    assert [name for name, _ in told] == ["rooms_updated"] * 2
    first, third = str(house.rooms[0].id), str(house.rooms[2].id)
    assert [sorted(data["room_ids"]) for _, data in told] == [[first, third], [first]]


async def test_rooms_that_stand_so_already_are_told_of_to_nobody(house: House) -> None:
    await setting(house, RoomState.VACANT, RoomState.VACANT)
    assert await jobs() == []


async def test_one_room_at_fault_keeps_all_as_they_are_and_each_is_named(house: House) -> None:
    await factories.listing(house.rooms[1], house.owner)
    await Room.filter(id=house.rooms[2].id).update(state=RoomState.OUT_OF_USE)
    error = await refused(WrongState, setting(house, *[RoomState.LET] * 3), reason="ITEMS")
    assert error.params["items"] == [
        {"room": "302", "code": house.rooms[1].code, "reason": "ON_OFFER"},
        {"room": "303", "code": house.rooms[2].code, "reason": "OUT_OF_USE"},
    ]
    assert "302、303" in error.message()


@pytest.mark.parametrize("state", [ListingState.DRAFT, ListingState.LET, ListingState.WITHDRAWN])
async def test_what_is_not_on_offer_stands_in_nobodys_way(
    house: House, state: ListingState
) -> None:
    await factories.listing(house.rooms[0], house.owner, state=state)
    await setting(house, RoomState.LET)
    assert (await states_of(house))[0] is RoomState.LET


async def test_who_does_not_run_the_house_sets_nothing(house: House) -> None:
    for actor in (signed_in(await factories.account()), staff(Role.SUPERVISOR)):
        await refused(NotFound, setting(house, RoomState.LET, actor=actor))
    await refused(Unauthenticated, setting(house, RoomState.LET, actor=VISITOR))
    foreign = await factories.room(await factories.place())
    wrong = set_room_states(
        house.landlord,
        place_id=house.place.id,
        states={house.rooms[0].id: RoomState.LET, foreign.id: RoomState.LET},
    )
    await refused(NotFound, wrong)


async def test_none_too_many_and_out_of_use_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refused(InvalidInput, setting(house), reason="COUNT", field="input.items")
    await refused(InvalidInput, setting(house, RoomState.OUT_OF_USE), reason="OUT_OF_USE")
    fewer = common.rules().model_copy(update={"batch_rooms": 2})
    monkeypatch.setattr(common, "rules", lambda: fewer)
    await refused(InvalidInput, setting(house, *[RoomState.LET] * 3), reason="COUNT")


async def test_the_statements_do_not_grow_with_the_rooms(house: House) -> None:
    async def cost(rooms: list[Room]) -> int:
        wanted = dict.fromkeys((room.id for room in rooms), RoomState.LET)
        async with statements() as seen:
            await set_room_states(house.landlord, place_id=house.place.id, states=wanted)
        return len(seen)

    few = await cost(house.rooms[:1])
    more = [await factories.room(house.place, str(number)) for number in range(401, 421)]
    assert await cost(more) == few
