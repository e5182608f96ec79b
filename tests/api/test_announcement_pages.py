"""What everybody can read of what staff announce: /announcements and /a/…"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.pages.addresses import announcement_path
from api.pages.announcements import PAGE_SIZE
from core.clock import now
from core.ids import uuid7
from identity.models import StaffMember
from management.territory import forget_territory
from notifications.models import Notice, NoticeKind, NoticeState
from tests import factories as make
from tests.api.visitor import Page, visitor

LIST = "/announcements"


@pytest.fixture(autouse=True)
async def author(db: None) -> StaffMember:
    await make.town()
    forget_territory()
    return await StaffMember.create(user_name="pages.test", name="金丝雀", password_hash="x")


async def look(address: str, **headers: str) -> httpx.Response:
    async with visitor(**headers) as client:
        return await client.get(address)


async def announced(author: StaffMember, title: str = "停水公告", **values: Any) -> Notice:
    defaults: dict[str, Any] = {
        "kind": NoticeKind.ANNOUNCEMENT,
        "emergency": False,
        "reason": "",
        "title_zh": title,
        "body_zh": "明天上午停水。\n\n请先接好水。",
        "title_en": "",
        "body_en": "",
    }
    return await make.public_alert(author, **{**defaults, **values})


async def test_what_is_announced_is_listed_and_the_latest_comes_first(author: StaffMember) -> None:
    await announced(author, "第一条", sent_at=now() - timedelta(hours=2))
    second = await announced(author, "第二条")
    page = Page((await look(LIST)).text)
    assert page.text.index("第二条") < page.text.index("第一条")
    assert announcement_path(second.id) in {a["href"] for a in page.all("a")}
    assert LIST in {a["href"] for a in Page((await look("/")).text).all("a")}


async def test_an_announcement_has_a_page_of_its_own_with_its_grid_and_its_lines(
    author: StaffMember,
) -> None:
    one = await announced(author)
    answer = await look(announcement_path(one.id))
    page = Page(answer.text)
    assert answer.status_code == 200
    for words in ("停水公告", "明天上午停水。", "请先接好水。", "网格", "发布", "公示到"):
        assert words in page.text
    assert len(page.all("p")) >= 4
    assert "金丝雀" not in answer.text, "who wrote it is no matter of the public's"


@pytest.mark.parametrize(
    "values",
    [
        {"shown_until": now() - timedelta(seconds=1)},
        {"state": NoticeState.CANCELLED, "sent_at": None},
        {"state": NoticeState.SENDING, "sent_at": None},
        {"state": NoticeState.SCHEDULED, "sent_at": None},
        {"state": NoticeState.DRAFT, "sent_at": None, "send_at": None},
        {"kind": NoticeKind.NOTICE, "shown_until": None},
    ],
)
async def test_what_is_not_public_now_is_nowhere(
    author: StaffMember, values: dict[str, Any]
) -> None:
    hidden = await announced(author, "还看不到", **values)
    for address in (announcement_path(hidden.id), announcement_path(uuid7()), "/a/nothing"):
        assert (await look(address)).status_code == 404
    text = Page((await look(LIST)).text).text
    assert "还看不到" not in text
    assert "现在没有公告" in text


async def test_english_where_it_was_written_and_chinese_marked_as_such_elsewhere(
    author: StaffMember,
) -> None:
    both = await announced(author, title_en="No water", body_en="Tomorrow morning.")
    chinese = await announced(author, "只有中文")
    page = Page((await look(announcement_path(both.id) + "?lang=en")).text)
    assert "No water" in page.text
    assert "停水公告" not in page.text
    other = Page((await look(announcement_path(chinese.id) + "?lang=en")).text)
    assert {"lang": "zh-CN"} in other.all("h1")


async def test_markup_is_shown_as_it_was_typed(author: StaffMember) -> None:
    one = await announced(author, "<b>注意</b>", body_zh="<script>x</script>")
    for address in (LIST, announcement_path(one.id)):
        answer = await look(address)
        page = Page(answer.text)
        assert "<b>注意</b>" in page.text
        assert page.all("script") == []


async def test_who_has_the_page_already_is_not_sent_it_again(author: StaffMember) -> None:
    one = await announced(author)
    for address in (LIST, announcement_path(one.id)):
        first = await look(address)
        assert "max-age=30" in first.headers["cache-control"]
        again = await look(address, **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_many_announcements_come_page_by_page(author: StaffMember) -> None:
    moment = now()
    for number in range(PAGE_SIZE + 1):
        await announced(author, f"第{number:02}号", sent_at=moment - timedelta(minutes=number))
    page = Page((await look(LIST)).text)
    assert "第00号" in page.text
    assert f"第{PAGE_SIZE}号" not in page.text
    (more,) = {a["href"] for a in page.all("a") if a["href"].startswith("?after=")}
    second = Page((await look(LIST + more)).text)
    assert f"第{PAGE_SIZE}号" in second.text
    assert "第00号" not in second.text
