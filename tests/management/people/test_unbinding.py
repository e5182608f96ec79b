"""An account that is not a person's is parted from them: on record, told, and nothing else ends."""

from __future__ import annotations

import pytest

from citizen.declarations.access import own_persons
from citizen.my_data.models import DataExport, DataExportState
from core.clock import now
from core.crypto import reveal, seal
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.work import work
from identity.actor import SYSTEM, Actor, Role
from identity.models import Account, Session
from identity.sessions import open_session
from management.models import Person, Residence
from management.people.persons import own_person, phone_indexes
from management.people.unbinding import unbind_person
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.citizen.support import resident
from tests.management.people.test_looks import officer
from tests.management.support import (
    GRID,
    HOSTILE,
    SIBLING,
    TOWN,
    VISITOR,
    code_of,
    entries,
    refused,
    signed_in,
    staff,
)

WHY = "证件不是账号本人的"


async def bound() -> tuple[Person, Actor]:
    """Somebody who lives in the grid, behind an account with a phone."""
    actor = await resident()
    person = await factories.person(await Account.get(id=actor.id))
    room = await factories.room(await factories.place(grid=code_of(GRID)))
    await factories.residence(person, room)
    return person, actor


async def unbind(actor: Actor, person: Person, reason: str = WHY) -> Person:
    return await unbind_person(actor, person_id=person.id, reason=reason)


async def test_the_account_no_longer_speaks_for_the_person(town: None) -> None:
    person, account = await bound()
    assert await own_persons(account) == [person.id]
    warden = await officer()
    await unbind(warden, person)
    found = await Person.get(id=person.id)
    assert (found.account_id, found.phone, found.phone_index) == (None, None, None)
    assert found.version == person.version + 1
    assert await own_person(account) is None
    assert await own_persons(account) == []
    entry = (await entries(person.id))[-1]
    assert (entry.action, entry.reason, entry.actor_id) == ("unbindPerson", WHY, warden.id)
    await refused(WrongState, unbind(warden, person), reason="NOT_BOUND")


async def test_the_account_is_told_and_its_sessions_and_the_residence_stay(town: None) -> None:
    person, account = await bound()
    async with work(SYSTEM):
        await open_session(await Account.get(id=account.id))
    await unbind(await officer(), person)
    told = await Notification.filter(topic=Topic.PERSON_UNBOUND)
    assert [row.account_id for row in told] == [account.id]
    assert await Session.filter(account_id=account.id, ended_at=None).count() == 1
    assert await Residence.filter(person_id=person.id, current=True).count() == 1


async def test_copies_of_what_was_held_about_them_are_gone(town: None) -> None:
    person, account = await bound()
    other = await factories.account()
    for owner in (account.id, other.id):
        copy = DataExport(
            account_id=owner, state=DataExportState.READY, finished_at=now(), expires_at=now()
        )
        seal(copy, "content", "{}")
        seal(copy, "drawn", "JVBERi0=")
        await copy.save(force_create=True)
    await unbind(await officer(), person)
    assert await DataExport.all().values_list("account_id", flat=True) == [other.id]


async def test_a_phone_of_their_own_stays(town: None) -> None:
    person, _ = await bound()
    seal(person, "phone", "13800000009")
    person.phone_index = phone_indexes("13800000009")[0]
    await person.save()
    await unbind(await officer(), person)
    found = await Person.get(id=person.id)
    assert (found.account_id, reveal(found, "phone")) == (None, "13800000009")


async def test_only_where_the_person_lives_and_by_who_may_compare_them(town: None) -> None:
    person, account = await bound()
    for stranger in (
        await officer(path=SIBLING), staff(Role.DEPARTMENT, TOWN), staff(Role.AUDITOR, TOWN),
        await officer(Role.ADMIN, TOWN), account, signed_in(await factories.account()),
    ):  # fmt: skip
        await refused(NotFound, unbind(stranger, person))
    await refused(Unauthenticated, unbind(VISITOR, person))
    assert (await Person.get(id=person.id)).account_id == account.id
    await unbind(await officer(Role.SERVICE_DESK, TOWN), person)


@pytest.mark.parametrize("reason", [*HOSTILE, "", "因"])
async def test_nobody_is_unbound_without_a_reason(town: None, reason: str) -> None:
    person, account = await bound()
    attempt = unbind(await officer(), person, reason)
    await refused(InvalidInput, attempt, field="input.reason")
    assert (await Person.get(id=person.id)).account_id == account.id
