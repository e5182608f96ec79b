"""Whom a notice reaches: staff by their posts, accounts by what they run and what they follow.

People come in the order of their ids, some at a time, so that planning can go on where it
stopped. Everybody comes once, in however many audiences they are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from core.clock import today
from core.database import fetch
from identity.actor import Role
from management.territory import grid_of_point
from notifications.models import Audience, Notice

NOBODY: Final = UUID(int=0)
"""Comes before everybody."""

STAFF_ROLES: Final = MappingProxyType(
    {
        Audience.WARDENS: (Role.WARDEN,),
        Audience.SUPERVISORS: (Role.SUPERVISOR,),
        Audience.SERVICE_DESK: (Role.SERVICE_DESK,),
        Audience.DEPARTMENTS: (Role.DEPARTMENT, Role.ENFORCEMENT),
    }
)
"""Audiences of staff, with the roles of the posts that make somebody part of them."""


class Part(IntEnum):
    """The parts of a notice's recipients, in the order in which they are planned."""

    STAFF = 0
    ACCOUNTS = 1


@dataclass(frozen=True, slots=True)
class Area:
    """Which places count: a condition on ``place p`` and the values of its ``$1``, ``$2``, …

    ``{further}`` in it is how much further away a place may lie, in metres.
    """

    condition: str
    values: tuple[Any, ...]


async def area_of(notice: Notice) -> Area:
    """The places of a notice's grid, or those around its point.

    Danger knows no border: what lies around the point counts in the next grid too. A place whose
    point nobody has surveyed counts as near when it is in the grid where the point lies.
    """
    if notice.latitude is None or notice.longitude is None:
        path = notice.grid_path
        return Area("p.grid_path >= $1 AND p.grid_path < $2", (path, path[:-1] + "0"))
    grid = await grid_of_point(notice.longitude, notice.latitude)
    return Area(
        _AROUND,
        (notice.longitude, notice.latitude, notice.radius or 0, grid["code"] if grid else ""),
    )


async def people(notice: Notice, part: Part, *, after: UUID | None, most: int) -> list[UUID]:
    """The next recipients of a part by id: of staff members, or of accounts."""
    sql, values = await _part(notice, part, _audiences(notice))
    if not sql:
        return []
    after_at, most_at = len(values) + 1, len(values) + 2
    rows = await fetch(
        f"SELECT r.id FROM ({sql}) r WHERE r.id > ${after_at}::uuid"  # noqa: S608 - texts of ours
        f" ORDER BY r.id LIMIT ${most_at}",
        *values,
        after or NOBODY,
        most,
    )
    return [row["id"] for row in rows]


async def count(notice: Notice) -> tuple[int, dict[Audience, int]]:
    """How many people a notice would reach now: in all, each once, and by audience."""
    audiences = _audiences(notice)
    by_audience = {each: await _count(notice, {each}) for each in audiences}
    if len(audiences) < 2:
        return sum(by_audience.values()), by_audience
    return await _count(notice, audiences), by_audience


async def _count(notice: Notice, audiences: Collection[Audience]) -> int:
    found = 0
    for part in Part:
        sql, values = await _part(notice, part, audiences)
        if sql:
            rows = await fetch(f"SELECT count(*) AS n FROM ({sql}) r", *values)  # noqa: S608
            found += rows[0]["n"]
    return found


def _audiences(notice: Notice) -> list[Audience]:
    return [each for each in Audience if each.value in notice.audience]


async def _part(
    notice: Notice, part: Part, audiences: Collection[Audience]
) -> tuple[str, tuple[Any, ...]]:
    """The statement that finds the people of a part, and its values; empty when there are none."""
    if part is Part.STAFF:
        roles = [role.value for each in audiences for role in STAFF_ROLES.get(each, ())]
        return (_STAFF, (notice.grid_path, roles, today())) if roles else ("", ())
    area = await area_of(notice)
    wanted = []
    if Audience.LANDLORDS in audiences:
        wanted.append(landlords(area))
    if Audience.RESIDENTS in audiences:
        wanted.append(residents(area))
    if not wanted:
        return "", ()
    return _OPEN.format(ids=" UNION ".join(wanted)), area.values


def landlords(area: Area) -> str:
    """Accounts that are known to run a place there."""
    return _LANDLORDS.format(where=area.condition.format(further="0"))


def residents(area: Area) -> str:
    """Accounts that live there, as far as we know: those that follow a place there.

    Around a point, the circle that they chose for themselves counts too. Who else is known to
    live somewhere belongs into this statement, by another ``UNION``.
    """
    return _FOLLOWERS.format(where=area.condition.format(further="f.radius"))


# Distances up to some kilometres: a plane will do, to better than a metre in a thousand.
_AROUND: Final = """
(CASE WHEN p.latitude IS NULL THEN p.grid_code = $4
      ELSE 6371008.8 * sqrt(power(radians(p.latitude - $2::float8), 2)
           + power(radians(p.longitude - $1::float8) * cos(radians($2::float8)), 2))
           <= $3::int + {further} END)
"""

_STAFF: Final = """
SELECT DISTINCT s.id FROM grid_post g JOIN staff_member s ON s.id = g.staff_id
WHERE starts_with(g.grid_path, $1) AND g.role = ANY($2::text[]) AND s.left_at IS NULL
  AND g.starts_on <= $3 AND (g.ends_on IS NULL OR g.ends_on > $3)
"""

_OPEN: Final = """
SELECT a.id FROM account a
WHERE a.id IN ({ids}) AND a.locked_at IS NULL AND a.closed_at IS NULL
"""

_LANDLORDS: Final = """
SELECT c.account_id AS id FROM place_claim c JOIN place p ON p.id = c.place_id
WHERE c.state = 'VERIFIED' AND p.ended_at IS NULL AND {where}
"""

_FOLLOWERS: Final = """
SELECT f.account_id AS id FROM followed_place f JOIN place p ON p.id = f.place_id
WHERE p.ended_at IS NULL AND {where}
"""
