"""A hazard reported by somebody without a name, picture and all, as a program does it over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid1, uuid4

import httpx
import pytest
from PIL import Image

from api.app import make_service
from api.assembly import database_config
from core import redis
from core import settings as settings_module
from core.ids import uuid7
from core.settings import settings
from core.work import work
from identity.actor import SYSTEM
from management.hazards.following import mark_hazard_duplicate
from management.hazards.loop import move
from management.models import Hazard, HazardAction, HazardPhoto, HazardState, HazardStep
from media import worker
from media.models import Photo
from schema.ids import global_id
from tests import factories as make
from tests.management.hazards.acting import warden
from tests.media import samples

pytestmark = pytest.mark.usefixtures("db", "folder")

REQUEST = "requestUpload(input: $input) { uploadId url headers { name value } }"
COMPLETE = "completeUpload(input: $input) { photo { id url jpegUrl thumbnailUrl width height } }"
REPORT = (
    "reportHazard(input: $input) { followUpToken hazard { id state photos { photo { id url } }"
    " myReport { words } } }"
)
SUPPLEMENT = "supplementHazard(input: $input) { hazard { id photos { photo { id } } } }"
FOLLOW_UP = (
    "query($token: String!) { hazardFollowUp(token: $token) { reported { id state myReport"
    " { words } } hazard { id state version availableActions photos { photo { id jpegUrl } }"
    " myReport { words } report { words name } steps { action words } } } }"
)
WORDS = "消防通道堆满了纸箱"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path / "media"))
    settings_module.settings.cache_clear()
    yield tmp_path / "media"
    monkeypatch.undo()
    settings_module.settings.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def worker_ends() -> Iterator[None]:
    yield
    worker.close()


class Phone:
    """A program that is not signed in."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """What ``POST /graphql`` answers."""
        answer = await self._client.post(
            "/graphql", json={"query": document, "variables": variables},
            headers={"accept": "application/json"},
        )  # fmt: skip
        found: dict[str, Any] = answer.json()
        return found

    async def do(self, field: str, **given: Any) -> dict[str, Any]:
        """A mutation that must not be refused: what its field answers."""
        answer = await self._mutation(field, given)
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = next(iter(answer["data"].values()))
        return found

    async def refused(self, field: str, **given: Any) -> tuple[str, str]:
        """The code and the reason of a mutation that must be refused."""
        (error,) = (await self._mutation(field, given))["errors"]
        assert error["message"]
        about = error["extensions"]
        return about["code"], about.get("params", {}).get("reason", "")

    async def _mutation(self, field: str, given: dict[str, Any]) -> dict[str, Any]:
        name = field.split("(")[0]
        kind = f"{name[0].upper()}{name[1:]}Input"
        variables = {"input": {"requestId": str(uuid4()), **given}}
        return await self.ask(f"mutation($input: {kind}!) {{ {field} }}", variables)

    async def send(
        self, data: bytes, content_type: str = "image/jpeg", size: int | None = None
    ) -> tuple[str, httpx.Response]:
        """Announce a picture and send it: the upload's id, and what the ``PUT`` answered."""
        where = await self.do(
            REQUEST, purpose="HAZARD", contentType=content_type, size=size or len(data)
        )
        headers = {header["name"]: header["value"] for header in where["headers"]}
        path = httpx.URL(where["url"]).path
        return where["uploadId"], await self._client.put(path, content=data, headers=headers)

    async def picture(self, data: bytes | None = None) -> dict[str, Any]:
        """A picture that was taken in."""
        upload_id, answer = await self.send(data or samples.plain(90, 60))
        assert answer.status_code == 204
        photo: dict[str, Any] = (await self.do(COMPLETE, uploadId=upload_id))["photo"]
        return photo

    async def file(self, url: str) -> httpx.Response:
        """What lies at an address."""
        return await self._client.get(url.removeprefix(settings().public_url))


@pytest.fixture
async def phone(database_url: str) -> AsyncIterator[Phone]:
    service = make_service(settings(), database_config(database_url, settings()))
    transport = httpx.ASGITransport(app=service.app)
    async with (
        redis.connected(None),
        httpx.AsyncClient(transport=transport, base_url=settings().public_url) as client,
    ):
        yield Phone(client)


