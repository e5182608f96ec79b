"""Posts: who is responsible where, as what (定格定人定责). Rights follow from posts alone.

Whether a grid with this code and path exists is for the package above to check, which knows the
territory and calls this.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from tortoise.expressions import Q

from core.clock import today
from core.database import fetch
from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.events import emit
from core.work import work
from identity.access import access_post, in_force, require, visible_staff
from identity.actor import SEPARATED_ROLES, Actor, Permission, Role
from identity.authentication import forget
from identity.events import RightsChanged
from identity.models import Department, DutyGroup, GridPost, StaffMember
from identity.paths import check_path
from identity.staff import refuse_oneself

_WITH_DEPARTMENT: Final = frozenset({Role.DEPARTMENT, Role.ENFORCEMENT})


async def post(
    actor: Actor,
    *,
    staff_id: UUID,
    grid_code: str,
    grid_path: str,
    role: Role,
    duty_group: DutyGroup | None = None,
    department_code: str | None = None,
    lead: bool = False,
    deputy_of: UUID | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> GridPost:
    """Post a member of staff to a grid, from a day (today) up to, not including, another.

    Wardens are posted by who manages posts there, every other role by who manages staff there.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor may not post anybody there, or there is no such member of staff whom
            they manage, department or post to be deputy of.
        InvalidInput: path, period, department, lead or deputy don't fit together.
        WrongState: the actor posts themselves, or an administrator or auditor would hold another
            role too.
        Conflict: they hold this post already, or the grid has another lead then.
    """
    check_path(grid_path, code=grid_code)
    _check_shape(role, department_code, lead=lead, deputy_of=deputy_of)
    permission = Permission.POSTS_MANAGE if role is Role.WARDEN else Permission.STAFF_MANAGE
    require(actor, permission)
    if not actor.may(permission, grid_path):
        raise NotFound
    refuse_oneself(actor, staff_id)
    made = GridPost(
        staff_id=staff_id,
        grid_code=grid_code,
        grid_path=grid_path,
        role=role,
        duty_group=duty_group,
        lead=lead,
        starts_on=starts_on or today(),
        ends_on=ends_on,
    )
    if ends_on is not None and ends_on <= made.starts_on:
        raise InvalidInput(
            field="input.endsOn",
            reason="PERIOD",
            zh="结束日期须晚于开始日期",
            en="It ends before it begins",
        )
    async with work(actor) as unit:
        await _lock(staff_id)
        if not await visible_staff(actor, permission).filter(id=staff_id).exists():
            raise NotFound(field="input.staffId")
        made.department_id = await _department(department_code)
        made.deputy_of_id = await _deputised(deputy_of, made)
        await _check_roles(made)
        await _check_overlap(made)
        await made.save(force_create=True)
        unit.note(
            "post",
            "GridPost",
            made.id,
            staff_id=staff_id,
            role=role,
            lead=lead,
            deputy=deputy_of is not None,
        )
        await emit(RightsChanged(staff_id=staff_id))
    forget()
    return made


async def end_post(actor: Actor, *, post_id: UUID, ends_on: date | None = None) -> GridPost:
    """End a post on a day: the first on which it is no longer in force (today).

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's reach.
        InvalidInput: the day is past, or later than the end already set.
        WrongState: it is over, or the actor's own.
    """
    found = await access_post(actor, post_id=post_id, permission=Permission.POSTS_MANAGE)
    if found.role is not Role.WARDEN and not actor.may(Permission.STAFF_MANAGE, found.grid_path):
        raise NotFound
    refuse_oneself(actor, found.staff_id)
    day = ends_on or today()
    async with work(actor) as unit:
        ending = await GridPost.filter(id=post_id).select_for_update().get()
        if ending.ends_on is not None and ending.ends_on <= today():
            raise WrongState(reason="POST_OVER", zh="该岗位已结束", en="The post is over")
        if day < today() or (ending.ends_on is not None and day > ending.ends_on):
            raise InvalidInput(
                field="input.endsOn",
                reason="PERIOD",
                zh="结束日期不合适",
                en="That day does not fit",
            )
        # One that has not begun never does.
        ending.ends_on = max(day, ending.starts_on)
        await ending.save(update_fields=["ends_on"])
        unit.note("endPost", "GridPost", ending.id, staff_id=ending.staff_id)
        await emit(RightsChanged(staff_id=ending.staff_id))
    forget()
    return ending


async def posts_of_grid(actor: Actor, *, grid_path: str, on: date | None = None) -> list[GridPost]:
    """The posts in force in this very grid on a day (today), leads first.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: the path has not the form of one.
        NotFound: the actor may not see who works there.
    """
    require(actor, Permission.GRIDS_READ)
    if not actor.may(Permission.GRIDS_READ, check_path(grid_path)):
        raise NotFound
    posts = GridPost.filter(in_force(on), grid_path=grid_path)
    return await posts.order_by("-lead", "id").select_related("staff", "department")


async def own_posts(actor: Actor) -> list[GridPost]:
    """The actor's posts in force today, the highest grid first."""
    posts = GridPost.filter(in_force(), staff_id=actor.id)
    return await posts.order_by("grid_path", "id").select_related("department")


