"""Pages that are found and passed on: one listing, one house, the list of rooms to let."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from api.pages import drawing
from api.pages.addresses import house_path, listing_path, short, unshortened
from api.pages.rent import SHOWN
from core.clock import now
from core.database import connection
from core.ids import uuid7
from core.settings import settings
from landlord.models import Facility, LetBy, ListingState
from landlord.search.projection import reconcile
from management.models import Lifecycle, PlaceKind, RiskClass
from tests import factories as make
from tests.api.visitor import Page, visitor

pytestmark = pytest.mark.usefixtures("db")
MOST_COMPRESSED = 30_000


@pytest.fixture(autouse=True)
async def town(db: None) -> None:
    await make.town()


async def look(address: str, **headers: str) -> httpx.Response:
    async with visitor(**headers) as client:
        return await client.get(address)


async def text_of(address: str, **headers: str) -> str:
    return Page((await look(address, **headers)).text).text


async def an_offer(**values: Any) -> Any:
    house = await make.place(name="幸福公寓", street="康乐南路", door_number="12号")
    landlord = await make.account("陈生")
    await make.claim(landlord, house)
    return await make.listing(await make.room(house, "502", floor=5), landlord, **values)


def robots(page: Page) -> str | None:
    return page.meta("robots")


# addresses


def test_an_id_has_one_short_spelling_and_no_other_text_stands_for_it() -> None:
    for _ in range(200):
        one = uuid7()
        assert unshortened(short(one)) == one
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", short(one))
    spelled = short(UUID(int=0))
    for other in ("", "x", spelled + "A", spelled[:-1] + "B", spelled[:-1] + "=", "房" * 22):
        assert unshortened(other) is None


async def test_the_old_address_of_a_listing_leads_to_the_one_it_has() -> None:
    offer = await an_offer()

    answer = await look(f"/rooms/{offer.id}?lang=en")

    assert answer.status_code == 308
    assert answer.headers["location"] == f"{listing_path(offer.id)}?lang=en"


# one listing


async def test_a_listing_says_what_it_costs_each_month_by_meter_and_at_first() -> None:
    offer = await an_offer(
        rent=Decimal(680),
        deposit=Decimal(1360),
        management_fee=Decimal(30),
        water_price=Decimal("3.50"),
        electricity_price=Decimal("0.80"),
    )

    chinese = await text_of(listing_path(offer.id))
    english = await text_of(listing_path(offer.id), **{"Accept-Language": "en"})

    costs = chinese.split("要花多少钱")[1].split("水电按表")[0].split()
    assert " ".join(costs) == (
        "租金680 元/月 管理费30 元/月 每月固定一共710 元/月 水费3.5 元/吨 电费0.8 元/度"
        " 押金（退房时退）1,360 元 入住时先付2,070 元"
    )
    assert "To pay when you move in¥2,070" in english


async def test_what_the_landlord_did_not_say_is_not_made_up() -> None:
    offer = await an_offer(rent=Decimal(680), deposit=None)

    text = await text_of(listing_path(offer.id))

    assert "水费问房东" in text
    assert "每月固定一共680 元/月" in text
    for words in ("管理费", "押金", "入住时先付", "有什么"):
        assert words not in text


async def test_no_deposit_and_no_fee_are_said() -> None:
    text = await text_of(
        listing_path((await an_offer(deposit=Decimal(0), management_fee=Decimal(0))).id)
    )

    assert "管理费不收" in text
    assert "押金（退房时退）不收" in text


async def test_a_listing_shows_facilities_safety_landlord_house_and_map() -> None:
    offer = await an_offer(
        facilities=[Facility.INTERNET.value, Facility.AIR_CONDITIONER.value],
        let_by=LetBy.BED,
        beds=3,
    )

    page = Page((await look(listing_path(offer.id))).text)

    for words in ("空调宽带", "按床位出租，3 个床位", "放心", "安全出口 2 个", "有逃生窗", "陈生"):
        assert words in page.text
    assert f"镇里核实过：{now().year}" not in page.text  # this year goes without saying
    assert "起在这里出租" in page.text
    assert "竹溪社区康乐南路12号" in page.text
    house = await offer.place
    assert house_path(house.code) in [a["href"] for a in page.all("a")]
    assert "竹溪社区在镇里的位置" in [svg.get("aria-label") for svg in page.all("svg")]


async def test_a_landlord_whom_the_town_does_not_know_here_is_not_called_known() -> None:
    house = await make.place()
    offer = await make.listing(await make.room(house), await make.account(""))

    text = await text_of(listing_path(offer.id))

    assert "没有留名字" in text
    assert "镇里核实过" not in text


async def test_the_first_picture_comes_at_once_and_the_others_when_they_are_near() -> None:
    offer = await an_offer()
    for _ in range(3):
        await make.photo(offer)

    images = Page((await look(listing_path(offer.id))).text).all("img")

    assert [image.get("loading") for image in images] == [None, "lazy", "lazy"]
    assert all(image["width"] and image["height"] and image["alt"] for image in images)


@pytest.mark.parametrize(
    ("state", "status", "says", "in_english"),
    [
        (ListingState.LET, 410, "这间房租出去了", "This room has been let"),
        (ListingState.WITHDRAWN, 410, "房东收回了这间房", "took this offer back"),
        (ListingState.RESERVED, 200, "这间房有人订了", "has reserved this room"),
        (ListingState.SUSPENDED, 200, "这间房暂停出租", "Letting of this room is paused"),
    ],
)
async def test_a_listing_that_is_not_on_offer_says_what_became_of_it_and_leads_on(
    state: ListingState, status: int, says: str, in_english: str
) -> None:
    offer = await an_offer(state=state, title="秘密的标题", description="秘密的介绍")
    await make.house_with_offers(1, name="邻居公寓")

    answer = await look(listing_path(offer.id))
    page = Page(answer.text)

    assert answer.status_code == status
    assert says in page.text
    assert in_english in await text_of(listing_path(offer.id), **{"Accept-Language": "en"})
    assert "秘密" not in answer.text
    assert "邻居公寓" in page.text
    assert robots(page) == "noindex"
    assert {"/rent", house_path((await offer.place).code)} <= {a["href"] for a in page.all("a")}


async def test_rooms_of_the_same_house_come_first_but_not_where_letting_is_paused() -> None:
    let = await an_offer(state=ListingState.LET)
    house = await let.place
    await make.listing(await make.room(house, "601"), await make.account(), title="同楼的房")
    await make.house_with_offers(1, name="邻居公寓")
    paused = await an_offer(state=ListingState.SUSPENDED)

    after_let = await text_of(listing_path(let.id))
    after_pause = await text_of(listing_path(paused.id))

    assert "同楼的房" in after_let
    assert "邻居公寓" not in after_let
    assert "不要签租约、交定金" in after_pause
    assert "邻居公寓" in after_pause


@pytest.mark.parametrize("state", [ListingState.DRAFT, ListingState.IN_REVIEW])
async def test_what_never_was_public_is_as_if_it_were_not_there(state: ListingState) -> None:
    offer = await an_offer(state=state, published_at=None)

    hidden = await look(listing_path(offer.id))
    absent = await look(listing_path(uuid7()))

    assert hidden.status_code == absent.status_code == 404
    assert hidden.text == absent.text


async def test_what_was_withdrawn_before_it_was_public_stays_unknown() -> None:
    offer = await an_offer(state=ListingState.WITHDRAWN, published_at=None)

    assert (await look(listing_path(offer.id))).status_code == 404


# one house


async def test_a_house_has_a_page_that_search_engines_may_know_and_plates_have_none() -> None:
    house, plate, _ = await make.house_with_offers(1, name="幸福公寓")

    own = Page((await look(house_path(house.code) + "?lang=en")).text)
    scanned = Page((await look(f"/q/{plate.token}")).text)

    canonical = [link["href"] for link in own.all("link") if link["rel"] == "canonical"]
    assert canonical == [settings().public_url + house_path(house.code)]
    assert own.meta("og:url") == canonical[0]
    assert robots(own) is None
    assert robots(scanned) == "noindex"
    assert not [link for link in scanned.all("link") if link["rel"] == "canonical"]
    assert house_path(house.code) in [a["href"] for a in scanned.all("a")]


async def test_a_house_shows_rooms_safety_office_map_and_how_data_is_treated() -> None:
    house, _, ids = await make.house_with_offers(2, risk_class=RiskClass.SAFE)

    page = Page((await look(house_path(house.code))).text)

    for words in (
        "空房",
        "平安",
        "楼梯 1 部",
        "在镇里的位置",
        "政务服务热线",
        "我们不记录是谁看的",
    ):
        assert words in page.text
    assert {listing_path(each) for each in ids} <= {a["href"] for a in page.all("a")}
    assert "扫" not in page.text


@pytest.mark.parametrize("code", ["nothing", "999999-99999", "%00", "房", "x" * 500])
async def test_a_code_that_no_place_has_is_not_found(code: str) -> None:
    assert (await look(f"/p/{code}")).status_code == 404


async def test_a_planned_place_is_not_public_and_one_that_is_no_more_says_so() -> None:
    planned = await make.place(lifecycle=Lifecycle.PLANNED)
    closed = await make.place(name="旧楼", lifecycle=Lifecycle.CLOSED)

    gone = await look(house_path(closed.code))

    assert (await look(house_path(planned.code))).status_code == 404
    assert gone.status_code == 410
    assert "这里已经关闭" in gone.text
    assert robots(Page(gone.text)) == "noindex"


async def test_a_barred_house_says_that_letting_is_paused_and_shows_others() -> None:
    house, _, _ = await make.house_with_offers(1)
    await make.block(house, reason="消防通道的门锁坏了")
    await make.house_with_offers(1, name="邻居公寓")

    text = await text_of(house_path(house.code))

    assert "这栋楼暂停出租" in text
    assert "门锁" not in text
    assert "邻居公寓" in text


async def test_a_shop_has_a_page_without_rooms() -> None:
    shop = await make.place(kind=PlaceKind.SMALL_SHOP, name="阿强小店")

    text = await text_of(house_path(shop.code))

    assert "阿强小店" in text
    assert "空房" not in text


# the map


def test_a_map_is_as_tall_as_the_land_and_puts_points_where_they_are() -> None:
    # One degree of longitude at 60° north is half as long as one of latitude.
    square = [[0.0, 59.0], [2.0, 59.0], [2.0, 61.0], [0.0, 61.0], [0.0, 59.0]]

    drawn = drawing.draw({"a": {"type": "Polygon", "coordinates": [square]}})

    assert drawn is not None
    assert (drawn.frame.width, drawn.frame.height) == (512, 1000)
    assert drawn.point({"longitude": 1.0, "latitude": 60.0}) == (256, 500)
    assert drawn.point({"longitude": 9.0, "latitude": 60.0}) is None
    assert drawn.point({"longitude": None, "latitude": None}) is None
    assert drawn.one("a") == "M12 988l488 0 0 -976 -488 0z"
    assert drawn.others("a") == drawn.one("b") == ""


def test_a_town_without_outlines_has_no_map() -> None:
    point = {"type": "Polygon", "coordinates": [[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]]}

    assert drawing.draw({}) is None
    assert drawing.draw({"a": point}) is None


async def test_outlines_of_several_parts_are_drawn_whole() -> None:
    part = [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]
    apart = [[[3.0, 0.0], [4.0, 0.0], [4.0, 1.0], [3.0, 0.0]]]

    drawn = drawing.draw({"a": {"type": "MultiPolygon", "coordinates": [part, apart]}})

    assert drawn is not None
    assert drawn.one("a").count("M") == 2


# the list of rooms


async def test_rooms_are_narrowed_by_community_and_rent_and_ordered() -> None:
    await make.house_with_offers(3, name="竹溪的楼")
    await make.house_with_offers(3, name="湖景的楼", grid="441900122025-01")

    async def rents(query: str) -> list[str]:
        text = await text_of(f"/rent{query}")
        return re.findall(r"([\d,]+) 元/月", text)

    here = await text_of("/rent?community=441900122002")
    assert "竹溪的楼" in here
    assert "湖景的楼" not in here
    assert await rents("?order=cheapest") == ["600", "600", "650", "650", "700", "700"]
    assert await rents("?from=650&to=650") == ["650", "650"]
    assert await rents("?from=&to=600&order=dearest&community=") == ["600", "600"]
    assert await rents("?order=unknown") == await rents("")


async def test_rooms_are_found_by_words_and_facilities() -> None:
    house = await make.place(name="清风公寓")
    who = await make.account()
    both = [Facility.LIFT, Facility.BALCONY]
    for number, title, facilities in (
        ("101", "云雀单间", both), ("102", "白鹭单间", [Facility.LIFT]), ("103", "云雀两房", []),
    ):  # fmt: skip
        await make.listing(await make.room(house, number), who, title=title, facilities=facilities)
    await reconcile()

    async def titles(query: str) -> set[str]:
        return set(re.findall("云雀单间|白鹭单间|云雀两房", await text_of(f"/rent{query}")))

    assert await titles("?q=云雀") == {"云雀单间", "云雀两房"}
    assert await titles("?q=云雀&order=cheapest") == {"云雀单间", "云雀两房"}
    assert await titles("?with=LIFT") == {"云雀单间", "白鹭单间"}
    assert await titles("?with=LIFT&with=BALCONY") == {"云雀单间"}
    assert await titles("?with=LIFT,BALCONY") == {"云雀单间"}
    assert await titles("?q=云雀&with=NOTHING") == {"云雀单间", "云雀两房"}
    assert await titles("?q=查无此词") == set()
    page = Page((await look('/rent?q="><b>云雀&with=LIFT&with=BALCONY')).text)
    typed = {each["id"]: each for each in page.all("input") if "id" in each}
    assert typed["q"]["value"] == '"><b>云雀'
    assert {name for name, each in typed.items() if "checked" in each} == {
        "with_LIFT", "with_BALCONY",
    }  # fmt: skip


async def test_all_rooms_come_once_over_pages_that_keep_what_was_asked() -> None:
    await make.house_with_offers(2 * SHOWN + 3)
    seen: list[str] = []
    address = "/rent?order=cheapest&from=600&large=1"
    async with visitor() as client:
        for _ in range(3):
            page = Page((await client.get(address)).text)
            links = [a["href"] for a in page.all("a")]
            seen += [link for link in links if link.startswith("/l/")]
            more = [link for link in links if "after=" in link and link.endswith("#rooms")]
            switches = [link for link in links if "lang=" in link]
            assert all("from=600" in link and "large=1" in link for link in [*more, *switches])
            address = f"/rent{more[0]}" if more else ""

    assert not address
    assert len(seen) == len(set(seen)) == 2 * SHOWN + 3


async def test_the_form_keeps_what_was_typed_and_the_switches() -> None:
    page = Page((await look("/rent?community=441900122025&from=600&to=900&large=1")).text)

    assert [each["value"] for each in page.all("option") if "selected" in each] == [
        "441900122025",
    ]  # fmt: skip
    typed = {each["name"]: each["value"] for each in page.all("input") if each["name"] != "with"}
    assert typed == {"large": "1", "q": "", "from": "600", "to": "900"}
    labelled = {each["for"] for each in page.all("label")}
    assert labelled == {each["id"] for each in page.all("input") if "id" in each} | {
        "community", "order",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=abc", "租金请填数字"),
        ("to=NaN", "应在 0 到"),
        ("from=-1", "应在 0 到"),
        ("community=441900122", "请选择社区"),
        ("community=%00", "没有这个网格"),
        ("after=x", "分页游标无效"),
        ("from=<script>", "租金请填数字"),
    ],
)
async def test_what_cannot_be_searched_is_said_above_the_form(query: str, words: str) -> None:
    answer = await look(f"/rent?{query}")

    assert answer.status_code == 400
    assert words in Page(answer.text).text
    assert "<script>" not in answer.text
    assert Page(answer.text).all("form")


async def test_a_search_without_a_match_says_what_to_do() -> None:
    text = await text_of("/rent?from=5000")

    assert "没有找到这样的空房" in text
    assert "把租金放宽一点" in text


async def test_only_the_plain_list_is_for_search_engines() -> None:
    plain, chosen = Page((await look("/rent")).text), Page((await look("/rent?from=1")).text)

    assert robots(plain) is None
    assert robots(chosen) == "noindex"


# how they are delivered


Made = Callable[[], Awaitable[str]]


async def _a_listing() -> str:
    offer = await an_offer(facilities=[each.value for each in Facility])
    for _ in range(9):
        await make.photo(offer)
    return listing_path(offer.id)


async def _a_gone_listing() -> str:
    await make.house_with_offers(6, photos=3)
    return listing_path((await an_offer(state=ListingState.LET)).id)


async def _a_house() -> str:
    house, _, _ = await make.house_with_offers(30, photos=3)
    return house_path(house.code)


async def _the_list() -> str:
    await make.house_with_offers(30, photos=3)
    return "/rent"


@pytest.mark.parametrize(
    ("made", "queries"),
    [
        (_a_listing, 4),  # listing, photos, claim, open hazards
        (_a_gone_listing, 4),  # listing, rooms of the house, rooms near, photos
        (_a_house, 5),  # place, blocks, rooms, photos, open hazards
        (_the_list, 2),  # rooms, photos
    ],
)
async def test_a_page_costs_a_few_queries_and_few_bytes(made: Made, queries: int) -> None:
    address = await made()
    counted: list[str] = []
    raw: Any = connection()._connection
    async with visitor() as client:
        answer = await client.get(address)  # the territory and the map are read once
        with raw.query_logger(lambda record: counted.append(record.query)):
            await client.get(address)
        await asyncio.sleep(0)  # the logger is called by the loop

    assert len(counted) == queries
    assert len(gzip.compress(answer.content)) < MOST_COMPRESSED


@pytest.mark.parametrize("made", [_a_listing, _a_house, _the_list])
async def test_anybody_may_keep_a_page_for_a_moment_and_then_asks_again(made: Made) -> None:
    address = await made()
    async with visitor() as client:
        first = await client.get(address)
        again = await client.get(address, headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "public, max-age=30, must-revalidate"
    assert "set-cookie" not in first.headers
    assert (again.status_code, again.content) == (304, b"")


async def test_a_page_allows_its_own_style_by_hash_and_no_other() -> None:
    answer = await look("/rent")
    policy = answer.headers["content-security-policy"]

    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "unsafe" not in policy
    assert not [a for _, attributes in Page(answer.text).tags for a in attributes if a == "style"]
