"""The pages in a real Chromium: nothing sticks out, nothing comes from outside, fingers hit.

With ``LEYE_PICTURES=1`` it also takes the pictures of ``docs/images``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from shapely.geometry import shape
from starlette.applications import Starlette

from api.edge.headers import SecurityHeaders
from api.pages.addresses import announcement_path, house_path, listing_path
from api.pages.errors import handlers
from api.pages.offers import PAGE_SIZE
from api.pages.routes import routes
from api.seed.pictures import Kind, alt, draw
from core import redis
from core import settings as settings_module
from core.clock import now, today
from core.ids import token
from identity.actor import Actor, ActorKind
from identity.models import Account, StaffMember
from landlord.access import ONCE_PUBLIC
from landlord.models import Facility, Listing, ListingState
from management.models import (
    Grid,
    GridLevel,
    Hazard,
    HazardState,
    Lifecycle,
    Place,
    PlaceKind,
    PlateState,
    ResidenceCertificate,
    RiskClass,
    Severity,
)
from management.people.certificates import download_address, draw_certificate, printed
from management.territory import forget_territory
from media.pictures import variants_of
from media.storage import store
from tests import factories as make
from tests import hazard_factories
from tests.api.chromium import PROGRAM, Tab, browser
from tests.api.visitor import Page, visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine's PATH"),
]
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
TAKE_PICTURES = os.environ.get("LEYE_PICTURES") == "1"
WIDTHS = (360, 1280)
LONGITUDE, LATITUDE = 113.622, 22.9862  # in the grid in which the factories put places
_SCREENS = {
    ("zh-CN", 0): ((360, False), (1280, True)),
    ("zh-CN", 1): ((320, True), (1280, False)),
    ("en", 0): ((320, True), (1280, False)),
    ("en", 1): ((360, False), (1280, True)),
}
_ROOMS = (
    ("采光好的单间，带阳台", 680, "15.5", 0),
    ("一房一厅，楼下就是菜市场", 1150, "32", 9),
    ("安静小单间，走路到工业园 8 分钟", 560, "12", 0),
    ("两房一厅，可以做饭，适合一家人", 1680, "48.5", 24),
)
_ALARM = (
    "康乐南路 12 号一带正在抢修燃气管道。\n请关好阀门，开窗，不要点火、不要开关电器。\n"
    "闻到气味请离开，打 119。"
)
_WORDS = (
    "朝南，下午有太阳。墙刚刷过，家具去年换的。\n房东住一楼，有事马上能找到人。\n"
    "走路 8 分钟到工业园，楼下有超市和公交站。"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path))
    settings_module.settings.cache_clear()
    yield
    monkeypatch.undo()
    settings_module.settings.cache_clear()


@pytest.fixture
async def addresses(db: None, folder: None) -> AsyncIterator[dict[str, str]]:
    """Pages by name, of a small town with pictures."""
    await make.town()
    landlord = await make.account("陈生")
    await Grid.filter(code="441900122002").update(office_phone="0769-8000-0000")
    forget_territory()
    house = await make.place(
        name="幸福公寓",
        street="康乐南路",
        door_number="12号",
        risk_class=RiskClass.SAFE,
        longitude=LONGITUDE,
        latitude=LATITUDE,
    )
    offers = await _offers(house, landlord)
    room_plate = await make.plate(house, await make.room(house, "909"))
    barred = await make.place(name="永安楼", street="竹溪横巷", door_number="3号")
    await make.block(barred)
    shop = await make.place(name="阿强五金店", kind=PlaceKind.SMALL_SHOP)
    empty = await make.place(name="湖畔人家", street="竹溪大道", door_number="77号之一")
    await make.place(name="很长" * 40)
    long = await make.place(
        name="长" * 80, street="W" * 80, door_number="1" * 40, risk_class=RiskClass.KEY
    )
    new = await make.plate(empty)
    _, many, _ = await make.house_with_offers(2 * PAGE_SIZE + 1, grid="441900122025-01")
    over = {
        f"gone-{state.value.lower()}": listing_path(
            (await make.listing(await make.room(house, f"80{n}"), landlord, state=state)).id
        )
        for n, state in enumerate(ONCE_PUBLIC)
    }
    lonely = await make.place(name="孤楼", grid="441900122024-01")
    alone = await make.listing(await make.room(lonely), landlord, state=ListingState.LET)
    closed = await make.place(name="旧楼", lifecycle=Lifecycle.CLOSED)
    revoked = await make.plate(house, state=PlateState.REVOKED)
    bare = await make.listing(
        await make.room(await make.place(name="清风公寓")), landlord, rent=Decimal(900)
    )
    author = await StaffMember.create(user_name="pages", name="测试人员", password_hash="x")
    alarm = await make.public_alert(author, title_zh="燃气管道抢修", body_zh=_ALARM)
    calm = {"kind": "ANNOUNCEMENT", "emergency": False, "reason": "", "title_en": "", "body_en": ""}
    await make.public_alert(author, title_zh="长" * 30, body_zh="W" * 600, **calm)
    await _hazards()
    yield {
        **over,
        "map": "/map",
        "map-narrowed": "/map?community=441900122002&progress=ALL",
        "map-none": "/map?severity=URGENT&group=GAS_AND_FIRE&progress=CLOSED",
        "plate": f"/q/{(await make.plate(house)).token}",
        "listing": listing_path(offers[0].id),
        "listing-bare": listing_path(bare.id),
        "ask": listing_path(offers[0].id) + "/ask",
        "report": listing_path(offers[0].id) + "/report",
        "gone-alone": listing_path(alone.id),
        "house": house_path(house.code),
        "house-empty": house_path(empty.code),
        "house-barred": house_path(barred.code),
        "house-closed": house_path(closed.code),
        "house-long": house_path(long.code),
        "revoked": f"/q/{revoked.token}",
        "certificate": await _certificate(house),
        "certificate-revoked": await _certificate(house, revoked_at=now()),
        "certificate-unknown": "/v/unknown",
        "announcements": "/announcements",
        "announcement": announcement_path(alarm.id),
        "rent": "/rent",
        "rent-chosen": "/rent?community=441900122002&order=cheapest",
        "rent-second": await _second_page("/rent"),
        "rent-none": "/rent?community=441900122024&from=1&to=2",
        "rent-fault": "/rent?from=abc&order=cheapest",
        "room-plate": f"/q/{room_plate.token}",
        "blocked": f"/q/{(await make.plate(barred)).token}",
        "shop": f"/q/{(await make.plate(shop)).token}",
        "empty": f"/q/{new.token}",
        "long": f"/q/{(await make.plate(long)).token}",
        "replaced": f"/q/{(await make.plate(empty, successor=new)).token}",
        "unknown": "/q/unknown",
        "missing": "/nowhere",
        "many": f"/q/{many.token}",
        "second": await _second_page(f"/q/{many.token}"),
        "start": "/",
    }
    forget_territory()


async def _hazards() -> None:
    """Hazards all over the town, some of them close together."""
    for number, grid in enumerate(await Grid.filter(level=GridLevel.GRID).order_by("code")):
        x, y = shape(grid.boundary).representative_point().coords[0]
        house = await make.place(
            grid=grid.code, name=f"样例楼{number}", street="样例路", longitude=x, latitude=y
        )
        for severity in tuple(Severity)[: number % 3 + 1]:
            await hazard_factories.hazard(
                house, state=HazardState.RECTIFYING, severity=severity, summary="楼梯口堆放杂物"
            )
        await hazard_factories.hazard(house, state=HazardState.CLOSED, category="E_BIKE_INDOORS")
    await Hazard.all().update(created_at=now() - timedelta(days=3))


async def _certificate(house: Place, **values: Any) -> str:
    """The page that says whether a certificate holds."""
    account = await make.account()
    person = await make.person(account, name="欧阳测试")
    await make.residence(person, await make.room(house, f"7{account.id.hex[-4:]}"))
    drawn = await draw_certificate(Actor(kind=ActorKind.ACCOUNT, id=account.id))
    query = parse_qs(urlsplit(download_address(drawn) or "").query)
    paper = await printed(drawn.id, query["expires"][0], query["signature"][0])
    assert paper is not None
    await ResidenceCertificate.filter(id=drawn.id).update(**{"revoked_at": None, **values})
    return urlsplit(paper.url).path


async def _second_page(address: str) -> str:
    async with visitor() as client:
        page = Page((await client.get(address)).text)
    (query,) = [
        a["href"] for a in page.all("a") if a["href"].endswith("#rooms") and "=" in a["href"]
    ]
    return address + query.removesuffix("#rooms")


async def _offers(house: Place, landlord: Account) -> list[Listing]:
    await make.claim(landlord, house)
    offers = []
    for number, (title, rent, area, days) in enumerate(_ROOMS):
        of = await make.room(house, f"{number + 2}0{number + 1}", floor=number + 2)
        offer = await make.listing(
            of,
            landlord,
            title=title,
            rent=Decimal(rent),
            deposit=Decimal(rent),
            area=Decimal(area),
            description=_WORDS,
            available_from=today() + timedelta(days=days),
            water_price=Decimal("3.5"),
            electricity_price=Decimal("0.8"),
            management_fee=Decimal(30) if number % 2 == 0 else None,
            facilities=[each.value for each in list(Facility)[number::2]],
        )
        kinds = (Kind.ROOM, Kind.KITCHEN, Kind.HOUSE) if number == 0 else (Kind.ROOM,)
        for kind in kinds:
            await _picture(offer, kind, number + 1)
        offers.append(offer)
    return offers


@cache
def _files(kind: Kind, number: int) -> dict[tuple[int, str], bytes]:
    return variants_of(draw(kind, number)).files


async def _picture(offer: Listing, kind: Kind, number: int) -> None:
    key, seen = token(), alt(kind, number)
    for (width, suffix), data in (await asyncio.to_thread(_files, kind, number)).items():
        store(key, width, suffix, data)
    await make.photo(offer, key=key, alt_zh=seen.zh[:80], alt_en=seen.en[:120])


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The pages on a free port of loopback, in this task's transaction."""
    app = SecurityHeaders(Starlette(routes=routes, exception_handlers=handlers))
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    async with redis.connected(None):
        await server.startup()
        try:
            port = server.servers[0].sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}"
        finally:
            await server.shutdown()


