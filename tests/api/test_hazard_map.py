"""What everybody reads of hazards: /map, /hazards.geojson."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from math import dist
from typing import Any

import httpx
import pytest
from shapely.geometry import shape

from core import settings as settings_module
from core.clock import now
from core.datums import to_gcj02
from management.hazards import public
from management.hazards.categories import CATEGORIES, public_categories
from management.models import Grid, GridLevel, Hazard, HazardState, Place, Severity
from management.rules import rules
from management.territory import forget_territory
from tests import factories as make
from tests import hazard_factories
from tests.api.visitor import Page, visitor

POINT = (113.622, 22.9862)
SECRET = "金丝雀的原话"


@pytest.fixture(autouse=True)
async def house(db: None) -> Place:
    await make.town()
    forget_territory()
    return await make.place(name="样例楼", longitude=POINT[0], latitude=POINT[1])


async def look(address: str, **headers: str) -> httpx.Response:
    async with visitor(**headers) as client:
        return await client.get(address)


async def found(
    at: Place, state: HazardState = HazardState.ACCEPTED, *, hours: float = 24, **values: Any
) -> Hazard:
    """A hazard that came in some hours ago."""
    made = await hazard_factories.hazard(at, state=state, words=SECRET, **values)
    await Hazard.filter(id=made.id).update(created_at=now() - timedelta(hours=hours))
    return made


async def features(query: str = "") -> list[dict[str, Any]]:
    answer = await look(f"/hazards.geojson{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    return list(answer.json()["features"])


async def test_the_map_shows_where_what_and_how_far_and_nothing_of_people(house: Place) -> None:
    reporter = await make.account("金丝雀")
    await found(house, reporter=reporter, severity=Severity.SERIOUS, summary="楼梯口有杂物")
    answer = await look("/map")
    page = Page(answer.text)
    for words in (
        "样例楼",
        "较重",
        "楼梯口有杂物",
        CATEGORIES["EXIT_BLOCKED"].words.zh,
        "1 处隐患",
    ):
        assert words in page.text
    (feature,) = await features()
    x, y = to_gcj02(*POINT)
    assert feature["geometry"]["coordinates"] == pytest.approx([x, y], abs=1e-5)
    assert feature["properties"]["placeName"] == "样例楼"
    for text in (answer.text, str(feature)):
        assert "金丝雀" not in text
        assert SECRET not in text


@pytest.mark.parametrize("state", HazardState)
async def test_what_no_warden_has_accepted_is_shown_to_nobody(
    house: Place, state: HazardState
) -> None:
    values = {}
    if state is HazardState.DUPLICATE:
        values["duplicate_of_id"] = (await found(house, HazardState.REPORTED)).id
    await found(house, state, **values)
    shown = await features("?progress=ALL")
    hidden = state in {HazardState.REPORTED, HazardState.REJECTED, HazardState.DUPLICATE}
    assert [one["properties"]["state"] for one in shown] == ([] if hidden else [state.value])


async def test_what_would_lead_thieves_in_is_on_no_map(house: Place) -> None:
    for code in set(CATEGORIES) - set(public_categories()):
        await found(house, category=code)
    assert set(CATEGORIES) > set(public_categories())
    assert await features("?progress=ALL") == []
    hidden = next(code for code in CATEGORIES if code not in public_categories())
    assert (await look(f"/hazards.geojson?category={hidden}")).status_code == 400


async def test_it_is_shown_some_hours_after_it_came_in_and_some_weeks_after_it_was_closed(
    house: Place,
) -> None:
    await found(house, hours=rules().public_hazard_hours - 0.1)
    assert await features() == []
    closed = await found(house, HazardState.CLOSED)
    assert len(await features("?progress=CLOSED")) == 1
    over = now() - timedelta(days=rules().public_hazard_days, minutes=1)
    await Hazard.filter(id=closed.id).update(closed_at=over)
    assert await features("?progress=CLOSED") == []


async def test_a_point_without_a_place_is_shown_coarse(house: Place) -> None:
    made = await found(house)
    await Hazard.filter(id=made.id).update(place_id=None, longitude=113.62234, latitude=22.98678)
    (feature,) = await features()
    assert feature["geometry"]["coordinates"] == pytest.approx(to_gcj02(113.622, 22.987), abs=1e-6)
    assert feature["properties"]["placeCode"] is None


async def test_it_is_narrowed_by_kind_severity_progress_community_and_box(house: Place) -> None:
    await found(house, severity=Severity.URGENT)
    other = await make.place(grid="441900122025-01", longitude=113.7, latitude=22.9)
    await found(other, HazardState.CLOSED, category="E_BIKE_INDOORS")
    x, y = to_gcj02(*POINT)
    group = CATEGORIES["EXIT_BLOCKED"].group.code
    for query, count in (
        ("?progress=ALL", 2), ("", 1), ("?progress=CLOSED", 1),
        ("?severity=URGENT", 1), ("?severity=GENERAL", 0),
        (f"?group={group}", 1), ("?category=EXIT_BLOCKED", 1),
        ("?progress=ALL&category=E_BIKE_INDOORS", 1),
        ("?community=441900122002", 1), ("?community=441900122025", 0),
        (f"?bbox={x - 0.01},{y - 0.01},{x + 0.01},{y + 0.01}", 1),
        (f"?bbox={x + 0.01},{y + 0.01},{x + 0.02},{y + 0.02}", 0),
    ):  # fmt: skip
        assert len(await features(query)) == count, query
        page = await look(f"/map{query}")
        assert page.status_code == 200, query


@pytest.mark.parametrize(
    "query",
    ["severity=BAD", "progress=x", "group=NONE", "category=%00", "community=no", "bbox=1,2,3",
     "bbox=9,9,1,1", "bbox=nan,0,0,0", "bbox=1e9,0,2,2", "bbox=181,0,182,1"],
)  # fmt: skip
async def test_an_address_that_asks_for_nothing_known_is_refused_in_words(query: str) -> None:
    answer = await look(f"/hazards.geojson?{query}")
    assert answer.status_code == 400
    if "bbox" not in query and "category" not in query:
        page = await look(f"/map?{query}")
        assert page.status_code == 400
        assert "系统出错" not in page.text


async def test_what_somebody_has_already_is_not_sent_again(house: Place) -> None:
    for address in ("/map", "/hazards.geojson"):
        first = await look(address)
        again = await look(address, **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    await found(house)
    tag = first.headers["etag"]
    assert (await look("/hazards.geojson", **{"If-None-Match": tag})).status_code == 200


async def test_the_list_goes_on_and_keeps_what_was_chosen(house: Place) -> None:
    for _ in range(21):
        await found(house, severity=Severity.URGENT)
    page = Page((await look("/map?severity=URGENT&lang=en")).text)
    (onward,) = [a["href"] for a in page.all("a") if "after=" in a["href"] and "#list" in a["href"]]
    assert "severity=URGENT" in onward
    assert "lang=en" in onward
    second = Page((await look("/map" + onward)).text)
    assert second.text.count("Being dealt with ·") == 1
    assert "21 hazards" in second.text


async def test_what_is_too_much_for_one_map_is_said(
    house: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "LARGEST_MAP", 2)
    monkeypatch.setattr("api.pages.hazard_map.LARGEST_MAP", 2)
    for _ in range(3):
        await found(house)
    answer = (await look("/hazards.geojson")).json()
    assert (len(answer["features"]), answer["truncated"]) == (2, True)
    assert "图上只画最新的 2 处" in Page((await look("/map")).text).text


async def test_the_map_shows_its_approval_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "审图号" not in (await look("/map")).text
    monkeypatch.setenv("LEYE_MAP_APPROVAL_NO", "粤S(2026)000号")
    settings_module.settings.cache_clear()
    try:
        assert "审图号：粤S(2026)000号" in (await look("/map")).text
        answer = (await look("/hazards.geojson")).json()
        assert answer["mapApprovalNumber"] == "粤S(2026)000号"
        assert answer["datum"] == "GCJ-02"
    finally:
        monkeypatch.undo()
        settings_module.settings.cache_clear()


async def test_no_circle_hides_the_number_of_another() -> None:
    grids = await Grid.filter(level=GridLevel.GRID).order_by("code")
    for number, grid in enumerate(grids):
        x, y = shape(grid.boundary).representative_point().coords[0]
        at = await make.place(grid=grid.code, longitude=x, latitude=y)
        for _ in range(number % 3 + 1):
            await hazard_factories.hazard(at, state=HazardState.ACCEPTED)
    await Hazard.all().update(created_at=now() - timedelta(days=1))
    page = Page((await look("/map")).text)
    circles = [[int(one[name]) for name in ("cx", "cy", "r")] for one in page.all("circle")]
    assert len(circles) > 20
    for (x, y, radius), (other_x, other_y, other) in combinations(circles, 2):
        smaller, larger = sorted((radius, other))
        # A figure is as high as half its circle; the smaller circle lies on top.
        assert dist((x, y), (other_x, other_y)) > smaller + larger / 2
    assert f"{await Hazard.all().count()} 处隐患" in page.text


async def test_a_town_without_hazards_says_so() -> None:
    page = Page((await look("/map")).text)
    assert "没有符合条件的隐患" in page.text
    assert page.all("circle") == []


async def test_a_plate_counts_the_open_hazards_that_the_map_shows_and_no_others(
    house: Place,
) -> None:
    hidden = next(code for code in CATEGORIES if code not in public_categories())
    for severity, count in ((Severity.URGENT, 1), (Severity.SERIOUS, 2)):
        for _ in range(count):
            await found(house, severity=severity)
    await found(house, HazardState.REPORTED)
    await found(house, HazardState.CLOSED)
    await found(house, category=hidden)
    await found(house, hours=rules().public_hazard_hours - 0.1)
    await found(await make.place(name="别处", longitude=POINT[0], latitude=POINT[1]))
    assert len(await features()) == 4
    counts = await public.count_open([house.id])
    assert counts == {house.id: {Severity.URGENT: 1, Severity.SERIOUS: 2}}
    plate = await make.plate(house)
    said = {
        "zh-CN": "有 3 处隐患正在处理：紧急 1 处，较重 2 处",
        "en": "Open hazards: 3 (Urgent: 1, Serious: 2)",
    }
    for address in (f"/q/{plate.token}", f"/p/{house.code}"):
        for language, words in said.items():
            answer = await look(address, **{"accept-language": language})
            assert words in Page(answer.text).text, address


async def test_a_plate_says_that_no_hazard_is_open(house: Place) -> None:
    await found(house, HazardState.REPORTED)
    plate = await make.plate(house)
    assert "没有正在处理的隐患" in Page((await look(f"/q/{plate.token}")).text).text


async def test_the_start_page_leads_to_the_map() -> None:
    for address, map_address in (("/", "/map"), ("/?lang=en", "/map?lang=en")):
        ways = [way["href"] for way in Page((await look(address)).text).all("a")]
        assert map_address in ways
        assert (await look(map_address)).status_code == 200
