"""Who is posted to which grid (定格定人定责): the territory's side of :mod:`identity.posts`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from core.clock import today
from core.database import fetch
from core.events import emit
from core.work import work
from identity import posts
from identity.actor import Actor, Role
from identity.models import DutyGroup, GridPost
from management.events import WardenPosted
from management.territory import grid_by_code


async def post_to_grid(
    actor: Actor,
    *,
    staff_id: UUID,
    grid_code: str,
    role: Role = Role.WARDEN,
    duty_group: DutyGroup | None = None,
    department_code: str | None = None,
    lead: bool = False,
    deputy_of: UUID | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> GridPost:
    """Post a member of staff to a grid of the territory.

    Raises:
        InvalidInput: there is no such grid; or as :func:`identity.posts.post`.
        Unauthenticated, NotFound, WrongState, Conflict: as :func:`identity.posts.post`.
    """
    async with work(actor):
        grid = await grid_by_code(grid_code)
        made = await posts.post(
            actor,
            staff_id=staff_id,
            grid_code=grid["code"],
            grid_path=grid["path"],
            role=role,
            duty_group=duty_group,
            department_code=department_code,
            lead=lead,
            deputy_of=deputy_of,
            starts_on=starts_on,
            ends_on=ends_on,
        )
        await emit(WardenPosted(post_id=made.id, grid_id=grid["id"]))
    return made


_POSTS = """
SELECT g.id, g.staff_id, g.grid_code, g.grid_path, g.role, g.duty_group, g.lead, g.deputy_of_id,
       g.starts_on, g.ends_on, s.name AS staff_name, d.code AS department_code,
       d.name_zh AS department_zh, d.name_en AS department_en
FROM grid_post g JOIN staff_member s ON s.id = g.staff_id
LEFT JOIN department d ON d.id = g.department_id
"""
_IN_FORCE = " g.starts_on <= $2 AND (g.ends_on IS NULL OR g.ends_on > $2)"
_RANK = " ORDER BY g.lead DESC, g.id"


async def posts_by_grid(grid_codes: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Posts in force today of each grid, the lead first: one query for all."""
    answer: dict[str, list[dict[str, Any]]] = {code: [] for code in grid_codes}
    rows = await fetch(
        f"{_POSTS} WHERE g.grid_code = ANY($1::text[]) AND{_IN_FORCE}{_RANK}",
        list(grid_codes),
        today(),
    )
    for row in rows:
        answer[row["grid_code"]].append(row)
    return answer


async def posts_by_id(post_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Posts with the names of their staff and departments."""
    return await fetch(f"{_POSTS} WHERE g.id = ANY($1::uuid[])", list(post_ids))


async def posts_of_staff_members(
    staff_ids: Collection[UUID],
) -> dict[UUID, list[dict[str, Any]]]:
    """Posts in force today of each member of staff: one query for all."""
    answer: dict[UUID, list[dict[str, Any]]] = {staff_id: [] for staff_id in staff_ids}
    rows = await fetch(
        f"{_POSTS} WHERE g.staff_id = ANY($1::uuid[]) AND{_IN_FORCE}{_RANK}",
        list(staff_ids),
        today(),
    )
    for row in rows:
        answer[row["staff_id"]].append(row)
    return answer


async def posts_of_staff(staff_id: UUID | None) -> list[dict[str, Any]]:
    """Posts in force today of one member of staff."""
    return await fetch(f"{_POSTS} WHERE g.staff_id = $1 AND{_IN_FORCE}{_RANK}", staff_id, today())
