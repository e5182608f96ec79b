"""Supervisors dispatch what was accepted: one lead, others that help, a deadline, the notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tortoise.expressions import Q

from core.clock import now
from core.errors import InvalidInput
from core.work import work
from identity.access import in_force
from identity.actor import ROLE_PERMISSIONS, Actor, ActorKind, Permission, Role
from identity.models import Department, GridPost
from management.hazards.documents.issuing import issue_notice
from management.hazards.loop import move
from management.hazards.stepping import allowed, cleaned
from management.hazards.table import table
from management.models import Hazard, HazardAction, HazardState

_WHO_RECTIFIES: Final = tuple(
    role for role, held in ROLE_PERMISSIONS.items() if Permission.HAZARDS_RECTIFY in held
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is dispatched: to one lead, a department or a member of staff.

    ``assistants``: codes of departments that help. ``deadline``: when it is to be put right; left
    out, as long after the start as its severity allows. ``notice``: hand the landlord's notice
    (隐患告知书) over with it.
    """

    department_code: str | None = None
    staff_id: UUID | None = None
    assistants: Sequence[str] = ()
    deadline: datetime | None = None
    words: str = ""
    notice: bool = True


async def dispatch_hazard(actor: Actor, *, hazard_id: UUID, order: Order) -> Hazard:
    """Give an accepted hazard to a lead.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor does not dispatch there.
        InvalidInput: no lead or two; no such department; the lead helps themselves; nobody of the
            department, or not this member of staff, is posted there; a deadline that can't be.
        WrongState: it is not to be dispatched now.
    """
    words = cleaned(order.words, HazardAction.DISPATCH)
    check_order(order)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.DISPATCH, hazard_id=hazard_id)
        await dispatch(actor, hazard, order, words=words)
    return hazard


async def dispatch(
    actor: Actor, hazard: Hazard, order: Order, *, words: str = "", batch: str | None = None
) -> None:
    """Dispatch a locked hazard on which the actor may do so."""
    codes = {row.code: row.id for row in await Department.all()}
    assistants = _assistants(order, codes)
    hazard.department_id, hazard.assignee_id = await _lead(hazard, order, codes)
    hazard.assistants = assistants
    hazard.deadline = _deadline(hazard, order.deadline)
    details = {
        "department": order.department_code,
        "staff": str(order.staff_id) if order.staff_id else None,
        "assistants": assistants,
        "deadline": hazard.deadline.isoformat() if hazard.deadline else None,
        "batch": batch,
    }
    kept = {name: value for name, value in details.items() if value}
    await move(hazard, HazardAction.DISPATCH, by=actor, words=words, details=kept)
    if order.notice and actor.kind is ActorKind.STAFF:
        await issue_notice(actor, hazard)


def check_order(order: Order) -> None:
    """Refuse an order with no lead, or with two.

    Raises:
        InvalidInput: so it is.
    """
    if (order.department_code is None) == (order.staff_id is None):
        raise InvalidInput(
            field="input.departmentCode",
            reason="ONE_LEAD",
            zh="请指定一个牵头部门或一名人员",
            en="Name one lead: a department or a member of staff",
        )


async def check_departments(order: Order) -> None:
    """Refuse an order that names departments which are none, or one twice.

    Raises:
        InvalidInput: so it does.
    """
    codes = {row.code: row.id for row in await Department.all()}
    if order.department_code is not None:
        known_department(order.department_code, codes, field="input.departmentCode")
    _assistants(order, codes)


def _assistants(order: Order, codes: dict[str, UUID]) -> list[str]:
    field = "input.assistants"
    for code in order.assistants:
        known_department(code, codes, field=field)
    if len(set(order.assistants)) != len(order.assistants):
        raise InvalidInput(field=field, reason="TWICE", zh="部门重复", en="One comes twice")
    if order.department_code in order.assistants:
        raise InvalidInput(
            field=field,
            reason="LEADS",
            zh="牵头部门不能同时是协办部门",
            en="The lead does not assist itself",
        )
    return list(order.assistants)


def known_department(code: str, codes: dict[str, UUID], *, field: str) -> UUID:
    """The id of a department by its code.

    Raises:
        InvalidInput: there is none.
    """
    if code not in codes:
        raise InvalidInput(
            field=field,
            reason="UNKNOWN_DEPARTMENT",
            zh="没有这个部门",
            en="There is no such department",
        )
    return codes[code]


async def _lead(
    hazard: Hazard, order: Order, codes: dict[str, UUID]
) -> tuple[UUID | None, UUID | None]:
    """(department, member of staff) who lead; of a department's own people, both."""
    if order.department_code is not None:
        field = "input.departmentCode"
        department_id = known_department(order.department_code, codes, field=field)
        posted = await _posts_over(hazard, Q(department_id=department_id, role=Role.DEPARTMENT))
        if not posted:
            raise InvalidInput(
                field=field,
                reason="NOBODY_THERE",
                zh="该部门在此网格没有在岗人员",
                en="Nobody of this department is posted there",
            )
        return department_id, None
    posted = await _posts_over(hazard, Q(staff_id=order.staff_id, role__in=_WHO_RECTIFIES))
    if not posted:
        raise InvalidInput(
            field="input.staffId",
            reason="NOT_THERE",
            zh="此人在该网格没有整改职责的岗位",
            en="They hold no post there with which hazards are put right",
        )
    own = [post.department_id for post in posted if post.role is Role.DEPARTMENT]
    return (own[0] if len(own) == len(posted) else None), order.staff_id


async def _posts_over(hazard: Hazard, which: Q) -> list[GridPost]:
    posts = await GridPost.filter(in_force(), which, staff__left_at=None)
    return [post for post in posts if hazard.grid_path.startswith(post.grid_path)]


def _deadline(hazard: Hazard, asked: datetime | None) -> datetime | None:
    if asked is None:
        return None
    latest = now()
    for state in (HazardState.DISPATCHED, HazardState.RECTIFYING):
        latest += table().states[state].limit(hazard.severity) or timedelta()
    if not now() < asked <= latest:
        raise InvalidInput(
            field="input.deadline",
            reason="DEADLINE",
            params={"latest": latest.isoformat()},
            zh="整改期限不能早于现在，也不能晚于该等级的上限",
            en="It is put right after now, and within what its severity allows",
        )
    return asked
