"""Pictures that come with a form: each through the same checks as any upload.

A picture that is refused is told of; those that are good stay with the form, so that nobody takes
them twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.datastructures import UploadFile

from api.pages.forms import ids_of
from core.errors import DomainError, InvalidInput, RateLimited, Unavailable
from identity.actor import Actor
from media.models import Photo, Purpose
from media.photos import private_url
from media.pictures import kind_of
from media.refusals import refusal
from media.uploads import complete_upload, prepare_upload, receive, request_upload, ticket

_CHUNK: Final = 1 << 16
_SMALL: Final = 360


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture that is here."""

    id: UUID
    thumbnail: str


async def shown_again(actor: Actor, kept: Collection[str]) -> list[Sent]:
    """Pictures that came with the form before and were not used; other ids are left out."""
    ids = ids_of(kept)
    rows = await Photo.filter(
        id__in=ids, purpose=Purpose.HAZARD, owner_id=None, staff_id=None, hazard__isnull=True
    )
    found = {row.id: row for row in rows}
    return [_sent(found[each]) for each in ids if each in found]


async def digests_of(files: Iterable[UploadFile]) -> list[str]:
    """What tells these files from others: a form that is sent again has the same ones."""
    found = []
    for file in files:
        digest = hashlib.sha256()
        while chunk := await file.read(_CHUNK):
            digest.update(chunk)
        await file.seek(0)
        found.append(digest.hexdigest())
    return found


async def keep_pictures(
    actor: Actor, files: Iterable[UploadFile], sent: list[Sent], *, most: int
) -> DomainError | None:
    """Take pictures in, after those that are there; the first refusal, if there was one.

    What is good is added to ``sent``, up to ``most`` in all.
    """
    first: DomainError | None = None
    for number, file in enumerate(files, len(sent) + 1):
        if len(sent) >= most:
            return first or InvalidInput(
                field="input.photoIds",
                params={"maximum": most},
                zh="最多 {maximum} 张照片，多出来的没有收",
                en="At most {maximum} pictures; the others were left out",
            )
        try:
            sent.append(_sent(await _kept(actor, file)))
        except (InvalidInput, RateLimited, Unavailable) as error:
            first = first or _named(number, error)
    return first


def _named(number: int, error: DomainError) -> DomainError:
    """The refusal with the number of the picture before it."""
    if not isinstance(error, InvalidInput):
        return error
    return InvalidInput(
        field="input.photoIds",
        reason=error.reason,
        params={"number": number},
        zh=f"第 {{number}} 张：{error.message('zh-CN')}",
        en=f"Picture {{number}}: {error.message('en')}",
    )


async def _kept(actor: Actor, file: UploadFile) -> Photo:
    """One picture through the way of all uploads: its first bytes say what it is."""
    kind = kind_of(await file.read(64))
    await file.seek(0)
    if kind is None:
        raise refusal("NOT_A_PICTURE")
    upload = await request_upload(
        actor, purpose=Purpose.HAZARD, content_type=kind, size=file.size or 0
    )
    await receive(upload.id, ticket(upload.id).headers["Authorization"], _chunks(file))
    await prepare_upload(actor, upload_id=upload.id)
    return await complete_upload(actor, upload_id=upload.id)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


def _sent(photo: Photo) -> Sent:
    path = private_url(photo.key, _SMALL, "jpg").partition("/media/")[2]
    return Sent(photo.id, f"/media/{path}")
