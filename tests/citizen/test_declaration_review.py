"""Wardens decide what is held: each answer of its own, by somebody who had no part in it."""

from __future__ import annotations

from typing import Any

import pytest

from citizen.declarations.declaring import declare_for
from citizen.declarations.lists import (
    ReviewFilter,
    count_held,
    held_declarations,
    papers_of,
    steps_of,
)
from citizen.declarations.review import (
    Decision,
    decide_declarations,
    supplement_declaration,
    undecided,
    withdraw_declaration,
)
from citizen.models import Declaration, DeclarationState, Doubt
from core.crypto import reveal
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from core.keyset import Page
from identity.actor import Actor, Role
from management.models import Person, ResidenceCheck, ResidenceSource, Room, RoomState
from management.rules import rules
from media.models import Photo, Purpose
from tests import factories
from tests.citizen.support import (
    AGREED,
    declare,
    history,
    house,
    lives,
    resident,
    tasks,
    who,
    words_of,
)
from tests.management.support import (
    OTHER_GRID,
    VISITOR,
    employee,
    entries,
    outcomes,
    refused,
    refused_input,
    staff,
)


async def warden(*paths: str, role: Role = Role.WARDEN) -> Actor:
    """Somebody of the staff on record, posted in the grid of the houses."""
    actor, known = staff(role, *paths), await employee()
    return Actor(kind=actor.kind, id=known.id, rights=actor.rights)


async def conflicted() -> Declaration:
    """Held, because the document is known by another name."""
    person = await factories.person(name="测试原名")
    return await declare(await resident(), await house(), who("测试别名", reveal(person, "number")))


async def decide(actor: Actor, made: Declaration, confirm: bool = True, **values: Any) -> str:
    """What came of one decision: its refusal, or nothing."""
    given = {"reason": "" if confirm else "不属实", **values}
    deciding = await decide_declarations(
        actor, decisions=[Decision(declaration_id=made.id, confirm=confirm, **given)]
    )
    assert await undecided(actor, deciding.id) == deciding.refused
    await made.refresh_from_db()
    return deciding.refused.get(made.id, "")


async def test_a_confirmed_declaration_takes_effect(town: None) -> None:
    made, judge = await conflicted(), await warden()
    assert await decide(judge, made) == ""
    assert made.state is DeclarationState.IN_FORCE
    residence = await lives(made)
    assert residence is not None
    assert residence.check_state is ResidenceCheck.CONFIRMED
    assert await history(made) == ["DECLARE", "HOLD", "CONFIRM"]
    assert await tasks(made) == [("DECLARATION", "REVIEW", "DONE")]
    person = await Person.get(id=made.person_id)
    assert (reveal(person, "name"), person.account_id) == ("测试原名", made.account_id)
    assert made.claimed_name is None
    assert (await entries(made.id))[-1].action == "decideDeclaration"


async def test_the_name_on_record_changes_when_the_warden_says_so(town: None) -> None:
    made = await conflicted()
    assert await decide(await warden(), made, new_name=True) == ""
    assert reveal(await Person.get(id=made.person_id), "name") == "测试别名"


async def test_a_refused_one_does_not_and_says_why(town: None) -> None:
    made = await conflicted()
    assert await decide(await warden(), made, confirm=False) == ""
    assert (made.state, reveal(made, "reason")) == ("REFUSED", "不属实")
    assert await lives(made) is None
    assert await history(made) == ["DECLARE", "HOLD", "REFUSE"]
    await refused_input(decide(await warden(), made, confirm=False, reason=" "), "input.items")


async def test_each_gets_an_answer_of_its_own(town: None) -> None:
    good, other = await conflicted(), await conflicted()
    clean = await declare(await resident(), await house())
    elsewhere = await house(grid="441900122003-01", area="5.00")
    await declare(await resident(), elsewhere)
    foreign = await declare(await resident(), elsewhere)
    judge, absent = await warden(), uuid7()
    ids = [good.id, clean.id, foreign.id, absent, other.id]
    deciding = await decide_declarations(
        judge, decisions=[Decision(declaration_id=one, confirm=True) for one in ids]
    )
    assert deciding.refused == {
        clean.id: "IN_FORCE", foreign.id: "NOT_FOUND", absent: "NOT_FOUND",
    }  # fmt: skip
    assert await decide(judge, good) == "DECIDED"


async def test_who_declared_for_somebody_does_not_decide_it(town: None) -> None:
    home, author = await house(area="5.00"), await warden()
    await declare(await resident(), home)
    made = await declare_for(
        author, room_id=home.room.id, who=who(), phone=None, on_behalf="本人", consents=AGREED
    )
    assert made.state is DeclarationState.HELD
    assert await decide(author, made) == "OWN_DECLARATION"
    assert await decide(await warden(), made) == ""


async def test_what_somebody_declared_since_then_stands(town: None) -> None:
    full, tenant, person = await house(area="5.00"), await resident(), who()
    await declare(await resident(), full)
    held = await declare(tenant, full, person)
    later = await declare(tenant, await house(), person)
    assert await decide(await warden(), held) == "SUPERSEDED"
    residence = await lives(held)
    assert residence is not None
    assert residence.id == later.residence_id


async def test_two_wardens_at_once_decide_once(committed_town: None) -> None:
    made, one, other = await conflicted(), await warden(), await warden()

    async def answer(judge: Actor, confirm: bool) -> dict[Any, str]:
        given = Decision(declaration_id=made.id, confirm=confirm, reason="不属实")
        return (await decide_declarations(judge, decisions=[given])).refused

    answers = await outcomes(answer(one, True), answer(other, False))
    assert sorted(len(answer) for answer in answers) == [0, 1]
    assert len(await history(made)) == 3


