"""Who decides a held declaration reads it in clear: with a reason, on record, while it is held."""

from __future__ import annotations

import pytest

from citizen.declarations.declaring import declare_for
from citizen.declarations.revealing import declared_again, reveal_declared
from citizen.declarations.review import Decision, decide_declarations
from citizen.models import Declaration, DeclarationState
from core.crypto import reveal
from core.errors import InvalidInput, NotFound, Unauthenticated
from identity.actor import Role
from identity.models import Account
from management.models import Person, PersonLook
from management.people.looks import reveal_person
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.citizen.support import AGREED, declare, house, resident, who
from tests.citizen.test_declaration_review import warden
from tests.management.support import HOSTILE, OTHER_GRID, VISITOR, entries, refused, signed_in

WHY = "核对证件上的姓名"


async def conflicted() -> tuple[Declaration, Person]:
    """Held, because the document is known by another name; the person lives nowhere."""
    owner = await factories.account()
    person = await factories.person(owner, name="测试原名")
    made = await declare(await resident(), await house(), who("测试别名", reveal(person, "number")))
    assert made.state is DeclarationState.HELD
    return made, person


async def test_both_names_are_read_in_one_look_that_the_person_sees(town: None) -> None:
    made, person = await conflicted()
    judge = await warden()
    found = await reveal_declared(judge, declaration_id=made.id, reason=WHY)
    assert (found.person.name, found.claimed_name) == ("测试原名", "测试别名")
    assert "测试" not in repr(found)
    (look,) = await PersonLook.filter(person_id=person.id)
    assert (look.staff_id, look.reason) == (judge.id, WHY)
    assert look.what == ["number", "name", "born", "claimed_name"]
    (entry,) = await entries(person.id)
    assert entry.action == "revealPerson"
    assert "测试" not in str(entry.payload)
    told = await Notification.filter(topic=Topic.PERSON_READ)
    assert [row.account_id for row in told] == [person.account_id]
    again = await declared_again(judge, declaration_id=made.id, look_id=found.id)
    assert again == found
    stranger = declared_again(await warden(), declaration_id=made.id, look_id=found.id)
    await refused(NotFound, stranger)


async def test_whoever_is_known_by_a_held_declaration_alone_is_read_while_it_is_held(
    town: None,
) -> None:
    made, person = await conflicted()
    judge = await warden()
    await reveal_person(judge, person_id=person.id, reason=WHY)
    decided = [Decision(declaration_id=made.id, confirm=False, reason="不属实")]
    assert not (await decide_declarations(judge, decisions=decided)).refused
    await refused(NotFound, reveal_person(judge, person_id=person.id, reason=WHY))
    await refused(NotFound, reveal_declared(judge, declaration_id=made.id, reason=WHY))
    assert await PersonLook.all().count() == 1


async def test_only_where_it_is_held_and_with_the_right(town: None) -> None:
    made, person = await conflicted()
    declarer = signed_in(await Account.get(id=made.account_id))
    for stranger in (
        await warden(OTHER_GRID), await warden(role=Role.DEPARTMENT),
        await warden(role=Role.AUDITOR), declarer, await resident(),
    ):  # fmt: skip
        await refused(NotFound, reveal_declared(stranger, declaration_id=made.id, reason=WHY))
    await refused(Unauthenticated, reveal_declared(VISITOR, declaration_id=made.id, reason=WHY))
    assert not await PersonLook.filter(person_id=person.id)


@pytest.mark.parametrize("reason", [*HOSTILE, "", "因"])
async def test_nobody_reads_without_a_reason(town: None, reason: str) -> None:
    made, person = await conflicted()
    attempt = reveal_declared(await warden(), declaration_id=made.id, reason=reason)
    await refused(InvalidInput, attempt, field="input.reason")
    assert not await PersonLook.filter(person_id=person.id)


async def test_a_declaration_without_a_claimed_name_shows_the_person_alone(town: None) -> None:
    home, author = await house(), await warden()
    made = await declare_for(
        author, room_id=home.room.id, who=who("测试住户"), phone=None, on_behalf="本人",
        consents=AGREED,
    )  # fmt: skip
    found = await reveal_declared(author, declaration_id=made.id, reason=WHY)
    assert (found.person.name, found.claimed_name) == ("测试住户", None)
    assert "claimed_name" not in (await PersonLook.get()).what
