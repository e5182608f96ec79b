"""Notices are written, sent, scheduled and cancelled: who may, when, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from core.database import execute, fetch
from core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
    WrongState,
)
from core.keyset import Page
from identity.actor import ROLE_PERMISSIONS, Permission, Role, anonymous
from management.rules import rules
from notifications.models import Audience, Notice, NoticeKind, NoticeState
from notifications.notices.drafting import change_notice, draft_notice
from notifications.notices.planning import plan_notice
from notifications.notices.preview import preview_notice
from notifications.notices.reading import (
    NoticeFilter,
    announcement,
    announcements,
    list_notices,
    read_counts,
    receipts,
)
from notifications.notices.sending import begin_due, cancel_notice, send_notice
from tests import factories
from tests.notifications.notices_support import (
    COMMUNITY,
    GRID,
    OTHER_COMMUNITY,
    OTHER_GRID,
    TOWN,
    acting,
    alert,
    as_account,
    follower,
    landlord,
    middle,
    planned,
    sender,
    sent,
    staff,
    told,
    words,
)
from tests.notifications.notices_support import (
    announcement as announced,
)

BOTH = frozenset({Audience.LANDLORDS, Audience.RESIDENTS})
WHY = "燃气泄漏，已报警"


@pytest.fixture(autouse=True)
async def _town(db: None) -> None:
    await factories.town()


# Who may


def test_supervisors_and_the_service_desk_send_notices_and_nobody_else() -> None:
    may = {role for role in Role if Permission.NOTICES_SEND in ROLE_PERMISSIONS[role]}
    assert may == {Role.SUPERVISOR, Role.SERVICE_DESK}


async def test_notices_are_for_grids_where_the_actor_may_send_them() -> None:
    actor = await sender(COMMUNITY)
    notice = await draft_notice(actor, words(grid_code=GRID))
    assert (notice.state, notice.author_id) == (NoticeState.DRAFT, actor.id)
    for code in (TOWN, OTHER_COMMUNITY, OTHER_GRID, "no-such-grid"):
        with pytest.raises(NotFound):
            await draft_notice(actor, words(grid_code=code))
        with pytest.raises(NotFound):
            await change_notice(
                actor, notice_id=notice.id, expected_version=1, draft=words(grid_code=code)
            )


async def test_a_notice_of_another_grid_is_absent() -> None:
    notice = await draft_notice(await sender(OTHER_COMMUNITY), words(grid_code=OTHER_GRID))
    actor = await sender(COMMUNITY)
    resident = as_account(await factories.account())
    for who, refusal in ((actor, NotFound), (resident, NotFound), (anonymous(), Unauthenticated)):
        for act in (
            change_notice(who, notice_id=notice.id, expected_version=1, draft=words()),
            send_notice(who, notice_id=notice.id, expected_version=1),
            cancel_notice(who, notice_id=notice.id),
            preview_notice(who, notice_id=notice.id),
            receipts(who, notice_id=notice.id, page=Page()),
        ):
            with pytest.raises(refusal):
                await act
        listed = await list_notices(who, filter_by=NoticeFilter(), page=Page(), columns=["id"])
        assert listed.rows == []
    assert (await Notice.get(id=notice.id)).state is NoticeState.DRAFT


async def test_a_colleague_with_a_post_there_goes_on_with_a_draft() -> None:
    notice = await draft_notice(await sender(), words())
    colleague = await sender(TOWN)
    done = await send_notice(colleague, notice_id=notice.id, expected_version=1)
    assert (done.sender_id, done.author_id == done.sender_id) == (colleague.id, False)


# What it says


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        ({"title_zh": ""}, "titleZh", "EMPTY"),
        ({"title_zh": "长" * 31}, "titleZh", "TOO_LONG"),
        ({"title_zh": "两行\n标题"}, "titleZh", "CONTROL_CHARACTER"),
        ({"body_zh": " "}, "bodyZh", "EMPTY"),
        ({"body_zh": "长" * 2001}, "bodyZh", "TOO_LONG"),
        ({"body_zh": "看\u202e反"}, "bodyZh", "BIDI_CONTROL"),
        ({"title_en": "Only a title"}, "bodyEn", "EMPTY"),
        ({"body_en": "Only a text"}, "titleEn", "EMPTY"),
        ({"audience": frozenset()}, "audience", "EMPTY"),
        ({"radius": 100}, "radius", "UNFIT"),
        ({"emergency": True, "reason": WHY}, "emergency", "UNFIT"),
        ({"reason": WHY}, "reason", "UNFIT"),
        ({"shown_until": now() + timedelta(days=1)}, "shownUntil", "UNFIT"),
        ({"kind": NoticeKind.ANNOUNCEMENT}, "shownUntil", "EMPTY"),
        (
            {"kind": NoticeKind.ANNOUNCEMENT, "shown_until": now() - timedelta(minutes=1)},
            "shownUntil",
            "PERIOD",
        ),
        (
            {"kind": NoticeKind.ANNOUNCEMENT, "shown_until": now() + timedelta(days=400)},
            "shownUntil",
            "PERIOD",
        ),
        ({"kind": NoticeKind.AREA_ALERT, "emergency": True, "reason": "急"}, "reason", "TOO_SHORT"),
    ],
)
async def test_parts_that_do_not_fit_are_refused(
    wrong: dict[str, Any], field: str, reason: str
) -> None:
    actor = await sender()
    with pytest.raises(InvalidInput) as refusal:
        await draft_notice(actor, words(**wrong))
    assert (refusal.value.field, refusal.value.reason) == (f"input.{field}", reason)
    assert await Notice.all().count() == 0


async def test_the_point_of_an_alert_lies_in_its_grid_and_its_radius_is_sensible() -> None:
    actor = await sender(TOWN)
    for wrong, field in (
        (await alert(await middle(OTHER_GRID), 100, grid_code=COMMUNITY), "point"),
        (await alert(await middle(), 49), "radius"),
        (await alert(await middle(), 5001), "radius"),
        (await alert(await middle(), None), "radius"),
        (words(point=await middle(), radius=100), "point"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            await draft_notice(actor, wrong)
        assert refusal.value.field == f"input.{field}"


async def test_markup_stays_what_was_typed() -> None:
    notice = await draft_notice(await sender(), words(body_zh="<b>注意</b> {title} & 安全"))
    preview = await preview_notice(await sender(), notice_id=notice.id)
    assert preview.zh.body == "<b>注意</b> {title} & 安全"
    assert preview.form["body"].value.startswith("<b>注意</b> {title} &")


async def test_a_preview_shows_both_languages_and_what_wechat_cuts_and_sends_nothing() -> None:
    here = await factories.place()
    await landlord(here)
    await follower(here)
    actor = await sender()
    draft = words(title_en="Charging", body_en="Not in stairs.", body_zh="长" * 50, audience=BOTH)
    notice = await draft_notice(actor, draft)
    preview = await preview_notice(actor, notice_id=notice.id)
    assert preview.recipients == 2
    assert preview.by_audience == {Audience.LANDLORDS: 1, Audience.RESIDENTS: 1}
    assert preview.en is not None
    assert (preview.zh.title, preview.en.title) == ("电动车集中充电", "Charging")
    assert (preview.form["title"].cut, preview.form["body"].cut) == (False, True)
    assert len(preview.form["body"].value) <= 20
    assert await told(notice) == set()
    assert await fetch("SELECT FROM procrastinate_jobs") == []


# Changing


async def test_a_draft_is_changed_by_who_saw_its_latest_version() -> None:
    actor = await sender()
    notice = await draft_notice(actor, words())
    changed = await change_notice(
        actor, notice_id=notice.id, expected_version=1, draft=words(title_zh="新的标题")
    )
    assert (changed.title_zh, changed.version) == ("新的标题", 2)
    for act in (
        change_notice(actor, notice_id=notice.id, expected_version=1, draft=words()),
        send_notice(actor, notice_id=notice.id, expected_version=1),
    ):
        with pytest.raises(Conflict) as refusal:
            await act
        assert refusal.value.reason == "STALE_VERSION"
    await send_notice(actor, notice_id=notice.id, expected_version=2)
    with pytest.raises(WrongState):
        await change_notice(actor, notice_id=notice.id, expected_version=3, draft=words())


# Sending later


async def test_what_is_scheduled_goes_out_when_its_time_has_come() -> None:
    await landlord(await factories.place())
    actor = await sender()
    notice = await sent(actor, words(), send_at=now() + timedelta(hours=1))
    await begin_due()
    assert (await Notice.get(id=notice.id)).state is NoticeState.SCHEDULED
    await execute("UPDATE notice SET send_at = now() - interval '1 second'")
    await begin_due()
    assert (await Notice.get(id=notice.id)).state is NoticeState.SENDING
    await begin_due()
    jobs = await fetch("SELECT FROM procrastinate_jobs WHERE task_name LIKE '%plan_notice'")
    assert len(jobs) == 1
    await plan_notice(1, str(notice.id))
    done = await Notice.get(id=notice.id)
    assert (done.state, done.recipients) == (NoticeState.SENT, 1)


@pytest.mark.parametrize("when", [timedelta(minutes=-1), timedelta(days=61)])
async def test_a_moment_that_is_past_or_far_off_is_refused(when: timedelta) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await sent(await sender(), words(), send_at=now() + when)
    assert refusal.value.field == "input.sendAt"


async def test_an_announcement_is_not_scheduled_for_after_its_end() -> None:
    draft = announced(shown_until=now() + timedelta(days=1))
    with pytest.raises(InvalidInput) as refusal:
        await sent(await sender(), draft, send_at=now() + timedelta(days=2))
    assert refusal.value.field == "input.shownUntil"


async def test_what_stands_still_is_taken_up_again() -> None:
    notice = await sent(await sender(), words())
    await execute("DELETE FROM procrastinate_jobs")
    await begin_due()
    assert await fetch("SELECT FROM procrastinate_jobs") == []
    await execute("UPDATE notice SET updated_at = now() - interval '3 minutes'")
    await begin_due()
    (job,) = await fetch("SELECT task_name FROM procrastinate_jobs")
    assert job["task_name"] == "notifications.plan_notice"
    await plan_notice(1, str(notice.id))
    assert (await Notice.get(id=notice.id)).state is NoticeState.SENT


# Emergencies


async def test_an_emergency_is_sent_only_by_who_knows_how_many_it_wakes() -> None:
    place = await factories.place()
    for _ in range(20):
        await follower(place)
    actor = await sender()
    draft = await alert(emergency=True, reason=WHY)
    notice = await draft_notice(actor, draft)
    for seen in (None, 0, 17, 23):
        with pytest.raises(Conflict) as refusal:
            await send_notice(actor, notice_id=notice.id, expected_version=1, recipients=seen)
        assert (refusal.value.reason, refusal.value.params) == ("RECIPIENTS", {"recipients": 20})
    with pytest.raises(InvalidInput):
        await send_notice(
            actor,
            notice_id=notice.id,
            expected_version=1,
            recipients=20,
            send_at=now() + timedelta(hours=1),
        )
    assert (await Notice.get(id=notice.id)).state is NoticeState.DRAFT
    await send_notice(actor, notice_id=notice.id, expected_version=1, recipients=18)
    (job,) = await fetch("SELECT priority FROM procrastinate_jobs")
    assert job["priority"] == 100


async def test_emergencies_are_limited_by_the_hour_and_by_their_sender() -> None:
    actor, colleague = await sender(), await sender()
    draft = await alert(emergency=True, reason=WHY)
    for _ in range(rules().emergencies_per_hour):
        await sent(actor, draft, recipients=0)
    with pytest.raises(RateLimited) as refusal:
        await sent(actor, draft, recipients=0)
    assert 3500 < refusal.value.params["retryAfter"] <= 3600
    await sent(actor, words())
    await sent(colleague, draft, recipients=0)
    await execute("UPDATE notice SET send_at = send_at - interval '61 minutes'")
    await sent(actor, draft, recipients=0)


async def test_notices_are_limited_by_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEYE_RULE_NOTICES_PER_DAY", "2")
    rules.cache_clear()
    try:
        actor = await sender()
        await sent(actor, words())
        await sent(actor, announced(), send_at=now() + timedelta(days=1))
        with pytest.raises(RateLimited):
            await sent(actor, words())
        assert await Notice.filter(state=NoticeState.DRAFT).count() == 1
    finally:
        monkeypatch.undo()
        rules.cache_clear()


# Cancelling


async def test_who_was_not_told_when_a_notice_is_cancelled_is_not_told() -> None:
    actor = await sender()
    await landlord(await factories.place())
    for how in ({}, {"send_at": now() + timedelta(hours=1)}):
        notice = await sent(actor, words(), **how)
        cancelled = await cancel_notice(actor, notice_id=notice.id)
        assert cancelled.state is NoticeState.CANCELLED
        await execute("UPDATE notice SET send_at = now() - interval '1 second'")
        await begin_due()
        await plan_notice(1, str(notice.id))
        assert await told(notice) == set()
        with pytest.raises(WrongState):
            await cancel_notice(actor, notice_id=notice.id)
        with pytest.raises(WrongState):
            await send_notice(actor, notice_id=notice.id, expected_version=cancelled.version)


async def test_what_everybody_has_can_not_be_cancelled() -> None:
    actor = await sender()
    notice = await planned(actor, words())
    with pytest.raises(WrongState):
        await cancel_notice(actor, notice_id=notice.id)


async def test_an_announcement_that_is_cancelled_is_out_of_sight_at_once() -> None:
    actor = await sender()
    notice = await sent(actor, announced())
    assert await announcement(notice.id, ["id"]) is not None
    await cancel_notice(actor, notice_id=notice.id)
    assert await announcement(notice.id, ["id"]) is None
    with pytest.raises(WrongState):
        await cancel_notice(actor, notice_id=notice.id)


# Reading


async def test_announcements_are_public_until_they_end_and_the_latest_comes_first() -> None:
    actor = await sender(TOWN)
    of_town = await sent(actor, announced(grid_code=TOWN))
    of_grid = await sent(actor, announced(grid_code=GRID))
    elsewhere = await sent(actor, announced(grid_code=OTHER_GRID))
    shown_alert = await planned(
        actor, await alert(shown_until=now() + timedelta(hours=1), grid_code=COMMUNITY)
    )
    over = await sent(actor, announced())
    await Notice.filter(id=over.id).update(shown_until=now() - timedelta(seconds=1))
    await planned(actor, words())
    await draft_notice(actor, announced())
    await sent(actor, announced(), send_at=now() + timedelta(hours=1))

    async def shown(code: str | None) -> list[Any]:
        page = await announcements(grid_code=code, page=Page(), columns=["id"])
        return [row["id"] for row in page.rows]

    assert await shown(None) == [shown_alert.id, elsewhere.id, of_grid.id, of_town.id]
    assert await shown(COMMUNITY) == [shown_alert.id, of_grid.id, of_town.id]
    assert await shown(GRID) == [shown_alert.id, of_grid.id, of_town.id]
    assert await shown(OTHER_COMMUNITY) == [elsewhere.id, of_town.id]
    with pytest.raises(NotFound):
        await shown("no-such-grid")


async def test_staff_see_who_of_them_has_read_it_and_of_others_only_how_many() -> None:
    here = await factories.place(grid=GRID)
    owner, warden = await landlord(here), await staff((Role.WARDEN, GRID))
    actor = await sender()
    notice = await planned(actor, words(audience=frozenset({Audience.LANDLORDS, Audience.WARDENS})))
    assert await read_counts([notice.id]) == {}
    await execute("UPDATE notification SET read_at = now() WHERE account_id = $1", owner.id)
    page = await receipts(actor, notice_id=notice.id, page=Page())
    assert [(row["staff_id"], row["read_at"]) for row in page.rows] == [(warden.id, None)]
    await execute("UPDATE notification SET read_at = now() WHERE staff_id = $1", warden.id)
    page = await receipts(actor, notice_id=notice.id, page=Page())
    assert [row["read_at"] is not None for row in page.rows] == [True]
    assert await read_counts([notice.id]) == {notice.id: 2}


async def test_notices_are_listed_by_state_kind_and_grid() -> None:
    actor = await sender(TOWN)
    draft = await draft_notice(actor, words(grid_code=GRID))
    shown = await sent(actor, announced(grid_code=OTHER_COMMUNITY))

    async def listed(**filters: Any) -> list[Any]:
        page = await list_notices(
            actor, filter_by=NoticeFilter(**filters), page=Page(), columns=["id"]
        )
        return [row["id"] for row in page.rows]

    assert await listed() == [shown.id, draft.id]
    assert await listed(state=NoticeState.DRAFT) == [draft.id]
    assert await listed(kind=NoticeKind.ANNOUNCEMENT) == [shown.id]
    assert await listed(grid_code=COMMUNITY) == [draft.id]
    assert await listed(grid_code=OTHER_GRID) == []
    only = acting(await staff(), OTHER_COMMUNITY)
    page = await list_notices(only, filter_by=NoticeFilter(), page=Page(), columns=["id"])
    assert [row["id"] for row in page.rows] == [shown.id]
