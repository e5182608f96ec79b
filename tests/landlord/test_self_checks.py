"""Self-checks: once a month, every point, with pictures; what the public hears of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pytest

from core.clock import now
from core.crypto import reveal
from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated, WrongState
from core.events import Event
from core.keyset import Page
from identity.actor import SYSTEM, Actor, Permission
from identity.models import Account
from landlord import self_checks
from landlord.events import SelfCheckDue
from landlord.models import CheckResult, SelfCheck, SelfCheckItem
from landlord.self_check_list import CODES, POINTS, VERSION
from landlord.self_checks import (
    Finding,
    fix_self_check_item,
    items_of,
    public_facts,
    remind_of_self_checks,
    self_check_by_id,
    self_checks_of,
    submit_self_check,
)
from management.models import Lifecycle, Place, PlaceClaim, PlaceKind
from media.models import Photo, Purpose
from tests import factories
from tests.management.support import (
    GRID,
    HOSTILE,
    OTHER_GRID,
    VISITOR,
    app,
    entries,
    holding,
    outcomes,
    refused,
    refused_input,
    signed_in,
)


class House(NamedTuple):
    """A house and who runs it."""

    place: Place
    owner: Account
    landlord: Actor


async def run_house() -> House:
    place, owner = await factories.place(), await factories.account()
    await factories.claim(owner, place)
    return House(place, owner, signed_in(owner))


@pytest.fixture
async def house(town: None) -> House:
    return await run_house()


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the day of the town."""

    def show(year: int, month: int, day: int = 5) -> None:
        monkeypatch.setattr(self_checks, "today", lambda: date(year, month, day))
        monkeypatch.setattr(self_checks, "now", lambda: datetime(year, month, day, 4, tzinfo=UTC))

    return show


async def picture(who: Account, purpose: Purpose = Purpose.SELF_CHECK) -> Photo:
    return await Photo.create(owner_id=who.id, purpose=purpose, width=720, height=540)


def findings(**changes: Finding) -> list[Finding]:
    """All fine, but for some points."""
    return [
        changes.get(point.code, Finding(point=point.code, result=CheckResult.FINE))
        for point in POINTS
    ]


def found(point: str, **more: Any) -> Finding:
    return Finding(point=point, result=CheckResult.FOUND, **more)


async def checked(house: House, **changes: Finding) -> SelfCheck:
    return await submit_self_check(
        house.landlord, place_id=house.place.id, items=findings(**changes)
    )


async def item(check: SelfCheck, point: str) -> SelfCheckItem:
    return await SelfCheckItem.get(check_id=check.id, point=point)


def test_the_list_has_every_point_once_in_two_languages() -> None:
    assert len(CODES) == len(POINTS) == 10
    for point in POINTS:
        assert len(point.code) <= 30
        assert point.zh
        assert point.en.isascii()
    assert len(VERSION) <= 12


async def test_a_house_is_checked_point_by_point(house: House) -> None:
    broken, mended = await picture(house.owner), await picture(house.owner)
    check = await checked(
        house,
        WIRING=found("WIRING", words=" 二楼电线老化 ", photo_id=broken.id),
        EXTINGUISHERS=Finding(
            point="EXTINGUISHERS", result=CheckResult.FIXED, fixed_photo_id=mended.id
        ),
    )
    wiring, extinguishers = await item(check, "WIRING"), await item(check, "EXTINGUISHERS")
    assert (wiring.result, reveal(wiring, "words"), wiring.fixed_at) == (
        CheckResult.FOUND,
        "二楼电线老化",
        None,
    )
    assert "电线" not in (wiring.words or "")
    shown = (await items_of([check.id]))[check.id]
    assert {row["words"] for row in shown} == {"二楼电线老化", ""}
    assert extinguishers.result is CheckResult.FIXED
    assert extinguishers.fixed_at is not None
    assert (check.checklist, check.month.day) == (VERSION, 1)
    (entry,) = await entries(house.place.id)
    assert entry.details == {"check": str(check.id), "found": 1, "fixed": 1}


