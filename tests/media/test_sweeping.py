"""Nothing stays that nobody needs: uploads not completed, photos shown nowhere."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

from citizen.models import DeclarationPhoto, DeclarationStep
from core import jobs
from core.clock import now
from core.privacy import registry
from landlord.models import ListingPhoto
from management.models import HazardPhoto, HazardPhotoRole, Place
from media import storage, sweeping
from media.formats import FORMATS, WIDTHS
from media.models import Photo, Upload, UploadState
from media.sweeping import sweep
from tests import factories as make
from tests.citizen import residents

pytestmark = pytest.mark.usefixtures("committed_db", "folder")


def put(key: str, *, original: bool = False) -> None:
    for width in WIDTHS:
        for file_format in FORMATS:
            storage.store(key, width, file_format, b"a picture")
    if original:
        draft = storage.draft_original(key)
        draft.write(b"an original")
        draft.finish()


def keys(folder: Path) -> set[str]:
    paths = [kept.path for area in storage.AREAS for kept in storage.files(area)]
    return {storage.key_of(path) or path for path in paths}


async def run_jobs(database_url: str) -> None:
    app = jobs.worker_app(database_url)
    async with app.open_async():
        await jobs.run_worker(app, wait=False)


async def upload(key: str, state: UploadState, at: datetime) -> None:
    size = {"width": 720, "height": 540}
    made = await make.upload(await make.account(), key=key, state=state, **size)
    await Upload.filter(id=made.id).update(created_at=at)
    put(key, original=state is not UploadState.COMPLETED)


async def test_an_upload_not_completed_goes_after_a_day(database_url: str, folder: Path) -> None:
    old, young = now() - timedelta(hours=25), now() - timedelta(hours=23)
    for state in ("REQUESTED", "STORED", "READY", "REFUSED"):
        await upload(f"old-{state}", UploadState(state), old)
        await upload(f"young-{state}", UploadState(state), young)
    await upload("done-completed", UploadState.COMPLETED, old)
    await Photo.create(key="done-completed", width=720, height=540)
    await sweep()
    await run_jobs(database_url)

    left = {*(f"young-{state}" for state in ("REQUESTED", "STORED", "READY", "REFUSED"))}
    assert set(await Upload.all().values_list("key", flat=True)) == {*left, "done-completed"}
    assert keys(folder) == {*left, "done-completed"}


async def test_a_photo_of_a_hazard_or_a_declaration_is_used(folder: Path) -> None:
    await make.town()
    house = await make.place()
    at = await make.room(house)
    declared = await residents.declaration(await residents.person(), at, None)
    step = await DeclarationStep.get(declaration_id=declared.id)
    found, paper = [
        await Photo.create(
            key=f"used-{name}", width=10, height=10, unused_since=now() - timedelta(days=99)
        )
        for name in ("hazard", "paper")
    ]
    await HazardPhoto.create(
        hazard_id=(await residents.hazard(house)).id, photo_id=found.id,
        role=HazardPhotoRole.FOUND, position=0,
    )  # fmt: skip
    await DeclarationPhoto.create(
        declaration_id=declared.id, photo_id=paper.id, step_id=step.id, position=0
    )
    await sweep()
    assert await Photo.filter(unused_since=None).count() == 2


async def test_the_record_of_a_completed_upload_goes_after_thirty_days(
    database_url: str, folder: Path
) -> None:
    for key, days in (("young-one", 29), ("older-one", 31)):
        await upload(key, UploadState.COMPLETED, now() - timedelta(days=days))
        await Photo.create(key=key, width=720, height=540)
    await sweep()
    await run_jobs(database_url)

    assert await Upload.all().values_list("key", flat=True) == ["young-one"]
    assert keys(folder) == {"young-one", "older-one"}  # a photo outlives it


async def test_a_closed_account_leaves_no_picture(database_url: str, folder: Path) -> None:
    who = await make.account()
    size = {"width": 720, "height": 540}
    for key, state in (("on-its-way", UploadState.STORED), ("completed", UploadState.COMPLETED)):
        await make.upload(who, key=key, state=state, **size)
        put(key, original=True)
    await Photo.create(key="completed", owner_id=who.id, **size)
    async with in_transaction():
        await registry.erase("account", who.id)
    await run_jobs(database_url)

    assert (await Upload.all().count(), await Photo.all().count()) == (0, 0)
    assert keys(folder) == set()


async def test_a_photo_shown_nowhere_for_a_week_goes(database_url: str, folder: Path) -> None:
    await make.town()
    house = await make.place()
    offer = await make.listing(await make.room(house), await make.account())
    shown = await make.photo(offer, key="of-a-listing")
    front = await Photo.create(key="of-a-place", width=720, height=540)
    await Place.filter(id=house.id).update(photo_id=front.id)
    taken_down = await make.photo(offer, key="taken-down")
    await Photo.all().update(created_at=now() - timedelta(days=100))
    for photo in (shown, front, taken_down):
        put(photo.key)
    await ListingPhoto.filter(photo_id=taken_down.id).delete()

    await sweep()
    await run_jobs(database_url)
    assert keys(folder) == {"of-a-listing", "of-a-place", "taken-down"}

    since = now() - timedelta(days=8)
    await Photo.exclude(unused_since=None).update(unused_since=since)
    await sweep()
    await run_jobs(database_url)
    assert keys(folder) == {"of-a-listing", "of-a-place"}
    assert await Photo.filter(id=taken_down.id).exists() is False


async def test_a_photo_that_is_shown_again_stays(database_url: str, folder: Path) -> None:
    await make.town()
    offer = await make.listing(await make.room(await make.place()), await make.account())
    photo = await make.photo(offer, key="shown-again")
    await Photo.filter(id=photo.id).update(unused_since=now() - timedelta(days=8))
    await sweep()
    await photo.refresh_from_db()
    assert photo.unused_since is None


async def test_files_that_no_row_names_go_when_they_are_old(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    await make.upload(await make.account(), key="on-its-way", state=UploadState.STORED)
    await Photo.create(key="of-a-photo", width=720, height=540)
    for key in ("on-its-way", "of-a-photo", "of-nobody"):
        put(key, original=True)
        storage.store(key, 360, "webp", b"a paper", private=True)
    before = keys(folder)
    await sweep()
    assert keys(folder) == before  # young

    await _in_two_days(monkeypatch)
    assert keys(folder) == {"on-its-way", "of-a-photo"}


async def test_a_store_of_another_town_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    put("of-another-town")
    await _in_two_days(monkeypatch)
    assert keys(folder) == {"of-another-town"}


@pytest.mark.parametrize("folder", ["folder"], indirect=True)
async def test_drafts_that_a_dead_process_left_go_and_other_files_stay(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    await Photo.create(key="of-a-photo", width=720, height=540)
    put("of-a-photo", original=True)
    for name in ("of/.draft-x", "private/of/.draft-y", "originals/.draft-z", "of/notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("left behind")
    await _in_two_days(monkeypatch)
    left = await asyncio.to_thread(lambda: {path.name for path in folder.rglob("*")})
    assert not any(name.startswith(".draft-") for name in left)
    assert "notes.txt" in left


async def _in_two_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nightly reconciliation alone, as it would be then."""
    later = now() + timedelta(days=2)
    monkeypatch.setattr(sweeping, "now", lambda: later)
    await sweeping._reconcile()
