"""A warden who did not put a hazard right looks whether it is; enforcement hands it back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.work import work
from identity.actor import Actor
from management.hazards.handing import can_be_asked
from management.hazards.loop import move
from management.hazards.pictures import checked_photos, hang
from management.hazards.stepping import allowed, cleaned
from management.models import Hazard, HazardAction, HazardPhotoRole, HazardState


async def pass_hazard(
    actor: Actor, *, hazard_id: UUID, words: str = "", photo_ids: Sequence[UUID] = ()
) -> Hazard:
    """Find a hazard put right: its reporter is asked, or it is closed when there is nobody to ask.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor rechecks nothing there; somebody else's pictures.
        InvalidInput: too many pictures, or one that was used before.
        WrongState: it was not submitted; ``OWN_WORK``: the actor put it right.
    """
    said = cleaned(words, HazardAction.PASS)
    checked_photos(photo_ids)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.PASS, hazard_id=hazard_id)
        await let_pass(actor, hazard, words=said, photo_ids=photo_ids)
    return hazard


async def let_pass(
    actor: Actor,
    hazard: Hazard,
    *,
    words: str = "",
    photo_ids: Sequence[UUID] = (),
    batch: str | None = None,
) -> None:
    """Pass a locked hazard which the actor may recheck."""
    to = HazardState.FOLLOW_UP if await can_be_asked(hazard.id) else HazardState.CLOSED
    details = {"batch": batch} if batch else None
    step = await move(hazard, HazardAction.PASS, by=actor, to=to, words=words, details=details)
    await hang(actor, hazard, photo_ids, role=HazardPhotoRole.EVIDENCE, step=step)


async def fail_hazard(
    actor: Actor, *, hazard_id: UUID, reason: str, photo_ids: Sequence[UUID] = ()
) -> Hazard:
    """Find a hazard not put right: it goes back to who is to do it, with the time it had.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor rechecks nothing there; somebody else's pictures.
        InvalidInput: no reason; too many pictures, or one that was used before.
        WrongState: it was not submitted; ``OWN_WORK``: the actor put it right.
    """
    words = cleaned(reason, HazardAction.FAIL, field="input.reason")
    checked_photos(photo_ids)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.FAIL, hazard_id=hazard_id)
        step = await move(hazard, HazardAction.FAIL, by=actor, words=words)
        await hang(actor, hazard, photo_ids, role=HazardPhotoRole.EVIDENCE, step=step)
    return hazard


async def close_case(actor: Actor, *, hazard_id: UUID, words: str = "") -> Hazard:
    """Say that enforcement is done with a hazard: it is rechecked next.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor enforces nothing there.
        WrongState: it is not in enforcement.
    """
    said = cleaned(words, HazardAction.CLOSE_CASE)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.CLOSE_CASE, hazard_id=hazard_id)
        await move(hazard, HazardAction.CLOSE_CASE, by=actor, words=said)
    return hazard
