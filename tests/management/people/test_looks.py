"""Reading a person in clear: where, with a reason, on record, and the person sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import now, today
from core.errors import InvalidInput, NotFound, Unauthenticated
from core.keyset import Page
from identity.actor import Actor, Role
from identity.models import GridPost
from management.models import Person, PersonLook, Residence
from management.people import looks
from management.people.looks import own_looks, reveal_person, revealed_again
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.management.support import (
    GRID,
    HOSTILE,
    SIBLING,
    TOWN,
    VISITOR,
    code_of,
    employee,
    entries,
    refused,
    signed_in,
    staff,
)

WHY = "核对门禁名单"


async def officer(role: Role = Role.WARDEN, path: str = GRID) -> Actor:
    row = await employee()
    await GridPost.create(
        staff_id=row.id, grid_code=code_of(path), grid_path=path, role=role, starts_on=today()
    )
    actor = staff(role, path)
    return Actor(kind=actor.kind, id=row.id, rights=actor.rights)


async def resident(phone: str | None = "13800000001") -> tuple[Person, Actor]:
    account = await factories.account()
    person = await factories.person(account, name="张三丰")
    room = await factories.room(await factories.place(grid=code_of(GRID)))
    await factories.residence(person, room)
    return person, signed_in(account)


async def test_a_look_is_kept_told_and_seen_by_the_person(town: None) -> None:
    person, own = await resident()
    warden = await officer()
    found = await reveal_person(warden, person_id=person.id, reason=WHY)
    assert found.name == "张三丰"
    assert found.number is not None
    assert found.born is not None
    assert found.born.replace("-", "") == found.number[6:14]
    assert "张三丰" not in repr(found)
    (look,) = await PersonLook.all()
    assert (look.staff_id, look.reason, look.what) == (warden.id, WHY, ["number", "name", "born"])
    assert look.office == f"WARDEN {code_of(GRID)}"
    (entry,) = await entries(person.id)
    assert (entry.action, entry.reason) == ("revealPerson", None)
    assert [row.account_id for row in await Notification.filter(topic=Topic.PERSON_READ)] == [
        own.id
    ]
    page = await own_looks(own, page=Page(10), columns=["id", "reason"])
    assert [row["reason"] for row in page.rows] == [WHY]


async def test_numbers_in_a_reason_are_masked(town: None) -> None:
    person, _ = await resident()
    await reveal_person(await officer(), person_id=person.id, reason="核对 13800000001 的登记")
    assert (await PersonLook.get()).reason == "核对 138****0001 的登记"


@pytest.mark.parametrize("reason", [*HOSTILE, "", "因"])
async def test_no_look_without_a_reason(town: None, reason: str) -> None:
    person, _ = await resident()
    await refused(
        InvalidInput,
        reveal_person(await officer(), person_id=person.id, reason=reason),
        field="input.reason",
    )


async def test_only_where_the_person_lives_and_with_the_right(town: None) -> None:
    person, own = await resident()
    for stranger in (
        await officer(path=SIBLING),
        staff(Role.DEPARTMENT, TOWN),
        staff(Role.ENFORCEMENT, TOWN),
        await officer(Role.AUDITOR, TOWN),
        await officer(Role.ADMIN, TOWN),
        own,
        signed_in(await factories.account()),
    ):
        await refused(NotFound, reveal_person(stranger, person_id=person.id, reason=WHY))
    await refused(Unauthenticated, reveal_person(VISITOR, person_id=person.id, reason=WHY))
    desk = await officer(Role.SERVICE_DESK, TOWN)
    assert (await reveal_person(desk, person_id=person.id, reason=WHY)).name


async def test_who_moved_away_is_read_for_thirty_days(town: None) -> None:
    person, _ = await resident()
    warden = await officer()
    ended = {"current": False, "ends_on": today(), "end_reason": "MOVED_OUT"}
    await Residence.all().update(ended_at=now() - timedelta(days=29), **ended)
    await reveal_person(warden, person_id=person.id, reason=WHY)
    await Residence.all().update(ended_at=now() - timedelta(days=31))
    await refused(NotFound, reveal_person(warden, person_id=person.id, reason=WHY))


async def test_packages_above_say_where_else_somebody_is_known(town: None) -> None:
    stranger = await factories.person()
    warden = await officer()
    await refused(NotFound, reveal_person(warden, person_id=stranger.id, reason=WHY))

    @looks.also_known_at
    async def declared(person_id: object) -> list[str]:
        return [GRID] if person_id == stranger.id else []

    try:
        await reveal_person(warden, person_id=stranger.id, reason=WHY)
    finally:
        looks._elsewhere.remove(declared)


async def test_a_repeat_shows_the_same_to_who_looked_and_to_nobody_else(town: None) -> None:
    person, _ = await resident()
    warden = await officer()
    found = await reveal_person(warden, person_id=person.id, reason=WHY)
    assert await revealed_again(warden, look_id=found.id) == found
    await refused(NotFound, revealed_again(await officer(), look_id=found.id))


async def test_nobody_sees_looks_at_others(town: None) -> None:
    person, _ = await resident()
    await reveal_person(await officer(), person_id=person.id, reason=WHY)
    account = await factories.account()
    await factories.person(account)
    for stranger in (signed_in(account), signed_in(await factories.account()), staff()):
        assert not (await own_looks(stranger, page=Page(10), columns=["id"])).rows
