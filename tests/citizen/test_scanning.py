"""Scanning a plate: what a token speaks for, and what whoever scanned it may do next."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from citizen.scanning import PlateAction, actions_for, blocked, scan
from core import redis
from core.errors import RateLimited
from identity.actor import SYSTEM, Permission, Role, anonymous
from management.models import Lifecycle, Place, PlaceClaim, PlaceKind, PlateState, Room
from management.plates import issue_plates, revoke_plate
from tests import factories
from tests.management.support import (
    GRID,
    HOSTILE,
    SIBLING,
    VISITOR,
    holding,
    signed_in,
    some_grids,
    staff,
)


@pytest.fixture
async def town(db: None) -> None:
    await some_grids()


@pytest.fixture(autouse=True)
async def limits() -> AsyncIterator[None]:
    async with redis.connected(None):
        yield


async def house(rooms: int = 2) -> tuple[Place, list[Room]]:
    place = await factories.place()
    return place, [await factories.room(place, str(101 + index)) for index in range(rooms)]


async def test_a_scan_knows_the_door(town: None) -> None:
    place, (room, _) = await house()
    of_room, of_place = await factories.plate(place, room), await factories.plate(place)
    scanned = await scan(VISITOR, of_room.token)
    assert scanned is not None
    assert (scanned.row["code"], scanned.row["room_number"]) == (place.code, room.number)
    scanned = await scan(VISITOR, of_place.token)
    assert scanned is not None
    assert (scanned.row["place_id"], scanned.row["room_id"]) == (place.id, None)


async def test_an_old_plate_names_its_successor_while_that_is_active(town: None) -> None:
    place, _ = await house(0)
    old = (await issue_plates(staff(), place_id=place.id)).plates[0]
    new = (await issue_plates(staff(), place_id=place.id)).plates[0]
    scanned = await scan(VISITOR, old.token)
    assert scanned is not None
    assert (scanned.state, scanned.row["successor_token"]) == (PlateState.REPLACED, new.token)
    await revoke_plate(staff(), plate_id=new.id)
    scanned = await scan(VISITOR, old.token)
    assert scanned is not None
    assert (scanned.state, scanned.row["successor_token"]) == (PlateState.REPLACED, None)


@pytest.mark.parametrize("token", ["", "x" * 22, "x" * 33, "' OR 1=1 --", "%", *HOSTILE])
async def test_what_was_never_printed_is_nothing(town: None, token: str) -> None:
    await factories.plate(await factories.place())
    assert await scan(VISITOR, token) is None


async def test_who_guesses_is_stopped_but_still_scans_real_plates(town: None) -> None:
    plate = await factories.plate(await factories.place())
    for index in range(10):
        assert await scan(VISITOR, f"guess{index}") is None
    with pytest.raises(RateLimited):
        await scan(VISITOR, "guess")
    assert await scan(VISITOR, plate.token) is not None
    assert await scan(anonymous("another-address"), "guess") is None


async def test_one_scan_answers_by_role(town: None) -> None:
    place, _ = await house()
    plate = await factories.plate(place)
    owner, former = await factories.account(), await factories.account()
    await factories.claim(owner, place)
    await factories.claim(former, place, state="ENDED")
    scanned = await scan(VISITOR, plate.token)
    assert scanned is not None
    listings, declare, report, file, manage, claim = PlateAction
    resident = [listings, declare, report]
    for actor, actions in (
        (VISITOR, resident),
        (signed_in(former), resident),
        (signed_in(owner), [*resident, manage]),
        (staff(), [*resident, file]),
        (staff(Role.SERVICE_DESK), [*resident, file]),
        (staff(Role.DEPARTMENT), [listings, report, file]),
        (staff(Role.AUDITOR), [listings, file]),
        (staff(Role.WARDEN, SIBLING), [listings]),
        (holding(Permission.PLACES_READ, paths=[GRID, SIBLING]), [listings, file]),
        (holding(Permission.HAZARDS_WRITE, paths=[GRID]), [listings, report]),
        (SYSTEM, [*resident, file]),
    ):
        assert await actions_for(actor, scanned) == actions
    await PlaceClaim.filter(place_id=place.id).update(state="ENDED")
    assert await actions_for(signed_in(former), scanned) == [*resident, claim]
    await factories.claim(owner, place, state="PENDING")
    assert await actions_for(signed_in(owner), scanned) == resident
    assert await actions_for(signed_in(former), scanned) == [*resident, claim]


async def test_a_plate_out_of_use_leads_nowhere(town: None) -> None:
    place, _ = await house()
    plate = await factories.plate(place, state=PlateState.REVOKED)
    scanned = await scan(VISITOR, plate.token)
    assert scanned is not None
    assert await actions_for(staff(), scanned) == []


@pytest.mark.parametrize(
    ("values", "actions"),
    [
        ({"kind": PlaceKind.SMALL_SHOP}, [PlateAction.REPORT_HAZARD]),
        ({"lifecycle": Lifecycle.PLANNED}, [PlateAction.REPORT_HAZARD]),
        ({"lifecycle": Lifecycle.CLOSED}, [PlateAction.REPORT_HAZARD]),
        ({"lifecycle": Lifecycle.DEMOLISHED}, []),
    ],
)
async def test_rooms_are_let_and_lived_in_in_a_house_in_use_and_hazards_are_where_something_stands(
    town: None, values: dict[str, object], actions: list[PlateAction]
) -> None:
    plate = await factories.plate(await factories.place(**values))
    scanned = await scan(VISITOR, plate.token)
    assert scanned is not None
    assert await actions_for(VISITOR, scanned) == actions


async def test_a_scan_says_whether_letting_is_barred(town: None) -> None:
    place, _ = await house(0)
    plate = await factories.plate(place)
    scanned = await scan(VISITOR, plate.token)
    assert scanned is not None
    assert not await blocked(scanned)
    await factories.block(place)
    assert await blocked(scanned)


async def test_a_revoked_plate_says_so(town: None) -> None:
    place, _ = await house(0)
    (plate,) = (await issue_plates(staff(), place_id=place.id)).plates
    await revoke_plate(staff(), plate_id=plate.id)
    scanned = await scan(VISITOR, plate.token)
    assert scanned is not None
    assert (scanned.state, scanned.row["successor_token"]) == (PlateState.REVOKED, None)


async def test_an_old_plate_leads_to_the_plate_of_today_however_often_it_was_replaced(
    town: None,
) -> None:
    place = await factories.place()
    tokens = [
        (await issue_plates(SYSTEM, place_id=place.id, room_ids=[])).plates[0].token
        for _ in range(3)
    ]
    first = await scan(anonymous(), tokens[0])
    assert first is not None
    assert (first.state, first.row["successor_token"]) == (PlateState.REPLACED, tokens[2])
