"""What media holds about people, declared for the register of personal data."""

from __future__ import annotations

import asyncio

from tortoise.queryset import QuerySet

from core.jobs import defer, job
from core.privacy import Basis, Holding, Retention, Words, register
from media.models import Photo
from media.photos import FORMATS, WIDTHS
from media.storage import stored


async def _erase(rows: QuerySet[Photo]) -> None:
    """Delete photos, and their files once that is certain."""
    keys = sorted(set(await rows.values_list("key", flat=True)))
    await rows.delete()
    await defer("media.remove_files", {"version": 1, "keys": keys})


@job("media.remove_files")
async def remove_files(version: int, keys: list[str]) -> None:
    """Remove the files of photos that no row names any more."""
    named = set(await Photo.filter(key__in=keys).values_list("key", flat=True))
    for key in sorted(set(keys) - named):
        await asyncio.to_thread(_remove, key)


def _remove(key: str) -> None:
    for width in WIDTHS:
        for file_format in FORMATS:
            if path := stored(f"{key}-{width}.{file_format}"):
                path.unlink(missing_ok=True)


register(
    Holding(
        model=Photo,
        kind="account",
        subject="owner_id",
        title=Words("您上传的图片", "Pictures you uploaded"),
        basis=Basis.CONTRACT,
        retention=Retention(Words("账号存续期间", "As long as the account is open")),
        export=("id", "key", "alt_zh", "alt_en", "width", "height", "created_at"),
        erase=_erase,
    ),
)
