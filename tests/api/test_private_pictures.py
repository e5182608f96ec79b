"""Pictures that some may see: stored apart, never at a public address, shown for ten minutes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx
import pytest

from api.app import make_service
from api.assembly import database_config
from api.pages.fetched import IMMUTABLE
from core import settings as settings_module
from core import signed_addresses
from core.clock import now
from core.settings import settings
from identity.actor import Actor, ActorKind
from media import photos, storage, worker
from media.formats import FORMATS, WIDTHS
from media.models import Purpose
from media.photos import photo_path, photo_urls, private_url
from media.uploads import complete_upload, prepare_upload, receive, request_upload, ticket
from schema.types.listings import photo_row
from tests import factories as make
from tests.api.visitor import visitor
from tests.media import samples

KEY = "AbCdEf0123456789-_xyzQ"
PUBLIC = {Purpose.LISTING, Purpose.PLACE}
PRIVATE = [purpose for purpose in Purpose if purpose not in PUBLIC]


@pytest.fixture(autouse=True)
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


def put(key: str = KEY, *, private: bool = True) -> None:
    for width in WIDTHS:
        for file_format in FORMATS:
            storage.store(key, width, file_format, b"a picture", private=private)


async def get(url: str, **headers: str) -> httpx.Response:
    async with visitor() as client:
        return await client.get(url, headers=headers)


def test_only_pictures_of_listings_and_places_are_public() -> None:
    public = {purpose for purpose in Purpose if not photos.is_private(purpose)}
    assert public == PUBLIC
    assert photos.is_private("ADDED_LATER")


@pytest.mark.parametrize("purpose", PRIVATE)
async def test_a_private_picture_is_shown_to_who_has_its_address(purpose: Purpose) -> None:
    put()
    urls = photo_urls({"key": KEY, "purpose": purpose})

    for url, media_type in (
        (urls.url, "image/webp"), (urls.thumbnail_url, "image/webp"), (urls.jpeg_url, "image/jpeg"),
    ):  # fmt: skip
        answer = await get(url)
        assert (answer.status_code, answer.content) == (200, b"a picture")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == media_type


@pytest.mark.parametrize("purpose", [Purpose.LISTING, Purpose.PLACE])
async def test_public_pictures_have_an_address_that_lasts(purpose: Purpose) -> None:
    put(private=False)
    urls = photo_urls({"key": KEY, "purpose": purpose})

    assert urls.url == settings().public_url + photo_path(KEY)
    answer = await get(urls.jpeg_url)
    assert answer.headers["Cache-Control"] == IMMUTABLE["Cache-Control"]


async def test_the_public_route_shows_no_private_picture() -> None:
    put()
    for path in (
        photo_path(KEY),
        f"/media/private/{KEY}-720.webp",
        f"/media/private%2F{KEY}-720.webp",
        f"/media/..%2Fmedia%2Fprivate%2FAb%2F{KEY}-720.webp",
        f"/media/private/Ab/{KEY}-720.webp",
    ):
        answer = await get(path)
        assert (answer.status_code, "a picture" in answer.text) == (404, False), path


async def test_an_address_is_over_after_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    put()
    url = private_url(KEY)
    made = now()
    monkeypatch.setattr(signed_addresses, "now", lambda: made + timedelta(minutes=9, seconds=59))
    assert (await get(url)).status_code == 200
    monkeypatch.setattr(signed_addresses, "now", lambda: made + timedelta(minutes=10, seconds=1))
    answer = await get(url)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def changed(url: str, *, path: str | None = None, **query: str | None) -> str:
    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    kept = {**given, **query}
    text = "&".join(f"{name}={value}" for name, value in kept.items() if value is not None)
    return urlunsplit(parts._replace(path=path or parts.path, query=text))


async def test_forged_addresses_find_nothing() -> None:
    put()
    put("another-key-of-somebody")
    put("a-public-one", private=False)
    url = private_url(KEY)
    expires = int(parse_qs(urlsplit(url).query)["expires"][0])
    assert (await get(changed(url))).status_code == 200
    for forged in (
        changed(url, signature=None),
        changed(url, signature=""),
        changed(url, signature="房"),
        changed(url, signature=private_url(KEY, 360)[-43:]),
        changed(url, expires=None),
        changed(url, expires=str(expires + 1)),
        changed(url, expires="9" * 12),
        changed(url, expires="9" * 400),
        changed(url, expires="-1"),
        changed(url, expires="٣"),
        changed(url, path="/media/private/another-key-of-somebody-720.webp"),
        changed(url, path=f"/media/private/{KEY}-360.webp"),
        changed(url, path=f"/media/private/{KEY}-720.jpg"),
        changed(url, path=f"/media/{KEY}-720.webp"),
        private_url("a-public-one"),
        private_url("../originals/x"),
    ):
        assert (await get(forged)).status_code == 404, forged


async def test_an_address_signed_with_another_secret_finds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put()
    monkeypatch.setenv("LEYE_SECRET", "another-secret-of-another-town-0123456789")
    settings_module.settings.cache_clear()
    url = private_url(KEY)
    monkeypatch.delenv("LEYE_SECRET")
    settings_module.settings.cache_clear()
    assert (await get(url)).status_code == 404


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("purpose", list(Purpose))
async def test_a_picture_is_stored_where_its_purpose_says(purpose: Purpose, folder: Path) -> None:
    actor = Actor(kind=ActorKind.ACCOUNT, id=(await make.account()).id)
    data = samples.telling("JPEG")
    upload = await request_upload(actor, purpose=purpose, content_type="image/jpeg", size=len(data))

    async def chunks() -> AsyncIterator[bytes]:
        yield data

    await receive(upload.id, ticket(upload.id).headers["Authorization"], chunks())
    await prepare_upload(actor, upload_id=upload.id)
    photo = await complete_upload(actor, upload_id=upload.id)

    names = {f"{photo.key}-{width}.{suffix}" for width in WIDTHS for suffix in FORMATS}
    hidden = purpose in PRIVATE
    assert set(storage.stored_names(private=hidden)) == names
    assert storage.stored_names(private=not hidden) == []
    row = {
        "id": photo.id, "key": photo.key, "purpose": purpose, "width": 1, "height": 1,
        "alt_zh": "", "alt_en": "",
    }  # fmt: skip
    shaped = photo_row(row, "zh")
    for name in ("url", "thumbnail_url", "jpeg_url"):
        assert ("/media/private/" in shaped[name], "signature=" in shaped[name]) == (hidden, hidden)
        answer = await get(shaped[name])
        assert answer.status_code == 200
        assert samples.CANARY not in answer.content


async def test_the_whole_service_lets_private_pictures_through(database_url: str) -> None:
    put()
    service = make_service(settings(), database_config(database_url, settings()))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(service.app), base_url=settings().public_url
    ) as client:
        answer = await client.get(private_url(KEY))
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert (await client.head(private_url(KEY))).status_code == 200


async def test_public_pictures_are_kept_for_a_year_and_read_in_parts() -> None:
    put(private=False)
    path = photo_path(KEY)
    async with visitor() as client:
        answer = await client.get(path)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        tag = answer.headers["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert (again.headers["ETag"], again.headers["Cache-Control"]) == (
                tag, answer.headers["Cache-Control"],
            )  # fmt: skip
        assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
        head = await client.head(path)
        assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "9")
        part = await client.get(path, headers={"Range": "bytes=2-5"})
        assert (part.status_code, part.content) == (206, b"pict")
        assert part.headers["Content-Range"] == "bytes 2-5/9"
        beyond = await client.get(path, headers={"Range": "bytes=20-"})
        assert beyond.status_code == 416
        assert (await client.post(path)).status_code == 405
