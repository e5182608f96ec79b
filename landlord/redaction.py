"""Staff paint over what a picture of a listing or place must not show: a face, a number plate.

The public sees the picture without it from then on. The picture as it was is kept under lock for
a time, because what was removed can be disputed; who looks at it gives a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from core.clock import now
from core.database import fetch
from core.errors import NotFound, WrongState
from core.events import emit
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from landlord.events import PhotoRedacted
from management.access import require_sign_in
from management.rules import rules
from media.models import Photo, Redaction
from media.photos import is_private
from media.pictures import Area
from media.redaction import MOST_REDACTIONS, Order, checked_areas, redact

_HANGS: Final = (
    "SELECT p.grid_path FROM place p WHERE p.photo_id = $1"
    " UNION SELECT p.grid_path FROM listing_photo lp JOIN listing l ON l.id = lp.listing_id"
    " JOIN place p ON p.id = l.place_id WHERE lp.photo_id = $1 ORDER BY 1"
)


async def redact_photo(
    actor: Actor, *, photo_id: UUID, areas: Sequence[Area], reason: str
) -> Redaction:
    """Paint over areas of a picture, for everybody and for good.

    A picture that hangs in several places is painted over in all of them.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, private, or hanging nowhere in the scope of the actor.
        InvalidInput: no reason, or areas that can't be used.
        WrongState: it was redacted too often.
        Unavailable: the store is away; nothing is changed.
    """
    _require(actor)
    why = clean(reason, field="input.reason", longest=200, shortest=2)
    checked = checked_areas(areas)
    async with work(actor) as unit:
        photo = await Photo.filter(id=photo_id).select_for_update().first()
        if photo is None or is_private(photo.purpose):
            raise NotFound
        order = Order(
            areas=checked,
            reason=why,
            grid_path=await _where(actor, photo_id),
            kept_for=timedelta(days=rules().redacted_original_days),
        )
        made = await redact(actor, photo, order)
        unit.note(
            "redactPhoto", "PHOTO", photo.id, reason=why, redaction=made.id, areas=len(checked)
        )
        await emit(PhotoRedacted(redaction_id=made.id, photo_id=photo.id))
    return made


async def reveal_original(actor: Actor, *, redaction_id: UUID, reason: str) -> Redaction:
    """Let the actor see a picture as it was. Each look and its reason go into the audit trail.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the scope of the actor.
        InvalidInput: no reason.
        WrongState: its time is over, and it is gone.
    """
    _require(actor)
    why = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        found = await Redaction.get_or_none(id=redaction_id)
        if found is None or not actor.may(Permission.PHOTOS_REDACT, found.grid_path):
            raise NotFound
        if found.gone_at is not None or found.kept_until <= now():
            raise WrongState(
                reason="GONE", zh="原图保存期已过，已经删除", en="Its time is over; it is deleted"
            )
        unit.note("revealOriginal", "PHOTO", found.photo_id, reason=why, redaction=found.id)
    return found


async def redactions_of(
    actor: Actor, photo_id: UUID, columns: Sequence[str]
) -> list[dict[str, Any]]:
    """The redactions of a picture that were made in the scope of the actor, the newest first.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not for this actor.
    """
    _require(actor)
    query = Redaction.filter(photo_id=photo_id).order_by("-id").limit(MOST_REDACTIONS)
    rows = await query.values("grid_path", *columns)
    return [dict(row) for row in rows if actor.may(Permission.PHOTOS_REDACT, row["grid_path"])]


async def redaction_by_id(
    actor: Actor, redaction_id: UUID, columns: Sequence[str]
) -> dict[str, Any] | None:
    """One redaction in the scope of the actor, as :func:`redactions_of` reads it."""
    rows = await Redaction.filter(id=redaction_id).values("grid_path", *columns)
    allowed = rows and actor.may(Permission.PHOTOS_REDACT, rows[0]["grid_path"])
    return dict(rows[0]) if allowed else None


def _require(actor: Actor) -> None:
    require_sign_in(actor)
    if actor.kind is not ActorKind.STAFF:
        raise NotFound


async def _where(actor: Actor, photo_id: UUID) -> str:
    """The grid in the scope of the actor in which the picture hangs."""
    for row in await fetch(_HANGS, photo_id):
        if actor.may(Permission.PHOTOS_REDACT, row["grid_path"]):
            return str(row["grid_path"])
    raise NotFound
