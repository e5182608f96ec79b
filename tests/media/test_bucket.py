"""A bucket in place of the folder: served as from a folder, and away now and then."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.ops.checks_here import media as doctor
from api.ops.findings import State
from api.pages.pictures import IMMUTABLE
from core import settings as settings_module
from core.errors import Unavailable
from core.settings import SettingsError, load, settings
from media import storage, worker
from media.models import Photo, Redaction, UploadState
from media.photos import photo_path, photo_url, private_url
from media.pictures import Area
from media.redaction import Order, original, redact
from media.sweeping import remove_files
from media.uploads import complete_upload, prepare_upload
from tests.api.visitor import visitor
from tests.media import samples
from tests.media.test_uploads import announced, files, landlord, send, sent, state_of
from tests.media.test_uploads import keeper as staff
from tests.s3_server import BUCKET, S3Server

KEY = "AbCdEf0123456789-_xyzQ"


@pytest.fixture(scope="module", autouse=True)
def worker_ends() -> Iterator[None]:
    yield
    worker.close()


def objects(server: S3Server) -> list[str]:
    """What lies there, asked without the service's own client."""
    prefix = (settings().media_url or "").rpartition("/")[2]
    url = f"{server.url}/{BUCKET}?list-type=2&prefix={prefix}/"
    text = urllib.request.urlopen(url, timeout=5).read().decode()
    return [part.partition("<")[0].removeprefix(prefix) for part in text.split("<Key>")[1:]]


def test_public_and_private_pictures_lie_in_folders_of_their_own(bucket: S3Server) -> None:
    storage.store(KEY, 360, "webp", b"public")
    storage.store(KEY, 360, "webp", b"private", private=True)

    assert objects(bucket) == [f"/private/Ab/{KEY}-360.webp", f"/public/Ab/{KEY}-360.webp"]
    assert storage.read(f"{KEY}-360.webp") == b"public"
    assert storage.read(f"{KEY}-360.webp", private=True) == b"private"
    storage.remove_variants(KEY)
    assert objects(bucket) == []


async def test_pictures_of_a_bucket_are_served_and_cached_as_those_of_a_folder(
    bucket: S3Server,
) -> None:
    storage.store(KEY, 720, "jpg", b"public")
    storage.store("private-one", 720, "webp", b"private", private=True)
    path = photo_path(KEY, file_format="jpg")
    async with visitor() as client:
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (200, b"public")
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Cache-Control"] == IMMUTABLE["Cache-Control"]
        again = await client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = await client.head(path)
        assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", "6")
        part = await client.get(path, headers={"Range": "bytes=0-1"})
        # A server may answer the whole (RFC 9110, 14.2), and says that it does.
        assert (part.status_code, part.headers["Accept-Ranges"]) == (200, "none")
        assert (await client.get(photo_path("not-there"))).status_code == 404

        private = await client.get(private_url("private-one"))
        assert (private.status_code, private.content) == (200, b"private")
        assert private.headers["Cache-Control"] == "private, no-store"
        assert (await client.get(photo_path("private-one"))).status_code == 404
        assert (await client.get(private_url(KEY, file_format="jpg"))).status_code == 404


def test_addresses_name_the_cdn_for_public_pictures_only(
    bucket: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEYE_MEDIA_PUBLIC_URL", "https://cdn.example.cn/town/public")
    settings_module.settings.cache_clear()

    assert photo_url(KEY, 360) == f"https://cdn.example.cn/town/public/Ab/{KEY}-360.webp"
    assert private_url(KEY).startswith(settings().public_url)


@pytest.mark.usefixtures("db")
async def test_while_the_store_is_gone_originals_are_refused_and_can_be_sent_again(
    bucket: S3Server,
) -> None:
    actor = await landlord()
    data = samples.plain(90, 60)
    upload_id = await announced(actor, len(data))
    bucket.kill()
    begun = time.monotonic()
    try:
        with pytest.raises(Unavailable) as refused:
            await send(upload_id, data)
        assert doctor(settings()).state is State.FAILURE
    finally:
        bucket.begin()
    assert refused.value.reason == "STORAGE"
    assert time.monotonic() - begun < 30
    assert await state_of(upload_id) is UploadState.REQUESTED
    assert files(storage.media_dir()) == []

    await send(upload_id, data)
    await prepare_upload(actor, upload_id=upload_id)
    photo = await complete_upload(actor, upload_id=upload_id)
    assert len(files(storage.media_dir())) == 4
    assert await Photo.get(id=photo.id)


@pytest.mark.usefixtures("db")
async def test_while_the_store_hangs_nothing_is_lost_and_nobody_waits_long(
    bucket: S3Server,
) -> None:
    actor = await landlord()
    upload_id = await sent(actor, samples.plain())
    bucket.pause()
    begun = time.monotonic()
    try:
        with pytest.raises(Unavailable) as refused:
            await prepare_upload(actor, upload_id=upload_id)
        assert time.monotonic() - begun < 9  # an operation has ten seconds
        async with visitor() as client:
            answer = await client.get(photo_path(KEY))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.headers["Cache-Control"] == "no-store"
    finally:
        bucket.resume()
    assert refused.value.reason == "STORAGE"
    assert await state_of(upload_id) is UploadState.STORED
    assert await Photo.all().count() == 0

    await prepare_upload(actor, upload_id=upload_id)
    photo = await complete_upload(actor, upload_id=upload_id)
    assert files(storage.media_dir()) == sorted(f"{photo.key}-{end}" for end in ENDS)


@pytest.mark.usefixtures("db")
async def test_a_picture_of_a_bucket_is_redacted_or_stays_as_it_is(bucket: S3Server) -> None:
    actor = await landlord()
    upload_id = await sent(actor, samples.plain())
    await prepare_upload(actor, upload_id=upload_id)
    photo = await complete_upload(actor, upload_id=upload_id)
    order = Order(
        areas=[Area(0, 0, 0.5, 0.5)], reason="测试原因", grid_path="x/", kept_for=timedelta(days=1)
    )
    keeper = await staff()
    before = photo.key
    was = storage.read(f"{before}-720.webp")
    made = await redact(keeper, photo, order)
    assert await original(made) == was
    assert f"/locked/{made.locked_key}" in objects(bucket)
    await remove_files(1, [before])
    assert not any(before in path for path in objects(bucket))

    key = (await Photo.get(id=photo.id)).key
    bucket.pause()
    begun = time.monotonic()
    try:
        with pytest.raises(Unavailable) as refused:
            await redact(keeper, photo, order)
        assert time.monotonic() - begun < 9
    finally:
        bucket.resume()
    assert refused.value.reason == "STORAGE"
    assert (await Photo.get(id=photo.id)).key == key
    assert await Redaction.all().count() == 1


ENDS = ("360.webp", "360.jpg", "720.webp", "720.jpg")


def test_the_doctor_writes_reads_and_deletes(bucket: S3Server) -> None:
    assert doctor(settings()).state is State.GOOD
    assert objects(bucket) == []


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"LEYE_MEDIA_SECRET_KEY": ""}, "LEYE_MEDIA_URL: needs"),
        ({"LEYE_MEDIA_URL": "s3://UPPER/x"}, "LEYE_MEDIA_URL"),
        ({"LEYE_MEDIA_URL": "file:///tmp"}, "LEYE_MEDIA_URL"),
        ({"LEYE_MEDIA_URL": "", "LEYE_MEDIA_PUBLIC_URL": "https://cdn.example.cn"}, "is for a"),
    ],
)
def test_settings_that_do_not_fit_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, str], problem: str
) -> None:
    for name, value in {**S3Server().settings("x"), **more}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=problem):
        load()
