"""Uploads: a picture is announced, received and taken in.

``request_upload`` gives an address and a token for one ``PUT``; ``receive`` keeps the original;
``prepare_upload`` makes the variants, which takes a moment and so is done outside of a
transaction; ``complete_upload`` makes a photo of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.clock import now
from core.errors import (
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WrongState,
)
from core.rates import allow
from core.settings import settings
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from identity.models import Account, StaffMember
from media import storage
from media.models import ContentType, Photo, Purpose, Upload, UploadState
from media.photos import is_private
from media.pictures import Refused, Variants, kind_of
from media.refusals import refusal
from media.worker import redrawn

LARGEST: Final = 10 * 1024 * 1024  # bytes
MOST_OPEN: Final = 30
GOOD_FOR: Final = timedelta(minutes=15)

_SCHEME: Final = "Upload"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where and how the original is sent: ``PUT`` it with these headers."""

    url: str
    headers: Mapping[str, str]


_STAFF_NEED: Final[Mapping[Purpose, Permission]] = MappingProxyType(
    {
        Purpose.HAZARD: Permission.HAZARDS_WRITE,
        Purpose.DECLARATION: Permission.DECLARATIONS_FILE,
    }
)
# Of one address in an hour: a family's phones behind one address, each with a full report.
_ANONYMOUS_HOUR: Final = 60
_APP_DAY: Final = 5000


def may_upload(actor: Actor, purpose: Purpose | None = None) -> bool:
    """Whether there are pictures for this actor to upload: at all, or for this.

    Who reports a hazard without a name, or through an app, uploads pictures of it and no others.
    """
    hazard = purpose in {None, Purpose.HAZARD}
    if actor.kind is ActorKind.STAFF:
        needed = {Permission.PLACES_WRITE, *_STAFF_NEED.values()}
        if purpose is not None:
            needed = {_STAFF_NEED.get(purpose, Permission.PLACES_WRITE)}
        return any(actor.paths(permission) for permission in needed)
    if actor.kind is ActorKind.APP:
        return hazard and bool(actor.paths(Permission.HAZARDS_WRITE))
    if actor.kind is ActorKind.ANONYMOUS:
        return hazard
    return actor.kind is ActorKind.ACCOUNT


async def request_upload(actor: Actor, *, purpose: Purpose, content_type: str, size: int) -> Upload:
    """Announce a picture of so many bytes. :func:`ticket` says where it is sent.

    For residents and landlords, and for staff by what they may do; of hazards for everybody.

    Raises:
        Unauthenticated, NotFound: not for this actor.
        InvalidInput: not a kind of picture that is taken in; empty, or too large.
        RateLimited: too many uploads are open, or came from one address or app.
    """
    _require(actor, purpose)
    try:
        kind = ContentType(content_type)
    except ValueError:
        raise refusal("CONTENT_TYPE", field="input.contentType") from None
    if size <= 0:
        raise refusal("NOT_A_PICTURE", field="input.size")
    if size > LARGEST:
        raise refusal("TOO_LARGE", field="input.size", params={"maximum": LARGEST})
    async with work(actor) as unit:
        await _require_few_open(actor)
        upload = await Upload.create(
            **_upload_of(actor),
            purpose=purpose,
            content_type=kind,
            size=size,
            expires_at=now() + GOOD_FOR,
        )
        unit.note("requestUpload", "UPLOAD", upload.id, purpose=purpose.value)
    return upload


def ticket(upload_id: UUID) -> Ticket:
    """Where and how an upload's original is sent.

    The token is a keyed hash of the id: it is stored nowhere, and a repeat of the request gets
    the same. How long it is good stands in the upload.
    """
    return Ticket(
        url=f"{settings().public_url}/uploads/{upload_id}",
        headers={"Authorization": f"{_SCHEME} {_token(upload_id)}"},
    )


