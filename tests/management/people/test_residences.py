"""Residences: one at a time, begun and ended once, seen by whom they concern."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.clock import now, today
from core.errors import WrongState
from core.work import work
from identity.actor import SYSTEM, Actor, Role
from management.models import (
    Person,
    Place,
    Residence,
    ResidenceCheck,
    ResidenceEnd,
    ResidenceSource,
    Room,
    RoomState,
)
from management.people.residences import (
    begin_residence,
    capacity,
    end_residence,
    end_residences_at,
    living_in,
    visible_residences,
)
from tests import factories
from tests.management.support import GRID, SIBLING, VISITOR, code_of, outcomes, refused, staff
from tests.management.support import signed_in as session

SINCE = date(2026, 3, 1)


async def begin(person: Person, room: Room, **values: Any) -> Residence:
    async with work(SYSTEM):
        await Place.filter(id=room.place_id).select_for_update().only("id").get()
        wanted: dict[str, Any] = {"source": ResidenceSource.SELF, "starts_on": SINCE}
        return await begin_residence(person=person, room=room, **{**wanted, **values})


async def end(residence: Residence, ends_on: date | None = None) -> None:
    async with work(SYSTEM):
        await end_residence(residence, ends_on=ends_on or today(), reason=ResidenceEnd.MOVED_OUT)


async def test_a_room_somebody_moves_into_is_let(town: None) -> None:
    room = await factories.room(await factories.place())
    residence = await begin(await factories.person(), room)
    assert (await Room.get(id=room.id)).state is RoomState.LET
    assert residence.confirmed_on == today()
    assert residence.check_state is ResidenceCheck.UNCHECKED
    assert await living_in(room.id) == 1


async def test_moving_on_ends_the_earlier_residence_on_that_day(town: None) -> None:
    house, person = await factories.place(), await factories.person()
    first = await begin(person, await factories.room(house))
    await begin(person, await factories.room(house, "303"), starts_on=SINCE + timedelta(days=9))
    await first.refresh_from_db()
    assert (first.current, first.end_reason) == (False, ResidenceEnd.MOVED_ON)
    assert first.ends_on == SINCE + timedelta(days=9)


async def test_a_residence_never_ends_before_it_began(town: None) -> None:
    house, person = await factories.place(), await factories.person()
    first = await begin(person, await factories.room(house))
    await begin(person, await factories.room(house, "303"), starts_on=SINCE - timedelta(days=9))
    await first.refresh_from_db()
    assert first.ends_on == SINCE


async def test_the_same_room_again_is_confirmed_and_keeps_its_first_day(town: None) -> None:
    room, person = await factories.room(await factories.place()), await factories.person()
    first = await begin(person, room)
    await Residence.filter(id=first.id).update(
        confirmed_on=SINCE, asked_at=now(), check_state=ResidenceCheck.DOUBTED
    )
    again = await begin(
        person, room, starts_on=today(), check=ResidenceCheck.CONFIRMED,
        source=ResidenceSource.LANDLORD,
    )  # fmt: skip
    assert again.id == first.id
    await first.refresh_from_db()
    assert (first.starts_on, first.confirmed_on, first.asked_at) == (SINCE, today(), None)
    assert first.check_state is ResidenceCheck.CONFIRMED
    assert await Residence.all().count() == 1


async def test_what_has_ended_is_not_ended_again(town: None) -> None:
    residence = await begin(await factories.person(), await factories.room(await factories.place()))
    await end(residence)
    assert not residence.current
    await refused(WrongState, end(residence), reason="ENDED")


async def test_a_place_ends_all_its_residences(town: None) -> None:
    house = await factories.place()
    for number in ("101", "102", "103"):
        await begin(await factories.person(), await factories.room(house, number))
    other = await begin(await factories.person(), await factories.room(await factories.place()))
    async with work(SYSTEM):
        ended = await end_residences_at(house.id, ends_on=today(), reason=ResidenceEnd.PLACE_CLOSED)
    assert ended == 3
    assert [row.id for row in await Residence.filter(current=True)] == [other.id]


async def test_a_person_who_moves_into_two_rooms_at_once_lives_in_one(committed_town: None) -> None:
    person = await factories.person()
    rooms = [await factories.room(await factories.place()) for _ in range(4)]
    await outcomes(*(begin(person, room) for room in rooms))
    assert await Residence.filter(person_id=person.id, current=True).count() == 1
    assert await Residence.filter(person_id=person.id).count() == 4


@pytest.mark.parametrize(("area", "people"), [("4.99", 0), ("5", 1), ("18.50", 3), (None, None)])
def test_a_room_holds_one_person_for_each_five_square_metres(
    area: str | None, people: int | None
) -> None:
    assert capacity(Room(area=Decimal(area) if area else None)) == people


async def seen(actor: Actor) -> set[str]:
    rows = await visible_residences(actor).values_list("room__number", flat=True)
    return set(map(str, rows))


async def test_residences_are_seen_by_whom_they_concern(town: None) -> None:
    tenant, landlord, neighbour = [await factories.account() for _ in range(3)]
    house = await factories.place(grid=code_of(GRID))
    await factories.claim(landlord, house)
    own = await factories.person(tenant)
    other = await factories.person(neighbour)
    await factories.residence(own, await factories.room(house, "101"))
    await factories.residence(other, await factories.room(house, "102"))
    long_gone = now() - timedelta(days=31)
    ended = {"starts_on": SINCE, "ends_on": SINCE + timedelta(days=9)}
    await factories.residence(own, await factories.room(house, "103"), ended_at=long_gone, **ended)
    await factories.residence(
        own, await factories.room(house, "104"), ended_at=now() - timedelta(days=29), **ended
    )
    assert await seen(session(tenant)) == {"101", "103", "104"}
    assert await seen(session(neighbour)) == {"102"}
    assert await seen(session(landlord)) == {"101", "102", "104"}
    assert await seen(staff()) == {"101", "102", "103", "104"}
    assert await seen(staff(Role.WARDEN, SIBLING)) == set()
    assert await seen(staff(Role.DEPARTMENT)) == set()
    assert await seen(staff(Role.AUDITOR)) == set()
    assert await seen(VISITOR) == set()
