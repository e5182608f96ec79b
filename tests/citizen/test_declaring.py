"""Declaring where one lives: two fields, in force at once, everything else prefilled or known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from citizen.models import Declaration, DeclarationState, Relation
from core.clock import today
from core.crypto import reveal
from core.errors import Conflict, InvalidInput, NotFound, RateLimited, Unauthenticated, WrongState
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account
from management.claims import assign_landlord
from management.models import (
    ClaimRole,
    DocumentKind,
    Person,
    Residence,
    ResidenceEnd,
    ResidenceSource,
    Room,
    RoomState,
)
from management.rules import rules
from tests import factories
from tests.citizen.support import (
    NAME,
    declare,
    history,
    house,
    lives,
    relative,
    resident,
    tasks,
    who,
)
from tests.management.support import (
    VISITOR,
    app,
    entries,
    jobs,
    outcomes,
    refused,
    refused_input,
    signed_in,
    staff,
)


async def test_a_clean_declaration_is_in_force_at_once(town: None) -> None:
    home, tenant = await house(run=True), await resident("13900000007")
    number = factories.document_number()
    made = await declare(tenant, home, who(number=number))
    assert (made.state, made.source, made.doubts) == ("IN_FORCE", ResidenceSource.SELF, [])
    residence = await lives(made)
    assert residence is not None
    assert (residence.id, residence.room_id) == (made.residence_id, home.room.id)
    assert residence.starts_on == today()
    assert (await Room.get(id=home.room.id)).state is RoomState.LET
    person = await Person.get(id=made.person_id)
    assert (person.account_id, reveal(person, "number")) == (tenant.id, number)
    assert reveal(person, "phone") == "13900000007"
    assert made.question_open
    assert await history(made) == ["DECLARE"]
    assert await tasks(made) == []
    (entry,) = await entries(made.id)
    assert entry.action == "declareResidence"
    for secret in (number, NAME, "13900000007"):
        assert secret not in str(entry.payload)
        assert not any(secret in str(data) for _, data in await jobs())


async def test_who_is_known_types_nothing(town: None) -> None:
    first, second, tenant = await house(), await house(), await resident()
    one = await declare(tenant, first)
    other = await declare(tenant, second, who("", ""))
    assert other.person_id == one.person_id
    before = await Residence.get(id=one.residence_id)
    assert (before.current, before.end_reason) == (False, ResidenceEnd.MOVED_ON)


async def test_who_is_not_known_needs_name_and_number(town: None) -> None:
    home, tenant = await house(), await resident()
    await refused_input(declare(tenant, home, who("", "")), "input.name", "EMPTY")
    await refused_input(declare(tenant, home, who(NAME, " ")), "input.documentNumber")
    await refused_input(
        declare(tenant, home, who(number="441900199005171234")), "input.documentNumber"
    )


async def test_an_account_needs_a_phone(town: None) -> None:
    home = await house()
    tenant = signed_in(await factories.account())
    await refused(WrongState, declare(tenant, home), reason="PHONE_NEEDED")


async def test_at_the_plate_of_the_house_the_room_is_named(town: None) -> None:
    home, tenant = await house(), await resident()
    home.plate = await factories.plate(home.place)
    await refused(WrongState, declare(tenant, home), reason="ROOM_NEEDED", field="input.roomId")
    await refused(NotFound, declare(tenant, home, room_id=uuid7()), field="input.roomId")
    elsewhere = await house()
    await refused(NotFound, declare(tenant, home, room_id=elsewhere.room.id))
    made = await declare(tenant, home, room_id=home.room.id)
    assert made.room_id == home.room.id


async def test_nobody_declares_without_a_plate_in_use_or_an_account(town: None) -> None:
    home = await house()
    await refused(Unauthenticated, declare(VISITOR, home))
    for other in (staff(), app()):
        await refused(NotFound, declare(other, home))
    tenant = await resident()
    home.plate = await factories.plate(home.place, state="REVOKED")
    await refused(NotFound, declare(tenant, home), field="input.plateToken")


async def test_a_house_that_is_gone_takes_nobody(town: None) -> None:
    home = await house(lifecycle="DEMOLISHED")
    await refused(WrongState, declare(await resident(), home), reason="PLACE_GONE")


async def test_the_first_day_is_lately_and_not_ahead(town: None) -> None:
    home, tenant = await house(), await resident()
    most = rules().declaration_days_back
    for day in (today() + timedelta(days=1), today() - timedelta(days=most + 1), date.min):
        await refused_input(declare(tenant, home, starts_on=day), "input.startsOn", "STARTS_ON")
    made = await declare(tenant, home, starts_on=today() - timedelta(days=most))
    residence = await lives(made)
    assert residence is not None
    assert residence.starts_on == today() - timedelta(days=most)


async def test_the_same_room_again_says_that_it_is_still_so(town: None) -> None:
    home, tenant = await house(), await resident()
    one = await declare(tenant, home, starts_on=today() - timedelta(days=10))
    await Residence.filter(id=one.residence_id).update(confirmed_on=today() - timedelta(days=9))
    again = await declare(tenant, home, who("", ""))
    assert again.residence_id == one.residence_id
    residence = await lives(again)
    assert residence is not None
    assert (residence.starts_on, residence.confirmed_on) == (today() - timedelta(days=10), today())


async def test_a_family_is_declared_by_one(town: None) -> None:
    home, tenant = await house(area="9.00"), await resident()
    made = await declare(
        tenant,
        home,
        family=[relative(Relation.SPOUSE), relative(Relation.CHILD, born=date(2015, 6, 1))],
    )
    rows = await Declaration.filter(batch=made.batch).order_by("id")
    assert [row.relation for row in rows] == ["SELF", "SPOUSE", "CHILD"]
    assert {row.state for row in rows} == {DeclarationState.IN_FORCE}
    residences = await Residence.filter(room_id=home.room.id, current=True)
    assert len(residences) == 3
    assert {one.family for one in residences} == {made.batch}
    persons = await Person.filter(id__in=[row.person_id for row in rows])
    assert sorted(person.account_id is None for person in persons) == [False, True, True]


async def test_a_family_moves_on_without_typing(town: None) -> None:
    first, second, tenant = await house(), await house(), await resident()
    one = await declare(tenant, first, family=[relative()])
    spouse = await Declaration.filter(batch=one.batch, relation=Relation.SPOUSE).get()
    kept = relative()
    kept = type(kept)(relation=Relation.SPOUSE, person_id=spouse.person_id)
    made = await declare(tenant, second, who("", ""), family=[kept])
    moved = await Declaration.filter(batch=made.batch, relation=Relation.SPOUSE).get()
    assert moved.person_id == spouse.person_id
    stranger = await factories.person()
    foreign = type(kept)(relation=Relation.SPOUSE, person_id=stranger.id)
    await refused(NotFound, declare(tenant, first, who("", ""), family=[foreign]))


async def test_nobody_comes_twice_in_a_family(town: None) -> None:
    home, tenant = await house(), await resident()
    number = factories.document_number()
    spouse = type(relative())(relation=Relation.SPOUSE, who=who(number=number))
    await refused_input(
        declare(tenant, home, who(number=number), family=[spouse]), "input.family", "DOCUMENT_TWICE"
    )
    many = [relative(Relation.OTHER) for _ in range(rules().declaration_family + 1)]
    await refused_input(declare(tenant, home, family=many), "input.family", "TOO_MANY")
    selves = [relative(Relation.SELF)]
    await refused_input(declare(tenant, home, family=selves), "input.family.0.relation", "RELATION")


async def test_one_account_is_one_person_and_one_person_one_account(town: None) -> None:
    home, tenant, other = await house(), await resident(), await resident()
    number = factories.document_number()
    await declare(tenant, home, who(number=number))
    await refused(Conflict, declare(tenant, home, who()), reason="ACCOUNT_TAKEN")
    await refused(Conflict, declare(other, home, who(number=number)), reason="PERSON_TAKEN")


async def test_far_too_many_are_refused(town: None) -> None:
    tenant = await resident()
    person = who()
    for _ in range(rules().declarations_tried):
        await declare(tenant, await house(), person)
    await refused(RateLimited, declare(tenant, await house(), person))


async def test_a_child_alone_is_visited_and_lives_there_all_the_same(town: None) -> None:
    home, child = await house(), await resident()
    born = today().replace(year=today().year - 15, day=1)
    made = await declare(child, home, who(number=factories.document_number(born=born)))
    assert (made.state, made.welfare) == ("IN_FORCE", True)
    assert await tasks(made) == [("WELFARE_VISIT", "", "OPEN")]


async def test_a_child_with_a_parent_is_not_alone(town: None) -> None:
    home, parent = await house(), await resident()
    born = today().replace(year=today().year - 9, day=1)
    made = await declare(parent, home, family=[relative(Relation.CHILD, born=born)])
    child = await Declaration.filter(batch=made.batch, relation=Relation.CHILD).get()
    assert not child.welfare
    # Said again by oneself: the parent lives there still.
    assert await tasks(child) == []


async def test_a_foreigner_declares_with_a_passport(town: None) -> None:
    home, tenant = await house(), await resident()
    made = await declare(tenant, home, who("Ana Lima", "E12345678", kind=DocumentKind.PASSPORT))
    assert (made.state, made.document_kind, made.welfare) == ("IN_FORCE", "PASSPORT", False)


async def test_who_runs_the_house_is_not_asked_about_themself(town: None) -> None:
    home, owner = await house(), await resident("13900000008")
    await assign_landlord(
        staff(), place_id=home.place.id, phone="13900000008", role=ClaimRole.OWNER
    )
    made = await declare(owner, home)
    assert not made.question_open
    assert made.asked_landlord_at is None


async def test_two_at_once_are_one_residence(committed_town: None) -> None:
    first, second, tenant = await house(), await house(), await resident()
    person = who()
    answers = await outcomes(declare(tenant, first, person), declare(tenant, second, person))
    assert all(isinstance(answer, Declaration) for answer in answers)
    assert await Residence.filter(person_id=answers[0].person_id, current=True).count() == 1
    assert await Person.all().count() == 1


@pytest.mark.parametrize("accounts", [2])
async def test_two_accounts_cannot_be_one_person_at_once(
    committed_town: None, accounts: int
) -> None:
    home, person = await house(), who()
    tenants = [await resident() for _ in range(accounts)]
    answers = await outcomes(*(declare(tenant, home, person) for tenant in tenants))
    refusals = [answer for answer in answers if isinstance(answer, Conflict)]
    assert [refusal.reason for refusal in refusals] == ["PERSON_TAKEN"]
    assert await Account.all().count() == 2


async def test_an_erased_or_foreign_name_is_never_in_a_refusal(town: None) -> None:
    home, tenant = await house(), await resident()
    with pytest.raises(InvalidInput) as caught:
        async with work(SYSTEM):
            await declare(tenant, home, who("李四5", "441900199005171234"))
    assert "李四" not in str(caught.value.extensions()) + str(caught.value)
