"""Reporting a hazard: who may, where it is, what is kept, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import now
from core.crypto import reveal
from core.datums import Point
from core.errors import Conflict, NotFound, RateLimited, WrongState
from identity.actor import Permission, Role
from management.blocks import kinds_in_force
from management.hazards.answers import Answer
from management.hazards.reporting import report_hazard, report_hazard_for, shown_number
from management.hazards.tokens import hash_of, token_of
from management.hazards.whereabouts import Spot
from management.models import (
    FollowReason,
    Hazard,
    HazardFollower,
    HazardPhoto,
    HazardReport,
    HazardSource,
    HazardState,
    HazardStep,
    PlateState,
    Severity,
    TaskKind,
)
from management.models import Task as TaskRow
from management.rules import rules
from tests import factories, hazard_factories
from tests.management.hazards.acting import posted
from tests.management.hazards.apps import app_row
from tests.management.hazards.telling import WORDS, nobody, picture, plate, said
from tests.management.support import (
    GRID,
    HOSTILE,
    OTHER_GRID,
    app,
    entries,
    inside,
    refused,
    refused_input,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("town")


async def test_a_scan_of_the_plate_becomes_a_hazard_with_first_step_and_task() -> None:
    at, who = await plate(), signed_in(await factories.account())
    photo = await picture(who)
    hazard = await report_hazard(who, statement=said(at, photo_ids=[photo.id]))
    hazard = await Hazard.get(id=hazard.id)
    assert (hazard.place_id, hazard.grid_path) == (at.place_id, GRID)
    assert (hazard.state, hazard.open, hazard.version) == (HazardState.REPORTED, True, 1)
    assert (hazard.source, hazard.severity) == (HazardSource.RESIDENT, Severity.SERIOUS)
    assert hazard.due_at is not None
    assert [one.number for one in await HazardStep.filter(hazard_id=hazard.id)] == [1]
    assert (await HazardPhoto.get(hazard_id=hazard.id)).photo_id == photo.id
    assert (await HazardFollower.get(hazard_id=hazard.id)).why is FollowReason.REPORTED
    assert await TaskRow.exists(kind=TaskKind.HAZARD, subject_id=hazard.id)
    report = await HazardReport.get(hazard_id=hazard.id)
    assert reveal(report, "words") == WORDS
    assert (report.account_id, report.token_hash) == (who.id, None)


async def test_words_stand_nowhere_in_clear() -> None:
    hazard = await report_hazard(nobody(), statement=said(await plate(), phone="13800000000"))
    report = await HazardReport.get(hazard_id=hazard.id)
    assert WORDS not in (report.words or "")
    assert "13800000000" not in (report.caller_phone or "")
    assert all(WORDS not in str(entry.details) for entry in await entries(hazard.id))


async def test_without_a_name_a_token_leads_back_and_only_its_hash_is_kept() -> None:
    hazard = await report_hazard(nobody(), statement=said(await plate()))
    report = await HazardReport.get(hazard_id=hazard.id)
    token = token_of(hazard.id)
    assert (len(token), report.token_hash) == (32, hash_of(token))
    assert report.account_id is report.staff_id is report.app_id is None
    assert token_of(hazard.id, secret="another master secret") != token
    assert not await HazardFollower.exists(hazard_id=hazard.id)


async def test_who_runs_the_place_reports_as_its_landlord() -> None:
    at, owner = await plate(), await factories.account()
    await factories.claim(owner, await at.place)
    hazard = await report_hazard(signed_in(owner), statement=said(at))
    assert hazard.source is HazardSource.LANDLORD


async def test_the_plate_of_a_room_names_the_room() -> None:
    house = await factories.place()
    room = await factories.room(house)
    hazard = await report_hazard(nobody(), statement=said(await factories.plate(house, room)))
    assert hazard.room_id == room.id


async def test_a_point_finds_its_grid_and_needs_no_place() -> None:
    longitude, latitude = await inside("441900122002-01")
    hazard = await report_hazard(nobody(), statement=said(Spot(point=Point(longitude, latitude))))
    assert (hazard.place_id, hazard.grid_path, hazard.longitude) == (None, GRID, longitude)


async def test_nowhere_and_elsewhere_are_refused() -> None:
    who = nobody()
    await refused_input(report_hazard(who, statement=said()), "input", "WHERE")
    beijing = said(Spot(point=Point(116.4, 39.9)))
    await refused_input(report_hazard(who, statement=beijing), "input.point", "OUTSIDE")
    for token in ("n0such0token0n0such0to", "短", "a" * 33, "a\0b"):
        await refused(NotFound, report_hazard(who, statement=said(Spot(plate_token=token))))


async def test_a_plate_out_of_use_speaks_for_nothing() -> None:
    at = await factories.plate(await factories.place(), state=PlateState.REVOKED)
    await refused(NotFound, report_hazard(nobody(), statement=said(at)))


async def test_a_room_of_another_house_is_refused() -> None:
    other = await factories.room(await factories.place())
    spot = Spot(plate_token=(await plate()).token, room_id=other.id)
    await refused(NotFound, report_hazard(nobody(), statement=said(spot)), field="input.roomId")


async def test_a_place_by_its_id_is_for_who_may_see_its_file() -> None:
    house = await factories.place()
    stranger = signed_in(await factories.account())
    await refused(NotFound, report_hazard(stranger, statement=said(Spot(place_id=house.id))))
    warden = await posted(Role.WARDEN)
    hazard = await report_hazard_for(
        warden, source=HazardSource.WARDEN, statement=said(Spot(place_id=house.id))
    )
    assert hazard.place_id == house.id


@pytest.mark.parametrize(
    ("code", "answers", "severity"),
    [
        ("GAS_BOTTLE_BAD", [], Severity.SERIOUS),
        ("GAS_BOTTLE_BAD", [Answer(question="WHERE", choice="BEDROOM")], Severity.URGENT),
        ("GAS_BOTTLE_BAD", [Answer(question="WHERE", choice="CORRIDOR")], Severity.SERIOUS),
        ("GAS_BOTTLE_BAD", [Answer(question="BOTTLES", number=10)], Severity.URGENT),
        ("EXIT_BLOCKED", [Answer(question="PASSABLE", yes=False)], Severity.URGENT),
        ("EXIT_BLOCKED", [Answer(question="PASSABLE", yes=True)], Severity.SERIOUS),
        ("WIRING_OLD", [Answer(question="TRIPS", number=3)], Severity.GENERAL),
    ],
)
async def test_the_first_judgement_follows_from_category_and_answers(
    code: str, answers: list[Answer], severity: Severity
) -> None:
    statement = said(await plate(), category_code=code, answers=answers)
    assert (await report_hazard(nobody(), statement=statement)).severity is severity


@pytest.mark.parametrize(
    ("answer", "field", "reason"),
    [
        (Answer(question="NO_SUCH", yes=True), "input.answers.0.question", "UNKNOWN_QUESTION"),
        (Answer(question="PASSABLE"), "input.answers.0", "ANSWER_KIND"),
        (Answer(question="PASSABLE", text="是"), "input.answers.0", "ANSWER_KIND"),
        (Answer(question="PASSABLE", yes=True, number=1), "input.answers.0", "ANSWER_KIND"),
        (Answer(question="BLOCKED_BY", choice="GHOSTS"), "input.answers.0.choice", "CHOICE"),
    ],
)
async def test_answers_that_do_not_fit_are_refused(answer: Answer, field: str, reason: str) -> None:
    attempt = report_hazard(nobody(), statement=said(await plate(), answers=[answer]))
    await refused_input(attempt, field, reason)


@pytest.mark.parametrize("number", [0, -1, 501, float("nan"), float("inf")])
async def test_numbers_out_of_range_are_refused(number: float) -> None:
    statement = said(
        await plate(), category_code="SLEEPING_IN_SHOP",
        answers=[Answer(question="PEOPLE", number=number)],
    )  # fmt: skip
    attempt = report_hazard(nobody(), statement=statement)
    await refused_input(attempt, "input.answers.0.number", "OUT_OF_RANGE")


async def test_an_unknown_category_is_refused() -> None:
    attempt = report_hazard(nobody(), statement=said(await plate(), category_code="DRAGONS"))
    await refused_input(attempt, "input.categoryCode", "UNKNOWN_CATEGORY")


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_are_refused(words: str) -> None:
    attempt = report_hazard(nobody(), statement=said(await plate(), words=words))
    await refused_input(attempt, "input.words")


async def test_a_late_report_keeps_when_it_was_seen() -> None:
    seen = now() - timedelta(days=29)
    hazard = await report_hazard(nobody(), statement=said(await plate(), seen_at=seen))
    report = await HazardReport.get(hazard_id=hazard.id)
    assert report.seen_at == seen
    assert report.received_at > seen


@pytest.mark.parametrize("ago", [timedelta(days=31), -timedelta(minutes=6)])
async def test_too_long_ago_and_the_future_are_refused(ago: timedelta) -> None:
    attempt = report_hazard(nobody(), statement=said(await plate(), seen_at=now() - ago))
    await refused_input(attempt, "input.seenAt", "SEEN_AT")


async def test_a_clock_that_runs_ahead_a_little_is_set_right() -> None:
    ahead = now() + timedelta(minutes=4)
    hazard = await report_hazard(nobody(), statement=said(await plate(), seen_at=ahead))
    assert (await HazardReport.get(hazard_id=hazard.id)).seen_at < ahead


async def test_pictures_are_six_at_most_each_once_and_ones_own() -> None:
    at, who = await plate(), signed_in(await factories.account())
    seven = [(await picture(who)).id for _ in range(7)]
    await refused_input(
        report_hazard(who, statement=said(at, photo_ids=seven)), "input.photoIds", "TOO_MANY"
    )
    twice = said(at, photo_ids=[seven[0], seven[0]])
    await refused_input(report_hazard(who, statement=twice), "input.photoIds", "TWICE")
    await report_hazard(who, statement=said(at, photo_ids=seven[:6]))
    again = said(at, photo_ids=[seven[0]])
    await refused_input(report_hazard(who, statement=again), "input.photoIds", "PHOTO_USED")
    others = await picture(signed_in(await factories.account()))
    stolen = said(at, photo_ids=[others.id])
    await refused(NotFound, report_hazard(who, statement=stolen), field="input.photoIds")
    await refused(NotFound, report_hazard(nobody(), statement=stolen), field="input.photoIds")
    listing = await picture(who, purpose="LISTING")
    wrong = said(at, photo_ids=[listing.id])
    await refused(NotFound, report_hazard(who, statement=wrong), field="input.photoIds")


async def test_pictures_uploaded_without_a_name_are_used_once() -> None:
    at, photo = await plate(), await picture()
    await report_hazard(nobody(), statement=said(at, photo_ids=[photo.id]))
    again = report_hazard(nobody(), statement=said(at, photo_ids=[photo.id]))
    await refused_input(again, "input.photoIds", "PHOTO_USED")
    account, unnamed = signed_in(await factories.account()), await picture()
    signed = report_hazard(account, statement=said(at, photo_ids=[unnamed.id]))
    await refused(NotFound, signed, field="input.photoIds")


async def test_an_app_reports_in_its_grid_under_a_number_of_its_own() -> None:
    at = await plate()
    one, other = (app(Permission.HAZARDS_WRITE) for _ in range(2))
    await app_row(one)
    await app_row(other)
    statement = said(at, external_no="A-1")
    hazard = await report_hazard(one, statement=statement)
    assert hazard.source is HazardSource.OPEN311
    assert shown_number(hazard.source, hazard.external_no) == "A-1"
    assert (await HazardReport.get(hazard_id=hazard.id)).app_id == one.id
    await refused(Conflict, report_hazard(one, statement=statement), reason="EXTERNAL_NO")
    await report_hazard(other, statement=statement)
    outside = app(Permission.HAZARDS_WRITE, path=OTHER_GRID)
    await refused(NotFound, report_hazard(outside, statement=statement))
    await refused(NotFound, report_hazard(app(Permission.HAZARDS_READ), statement=statement))


async def test_only_apps_have_numbers_of_their_own() -> None:
    attempt = report_hazard(nobody(), statement=said(await plate(), external_no="A-1"))
    await refused_input(attempt, "input.externalNo", "APPS_ONLY")


async def test_the_hotline_takes_a_caller_down_with_its_number() -> None:
    desk, at = await posted(Role.SERVICE_DESK, "441900122/"), await plate()
    statement = said(at, name="测试来电人", phone="138-0000-0000", external_no="12345-1")
    hazard = await report_hazard_for(desk, source=HazardSource.HOTLINE_12345, statement=statement)
    report = await HazardReport.get(hazard_id=hazard.id)
    assert (report.staff_id, report.account_id, hazard.external_no) == (desk.id, None, "12345-1")
    assert reveal(report, "caller_name") == "测试来电人"
    assert report.caller_index is not None
    await refused(
        Conflict,
        report_hazard_for(desk, source=HazardSource.HOTLINE_12345, statement=statement),
        reason="EXTERNAL_NO",
    )
    for source, number in ((HazardSource.HOTLINE_12345, None), (HazardSource.RESIDENT, "1")):
        attempt = report_hazard_for(desk, source=source, statement=said(at, external_no=number))
        await refused_input(attempt, "input.externalNo", "HOTLINE_NUMBER")


async def test_staff_take_down_only_in_their_grids_and_only_as_staff() -> None:
    at = await plate()
    other = await posted(Role.WARDEN, OTHER_GRID)
    attempt = report_hazard_for(other, source=HazardSource.WARDEN, statement=said(at))
    await refused(NotFound, attempt)
    warden = await posted(Role.WARDEN)
    await refused(NotFound, report_hazard(warden, statement=said(at)))
    resident = signed_in(await factories.account())
    await refused(
        NotFound, report_hazard_for(resident, source=HazardSource.WARDEN, statement=said(at))
    )
    for source in (HazardSource.LANDLORD, HazardSource.OPEN311, HazardSource.CROSS_CHECK):
        attempt = report_hazard_for(warden, source=source, statement=said(at))
        await refused_input(attempt, "input.source", "SOURCE")
    called = said(at, phone="13800000000")
    attempt = report_hazard_for(warden, source=HazardSource.WARDEN, statement=called)
    await refused_input(attempt, "input.callerPhone", "NO_CALLER")


async def test_a_closed_hazard_that_is_there_again_is_linked() -> None:
    at, who = await plate(), await factories.account()
    closed = await hazard_factories.hazard(await at.place, state=HazardState.CLOSED, reporter=who)
    hazard = await report_hazard(signed_in(who), statement=said(at, earlier_id=closed.id))
    assert hazard.earlier_id == closed.id
    stranger = signed_in(await factories.account())
    await refused(NotFound, report_hazard(stranger, statement=said(at, earlier_id=closed.id)))
    await refused(
        WrongState, report_hazard(signed_in(who), statement=said(at, earlier_id=hazard.id))
    )


async def test_one_address_and_one_account_report_so_often_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEYE_RULE_ANONYMOUS_HAZARDS_PER_HOUR", "2")
    monkeypatch.setenv("LEYE_RULE_HAZARD_REPORTS_PER_DAY", "2")
    rules.cache_clear()
    try:
        at = await plate()
        for who in (nobody(), signed_in(await factories.account())):
            for _ in range(2):
                await report_hazard(who, statement=said(at))
            await refused(RateLimited, report_hazard(who, statement=said(at)))
    finally:
        monkeypatch.undo()
        rules.cache_clear()


async def test_an_urgent_find_of_staff_bars_the_place_at_once_a_residents_does_not() -> None:
    at = await plate()
    await report_hazard(nobody(), statement=said(at, category_code="GAS_SMELL"))
    assert not await kinds_in_force([at.place_id])
    warden = await posted(Role.WARDEN)
    await report_hazard_for(
        warden, source=HazardSource.WARDEN, statement=said(at, category_code="GAS_SMELL")
    )
    assert await kinds_in_force([at.place_id])
