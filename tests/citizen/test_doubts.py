"""What holds a declaration for a warden: each rule on its own, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from citizen.declarations.access import own_persons, own_phone
from citizen.declarations.declaring import Relative, declare_for
from citizen.declarations.review import Decision, decide_declarations
from citizen.models import Declaration, DeclarationState, Doubt, Relation
from core.crypto import reveal
from core.errors import Conflict
from management.models import (
    Lifecycle,
    Person,
    Place,
    PlaceBlockKind,
    PlaceKind,
    Residence,
    ResidenceSource,
    Room,
    RoomState,
)
from management.people.persons import own_person
from management.rules import rules
from tests import factories
from tests.citizen.support import (
    AGREED,
    NAME,
    House,
    declare,
    history,
    house,
    lives,
    relative,
    resident,
    tasks,
    who,
)
from tests.citizen.test_declaration_review import warden
from tests.management.support import entries, jobs, refused


async def held_for(made: Declaration, doubt: Doubt) -> None:
    """It is held for this reason alone, nobody lives there by it, and wardens have a task."""
    assert (made.state, made.doubts) == (DeclarationState.HELD, [doubt.value])
    assert made.residence_id is None
    assert await history(made) == ["DECLARE", "HOLD"]
    assert await tasks(made) == [("DECLARATION", "REVIEW", "OPEN")]
    assert not made.question_open


async def test_one_more_than_the_room_holds_is_held(town: None) -> None:
    home = await house(area="10.00")
    for _ in range(2):
        made = await declare(await resident(), home)
        assert made.state is DeclarationState.IN_FORCE
    third = await declare(await resident(), home)
    await held_for(third, Doubt.OVER_CAPACITY)
    assert await lives(third) is None


async def test_who_lives_there_already_is_counted_once(town: None) -> None:
    home, tenant = await house(area="5.00"), await resident()
    person = who()
    await declare(tenant, home, person)
    again = await declare(tenant, home, person)
    assert again.state is DeclarationState.IN_FORCE


async def test_a_family_is_exempt_from_capacity_and_friends_are_not(town: None) -> None:
    home, tenant = await house(area="6.00"), await resident()
    made = await declare(tenant, home, family=[relative(), relative(Relation.CHILD)])
    assert made.state is DeclarationState.IN_FORCE
    assert made.household
    other, friends = await house(area="6.00"), await resident()
    held = await declare(friends, other, family=[relative(Relation.OTHER)])
    await held_for(held, Doubt.OVER_CAPACITY)
    assert not held.household


async def test_a_family_that_shares_the_room_with_others_is_counted(town: None) -> None:
    home = await house(area="10.00")
    await declare(await resident(), home)
    held = await declare(await resident(), home, family=[relative()])
    await held_for(held, Doubt.OVER_CAPACITY)


async def test_a_family_grows(town: None) -> None:
    home, tenant = await house(area="5.00"), await resident()
    person = who()
    first = await declare(tenant, home, person, family=[relative()])
    spouse = await Declaration.filter(batch=first.batch, relation=Relation.SPOUSE).get()
    child = relative(Relation.CHILD, born=date(2024, 2, 3))
    made = await declare(
        tenant,
        home,
        person,
        family=[Relative(relation=Relation.SPOUSE, person_id=spouse.person_id), child],
    )
    rows = await Declaration.filter(batch=made.batch)
    assert {row.state for row in rows} == {DeclarationState.IN_FORCE}
    alone = await declare(tenant, home, person, family=[relative(Relation.CHILD)])
    assert alone.state is DeclarationState.IN_FORCE


async def test_a_room_that_nobody_measured_raises_no_doubt(town: None) -> None:
    home = await house()
    await Room.filter(id=home.room.id).update(area=None)
    for _ in range(6):
        assert (await declare(await resident(), home)).state is DeclarationState.IN_FORCE


@pytest.mark.parametrize("kind", [PlaceBlockKind.MEASURE, PlaceBlockKind.URGENT_HAZARD])
async def test_where_a_measure_or_danger_is_somebody_looks_first(
    town: None, kind: PlaceBlockKind
) -> None:
    home = await house()
    await factories.block(home.place, kind=kind)
    await held_for(await declare(await resident(), home), Doubt.PLACE_NOT_LET)


@pytest.mark.parametrize(
    "kind", [PlaceBlockKind.TENANT_REGISTRATION_OVERDUE, PlaceBlockKind.STAFF_DECISION]
)
async def test_other_blocks_are_no_reason_to_doubt(town: None, kind: PlaceBlockKind) -> None:
    home = await house()
    await factories.block(home.place, kind=kind)
    assert (await declare(await resident(), home)).state is DeclarationState.IN_FORCE


@pytest.mark.parametrize(
    "values", [{"lifecycle": Lifecycle.PLANNED}, {"kind": PlaceKind.SMALL_SHOP}]
)
async def test_what_is_no_house_in_use_is_looked_at(town: None, values: dict[str, Any]) -> None:
    home = await house(**values)
    await held_for(await declare(await resident(), home), Doubt.PLACE_NOT_LET)


async def test_a_room_out_of_use_is_looked_at(town: None) -> None:
    home = await house()
    await Room.filter(id=home.room.id).update(state=RoomState.OUT_OF_USE)
    made = await declare(await resident(), home)
    await held_for(made, Doubt.PLACE_NOT_LET)
    assert (await Room.get(id=home.room.id)).state is RoomState.OUT_OF_USE


async def test_another_name_is_kept_sealed_and_changes_nobody(town: None) -> None:
    home, tenant = await house(), await resident()
    person = await factories.person(name="测试原名")
    number = reveal(person, "number")
    made = await declare(tenant, home, who("测试别名", number))
    await held_for(made, Doubt.NAME_CONFLICT)
    assert reveal(made, "claimed_name") == "测试别名"
    known = await Person.get(id=person.id)
    assert (reveal(known, "name"), known.account_id) == ("测试原名", None)
    (entry,) = await entries(made.id)
    assert "测试" not in str(entry.payload)
    assert not any("测试" in str(data) for _, data in await jobs())


async def test_a_name_in_other_characters_of_the_same_letters_is_the_same(town: None) -> None:
    home, tenant = await house(), await resident()
    person = await factories.person(name="ＡＮＡ ＬＩＭＡ")
    await factories.residence(person, home.room)
    made = await declare(tenant, home, who("Ana Lima", reveal(person, "number")))
    assert made.state is DeclarationState.IN_FORCE


async def test_the_fourth_declaration_of_a_day_is_held(town: None) -> None:
    tenant, person = await resident(), who()
    for _ in range(rules().declarations_per_day):
        made = await declare(tenant, await house(), person, family=[relative()])
        assert made.state is DeclarationState.IN_FORCE
    await held_for(await declare(tenant, await house(), person), Doubt.MANY_IN_A_DAY)
    assert (await declare(await resident(), await house())).state is DeclarationState.IN_FORCE


async def test_yesterday_does_not_count(town: None) -> None:
    tenant, person = await resident(), who()
    for _ in range(rules().declarations_per_day):
        await declare(tenant, await house(), person)
    await Declaration.all().update(created_at=date(2026, 1, 5))
    assert (await declare(tenant, await house(), person)).state is DeclarationState.IN_FORCE


async def test_what_a_landlord_denied_and_a_warden_refused_is_held_again(town: None) -> None:
    home, tenant, person = await house(run=True), await resident(), who()
    made = await declare(tenant, home, person)
    await Declaration.filter(id=made.id).update(state="REFUSED", landlord_answer="DENIED")
    await Residence.filter(id=made.residence_id).delete()
    await held_for(await declare(tenant, home, person), Doubt.LANDLORD_DENIES)


async def test_what_is_held_is_not_declared_again(town: None) -> None:
    home, tenant, person = await house(area="5.00"), await resident(), who()
    await declare(await resident(), home)
    await held_for(await declare(tenant, home, person), Doubt.OVER_CAPACITY)
    await refused(Conflict, declare(tenant, home, person), reason="HELD")


async def test_what_is_held_ends_nothing(town: None) -> None:
    home, full, tenant, person = await house(), await house(area="5.00"), await resident(), who()
    before = await declare(tenant, home, person)
    await declare(await resident(), full)
    held = await declare(tenant, full, person)
    residence = await lives(held)
    assert residence is not None
    assert residence.id == before.residence_id


async def test_a_house_of_others_keeps_its_doubts_to_itself(town: None) -> None:
    full = await house(area="5.00")
    await declare(await resident(), full)
    elsewhere: House = await house(area="5.00")
    assert (await declare(await resident(), elsewhere)).state is DeclarationState.IN_FORCE
    assert await Place.all().count() == 2


async def registered(at: House | None = None, *, phone: str | None = None) -> Person:
    """Somebody the town knows, whom others registered in a room."""
    person = await factories.person(name=NAME, phone=phone)
    await factories.residence(person, (at or await house()).room, source=ResidenceSource.LANDLORD)
    return person


async def test_name_and_number_alone_make_nobody_who_is_known(town: None) -> None:
    person, stranger = await registered(), await resident()
    made = await declare(stranger, await house(), who(NAME, reveal(person, "number")))
    await held_for(made, Doubt.ACCOUNT_UNPROVEN)
    known = await Person.get(id=person.id)
    assert (known.account_id, known.phone) == (None, None)
    assert await Residence.filter(person_id=person.id, current=True).count() == 1
    assert await own_persons(stranger) == []
    assert await own_person(stranger) is None


async def test_a_warden_who_confirms_makes_the_account_theirs(town: None) -> None:
    person, tenant = await registered(), await resident()
    made = await declare(tenant, await house(), who(NAME, reveal(person, "number")))
    decisions = [Decision(declaration_id=made.id, confirm=True)]
    assert not (await decide_declarations(await warden(), decisions=decisions)).refused
    known = await Person.get(id=person.id)
    assert (known.account_id, reveal(known, "phone")) == (tenant.id, await own_phone(tenant))
    living = await Residence.get(person_id=person.id, current=True)
    assert living.room_id == made.room_id


async def test_the_plate_of_the_room_where_somebody_is_registered_leads_to_them(
    town: None,
) -> None:
    home, tenant = await house(), await resident()
    person = await registered(home)
    made = await declare(tenant, home, who(NAME, reveal(person, "number")))
    assert made.state is DeclarationState.IN_FORCE
    assert (await Person.get(id=person.id)).account_id == tenant.id


async def test_the_phone_on_record_leads_to_somebody_wherever_they_move(town: None) -> None:
    tenant = await resident()
    person = await registered(phone=await own_phone(tenant))
    made = await declare(tenant, await house(), who(NAME, reveal(person, "number")))
    assert made.state is DeclarationState.IN_FORCE
    assert (await Person.get(id=person.id)).account_id == tenant.id


async def test_whoever_the_town_does_not_know_declares_with_two_fields(town: None) -> None:
    tenant = await resident()
    made = await declare(tenant, await house(), who())
    assert made.state is DeclarationState.IN_FORCE
    assert (await Person.get(id=made.person_id)).account_id == tenant.id


async def test_a_phone_that_staff_were_given_leads_to_who_is_known(town: None) -> None:
    person, tenant = await registered(), await resident()
    number = reveal(person, "number")
    await declare_for(
        await warden(), room_id=(await house()).room.id, who=who(NAME, number),
        phone=await own_phone(tenant), on_behalf="本人", consents=AGREED,
    )  # fmt: skip
    made = await declare(tenant, await house(), who(NAME, number))
    assert made.state is DeclarationState.IN_FORCE
    assert (await Person.get(id=person.id)).account_id == tenant.id
