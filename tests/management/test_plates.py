"""QR plates: one active plate a door, honest about what became of the others."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Actor, Permission, Role
from management.models import Lifecycle, Place, Plate, PlateState, Room
from management.plates import PlateBatch, issue_plates, revoke_plate
from management.reading import plate_by_id, plates_of_batch, plates_of_places
from management.rules import rules
from tests import factories
from tests.management.support import (
    SIBLING,
    VISITOR,
    app,
    entries,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
)


async def house(rooms: int = 2) -> tuple[Place, list[Room]]:
    place = await factories.place()
    return place, [await factories.room(place, str(101 + index)) for index in range(rooms)]


async def issuing(actor: Actor, place: Place, **given: object) -> PlateBatch:
    return await issue_plates(actor, place_id=place.id, **given)


# Issuing


async def test_a_house_and_its_rooms_get_plates_with_random_tokens(town: None) -> None:
    place, rooms = await house()
    warden = staff()
    batch = await issuing(warden, place)
    assert {plate.room_id for plate in batch.plates} == {None, *(room.id for room in rooms)}
    for plate in batch.plates:
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", plate.token)
        assert place.code not in plate.token
        assert (plate.state, plate.batch) == (PlateState.ACTIVE, batch.id)
        (entry,) = await entries(plate.id)
        assert (entry.action, entry.actor_id) == ("issuePlates", warden.id)
        assert entry.details["place"] == str(place.id)
    assert len(await plates_of_batch(batch.id)) == 3


async def test_a_new_plate_replaces_the_old_one_of_the_same_door_only(town: None) -> None:
    place, (first, second) = await house()
    old = await issuing(staff(), place)
    new = await issuing(staff(), place, for_place=False, room_ids=[first.id, first.id])
    (successor,) = new.plates
    for plate in old.plates:
        kept = await Plate.get(id=plate.id)
        replaced = plate.room_id == first.id
        assert kept.state is (PlateState.REPLACED if replaced else PlateState.ACTIVE)
        assert kept.replaced_by_id == (successor.id if replaced else None)
        assert (kept.ended_at is not None) == replaced
    states = Counter(row["state"] for row in (await plates_of_places([place.id]))[place.id])
    assert states == {"ACTIVE": 3, "REPLACED": 1}
    assert (await plate_by_id(successor.id))["room_number"] == first.number
    assert second.id not in {plate.room_id for plate in new.plates}


async def test_nothing_and_too_much_are_refused(
    town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, rooms = await house()
    nothing = issuing(staff(), place, for_place=False, room_ids=[])
    await refused(InvalidInput, nothing, reason="COUNT")
    monkeypatch.setattr(
        "management.plates.rules", lambda: rules().model_copy(update={"plates_per_request": 2})
    )
    refusal = await refused(InvalidInput, issuing(staff(), place), reason="COUNT")
    assert refusal.params == {"maximum": 2}
    assert await issuing(staff(), place, room_ids=[rooms[0].id])


async def test_a_room_of_another_house_gets_nothing_and_neither_do_the_others(town: None) -> None:
    (place, rooms), (_, others) = await house(), await house()
    for stranger in (others[0].id, uuid7()):
        await refused_input(
            issuing(staff(), place, room_ids=[rooms[0].id, stranger]),
            "input.roomIds",
            "UNKNOWN_ROOM",
        )


async def test_a_demolished_place_gets_no_plate_a_closed_one_does(town: None) -> None:
    demolished = await factories.place(lifecycle=Lifecycle.DEMOLISHED)
    await refused(WrongState, issuing(staff(), demolished), reason="DEMOLISHED")
    assert await issuing(staff(), await factories.place(lifecycle=Lifecycle.CLOSED))


# Revoking


async def test_a_revoked_plate_speaks_no_more(town: None) -> None:
    place, _ = await house()
    warden = staff()
    plate = (await issuing(warden, place)).plates[0]
    revoked = await revoke_plate(warden, plate_id=plate.id)
    assert revoked.state is PlateState.REVOKED
    assert revoked.ended_at is not None
    assert [entry.action for entry in await entries(plate.id)] == ["issuePlates", "revokePlate"]
    await refused(WrongState, revoke_plate(warden, plate_id=plate.id), reason="REVOKED")


async def test_a_replaced_plate_is_not_revoked_again(town: None) -> None:
    place, _ = await house(0)
    old = (await issuing(staff(), place)).plates[0]
    await issuing(staff(), place)
    await refused(WrongState, revoke_plate(staff(), plate_id=old.id), reason="REPLACED")


async def test_plates_are_for_who_manages_them_there(town: None) -> None:
    place, _ = await house()
    plate = await factories.plate(place)
    owner = await factories.account()
    await factories.claim(owner, place)
    for actor in (staff(Role.WARDEN, SIBLING), staff(Role.DEPARTMENT), staff(Role.AUDITOR),
                  app(Permission.PLACES_WRITE), signed_in(owner)):  # fmt: skip
        there = await refused(NotFound, issuing(actor, place))
        absent = await refused(NotFound, issuing(actor, Place(id=uuid7())))
        assert there.extensions() == absent.extensions()
        there = await refused(NotFound, revoke_plate(actor, plate_id=plate.id))
        absent = await refused(NotFound, revoke_plate(actor, plate_id=uuid7()))
        assert there.extensions() == absent.extensions()
    await refused(Unauthenticated, issuing(VISITOR, place))
    for plate_id in (plate.id, uuid7()):
        await refused(Unauthenticated, revoke_plate(VISITOR, plate_id=plate_id))


# At once


async def test_plates_issued_at_once_leave_one_active_a_door(committed_town: None) -> None:
    place, rooms = await house(3)
    await outcomes(*(issuing(staff(), place) for _ in range(6)))
    active = Counter(
        plate.room_id for plate in await Plate.filter(place_id=place.id, state=PlateState.ACTIVE)
    )
    assert active == dict.fromkeys([None, *(room.id for room in rooms)], 1)
    # Every one but the last was replaced, by another plate of the same door.
    replaced = await Plate.filter(place_id=place.id, state=PlateState.REPLACED).select_related(
        "replaced_by"
    )
    assert len(replaced) == 5 * 4
    assert all(plate.room_id == plate.replaced_by.room_id for plate in replaced)


async def test_a_plate_revoked_while_replaced_ends_once(committed_town: None) -> None:
    place, _ = await house(0)
    plates = (await issuing(staff(), place)).plates
    answers = await outcomes(
        *(revoke_plate(staff(), plate_id=plates[0].id) for _ in range(4)),
        issuing(staff(), place),
    )
    assert isinstance(answers[-1], PlateBatch)
    assert sum(isinstance(answer, Plate) for answer in answers) <= 1
    assert await Plate.filter(place_id=place.id, state=PlateState.ACTIVE).count() == 1
    ended = await Plate.get(id=plates[0].id)
    assert ended.state is not PlateState.ACTIVE
