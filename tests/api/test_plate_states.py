"""Every state a plate and its place can be in has an honest page and status of its own."""

from __future__ import annotations

import re
from contextlib import suppress

import asyncpg
import httpx
import pytest
from tortoise.exceptions import BaseORMException
from tortoise.transactions import in_transaction

from core.database import fetch
from core.errors import DomainError
from management.models import Lifecycle, PlateState
from tests import factories as make
from tests.api.visitor import Page, visitor

ENGLISH = {"Accept-Language": "en"}
UUID_TEXT = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
async def town(db: None) -> None:
    await make.town()


async def both(address: str) -> tuple[httpx.Response, str, str]:
    """The answer, and what it says in each language."""
    async with visitor() as client:
        chinese = await client.get(address)
        english = await client.get(address, headers=ENGLISH)
    assert chinese.status_code == english.status_code
    return chinese, Page(chinese.text).text, Page(english.text).text


def is_a_refusal(answer: httpx.Response, status: int) -> bool:
    """Whether the answer has the status, is a page, and nobody may keep it."""
    return (
        answer.status_code == status
        and answer.headers["content-type"] == "text/html; charset=utf-8"
        and answer.headers["cache-control"] == "no-store"
        and "etag" not in answer.headers
    )


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    "token", ["never-printed", "a" * 22, "a" * 5000, "%00", "%FF", "<b>", "房"]
)
async def test_a_token_that_was_never_printed_is_not_found(token: str) -> None:
    answer, chinese, english = await both(f"/q/{token}")

    assert is_a_refusal(answer, 404)
    assert "没有找到这块门牌" in chinese
    assert "门牌不会要您付款" in chinese
    assert "There is no such plate" in english
    assert "打 119" in chinese


@pytest.mark.usefixtures("town")
async def test_a_revoked_plate_says_so_and_nothing_of_its_place() -> None:
    house = await make.place(name="秘密公寓", street="秘密路")
    plate = await make.plate(house, state=PlateState.REVOKED)

    answer, chinese, english = await both(f"/q/{plate.token}")

    assert is_a_refusal(answer, 410)
    assert "这块门牌已经停用" in chinese
    assert "This plate is out of use" in english
    assert "秘密" not in answer.text
    assert house.code not in answer.text


@pytest.mark.usefixtures("town")
async def test_a_replaced_plate_leads_to_the_one_that_hangs_there_now() -> None:
    house = await make.place(name="秘密公寓")
    new = await make.plate(house)
    old = await make.plate(house, successor=new)

    answer, chinese, english = await both(f"/q/{old.token}")

    assert is_a_refusal(answer, 410)
    assert "这块门牌已经换新" in chinese
    assert "This plate was replaced" in english
    assert f"/q/{new.token}" in [a["href"] for a in Page(answer.text).all("a")]
    assert "秘密" not in answer.text


@pytest.mark.usefixtures("town")
async def test_a_replaced_plate_whose_successor_is_gone_leads_nowhere() -> None:
    house = await make.place()
    revoked = await make.plate(house, state=PlateState.REVOKED)
    old = await make.plate(house, successor=revoked)

    answer, chinese, english = await both(f"/q/{old.token}")

    assert is_a_refusal(answer, 410)
    assert "不再使用" in chinese
    assert "out of use too" in english
    assert revoked.token not in answer.text


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("lifecycle", "chinese_words", "english_words"),
    [
        (Lifecycle.CLOSED, "这里已经关闭", "Closed"),
        (Lifecycle.DEMOLISHED, "这里已经拆除", "Demolished"),
    ],
)
async def test_a_place_that_is_no_more_says_so_and_offers_others(
    lifecycle: Lifecycle, chinese_words: str, english_words: str
) -> None:
    await make.house_with_offers(1)
    house = await make.place(name="旧楼", lifecycle=lifecycle)
    plate = await make.plate(house)

    answer, chinese, english = await both(f"/q/{plate.token}")

    assert is_a_refusal(answer, 410)
    assert "旧楼" in chinese
    assert chinese_words in chinese
    assert english_words in english
    assert "竹溪社区的空房" in chinese
    assert "放心" not in chinese


@pytest.mark.usefixtures("town")
async def test_a_place_that_is_not_open_yet_says_so() -> None:
    plate = await make.plate(await make.place(lifecycle=Lifecycle.PLANNED))

    answer, chinese, english = await both(f"/q/{plate.token}")

    assert answer.status_code == 200
    assert "这里还没有启用" in chinese
    assert "Not in use yet" in english
    assert "空房" not in chinese


