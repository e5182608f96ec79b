"""Coming back to a report by its code, and following one of somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.pages.addresses import short
from core import settings as settings_module
from core.clock import now
from core.crypto import reveal
from identity.models import Account, Session
from integrations import sms
from management.hazards.tokens import hash_of, token_of
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
from media import worker
from tests import factories as make
from tests import hazard_factories as of_hazards
from tests.api.test_asking import Outbox, code_from
from tests.api.test_report_pages import pictures, values_of
from tests.api.visitor import Page, visitor
from tests.media import samples

pytestmark = pytest.mark.usefixtures("db", "folder")
HOSTILE = "<script>alert(1)</script>\"'>&"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path))
    settings_module.settings.cache_clear()
    yield
    monkeypatch.undo()
    settings_module.settings.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def worker_ends() -> Iterator[None]:
    yield
    worker.close()


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    box = Outbox()
    before = sms.use(box)
    yield box
    sms.use(before)


@pytest.fixture(autouse=True)
async def town(db: None) -> None:
    await make.town()


async def reported(state: HazardState = HazardState.REPORTED, **values: Any) -> tuple[Hazard, str]:
    """A hazard that somebody reported without a name, and their code."""
    place = await make.place(name="幸福公寓")
    hazard = await of_hazards.hazard(place, state=state, **values)
    token = token_of(hazard.id)
    await HazardReport.filter(hazard_id=hazard.id).update(token_hash=hash_of(token))
    return hazard, token


async def look(client: httpx.AsyncClient, token: str) -> Page:
    answer = await client.post("/h", data={"token": token})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return Page(answer.text)


async def say(client: httpx.AsyncClient, token: str, do: str, **typed: str) -> httpx.Response:
    page = await look(client, token)
    request_id = values_of(page)["request_id"][0]
    data = {"token": token, "do": do, "request_id": request_id, **typed}
    return await client.post("/h", data=data)


async def test_the_code_is_asked_for_and_what_it_opens_says_how_things_stand() -> None:
    hazard, token = await reported(words="只有我知道的原话", due_at=now() + timedelta(hours=8))
    late, late_token = await reported(due_at=now() - timedelta(hours=1))
    async with visitor() as client:
        asked = Page((await client.get("/h")).text)
        page = await look(client, token)
        overdue = await look(client, late_token)
        await Hazard.filter(id=late.id).update(escalated_to="441900122002")
        told = await look(client, late_token)
        english = await client.post("/h?lang=en", data={"token": token})

    assert "已经晚了" in overdue.text
    assert "报给上一级" not in overdue.text
    assert "报给上一级" in told.text
    assert asked.all("form")[0]["method"] == "post"
    for words in ("已上报，等网格员受理", "网格员去看", "最晚", "您上报了", hazard.code):
        assert words in page.text
    assert "只有我知道" not in page.text
    assert "Reported, waiting for a warden" in english.text


@pytest.mark.parametrize("token", ["", "x", "a" * 32, HOSTILE])
async def test_a_code_that_opens_nothing_is_told_and_guesses_are_limited(token: str) -> None:
    async with visitor() as client:
        answer = await client.post("/h", data={"token": token})
        statuses = {(await client.post("/h", data={"token": token})).status_code for _ in range(12)}

    assert answer.status_code == 404
    assert "没有这个跟进码" in answer.text
    assert "<script>alert" not in answer.text
    assert 429 in statuses


async def test_the_code_is_in_no_address_and_reached_by_no_get() -> None:
    _, token = await reported()
    async with visitor() as client:
        page = await look(client, token)
        by_get = await client.get(f"/h/{token}")
        asked = await client.get(f"/h?token={token}")

    assert not [each for each in page.addresses() if token in each]
    assert by_get.status_code == 404
    assert "已上报，等网格员受理" not in asked.text
    assert token not in Page(asked.text).text


@pytest.mark.parametrize(
    ("do", "state", "says"),
    [
        ("fixed", HazardState.CLOSED, "记下了：修好了"),
        ("not_fixed", HazardState.RECTIFYING, "记下了：没修好"),
    ],
)
async def test_the_reporter_has_the_last_word_once(do: str, state: HazardState, says: str) -> None:
    hazard, token = await reported(HazardState.FOLLOW_UP)
    async with visitor() as client:
        page = await look(client, token)
        data = {
            "token": token, "do": do, "words": f"看过了 {HOSTILE}",
            "request_id": values_of(page)["request_id"][0],
        }  # fmt: skip
        first = await client.post("/h", data=data)
        again = await client.post("/h", data=data)

    assert "修好了吗？" in page.text
    for answer in (first, again):
        assert answer.status_code == 200
        assert says in answer.text
    await hazard.refresh_from_db()
    assert hazard.state is state
    steps = await HazardStep.filter(hazard_id=hazard.id).order_by("number")
    assert reveal(steps[-1], "words") == f"看过了 {HOSTILE}"
    assert len(steps) == 2


async def test_nobody_is_asked_whether_it_is_fixed_before_it_was_checked() -> None:
    hazard, token = await reported(HazardState.RECTIFYING)
    async with visitor() as client:
        page = await look(client, token)
        answer = await say(client, token, "fixed")

    assert "修好了吗？" not in page.text
    assert answer.status_code == 400
    await hazard.refresh_from_db()
    assert hazard.state is HazardState.RECTIFYING


async def test_words_and_pictures_are_added_and_bad_ones_cost_nothing_else() -> None:
    hazard, token = await reported()
    async with visitor() as client:
        form = {"token": token, "do": "add"}
        empty = await client.post("/h", data=form)
        form |= {"request_id": values_of(Page(empty.text))["request_id"][0], "words": "更严重了"}
        mixed = await client.post("/h", data=form, files=pictures(samples.plain(), b"no picture"))
        page = Page(mixed.text)
        done = await client.post("/h", data={**form, "kept": values_of(page)["kept"]})

    assert empty.status_code == mixed.status_code == 400
    assert "第 2 张" in page.text
    assert "更严重了" in page.text
    assert "补充收到了" in done.text
    step = await HazardStep.get(hazard_id=hazard.id, action=HazardAction.SUPPLEMENT)
    assert reveal(step, "words") == "更严重了"
    assert await HazardPhoto.filter(hazard_id=hazard.id).count() == 1


async def test_it_is_rated_once_and_reopened_within_72_hours_of_its_closure() -> None:
    hazard, token = await reported(HazardState.CLOSED)
    late, late_token = await reported(HazardState.CLOSED)
    await Hazard.filter(id=late.id).update(closed_at=now() - timedelta(hours=73))
    async with visitor() as client:
        none = await say(client, token, "rate")
        rated = await say(client, token, "rate", rating="4")
        twice = await say(client, token, "rate", rating="5")
        silent = await say(client, token, "reopen", words="")
        reopened = await say(client, token, "reopen", words="又漏了")
        too_late = await say(client, late_token, "reopen", words="又漏了")
        over = await look(client, late_token)

    assert none.status_code == twice.status_code == 400
    assert "评价收到了" in rated.text
    assert silent.status_code == 400
    assert "重新打开了" in reopened.text
    assert too_late.status_code == 400
    assert "以后请重新上报" not in over.text
    assert "请重新上报" in over.text
    await hazard.refresh_from_db()
    assert (hazard.rating, hazard.state, hazard.reopened) == (4, HazardState.ACCEPTED, 1)


async def test_of_a_duplicate_the_original_is_shown_and_nothing_else_can_be_said() -> None:
    original, _ = await reported(HazardState.RECTIFYING)
    hazard, token = await reported()
    await Hazard.filter(id=hazard.id).update(
        state="DUPLICATE", open=False, duplicate_of_id=original.id, due_at=None
    )
    async with visitor() as client:
        page = await look(client, token)

    assert "正在整改" in page.text
    assert "和另一件是同一件" in page.text
    assert original.code not in page.text
    assert hazard.code in page.text


async def test_what_offices_do_among_themselves_and_their_words_are_not_shown() -> None:
    hazard, token = await reported(HazardState.RECTIFYING)
    for number, action in enumerate((HazardAction.ISSUE, HazardAction.ACCEPT), 2):
        await HazardStep.create(
            hazard_id=hazard.id, number=number, at=now(), by_kind="STAFF", action=action,
            from_state="REPORTED", to_state="ACCEPTED",
        )  # fmt: skip
    async with visitor() as client:
        page = await look(client, token)

    assert "网格员受理了" in page.text
    assert page.text.count("您上报了") == 1


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://a.b"}])
async def test_another_site_can_say_nothing(headers: dict[str, str]) -> None:
    hazard, token = await reported(HazardState.FOLLOW_UP)
    async with visitor() as client:
        answer = await client.post("/h", data={"token": token, "do": "fixed"}, headers=headers)

    assert answer.status_code == 403
    await hazard.refresh_from_db()
    assert hazard.state is HazardState.FOLLOW_UP


# following


async def test_a_hazard_is_followed_with_ones_phone_and_no_session_stays_open(
    outbox: Outbox,
) -> None:
    hazard, _ = await reported()
    address = f"/follow/{short(hazard.id)}"
    async with visitor() as client:
        first = await client.post(address, data={"phone": "13800000009"})
        code = await code_from(outbox)
        wrong = await client.post(address, data={"phone": "13800000009", "code": "000"})
        done = await client.post(address, data={**values_of(Page(first.text)), "code": code})

    assert "one-time-code" in first.text
    assert wrong.status_code == 400
    assert "关注了" in done.text
    account = await Account.all().order_by("-id").first()
    assert account is not None
    follower = await HazardFollower.get(hazard_id=hazard.id, why=FollowReason.FOLLOWS)
    assert follower.account_id == account.id
    assert not await Session.filter(ended_at=None).exists()


async def test_what_is_over_or_never_was_is_not_followed(outbox: Outbox) -> None:
    hazard, _ = await reported(HazardState.CLOSED)
    address = f"/follow/{short(hazard.id)}"
    async with visitor() as client:
        await client.post(address, data={"phone": "13800000009"})
        code = await code_from(outbox)
        over = await client.post(address, data={"phone": "13800000009", "code": code})
        none = await client.get("/follow/nothing")

    assert over.status_code == 400
    assert not await HazardFollower.filter(why=FollowReason.FOLLOWS).exists()
    assert none.status_code == 404
