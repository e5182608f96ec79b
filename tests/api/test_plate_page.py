"""The page behind a QR plate: what a visitor finds there, and how it is delivered."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from api.pages.addresses import listing_path
from api.pages.offers import PAGE_SIZE
from core.clock import today
from core.database import connection
from core.settings import settings
from landlord.models import ListingState
from management.models import Grid, PlaceKind, RiskClass
from management.territory import forget_territory
from tests import factories as make
from tests.api.visitor import Page, visitor

pytestmark = pytest.mark.usefixtures("db")
# Uncompressed, with every text as long as may be and every character escaped.
MOST_BYTES = 36_000
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&"


@pytest.fixture(autouse=True)
async def town(db: None) -> None:
    await make.town()


async def look(address: str, **headers: str) -> httpx.Response:
    async with visitor(**headers) as client:
        return await client.get(address)


async def test_a_visitor_reads_the_page_in_the_order_they_need_it() -> None:
    house, plate, _ = await make.house_with_offers(2, photos=3, name="幸福公寓")

    answer = await look(f"/q/{plate.token}")

    assert answer.status_code == 200
    text = Page(answer.text).text
    order = [
        "出租屋", "幸福公寓", "看空房", "登记住址", "报隐患", "打 12345", "打 119",
        "650", "采光好的单间", "安全情况", "放心", "社区和网格办", "您的信息", house.code,
    ]  # fmt: skip
    assert sorted(order, key=text.rindex) == order


async def test_a_room_shows_rent_area_storey_deposit_and_first_day() -> None:
    house = await make.place()
    landlord = await make.account()
    of = await make.room(house, "502", floor=5, area=Decimal("18.50"))
    free = today() + timedelta(days=400)
    await make.listing(
        of, landlord, rent=Decimal(1250), deposit=Decimal(0), title="两房一厅", available_from=free
    )
    plate = await make.plate(house)

    text = Page((await look(f"/q/{plate.token}")).text).text

    for words in ("1,250", "元/月", "两房一厅", "502 房", "5 楼", "18.5 平方米", "不收押金"):
        assert words in text
    assert f"{free.year}年{free.month}月{free.day}日起可以入住" in text


async def test_only_what_is_on_offer_is_shown() -> None:
    house = await make.place()
    landlord = await make.account()
    for number, state in enumerate(ListingState):
        of = await make.room(house, f"10{number}")
        await make.listing(of, landlord, state=state, title=f"状态{state.value}")
    plate = await make.plate(house)

    text = Page((await look(f"/q/{plate.token}")).text).text

    assert [state for state in ListingState if f"状态{state.value}" in text] == ["PUBLISHED"]


async def test_a_rooms_own_plate_shows_that_room_only() -> None:
    house = await make.place(name="幸福公寓")
    landlord = await make.account()
    mine, other = await make.room(house, "301"), await make.room(house, "302")
    await make.listing(mine, landlord, title="我的房间")
    await make.listing(other, landlord, title="别的房间")
    plate = await make.plate(house, mine)

    page = Page((await look(f"/q/{plate.token}")).text)

    assert "幸福公寓 301 房" in page.text
    assert "我的房间" in page.text
    assert "别的房间" not in page.text
    assert page.text.rstrip().endswith(mine.code)


@pytest.mark.parametrize(
    ("risk_class", "word", "shape"),
    [
        (RiskClass.SAFE, "平安", "<circle"),
        (RiskClass.ASSURED, "放心", 'd="M12 1 22'),
        (RiskClass.KEY, "重点", 'd="M12 1.5 23.5 22H.5z"'),
    ],
)
async def test_safety_has_colour_shape_and_word(
    risk_class: RiskClass, word: str, shape: str
) -> None:
    plate = await make.plate(await make.place(risk_class=risk_class))

    html = (await look(f"/q/{plate.token}")).text

    mark = html[html.index(f'class="risk {risk_class.value}"') :].split("</span>")[0]
    assert shape in mark
    assert mark.endswith(word)


async def test_the_nearest_office_with_a_phone_is_the_one_to_call() -> None:
    plate = await make.plate(await make.place())
    await Grid.filter(level="TOWN").update(office_phone="0769-1111-0000")
    forget_territory()
    town_only = Page((await look(f"/q/{plate.token}")).text)
    await Grid.filter(code=make.GRID).update(office_phone="0769-3333-0000")
    forget_territory()
    own_grid = Page((await look(f"/q/{plate.token}")).text)
    forget_territory()

    def numbers(page: Page) -> set[str]:
        return {a["href"] for a in page.all("a") if a["href"].startswith("tel:")}

    assert numbers(town_only) == {"tel:0769-1111-0000", "tel:119"}
    assert numbers(own_grid) == {"tel:0769-3333-0000", "tel:119"}


@pytest.mark.parametrize("kind", [kind for kind in PlaceKind if kind != "RENTAL_HOUSE"])
async def test_a_place_that_lets_nothing_shows_no_rooms(kind: PlaceKind) -> None:
    plate = await make.plate(await make.place(kind=kind, name="阿强小店"))

    page = Page((await look(f"/q/{plate.token}")).text)

    assert "阿强小店" in page.text
    assert "放心" in page.text
    assert "空房" not in page.text
    assert "可以入住" not in page.text


async def test_more_rooms_than_a_page_holds_follow_by_links_and_each_comes_once() -> None:
    _, plate, _ = await make.house_with_offers(2 * PAGE_SIZE + 1)
    seen: list[str] = []
    address = f"/q/{plate.token}"
    async with visitor() as client:
        for _ in range(3):
            answer = await client.get(address)
            assert answer.status_code == 200
            links = [a["href"] for a in Page(answer.text).all("a")]
            seen += [link for link in links if re.fullmatch(r"/l/[^/]+", link)]
            more = [link for link in links if "after=" in link and link.endswith("#rooms")]
            address = f"/q/{plate.token}{more[0]}" if more else ""

    assert not address
    assert len(seen) == len(set(seen)) == 2 * PAGE_SIZE + 1


async def test_english_by_header_and_by_the_switch_which_a_cookie_remembers() -> None:
    plate = await make.plate(await make.place())
    address = f"/q/{plate.token}"
    async with visitor() as client:
        chinese = await client.get(address, headers={"Accept-Language": "zh-CN,en;q=0.5"})
        header = await client.get(address, headers={"Accept-Language": "en-GB,zh;q=0.5"})
        switched = await client.get(address, params={"lang": "en"})
        kept = await client.get(address, headers={"Accept-Language": "zh-CN"})
        back = await client.get(address, params={"lang": "zh"})

    assert '<html lang="zh-CN"' in chinese.text
    assert "安全情况" in chinese.text
    for answer in (header, switched, kept):
        assert '<html lang="en"' in answer.text
        assert answer.headers["content-language"] == "en"
        assert "Safety" in answer.text
        assert "安全情况" not in answer.text
    assert '<html lang="zh-CN"' in back.text


async def test_large_type_is_remembered_and_works_without_cookies() -> None:
    _, plate, _ = await make.house_with_offers(PAGE_SIZE + 1)
    address = f"/q/{plate.token}"
    async with visitor() as client:
        plain = await client.get(address)
        large = await client.get(address, params={"large": "1"})
        kept = await client.get(address)
    more = [a["href"] for a in Page(large.text).all("a") if "after=" in a["href"]]

    assert 'class="large"' not in plain.text
    assert 'class="large"' in large.text
    assert 'class="large"' in kept.text
    assert all("large=1" in link or "large=0" in link for link in more)


@pytest.mark.parametrize("query", ["lang=fr", "lang=<b>", "large=2", "lang=", "large=%00"])
async def test_switches_that_do_not_exist_change_nothing(query: str) -> None:
    plate = await make.plate(await make.place())

    answer = await look(f"/q/{plate.token}?{query}")

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert '<html lang="zh-CN">' in answer.text


async def test_who_has_the_page_already_is_told_so_until_it_changes() -> None:
    house, plate, _ = await make.house_with_offers(1)
    address = f"/q/{plate.token}"
    async with visitor() as client:
        first = await client.get(address)
        tag = first.headers["etag"]
        again = await client.get(address, headers={"If-None-Match": f'"other", {tag}'})
        english = await client.get(address, headers={"If-None-Match": tag, "Accept-Language": "en"})
        await house.refresh_from_db()
        house.name = "新名字"
        await house.save()
        changed = await client.get(address, headers={"If-None-Match": tag})

    assert first.headers["cache-control"] == "public, no-cache"
    assert {"Accept-Language", "Cookie"} <= set(first.headers["vary"].split(", "))
    assert not tag.startswith("W/")
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert english.status_code == 200
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_hostile_words_stay_words() -> None:
    house = await make.place(name=HOSTILE[:80], street=HOSTILE[:80], door_number="<b>1</b>")
    landlord = await make.account(HOSTILE[:60])
    offer = await make.listing(
        await make.room(house), landlord, title=HOSTILE[:60], description=HOSTILE
    )
    await make.photo(offer, alt_zh=HOSTILE[:80], alt_en=HOSTILE)
    plate = await make.plate(house)

    for address in (f"/q/{plate.token}", listing_path(offer.id)):
        answer = await look(address)
        page = Page(answer.text)
        assert answer.status_code == 200
        assert HOSTILE[:60] in page.text
        assert not page.all("script")
        assert not [image for image in page.all("img") if "onerror" in image]
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "script-src" not in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("character", ["满", "&", '"'])
async def test_the_page_is_light_even_when_every_text_is_as_long_as_may_be(
    character: str, language: str
) -> None:
    house = await make.place(name=character * 80, street=character * 80, door_number=character * 40)
    landlord = await make.account()
    for number in range(PAGE_SIZE + 1):
        of = await make.room(house, f"1234567890{number:02d}", floor=30, dormitory=True)
        offer = await make.listing(
            of,
            landlord,
            title=character * 60,
            description=character * 1000,
            rent=Decimal("99999.50"),
            deposit=Decimal("999999.50"),
            available_from=today() + timedelta(days=500),
        )
        for _ in range(3):
            await make.photo(offer, alt_zh=character * 80, alt_en=character * 120)
    plate = await make.plate(house)

    answer = await look(f"/q/{plate.token}", **{"Accept-Language": language})

    assert answer.status_code == 200
    assert len(answer.content) <= MOST_BYTES


async def test_nothing_is_loaded_from_outside_and_no_script_is_needed() -> None:
    _, plate, ids = await make.house_with_offers(3, photos=3)
    for address in (f"/q/{plate.token}", listing_path(ids[0]), "/", "/q/unknown"):
        answer = await look(address)
        page = Page(answer.text)
        assert not page.all("script")
        assert not page.all("iframe")
        for link in page.addresses():
            own = link.removeprefix(settings().public_url)
            assert own.startswith(("/", "?", "#", "tel:")), link
            assert not link.startswith("//")
        style = answer.text.split("<style>")[1].split("</style>")[0]
        assert "url(" not in style
        assert "@import" not in style


async def test_every_picture_has_sizes_formats_and_words() -> None:
    house = await make.place()
    offer = await make.listing(await make.room(house), await make.account())
    for _ in range(3):
        await make.photo(offer, alt_zh="一间卧室", alt_en="A bedroom")
    plate = await make.plate(house)

    page = Page((await look(f"/q/{plate.token}")).text)

    images, sources = page.all("img"), page.all("source")
    assert len(images) == len(sources) == 2
    for image, source in zip(images, sources, strict=True):
        assert image["alt"] == "一间卧室"
        assert (image["width"], image["height"]) == ("720", "540")
        assert ".jpg 360w" in image["srcset"]
        assert ".jpg 720w" in image["srcset"]
        assert source["type"] == "image/webp"
        assert ".webp 360w" in source["srcset"]
        assert ".webp 720w" in source["srcset"]
    assert [image.get("loading") for image in images] == [None, "lazy"]


async def test_a_shared_link_shows_name_words_and_picture() -> None:
    _, plate, _ = await make.house_with_offers(1, photos=3, name="幸福公寓")

    page = Page((await look(f"/q/{plate.token}")).text)

    own = settings().public_url
    assert page.meta("og:title") == "幸福公寓"
    assert page.meta("og:url") == f"{own}/q/{plate.token}"
    assert (page.meta("og:image") or "").startswith(f"{own}/media/")
    assert (page.meta("og:image") or "").endswith("-720.jpg")
    assert page.meta("og:locale") == "zh_CN"
    assert "空房" in (page.meta("og:description") or "")
    assert page.meta("robots") == "noindex"


async def test_a_room_page_shows_every_picture_and_the_landlords_words() -> None:
    house = await make.place(name="幸福公寓")
    offer = await make.listing(
        await make.room(house, "302"),
        await make.account("陈生"),
        title="采光好",
        description="第一行\n第二行",
    )
    for _ in range(3):
        await make.photo(offer)

    answer = await look(listing_path(offer.id))

    page = Page(answer.text)
    assert answer.status_code == 200
    assert len(page.all("img")) == 3
    for words in ("幸福公寓 302 房", "采光好", "第一行\n第二行", "陈生", "怎么看房"):
        assert words in page.text
    assert page.meta("og:title") == "采光好"


async def test_a_page_costs_the_same_few_queries_however_many_rooms_it_shows() -> None:
    async def queries(token: str) -> int:
        counted: list[str] = []
        raw: Any = connection()._connection
        async with visitor() as client:
            await client.get(f"/q/{token}")  # the territory is loaded once
            with raw.query_logger(lambda record: counted.append(record.query)):
                await client.get(f"/q/{token}")
            await asyncio.sleep(0)  # the logger is called by the loop
        return len(counted)

    _, small, _ = await make.house_with_offers(1, photos=1)
    _, large, _ = await make.house_with_offers(PAGE_SIZE, photos=3)

    assert (
        await queries(small.token) == await queries(large.token) == 5
    )  # plate, block, rooms, photos, open hazards