async def receive(upload_id: UUID, authorization: str, chunks: AsyncIterator[bytes]) -> None:
    """Keep the original that was announced; one that is there already is not read again.

    Raises:
        Unauthenticated: no token.
        NotFound: no such upload, or not its token.
        WrongState: too late, or the picture was refused.
        InvalidInput: more or fewer bytes than announced; nothing is kept.
        Unavailable: it can't be stored now; nothing is kept.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != _SCHEME.lower():
        raise Unauthenticated
    # Before the database is asked: guessing costs nothing but the guesser's time.
    if not hmac.compare_digest(token.strip().encode(), _token(upload_id).encode()):
        raise NotFound
    upload = await Upload.get_or_none(id=upload_id)
    if upload is None:
        raise NotFound
    if upload.state is UploadState.REFUSED:
        raise WrongState(reason=upload.state.value)
    if upload.state is not UploadState.REQUESTED:
        return
    if upload.expires_at <= now():
        raise WrongState(
            reason="EXPIRED", zh="上传已过期，请重新选择图片", en="Too late; begin again"
        )
    await _keep(upload, chunks)


async def prepare_upload(actor: Actor, *, upload_id: UUID) -> None:
    """Make the variants of an upload whose original has come. Again does nothing again.

    Not in a transaction: a picture takes up to a second. What is left when the service dies in
    between lies under the key of the upload and is swept with it.

    Raises:
        Unauthenticated, NotFound: not this actor's upload.
        WrongState: the original has not come.
        InvalidInput: the picture is refused, for good; the reason says why.
        Unavailable: it can't be done now; nothing is kept.
    """
    upload = await _access(actor, upload_id)
    if upload.state is UploadState.REFUSED:
        raise refusal(upload.refusal)
    if upload.state is not UploadState.STORED:
        return
    patience = storage.Patience()
    try:
        data = await patience.off_loop(storage.original, upload.key)
    except OSError as error:
        raise Unavailable(reason="STORAGE") from error
    if data is None:  # somebody else was quicker
        return
    try:
        _require_kind(data, upload.content_type)
        variants = await redrawn(data)
    except Refused as refused:
        reason = str(refused.args[0])
        await _stored(upload).update(state=UploadState.REFUSED, refusal=reason)
        await _drop_original(upload, patience)
        raise refusal(reason) from None
    await _keep_variants(upload, variants, patience)
    await _stored(upload).update(
        state=UploadState.READY, width=variants.width, height=variants.height
    )
    await _drop_original(upload, patience)


async def complete_upload(actor: Actor, *, upload_id: UUID, alt: str = "") -> Photo:
    """Make a photo of an upload that :func:`prepare_upload` has prepared.

    ``alt`` says what is seen, up to 80 characters. Of pictures that not everybody sees it is not
    kept: it would be a reporter's or tenant's own words, beside those that are sealed. An upload
    makes one photo, however often.

    Raises:
        Unauthenticated, NotFound: not this actor's upload, or its photo is gone.
        InvalidInput: words that can't be used; or the picture was refused.
        WrongState: the original has not come.
    """
    words = checked_alt(alt)
    async with work(actor) as unit:
        upload = await _access(actor, upload_id, lock=True)
        if upload.state is UploadState.COMPLETED:
            photo = await Photo.get_or_none(id=upload.photo_id)
            if photo is None:
                raise NotFound
            return photo
        if upload.state is UploadState.REFUSED:
            raise refusal(upload.refusal)
        if upload.state is not UploadState.READY:
            raise WrongState(
                reason=upload.state.value, zh="图片还没有传完", en="It has not come yet"
            )
        seen = "" if is_private(upload.purpose) else words
        photo = await Photo.create(
            **_of(actor),
            key=upload.key,
            purpose=upload.purpose,
            width=upload.width,
            height=upload.height,
            alt_zh=seen,
            alt_en=seen,
        )
        upload.state, upload.photo_id = UploadState.COMPLETED, photo.id
        await upload.save(update_fields=["state", "photo_id"])
        unit.note("completeUpload", "PHOTO", photo.id, upload=upload.id)
    return photo


def checked_alt(alt: str) -> str:
    """What is seen, cleaned.

    Raises:
        InvalidInput: it can't be used.
    """
    return clean(alt, field="input.alt", longest=80)


def _require(actor: Actor, purpose: Purpose | None = None) -> None:
    if may_upload(actor, purpose):
        return
    raise Unauthenticated if actor.kind is ActorKind.ANONYMOUS else NotFound


def _nobodys(actor: Actor) -> bool:
    """Whether pictures of this actor are nobody's: who knows the id of one may use it, once."""
    return actor.kind in {ActorKind.ANONYMOUS, ActorKind.APP}


