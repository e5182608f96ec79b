"""Planning a notice while others do, while it is cancelled, and after a kill."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from core.database import fetch
from core.errors import RateLimited
from management.rules import rules
from notifications.models import Audience, Notice, NoticeState, Notification
from notifications.notices import planning
from notifications.notices.drafting import draft_notice
from notifications.notices.planning import plan_notice
from notifications.notices.sending import cancel_notice, send_notice
from tests import factories
from tests.notifications.notices_support import alert, follower, sender, sent, told, words

ROOT = Path(__file__).parents[2]
PATIENCE = 45  # seconds
PEOPLE = 95
TO_RESIDENTS = frozenset({Audience.RESIDENTS})


@pytest.fixture(autouse=True)
async def _town(committed_db: None) -> None:
    await factories.town()


@pytest.fixture
async def people() -> set[UUID]:
    place = await factories.place()
    return {(await follower(place)).id for _ in range(PEOPLE)}


async def dispatched() -> list[str]:
    """The ids in the jobs that bring notifications to people."""
    rows = await fetch(
        "SELECT args FROM procrastinate_jobs WHERE task_name = 'notifications.dispatch'"
    )
    found = [
        orjson.loads(row["args"]) if isinstance(row["args"], str) else row["args"] for row in rows
    ]
    return [each for args in found for each in args["ids"]]


async def test_two_workers_that_plan_the_same_notice_tell_everybody_once(
    people: set[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "GROUP", 7)
    notice = await sent(await sender(), words(audience=TO_RESIDENTS))
    await asyncio.gather(*(plan_notice(1, str(notice.id)) for _ in range(3)))
    done = await Notice.get(id=notice.id)
    assert (done.state, done.recipients) == (NoticeState.SENT, PEOPLE)
    assert await told(notice) == people
    ids = await Notification.filter(notice_id=notice.id).values_list("id", flat=True)
    assert sorted(await dispatched()) == sorted(str(each) for each in ids)


async def test_cancelled_midway_the_rest_hears_nothing(
    people: set[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "GROUP", 10)
    actor = await sender()
    notice = await sent(actor, words(audience=TO_RESIDENTS))
    inner, groups = planning.plan_group, 0

    async def cancelling(of: Notice, group: list[UUID]) -> bool:
        nonlocal groups
        groups += 1
        if groups == 4:
            await cancel_notice(actor, notice_id=of.id)
        return await inner(of, group)

    monkeypatch.setattr(planning, "plan_group", cancelling)
    await plan_notice(1, str(notice.id))
    done = await Notice.get(id=notice.id)
    assert (done.state, done.recipients, groups) == (NoticeState.CANCELLED, 30, 4)
    assert len(await told(notice)) == len(await dispatched()) == 30


async def test_killed_midway_the_next_worker_goes_on_without_gaps_or_doubles(
    people: set[UUID], database_url: str
) -> None:
    notice = await sent(await sender(), words(audience=TO_RESIDENTS))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.notifications.notice_planner"),
        *(database_url, str(notice.id)),
        stdout=PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            assert (await process.stdout.readline()).strip() == b"in the middle"
        process.kill()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    halfway = await Notice.get(id=notice.id)
    assert (halfway.state, halfway.recipients) == (NoticeState.SENDING, 30)
    assert len(await told(notice)) == len(await dispatched()) == 30
    await plan_notice(1, str(notice.id))
    done = await Notice.get(id=notice.id)
    assert (done.state, done.recipients) == (NoticeState.SENT, PEOPLE)
    assert await told(notice) == people
    assert len(set(await dispatched())) == len(await dispatched()) == PEOPLE


async def test_two_who_send_the_same_draft_at_once_send_it_once(people: set[UUID]) -> None:
    actor = await sender()
    notice = await draft_notice(actor, words(audience=TO_RESIDENTS))
    answers = await asyncio.gather(
        *(send_notice(actor, notice_id=notice.id, expected_version=1) for _ in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Notice) for answer in answers) == 1
    jobs = await fetch("SELECT FROM procrastinate_jobs WHERE task_name LIKE '%plan_notice'")
    assert len(jobs) == 1


async def test_emergencies_sent_at_once_are_counted_one_by_one() -> None:
    actor = await sender()
    draft = await alert(emergency=True, reason="燃气泄漏，已报警")
    most = rules().emergencies_per_hour
    notices = [await draft_notice(actor, draft) for _ in range(most + 2)]
    answers = await asyncio.gather(
        *(
            send_notice(actor, notice_id=notice.id, expected_version=1, recipients=0)
            for notice in notices
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 2
    assert await Notice.filter(state=NoticeState.SENDING).count() == most
