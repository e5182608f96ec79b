"""What others than staff read and see of a hazard: words of staff, and pictures looked at.

The words of who reported it and their pictures are theirs and the town's until somebody has looked
at them. A face or a number plate is painted over; the picture as it was is kept under lock for a
time, as for all pictures.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.crypto import reveal
from core.errors import NotFound
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from identity.models import Account
from management.access import require_sign_in
from management.hazards.access import access_hazard
from management.hazards.loop import noted, require
from management.hazards.stepping import for_everybody
from management.models import Hazard, HazardAction, HazardPhoto, HazardReport
from management.rules import rules
from media.models import Photo, Redaction
from media.pictures import Area
from media.redaction import Order, checked_areas, redact


async def moderate_hazard(
    actor: Actor, *, hazard_id: UUID, summary: str, shown_photo_ids: Collection[UUID]
) -> Hazard:
    """Write what others read of a hazard, and say which of its pictures they see.

    Pictures that are not named are not shown (any more).

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: out of the grids in which the actor moderates; a picture of something else.
        InvalidInput: words that can't be used.
    """
    _require_staff(actor)
    text = for_everybody(summary)
    async with work(actor):
        hazard = await access_hazard(
            actor, hazard_id=hazard_id, permission=Permission.HAZARDS_MODERATE, lock=True
        )
        require(hazard, HazardAction.MODERATE, actor=actor)
        pictures = HazardPhoto.filter(hazard_id=hazard.id)
        known: set[object] = set(await pictures.values_list("photo_id", flat=True))
        shown = set(shown_photo_ids)
        if not shown <= known:
            raise NotFound(field="input.shownPhotoIds")
        await pictures.filter(photo_id__in=list(shown)).update(shown=True)
        await (
            HazardPhoto.filter(hazard_id=hazard.id)
            .exclude(photo_id__in=list(shown))
            .update(shown=False)
        )
        hazard.summary = text
        await noted(hazard, HazardAction.MODERATE, by=actor, details={"shown": len(shown)})
    return hazard


async def redact_hazard_photo(
    actor: Actor, *, photo_id: UUID, areas: Sequence[Area], reason: str
) -> Redaction:
    """Paint over areas of a picture of a hazard, for everybody and for good.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: no picture of a hazard in the grids in which the actor moderates.
        InvalidInput: no reason, or areas that can't be used.
        WrongState: it was redacted too often.
        Unavailable: the store is away; nothing is changed.
    """
    _require_staff(actor)
    why = clean(reason, field="input.reason", longest=200, shortest=2)
    checked = checked_areas(areas)
    async with work(actor) as unit:
        hangs = await HazardPhoto.filter(photo_id=photo_id).select_related("hazard").first()
        if hangs is None or not actor.may(Permission.HAZARDS_MODERATE, hangs.hazard.grid_path):
            raise NotFound
        photo = await Photo.filter(id=photo_id).select_for_update().get()
        order = Order(
            areas=checked,
            reason=why,
            grid_path=hangs.hazard.grid_path,
            kept_for=timedelta(days=rules().redacted_original_days),
        )
        made = await redact(actor, photo, order)
        unit.note(
            "redactHazardPhoto", "PHOTO", photo.id, reason=why, redaction=made.id,
            hazard=hangs.hazard_id, areas=len(checked),
        )  # fmt: skip
    return made


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom to call about a hazard, in clear. ``id`` is the hazard's."""

    id: UUID
    name: str | None
    phone: str | None


async def reveal_hazard_caller(actor: Actor, *, hazard_id: UUID, reason: str) -> Caller:
    """Who reported a hazard, in clear, to call them back. The reading goes into the audit trail.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: out of the grids in which the actor follows hazards up.
        InvalidInput: no reason.
    """
    _require_staff(actor)
    why = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        hazard = await access_hazard(
            actor, hazard_id=hazard_id, permission=Permission.HAZARDS_FOLLOW_UP
        )
        unit.note("revealHazardCaller", "HAZARD", hazard.id, reason=why)
    return await _caller_of(hazard.id)


async def _caller_of(hazard_id: UUID) -> Caller:
    """Who reported a hazard, opened; nobody where they left no name or were forgotten."""
    report = await HazardReport.get(hazard_id=hazard_id)
    if report.account_id is None:
        return Caller(hazard_id, reveal(report, "caller_name"), reveal(report, "caller_phone"))
    account = await Account.get(id=report.account_id)
    return Caller(hazard_id, account.display_name, reveal(account, "phone"))


def _require_staff(actor: Actor) -> None:
    require_sign_in(actor)
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