@pytest.fixture
async def plate(db: None) -> str:
    await make.town()
    return (await make.plate(await make.place())).token


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def report(plate: str, *photos: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {
        "categoryCode": "EXIT_BLOCKED", "plateToken": plate, "words": WORDS,
        "photoIds": [photo["id"] for photo in photos], **given,
    }  # fmt: skip


async def hazard_of(answer: dict[str, Any]) -> Hazard:
    (row,) = [
        one for one in await Hazard.all() if global_id("Hazard", one.id) == answer["hazard"]["id"]
    ]
    return row


async def test_pictures_come_first_then_the_report_and_the_token_leads_back(
    phone: Phone, plate: str, folder: Path
) -> None:
    first = await phone.picture(samples.telling("JPEG"))
    made = await phone.do(REPORT, **report(plate, first))
    assert made["hazard"]["state"] == "REPORTED"
    assert made["hazard"]["myReport"] == {"words": WORDS}
    token = made["followUpToken"]

    second = await phone.picture()
    more = {"token": token, "words": "现在更多了", "photoIds": [second["id"]]}
    assert len((await phone.do(SUPPLEMENT, **more))["hazard"]["photos"]) == 2
    found = (await phone.ask(FOLLOW_UP, {"token": token}))["data"]["hazardFollowUp"]
    assert found["reported"]["id"] == found["hazard"]["id"] == made["hazard"]["id"]
    pictures = [one["photo"] for one in found["hazard"]["photos"]]
    assert [one["id"] for one in pictures] == [first["id"], second["id"]]
    for one in pictures:
        answer = await phone.file(one["jpegUrl"])
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert samples.CANARY not in answer.content
        image = Image.open(BytesIO(answer.content))
        assert not image.getexif()
        assert not image.info.keys() & {"exif", "icc_profile", "comment", "xmp"}
    for path in kept(folder):
        assert samples.CANARY not in path.read_bytes()


async def test_a_picture_is_used_once_and_for_hazards_only(phone: Phone, plate: str) -> None:
    photo = await phone.picture()
    made = await phone.do(REPORT, **report(plate, photo))
    used = ("INVALID_INPUT", "PHOTO_USED")
    assert await phone.refused(REPORT, **report(plate, photo)) == used
    token = made["followUpToken"]
    assert await phone.refused(SUPPLEMENT, token=token, photoIds=[photo["id"]]) == used
    unused = await phone.picture()
    twice = report(plate, unused, unused)
    assert await phone.refused(REPORT, **twice) == ("INVALID_INPUT", "TWICE")
    assert (await phone.refused(REPORT, **report(plate, {"id": global_id("Photo", uuid7())})))[
        0
    ] == "NOT_FOUND"
    owner = await make.account()
    foreign = await Photo.create(owner_id=owner.id, purpose="HAZARD", width=9, height=9)
    listing = await Photo.create(purpose="LISTING", width=9, height=9)
    for other in (foreign, listing):
        wrong = report(plate, {"id": global_id("Photo", other.id)})
        assert (await phone.refused(REPORT, **wrong))[0] == "NOT_FOUND"
    assert await Hazard.all().count() == 1
    assert await HazardPhoto.all().count() == 1


@pytest.mark.parametrize("purpose", ["LISTING", "PLACE", "CLAIM", "SELF_CHECK", "DECLARATION"])
async def test_without_a_name_only_hazards_are_photographed(phone: Phone, purpose: str) -> None:
    given = {"purpose": purpose, "contentType": "image/jpeg", "size": 100}
    assert await phone.refused(REQUEST, **given) == ("UNAUTHENTICATED", "")


@pytest.mark.parametrize("name", samples.HOSTILE)
async def test_a_hostile_picture_is_refused_in_words_and_nothing_of_it_stays(
    name: str, phone: Phone, plate: str, folder: Path
) -> None:
    data, content_type, reason = samples.HOSTILE[name]
    upload_id, answer = await phone.send(data, content_type)
    assert answer.status_code == 204
    for _ in range(2):
        assert await phone.refused(COMPLETE, uploadId=upload_id) == ("INVALID_INPUT", reason)
    assert kept(folder) == []
    assert await Photo.all().count() == 0
    wrong = {**report(plate), "photoIds": [upload_id]}  # an upload is no picture yet
    assert (await phone.refused(REPORT, **wrong))[0] in {"NOT_FOUND", "INVALID_INPUT"}
    assert await Hazard.all().count() == 0


async def test_sizes_that_lie_are_refused_and_nothing_of_them_stays(
    phone: Phone, folder: Path
) -> None:
    data = samples.plain(90, 60)
    for size, reason in (
        (len(data) - 1, "MORE_THAN_ANNOUNCED"),
        (len(data) + 1, "LESS_THAN_ANNOUNCED"),
    ):
        upload_id, answer = await phone.send(data, size=size)
        assert answer.status_code == 400
        assert answer.json()["error"]["params"] == {"reason": reason}
        assert (await phone.refused(COMPLETE, uploadId=upload_id))[0] == "WRONG_STATE"
    upload_id, answer = await phone.send(b"", size=1)
    assert answer.status_code == 400
    assert kept(folder) == []
    announced = {"purpose": "HAZARD", "contentType": "image/jpeg"}
    for size, code in ((0, "NOT_A_PICTURE"), (-1, "NOT_A_PICTURE"), (10**7 * 2, "TOO_LARGE")):
        refusal = await phone.refused(REQUEST, **announced, size=size)
        assert refusal == ("INVALID_INPUT", code)
    svg = {**announced, "contentType": "image/svg+xml", "size": 9}
    assert await phone.refused(REQUEST, **svg) == ("INVALID_INPUT", "CONTENT_TYPE")


async def test_a_picture_that_is_an_archive_too_is_a_picture_only(
    phone: Phone, plate: str, folder: Path
) -> None:
    photo = await phone.picture(samples.with_archive(samples.telling("JPEG")))
    await phone.do(REPORT, **report(plate, photo))
    for path in kept(folder):
        assert samples.CANARY not in path.read_bytes()
        assert b"PK\x03\x04" not in path.read_bytes()


async def test_nobodys_requests_have_ids_that_cannot_be_guessed(phone: Phone, plate: str) -> None:
    """Who guesses one would read the answer: the token of an upload, or of a report."""
    upload_id, _ = await phone.send(samples.plain(90, 60))
    for guessable in (uuid1(), uuid7()):
        for field, given in (
            (REQUEST, {"purpose": "HAZARD", "contentType": "image/jpeg", "size": 9}),
            (COMPLETE, {"uploadId": upload_id}),
            (REPORT, report(plate)),
            (SUPPLEMENT, {"token": "x" * 32, "words": WORDS}),
        ):
            refusal = await phone.refused(field, **given, requestId=str(guessable))
            assert refusal == ("INVALID_INPUT", "REQUEST_ID"), field


async def close(hazard: Hazard) -> None:
    for action in (A.ACCEPT, A.DISPATCH, A.START, A.SUBMIT, A.PASS, A.CONFIRM_FIXED):
        async with work(SYSTEM):
            to = HazardState.FOLLOW_UP if action is A.PASS else None
            await move(hazard, action, by=SYSTEM, to=to)


A = HazardAction


async def test_a_repeat_that_comes_after_the_closure_changes_nothing(
    phone: Phone, plate: str
) -> None:
    given = report(plate, await phone.picture(), requestId=str(uuid4()))
    first = await phone.do(REPORT, **given)
    hazard = await hazard_of(first)
    more = {"token": first["followUpToken"], "words": "现在更多了", "requestId": str(uuid4())}
    await phone.do(SUPPLEMENT, **more)
    await hazard.refresh_from_db()
    await close(hazard)
    steps = await HazardStep.filter(hazard_id=hazard.id).count()
    again = await phone.do(REPORT, **given)
    assert again["followUpToken"] == first["followUpToken"]
    assert again["hazard"]["id"] == first["hazard"]["id"]
    assert again["hazard"]["state"] == "CLOSED"
    await phone.do(SUPPLEMENT, **more)
    other = await phone.refused(REPORT, **{**given, "words": "别的"})
    assert other[0] == "REQUEST_ID_REUSED"
    assert await Hazard.all().count() == 1
    assert await HazardStep.filter(hazard_id=hazard.id).count() == steps
    assert (await Hazard.get(id=hazard.id)).state is HazardState.CLOSED


async def test_of_an_original_the_reporter_of_a_duplicate_learns_nothing_of_who_reported_it(
    phone: Phone, plate: str
) -> None:
    original = await phone.do(
        REPORT,
        **report(plate, words="六楼陈姐家门口", callerName="陈测试", callerPhone="13900000077"),
    )
    mine = await phone.do(REPORT, **report(plate, await phone.picture()))
    who = await warden()
    first, second = await hazard_of(original), await hazard_of(mine)
    await mark_hazard_duplicate(who, hazard_id=second.id, original_id=first.id)
    answer = await phone.ask(FOLLOW_UP, {"token": mine["followUpToken"]})
    found = answer["data"]["hazardFollowUp"]
    assert found["reported"]["state"] == "DUPLICATE"
    assert found["reported"]["myReport"] == {"words": WORDS}
    led = found["hazard"]
    assert led["id"] == original["hazard"]["id"]
    assert led["myReport"] is None
    assert led["report"] is None
    assert led["availableActions"] == []
    for words in ("陈姐", "陈测试", "13900000077", original["followUpToken"]):
        assert words not in str(answer)


async def test_who_reported_without_a_name_gets_nothing_personal_back(
    phone: Phone, plate: str
) -> None:
    made = await phone.do(REPORT, **report(plate, callerName="陈测试", callerPhone="13900000077"))
    who = await warden()
    hazard = await hazard_of(made)
    async with work(who):
        await move(hazard, A.ACCEPT, by=who, words="给王测试打过电话")
    answer = await phone.ask(FOLLOW_UP, {"token": made["followUpToken"]})
    found = answer["data"]["hazardFollowUp"]["hazard"]
    assert found["myReport"] == {"words": WORDS}
    assert found["report"] is None
    assert [step["action"] for step in found["steps"]] == ["REPORT", "ACCEPT"]
    assert all(step["words"] is None for step in found["steps"])
    for words in ("陈测试", "13900000077", "王测试"):
        assert words not in str(answer)