@pytest.fixture(scope="module")
async def tab() -> AsyncIterator[Tab]:
    async with browser() as opened:
        yield opened


def with_type(address: str, large: int) -> str:
    """An address with the size of type chosen."""
    return f"{address}{'&' if '?' in address else '?'}large={large}"


def sound(measured: dict[str, Any], requests: list[str], origin: str) -> list[str]:
    """What is wrong with a page on a screen; nothing, if all is well."""
    faults = []
    if measured["scrollWidth"] > measured["width"]:
        faults.append(f"it is {measured['scrollWidth']} px wide on {measured['width']}")
    faults += [f"{name} sticks out" for name in measured["outside"]]
    faults += [f"{name} is too low for a thumb" for name in measured["low"]]
    faults += [f"{address} does not show" for address in measured["broken"]]
    own = urlsplit(origin).netloc
    # Chromium draws its own calendar sign from a data address.
    asked = [each for each in requests if not each.startswith("data:")]
    faults += [f"{each} is outside" for each in asked if urlsplit(each).netloc != own]
    return faults


@pytest.mark.parametrize("large", [0, 1])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_fits_every_screen_and_axe_finds_no_fault_with_it(
    addresses: dict[str, str], tab: Tab, language: str, large: int
) -> None:
    """WCAG 2.2 AA as far as a program can tell, in light and dark, on every width."""
    faults = {}
    async with served() as origin:
        for name, address in addresses.items():
            await tab.open(origin + with_type(address, large), width=320, language=language)
            for width in (320, *WIDTHS):
                measured = await tab.look(width=width)
                assert measured["text"]
                assert measured["width"] == width
                if found := sound(measured, tab.requests, origin):
                    faults[name, width] = found
            # Every width and every scheme with either language and either size of type.
            for width, dark in _SCREENS[language, large]:
                await tab.look(width=width, dark=dark)
                if found := await tab.audit():
                    faults[name, width, dark] = found

    assert faults == {}