@pytest.mark.usefixtures("town")
async def test_a_house_without_rooms_to_let_shows_some_of_its_community() -> None:
    await make.house_with_offers(2, name="邻居公寓")
    await make.house_with_offers(1, name="远方公寓", grid="441900122025-01")
    plate = await make.plate(await make.place())

    answer, chinese, english = await both(f"/q/{plate.token}")

    assert answer.status_code == 200
    assert "这栋楼现在没有空房" in chinese
    assert "No room is to let in this house now" in english
    assert "邻居公寓" in chinese
    assert "远方公寓" not in chinese
    assert "看空房" not in chinese


@pytest.mark.usefixtures("town")
async def test_a_house_without_rooms_in_a_community_without_rooms_still_leads_on() -> None:
    plate = await make.plate(await make.place())

    _, chinese, english = await both(f"/q/{plate.token}")

    assert "附近也没有登记的空房" in chinese
    assert "Nothing is on offer nearby either" in english


@pytest.mark.usefixtures("town")
async def test_a_room_that_is_not_to_let_shows_its_house_first() -> None:
    house, _, _ = await make.house_with_offers(1)
    await make.house_with_offers(1, name="邻居公寓")
    plate = await make.plate(house, await make.room(house, "909"))

    _, chinese, english = await both(f"/q/{plate.token}")

    assert "这间房现在不出租" in chinese
    assert "This room is not to let now" in english
    assert "同一栋楼的空房" in chinese
    assert "邻居公寓" not in chinese


@pytest.mark.usefixtures("town")
async def test_a_blocked_house_says_that_letting_is_paused_but_not_why() -> None:
    house, plate, _ = await make.house_with_offers(1)
    await make.block(house, reason="消防通道的门锁坏了")

    answer, chinese, english = await both(f"/q/{plate.token}")

    assert answer.status_code == 200
    assert "这栋楼暂停出租" in chinese
    assert "暂停出租，网格员" in chinese
    assert "Letting is paused in this house" in english
    assert "门锁" not in answer.text
    assert "STAFF_DECISION" not in answer.text
    assert "看空房" not in chinese
    assert "See rooms" not in english


@pytest.mark.usefixtures("town")
async def test_who_tries_too_many_tokens_is_told_when_to_come_back() -> None:
    plate = await make.plate(await make.place())
    async with visitor() as client:
        for _ in range(10):
            assert (await client.get("/q/guess")).status_code == 404
        refused = await client.get("/q/guess")
        english = await client.get("/q/guess", headers=ENGLISH)
        good = await client.get(f"/q/{plate.token}")

    assert is_a_refusal(refused, 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert f"请等 {refused.headers['retry-after']} 秒再试" in Page(refused.text).text
    assert "Try again in" in Page(english.text).text
    assert good.status_code == 200


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("cursor", ["x", "%00", "W10", "WyJvdGhlciIsWyJ1IiwiMSJdXQ", "房"])
async def test_a_page_mark_that_is_none_is_refused(cursor: str) -> None:
    plate = await make.plate(await make.place())

    answer, chinese, english = await both(f"/q/{plate.token}?after={cursor}")

    assert is_a_refusal(answer, 400)
    assert "分页游标无效" in chinese
    assert "start again" in english


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("address", ["/l/AY8AAAAAcACAAAAAAAAAAA", "/l/x", "/l/%00", "/rooms/x"])
async def test_a_room_that_is_not_on_offer_is_not_found(address: str) -> None:
    answer, _, _ = await both(address)

    assert is_a_refusal(answer, 404)


async def test_without_the_database_the_page_says_so_with_an_incident_number(
    tortoise: None,
) -> None:
    async with visitor() as client:
        with suppress(BaseORMException, DomainError, OSError, asyncpg.InterfaceError):
            async with in_transaction():
                with suppress(Exception):
                    await fetch("SELECT pg_terminate_backend(pg_backend_pid())")
                answer = await client.get("/q/any")
                english = await client.get("/q/any", headers=ENGLISH)

    assert is_a_refusal(answer, 503)
    assert answer.headers["retry-after"] == "30"
    assert "系统暂时打不开" in answer.text
    assert "The service is out for a moment" in english.text
    assert re.search(UUID_TEXT, Page(answer.text).text)


@pytest.mark.usefixtures("town")
async def test_what_nobody_expected_is_masked_and_numbered() -> None:
    with suppress(BaseORMException):
        await fetch("SELECT 'a canary' / 0")  # from here on the transaction refuses everything

    answer, chinese, english = await both("/q/any")

    assert is_a_refusal(answer, 500)
    assert "系统出错了" in chinese
    assert "Something went wrong on our side" in english
    assert re.search(UUID_TEXT, chinese)
    for secret in ("transaction", "aborted", "SELECT", "canary", "Error"):
        assert secret not in answer.text
