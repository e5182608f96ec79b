"""Wardens look at what was reported: accepted, or rejected with a reason."""

from __future__ import annotations

from uuid import UUID

from core.clock import now
from core.errors import WrongState
from core.work import work
from identity.actor import Actor
from management.hazards.loop import move, noted
from management.hazards.stepping import allowed, cleaned, for_everybody
from management.hazards.table import table
from management.models import Hazard, HazardAction, HazardState, Severity

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


async def accept_hazard(actor: Actor, *, hazard_id: UUID, summary: str | None = None) -> Hazard:
    """Accept a report. ``summary``: what it is, in words that landlord and public may read.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor accepts nothing there.
        InvalidInput: the summary can't be used.
        WrongState: it was looked at already.
    """
    words = None if summary is None else for_everybody(summary)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.ACCEPT, hazard_id=hazard_id)
        if words is not None:
            hazard.summary = words
        await move(hazard, HazardAction.ACCEPT, by=actor)
    return hazard


async def reject_hazard(actor: Actor, *, hazard_id: UUID, reason: str) -> Hazard:
    """Reject a report, with a reason that the reporter reads.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor accepts nothing there.
        InvalidInput: no reason.
        WrongState: it was looked at already.
    """
    words = cleaned(reason, HazardAction.REJECT, field="input.reason")
    async with work(actor):
        hazard = await allowed(actor, HazardAction.REJECT, hazard_id=hazard_id)
        await move(hazard, HazardAction.REJECT, by=actor, words=words)
    return hazard


async def change_severity(
    actor: Actor, *, hazard_id: UUID, severity: Severity, reason: str
) -> Hazard:
    """Judge anew how bad a hazard is; its clock follows, and the block of its place.

    Raised, it has as long as one of that severity has from now, and never longer than it had.
    Lowered, it has what it would have had from the beginning of its state.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor does not dispatch there.
        InvalidInput: no reason.
        WrongState: it is over; or ``SAME``: it is so already.
    """
    words = cleaned(reason, HazardAction.CHANGE_SEVERITY, field="input.reason")
    async with work(actor):
        hazard = await allowed(actor, HazardAction.CHANGE_SEVERITY, hazard_id=hazard_id)
        before = judge(hazard, severity)
        await noted(
            hazard,
            HazardAction.CHANGE_SEVERITY,
            by=actor,
            words=words,
            details={"before": before.value, "after": severity.value},
        )
    return hazard


def judge(hazard: Hazard, severity: Severity) -> Severity:
    """Set a locked hazard's severity and what is due by it; answers the severity before.

    Raises:
        WrongState: ``SAME``: it is so already.
    """
    before = hazard.severity
    if severity is before:
        raise WrongState(reason="SAME", zh="等级没有变化", en="It is so already")
    hazard.severity = severity
    limit = table().states[hazard.state].limit(severity)
    if limit is None or hazard.due_at is None:
        return before
    if _RANK[severity] > _RANK[before]:
        hazard.due_at = min(hazard.due_at, now() + limit)
    else:
        hazard.due_at = max(hazard.due_at, hazard.state_since + limit)
    if hazard.state is HazardState.RECTIFYING:
        hazard.deadline = hazard.due_at
    return before
