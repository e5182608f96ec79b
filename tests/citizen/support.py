"""What the tests of declarations share: a house with its plate, people with a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from citizen.declarations.declaring import Relative, Who, declare_residence
from citizen.models import Declaration, DeclarationStep, Relation
from core import redis
from core.crypto import reveal
from core.work import work
from identity.actor import SYSTEM, Actor
from identity.models import Account
from identity.phone_sign_in import account_for_phone
from management.models import ConsentPurpose, Place, Plate, Residence, Room, Task
from management.people.consents import Given, text_in_force
from tests import factories
from tests.management.support import signed_in, some_grids

NAME = "测试租客"
AGREED = [
    Given(one, text_in_force(one).version)
    for one in (ConsentPurpose.DOCUMENT_NUMBER, ConsentPurpose.MINOR)
]
"""That the texts in force were read and agreed to."""
_phones = count(13900100000)


@pytest.fixture
async def town(db: None) -> AsyncIterator[None]:
    """Some grids of the town, in a transaction that is rolled back."""
    await some_grids()
    async with redis.connected(None):
        yield


@pytest.fixture
async def committed_town(committed_db: None) -> AsyncIterator[None]:
    """Some grids of the town, committed."""
    await some_grids()
    async with redis.connected(None):
        yield


@dataclass
class House:
    """A house, a room of it, and the room's plate."""

    place: Place
    room: Room
    plate: Plate
    landlord: Account | None = None


async def house(*, area: str = "18.50", run: bool = False, **values: Any) -> House:
    """A house with one room on the market; run by somebody if wanted."""
    place = await factories.place(**values)
    room = await factories.room(place, area=Decimal(area))
    landlord = await factories.account() if run else None
    if landlord is not None:
        await factories.claim(landlord, place)
    return House(place, room, await factories.plate(place, room), landlord)


async def resident(phone: str | None = None) -> Actor:
    """Somebody signed in with a phone of their own."""
    async with work(SYSTEM):
        return signed_in(await account_for_phone(phone or str(next(_phones))))


def who(name: str = NAME, number: str | None = None, **values: Any) -> Who:
    """Name and document of somebody made up."""
    return Who(
        name=name, number=factories.document_number() if number is None else number, **values
    )


def relative(relation: Relation = Relation.SPOUSE, **values: Any) -> Relative:
    """Somebody of the family, made up."""
    born = values.pop("born", date(1991, 3, 4))
    return Relative(
        relation=relation, who=who("测试家人", factories.document_number(born=born)), **values
    )


async def declare(actor: Actor, at: House, person: Who | None = None, **values: Any) -> Declaration:
    """Declare at the plate of the room, having agreed to everything."""
    given = {"consents": AGREED, **values}
    return await declare_residence(actor, plate_token=at.plate.token, who=person or who(), **given)


async def lives(declaration: Declaration) -> Residence | None:
    """The residence in force of the person who was declared."""
    return await Residence.filter(person_id=declaration.person_id, current=True).first()


async def history(declaration: Declaration) -> list[str]:
    """What was done, in order; the numbers have no gap and end at the version."""
    steps = await DeclarationStep.filter(declaration_id=declaration.id).order_by("number")
    fresh = await Declaration.get(id=declaration.id)
    assert [step.number for step in steps] == list(range(1, fresh.version + 1))
    return [step.action.value for step in steps]


async def tasks(subject: Any) -> list[tuple[str, str, str]]:
    """Kind, step and state of the tasks about something."""
    found = await Task.filter(subject_id=subject.id).order_by("id")
    return [(task.kind.value, task.step, task.state.value) for task in found]


async def words_of(declaration: Declaration) -> Sequence[str | None]:
    """The words of its steps, in clear."""
    steps = await DeclarationStep.filter(declaration_id=declaration.id).order_by("number")
    return [reveal(step, "words") for step in steps]
