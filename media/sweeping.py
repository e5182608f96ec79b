"""What nobody needs any more goes each night: uploads not completed, photos shown nowhere,
pictures under lock whose time is over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

import structlog
from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core.clock import now
from core.jobs import defer, job, periodic
from media import storage
from media.models import Photo, Redaction, Upload, UploadState
from media.stores import Kept

log = structlog.get_logger(__name__)

OPEN_FOR: Final = timedelta(days=1)
UNUSED_FOR: Final = timedelta(days=7)
RECORDS_FOR: Final = timedelta(days=30)
MOST_ORPHANS: Final = 5000  # files a night
_BATCH: Final = 500
_HEX: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


async def erase_photos(rows: QuerySet[Photo]) -> None:
    """Delete photos, and their files once that is certain. In a running transaction.

    What is under lock of them goes too.
    """
    held = Redaction.filter(photo_id__in=Subquery(rows.values("id")), gone_at=None)
    locked = [redaction.locked_key for redaction in await held.only("id")]
    await _erase(rows, sorted(set(await _flat(rows, "key"))), locked)


async def erase_uploads(rows: QuerySet[Upload]) -> None:
    """Delete uploads, and the files that no photo has, once that is certain."""
    await _erase(rows, sorted(await _flat(rows, "key")))


async def _erase(
    rows: QuerySet[Photo] | QuerySet[Upload], keys: list[str], locked: Sequence[str] = ()
) -> None:
    await rows.delete()
    for start in range(0, len(keys), _BATCH):
        await forget_files(keys[start : start + _BATCH])
    for start in range(0, len(locked), _BATCH):
        await forget_files([], locked[start : start + _BATCH])


async def forget_files(keys: Sequence[str], locked: Sequence[str] = ()) -> None:
    """Have files of these keys removed once the running transaction is certain."""
    await defer("media.remove_files", {"version": 1, "keys": list(keys), "locked": list(locked)})


@job("media.remove_files")
async def remove_files(version: int, keys: list[str], locked: Sequence[str] = ()) -> None:
    """Remove the originals of these keys, and the pictures that no row names any more.

    ``locked`` are keys of what lies under lock.
    """
    for key in locked:
        await storage.off_loop(storage.remove_locked, key)
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
    over = Photo.filter(unused(), unused_since__lt=now() - UNUSED_FOR)
    while ids := await _flat(over.limit(_BATCH), "id"):
        async with in_transaction():
            await erase_photos(Photo.filter(id__in=ids))
    await _open_locks()
    await _reconcile()


async def _open_locks() -> None:
    """Remove pictures under lock whose time is over: the file first, so that none is forgotten."""
    over = Redaction.filter(kept_until__lt=now(), gone_at=None).order_by("kept_until")
    while batch := await over.limit(_BATCH).only("id"):
        for redaction in batch:
            await storage.off_loop(storage.remove_locked, redaction.locked_key)
        await Redaction.filter(id__in=[each.id for each in batch]).update(gone_at=now())


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
            orphans = await _orphans(batch, locked=area == storage.LOCKED)
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


async def _orphans(batch: dict[str, str], *, locked: bool) -> list[str]:
    keys = sorted({key for key in batch.values() if key})
    if locked:
        kept = Redaction.filter(id__in=[_id_of(key) for key in keys], gone_at=None)
        held = {redaction.locked_key for redaction in await kept.only("id")}
        return [path for path, key in batch.items() if key not in held]
    known = set(await _flat(Photo.filter(key__in=keys), "key"))
    known.update(await _flat(Upload.filter(key__in=keys), "key"))
    return [path for path, key in batch.items() if key not in known]


async def _note_use() -> None:
    """Note since when photos are shown nowhere, and forget it of those that are again."""
    marked = Photo.filter(unused_since__not_isnull=True)
    still = set(await _flat(marked.filter(unused()), "id"))
    again = [photo for photo in await _flat(marked, "id") if photo not in still]
    await Photo.filter(id__in=again).update(unused_since=None)
    fresh = Photo.filter(unused(), unused_since=None)
    while ids := await _flat(fresh.limit(_BATCH), "id"):
        await Photo.filter(id__in=ids).update(unused_since=now())


async def _flat(rows: QuerySet[Any], column: str) -> list[Any]:
    return list(await rows.values_list(column, flat=True))


def _id_of(key: str) -> UUID:
    """The id in a key of something under lock; that of nothing for a name of another form."""
    return UUID(key) if _HEX.fullmatch(key) else UUID(int=0)


def unused() -> Q:
    """The condition that no row of any table shows a photo; uploads only remember it.

    A photo of which something is under lock is kept as long as that.
    """
    meta = Photo._meta  # noqa: SLF001 - Tortoise gives no other way to who refers to a model
    shows = (meta.backward_fk_fields | meta.backward_o2o_fields) - {"uploads", "redactions"}
    held = Redaction.filter(gone_at=None).values("photo_id")
    hidden: dict[str, Any] = {f"{name}__isnull": True for name in shows}
    return Q(**hidden) & ~Q(id__in=Subquery(held))
