"""Uploads: who may, how many, how large, and that nothing is left of what was refused."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from itertools import chain
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from core.clock import now
from core.database import fetch
from core.errors import (
    DomainError,
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WrongState,
)
from core.ids import uuid7
from identity.actor import EVERYWHERE, Actor, ActorKind, Permission, anonymous, rights_from
from identity.models import StaffMember
from media import storage, uploads, worker
from media.formats import FORMATS, WIDTHS
from media.models import Photo, Purpose, Upload, UploadState
from media.stores import Kept
from media.uploads import (
    LARGEST,
    MOST_OPEN,
    complete_upload,
    prepare_upload,
    receive,
    request_upload,
    ticket,
)
from tests import factories as make
from tests.media import samples

pytestmark = pytest.mark.usefixtures("db", "folder")


@pytest.fixture(scope="module", autouse=True)
def worker_ends() -> Iterator[None]:
    yield
    worker.close()


async def landlord() -> Actor:
    return Actor(kind=ActorKind.ACCOUNT, id=(await make.account()).id)


async def keeper() -> Actor:
    who = await StaffMember.create(user_name=f"s.{uuid7()}", name="测试", password_hash="")
    rights = rights_from([(Permission.PLACES_WRITE, EVERYWHERE)])
    return Actor(kind=ActorKind.STAFF, id=who.id, rights=rights)


async def announced(
    actor: Actor,
    size: int,
    *,
    content_type: str = "image/jpeg",
    purpose: Purpose = Purpose.LISTING,
) -> UUID:
    upload = await request_upload(actor, purpose=purpose, content_type=content_type, size=size)
    return upload.id


async def send(upload_id: UUID, data: bytes, *, token: str | None = None) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 4096):
            yield data[start : start + 4096]

    authorization = ticket(upload_id).headers["Authorization"] if token is None else token
    await receive(upload_id, authorization, chunks())


async def sent(
    actor: Actor,
    data: bytes,
    content_type: str = "image/jpeg",
    purpose: Purpose = Purpose.LISTING,
) -> UUID:
    upload_id = await announced(actor, len(data), content_type=content_type, purpose=purpose)
    await send(upload_id, data)
    return upload_id


async def taken_in(actor: Actor, upload_id: UUID, alt: str = "") -> Photo:
    await prepare_upload(actor, upload_id=upload_id)
    return await complete_upload(actor, upload_id=upload_id, alt=alt)


def files(folder: Path) -> list[str]:
    return sorted(kept.path.rpartition("/")[2] for kept in everything())


def contents(folder: Path) -> list[bytes]:
    return [storage.chosen().read(kept.path) or b"" for kept in everything()]


def everything() -> Iterator[Kept]:
    return chain.from_iterable(map(storage.files, storage.AREAS))


async def state_of(upload_id: UUID) -> UploadState:
    return (await Upload.get(id=upload_id)).state


@pytest.mark.parametrize("who", [landlord, keeper])
async def test_a_picture_comes_in_and_its_original_goes(who: object, folder: Path) -> None:
    assert callable(who)
    actor = await who()
    upload_id = await sent(actor, samples.telling("JPEG"))
    photo = await taken_in(actor, upload_id, alt="  朝南的窗 ")

    assert (photo.width, photo.height, photo.alt_zh) == (720, 480, "朝南的窗")
    assert files(folder) == sorted(f"{photo.key}-{w}.{f}" for w in WIDTHS for f in FORMATS)
    assert all(samples.CANARY not in data for data in contents(folder))
    owner = photo.owner_id if actor.kind is ActorKind.ACCOUNT else photo.staff_id
    assert owner == actor.id
    assert await state_of(upload_id) is UploadState.COMPLETED


async def test_completing_again_makes_no_second_photo(folder: Path) -> None:
    actor = await landlord()
    upload_id = await sent(actor, samples.plain())
    photo = await taken_in(actor, upload_id)
    again = await taken_in(actor, upload_id)

    assert again.id == photo.id
    assert await Photo.all().count() == 1


async def test_sending_again_changes_nothing(folder: Path) -> None:
    actor = await landlord()
    upload_id = await sent(actor, samples.plain(90, 60))
    await send(upload_id, b"something else")
    photo = await taken_in(actor, upload_id)
    await send(upload_id, b"something else")

    assert (photo.width, photo.height) == (90, 60)
    assert len(files(folder)) == 4


async def test_of_two_who_prepare_at_once_both_succeed(folder: Path) -> None:
    actor = await landlord()
    upload_id = await sent(actor, samples.plain())
    await prepare_upload(actor, upload_id=upload_id)
    await Upload.filter(id=upload_id).update(state=UploadState.STORED)  # as the second saw it
    await prepare_upload(actor, upload_id=upload_id)


@pytest.mark.parametrize("name", samples.HOSTILE)
async def test_a_hostile_picture_is_refused_and_nothing_of_it_stays(
    name: str, folder: Path
) -> None:
    data, content_type, reason = samples.HOSTILE[name]
    actor = await landlord()
    upload_id = await sent(actor, data, content_type)
    for _ in range(2):  # the second time without looking at it
        with pytest.raises(InvalidInput) as refused:
            await prepare_upload(actor, upload_id=upload_id)
        assert refused.value.reason == reason
        assert refused.value.message("zh-CN") != refused.value.message("en")
    assert files(folder) == []
    assert await state_of(upload_id) is UploadState.REFUSED
    assert await Photo.all().count() == 0
    with pytest.raises(InvalidInput):
        await complete_upload(actor, upload_id=upload_id)
    with pytest.raises(WrongState):
        await send(upload_id, data)


async def test_an_archive_in_a_picture_is_left_behind(folder: Path) -> None:
    actor = await landlord()
    upload_id = await sent(actor, samples.with_archive(samples.plain(300, 200)))
    await taken_in(actor, upload_id)

    assert all(samples.CANARY not in data for data in contents(folder))
    assert {Image.open(BytesIO(data)).size for data in contents(folder)} == {(300, 200)}


async def test_more_bytes_than_announced_are_not_kept(folder: Path) -> None:
    actor = await landlord()
    data = samples.plain(90, 60)
    upload_id = await announced(actor, len(data) - 1)
    await refused_input(send(upload_id, data), "MORE_THAN_ANNOUNCED")

    assert files(folder) == []
    assert await state_of(upload_id) is UploadState.REQUESTED


async def test_fewer_bytes_than_announced_are_not_kept(folder: Path) -> None:
    actor = await landlord()
    upload_id = await announced(actor, 1000)
    await refused_input(send(upload_id, b""), "LESS_THAN_ANNOUNCED")
    await refused_input(send(upload_id, b"x" * 999), "LESS_THAN_ANNOUNCED")

    assert files(folder) == []


async def test_a_sender_who_leaves_leaves_nothing(folder: Path) -> None:
    actor = await landlord()
    upload_id = await announced(actor, 1000)

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 500
        raise ConnectionResetError

    with pytest.raises(Unavailable):
        await receive(upload_id, ticket(upload_id).headers["Authorization"], broken())
    assert files(folder) == []


@pytest.mark.parametrize(
    ("content_type", "size", "reason"),
    [
        ("image/svg+xml", 1000, "CONTENT_TYPE"),
        ("image/gif", 1000, "CONTENT_TYPE"),
        ("IMAGE/JPEG", 1000, "CONTENT_TYPE"),
        ("image/jpeg\0", 1000, "CONTENT_TYPE"),
        ("", 1000, "CONTENT_TYPE"),
        ("image/png", 0, "NOT_A_PICTURE"),
        ("image/png", -1, "NOT_A_PICTURE"),
        ("image/png", LARGEST + 1, "TOO_LARGE"),
        ("image/png", 2**31 - 1, "TOO_LARGE"),
    ],
)
async def test_what_cannot_come_is_refused_when_announced(
    content_type: str, size: int, reason: str
) -> None:
    actor = await landlord()
    await refused_input(announced(actor, size, content_type=content_type), reason)
    assert await Upload.all().count() == 0


@pytest.mark.parametrize("purpose", Purpose)
async def test_words_are_kept_beside_pictures_for_everybody_alone(
    purpose: Purpose, folder: Path
) -> None:
    actor = await (keeper() if purpose is Purpose.PLACE else landlord())
    upload_id = await sent(actor, samples.plain(), purpose=purpose)
    photo = await taken_in(actor, upload_id, alt="张某的身份证")
    kept = "张某的身份证" if purpose in {Purpose.LISTING, Purpose.PLACE} else ""
    assert (photo.alt_zh, photo.alt_en) == (kept, kept)


@pytest.mark.parametrize("alt", ["a\0b", "窗" * 81, "a\u202eb"])
async def test_words_that_cannot_be_used_are_refused(alt: str, folder: Path) -> None:
    actor = await landlord()
    upload_id = await sent(actor, samples.plain(90, 60))
    await prepare_upload(actor, upload_id=upload_id)
    with pytest.raises(InvalidInput) as refused:
        await complete_upload(actor, upload_id=upload_id, alt=alt)
    assert refused.value.field == "input.alt"
    assert await Photo.all().count() == 0


async def test_nobody_else_completes_an_upload(folder: Path) -> None:
    upload_id = await sent(await landlord(), samples.plain(90, 60))
    for who, error in (
        (await landlord(), NotFound),
        (await keeper(), NotFound),
        (anonymous(), Unauthenticated),
    ):
        with pytest.raises(error):
            await prepare_upload(who, upload_id=upload_id)
        with pytest.raises(error):
            await complete_upload(who, upload_id=upload_id)
    assert await state_of(upload_id) is UploadState.STORED


async def test_staff_who_keep_no_files_and_apps_have_nothing_to_upload() -> None:
    reads = rights_from([(Permission.PLACES_READ, EVERYWHERE)])
    writes = rights_from([(Permission.PLACES_WRITE, EVERYWHERE)])
    for who in (
        Actor(kind=ActorKind.STAFF, id=uuid7(), rights=reads),
        Actor(kind=ActorKind.APP, id=uuid7(), rights=writes),
    ):
        with pytest.raises(NotFound):
            await announced(who, 1000)
    with pytest.raises(Unauthenticated):
        await announced(anonymous(), 1000)


async def test_the_token_of_another_upload_opens_nothing(folder: Path) -> None:
    actor = await landlord()
    data = samples.plain(90, 60)
    mine, other = await announced(actor, len(data)), await announced(actor, len(data))
    wrong: list[tuple[str, type[DomainError]]] = [
        (ticket(other).headers["Authorization"], NotFound),
        ("Upload ", NotFound),
        ("Upload 票", NotFound),
        ("", Unauthenticated),
        (ticket(mine).headers["Authorization"].replace("Upload", "Bearer"), Unauthenticated),
    ]
    for token, error in wrong:
        with pytest.raises(error):
            await send(mine, data, token=token)
    with pytest.raises(NotFound):
        await send(uuid7(), data)  # its own token, but there is no such upload
    assert files(folder) == []


async def test_a_token_is_long_and_stored_nowhere() -> None:
    upload_id = await announced(await landlord(), 1000)
    token = ticket(upload_id).headers["Authorization"].removeprefix("Upload ")
    assert len(token) * 6 >= 128
    (row,) = await fetch("SELECT u::text AS text FROM upload u")
    assert token not in row["text"]


async def test_an_original_that_comes_too_late_is_refused(folder: Path) -> None:
    upload_id = await announced(await landlord(), 5)
    await Upload.filter(id=upload_id).update(expires_at=now() - timedelta(seconds=1))
    with pytest.raises(WrongState) as refused:
        await send(upload_id, b"12345")
    assert refused.value.reason == "EXPIRED"
    assert files(folder) == []


async def test_what_has_not_come_cannot_be_completed() -> None:
    actor = await landlord()
    upload_id = await announced(actor, 1000)
    await prepare_upload(actor, upload_id=upload_id)
    with pytest.raises(WrongState):
        await complete_upload(actor, upload_id=upload_id)


async def test_open_uploads_of_one_person_have_a_limit() -> None:
    actor, other = await landlord(), await landlord()
    for _ in range(MOST_OPEN):
        await announced(actor, 1000)
    with pytest.raises(RateLimited) as refused:
        await announced(actor, 1000)
    assert refused.value.params["retryAfter"] > 0
    await announced(other, 1000)
    await Upload.filter(owner_id=actor.id).update(expires_at=now() - timedelta(seconds=1))
    await announced(actor, 1000)


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_a_full_disk_refuses_an_original_and_it_can_be_sent_again(folder: Path) -> None:
    actor = await landlord()
    data = samples.plain()
    upload_id = await announced(actor, len(data))
    with full_disk(10_000), pytest.raises(Unavailable) as refused:
        await send(upload_id, data)
    assert refused.value.reason == "STORAGE"
    assert files(folder) == []
    assert await state_of(upload_id) is UploadState.REQUESTED

    await send(upload_id, data)
    assert (await taken_in(actor, upload_id)).width == 720


@pytest.mark.parametrize("folder", ["folder"], indirect=True)
async def test_a_full_disk_keeps_no_variants_and_it_can_be_completed_later(folder: Path) -> None:
    actor = await landlord()
    data = samples.plain()
    upload_id = await sent(actor, data)
    await prepare_upload(actor, upload_id=await sent(actor, samples.plain(90, 60)))  # wakes it
    small = set(files(folder))
    with full_disk(30_000), pytest.raises(Unavailable) as refused:
        await prepare_upload(actor, upload_id=upload_id)
    assert refused.value.reason == "STORAGE"
    key = (await Upload.get(id=upload_id)).key
    assert set(files(folder)) - small == {key} - small  # the original
    assert await state_of(upload_id) is UploadState.STORED
    assert await Photo.all().count() == 0

    assert (await taken_in(actor, upload_id)).width == 720


async def test_a_worker_that_dies_is_replaced(folder: Path) -> None:
    actor = await landlord()
    await taken_in(actor, await sent(actor, samples.plain(90, 60)))
    pool = worker._worker._pool
    assert pool is not None
    for process in list(pool._processes.values()):
        os.kill(process.pid, signal.SIGKILL)
    assert (await taken_in(actor, await sent(actor, samples.plain(80, 60)))).width == 80


async def test_the_process_for_pictures_loads_no_more_than_it_needs() -> None:
    """Starting with the whole service it took seconds, longer than a busy machine has."""
    loaded = await asyncio.get_running_loop().run_in_executor(
        worker._worker.pool(), eval, "sorted(__import__('sys').modules)"
    )
    assert "media.pictures" in loaded
    assert not {"pytest", "api", "schema", "tortoise"} & set(loaded)


async def refused_input(what: object, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await what  # type: ignore[misc]  # a coroutine
    assert refused.value.reason == reason


def test_what_is_said_of_sizes_is_what_holds() -> None:
    assert uploads.LARGEST == 10 * 1024 * 1024
