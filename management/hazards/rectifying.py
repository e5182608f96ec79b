"""Who a hazard was given to puts it right: begins, returns it, submits, asks for more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from core.clock import now
from core.errors import InvalidInput
from core.work import work
from identity.actor import Actor, ActorKind
from identity.models import Department
from management.hazards.dispatching import known_department
from management.hazards.loop import move, noted
from management.hazards.pictures import checked_photos, hang
from management.hazards.stepping import allowed, cleaned
from management.hazards.table import table
from management.models import Hazard, HazardAction, HazardPhotoRole


async def start_hazard(actor: Actor, *, hazard_id: UUID, words: str = "") -> Hazard:
    """Begin to put a hazard right: it is in the actor's hands from now on.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not given to the actor.
        WrongState: it was not dispatched, or somebody began already.
    """
    said = cleaned(words, HazardAction.START)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.START, hazard_id=hazard_id)
        _take(hazard, actor)
        await move(hazard, HazardAction.START, by=actor, words=said)
    return hazard


async def return_hazard(
    actor: Actor, *, hazard_id: UUID, department_code: str, reason: str
) -> Hazard:
    """Return a hazard that is somebody else's to put right, naming the right department.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not given to the actor.
        InvalidInput: no such department, or the one that it was given to; no reason.
        WrongState: it was not dispatched, or somebody began already.
    """
    words = cleaned(reason, HazardAction.RETURN, field="input.reason")
    async with work(actor):
        hazard = await allowed(actor, HazardAction.RETURN, hazard_id=hazard_id)
        codes = {row.code: row.id for row in await Department.all()}
        field = "input.departmentCode"
        if known_department(department_code, codes, field=field) == hazard.department_id:
            raise InvalidInput(
                field=field,
                reason="SAME_DEPARTMENT",
                zh="请填写应当负责的其他部门",
                en="Name another department: the one whose work it is",
            )
        details = {"department": department_code}
        await move(hazard, HazardAction.RETURN, by=actor, words=words, details=details)
    return hazard


async def submit_hazard(
    actor: Actor, *, hazard_id: UUID, photo_ids: Sequence[UUID], words: str = ""
) -> Hazard:
    """Say that a hazard is put right, with 1 to 6 pictures; also for who runs the place.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's; somebody else's pictures.
        InvalidInput: no picture, too many, or one that was used before.
        WrongState: it is not being put right.
    """
    said = cleaned(words, HazardAction.SUBMIT)
    checked_photos(photo_ids, fewest=1)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.SUBMIT, hazard_id=hazard_id)
        _take(hazard, actor)
        step = await move(hazard, HazardAction.SUBMIT, by=actor, words=said)
        await hang(actor, hazard, photo_ids, role=HazardPhotoRole.EVIDENCE, step=step)
    return hazard


async def ask_enforcement(actor: Actor, *, hazard_id: UUID, reason: str) -> Hazard:
    """Ask enforcement to act on a hazard that is not put right.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's.
        InvalidInput: no reason.
        WrongState: it is not being put right.
    """
    words = cleaned(reason, HazardAction.ASK_ENFORCEMENT, field="input.reason")
    async with work(actor):
        hazard = await allowed(actor, HazardAction.ASK_ENFORCEMENT, hazard_id=hazard_id)
        _take(hazard, actor)
        await move(hazard, HazardAction.ASK_ENFORCEMENT, by=actor, words=words)
    return hazard


async def extend_hazard(
    actor: Actor, *, hazard_id: UUID, deadline: datetime, reason: str
) -> Hazard:
    """Give a hazard more time, once, and an urgent one never.

    At most as long again as its severity allows.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's.
        InvalidInput: no reason; not later than now and than the deadline that it has, or too late.
        WrongState: ``URGENT``, ``EXTENDED``: not this one; it is not being put right.
    """
    words = cleaned(reason, HazardAction.EXTEND, field="input.reason")
    async with work(actor):
        hazard = await allowed(actor, HazardAction.EXTEND, hazard_id=hazard_id)
        before, limit = hazard.deadline, table().states[hazard.state].limit(hazard.severity)
        if before is None or limit is None:
            raise ValueError(f"{hazard.id} is put right without a deadline")
        if not max(before, now()) < deadline <= max(before, now()) + limit:
            raise InvalidInput(
                field="input.deadline",
                reason="DEADLINE",
                params={"latest": (max(before, now()) + limit).isoformat()},
                zh="新期限须晚于原期限，且延长不超过该等级的时限",
                en="Later than the deadline that it has, by what its severity allows at the most",
            )
        hazard.deadline = hazard.due_at = deadline
        hazard.extended = True
        details = {"before": before.isoformat(), "after": deadline.isoformat()}
        await noted(hazard, HazardAction.EXTEND, by=actor, words=words, details=details)
    return hazard


def _take(hazard: Hazard, actor: Actor) -> None:
    """Who puts it right is known by name: they don't recheck it later."""
    if actor.kind is ActorKind.STAFF:
        hazard.assignee_id = actor.id