def _of(actor: Actor) -> dict[str, Any]:
    """The columns by which a photo belongs to the actor."""
    if _nobodys(actor):
        return {"owner_id": None, "staff_id": None}
    return {"owner_id" if actor.kind is ActorKind.ACCOUNT else "staff_id": actor.id}


def _upload_of(actor: Actor) -> dict[str, Any]:
    """As :func:`_of`, of an upload."""
    return {"anonymous": True} if _nobodys(actor) else {**_of(actor), "anonymous": False}


async def _access(actor: Actor, upload_id: UUID, *, lock: bool = False) -> Upload:
    _require(actor)
    query = Upload.filter(id=upload_id, **_upload_of(actor))
    upload = await (query.select_for_update() if lock else query).first()
    if upload is None:
        raise Unauthenticated if actor.kind is ActorKind.ANONYMOUS else NotFound
    return upload


async def _require_few_open(actor: Actor) -> None:
    """Uploads that wait, and those that were refused in the last minutes, have a limit.

    Those of nobody are counted by the address or app they come from.
    """
    if _nobodys(actor):
        await _require_pace(actor)
        return
    # One at a time for one person: the count holds until the commit.
    people: Any = Account if actor.kind is ActorKind.ACCOUNT else StaffMember
    await people.filter(id=actor.id).select_for_update().first()
    waiting = Q(state__in=[UploadState.STORED, UploadState.READY])
    recent = Q(state__in=[UploadState.REQUESTED, UploadState.REFUSED], expires_at__gt=now())
    if await Upload.filter(waiting | recent, **_of(actor)).count() >= MOST_OPEN:
        raise RateLimited(
            reason="OPEN_UPLOADS", params={"retryAfter": int(GOOD_FOR.total_seconds())}
        )


async def _require_pace(actor: Actor) -> None:
    if actor.kind is ActorKind.APP:
        await allow("app uploads", str(actor.id), limit=_APP_DAY, window=timedelta(days=1))
        return
    await allow(
        "anonymous uploads", actor.address, limit=_ANONYMOUS_HOUR, window=timedelta(hours=1)
    )


def _require_kind(data: bytes, announced: ContentType) -> None:
    """The first bytes tell what is no picture without waking the process for pictures."""
    found = kind_of(data)
    if found is None:
        raise Refused("NOT_A_PICTURE")
    if found != announced.value:
        raise Refused("TYPE_MISMATCH")


def _token(upload_id: UUID) -> str:
    key = settings().derived_key("upload tokens")
    digest = hmac.digest(key, upload_id.bytes, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _stored(upload: Upload) -> QuerySet[Upload]:
    return Upload.filter(id=upload.id, state=UploadState.STORED)


async def _keep(upload: Upload, chunks: AsyncIterator[bytes]) -> None:
    draft = None
    try:
        draft = await storage.off_loop(storage.draft_original, upload.key)
        left = upload.size
        async for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                raise refusal("MORE_THAN_ANNOUNCED")
            await storage.off_loop(draft.write, chunk)
        if left:
            raise refusal("LESS_THAN_ANNOUNCED")
        await storage.off_loop(draft.finish)
        await Upload.filter(id=upload.id, state=UploadState.REQUESTED).update(
            state=UploadState.STORED
        )
    except BaseException as error:
        if draft is not None:
            await storage.off_loop(draft.abandon)
        if isinstance(error, OSError):
            raise Unavailable(reason="STORAGE") from error
        raise


async def _drop_original(upload: Upload, patience: storage.Patience) -> None:
    # The picture is decided upon; an original that can't go now is swept at night.
    with suppress(OSError):
        await patience.off_loop(storage.remove_original, upload.key)


async def _keep_variants(upload: Upload, variants: Variants, patience: storage.Patience) -> None:
    private = is_private(upload.purpose)
    try:
        for (width, file_format), data in variants.files.items():
            await patience.off_loop(
                storage.store, upload.key, width, file_format, data, private=private
            )
    except OSError as error:
        # What a store that hangs can't remove now is swept with the upload.
        with suppress(OSError):
            await storage.Patience(1).off_loop(storage.remove_variants, upload.key)
        raise Unavailable(reason="STORAGE") from error
