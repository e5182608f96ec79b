"""The life of a hazard: the only place where its state changes, and always with a step.

A step, the state, its clock, its task, the block of its place and the event are written together,
in the unit of work of the use case. The caller holds the lock of the hazard (and, before it, of
its place). What the caller set on the row before (department, deadline, ...) is saved with the
step.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from tortoise.expressions import F

from core.clock import now
from core.crypto import seal
from core.errors import Conflict, NotFound, WrongState
from core.events import emit
from core.ids import uuid7
from core.work import current
from identity.actor import Actor, ActorKind, Permission
from management.events import HazardMoved, HazardReported
from management.hazards.blocking import bars, settle_block
from management.hazards.handing import drop_task, hand_on, move_due
from management.hazards.table import ASSIGNEE, CLOCK, LANDLORD, REPORTER, ActionRule, table
from management.models import (
    Hazard,
    HazardAction,
    HazardClosure,
    HazardState,
    HazardStep,
    Severity,
)

ENDS: Final = frozenset({HazardState.CLOSED, HazardState.REJECTED, HazardState.DUPLICATE})

MOVED: Final = (
    "state", "open", "state_since", "due_at", "deadline", "severity", "major", "department_id",
    "assignee_id", "assistants", "summary", "duplicate_of_id", "extended", "enforced", "not_fixed",
    "reopened", "escalations", "escalated_to", "closed_how", "closed_at", "rating",
)  # fmt: skip
"""The columns that are saved with a step."""

ACTION_COLUMNS: Final = (
    "state", "severity", "grid_path", "assignee_id", "extended", "rating", "closed_at",
)  # fmt: skip
"""The columns from which :func:`actions_for` knows what can be done."""

_CLOSED_HOW: Final[Mapping[HazardAction, HazardClosure]] = MappingProxyType(
    {
        HazardAction.CONFIRM_FIXED: HazardClosure.CONFIRMED,
        HazardAction.CLOSE_SILENT: HazardClosure.SILENT,
        HazardAction.CLOSE_UNREACHABLE: HazardClosure.UNREACHABLE,
        HazardAction.PASS: HazardClosure.NOBODY_TO_ASK,
    }
)


def begin(hazard: Hazard) -> None:
    """Put a hazard, whose row is about to be inserted, where every life begins."""
    moment = now()
    hazard.state, hazard.open, hazard.state_since = HazardState.REPORTED, True, moment
    hazard.version = 1
    hazard.due_at = _due(hazard, moment)


async def started(hazard: Hazard, *, by: Actor) -> HazardStep:
    """Tell of a hazard that :func:`begin` prepared and whose row is there, in the same work."""
    step = await _write(hazard, HazardAction.REPORT, by=by, at=hazard.state_since, before=None)
    if bars(hazard):  # what is new has no block to lift
        await settle_block(hazard)
    await hand_on(hazard)
    await emit(HazardReported(hazard_id=hazard.id, step_id=step.id))
    return step


async def move(
    hazard: Hazard,
    action: HazardAction,
    *,
    by: Actor,
    to: HazardState | None = None,
    words: str = "",
    details: Mapping[str, Any] | None = None,
) -> HazardStep:
    """Take a locked hazard to its next state. ``to`` chooses where several may follow.

    Who may, :func:`require` has asked before.

    Raises:
        WrongState: its state does not allow that; the reason is the state.
        Conflict: it changed although the caller believed it locked.
    """
    rule = _rule(hazard, action)
    if (to is None and len(rule.to) != 1) or (to is not None and to not in rule.to):
        raise ValueError(f"{action} can't lead from {hazard.state} to {to}")
    before, moment = hazard.state, now()
    hazard.state = to or rule.to[0]
    hazard.open = hazard.state not in ENDS
    hazard.state_since, hazard.escalated_to = moment, ""
    _take_effect(hazard, action, moment)
    hazard.due_at = _due(hazard, moment)
    step = await _step(
        hazard, action, by=by, at=moment, before=before, words=words, details=details
    )
    await settle_block(hazard)
    await drop_task(hazard, action, by=by)
    await hand_on(hazard)
    return step


async def noted(
    hazard: Hazard,
    action: HazardAction,
    *,
    by: Actor,
    words: str = "",
    details: Mapping[str, Any] | None = None,
) -> HazardStep:
    """Write a step of a locked hazard that leaves its state as it is.

    Raises:
        WrongState: its state does not allow that; the reason is the state.
        Conflict: it changed although the caller believed it locked.
    """
    rule = _rule(hazard, action)
    if rule.to:
        raise ValueError(f"{action} changes the state")
    step = await _step(
        hazard, action, by=by, at=now(), before=hazard.state, words=words, details=details
    )
    if action in {HazardAction.EXTEND, HazardAction.CHANGE_SEVERITY}:
        await settle_block(hazard)
        await move_due(hazard, by=by)
    return step


def actions_for(
    row: Hazard | Mapping[str, Any],
    *,
    actor: Actor,
    reporter: bool,
    landlord: bool,
    holds: bool = False,
) -> list[HazardAction]:
    """What this viewer can do with a hazard now.

    ``row`` has :data:`ACTION_COLUMNS`. ``holds``: it is in the actor's hands
    (:func:`management.hazards.holding.held`).
    """
    flags = {"reporter": reporter, "landlord": landlord, "holds": holds}
    state = _of(row, "state")
    return [
        rule.code
        for rule in table().actions.values()
        if CLOCK not in rule.people
        and state in rule.states
        and _may(rule, row, actor, **flags)
        and _hindrance(rule, row, actor, reporter=reporter) is None
    ]


def require(
    hazard: Hazard,
    action: HazardAction,
    *,
    actor: Actor,
    reporter: bool = False,
    landlord: bool = False,
    holds: bool = False,
) -> None:
    """Refuse an action that this actor can't take on a locked hazard.

    Raises:
        NotFound: it is not theirs to take, whatever the state.
        WrongState: it can't be taken now; the reason says why.
    """
    rule = table().actions[action]
    if not _may(rule, hazard, actor, reporter=reporter, landlord=landlord, holds=holds):
        raise NotFound
    _rule(hazard, action)
    if hindrance := _hindrance(rule, hazard, actor, reporter=reporter):
        raise hindrance


def _may(
    rule: ActionRule,
    row: Hazard | Mapping[str, Any],
    actor: Actor,
    *,
    reporter: bool,
    landlord: bool,
    holds: bool,
) -> bool:
    path = _of(row, "grid_path")
    if actor.kind is ActorKind.STAFF:
        in_hands = holds and actor.may(Permission.HAZARDS_RECTIFY, path)
        return (ASSIGNEE in rule.people and in_hands) or any(
            actor.may(permission, path) for permission in rule.permissions
        )
    if actor.kind is ActorKind.SYSTEM:
        return True
    return (REPORTER in rule.people and reporter) or (LANDLORD in rule.people and landlord)


def _hindrance(
    rule: ActionRule, row: Hazard | Mapping[str, Any], actor: Actor, *, reporter: bool
) -> WrongState | None:
    """Why an action can't be taken although state and actor allow it."""
    if rule.apart and actor.id is not None and actor.id == _of(row, "assignee_id"):
        return WrongState(
            reason="OWN_WORK",
            zh="整改人不能复查自己的整改",
            en="Who put it right does not recheck it",
        )
    if rule.code is HazardAction.EXTEND:
        if _of(row, "severity") == Severity.URGENT:
            return WrongState(
                reason="URGENT", zh="紧急隐患不能延期", en="An urgent hazard is not extended"
            )
        if _of(row, "extended"):
            return WrongState(
                reason="EXTENDED", zh="已经延期过一次", en="It was extended once already"
            )
    if rule.code is HazardAction.RATE and _of(row, "rating") is not None:
        return WrongState(reason="RATED", zh="已经评价过", en="It was rated already")
    if rule.code is HazardAction.REOPEN and reporter:
        closed_at = _of(row, "closed_at")
        if closed_at is not None and now() > closed_at + table().reopen:
            return WrongState(
                reason="TOO_LATE",
                params={"hours": int(table().reopen.total_seconds() // 3600)},
                zh="销号已超过{hours}小时，请重新上报，系统会与原隐患关联",
                en="It was closed more than {hours} hours ago; report it anew, it will be linked",
            )
    return None


def _rule(hazard: Hazard, action: HazardAction) -> ActionRule:
    rule = table().actions[action]
    if hazard.state not in rule.states:
        raise WrongState(reason=hazard.state.value)
    return rule


def _take_effect(hazard: Hazard, action: HazardAction, moment: datetime) -> None:
    """What an action changes besides the state."""
    if action in {HazardAction.RETURN, HazardAction.REOPEN}:
        hazard.department_id = hazard.assignee_id = hazard.deadline = None
        hazard.assistants, hazard.extended = [], False
    if action is HazardAction.REOPEN:
        hazard.closed_at = hazard.closed_how = None  # type: ignore[assignment]
        hazard.reopened += 1
    if action is HazardAction.SAY_NOT_FIXED:
        hazard.not_fixed += 1
    if action is HazardAction.ASK_ENFORCEMENT:
        hazard.enforced = True
    if hazard.state is HazardState.CLOSED:
        hazard.closed_at, hazard.closed_how = moment, _CLOSED_HOW[action]
    if hazard.state is HazardState.RECTIFYING:
        limit = table().states[hazard.state].limit(hazard.severity)
        again = action is not HazardAction.START
        if limit and (again or hazard.deadline is None or hazard.deadline <= moment):
            hazard.deadline = moment + limit


def _due(hazard: Hazard, moment: datetime) -> datetime | None:
    """When the hazard is to leave its state: what was dispatched with a deadline, then."""
    if hazard.state is HazardState.RECTIFYING:
        return hazard.deadline
    limit = table().states[hazard.state].limit(hazard.severity)
    return moment + limit if limit else None


async def _step(
    hazard: Hazard,
    action: HazardAction,
    *,
    by: Actor,
    at: datetime,
    before: HazardState,
    words: str,
    details: Mapping[str, Any] | None,
) -> HazardStep:
    """Save the row with the next version, write the step, and tell of it."""
    values = {name: getattr(hazard, name) for name in MOVED}
    same = Hazard.filter(id=hazard.id, version=hazard.version)
    if not await same.update(**values, version=F("version") + 1, updated_at=at):
        raise Conflict
    hazard.version += 1
    step = await _write(hazard, action, by=by, at=at, before=before, words=words, details=details)
    await emit(
        HazardMoved(
            hazard_id=hazard.id,
            step_id=step.id,
            action=action.value,
            from_state=before.value,
            to_state=hazard.state.value,
        )
    )
    return step


async def _write(
    hazard: Hazard,
    action: HazardAction,
    *,
    by: Actor,
    at: datetime,
    before: HazardState | None,
    words: str = "",
    details: Mapping[str, Any] | None = None,
) -> HazardStep:
    step = HazardStep(
        id=uuid7(),
        hazard_id=hazard.id,
        number=hazard.version,
        at=at,
        by_kind=by.kind,
        staff_id=by.id if by.kind is ActorKind.STAFF else None,
        account_id=by.id if by.kind is ActorKind.ACCOUNT else None,
        action=action,
        from_state=before,
        to_state=hazard.state,
        details=dict(details or {}),
    )
    seal(step, "words", words or None)
    await step.save(force_create=True)
    current().note("stepHazard", "HAZARD", hazard.id, taken=action.value, step=step.id)
    return step


def _of(row: Hazard | Mapping[str, Any], name: str) -> Any:
    return getattr(row, name) if isinstance(row, Hazard) else row[name]