async def test_axe_itself_sees_what_is_wrong(tab: Tab, addresses: dict[str, str]) -> None:
    async with served() as origin:
        await tab.open(f"{origin}/", width=360)
        await tab.run(
            "document.querySelector('main').insertAdjacentHTML('beforeend',"
            " '<img src=/favicon.svg><input><p id=pale>hardly readable</p>'),"
            " document.querySelector('#pale').style.cssText = 'color:#bbb;background:#ccc'"
        )
        found = await tab.audit()

    assert {each.split(":")[0] for each in found} >= {"image-alt", "label", "color-contrast"}


async def test_the_measure_itself_sees_what_is_wrong(addresses: dict[str, str], tab: Tab) -> None:
    async with served() as origin:
        await tab.open(f"{origin}/", width=360)
        await tab.run(
            "document.querySelector('main').insertAdjacentHTML('beforeend',"
            " '<a id=wide href=/>x</a>'),"
            " document.querySelector('#wide').style.cssText = 'display:block;width:900px'"
        )
        measured = await tab.measure()

    faults = sound(measured, [*tab.requests, "https://example.com/x.js"], origin)
    assert len(faults) == 4


async def test_pictures_load_in_the_small_format(addresses: dict[str, str], tab: Tab) -> None:
    async with served() as origin:
        await tab.open(f"{origin}{addresses['plate']}", width=360)
        pictures = [each for each in tab.requests if "/media/" in each]

    assert pictures
    assert all(each.endswith(".webp") for each in pictures)


@pytest.mark.skipif(not TAKE_PICTURES, reason="LEYE_PICTURES is not 1")
async def test_take_the_pictures_of_the_papers(addresses: dict[str, str], tab: Tab) -> None:
    await asyncio.to_thread(IMAGES.mkdir, parents=True, exist_ok=True)
    shown = (
        "plate",
        "listing",
        "ask",
        "house",
        "rent-chosen",
        "gone-let",
        "empty",
        "replaced",
        "start",
        "map",
        "certificate",
    )
    async with served() as origin:
        for name in shown:
            for width in WIDTHS:
                for language, short in (("zh-CN", "zh"), ("en", "en")):
                    await tab.open(
                        f"{origin}{with_type(addresses[name], 0)}", width=width, language=language
                    )
                    await tab.picture(IMAGES / f"{name}-{width}-{short}.png")
        await tab.open(f"{origin}{addresses['plate']}?large=0", width=360, dark=True)
        await tab.picture(IMAGES / "plate-360-zh-dark.png")
        await tab.open(f"{origin}{addresses['plate']}?large=1", width=360)
        await tab.picture(IMAGES / "plate-360-zh-large.png")
