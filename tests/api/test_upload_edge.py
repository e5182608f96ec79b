"""``PUT /uploads/{id}``, and a picture's whole way from a phone to the page behind a plate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from api import uploads
from api.app import make_service
from api.assembly import database_config
from api.edge.bodies import BodyLimit
from api.pages.errors import handlers
from core import redis
from core import settings as settings_module
from core.ids import uuid7
from core.settings import settings
from identity.actor import Actor, ActorKind
from media import worker
from media.models import Upload, UploadState
from media.uploads import LARGEST, ticket
from schema.ids import global_id
from tests import factories as make
from tests.api.visitor import Page, visitor
from tests.media import samples
from tests.schema.support import data_of, new_id, refusal_of

pytestmark = pytest.mark.usefixtures("db", "folder")


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


@asynccontextmanager
async def edge() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=uploads.routes, exception_handlers=handlers)
    transport = httpx.ASGITransport(BodyLimit(app, paths=uploads.BODIES))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def an_upload(size: int = 5) -> Upload:
    return await make.upload(await make.account(), size=size)


async def test_an_original_is_received() -> None:
    upload = await an_upload()
    async with edge() as client:
        for _ in range(2):  # a client that did not hear the answer sends it again
            answer = await client.put(
                f"/uploads/{upload.id}", content=b"12345", headers=ticket(upload.id).headers
            )
            assert (answer.status_code, answer.content) == (204, b"")
    await upload.refresh_from_db()
    assert upload.state is UploadState.STORED


async def test_refusals_are_json_in_both_languages(folder: Path) -> None:
    upload = await an_upload()
    token = ticket(upload.id).headers
    async with edge() as client:
        for path, headers, content, status, error in (
            (upload.id, {}, b"12345", 401, {"code": "UNAUTHENTICATED"}),
            (upload.id, {"Authorization": "Upload x"}, b"12345", 404, {"code": "NOT_FOUND"}),
            (uuid7(), token, b"12345", 404, {"code": "NOT_FOUND"}),
            ("no-id", token, b"12345", 404, {"code": "NOT_FOUND"}),
            (
                upload.id, token, b"123456", 400,
                {"code": "INVALID_INPUT", "field": "input.uploadId",
                 "params": {"reason": "MORE_THAN_ANNOUNCED"}},
            ),
            (
                upload.id, token, b"", 400,
                {"code": "INVALID_INPUT", "field": "input.uploadId",
                 "params": {"reason": "LESS_THAN_ANNOUNCED"}},
            ),
        ):  # fmt: skip
            words = set()
            for language in ("zh-CN", "en"):
                answer = await client.put(
                    f"/uploads/{path}",
                    content=content,
                    headers={**headers, "Accept-Language": language},
                )
                assert answer.status_code == status
                assert answer.headers["content-type"] == "application/json"
                assert answer.headers["cache-control"] == "no-store"
                body = answer.json()["error"]
                words.add(body.pop("message"))
                assert body == error
            assert len(words) == 2
    assert not folder.exists() or not any(path.is_file() for path in folder.rglob("*"))  # noqa: ASYNC240 - a look after the deed


async def test_a_form_of_another_site_cannot_send_one() -> None:
    upload = await an_upload()
    async with edge() as client:
        answer = await client.post(f"/uploads/{upload.id}", content=b"12345")
    assert answer.status_code == 405


async def test_a_body_of_more_than_ten_megabytes_is_not_read() -> None:
    upload = await an_upload(LARGEST)
    async with edge() as client:
        answer = await client.put(
            f"/uploads/{upload.id}",
            content=b"",
            headers={**ticket(upload.id).headers, "Content-Length": str(LARGEST + 1)},
        )
    assert answer.status_code == 413


async def test_a_full_disk_is_said_to_be_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await an_upload()

    def full(self: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("media.stores._FileDraft.write", full)
    async with edge() as client:
        answer = await client.put(
            f"/uploads/{upload.id}", content=b"12345", headers=ticket(upload.id).headers
        )
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "UNAVAILABLE"
    await upload.refresh_from_db()
    assert upload.state is UploadState.REQUESTED


async def test_the_service_takes_large_bodies_for_pictures_only(database_url: str) -> None:
    service = make_service(settings(), database_config(database_url, settings()))
    transport = httpx.ASGITransport(service.app)
    async with (
        redis.connected(None),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        size = {"Content-Length": str(2 * 1024 * 1024)}
        graphql = await client.post("/graphql", content=b"", headers=size)
        picture = await client.put(f"/uploads/{uuid7()}", content=b"", headers=size)
    assert (graphql.status_code, picture.status_code) == (413, 401)


REQUEST = (
    "mutation($input: RequestUploadInput!) { requestUpload(input: $input)"
    " { uploadId url headers { name value } } }"
)
COMPLETE = (
    "mutation($input: CompleteUploadInput!) { completeUpload(input: $input)"
    " { photo { id url width height alt } } }"
)
UPDATE = (
    "mutation($input: UpdateListingInput!) { updateListing(input: $input)"
    " { listing { version photos { id alt } } } }"
)


async def upload(actor: Actor, data: bytes, alt: str, *, purpose: str = "LISTING") -> str:
    """Everything that a phone does; the photo's id."""
    given = {"purpose": purpose, "contentType": "image/jpeg", "size": len(data)}
    requested = await data_of(REQUEST, actor, {"input": {"requestId": new_id(), **given}})
    where = requested["requestUpload"]
    headers = {header["name"]: header["value"] for header in where["headers"]}
    async with edge() as client:
        answer = await client.put(httpx.URL(where["url"]).path, content=data, headers=headers)
    assert answer.status_code == 204
    given = {"requestId": new_id(), "uploadId": where["uploadId"], "alt": alt}
    completed = await data_of(COMPLETE, actor, {"input": given})
    photo = completed["completeUpload"]["photo"]
    assert photo["alt"] == alt
    return str(photo["id"])


