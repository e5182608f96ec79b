"""Whom a notice reaches, and whom it does not: notifications/notices/audiences, planning."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from core import redis
from core.clock import now, today
from core.database import fetch
from core.errors import WrongState
from identity.actor import Role
from management.models import ClaimState, Lifecycle
from notifications.dispatch import dispatch
from notifications.models import (
    Audience,
    Delivery,
    FollowedPlace,
    NoticeKind,
    NoticeState,
    Notification,
)
from notifications.notices.drafting import draft_notice
from notifications.notices.planning import plan_group, plan_notice
from notifications.notices.preview import preview_notice
from notifications.notices.sending import send_notice
from tests import factories
from tests.notifications.notices_support import (
    COMMUNITY,
    GRID,
    NEXT_GRID,
    OTHER_GRID,
    TOWN,
    alert,
    announcement,
    follower,
    landlord,
    middle,
    place_north_of,
    planned,
    sender,
    sent,
    staff,
    told,
    words,
)


@pytest.fixture(autouse=True)
async def _town(db: None) -> None:
    await factories.town()


async def test_landlords_of_the_grid_are_told_and_nobody_else() -> None:
    here = await factories.place(grid=GRID)
    beside = await factories.place(grid=NEXT_GRID)
    elsewhere = await factories.place(grid=OTHER_GRID)
    in_it, in_the_next = await landlord(here), await landlord(beside)
    await landlord(elsewhere)
    waiting, ended = await factories.account(), await factories.account()
    await factories.claim(waiting, here, state=ClaimState.PENDING)
    await factories.claim(ended, here, state=ClaimState.ENDED)
    await follower(here)

    notice = await planned(await sender(), words())
    assert await told(notice) == {in_it.id, in_the_next.id}
    assert (notice.state, notice.recipients) == (NoticeState.SENT, 2)
    assert notice.sent_at is not None

    only_grid = await planned(await sender(), words(grid_code=GRID))
    assert await told(only_grid) == {in_it.id}


async def test_those_who_follow_a_place_are_its_residents() -> None:
    here, elsewhere = await factories.place(grid=GRID), await factories.place(grid=OTHER_GRID)
    home = await follower(here)
    await follower(elsewhere, radius=2000)
    await landlord(here)
    notice = await planned(await sender(), words(audience=frozenset({Audience.RESIDENTS})))
    assert await told(notice) == {home.id}


async def test_whoever_is_in_several_audiences_is_told_once_and_counted_once() -> None:
    here, beside = await factories.place(grid=GRID), await factories.place(grid=NEXT_GRID)
    both = await landlord(here)
    await factories.claim(both, beside)
    await FollowedPlace.create(account_id=both.id, place_id=here.id, radius=0)
    busy = await staff((Role.WARDEN, GRID), (Role.WARDEN, NEXT_GRID), (Role.SUPERVISOR, COMMUNITY))
    draft = words(
        audience=frozenset(
            {Audience.LANDLORDS, Audience.RESIDENTS, Audience.WARDENS, Audience.SUPERVISORS}
        )
    )
    actor = await sender()
    preview = await preview_notice(actor, notice_id=(await draft_notice(actor, draft)).id)
    assert preview.recipients == 2
    assert preview.by_audience == dict.fromkeys(draft.audience, 1)
    notice = await planned(actor, draft)
    assert await told(notice) == {both.id, busy.id}
    assert notice.recipients == 2


@pytest.mark.parametrize(
    ("audience", "role"),
    [
        (Audience.WARDENS, Role.WARDEN),
        (Audience.SUPERVISORS, Role.SUPERVISOR),
        (Audience.SERVICE_DESK, Role.SERVICE_DESK),
        (Audience.DEPARTMENTS, Role.DEPARTMENT),
        (Audience.DEPARTMENTS, Role.ENFORCEMENT),
    ],
)
async def test_staff_hear_by_their_posts_in_the_grid(audience: Audience, role: Role) -> None:
    there = await staff((role, GRID))
    await staff((role, OTHER_GRID))
    await staff((role, TOWN))
    await staff((Role.AUDITOR, GRID))
    notice = await planned(await sender(), words(audience=frozenset({audience})))
    assert await told(notice) == {there.id}


async def test_posts_that_ended_or_have_not_begun_and_staff_who_left_do_not_count() -> None:
    now_there = await staff((Role.WARDEN, GRID), until=today() + timedelta(days=1))
    await staff((Role.WARDEN, GRID), until=today())
    await staff((Role.WARDEN, GRID), since=today() + timedelta(days=1))
    await staff((Role.WARDEN, GRID), left_at=now())
    notice = await planned(await sender(), words(audience=frozenset({Audience.WARDENS})))
    assert await told(notice) == {now_there.id}


async def test_closed_and_locked_accounts_and_places_that_are_gone_do_not_count() -> None:
    here = await factories.place()
    gone = await factories.place(lifecycle=Lifecycle.DEMOLISHED)
    told_of = await landlord(here)
    await factories.claim(await factories.account(closed_at=now()), here)
    await factories.claim(await factories.account(locked_at=now()), here)
    await follower(here, closed_at=now())
    await landlord(gone)
    await follower(gone)
    draft = words(audience=frozenset({Audience.LANDLORDS, Audience.RESIDENTS}))
    actor = await sender()
    preview = await preview_notice(actor, notice_id=(await draft_notice(actor, draft)).id)
    assert preview.recipients == 1
    assert await told(await planned(actor, draft)) == {told_of.id}


async def test_an_account_that_is_closed_while_the_notice_is_sent_hears_nothing() -> None:
    account = await landlord(await factories.place())
    notice = await sent(await sender(), words())
    account.closed_at = now()
    await account.save()
    notice.planned_part = 1
    await notice.save()
    assert await plan_group(notice, [account.id])
    assert (await told(notice), notice.recipients) == (set(), 0)


# Around a point


async def test_an_alert_reaches_what_lies_around_its_point_also_across_the_border() -> None:
    point = await middle()
    near = await place_north_of(point, 290)
    across = await place_north_of(point, 295, grid=OTHER_GRID)
    far = await place_north_of(point, 310)
    expected = {(await landlord(near)).id, (await landlord(across)).id, (await follower(near)).id}
    await landlord(far)
    await follower(far)
    notice = await planned(await sender(), await alert(point, 300))
    assert await told(notice) == expected


async def test_the_circle_round_a_followed_place_counts_too() -> None:
    point = await middle()
    place = await place_north_of(point, 500)
    reached = await follower(place, radius=210)
    await follower(place, radius=190)
    await landlord(place)
    notice = await planned(await sender(), await alert(point, 300))
    assert await told(notice) == {reached.id}


async def test_a_place_without_a_point_is_near_when_the_point_lies_in_its_grid() -> None:
    unsurveyed = await landlord(await factories.place(grid=GRID))
    await landlord(await factories.place(grid=NEXT_GRID))
    notice = await planned(await sender(), await alert(await middle(), 100))
    assert await told(notice) == {unsurveyed.id}


async def test_an_alert_without_a_point_is_for_the_whole_grid() -> None:
    here, elsewhere = await factories.place(grid=GRID), await factories.place(grid=OTHER_GRID)
    expected = {(await landlord(here)).id, (await follower(here)).id}
    await landlord(elsewhere)
    notice = await planned(await sender(), await alert(grid_code=GRID))
    assert await told(notice) == expected


async def test_an_emergency_reaches_landlords_and_followers_whatever_was_chosen() -> None:
    point = await middle()
    place = await place_north_of(point, 10)
    warden = await staff((Role.WARDEN, GRID))
    expected = {(await landlord(place)).id, (await follower(place)).id, warden.id}
    draft = await alert(
        point,
        100,
        audience=frozenset({Audience.WARDENS}),
        emergency=True,
        reason="燃气泄漏，已报警",
    )
    notice = await planned(await sender(), draft, recipients=3)
    assert await told(notice) == expected
    rows = await Notification.filter(notice_id=notice.id).values("emergency", "topic", "params")
    assert {(row["emergency"], row["topic"]) for row in rows} == {(True, "AREA_ALERT")}


# What follows


async def test_the_ids_of_all_who_are_told_go_into_jobs_that_come_last() -> None:
    here = await factories.place()
    notice = await planned(
        await sender(), words(audience=frozenset({Audience.LANDLORDS, Audience.RESIDENTS}))
    )
    assert (notice.recipients, notice.state) == (0, NoticeState.SENT)
    await landlord(here)
    await follower(here)
    both = await planned(
        await sender(), words(audience=frozenset({Audience.LANDLORDS, Audience.RESIDENTS}))
    )
    ids = await Notification.filter(notice_id=both.id).values_list("id", flat=True)
    jobs = await fetch(
        "SELECT args, priority, queue_name FROM procrastinate_jobs"
        " WHERE task_name = 'notifications.dispatch'"
    )
    assert [(job["priority"], job["queue_name"]) for job in jobs] == [(-100, "notify")]
    args = orjson.loads(jobs[0]["args"]) if isinstance(jobs[0]["args"], str) else jobs[0]["args"]
    assert set(args["ids"]) == {str(each) for each in ids}


async def test_of_a_notice_only_who_can_be_reached_costs_a_delivery() -> None:
    await landlord(await factories.place())
    notice = await planned(await sender(), words())
    ids = await Notification.filter(notice_id=notice.id).values_list("id", flat=True)
    async with redis.connected(None):
        await dispatch(1, [str(each) for each in ids])
    assert await Delivery.filter(notification__notice_id=notice.id).count() == 0


async def test_an_announcement_without_an_audience_is_out_at_once() -> None:
    notice = await sent(await sender(), announcement())
    assert (notice.state, notice.kind) == (NoticeState.SENT, NoticeKind.ANNOUNCEMENT)
    assert await fetch("SELECT FROM procrastinate_jobs WHERE queue_name = 'notices'") == []
    await plan_notice(1, str(notice.id))
    assert await told(notice) == set()


async def test_sent_twice_it_is_told_once() -> None:
    await landlord(await factories.place())
    actor = await sender()
    notice = await planned(actor, words())
    await plan_notice(1, str(notice.id))
    assert notice.recipients == 1
    with pytest.raises(WrongState):
        await send_notice(actor, notice_id=notice.id, expected_version=2)
    assert await Notification.filter(notice_id=notice.id).count() == 1
