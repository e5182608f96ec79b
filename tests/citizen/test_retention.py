"""What is held about residents goes when its time is over: not before, and all of it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from citizen.models import (
    Declaration,
    DeclarationPhoto,
    DeclarationState,
    DeclarationStep,
    ObjectionState,
    ResidenceObjection,
)
from core.clock import now, today
from core.database import fetch
from core.privacy import Erased, registry
from core.privacy_jobs import enforce_retention
from identity.models import Account
from management.models import (
    HazardFollower,
    HazardReport,
    HazardStep,
    Person,
    PersonLook,
    Residence,
    ResidenceCertificate,
    Room,
)
from management.people import personal_data
from media.models import Photo
from tests import factories as make
from tests.citizen import residents

LONG_AGO = timedelta(days=2 * 366 + 1)
NOT_LONG_AGO = timedelta(days=2 * 366 - 1)
YEARS_BEFORE = timedelta(days=5 * 366)


async def room() -> Room:
    await make.town()
    return await make.room(await make.place())


async def lived(until: datetime | None, at: Room) -> Person:
    """Somebody who declared where they live, long ago, and moved out at a moment."""
    begun = now() - YEARS_BEFORE
    who = await residents.person()
    home = await residents.residence(who, at, ended=until, starts_on=begun.date())
    await residents.declaration(who, at, home, created_at=begun)
    await ResidenceCertificate.create(
        number=str(who.id)[-12:], person_id=who.id, residence_id=home.id,
        token_hash=who.id.hex, issued_at=begun, valid_until=today(),
    )  # fmt: skip
    await PersonLook.create(person_id=who.id, office="网格员", reason="核实", what=[], at=now())
    await Person.filter(id=who.id).update(created_at=begun)
    return who


async def test_two_years_after_the_last_residence_nobody_is_left(committed_db: None) -> None:
    at = await room()
    gone = await lived(now() - LONG_AGO, at)
    recent = await lived(now() - NOT_LONG_AGO, at)
    here = await lived(None, at)
    again = await lived(now() - LONG_AGO, at)
    await residents.residence(again, at)

    await enforce_retention()

    names = await Person.filter(name=None).values_list("id", flat=True)
    assert list(names) == [gone.id]
    blanked = await Person.get(id=gone.id)
    sealed = (blanked.number, blanked.number_index, blanked.born, blanked.phone)
    assert sealed == (None, None, None, None)
    assert blanked.phone_index is None
    assert blanked.erased_at is not None
    for table in (Residence, Declaration):
        assert not await table.filter(person_id=gone.id).exists()
        for kept in (recent, here):
            assert await table.filter(person_id=kept.id).exists()
    assert await Residence.filter(person_id=again.id).count() == 1
    assert not await ResidenceCertificate.filter(person_id=gone.id).exists()
    assert not await DeclarationStep.filter(declaration__person_id=gone.id).exists()
    assert await PersonLook.filter(person_id=gone.id).count() == 1, "kept for three years"


async def test_enforcing_it_twice_changes_nothing(committed_db: None) -> None:
    at = await room()
    await lived(now() - LONG_AGO, at)
    who = await make.account()
    await residents.report(
        await residents.hazard(await make.place(), closed=True), who, ago=LONG_AGO
    )
    first = await registry.enforce_retention()
    assert sum(first.values()) > 3
    assert not any((await registry.enforce_retention()).values())


async def test_a_declaration_in_vain_goes_two_years_on_and_a_held_one_waits(
    committed_db: None,
) -> None:
    at = await room()
    state = DeclarationState
    kept = []
    for outcome, ago in (
        (state.REFUSED, LONG_AGO), (state.WITHDRAWN, LONG_AGO),
        (state.REFUSED, NOT_LONG_AGO), (state.HELD, LONG_AGO),
    ):  # fmt: skip
        who = await residents.person()
        made = await residents.declaration(
            who, at, None, state=outcome, created_at=now() - ago,
            doubts=["OVER_CAPACITY"] if outcome is state.HELD else [],
        )  # fmt: skip
        await Person.filter(id=who.id).update(created_at=now() - ago)
        if outcome is state.HELD or ago is NOT_LONG_AGO:
            kept.append((made.id, who.id))
    await enforce_retention()
    assert {*await Declaration.all().values_list("id", "person_id")} == {*kept}
    assert {*await Person.exclude(name=None).values_list("id", flat=True)} == {
        one for _, one in kept
    }


async def test_somebody_declared_while_they_are_being_forgotten_is_not_forgotten(
    committed_db: None,
) -> None:
    at = await room()
    who = await residents.person()
    await Person.filter(id=who.id).update(created_at=now() - YEARS_BEFORE)
    declared = asyncio.Event()

    async def declare() -> None:
        async with in_transaction():
            await Person.filter(id=who.id).select_for_update().first()
            declared.set()
            while not await fetch("SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                await asyncio.sleep(0)  # until the other one waits for the row
            await residents.residence(who, at)

    async def forget() -> None:
        await declared.wait()
        async with in_transaction():
            await personal_data.blank(Person.filter(id__in=[who.id]))

    await asyncio.gather(declare(), forget())
    assert (await Person.get(id=who.id)).name is not None


async def test_pictures_about_a_declaration_go_half_a_year_after_the_decision(
    committed_db: None,
) -> None:
    at = await room()
    kept = set()
    for decided, disputed, stays in (
        (timedelta(days=185), False, False), (timedelta(days=185), True, True),
        (timedelta(days=183), False, True), (None, False, True),
    ):  # fmt: skip
        who = await residents.person()
        begun = now() - timedelta(days=400)
        declared = await residents.declaration(
            who, at, None, created_at=begun,
            state=DeclarationState.REFUSED if decided else DeclarationState.HELD,
            doubts=["LANDLORD_DENIES"], decided_at=now() - decided if decided else None,
        )  # fmt: skip
        step = await DeclarationStep.get(declaration_id=declared.id)
        photo = await Photo.create(key=f"paper-{declared.id.hex[:8]}", width=10, height=10)
        paper = await DeclarationPhoto.create(
            declaration_id=declared.id, photo_id=photo.id, step_id=step.id, position=0
        )
        if disputed:
            await ResidenceObjection.create(declaration_id=declared.id, state=ObjectionState.OPEN)
        if stays:
            kept.add(paper.id)
    await enforce_retention()
    assert {*await DeclarationPhoto.all().values_list("id", flat=True)} == kept


async def erased(kind: str, subject: Account | Person) -> dict[str, Erased]:
    return {one.holding.name: one for one in await registry.erase(kind, subject.id)}


async def test_who_reported_is_parted_from_the_report_at_once_the_words_when_it_is_over(
    db: None,
) -> None:
    await make.town()
    house, who = await make.place(), await make.account()
    burning, over = await residents.hazard(house), await residents.hazard(house, closed=True)
    for one in (burning, over):
        await residents.report(one, who)
    result = await erased("account", who)
    assert result["hazard_report.account_id"].erased == 2
    assert not await HazardFollower.exists()
    for found in await HazardReport.all():
        assert (found.account_id, found.caller_name, found.caller_phone) == (None, None, None)
        assert found.caller_index is None
        stays = found.hazard_id == burning.id
        assert (found.words is not None, found.answers is not None) == (stays, stays)
    for step in await HazardStep.all():
        assert step.account_id is None
        assert (step.words is not None) == (step.hazard_id == burning.id)


async def test_words_of_reporters_go_two_years_after_the_report_of_what_is_over(
    committed_db: None,
) -> None:
    await make.town()
    house, who = await make.place(), await make.account()
    old = await residents.hazard(house, closed=True)
    young = await residents.hazard(house, closed=True)
    burning = await residents.hazard(house)
    anonymous = await residents.hazard(house, closed=True)
    await residents.report(old, who, ago=LONG_AGO)
    await residents.report(young, who, ago=NOT_LONG_AGO)
    await residents.report(burning, who, ago=LONG_AGO)
    await residents.report(anonymous, None, ago=LONG_AGO)
    await enforce_retention()
    blank = HazardReport.filter(
        words=None, answers=None, account_id=None, caller_name=None, token_hash=None
    )
    assert {*await blank.values_list("hazard_id", flat=True)} == {old.id, anonymous.id}
    silent = await HazardStep.filter(words=None).values_list("hazard_id", flat=True)
    assert {*silent} == {old.id, anonymous.id}
    assert await HazardReport.exclude(words=None).count() == 2


async def test_a_residence_stays_by_duty_and_says_until_when(db: None) -> None:
    at = await room()
    moved_out = now() - timedelta(days=30)
    who = await lived(moved_out, at)
    result = await erased("person", who)
    for name in ("residence.person_id", "declaration.person_id"):
        one = result[name]
        assert (one.erased, one.kept) == (0, 1)
        assert one.until == moved_out + timedelta(days=2 * 366)
        assert one.why is not None
        assert "搬离后保留两年" in one.why.zh
    assert result["person.id"].kept == 1
    here = await lived(None, at)
    assert (await erased("person", here))["declaration.person_id"].until is None
