"""What nobody needs any more goes each night: uploads not completed, photos shown nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any, Final

import structlog
from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core.clock import now
from core.jobs import defer, job, periodic
from media import storage
from media.models import Photo, Upload, UploadState
from media.stores import Kept

log = structlog.get_logger(__name__)

OPEN_FOR: Final = timedelta(days=1)
UNUSED_FOR: Final = timedelta(days=7)
RECORDS_FOR: Final = timedelta(days=30)
MOST_ORPHANS: Final = 5000  # files a night
_BATCH: Final = 500


async def erase_photos(rows: QuerySet[Photo]) -> None:
    """Delete photos, and their files once that is certain. In a running transaction."""
    await _erase(rows, sorted(set(await _flat(rows, "key"))))


async def erase_uploads(rows: QuerySet[Upload]) -> None:
    """Delete uploads, and the files that no photo has, once that is certain."""
    await _erase(rows, sorted(await _flat(rows, "key")))


async def _erase(rows: QuerySet[Photo] | QuerySet[Upload], keys: list[str]) -> None:
    await rows.delete()
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        await defer("media.remove_files", {"version": 1, "keys": batch})


@job("media.remove_files")
async def remove_files(version: int, keys: list[str]) -> None:
    """Remove the originals of these keys, and the pictures that no row names any more."""
    named = set(await _flat(Photo.filter(key__in=keys), "key"))
    for key in sorted(set(keys)):
        await storage.off_loop(storage.remove_original, key)
        if key not in named:
            await storage.off_loop(storage.remove_variants, key)


@periodic("media.sweep", cron="23 19 * * *")
async def sweep() -> None:
    """Each night: uploads not completed within a day go, and photos unused for seven.

    The records of completed uploads go after thirty days; their photos stay.
    """
    late = Upload.filter(
        ~Q(state=UploadState.COMPLETED) | Q(created_at__lt=now() - RECORDS_FOR),
        created_at__lt=now() - OPEN_FOR,
    )
    while ids := await _flat(late.limit(_BATCH), "id"):
        async with in_transaction():
            await erase_uploads(Upload.filter(id__in=ids))
    await _note_use()
    over = Photo.filter(unused_since__lt=now() - UNUSED_FOR, **unused())
    while ids := await _flat(over.limit(_BATCH), "id"):
        async with in_transaction():
            await erase_photos(Photo.filter(id__in=ids))

    await _reconcile()


async def _reconcile() -> None:
    """Remove files that no row names: what a process that died, or a store that was away, left.

    Young files may belong to an upload on its way. A store without any known picture is more
    likely another town's than ours, and one night takes no more than :data:`MOST_ORPHANS`.
    """
    if not await Photo.exists():
        return
    left = MOST_ORPHANS
    for area in storage.AREAS:
        files = storage.files(area)
        while left > 0 and (batch := await storage.off_loop(_old_files, files)):
            orphans = await _orphans(batch)
            for path in orphans[:left]:
                await storage.off_loop(storage.chosen().remove, path)
            left -= len(orphans)
            if orphans:
                log.info("media.orphans_removed", count=len(orphans))


def _old_files(files: Iterator[Kept]) -> dict[str, str]:
    """The next so many files older than a day, with the keys of their pictures."""
    limit = now() - OPEN_FOR
    old = ((kept.path, storage.key_of(kept.path)) for kept in files if kept.modified < limit)
    return {path: key for path, key in islice(old, _BATCH) if key is not None}


async def _orphans(batch: dict[str, str]) -> list[str]:
    keys = sorted({key for key in batch.values() if key})
    known = set(await _flat(Photo.filter(key__in=keys), "key"))
    known.update(await _flat(Upload.filter(key__in=keys), "key"))
    return [path for path, key in batch.items() if key not in known]


async def _note_use() -> None:
    """Note since when photos are shown nowhere, and forget it of those that are again."""
    marked = Photo.filter(unused_since__not_isnull=True)
    still = set(await _flat(marked.filter(**unused()), "id"))
    again = [photo for photo in await _flat(marked, "id") if photo not in still]
    await Photo.filter(id__in=again).update(unused_since=None)
    fresh = Photo.filter(unused_since=None, **unused())
    while ids := await _flat(fresh.limit(_BATCH), "id"):
        await Photo.filter(id__in=ids).update(unused_since=now())


async def _flat(rows: QuerySet[Any], column: str) -> list[Any]:
    return list(await rows.values_list(column, flat=True))


def unused() -> dict[str, Any]:
    """The condition that no row of any table shows a photo; uploads only remember it."""
    shows = Photo._meta.backward_fk_fields - {"uploads"}  # noqa: SLF001 - no other way
    return {f"{name}__isnull": True for name in shows}
