"""The landlord answers, the person objects, somebody moves out: what follows and what does not."""

from __future__ import annotations

from datetime import timedelta

from citizen.declarations.access import visible_declarations
from citizen.declarations.answers import answer_tenant, close_questions
from citizen.declarations.lists import my_declarations, open_objections, tenant_questions
from citizen.declarations.moving_out import move_out
from citizen.declarations.objections import decide_objection, object_to_residence
from citizen.declarations.review import Decision, decide_declarations
from citizen.models import (
    Declaration,
    DeclarationState,
    LandlordAnswer,
    ObjectionState,
    Relation,
    ResidenceObjection,
)
from core.clock import now, today
from core.crypto import reveal
from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.keyset import Page
from identity.actor import Actor, Role
from management.models import Residence, ResidenceCheck, ResidenceEnd
from notifications.models import Notification
from tests import factories
from tests.citizen.support import (
    House,
    declare,
    history,
    house,
    lives,
    relative,
    resident,
    tasks,
    who,
    words_of,
)
from tests.citizen.test_declaration_review import warden
from tests.management.support import OTHER_GRID, refused, refused_input, signed_in, staff


def landlord_of(home: House) -> Actor:
    """Who runs the house."""
    assert home.landlord is not None
    return signed_in(home.landlord)


async def told(who: Actor) -> list[str]:
    """What somebody was told, in order."""
    rows = (
        await Notification.filter(account_id=who.id).order_by("id").values_list("topic", flat=True)
    )
    return [str(row) for row in rows]


async def test_the_landlord_is_told_and_confirms(town: None) -> None:
    home, tenant = await house(run=True), await resident()
    made = await declare(tenant, home)
    landlord = landlord_of(home)
    assert await told(landlord) == ["TENANT_DECLARED"]
    page = await tenant_questions(landlord, page=Page(5), columns=["id"])
    assert [row["id"] for row in page.rows] == [made.id]
    row = await answer_tenant(landlord, declaration_id=made.id, answer=LandlordAnswer.CONFIRMED)
    assert (row.question_open, row.landlord_answer) == (False, "CONFIRMED")
    residence = await lives(made)
    assert residence is not None
    assert residence.check_state is ResidenceCheck.CONFIRMED
    assert await tasks(made) == []
    assert await told(tenant) == []
    await refused(
        WrongState,
        answer_tenant(landlord, declaration_id=made.id, answer=LandlordAnswer.DENIED, words="不是"),
        reason="ANSWERED",
    )


async def test_a_denial_marks_the_residence_and_sends_a_warden(town: None) -> None:
    home, tenant = await house(run=True), await resident()
    made, landlord = await declare(tenant, home), landlord_of(home)
    await refused_input(
        answer_tenant(landlord, declaration_id=made.id, answer=LandlordAnswer.DENIED), "input.words"
    )
    row = await answer_tenant(
        landlord, declaration_id=made.id, answer=LandlordAnswer.DENIED, words="没有租给他"
    )
    assert (row.state, row.doubts) == (DeclarationState.IN_FORCE, ["LANDLORD_DENIES"])
    residence = await lives(made)
    assert residence is not None
    assert residence.check_state is ResidenceCheck.DOUBTED
    assert await tasks(made) == [("DECLARATION", "DENIED", "OPEN")]
    assert await told(tenant) == ["TENANT_DENIED"]
    assert await words_of(made) == [None, "没有租给他"]
    decision = Decision(declaration_id=made.id, confirm=False, reason="已搬走")
    assert (await decide_declarations(await warden(), decisions=[decision])).refused == {}
    await made.refresh_from_db()
    assert made.state is DeclarationState.REFUSED
    ended = await Residence.get(id=made.residence_id)
    assert (ended.current, ended.end_reason) == (False, ResidenceEnd.STAFF_FOUND)
    assert await tasks(made) == [("DECLARATION", "DENIED", "DONE")]
    assert await history(made) == ["DECLARE", "LANDLORD_DENY", "REFUSE"]