async def test_once_a_month(house: House, calendar: Any) -> None:
    calendar(2026, 11)
    await checked(house)
    calendar(2026, 11, 30)
    agent = await factories.account()
    await factories.claim(agent, house.place)
    for who in (house, house._replace(owner=agent, landlord=signed_in(agent))):
        await refused(Conflict, checked(who), reason="CHECKED")
    calendar(2026, 12, 1)
    assert (await checked(house)).month == date(2026, 12, 1)


async def test_owner_and_agent_at_once_make_one_check(committed_town: None) -> None:
    house = await run_house()
    done = await outcomes(*(checked(house) for _ in range(3)))
    assert sorted(type(one) is Conflict for one in done) == [False, True, True]
    assert await SelfCheck.all().count() == 1
    assert await SelfCheckItem.all().count() == len(POINTS)


async def test_every_point_is_answered_once(house: House) -> None:
    whole = findings()
    fine = Finding(point="ROOF_DOOR", result=CheckResult.FINE)
    strange = Finding(point="COLOUR", result=CheckResult.FINE)
    for items in ([], whole[1:], [*whole, fine], [*whole[1:], strange]):
        await refused(
            InvalidInput,
            submit_self_check(house.landlord, place_id=house.place.id, items=items),
            reason="POINTS",
        )


async def test_what_is_found_or_fixed_is_shown_in_a_picture_of_ones_own(house: House) -> None:
    mine, theirs = await picture(house.owner), await picture(await factories.account())
    other = await picture(house.owner, Purpose.LISTING)
    index = [point.code for point in POINTS].index("WIRING")
    fixed = Finding(point="WIRING", result=CheckResult.FIXED, photo_id=mine.id)
    fine = Finding(point="WIRING", result=CheckResult.FINE, fixed_photo_id=mine.id)
    for wrong, field, reason in (
        (found("WIRING"), "photoId", "PHOTO_NEEDED"),
        (fixed, "fixedPhotoId", "PHOTO_NEEDED"),
        (fine, "fixedPhotoId", "NOT_FIXED"),
    ):
        await refused_input(checked(house, WIRING=wrong), f"input.items.{index}.{field}", reason)
    for photo in (theirs, other):
        await refused(NotFound, checked(house, WIRING=found("WIRING", photo_id=photo.id)))
    twice = {name: found(name, photo_id=mine.id) for name in ("WIRING", "LOCKS")}
    await refused(InvalidInput, checked(house, **twice), reason="TWICE")


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_words_are_refused(house: House, text: str) -> None:
    index = [point.code for point in POINTS].index("WIRING")
    wrong = Finding(point="WIRING", result=CheckResult.FINE, words=text)
    await refused_input(checked(house, WIRING=wrong), f"input.items.{index}.words")


async def test_a_picture_speaks_for_one_point_of_one_month(house: House, calendar: Any) -> None:
    photo = await picture(house.owner)
    calendar(2026, 10)
    await checked(house, WIRING=found("WIRING", photo_id=photo.id))
    calendar(2026, 11)
    again = checked(house, WIRING=found("WIRING", photo_id=photo.id))
    await refused(InvalidInput, again, reason="PHOTO_USED")


