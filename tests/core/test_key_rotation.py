"""Rotation of keys: everything comes under the active key, whole, found again, and once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.clock import now
from core.crypto import UnknownKey, reveal, ring, seal
from core.key_rotation import Rotated, columns, rotate, undeclared
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account, SmsCode
from management.models import DocumentKind, Person, Place
from management.people.documents import read_document
from management.people.persons import find_or_add, phone_indexes
from tests import factories
from tests.core.rotating import NEW, OLD, caller, keys, under
from tests.management.support import some_grids


def done(found: list[Rotated]) -> dict[str, int]:
    return {f"{one.table}.{one.column}": one.done for one in found if one.done}


async def test_every_index_says_what_it_is_made_of(tortoise: None) -> None:
    assert list(columns())
    assert undeclared() == []


async def test_every_table_with_sealed_columns_has_a_uuid_key(tortoise: None) -> None:
    for model, _, _ in columns():
        assert type(model._meta.pk).__name__ == "UUIDField", model


async def test_everything_comes_under_the_new_key_and_is_found_without_the_old(db: None) -> None:
    number = factories.document_number()
    document = read_document(DocumentKind.MAINLAND_ID, number)
    with keys(OLD):
        account = await caller("13800000001")
        person = await factories.person(name="张三丰", number=number, phone="+86 13800000001")
    with keys(NEW, OLD):
        found = done(await rotate())
        assert found == {
            "account.phone": 1, "account.phone_index": 1, "person.number": 1,
            "person.number_index": 1, "person.name": 1, "person.born": 1, "person.phone": 1,
            "person.phone_index": 1,
        }  # fmt: skip
        assert done(await rotate()) == {}
    with keys(NEW):
        async with work(SYSTEM):
            again = await find_or_add(document, name="张三丰")
        assert (again.new, again.person.id, again.same_name) == (False, person.id, True)
        assert reveal(await Account.get(id=account.id), "phone") == "13800000001"
        assert await Person.filter(phone_index__in=phone_indexes("13800000001")).count() == 1
        indexes = ring().indexes("13800000001", table="account", column="phone_index")
        assert await Account.filter(phone_index__in=indexes).count() == 1


async def test_more_than_a_batch_and_a_rotation_that_was_stopped_goes_on(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.key_rotation.BATCH", 3)
    with keys(OLD):
        for index in range(8):
            await caller(f"1380000100{index}")
    with keys(NEW, OLD):
        accounts = await Account.all().order_by("id").limit(4)
        for account in accounts:  # what a rotation had done before it was stopped
            seal(account, "phone", reveal(account, "phone"))
            await account.save(update_fields=["phone"])
        found = done(await rotate())
        assert found == {"account.phone": 4, "account.phone_index": 8}
    assert await under("s1") == await under("i1") == 0


async def test_a_missing_key_stops_it_and_loses_nothing(db: None) -> None:
    with keys(OLD):
        account = await caller("13800000001")
    with keys(NEW), pytest.raises(UnknownKey):
        await rotate()
    with keys(OLD):
        assert reveal(await Account.get(id=account.id), "phone") == "13800000001"


async def test_numbers_of_codes_are_counted_as_left(db: None) -> None:
    with keys(OLD):
        index = ring().index("13800000001", table="account", column="phone_index")
        moment = now()
        await SmsCode.create(
            phone_index=index, code_hash="0" * 64, created_at=moment, expires_at=moment
        )
    with keys(NEW, OLD):
        left = {f"{one.table}.{one.column}": one.left for one in await rotate() if one.left}
    assert left == {"sms_code.phone_index": 1}


async def test_what_is_written_meanwhile_stays_as_it_was_written(committed_db: None) -> None:
    await some_grids()
    with keys(OLD):
        places: list[Place] = []
        for index in range(5):
            place = await factories.place()
            seal(place, "contact_name", f"旧联系人{index}")
            await place.save()
            places.append(place)
    with keys(NEW, OLD):

        async def rename(place: Place) -> None:
            fresh = await Place.get(id=place.id)
            seal(fresh, "contact_name", "新联系人")
            await fresh.save(update_fields=["contact_name"])

        await asyncio.gather(rotate(), *(rename(place) for place in places))
        for place in places:
            fresh: Any = await Place.get(id=place.id)
            assert reveal(fresh, "contact_name") == "新联系人"
            assert not ring().needs_rotation(fresh.contact_name)
