"""Pictures are painted over: nothing of it is left in public, and what it was is under lock."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from PIL import Image
from tortoise.transactions import in_transaction

from api.ops.backup import picture_names
from core import jobs as core_jobs
from core import settings as settings_module
from core.clock import now
from core.errors import InvalidInput, NotFound, Unauthenticated, Unavailable, WrongState
from core.ids import token, uuid7
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind, Role
from identity.models import Account
from landlord.models import Listing, ListingPhoto
from landlord.redaction import redact_photo, redactions_of, reveal_original
from management.models import Place
from management.rules import rules
from media import storage, sweeping, worker
from media.formats import FORMATS, WIDTHS
from media.models import Photo, Purpose, Redaction
from media.photos import original_url, photo_path
from media.pictures import Area, redraw
from media.redaction import MOST_AREAS, MOST_REDACTIONS, original
from media.sweeping import sweep
from tests import factories
from tests.api.visitor import visitor
from tests.management.support import (
    GRID,
    OTHER_GRID,
    VISITOR,
    employee,
    entries,
    refused,
    signed_in,
    some_grids,
    staff,
)
from tests.media import samples
from tests.media.test_pictures import parts_of
from tests.media.test_uploads import full_disk

LEFT = Area(0.0, 0.0, 0.25, 1.0)
RIGHT = Area(0.75, 0.0, 0.25, 1.0)


@pytest.fixture(scope="module", autouse=True)
def worker_ends() -> Iterator[None]:
    yield
    worker.close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path / "media"))
    settings_module.settings.cache_clear()
    yield tmp_path / "media"
    monkeypatch.undo()
    settings_module.settings.cache_clear()


class Scene(NamedTuple):
    """A picture of a listing that is all white, its landlord, and who may redact it."""

    photo: Photo
    listing: Listing
    owner: Account
    actor: Actor


async def a_scene(purpose: Purpose = Purpose.LISTING) -> Scene:
    house, owner = await factories.place(), await factories.account()
    listing = await factories.listing(await factories.room(house), owner)
    photo = await factories.photo(listing, owner_id=owner.id, purpose=purpose)
    put(photo.key)
    return Scene(photo, listing, owner, await on_record(staff(Role.SUPERVISOR)))


async def on_record(actor: Actor) -> Actor:
    who = await employee()
    return Actor(kind=ActorKind.STAFF, id=who.id, rights=actor.rights)


def put(key: str) -> None:
    white = Image.new("RGB", (720, 540), "white")
    for (width, suffix), data in redraw(samples.encoded(white)).files.items():
        storage.store(key, width, suffix, data)


@pytest.fixture
async def scene(db: None) -> Scene:
    await some_grids()
    return await a_scene()


def names() -> set[str]:
    """Every file, by area and name."""
    return {kept.path for area in storage.AREAS for kept in storage.files(area)}


def of(key: str) -> set[str]:
    """The files of a public picture."""
    return {f"public/{key[:2]}/{key}-{w}.{f}" for w in WIDTHS for f in FORMATS}


def black(data: bytes, x: float, y: float = 0.5) -> bool:
    image = Image.open(BytesIO(data)).convert("L")
    return image.getpixel((int(x * image.width), int(y * image.height))) < 40  # type: ignore[operator]  # one band


def shown(key: str) -> list[bytes]:
    found = [storage.read(f"{key}-{w}.{f}") for w in WIDTHS for f in FORMATS]
    return [data for data in found if data is not None]


async def redact(scene: Scene, *areas: Area, actor: Actor | None = None) -> Redaction:
    return await redact_photo(
        actor or scene.actor, photo_id=scene.photo.id, areas=areas or [LEFT], reason="有人脸"
    )


async def remove_old(made: Redaction) -> None:
    """What the job does after the commit."""
    await sweeping.remove_files(1, [made.original_key])


async def test_what_is_painted_over_is_gone_from_every_variant_and_kept_under_lock(
    scene: Scene,
) -> None:
    before = scene.photo.key
    was = storage.read(f"{before}-720.webp")
    made = await redact(scene, LEFT)
    await remove_old(made)
    photo = await Photo.get(id=scene.photo.id)

    assert photo.key != before
    assert (photo.width, photo.height) == (720, 540)
    assert names() == {*of(photo.key), f"locked/{made.locked_key}"}
    for data in shown(photo.key):
        assert black(data, 0.05)
        assert black(data, 0.23)
        assert not black(data, 0.27)
        assert parts_of(data) <= {"JFIF", "VP8 "}
    assert (made.original_key, made.staff_id, made.reason, made.grid_path) == (
        before, scene.actor.id, "有人脸", GRID,
    )  # fmt: skip
    assert made.areas == [LEFT._asdict()]
    assert await original(made) == was
    (entry,) = await entries(photo.id)
    assert (entry.action, entry.reason) == ("redactPhoto", "有人脸")


async def test_under_lock_it_is_encrypted_for_its_row(scene: Scene) -> None:
    made, other = await redact(scene, LEFT), await redact(scene, RIGHT)
    sealed = storage.locked(made.locked_key) or b""
    assert b"RIFF" not in sealed
    assert b"WEBP" not in sealed
    storage.lock_away(other.locked_key, sealed)
    async with visitor() as client:
        answer = await client.get(original_url(other.locked_key))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")


async def test_a_second_redaction_paints_on_the_first_and_keeps_both(scene: Scene) -> None:
    first = await redact(scene, LEFT)
    second = await redact(scene, RIGHT)
    for made in (first, second):
        await remove_old(made)
    photo = await Photo.get(id=scene.photo.id)

    assert all(black(data, 0.05) and black(data, 0.95) for data in shown(photo.key))
    kept = [await original(made) or b"" for made in (first, second)]
    assert [(black(data, 0.05), black(data, 0.95)) for data in kept] == [
        (False, False), (True, False),
    ]  # fmt: skip
    rows = await redactions_of(scene.actor, photo.id, ["id"])
    assert [row["id"] for row in rows] == [second.id, first.id]


async def test_a_thin_area_paints_one_pixel_at_least(scene: Scene) -> None:
    await redact(scene, Area(0.5, 0.0, 1e-9, 1.0), Area(1 - 1e-7, 0.0, 1e-7, 1.0))
    photo = await Photo.get(id=scene.photo.id)
    assert all(data for data in shown(photo.key))


async def test_a_place_front_is_redacted_by_staff_of_its_grid(scene: Scene) -> None:
    front = await Photo.create(width=720, height=540, purpose=Purpose.PLACE)
    put(front.key)
    await Place.filter(id=scene.listing.place_id).update(photo_id=front.id)
    made = await redact_photo(scene.actor, photo_id=front.id, areas=[LEFT], reason="车牌")
    assert made.photo_id == front.id


async def test_who_may_not_and_what_may_not_be_redacted_is_refused(scene: Scene) -> None:
    elsewhere = await on_record(staff(Role.SUPERVISOR, OTHER_GRID))
    loose = await Photo.create(width=720, height=540)
    before = names()
    for actor, photo_id, error in (
        (VISITOR, scene.photo.id, Unauthenticated),
        (signed_in(scene.owner), scene.photo.id, NotFound),
        (staff(Role.WARDEN), scene.photo.id, NotFound),
        (SYSTEM, scene.photo.id, NotFound),
        (elsewhere, scene.photo.id, NotFound),
        (scene.actor, uuid7(), NotFound),
        (scene.actor, loose.id, NotFound),
    ):
        await refused(
            error, redact_photo(actor, photo_id=photo_id, areas=[LEFT], reason="测试原因")
        )
    assert names() == before
    assert await Redaction.all().count() == 0


@pytest.mark.parametrize("purpose", [Purpose.CLAIM, Purpose.SELF_CHECK])
async def test_private_pictures_are_not_redacted(scene: Scene, purpose: Purpose) -> None:
    await Photo.filter(id=scene.photo.id).update(purpose=purpose)
    before = names()
    await refused(NotFound, redact(scene))
    assert names() == before


NAN = math.nan


@pytest.mark.parametrize(
    ("areas", "reason"),
    [
        ([], "EMPTY"),
        ([LEFT] * (MOST_AREAS + 1), "TOO_MANY"),
        ([Area(-0.1, 0, 0.5, 0.5)], "OUT_OF_RANGE"),
        ([Area(0, 1, 0.5, 0.5)], "OUT_OF_RANGE"),
        ([Area(0.6, 0, 0.5, 0.5)], "OUT_OF_RANGE"),
        ([Area(0, 0.6, 0.5, 0.5)], "OUT_OF_RANGE"),
        ([Area(0, 0, 0, 0.5)], "OUT_OF_RANGE"),
        ([Area(0, 0, 0.5, -0.5)], "OUT_OF_RANGE"),
        ([Area(NAN, 0, 0.5, 0.5)], "OUT_OF_RANGE"),
        ([Area(0, 0, NAN, 0.5)], "OUT_OF_RANGE"),
        ([Area(0, 0, 0.5, math.inf)], "OUT_OF_RANGE"),
        ([LEFT, Area(0, 0, 2, 2)], "OUT_OF_RANGE"),
    ],
)
async def test_areas_that_cannot_be_are_refused(
    scene: Scene, areas: list[Area], reason: str
) -> None:
    before = names()
    await refused(
        InvalidInput,
        redact_photo(scene.actor, photo_id=scene.photo.id, areas=areas, reason="测试原因"),
        field="input.areas",
        reason=reason,
    )
    assert names() == before


async def test_twenty_areas_are_painted(scene: Scene) -> None:
    areas = [Area(index / MOST_AREAS, 0, 1 / MOST_AREAS, 1) for index in range(MOST_AREAS)]
    await redact(scene, *areas)
    photo = await Photo.get(id=scene.photo.id)
    assert all(black(data, x) for data in shown(photo.key) for x in (0, 0.5, 0.99))


async def test_a_picture_is_not_redacted_for_ever(scene: Scene) -> None:
    for _ in range(MOST_REDACTIONS):
        await Redaction.create(
            photo_id=scene.photo.id, original_key=token(), areas=[], reason="测试",
            grid_path=GRID, kept_until=now(),
        )  # fmt: skip
    await refused(WrongState, redact(scene), reason="TOO_OFTEN")


async def test_without_its_file_a_picture_is_not_redacted(scene: Scene) -> None:
    storage.remove_variants(scene.photo.key)
    await refused(Unavailable, redact(scene), reason="STORAGE")
    assert names() == set()


async def test_on_a_full_disk_nothing_is_changed_and_no_file_is_left(scene: Scene) -> None:
    await redact(scene, LEFT)  # wakes the process for pictures, which writes files of its own
    before = names()
    with full_disk(600):
        await refused(Unavailable, redact(scene, RIGHT), reason="STORAGE")
    assert names() == before
    await redact(scene, RIGHT)


async def test_files_of_a_transaction_that_came_to_nothing_are_swept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names()

    async def breaks() -> None:
        async with work(scene.actor):
            await redact(scene)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await breaks()
    assert await Redaction.all().count() == 0
    assert (await Photo.get(id=scene.photo.id)).key == scene.photo.key
    assert len(names() - before) == 5
    await redact(scene, RIGHT)  # what is named stays
    named = await Photo.get(id=scene.photo.id)
    later = now() + timedelta(days=2)
    monkeypatch.setattr(sweeping, "now", lambda: later)
    await sweeping._reconcile()
    made = await Redaction.get()
    assert names() == {*of(named.key), f"locked/{made.locked_key}"}


async def test_who_looks_at_the_original_gives_a_reason_which_is_noted(scene: Scene) -> None:
    was = storage.read(f"{scene.photo.key}-720.webp")
    made = await redact(scene)
    found = await reveal_original(scene.actor, redaction_id=made.id, reason="房东有异议")
    assert [entry.action for entry in await entries(scene.photo.id)] == [
        "redactPhoto", "revealOriginal",
    ]  # fmt: skip
    assert (await entries(scene.photo.id))[-1].reason == "房东有异议"
    url = original_url(found.locked_key)
    async with visitor() as client:
        answer = await client.get(url)
        assert (answer.status_code, answer.content) == (200, was)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Content-Type"] == "image/webp"
        for forged in (
            url.partition("?")[0],
            url[:-1] + ("A" if url[-1] != "A" else "B"),
            original_url(uuid7().hex),
            url.replace(".webp", ".jpg"),
            url.replace("/locked/", "/private/"),
            f"/media/{made.locked_key}-720.webp",
            f"/media/locked%2F{made.locked_key}",
        ):
            answer = await client.get(forged)
            assert answer.status_code == 404, forged
    assert urlsplit(url).path == f"/media/locked/{made.locked_key}.webp"


async def test_who_may_not_see_the_original_is_refused(scene: Scene) -> None:
    made = await redact(scene)
    elsewhere = await on_record(staff(Role.SUPERVISOR, OTHER_GRID))
    for actor, redaction_id, error in (
        (VISITOR, made.id, Unauthenticated),
        (signed_in(scene.owner), made.id, NotFound),
        (staff(Role.WARDEN), made.id, NotFound),
        (elsewhere, made.id, NotFound),
        (scene.actor, uuid7(), NotFound),
    ):
        await refused(error, reveal_original(actor, redaction_id=redaction_id, reason="测试原因"))
    await refused(
        InvalidInput,
        reveal_original(scene.actor, redaction_id=made.id, reason=" "),
        field="input.reason",
    )
    assert await redactions_of(elsewhere, scene.photo.id, ["id"]) == []


async def test_the_original_is_deleted_when_its_time_is_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await redact(scene)
    days = timedelta(days=rules().redacted_original_days)
    assert abs(made.kept_until - now() - days) < timedelta(minutes=1)
    await sweep()
    assert storage.has_locked(made.locked_key)
    await Redaction.filter(id=made.id).update(kept_until=now() - timedelta(seconds=1))
    await refused(
        WrongState,
        reveal_original(scene.actor, redaction_id=made.id, reason="测试原因"),
        reason="GONE",
    )
    async with visitor() as client:
        assert (await client.get(original_url(made.locked_key))).status_code == 404
    await sweep()
    assert not storage.has_locked(made.locked_key)
    assert (await Redaction.get(id=made.id)).gone_at is not None


async def test_a_photo_of_which_something_is_under_lock_is_not_swept_before(
    scene: Scene,
) -> None:
    made = await redact(scene)
    await ListingPhoto.filter(photo_id=scene.photo.id).delete()
    await Photo.filter(id=scene.photo.id).update(unused_since=now() - timedelta(days=30))
    await sweep()
    assert await Photo.filter(id=scene.photo.id).exists()
    assert await reveal_original(scene.actor, redaction_id=made.id, reason="房东有异议")

    await Redaction.filter(id=made.id).update(kept_until=now() - timedelta(seconds=1))
    await sweep()
    await Photo.filter(id=scene.photo.id).update(unused_since=now() - timedelta(days=8))
    await sweep()
    assert not await Photo.filter(id=scene.photo.id).exists()
    assert not await Redaction.all().exists()


async def test_what_is_under_lock_goes_with_an_erased_photo(scene: Scene) -> None:
    made = await redact(scene)
    await ListingPhoto.filter(photo_id=scene.photo.id).delete()
    async with in_transaction():
        await sweeping.erase_photos(Photo.filter(id=scene.photo.id))
    await sweeping.remove_files(1, [], [made.locked_key])
    assert not storage.has_locked(made.locked_key)


async def test_backups_hold_what_is_under_lock(scene: Scene) -> None:
    made = await redact(scene)
    assert f"locked/{made.locked_key}" in picture_names()


async def test_the_whole_way_the_old_files_leave_the_public(
    committed_db: None, database_url: str
) -> None:
    await some_grids()
    scene = await a_scene()
    async with visitor() as client:
        assert (await client.get(photo_path(scene.photo.key))).status_code == 200
        await redact(scene)
        app = core_jobs.worker_app(database_url)
        async with app.open_async():
            await core_jobs.run_worker(app, wait=False)
        assert (await client.get(photo_path(scene.photo.key))).status_code == 404
        photo = await Photo.get(id=scene.photo.id)
        assert (await client.get(photo_path(photo.key))).status_code == 200


async def test_of_two_redactions_at_once_none_is_lost(committed_db: None) -> None:
    await some_grids()
    scene = await a_scene()
    await asyncio.gather(redact(scene, LEFT), redact(scene, RIGHT))
    photo = await Photo.get(id=scene.photo.id)
    assert all(black(data, 0.05) and black(data, 0.95) for data in shown(photo.key))
    assert await Redaction.filter(photo_id=photo.id).count() == 2
    keys = set(await Redaction.all().values_list("original_key", flat=True))
    assert len(keys) == 2
    assert scene.photo.key in keys
