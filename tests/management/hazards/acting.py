"""Who acts on hazards in tests, and hazards at any point of their life, brought there by steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from core.clock import now, today
from core.crypto import seal
from core.ids import uuid7
from core.work import work
from identity.actor import ROLE_PERMISSIONS, SYSTEM, Actor, ActorKind, Role, rights_from
from identity.departments import ensure_departments
from identity.models import Account, Department, GridPost
from management.hazards.loop import begin, move, started
from management.models import (
    Hazard,
    HazardAction,
    HazardReport,
    HazardSource,
    HazardState,
    HazardStep,
    Place,
    Severity,
    Task,
    TaskKind,
    TaskState,
)
from tests import factories
from tests.management.support import COMMUNITY, GRID, TOWN, code_of, employee

A, S = HazardAction, HazardState

WAY = {
    S.REPORTED: (),
    S.ACCEPTED: (A.ACCEPT,),
    S.DISPATCHED: (A.ACCEPT, A.DISPATCH),
    S.RECTIFYING: (A.ACCEPT, A.DISPATCH, A.START),
    S.SUBMITTED: (A.ACCEPT, A.DISPATCH, A.START, A.SUBMIT),
    S.FOLLOW_UP: (A.ACCEPT, A.DISPATCH, A.START, A.SUBMIT, A.PASS),
    S.ENFORCEMENT: (A.ACCEPT, A.DISPATCH, A.START, A.ASK_ENFORCEMENT),
    S.CLOSED: (A.ACCEPT, A.DISPATCH, A.START, A.SUBMIT, A.PASS, A.CONFIRM_FIXED),
    S.REJECTED: (A.REJECT,),
}


async def posted(role: Role, path: str = GRID, *, department: str | None = None) -> Actor:
    """Somebody with a post, as staff really are."""
    who = await employee()
    department_id = None
    if department is not None:
        department_id = (await department_of(department)).id
    await GridPost.create(
        staff_id=who.id,
        grid_code=code_of(path),
        grid_path=path,
        role=role,
        department_id=department_id,
        starts_on=today() - timedelta(days=1),
    )
    rights = rights_from((permission, path) for permission in ROLE_PERMISSIONS[role])
    return Actor(kind=ActorKind.STAFF, id=who.id, rights=rights)


async def warden() -> Actor:
    """A warden of the grid."""
    return await posted(Role.WARDEN)


async def supervisor() -> Actor:
    """A supervisor of the community."""
    return await posted(Role.SUPERVISOR, COMMUNITY)


async def desk() -> Actor:
    """The service desk of the town."""
    return await posted(Role.SERVICE_DESK, TOWN)


async def department_of(code: str) -> Department:
    """One of the town's departments."""
    await ensure_departments()
    return await Department.get(code=code)


async def reported(
    at: Place | None = None,
    *,
    by: Account | None = None,
    severity: Severity = Severity.GENERAL,
    token_hash: str | None = None,
    caller_phone: str | None = None,
    **values: Any,
) -> Hazard:
    """A hazard whose life has just begun; nobody's report unless told whose."""
    place = at or await factories.place()
    hazard_id, moment = uuid7(), now()
    async with work(SYSTEM):
        defaults = {
            "code": f"2611{hazard_id.hex[-10:].upper()}",
            "place_id": place.id,
            "grid_path": place.grid_path,
            "community_code": place.community_code,
            "grid_code": place.grid_code,
            "category": "EXIT_BLOCKED",
            "source": HazardSource.RESIDENT,
        }
        hazard = Hazard(id=hazard_id, severity=severity, **{**defaults, **values})
        begin(hazard)
        await hazard.save(force_create=True)
        report = HazardReport(
            id=uuid7(),
            hazard_id=hazard.id,
            account_id=by.id if by else None,
            token_hash=token_hash,
            seen_at=moment,
            received_at=moment,
        )
        if caller_phone:
            seal(report, "caller_phone", caller_phone)
        await report.save(force_create=True)
        await started(hazard, by=SYSTEM)
    return hazard


async def brought_to(
    state: HazardState, *, assignee_id: UUID | None = None, **values: Any
) -> Hazard:
    """A hazard that took the usual way to a state; dispatched to this member of staff."""
    hazard = await reported(**values)
    for action in WAY[state]:
        if action is A.DISPATCH:
            hazard.assignee_id = assignee_id
        to = S.FOLLOW_UP if action is A.PASS else None
        async with work(SYSTEM):
            await move(hazard, action, by=SYSTEM, to=to)
    return await Hazard.get(id=hazard.id)


async def history(hazard: Hazard) -> list[tuple[HazardAction, HazardState]]:
    """The actions of a hazard's steps, and where each led; the numbers have no gap."""
    steps = await HazardStep.filter(hazard_id=hazard.id).order_by("number")
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    return [(step.action, step.to_state) for step in steps]


async def live_task(hazard: Hazard) -> Task | None:
    """The one task that a hazard has, if it has any."""
    return await Task.filter(
        kind=TaskKind.HAZARD, subject_id=hazard.id, state__in=[TaskState.OPEN, TaskState.TAKEN]
    ).get_or_none()