async def test_a_warden_may_find_that_the_landlord_is_wrong(town: None) -> None:
    home, tenant = await house(run=True), await resident()
    made = await declare(tenant, home)
    await answer_tenant(
        landlord_of(home), declaration_id=made.id, answer=LandlordAnswer.DENIED, words="不认识"
    )
    decision = Decision(declaration_id=made.id, confirm=True)
    assert (await decide_declarations(await warden(), decisions=[decision])).refused == {}
    residence = await lives(made)
    assert residence is not None
    assert residence.check_state is ResidenceCheck.CONFIRMED
    assert await told(tenant) == ["TENANT_DENIED", "DECLARATION_DECIDED"]


async def test_only_who_runs_the_house_answers(town: None) -> None:
    home, other, tenant = await house(run=True), await house(run=True), await resident()
    made = await declare(tenant, home)
    for actor in (landlord_of(other), tenant, await resident(), staff()):
        await refused(
            NotFound,
            answer_tenant(actor, declaration_id=made.id, answer=LandlordAnswer.CONFIRMED),
        )
    seen = await visible_declarations(landlord_of(home))
    assert [row.id for row in await seen] == [made.id]
    assert await (await visible_declarations(landlord_of(other))).count() == 0


async def test_what_is_held_is_not_for_the_landlord(town: None) -> None:
    home = await house(run=True, area="5.00")
    first = await declare(await resident(), home)
    await declare(await resident(), home)
    assert [row.id for row in await (await visible_declarations(landlord_of(home)))] == [first.id]


async def test_seven_silent_days_close_the_question_and_nothing_more(town: None) -> None:
    home, young = await house(run=True), await house(run=True)
    made, later = await declare(await resident(), home), await declare(await resident(), young)
    await Declaration.filter(id=made.id).update(
        asked_landlord_at=now() - timedelta(days=7, hours=1)
    )
    await Declaration.filter(id=later.id).update(asked_landlord_at=now() - timedelta(days=6))
    await close_questions()
    await close_questions()
    await made.refresh_from_db()
    assert (made.question_open, made.state, made.landlord_answer) == (False, "IN_FORCE", None)
    assert await history(made) == ["DECLARE", "QUESTION_CLOSED"]
    residence = await lives(made)
    assert residence is not None
    assert residence.check_state is ResidenceCheck.UNCHECKED
    await refused(
        WrongState,
        answer_tenant(landlord_of(home), declaration_id=made.id, answer=LandlordAnswer.CONFIRMED),
        reason="CLOSED",
    )
    assert await history(later) == ["DECLARE"]


