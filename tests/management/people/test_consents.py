"""Consents: to the words that are shown, kept with their version, taken back at any time."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.privacy import Basis
from core.work import work
from identity.actor import SYSTEM
from management.models import Consent, ConsentPurpose, Residence
from management.people.consents import (
    Given,
    agreed,
    give_consent,
    missing,
    note_consents,
    own_consents,
    text_in_force,
    texts,
    withdraw_consent,
)
from tests import factories
from tests.management.support import VISITOR, outcomes, refused, signed_in, staff

LOCATION, NUMBER, MINOR = (
    ConsentPurpose.LOCATION,
    ConsentPurpose.DOCUMENT_NUMBER,
    ConsentPurpose.MINOR,
)


def now_shown(purpose: ConsentPurpose) -> Given:
    return Given(purpose, text_in_force(purpose).version)


@pytest.mark.parametrize("purpose", ConsentPurpose)
def test_every_purpose_has_words_in_both_languages(purpose: ConsentPurpose) -> None:
    versions = [text.version for text in texts()[purpose]]
    assert len(set(versions)) == len(versions)
    for text in texts()[purpose]:
        assert min(map(len, (text.title_zh, text.title_en, text.body_zh, text.body_en))) > 3
        assert len(text.version) <= 12


def test_registering_a_number_rests_on_duty_the_rest_on_consent() -> None:
    assert text_in_force(NUMBER).basis is Basis.STATUTORY_DUTY
    assert text_in_force(LOCATION).basis is text_in_force(MINOR).basis is Basis.CONSENT


async def test_what_was_agreed_to_is_not_asked_again(db: None) -> None:
    account = await factories.account()
    asked = await missing([NUMBER, LOCATION], account_id=account.id)
    assert {text.purpose for text in asked} == {NUMBER, LOCATION}
    for _ in range(2):
        await give_consent(
            signed_in(account), purpose=LOCATION, version=text_in_force(LOCATION).version
        )
    asked = await missing([NUMBER, LOCATION], account_id=account.id)
    assert {text.purpose for text in asked} == {NUMBER}
    assert await agreed(account.id, LOCATION)
    assert await Consent.all().count() == 1


async def test_only_the_words_that_are_shown_now_are_agreed_to(db: None) -> None:
    actor = signed_in(await factories.account())
    await refused(
        InvalidInput, give_consent(actor, purpose=LOCATION, version="2020-1"),
        field="input.version", reason="CONSENT_VERSION",
    )  # fmt: skip


async def test_a_consent_taken_back_ends_and_only_once(db: None) -> None:
    account = await factories.account()
    actor = signed_in(account)
    await give_consent(actor, purpose=LOCATION, version=text_in_force(LOCATION).version)
    await withdraw_consent(actor, purpose=LOCATION)
    assert not await agreed(account.id, LOCATION)
    await refused(WrongState, withdraw_consent(actor, purpose=LOCATION), reason="NOT_GIVEN")
    await give_consent(actor, purpose=LOCATION, version=text_in_force(LOCATION).version)
    assert [row.withdrawn_at is None for row in await own_consents(actor)] == [True, False]


async def test_taking_the_number_back_leaves_the_residence(town: None) -> None:
    account = await factories.account()
    person = await factories.person(account)
    await factories.residence(person, await factories.room(await factories.place()))
    actor = signed_in(account)
    await give_consent(actor, purpose=NUMBER, version=text_in_force(NUMBER).version)
    await withdraw_consent(actor, purpose=NUMBER)
    assert await Residence.filter(current=True).count() == 1
    await person.refresh_from_db()
    assert person.number is not None


async def test_a_guardian_agrees_for_each_child_where_it_is_declared(db: None) -> None:
    account = await factories.account()
    one, other = await factories.person(), await factories.person()
    await refused(
        InvalidInput,
        give_consent(signed_in(account), purpose=MINOR, version=text_in_force(MINOR).version),
        field="input.purpose",
    )
    async with work(SYSTEM):
        await note_consents([now_shown(MINOR)], account_id=account.id, person_id=one.id)
    assert await agreed(account.id, MINOR, person_id=one.id)
    assert not await agreed(account.id, MINOR, person_id=other.id)
    asked = await missing([MINOR], account_id=account.id, person_id=other.id)
    assert [text.purpose for text in asked] == [MINOR]


async def test_staff_note_whose_consent_it_is(db: None) -> None:
    person = await factories.person()
    async with work(SYSTEM):
        await note_consents([now_shown(NUMBER)], account_id=None, person_id=person.id)
    (row,) = await Consent.all()
    assert (row.account_id, row.person_id) == (None, person.id)


async def test_only_accounts_agree(db: None) -> None:
    version = text_in_force(LOCATION).version
    await refused(Unauthenticated, give_consent(VISITOR, purpose=LOCATION, version=version))
    await refused(NotFound, give_consent(staff(), purpose=LOCATION, version=version))
    await refused(NotFound, withdraw_consent(staff(), purpose=LOCATION))
    assert await own_consents(staff()) == []


async def test_given_twice_at_once_is_kept_once(committed_db: None) -> None:
    account = await factories.account()
    version = text_in_force(LOCATION).version
    await outcomes(
        *(give_consent(signed_in(account), purpose=LOCATION, version=version) for _ in range(6))
    )
    assert await Consent.all().count() == 1