async def test_only_who_decides_there_decides(town: None) -> None:
    made = await conflicted()
    given = [Decision(declaration_id=made.id, confirm=True)]
    await refused(Unauthenticated, decide_declarations(VISITOR, decisions=given))
    for actor in (await resident(), staff(Role.SERVICE_DESK), staff(Role.DEPARTMENT)):
        await refused(NotFound, decide_declarations(actor, decisions=given))
    assert await decide(await warden(OTHER_GRID), made) == "NOT_FOUND"
    many = [
        Decision(declaration_id=uuid7(), confirm=True)
        for _ in range(rules().declarations_per_request + 1)
    ]
    for wrong in ([], many, given * 2):
        await refused(InvalidInput, decide_declarations(staff(), decisions=wrong))


async def test_who_declared_takes_it_back_while_it_is_held(town: None) -> None:
    made = await conflicted()
    tenant = Actor(kind=(await resident()).kind, id=made.account_id)
    await refused(NotFound, withdraw_declaration(await resident(), declaration_id=made.id))
    row = await withdraw_declaration(tenant, declaration_id=made.id)
    assert (row.state, row.claimed_name) == ("WITHDRAWN", None)
    assert await tasks(made) == [("DECLARATION", "REVIEW", "CANCELLED")]
    await refused(
        WrongState, withdraw_declaration(tenant, declaration_id=made.id), reason="WITHDRAWN"
    )
    assert await decide(await warden(), made) == "WITHDRAWN"


async def test_papers_are_added_by_who_declared_and_by_wardens(town: None) -> None:
    made = await conflicted()
    tenant = Actor(kind=(await resident()).kind, id=made.account_id)
    photo = await Photo.create(
        owner_id=tenant.id, purpose=Purpose.DECLARATION, width=720, height=540
    )
    await supplement_declaration(tenant, declaration_id=made.id, photo_ids=[photo.id])
    await supplement_declaration(await warden(), declaration_id=made.id, words="上门看过")
    assert await history(made) == ["DECLARE", "HOLD", "CORRECT", "CORRECT"]
    assert await words_of(made) == [None, None, None, "上门看过"]
    steps = (await steps_of([made.id]))[made.id]
    papers = await papers_of([made.id])
    assert list(papers) == [steps[2]["id"]]
    await refused_input(
        supplement_declaration(tenant, declaration_id=made.id, photo_ids=[photo.id]),
        "input.photoIds",
        "PHOTO_USED",
    )
    foreign = await Photo.create(purpose=Purpose.DECLARATION, width=720, height=540)
    claim = await Photo.create(owner_id=tenant.id, purpose=Purpose.CLAIM, width=7, height=5)
    for wrong in (foreign, claim):
        await refused(
            NotFound,
            supplement_declaration(tenant, declaration_id=made.id, photo_ids=[wrong.id]),
        )
    await refused(
        NotFound, supplement_declaration(await resident(), declaration_id=made.id, words="别人")
    )


@pytest.mark.parametrize("role", [Role.WARDEN, Role.SERVICE_DESK])
async def test_staff_declare_for_others_and_both_are_on_record(town: None, role: Role) -> None:
    home, author = await house(), await warden(role=role)
    made = await declare_for(
        author,
        room_id=home.room.id,
        who=who(),
        phone="13900000005",
        on_behalf="租客本人到场",
        consents=AGREED,
    )
    source = ResidenceSource.WARDEN if role is Role.WARDEN else ResidenceSource.DESK
    assert (made.state, made.source) == ("IN_FORCE", source)
    assert (made.staff_id, made.account_id) == (author.id, None)
    assert reveal(made, "on_behalf") == "租客本人到场"
    assert reveal(await Person.get(id=made.person_id), "phone") == "13900000005"
    assert (await Room.get(id=home.room.id)).state is RoomState.LET
    for other in (staff(Role.DEPARTMENT), staff(Role.WARDEN, OTHER_GRID), await resident()):
        await refused(
            NotFound,
            declare_for(other, room_id=home.room.id, who=who(), phone=None, on_behalf="本人"),
        )
    await refused_input(
        declare_for(author, room_id=home.room.id, who=who(), phone=None, on_behalf="本人"),
        "input.consents",
        "CONSENT_NEEDED",
    )
    await refused_input(
        declare_for(author, room_id=home.room.id, who=who(), phone=None, on_behalf=" "),
        "input.onBehalf",
    )


async def test_the_queue_holds_what_waits_in_the_grids_of_the_actor(town: None) -> None:
    waiting = await conflicted()
    await declare(await resident(), await house())
    elsewhere = await house(grid="441900122003-01", area="5.00")
    await declare(await resident(), elsewhere)
    foreign = await declare(await resident(), elsewhere)

    async def queue(actor: Actor, **narrow: Any) -> list[Any]:
        wanted = ReviewFilter(**narrow)
        page = await held_declarations(actor, filter_by=wanted, page=Page(10), columns=["id"])
        assert await count_held(actor, filter_by=wanted) == len(page.rows)
        return [row["id"] for row in page.rows]

    assert await queue(staff()) == [waiting.id]
    assert await queue(staff(Role.WARDEN, OTHER_GRID)) == [foreign.id]
    both = staff(Role.SUPERVISOR, "441900122/")
    assert await queue(both) == [waiting.id, foreign.id]
    assert await queue(both, doubt=Doubt.OVER_CAPACITY) == [foreign.id]
    assert await queue(both, grid_code="441900122002-01") == [waiting.id]
    await decide(await warden(), waiting)
    assert await queue(staff()) == []
    await refused(NotFound, queue(staff(Role.SERVICE_DESK)))
