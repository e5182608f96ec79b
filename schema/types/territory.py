"""Grids and posts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson
import strawberry

from core.errors import Language
from identity.actor import Permission, Role
from identity.models import DutyGroup
from management.models import GridLevel
from management.posts import posts_by_grid
from management.territory import boundaries, territory
from schema.access import PUBLIC, STAFF, staff_here
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.scalars import Json
from schema.selection import Rows, Selection
from schema.types.common import Node


@gql_type(access=STAFF)
class GridPost:
    """Who is posted to a grid, with which duty (定格定人定责)."""

    id: strawberry.ID = attr("Global id, opaque.")
    staff_name: str = attr("Name of the member of staff.")
    role: Role = attr("As what they are posted.")
    duty_group: DutyGroup | None = attr("With which duty.")
    department: str | None = attr("Of which department.")
    lead: bool = attr("Whether they lead the grid (网格长).")
    starts_on: date = attr("First day.")
    ends_on: date | None = attr("The day from which it no longer holds.")
    grid_code: str = attr("Code of the grid.")
    grid_name: str = attr("Name of the grid.")


@gql_type(access=PUBLIC)
class Grid(Node):
    """A unit of territory (网格): town, community or third-level grid."""

    code: str = attr("Its code: never changed, never reused.")
    division_code: str | None = attr(
        "Statistical division code (统计用区划代码), where there is one."
    )
    level: GridLevel = attr("Its level.")
    name: str = attr("Its name in the caller's language.")
    name_zh: str = attr("Its name in Chinese.")
    name_en: str = attr("Its name in English.")
    office_phone: str | None = attr("Phone of the wardens' office (网格办电话).")
    parent: Grid | None = attr("The grid that it lies in.")
    boundary: Json = attr("Its outline in CGCS2000.", cost=5)
    posts: list[GridPost] | None = attr(
        "Who is posted here today, the lead first. For staff of the grid.",
        access=staff_here(Permission.GRIDS_READ),
        size=5,
    )


def grid_row(grid: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """The plain fields of a grid."""
    return {
        "id": global_id("Grid", grid["id"]),
        "code": grid["code"],
        "division_code": grid["division_code"],
        "level": grid["level"],
        "name": grid["name_en" if language == "en" else "name_zh"],
        "name_zh": grid["name_zh"],
        "name_en": grid["name_en"],
        "office_phone": grid["office_phone"] or None,
        "grid_path": grid["path"],
    }


async def grids_by_code(
    codes: set[str], want: Selection, context: Context
) -> dict[str, dict[str, Any]]:
    """Shaped grids by code, for what refers to them; names cost no query."""
    known = (await territory()).by_code
    rows = {code: grid_row(known[code], context.language) for code in codes}
    await _add_rest(list(rows.values()), want, context)
    return rows


async def grid_by_id(grid_id: UUID, want: Selection, context: Context) -> dict[str, Any] | None:
    """One grid by its row id, ready for the schema."""
    known = (await territory()).by_code.values()
    found = [grid["code"] for grid in known if grid["id"] == grid_id]
    return (await grids_by_code(set(found), want, context))[found[0]] if found else None


async def shape_grids(rows: Rows, want: Selection, context: Context) -> Rows:
    """Grids as read, ready for the schema."""
    shaped = [grid_row(row, context.language) for row in rows]
    await _add_rest(shaped, want, context)
    return shaped


async def _add_rest(rows: Rows, want: Selection, context: Context) -> None:
    known = (await territory()).by_code
    if "parent" in want:
        parents = {row["code"]: row["grid_path"].rstrip("/").split("/")[:-1] for row in rows}
        above = {path[-1] for path in parents.values() if path}
        shaped = await grids_by_code(above, want["parent"], context) if above else {}
        for row in rows:
            path = parents[row["code"]]
            row["parent"] = shaped[path[-1]] if path else None
    if "boundary" in want:
        outlines = await boundaries([row["code"] for row in rows])
        for row in rows:
            row["boundary"] = orjson.loads(outlines[row["code"]])
    if "posts" in want:
        posts = await posts_by_grid([row["code"] for row in rows])
        for row in rows:
            row["posts"] = shape_posts(posts[row["code"]], known, context.language)


def shape_posts(rows: Rows, known: Mapping[str, Mapping[str, Any]], language: Language) -> Rows:
    """Posts as read, ready for the schema."""
    english = language == "en"
    for row in rows:
        row["id"] = global_id("GridPost", row["id"])
        row["department"] = row["department_en" if english else "department_zh"]
        row["grid_name"] = known[row["grid_code"]]["name_en" if english else "name_zh"]
    return rows