async def test_what_was_found_is_put_right_once(house: House) -> None:
    broken, mended = await picture(house.owner), await picture(house.owner)
    check = await checked(house, WIRING=found("WIRING", photo_id=broken.id))
    wiring, fine = await item(check, "WIRING"), await item(check, "LOCKS")
    other = await run_house()
    await refused(
        NotFound, fix_self_check_item(other.landlord, item_id=wiring.id, photo_id=mended.id)
    )
    used = fix_self_check_item(house.landlord, item_id=wiring.id, photo_id=broken.id)
    await refused(InvalidInput, used, reason="PHOTO_USED", field="input.photoId")
    open_none = fix_self_check_item(house.landlord, item_id=fine.id, photo_id=mended.id)
    await refused(WrongState, open_none, reason="FINE")
    await fix_self_check_item(house.landlord, item_id=wiring.id, photo_id=mended.id)
    wiring = await item(check, "WIRING")
    assert (wiring.result, wiring.fixed_photo_id) == (CheckResult.FIXED, mended.id)
    assert wiring.photo_id == broken.id
    once_more = fix_self_check_item(house.landlord, item_id=wiring.id, photo_id=mended.id)
    await refused(WrongState, once_more, reason="FIXED")


async def test_only_who_runs_a_house_in_use_checks_it(house: House) -> None:
    stranger = house._replace(landlord=signed_in(await factories.account()))
    await refused(NotFound, checked(stranger))
    await refused(NotFound, checked(house._replace(landlord=SYSTEM)))
    await refused(Unauthenticated, checked(house._replace(landlord=VISITOR)))
    planned = {"lifecycle": Lifecycle.PLANNED, "filed_at": None}
    shop = {"lifecycle": Lifecycle.ACTIVE, "filed_at": now(), "kind": PlaceKind.SMALL_SHOP}
    for values in (planned, shop):
        await Place.filter(id=house.place.id).update(**values)
        await refused(WrongState, checked(house), reason="NOT_LETTABLE")
    await PlaceClaim.filter(place_id=house.place.id).update(state="ENDED")
    await refused(NotFound, checked(house))


async def test_who_runs_it_and_staff_in_scope_read_it(house: House, calendar: Any) -> None:
    calendar(2026, 10)
    first = await checked(house)
    calendar(2026, 11)
    second = await checked(house)
    for actor in (house.landlord, holding(Permission.PLACES_READ, paths=(GRID,))):
        page = await self_checks_of(actor, place_id=house.place.id, page=Page(), columns=("id",))
        assert [row["id"] for row in page.rows] == [second.id, first.id]
        assert await self_check_by_id(actor, first.id, ("id",)) is not None
    stranger = signed_in(await factories.account())
    for actor in (stranger, holding(Permission.PLACES_READ, paths=(OTHER_GRID,))):
        with pytest.raises(NotFound):
            await self_checks_of(actor, place_id=house.place.id, page=Page(), columns=("id",))
        assert await self_check_by_id(actor, first.id, ("id",)) is None
    assert len((await items_of([first.id]))[first.id]) == len(POINTS)
    assert app(Permission.PLACES_READ).may(Permission.PLACES_READ, GRID)


async def test_the_public_hears_when_and_how_often_only(house: House, calendar: Any) -> None:
    assert await public_facts(house.place.id) == {
        "last_self_check_on": None,
        "self_checks_last_year": 0,
    }
    for month in ((2025, 11), (2025, 12), (2026, 3), (2026, 11)):
        calendar(*month)
        await checked(house)
    assert await public_facts(house.place.id) == {
        "last_self_check_on": date(2026, 11, 5),
        "self_checks_last_year": 3,
    }


async def test_houses_without_a_check_are_told_of_on_the_25th(
    house: House, calendar: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []

    async def hear(event: Event) -> None:
        told.append(event)

    monkeypatch.setattr(self_checks, "emit", hear)
    monkeypatch.setattr(self_checks, "_BATCH", 1)
    calendar(2026, 11, 25)
    others = [await run_house(), await run_house()]
    await factories.place()  # nobody runs it
    closed = await run_house()
    await Place.filter(id=closed.place.id).update(lifecycle=Lifecycle.PLANNED, filed_at=None)
    await checked(house)
    told.clear()
    await remind_of_self_checks()
    assert sorted(told, key=str) == sorted(
        (SelfCheckDue(place_id=other.place.id, month="2026-11") for other in others), key=str
    )