async def test_a_landlords_pictures_are_on_the_page_behind_the_plate() -> None:
    await make.town()
    house, plate, _ = await make.house_with_offers(0)
    who = await make.account()
    await make.claim(who, house)
    offer = await make.listing(await make.room(house), who)
    actor = Actor(kind=ActorKind.ACCOUNT, id=who.id)
    alts = ("朝南的大窗", "进门的走廊", "新灶台")
    photos = [await upload(actor, samples.telling("JPEG"), alt) for alt in alts]

    version = offer.version
    for order in ([2, 0, 1], [0, 1], []):
        wanted = [photos[index] for index in order]
        given = {
            "requestId": new_id(), "listingId": global_id("Listing", offer.id),
            "expectedVersion": version, "photoIds": wanted,
        }  # fmt: skip
        listing = (await data_of(UPDATE, actor, {"input": given}))["updateListing"]["listing"]
        version = listing["version"]
        assert [photo["id"] for photo in listing["photos"]] == wanted
        async with visitor() as client:
            page = await client.get(f"/q/{plate.token}")
            texts = [img["alt"] for img in Page(page.text).all("img")]
            shown = {alt for text in texts for alt in alts if alt in text}
            # The first of a room, and with three the last for the house; of none, none.
            assert {alts[index] for index in order[:1]} <= shown <= {alts[index] for index in order}
            for img in Page(page.text).all("img"):
                picture = await client.get(httpx.URL(img["src"]).path)
                assert picture.status_code == 200
                assert samples.CANARY not in picture.content


async def test_pictures_of_others_for_others_twice_and_too_many_are_refused() -> None:
    await make.town()
    house = await make.place()
    who, other = await make.account(), await make.account()
    await make.claim(who, house)
    offer = await make.listing(await make.room(house), who)
    actor = Actor(kind=ActorKind.ACCOUNT, id=who.id)
    stranger = Actor(kind=ActorKind.ACCOUNT, id=other.id)
    mine = await upload(actor, samples.plain(90, 60), "我的")
    foreign = await upload(stranger, samples.plain(90, 60), "别人的")
    of_place = await upload(actor, samples.plain(90, 60), "房屋", purpose="PLACE")
    for wanted, code, reason in (
        ([foreign], "NOT_FOUND", None),
        ([mine, foreign], "NOT_FOUND", None),
        ([of_place], "NOT_FOUND", None),
        ([mine, mine], "INVALID_INPUT", "TWICE"),
        ([global_id("Photo", uuid7()) for _ in range(10)], "INVALID_INPUT", "TOO_MANY"),
    ):
        given = {
            "requestId": new_id(), "listingId": global_id("Listing", offer.id),
            "expectedVersion": offer.version, "photoIds": wanted,
        }  # fmt: skip
        error = await refusal_of(UPDATE, actor, {"input": given})
        assert error["extensions"]["code"] == code
        assert error["extensions"].get("params", {}).get("reason") == reason
