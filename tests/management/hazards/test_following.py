"""What is nearby is followed instead of reported again; what was reported twice becomes one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.clock import today
from core.database import fetch
from core.datums import Point
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from core.keyset import Page
from identity.actor import Role
from management.hazards import nearby
from management.hazards.access import access_hazard_by_token, visible_hazards
from management.hazards.following import follow_hazard, mark_hazard_duplicate, unfollow_hazard
from management.hazards.moderation import moderate_hazard, reveal_hazard_caller
from management.hazards.nearby import hazards_nearby, points_at_reporter
from management.hazards.own import OwnHazards, by_token, my_hazards, supplement_hazard
from management.hazards.reporting import report_hazard
from management.hazards.tokens import token_of
from management.models import (
    FollowReason,
    Hazard,
    HazardAction,
    HazardFollower,
    HazardPhoto,
    HazardReport,
    HazardState,
    HazardStep,
)
from tests import factories, hazard_factories
from tests.management.hazards.acting import posted
from tests.management.hazards.telling import nobody, picture, plate, said
from tests.management.support import (
    COMMUNITY,
    OTHER_GRID,
    VISITOR,
    entries,
    inside,
    refused,
    signed_in,
    staff,
)

pytestmark = pytest.mark.usefixtures("town")


async def test_the_same_kind_at_the_place_or_within_fifty_metres_is_offered_nearest_first() -> None:
    longitude, latitude = await inside("441900122002-01")
    at = await plate(longitude=longitude, latitude=latitude)
    same = await report_hazard(nobody(), statement=said(at))
    near = await hazard_factories.hazard(
        await factories.place(longitude=longitude, latitude=latitude + 0.0004)
    )
    far = await factories.place(longitude=longitude, latitude=latitude + 0.0006)
    await hazard_factories.hazard(far)
    await hazard_factories.hazard(await at.place, category="TREE")
    await hazard_factories.hazard(await at.place, state=HazardState.CLOSED)
    found = await hazards_nearby(VISITOR, category_code="EXIT_BLOCKED", plate_token=at.token)
    assert [one.row["id"] for one in found] == [same.id, near.id]
    here = Point(longitude, latitude)
    by_point = await hazards_nearby(VISITOR, category_code="EXIT_BLOCKED", point=here)
    assert {one.row["id"] for one in by_point} == {same.id, near.id}


async def test_what_would_invite_theft_is_told_only_at_the_plate() -> None:
    longitude, latitude = await inside("441900122002-01")
    at = await plate(longitude=longitude, latitude=latitude)
    await report_hazard(nobody(), statement=said(at, category_code="LOCK_BAD"))
    here = Point(longitude, latitude)
    assert await hazards_nearby(VISITOR, category_code="LOCK_BAD", point=here) == []
    assert await hazards_nearby(VISITOR, category_code="LOCK_BAD", plate_token=at.token)
    with pytest.raises(InvalidInput):
        await hazards_nearby(VISITOR, category_code="LOCK_BAD")


async def test_who_runs_the_place_hears_of_it_once_it_is_accepted() -> None:
    at, owner = await plate(), await factories.account()
    await factories.claim(owner, await at.place)
    hazard = await hazard_factories.hazard(await at.place)
    landlord = signed_in(owner)
    assert not await visible_hazards(landlord).filter(id=hazard.id).exists()
    near = await hazards_nearby(landlord, category_code="EXIT_BLOCKED", plate_token=at.token)
    assert near == []
    await Hazard.filter(id=hazard.id).update(state=HazardState.ACCEPTED)
    assert await visible_hazards(landlord).filter(id=hazard.id).exists()


async def test_a_small_place_points_at_who_lives_there_and_reports() -> None:
    house, account = await factories.place(), await factories.account()
    room = await factories.room(house, "301")
    await factories.residence(await factories.person(account), room)
    await factories.residence(await factories.person(), room)
    actor = signed_in(account)
    assert await points_at_reporter(actor, house.id)
    assert not await points_at_reporter(actor, (await plate()).place_id)
    assert not await points_at_reporter(actor, None)
    await factories.residence(await factories.person(), room)
    assert not await points_at_reporter(actor, house.id)


async def test_nobody_else_learns_how_few_people_live_somewhere() -> None:
    house, left, owner = (
        await factories.place(), await factories.account(), await factories.account(),
    )  # fmt: skip
    room = await factories.room(house, "301")
    await factories.claim(owner, house)
    await factories.residence(await factories.person(), room)
    await factories.residence(
        await factories.person(left), room, starts_on=today(), ends_on=today()
    )
    strangers = (VISITOR, signed_in(left), signed_in(owner), signed_in(await factories.account()))
    for stranger in (*strangers, staff()):
        assert not await points_at_reporter(stranger, house.id)


async def test_following_makes_it_visible_and_again_changes_nothing() -> None:
    hazard = await hazard_factories.hazard(await factories.place())
    who = signed_in(await factories.account())
    assert not await visible_hazards(who).filter(id=hazard.id).exists()
    for _ in range(2):
        await follow_hazard(who, hazard_id=hazard.id)
    assert await HazardFollower.filter(hazard_id=hazard.id).count() == 1
    page = await my_hazards(who, which=OwnHazards.FOLLOWED, page=Page(), columns=["id"])
    assert [row["id"] for row in page.rows] == [hazard.id]
    await unfollow_hazard(who, hazard_id=hazard.id)
    await refused(NotFound, unfollow_hazard(who, hazard_id=hazard.id))
    assert not await visible_hazards(who).filter(id=hazard.id).exists()


async def test_what_is_over_or_absent_is_not_followed() -> None:
    who = signed_in(await factories.account())
    closed = await hazard_factories.hazard(await factories.place(), state=HazardState.CLOSED)
    await refused(WrongState, follow_hazard(who, hazard_id=closed.id))
    await refused(NotFound, follow_hazard(who, hazard_id=uuid7()))
    await refused(Unauthenticated, follow_hazard(VISITOR, hazard_id=closed.id))


async def test_a_duplicate_leads_to_one_original_for_all_who_heard_of_it() -> None:
    house, first, second = await factories.place(), *[await factories.account() for _ in range(2)]
    root, middle, last = [
        await hazard_factories.hazard(house, reporter=who) for who in (None, first, second)
    ]
    warden = await posted(Role.WARDEN)
    await mark_hazard_duplicate(warden, hazard_id=last.id, original_id=middle.id)
    await mark_hazard_duplicate(warden, hazard_id=middle.id, original_id=root.id)
    for one in (middle, last):
        assert (await Hazard.get(id=one.id)).duplicate_of_id == root.id
    heard = await HazardFollower.filter(hazard_id=root.id)
    assert {one.account_id for one in heard} == {first.id, second.id}
    assert {one.why for one in heard} == {FollowReason.SAME_AS}
    attempt = mark_hazard_duplicate(warden, hazard_id=root.id, original_id=last.id)
    await refused(InvalidInput, attempt, reason="SAME")
    stranger = await posted(Role.WARDEN, OTHER_GRID)
    attempt = mark_hazard_duplicate(stranger, hazard_id=root.id, original_id=last.id)
    await refused(NotFound, attempt)


async def test_a_token_follows_a_duplicate_and_what_is_added_goes_to_the_original() -> None:
    at, who = await plate(), nobody()
    report = await report_hazard(who, statement=said(at))
    root = await hazard_factories.hazard(await at.place)
    warden = await posted(Role.WARDEN)
    await mark_hazard_duplicate(warden, hazard_id=report.id, original_id=root.id)
    token = token_of(report.id)
    reported, hazard = await by_token(who, token)
    assert (reported.id, hazard.id) == (report.id, root.id)
    photo = await picture()
    step = await supplement_hazard(who, token=token, words="又多了", photo_ids=[photo.id])
    assert step.hazard_id == root.id
    assert (await HazardPhoto.get(photo_id=photo.id)).hazard_id == root.id
    for wrong in (token_of(uuid7()), "short"):
        await refused(NotFound, access_hazard_by_token(who, token=wrong))


async def test_only_who_reported_adds_and_only_while_it_is_open() -> None:
    reporter = await factories.account()
    hazard = await hazard_factories.hazard(await factories.place(), reporter=reporter)
    follower = signed_in(await factories.account())
    await follow_hazard(follower, hazard_id=hazard.id)
    await refused(NotFound, supplement_hazard(follower, hazard_id=hazard.id, words="又多了"))
    who = signed_in(reporter)
    await refused(InvalidInput, supplement_hazard(who, hazard_id=hazard.id, words=" "))
    closed = await hazard_factories.hazard(
        await factories.place(), reporter=reporter, state=HazardState.CLOSED
    )
    await refused(WrongState, supplement_hazard(who, hazard_id=closed.id, words="又多了"))


async def test_moderation_shows_what_is_named_and_nothing_else() -> None:
    hazard = await hazard_factories.hazard(await factories.place())
    one = await hazard_factories.picture(hazard, shown=False)
    other = await hazard_factories.picture(hazard, shown=True)
    supervisor = await posted(Role.SUPERVISOR, COMMUNITY)
    await moderate_hazard(
        supervisor, hazard_id=hazard.id, summary="楼梯口被堵", shown_photo_ids=[one.id]
    )
    shown = {row.photo_id: row.shown for row in await HazardPhoto.filter(hazard_id=hazard.id)}
    assert shown == {one.id: True, other.id: False}
    assert (await Hazard.get(id=hazard.id)).summary == "楼梯口被堵"
    foreign = await hazard_factories.picture(await hazard_factories.hazard(await factories.place()))
    attempt = moderate_hazard(
        supervisor, hazard_id=hazard.id, summary="", shown_photo_ids=[foreign.id]
    )
    await refused(NotFound, attempt)
    warden = await posted(Role.WARDEN)
    attempt = moderate_hazard(warden, hazard_id=hazard.id, summary="", shown_photo_ids=[])
    await refused(NotFound, attempt)


async def test_what_staff_write_of_a_report_leaves_the_report_and_its_history() -> None:
    hazard = await report_hazard(nobody(), statement=said(await plate()))
    supervisor = await posted(Role.SUPERVISOR, COMMUNITY)
    before = (await HazardReport.filter(hazard_id=hazard.id).values())[0]
    for summary in ("楼梯口被堵", "二楼楼梯口被堵"):
        await moderate_hazard(supervisor, hazard_id=hazard.id, summary=summary, shown_photo_ids=[])
    assert (await HazardReport.filter(hazard_id=hazard.id).values())[0] == before
    kept = await Hazard.get(id=hazard.id)
    assert (kept.summary, kept.state) == ("二楼楼梯口被堵", HazardState.REPORTED)
    steps = await HazardStep.filter(hazard_id=hazard.id).order_by("number")
    assert [(step.number, step.action, step.staff_id) for step in steps] == [
        (1, HazardAction.REPORT, None),
        (2, HazardAction.MODERATE, supervisor.id),
        (3, HazardAction.MODERATE, supervisor.id),
    ]


async def test_the_desk_reads_a_caller_with_a_reason_on_record() -> None:
    hazard = await report_hazard(nobody(), statement=said(await plate(), phone="13800000000"))
    desk = await posted(Role.SERVICE_DESK, "441900122/")
    caller = await reveal_hazard_caller(desk, hazard_id=hazard.id, reason="回访")
    assert caller.phone == "13800000000"
    assert (await entries(hazard.id))[-1].action == "revealHazardCaller"
    await refused(InvalidInput, reveal_hazard_caller(desk, hazard_id=hazard.id, reason=""))
    warden = await posted(Role.WARDEN)
    await refused(NotFound, reveal_hazard_caller(warden, hazard_id=hazard.id, reason="回访"))


# Of other kinds, within the same metres: so many that reading them all would show.
_OTHERS = """
INSERT INTO hazard SELECT (jsonb_populate_record(h, jsonb_build_object(
    'id', gen_random_uuid(), 'code', 'N' || n, 'place_id', p.id, 'category', 'KIND_' || n % 20,
    'longitude', h.longitude + n % 50 * 0.000005, 'latitude', h.latitude + n / 50 * 0.000005))).*
FROM hazard h, place p, generate_series(1, 3000) n WHERE h.id = $1 AND p.id = $2
"""


async def test_what_is_near_is_read_along_an_index_by_kind_and_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    longitude, latitude = await inside("441900122002-01")
    at = await plate(longitude=longitude, latitude=latitude)
    one = await report_hazard(nobody(), statement=said(at))
    await fetch(_OTHERS, one.id, (await factories.place()).id)
    await fetch("ANALYZE hazard")
    asked: list[str] = []

    async def explain(sql: str, *values: Any) -> list[dict[str, Any]]:
        asked.append("\n".join(row["QUERY PLAN"] for row in await fetch(f"EXPLAIN {sql}", *values)))
        return []

    monkeypatch.setattr(nearby, "fetch", explain)
    await hazards_nearby(VISITOR, category_code="EXIT_BLOCKED", plate_token=at.token)
    (plan,) = asked
    by_point = r"using hazard_near .*\n *Index Cond: .*category.*latitude.*longitude"
    assert re.search(by_point, plan), plan
    assert "Seq Scan on hazard" not in plan, plan
