"""Persons: once by document, whoever writes it how, and bound to one account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest

from core import crypto
from core.crypto import KeyRing, reveal, seal
from core.errors import Conflict, InvalidInput
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account
from management.models import DocumentKind, Person
from management.people.documents import Document, read_document
from management.people.persons import (
    Known,
    bind_account,
    find_or_add,
    note_phone,
    own_person,
    phone_indexes,
    read_name,
    same_name,
    shown,
)
from tests import factories
from tests.management.support import HOSTILE, employee, outcomes, refused, signed_in, staff

NUMBER = factories.document_number(born=date(1991, 2, 3))


def card(number: str = NUMBER) -> Document:
    return read_document(DocumentKind.MAINLAND_ID, number)


async def add(
    name: str = "张三丰", *, document: Document | None = None, phone: str | None = None
) -> Known:
    async with work(SYSTEM):
        return await find_or_add(document or card(), name=name, phone=phone)


async def bind(person: Person, account: Account) -> None:
    async with work(SYSTEM):
        await bind_account(person, account.id)


async def caller(phone: str | None) -> Account:
    account = Account(display_name="测试租客")
    if phone is not None:
        seal(account, "phone", phone)
        account.phone_index = crypto.ring().index(phone, table="account", column="phone_index")
    await account.save(force_create=True)
    return account


@contextmanager
def keys(sealing: str, indexing: str) -> Iterator[None]:
    before = crypto.configure(KeyRing.parse(sealing, indexing))
    try:
        yield
    finally:
        crypto.configure(before)


async def test_a_person_is_added_once_and_found_again_however_the_number_is_written(
    db: None,
) -> None:
    first = await add()
    spaced = read_document(DocumentKind.MAINLAND_ID, f" {NUMBER[:6]} {NUMBER[6:]} ")
    again = await add(document=spaced)
    assert (first.new, again.new) == (True, False)
    assert first.person.id == again.person.id
    assert reveal(first.person, "born") == "1991-02-03"


async def test_the_same_number_of_another_kind_of_document_is_somebody_else(db: None) -> None:
    one = await add(document=Document(DocumentKind.PASSPORT, "E12345678"))
    other = await add(document=Document(DocumentKind.PERMANENT_RESIDENCE, "E12345678"))
    assert one.person.id != other.person.id


async def test_another_name_is_said_and_changes_nothing(db: None) -> None:
    first = await add()
    other = await add("李四", phone="13800000001")
    assert not other.same_name
    row = await Person.get(id=first.person.id)
    assert (reveal(row, "name"), row.phone) == ("张三丰", None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("买买提·艾力", "买买提艾力"),
        ("买买提•艾力", "买买提 · 艾力"),
        ("ANA LIMA", "Ana  Lima"),
        ("ＡＮＡ", "ana"),
        ("O'Brien", "O’Brien"),
    ],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert same_name(one, other)
    assert not same_name(one, f"{other}甲")


async def test_a_phone_is_kept_when_none_is_known_and_not_replaced(db: None) -> None:
    await add()
    for phone in ("13800000001", "13900000002"):
        async with work(SYSTEM):
            await note_phone(await add(), phone)
    person = (await add()).person
    assert reveal(person, "phone") == "13800000001"
    assert person.phone_index in phone_indexes("+86 138-0000-0001")


async def test_a_phone_that_comes_with_name_and_number_is_kept_of_who_is_new_only(
    db: None,
) -> None:
    await add()
    assert (await add(phone="13800000001")).person.phone is None
    async with work(SYSTEM):
        await note_phone(await add("李四"), "13800000001")
    assert (await add()).person.phone is None


async def test_who_is_bound_gets_the_phone_of_the_account(db: None) -> None:
    person = (await add()).person
    await bind(person, await caller("13800000001"))
    row = await Person.get(id=person.id)
    assert reveal(row, "phone") == "13800000001"
    assert row.phone_index in phone_indexes("13800000001")


@pytest.mark.parametrize("name", [*HOSTILE, "", "甲", "张三1", "张" * 61])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_name(name, field="input.family.0.name")
    assert refusal.value.field == "input.family.0.name"


async def test_one_document_added_by_many_at_once_is_one_person(committed_db: None) -> None:
    found = await asyncio.gather(*(add() for _ in range(8)))
    assert len({known.person.id for known in found}) == 1
    assert sum(known.new for known in found) == 1
    assert await Person.all().count() == 1


async def test_a_person_written_under_an_earlier_index_key_is_found_and_not_added_twice(
    db: None,
) -> None:
    old, new, old_index, new_index = "aa" * 32, "bb" * 32, "cc" * 32, "dd" * 32
    with keys(f"s1:{old}", f"i1:{old_index}"):
        first = await add()
    with keys(f"s2:{new},s1:{old}", f"i2:{new_index},i1:{old_index}"):
        again = await add()
        assert again.same_name
        assert shown(again.person, clear=True)["number"] == NUMBER
    assert first.person.id == again.person.id


async def test_an_account_is_bound_to_one_person_and_a_person_to_one_account(db: None) -> None:
    person, other = (await add()).person, (await add(document=card(factories.document_number())))
    one, two = await caller(None), await caller(None)
    await bind(person, one)
    await bind(person, one)
    assert (await own_person(signed_in(one))) == person
    await refused(Conflict, bind(person, two), reason="PERSON_TAKEN")
    await refused(Conflict, bind(other.person, one), reason="ACCOUNT_TAKEN")


async def test_who_has_a_phone_on_record_is_bound_by_that_phone_only(db: None) -> None:
    person = (await add(phone="+86 13800000001")).person
    stranger, nobody, own = (
        await caller("13900000002"),
        await caller(None),
        await caller("13800000001"),
    )
    await refused(Conflict, bind(person, stranger), reason="PERSON_TAKEN")
    await refused(Conflict, bind(person, nobody), reason="PERSON_TAKEN")
    await bind(person, own)
    assert (await Person.get(id=person.id)).account_id == own.id


async def test_two_persons_bound_to_one_account_at_once_are_one(committed_db: None) -> None:
    people = [(await add(document=card(factories.document_number()))).person for _ in range(4)]
    account = await caller(None)
    answers = await outcomes(*(bind(person, account) for person in people))
    refusals = [one for one in answers if one is not None]
    assert {one.reason for one in refusals} == {"ACCOUNT_TAKEN"}
    assert len(refusals) == 3
    assert await Person.filter(account_id=account.id).count() == 1


async def test_staff_and_visitors_are_nobody(db: None) -> None:
    await employee()
    assert await own_person(staff()) is None
    assert await own_person(signed_in(await caller(None))) is None


async def test_a_person_is_shown_masked_unless_somebody_may_see(db: None) -> None:
    person = (await add(phone="13800000001")).person
    assert shown(person, clear=False) == {
        "number": f"{NUMBER[:4]}**********{NUMBER[-4:]}",
        "name": "张**",
        "born": "1991-**-**",
        "phone": "138****0001",
    }
    (row,) = await Person.filter(id=person.id).values(
        person__id="id", person__name="name", person__number="number"
    )
    clear = shown(row, clear=True, prefix="person__")
    assert clear == {"number": NUMBER, "name": "张三丰", "born": None, "phone": None}


async def test_what_is_stored_says_nothing_in_clear(db: None) -> None:
    person = (await add(phone="13800000001")).person
    row = str(await Person.filter(id=person.id).values())
    for secret in (NUMBER, "张三丰", "13800000001", "1991-02-03"):
        assert secret not in row