async def test_who_was_declared_by_others_hears_of_it_and_objects(town: None) -> None:
    phone = "13900000066"
    victim, home, declarer = await resident(phone), await house(), await resident()
    own_home = await declare(
        victim, await house(), who(number=(number := factories.document_number()))
    )
    false = await declare(
        declarer, home, family=[type(relative())(relation=Relation.OTHER, who=who(number=number))]
    )
    about = await Declaration.filter(batch=false.batch, relation=Relation.OTHER).get()
    assert about.person_id == own_home.person_id
    assert await told(victim) == ["DECLARED_FOR_YOU"]
    page = await my_declarations(victim, page=Page(5), columns=["id"])
    assert [row["id"] for row in page.rows] == [about.id, own_home.id]

    await refused(NotFound, object_to_residence(declarer, declaration_id=about.id, words="不是我"))
    await refused_input(
        object_to_residence(victim, declaration_id=about.id, words=" "), "input.words"
    )
    objection = await object_to_residence(victim, declaration_id=about.id, words="我没住那里")
    assert reveal(objection, "words") == "我没住那里"
    assert await tasks(objection) == [("OBJECTION", "", "OPEN")]
    await refused(
        Conflict,
        object_to_residence(victim, declaration_id=about.id, words="再说一次"),
        reason="OBJECTED",
    )
    queue = await open_objections(staff(), grid_code=None, page=Page(5), columns=["id"])
    assert [row["id"] for row in queue.rows] == [objection.id]

    for other in (staff(Role.WARDEN, OTHER_GRID), staff(Role.SERVICE_DESK), victim):
        await refused(
            NotFound,
            decide_objection(other, objection_id=objection.id, uphold=True, reason="属实"),
        )
    decided = await decide_objection(
        await warden(), objection_id=objection.id, uphold=True, reason="情况属实"
    )
    assert decided.state is ObjectionState.UPHELD
    ended = await Residence.get(id=about.residence_id)
    assert (ended.current, ended.end_reason) == (False, ResidenceEnd.OBJECTION_UPHELD)
    back = await lives(own_home)
    before = await Residence.get(id=own_home.residence_id)
    assert back is not None
    assert (back.room_id, back.starts_on) == (before.room_id, before.ends_on)
    assert (await told(victim))[-1] == "OBJECTION_DECIDED"
    assert await tasks(objection) == [("OBJECTION", "", "DONE")]
    assert await history(about) == ["DECLARE", "OBJECT", "OBJECTION_UPHELD"]
    await refused(
        WrongState,
        decide_objection(await warden(), objection_id=objection.id, uphold=False, reason="再看"),
    )


async def test_a_dismissed_objection_leaves_the_residence_and_is_not_made_again(
    town: None,
) -> None:
    phone, home = "13900000067", await house()
    tenant = await resident(phone)
    person = await factories.person(phone=phone)
    made = await declare(
        await resident(), home,
        family=[type(relative())(
            relation=Relation.OTHER, who=who(number=reveal(person, "number"))
        )],
    )  # fmt: skip
    about = await Declaration.filter(batch=made.batch, relation=Relation.OTHER).get()
    # Nobody has signed in as this person yet: the phone leads to them.
    objection = await object_to_residence(tenant, declaration_id=about.id, words="不是我住")
    await decide_objection(
        await warden(), objection_id=objection.id, uphold=False, reason="本人在场"
    )
    residence = await lives(about)
    assert residence is not None
    assert residence.check_state is ResidenceCheck.CONFIRMED
    await refused(
        WrongState,
        object_to_residence(tenant, declaration_id=about.id, words="还是不是"),
        reason="DECIDED",
    )
    assert await ResidenceObjection.all().count() == 1


async def test_moving_out_ends_the_residence_and_what_waits_for_it(town: None) -> None:
    home, tenant = await house(run=True), await resident()
    made = await declare(tenant, home, starts_on=today() - timedelta(days=5))
    for day in (today() + timedelta(days=1), today() - timedelta(days=6)):
        await refused(InvalidInput, move_out(tenant, ends_on=day), reason="ENDS_ON")
    residence = await move_out(tenant, ends_on=today() - timedelta(days=1))
    assert (residence.current, residence.end_reason) == (False, ResidenceEnd.MOVED_OUT)
    assert residence.ends_on == today() - timedelta(days=1)
    await made.refresh_from_db()
    assert not made.question_open
    assert await history(made) == ["DECLARE", "QUESTION_CLOSED"]
    await refused(WrongState, move_out(tenant), reason="NOT_LIVING_ANYWHERE")
    await refused(NotFound, move_out(await resident()))


async def test_a_family_moves_out_with_who_declared_it(town: None) -> None:
    home, tenant = await house(), await resident()
    made = await declare(tenant, home, family=[relative(), relative(Relation.OTHER)])
    await move_out(tenant, whole_family=True)
    left = await Residence.filter(room_id=home.room.id, current=True).values_list(
        "person_id", flat=True
    )
    (friend,) = await Declaration.filter(batch=made.batch, relation=Relation.OTHER)
    assert list(left) == [friend.person_id]
