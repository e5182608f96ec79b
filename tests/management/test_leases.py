"""Registered leases: recorded once, for a house or one of its rooms."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.clock import today
from core.errors import Conflict, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Actor, Permission, Role
from management.leases import record_lease
from management.models import LeaseFiling, Lifecycle, Place, PlaceKind
from tests import factories
from tests.management.support import (
    HOSTILE,
    OTHER_GRID,
    SIBLING,
    VISITOR,
    app,
    code_of,
    entries,
    holding,
    jobs,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
)


async def recording(actor: Actor, place: Place, **values: Any) -> LeaseFiling:
    given = {"number": "测租备2026-0001", "filed_on": date(2026, 1, 5), **values}
    return await record_lease(actor, place_id=place.id, **given)


async def test_a_lease_is_of_a_room_or_of_the_whole_house(town: None) -> None:
    place, warden = await factories.place(), staff()
    room = await factories.room(place)
    until = date(2027, 1, 4)
    first = await recording(
        warden, place, room_id=room.id, number=" 测租备〔2026〕1号 ", until=until
    )
    second = await recording(warden, place)
    rows = await LeaseFiling.filter(place_id=place.id).order_by("id")
    assert [(row.id, row.room_id, row.number, row.filed_on, row.until) for row in rows] == [
        (first.id, room.id, "测租备〔2026〕1号", date(2026, 1, 5), until),
        (second.id, None, "测租备2026-0001", date(2026, 1, 5), None),
    ]
    trail = await entries(place.id)
    assert [(entry.action, entry.actor_id) for entry in trail] == [("recordLease", warden.id)] * 2
    assert [entry.details for entry in trail] == [
        {"lease": str(first.id), "room": str(room.id)},
        {"lease": str(second.id), "room": None},
    ]
    assert await jobs() == [
        ("lease_filed", {"lease_id": str(lease.id), "place_id": str(place.id)})
        for lease in (first, second)
    ]


async def test_a_number_is_recorded_once_in_the_whole_town(town: None) -> None:
    place, elsewhere = await factories.place(), await factories.place(grid=code_of(OTHER_GRID))
    await recording(staff(), place)
    for where, actor in ((place, staff()), (elsewhere, staff(Role.WARDEN, OTHER_GRID))):
        await refused(
            Conflict,
            recording(actor, where, number="  测租备2026-0001"),
            reason="LEASE_EXISTS",
            field="input.number",
        )


async def test_of_those_who_record_a_number_at_once_one_wins(committed_town: None) -> None:
    places = [await factories.place() for _ in range(6)]
    answers = await outcomes(*(recording(staff(), place) for place in places))
    assert sum(isinstance(answer, LeaseFiling) for answer in answers) == 1
    assert {a.reason for a in answers if isinstance(a, Conflict)} == {"LEASE_EXISTS"}
    assert await LeaseFiling.all().count() == len(await jobs()) == 1


@pytest.mark.parametrize("number", ["", " ", "\u200b", "号" * 41, *HOSTILE])
async def test_a_number_is_a_line_of_at_most_40_characters(town: None, number: str) -> None:
    place = await factories.place()
    await refused_input(recording(staff(), place, number=number), "input.number")


@pytest.mark.parametrize(
    ("days", "field", "reason"),
    [
        ({"filed_on": today() + timedelta(days=1)}, "input.filedOn", "DATE"),
        ({"filed_on": date.max}, "input.filedOn", "DATE"),
        ({"filed_on": date(1995, 5, 31)}, "input.filedOn", "DATE"),
        ({"filed_on": date.min}, "input.filedOn", "DATE"),
        ({"until": date(2026, 1, 4)}, "input.until", "PERIOD"),
        ({"until": date.min}, "input.until", "PERIOD"),
        ({"until": date(2101, 1, 1)}, "input.until", "DATE"),
        ({"until": date.max}, "input.until", "DATE"),
    ],
)
async def test_days_that_cannot_be_are_refused(
    town: None, days: dict[str, date], field: str, reason: str
) -> None:
    await refused_input(recording(staff(), await factories.place(), **days), field, reason)


@pytest.mark.parametrize(
    "days",
    [
        {"filed_on": date(1995, 6, 1)},
        {"filed_on": date(2026, 1, 5), "until": date(2026, 1, 5)},
        {"filed_on": date(2026, 1, 5), "until": date(2100, 12, 31)},
    ],
)
async def test_the_first_and_last_days_that_can_be(town: None, days: dict[str, date]) -> None:
    lease = await recording(staff(), await factories.place(), **days)
    assert (lease.filed_on, lease.until) == (days["filed_on"], days.get("until"))


async def test_a_lease_is_recorded_on_the_day_it_is_registered(town: None) -> None:
    lease = await recording(staff(), await factories.place(), filed_on=today())
    assert lease.filed_on <= today()


async def test_a_room_of_another_house_is_refused_like_one_that_is_absent(town: None) -> None:
    place = await factories.place()
    foreign = await factories.room(await factories.place())
    for room_id in (foreign.id, uuid7()):
        await refused_input(
            recording(staff(), place, room_id=room_id), "input.roomId", "UNKNOWN_ROOM"
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
async def test_only_a_rental_house_in_use_has_leases(
    town: None, values: dict[str, object], allowed: bool
) -> None:
    place = await factories.place(**values)
    if allowed:
        await recording(staff(), place)
    else:
        await refused(WrongState, recording(staff(), place), reason="NOT_LETTABLE")


async def test_leases_are_recorded_by_who_may_write_the_file(town: None) -> None:
    place, owner = await factories.place(), await factories.account()
    await factories.claim(owner, place)
    for actor in (staff(Role.WARDEN, SIBLING), holding(Permission.PLACES_READ),
                  app(Permission.PLACES_WRITE, path=SIBLING), signed_in(owner)):  # fmt: skip
        there = await refused(NotFound, recording(actor, place))
        absent = await refused(NotFound, recording(actor, Place(id=uuid7())))
        assert there.extensions() == absent.extensions()
    await refused(Unauthenticated, recording(VISITOR, place))
