"""Reporting a hazard from a plain browser: choose, fill in, done; nothing typed is ever lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.edge.bodies import BodyLimit
from api.edge.headers import SecurityHeaders
from api.pages.errors import error_page, handlers
from api.pages.forms import refuse_other_sites
from api.pages.routes import BODIES, routes
from core import redis
from core import settings as settings_module
from core.crypto import reveal
from core.settings import settings
from management.hazards.categories import CATEGORIES
from management.hazards.tokens import hash_of
from management.models import Hazard, HazardPhoto, HazardReport, Lifecycle, PlaceKind
from management.rules import rules
from media import worker
from media.models import Photo
from tests import factories as make
from tests import hazard_factories as of_hazards
from tests.api.visitor import Page, visitor
from tests.media import samples

pytestmark = pytest.mark.usefixtures("db", "folder")
COMMUNITY = "441900122002"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&"


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


@pytest.fixture(autouse=True)
async def town(db: None) -> None:
    await make.town()


async def a_plate(**values: Any) -> Any:
    return await make.plate(await make.place(**{"name": "幸福公寓", **values}))


def values_of(page: Page) -> dict[str, Any]:
    """What a browser would send of a form as it stands: hidden, typed and ticked."""
    found: dict[str, Any] = {}
    for each in page.all("input"):
        kind = each.get("type", "text")
        if "name" not in each or kind == "file":
            continue
        if kind not in {"radio", "checkbox"} or "checked" in each:
            found.setdefault(each["name"], []).append(each.get("value", ""))
    return found


async def opened(client: httpx.AsyncClient, address: str, category: str) -> dict[str, Any]:
    answer = await client.get(f"{address}?category={category}")
    assert answer.status_code == 200
    return values_of(Page(answer.text))


def pictures(*files: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("photos", (f"{n}.jpg", data, "image/jpeg")) for n, data in enumerate(files)]


async def test_one_tap_chooses_a_kind_and_danger_comes_before_the_form() -> None:
    plate = await a_plate(street="康乐南路", door_number="12号")
    async with visitor() as client:
        chosen = Page((await client.get(f"/q/{plate.token}/report")).text)
        gas = Page((await client.get(f"/q/{plate.token}/report?category=GAS_SMELL")).text)
        english = Page((await client.get(f"/q/{plate.token}/report?lang=en")).text)

    assert {f"?category={code}" for code in CATEGORIES} <= {a["href"] for a in chosen.all("a")}
    place = await plate.place
    for page in (chosen, gas):
        order = ["打 119", "竹溪社区康乐南路12号", place.code]
        assert sorted(order, key=page.text.index) == order
        assert "tel:119" in [a["href"] for a in page.all("a")]
    steps = [step.zh for step in CATEGORIES["GAS_SMELL"].first_steps]
    order = [*steps, "马上打 119", "有人头晕", "上报"]
    assert sorted(order, key=lambda words: gas.text.rindex(words)) == order
    assert "What did you see?" in english.text
    assert "?lang=en&category=CRACKS" in [a["href"] for a in english.all("a")]


async def test_a_report_without_a_name_is_taken_in_with_words_answers_and_pictures() -> None:
    plate = await a_plate()
    address = f"/q/{plate.token}/report"
    async with visitor() as client:
        form = await opened(client, address, "GAS_BOTTLE_BAD")
        typed = {"q_WHERE": "BEDROOM", "q_BOTTLES": "2", "words": f"二楼 {HOSTILE}"}
        done = await client.post(
            address, data={**form, **typed}, files=pictures(samples.telling("JPEG"))
        )

    page, hazard = Page(done.text), await Hazard.get(place_id=plate.place_id)
    report = await HazardReport.get(hazard_id=hazard.id)
    assert done.status_code == 200
    assert done.headers["cache-control"] == "no-store"
    assert "收到了，谢谢" in page.text
    assert "/map" in [way["href"] for way in page.all("a")]
    assert hazard.code in page.text
    token = next(each["value"] for each in page.all("input") if each.get("name") == "token")
    assert report.token_hash == hash_of(token)
    assert f"/h#{token}" not in done.text  # it is in the picture of the code only
    assert hazard.severity == "URGENT"
    assert reveal(report, "words") == f"二楼 {HOSTILE}"
    assert report.account_id is None
    assert await HazardPhoto.filter(hazard_id=hazard.id).count() == 1


async def test_a_form_that_is_sent_twice_is_one_report_and_answers_the_same() -> None:
    plate = await a_plate()
    address, picture = f"/q/{plate.token}/report", samples.plain()
    async with visitor() as client:
        form = await opened(client, address, "TREE")
        sent = [await client.post(address, data=form, files=pictures(picture)) for _ in range(2)]
        changed = await client.post(address, data={**form, "words": "另一件事"})
        assert await Hazard.filter(place_id=plate.place_id).count() == 1
        other = await client.post(
            address, data={**values_of(Page(changed.text)), "words": "另一件事"}
        )

    assert Page(sent[0].text).text == Page(sent[1].text).text
    assert changed.status_code == 400
    assert "已经发过一次" in changed.text
    assert "收到了，谢谢" in other.text
    assert await Hazard.filter(place_id=plate.place_id).count() == 2


@pytest.mark.parametrize(
    ("typed", "name", "says"),
    [
        ({"q_BOTTLES": "三个"}, "q_BOTTLES", "请填数字"),
        ({"q_WHERE": "BEDROOM", "q_BOTTLES": "9000"}, "q_BOTTLES", "200"),
        ({"words": "长" * 1001}, "words", "1000"),
        ({"seen": "2001-01-01T10:00"}, "seen", "30 天"),
        ({"seen": "昨天"}, "seen", "时间请写成"),
    ],
)
async def test_what_cannot_be_taken_is_said_at_its_field_and_the_rest_stays(
    typed: dict[str, str], name: str, says: str
) -> None:
    plate = await a_plate()
    address = f"/q/{plate.token}/report"
    async with visitor() as client:
        form = await opened(client, address, "GAS_BOTTLE_BAD")
        refused = await client.post(address, data={"words": HOSTILE, **form, **typed})
        again = Page(refused.text)
        if name != "words":
            assert HOSTILE in again.text
            good = {**values_of(again), "words": "好", name: "1" if name == "q_BOTTLES" else ""}
            assert "收到了，谢谢" in (await client.post(address, data=good)).text

    assert refused.status_code == 400
    assert says in again.text
    assert not again.all("script") or HOSTILE not in refused.text
    field = next(each for _, each in again.tags if each.get("id") == name)
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == f"{name}-wrong"


async def test_good_pictures_stay_when_another_is_refused_and_are_used_once() -> None:
    plate = await a_plate()
    address = f"/q/{plate.token}/report"
    bad = (b"not a picture", samples.bomb(), samples.plain()[:500])
    async with visitor() as client:
        form = await opened(client, address, "TREE")
        refused = await client.post(
            address, data={**form, "words": "大树"}, files=pictures(samples.plain(), *bad)
        )
        page = Page(refused.text)
        kept = values_of(page)["kept"]
        shown = [image["src"] for image in page.all("img")]
        done = await client.post(address, data={**values_of(page), "words": "大树"})
        fresh = await opened(client, address, "TREE")
        stolen = await client.post(address, data={**fresh, "kept": kept})

    assert refused.status_code == 400
    assert "第 2 张：这个文件不是图片" in page.text
    assert len(kept) == len(shown) == 1
    assert shown[0].startswith("/media/private/")
    assert "大树" in page.text
    assert "收到了，谢谢" in done.text
    assert "收到了，谢谢" in stolen.text  # as a report without pictures
    assert await HazardPhoto.all().count() == 1
    assert await Photo.all().count() == 1


async def test_more_pictures_than_six_are_told_and_six_stay() -> None:
    plate = await a_plate()
    address = f"/q/{plate.token}/report"
    async with visitor() as client:
        form = await opened(client, address, "TREE")
        answer = await client.post(address, data=form, files=pictures(*[samples.plain(64, 48)] * 7))

    assert "最多 6 张" in answer.text
    assert len(values_of(Page(answer.text))["kept"]) == rules().hazard_photos == 6


async def test_what_is_reported_here_already_is_offered_first_without_a_word_of_who() -> None:
    plate = await a_plate()
    place = await plate.place
    await of_hazards.hazard(place, category="CRACKS", words="秘密的原话")
    async with visitor() as client:
        same = Page((await client.get(f"/q/{plate.token}/report?category=CRACKS")).text)
        other = Page((await client.get(f"/q/{plate.token}/report?category=TREE")).text)

    assert "这里已经有人报过" in same.text
    assert "秘密" not in same.text
    assert [a for a in same.all("a") if a["href"].startswith("/follow/")]
    assert "这里已经有人报过" not in other.text


async def test_everybody_at_a_plate_reads_that_few_neighbours_may_guess_and_not_how_few() -> None:
    small, large = await a_plate(), await a_plate()
    for number in range(5):
        room = await make.room(await large.place, f"10{number}")
        await make.residence(await make.person(), room)
    warning = "如果这里住的人少，别人可能猜到是谁报的"
    async with visitor() as client:
        for plate in (small, large):
            assert warning in (await client.get(f"/q/{plate.token}/report?category=TREE")).text
        assert warning not in (await client.get("/report?category=TREE")).text


async def test_without_a_plate_community_and_words_or_a_position_say_where() -> None:
    async with visitor() as client:
        form = await opened(client, "/report", "TREE")
        nowhere = await client.post("/report", data=form)
        vague = await client.post("/report", data={**form, "community": COMMUNITY})
        named = await client.post(
            "/report",
            data={
                **form,
                "community": COMMUNITY,
                "place_words": "菜市场门口",
                "words": "要倒",
            },
        )
        form = await opened(client, "/report", "TREE")
        exact = await client.post("/report", data={**form, "lon": "113.622", "lat": "22.9862"})
        form = await opened(client, "/report", "TREE")
        outside = await client.post("/report", data={**form, "lon": "0", "lat": "0"})

    assert (nowhere.status_code, vague.status_code, outside.status_code) == (400, 400, 400)
    assert "请选社区" in nowhere.text
    assert "请写清楚在哪里" in vague.text
    assert "不在本镇" in outside.text
    assert "收到了，谢谢" in named.text
    assert "收到了，谢谢" in exact.text
    first, second = await Hazard.all().order_by("id")
    assert first.community_code == second.community_code == COMMUNITY
    assert (second.longitude, second.latitude) == (113.622, 22.9862)
    report = await HazardReport.get(hazard_id=first.id)
    assert reveal(report, "words") == "菜市场门口\n要倒"


async def test_forms_on_other_sites_send_nothing_and_the_own_one_without_referrer_does() -> None:
    plate = await a_plate()
    address = f"/q/{plate.token}/report"
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    async with visitor() as client:
        form = await opened(client, address, "TREE")
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://example.com"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        ):
            answer = await client.post(address, data=form, headers=headers)
            assert answer.status_code == 403
        assert not await Hazard.exists()
        assert "收到了，谢谢" in (await client.post(address, data=form, headers=own)).text


def test_a_post_that_says_nothing_of_where_it_comes_from_is_taken() -> None:
    scope = {"type": "http", "headers": [(b"host", b"test")], "method": "POST", "path": "/"}
    refuse_other_sites(Request(scope))
    scope["headers"] = [(b"host", b"test"), (b"origin", b"https://test")]
    refuse_other_sites(Request(scope))
    scope["headers"] = [(b"host", b"test"), (b"sec-fetch-site", b"same-site")]
    with pytest.raises(HTTPException):
        refuse_other_sites(Request(scope))


async def test_an_address_that_reports_without_end_is_told_to_wait_and_loses_nothing() -> None:
    plate = await a_plate()
    address = f"/q/{plate.token}/report"
    async with visitor() as client:
        form = await opened(client, address, "TREE")
        for _ in range(rules().anonymous_hazards_per_hour):
            form["request_id"] = str(uuid4())
            assert (await client.post(address, data=form)).status_code == 200
        form["request_id"] = str(uuid4())
        answer = await client.post(address, data={**form, "words": "还有一件"})

    assert answer.status_code == 429
    assert "还有一件" in answer.text


@pytest.mark.parametrize(
    "values", [{"lifecycle": Lifecycle.DEMOLISHED}, {"kind": PlaceKind.SMALL_SHOP}]
)
async def test_every_place_that_stands_takes_reports(values: dict[str, Any]) -> None:
    plate = await a_plate(**values)
    async with visitor() as client:
        answer = await client.get(f"/q/{plate.token}/report")
        unknown = await client.get("/q/unknown/report")

    gone = "lifecycle" in values
    assert answer.status_code == (303 if gone else 200)
    assert unknown.status_code == 303
    assert unknown.headers["location"] == "/q/unknown"


async def test_only_the_form_has_a_script_and_its_policy_allows_no_other() -> None:
    plate = await a_plate()
    async with visitor() as client:
        form = await client.get(f"/q/{plate.token}/report?category=TREE")
        chosen = await client.get(f"/q/{plate.token}/report")

    assert len(Page(form.text).all("script")) == 1
    assert "script-src 'sha256-" in form.headers["content-security-policy"]
    assert "unsafe" not in form.headers["content-security-policy"]
    assert "script-src" not in chosen.headers["content-security-policy"]
    assert form.headers["referrer-policy"] == "same-origin"


async def test_pictures_that_are_too_large_in_all_get_a_page_that_says_so() -> None:
    plate = await a_plate()
    app = BodyLimit(
        SecurityHeaders(Starlette(routes=routes, exception_handlers=handlers)),
        paths=BODIES,
        refused=error_page,
    )
    async with (
        redis.connected(None),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=settings().public_url
        ) as client,
    ):
        headers = {"Content-Length": str(62 << 20), "Accept": "text/html"}
        answer = await client.post(f"/q/{plate.token}/report", content=b"", headers=headers)
        program = await client.post("/graphql", headers={"Content-Length": str(2 << 20)})

    assert answer.status_code == 413
    assert "照片太大了" in answer.text
    assert program.text == "BODY_TOO_LARGE"
