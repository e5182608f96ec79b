"""Reporting, following up and registering in a real Chromium, from the plate to the last page.

With ``LEYE_PICTURES=1`` it also takes the pictures of ``docs/images``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core import settings as settings_module
from integrations import sms
from management.models import Grid, Hazard, HazardState, Plate
from management.territory import forget_territory
from tests import factories as make
from tests.api.chromium import PROGRAM, Tab, browser
from tests.api.test_asking import Outbox, code_from
from tests.api.test_pages_in_browser import (
    IMAGES,
    LATITUDE,
    LONGITUDE,
    TAKE_PICTURES,
    served,
    sound,
    with_type,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine's PATH"),
]
# Every width, scheme, language and size of type, each with some of the others.
_SCREENS = (
    ("zh-CN", 0, ((360, False), (1280, False))),
    ("en", 0, ((360, False), (1280, False))),
    ("zh-CN", 1, ((320, True), (1280, True))),
)
_SHOWN = frozenset(
    {"report", "report-gas", "report-form", "report-done", "follow-up", "declare", "declare-done"}
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path))
    settings_module.settings.cache_clear()
    yield
    monkeypatch.undo()
    settings_module.settings.cache_clear()


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    box = Outbox()
    before = sms.use(box)
    yield box
    sms.use(before)


@pytest.fixture(scope="module")
async def tab() -> AsyncIterator[Tab]:
    async with browser() as opened:
        yield opened


@pytest.fixture
async def plate(db: None, folder: None) -> Plate:
    """At a room of a house, whose office has a phone."""
    await make.town()
    await Grid.filter(code="441900122002").update(office_phone="0769-8000-0000")
    forget_territory()
    house = await make.place(
        name="幸福公寓",
        street="康乐南路",
        door_number="12号",
        longitude=LONGITUDE,
        latitude=LATITUDE,
    )
    return await make.plate(house, await make.room(house, "302", floor=3))


class Look:
    """Looks at pages on every screen of a language, and remembers what is wrong with them."""

    def __init__(self, tab: Tab, origin: str, language: str, large: int) -> None:
        self.tab, self.origin, self.language, self.large = tab, origin, language, large
        ((_, _, self.screens),) = [each for each in _SCREENS if each[:2] == (language, large)]
        self.faults: dict[object, list[str]] = {}

    async def open(self, name: str, address: str) -> None:
        url = self.origin + with_type(address, self.large)
        await self.tab.open(url, width=self.screens[0][0], language=self.language)
        await self.at(name)

    async def at(self, name: str) -> None:
        """The page that is open now."""
        for width, dark in self.screens:
            measured = await self.tab.look(width=width, dark=dark)
            found = sound(measured, self.tab.requests, self.origin) + await self.tab.audit()
            if (
                found
                or "系统出错" in measured["text"]
                or "Something went wrong" in measured["text"]
            ):
                self.faults[name, width, dark] = found
            if TAKE_PICTURES and name in _SHOWN and not dark and not self.large:
                short = self.language[:2]
                await self.tab.picture(IMAGES / f"{name}-{width}-{short}.png", longest=1800)

    async def press(self, name: str, script: str) -> None:
        await self.tab.press(script)
        await self.at(name)


def fill(**values: str) -> str:
    """Type into fields by name."""
    return "".join(
        f"document.querySelector('[name={name}]').value = '{value}';"
        for name, value in values.items()
    )


SEND = "document.querySelector('form .main').click();"


@pytest.mark.parametrize(("language", "large"), [each[:2] for each in _SCREENS])
async def test_a_hazard_is_reported_and_followed_up(
    plate: Plate, tab: Tab, language: str, large: int
) -> None:
    async with served() as origin:
        look = Look(tab, origin, language, large)
        report = f"/q/{plate.token}/report"
        await look.open("report", report)
        await tab.run("document.querySelectorAll('details')[3].open = true")
        await look.at("report-open")
        await look.open("report-gas", f"{report}?category=GAS_SMELL")
        await look.open("report-form", f"{report}?category=GAS_BOTTLE_BAD")
        # Values that a browser would let through: the service says what is wrong.
        await look.press("report-wrong", fill(q_BOTTLES="abc", words="<b>二楼") + SEND)
        assert await tab.run("document.querySelector('#words').value") == "<b>二楼"
        await look.press("report-done", fill(q_BOTTLES="3") + SEND)
        token = await tab.run("document.querySelector('[name=token]').value")
        await look.press("follow-up", SEND)
        hazard = await Hazard.get(place_id=plate.place_id)
        await look.open("report-near", f"{report}?category=GAS_BOTTLE_BAD")
        await look.open("report-anywhere", "/report?category=CRACKS")
        await look.open("follow-up-code", "/h")
        # Another page with the same path: only what stands behind # is new.
        await tab.open("about:blank", width=360, language=language)
        await tab.open(f"{origin}/h?large={large}#{token}", width=360, language=language)
        assert await tab.run("[document.querySelector('#token').value, location.hash]") == [
            token, "",
        ]  # fmt: skip
        await Hazard.filter(id=hazard.id).update(state=HazardState.FOLLOW_UP)
        await look.press("follow-up-asked", SEND)
        await look.press("follow-up-closed", SEND)

    assert look.faults == {}
    await hazard.refresh_from_db()
    assert hazard.state is HazardState.CLOSED


@pytest.mark.parametrize(("language", "large"), [each[:2] for each in _SCREENS])
async def test_a_resident_registers(
    plate: Plate, tab: Tab, outbox: Outbox, language: str, large: int
) -> None:
    async with served() as origin:
        look = Look(tab, origin, language, large)
        await look.open("declare-phone", f"/q/{plate.token}/declare")
        await look.press("declare-code", fill(phone="13800000009") + SEND)
        code = await code_from(outbox)
        await look.press("declare", fill(code=code) + SEND)
        await look.press("declare-family", "document.querySelector('[name=do]').click()")
        number = make.document_number()
        typed = fill(name="测试明", number=number)
        await look.press("declare-wrong", typed + SEND)
        tick = "document.querySelector('[name=agree]').click();"
        await look.press("declare-done", tick + SEND)
        said = await tab.run("document.body.innerText")

    assert look.faults == {}
    assert ("You are registered" if language == "en" else "登记好了") in said
    assert number not in said


async def test_a_picture_is_made_small_on_the_phone(plate: Plate, tab: Tab) -> None:
    async with served() as origin:
        await tab.open(f"{origin}/q/{plate.token}/report?category=TREE", width=360)
        await tab.run(
            "new Promise(done => { const small = document.createElement('canvas');"
            " small.width = 600; small.height = 400; const s = small.getContext('2d');"
            " const d = s.createImageData(600, 400);"
            " for (let n = 0; n < d.data.length; n++)"
            " d.data[n] = n % 4 == 3 ? 255 : Math.random() * 256; s.putImageData(d, 0, 0);"
            " const c = document.createElement('canvas'); c.width = 2400; c.height = 1600;"
            " c.getContext('2d').drawImage(small, 0, 0, 2400, 1600);"
            " c.toBlob(b => { const t = new DataTransfer(); t.items.add(new File([b], 'a.png'));"
            " const f = document.querySelector('#photos'); f.files = t.files; window.was = b.size;"
            " f.dispatchEvent(new Event('change')); done(0); }); })"
        )
        for _ in range(200):
            size = await tab.run("document.querySelector('#photos').files[0].size")
            if size < await tab.run("window.was"):
                break
            await asyncio.sleep(0.1)
        assert size < await tab.run("window.was")
        await tab.press(SEND)
        assert "收到了" in await tab.run("document.body.innerText")