def _check_shape(
    role: Role, department_code: str | None, *, lead: bool, deputy_of: UUID | None
) -> None:
    if (role in _WITH_DEPARTMENT) != (department_code is not None):
        raise InvalidInput(
            field="input.departmentCode",
            reason="DEPARTMENT",
            zh="部门与执法岗位须注明部门，其他岗位不填",
            en="Posts of departments and enforcement name a department, others don't",
        )
    if lead and (role is not Role.WARDEN or deputy_of is not None):
        raise InvalidInput(
            field="input.lead",
            reason="LEAD",
            zh="网格长须为网格管理员本岗",
            en="A lead is a warden",
        )
    if deputy_of is not None and role is not Role.WARDEN:
        raise InvalidInput(
            field="input.deputyOf",
            reason="DEPUTY",
            zh="AB岗仅限网格管理员",
            en="A deputy is a warden",
        )


async def _lock(staff_id: UUID) -> None:
    staff = await StaffMember.filter(id=staff_id, left_at=None).select_for_update().first()
    if staff is None:
        raise NotFound(field="input.staffId")


async def _department(code: str | None) -> UUID | None:
    if code is None:
        return None
    ids = {department.code: department.id for department in await Department.all()}
    if code not in ids:
        raise NotFound(field="input.departmentCode")
    return ids[code]


async def _deputised(deputy_of: UUID | None, made: GridPost) -> UUID | None:
    if deputy_of is None:
        return None
    stood_for = await GridPost.get_or_none(id=deputy_of)
    if stood_for is None or stood_for.grid_path != made.grid_path:
        raise NotFound(field="input.deputyOf")
    if stood_for.role is not Role.WARDEN or stood_for.staff_id == made.staff_id:
        raise InvalidInput(
            field="input.deputyOf",
            reason="DEPUTY",
            zh="AB岗须为同一网格的另一名网格管理员",
            en="A deputy stands in for another warden of the same grid",
        )
    return stood_for.id


async def _check_roles(made: GridPost) -> None:
    """Administrators and auditors hold no other role (GB/T 22239 level 3)."""
    held = {other.role for other in await GridPost.filter(_overlaps(made), staff_id=made.staff_id)}
    if any(made.role is not role and {made.role, role} & SEPARATED_ROLES for role in held):
        raise WrongState(
            reason="ROLES_APART",
            zh="系统管理员与审计员不得兼任其他岗位",
            en="Administrators and auditors hold no other role",
        )


async def _check_overlap(made: GridPost) -> None:
    here = GridPost.filter(_overlaps(made), grid_path=made.grid_path)
    if await here.filter(staff_id=made.staff_id, role=made.role).exists():
        raise Conflict(
            reason="POSTED_ALREADY", zh="该人员已在此岗位", en="They hold this post already"
        )
    if not made.lead:
        return
    # Two who are made lead at once hold different staff rows, so the grid is locked by name.
    await fetch("SELECT pg_advisory_xact_lock(hashtext('lead of ' || $1)) IS NULL", made.grid_path)
    if await here.filter(lead=True).exists():
        raise Conflict(reason="LEAD_TAKEN", zh="该网格已有网格长", en="The grid has a lead already")


def _overlaps(made: GridPost) -> Q:
    later = Q(ends_on=None) | Q(ends_on__gt=made.starts_on)
    return later & Q(starts_on__lt=made.ends_on) if made.ends_on is not None else later
