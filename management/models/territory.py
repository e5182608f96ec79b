"""Territory: the town, its communities, their grids."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from core.ids import uuid7


class GridLevel(StrEnum):
    """The three levels of the grid (网格)."""

    TOWN = "TOWN"
    COMMUNITY = "COMMUNITY"
    GRID = "GRID"


class Grid(Model):
    """A unit of territory (网格). Its code is never changed and never reused."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    code = fields.CharField(40, unique=True)
    division_code = fields.CharField(
        12, null=True, unique=True, description="statistical division code, where there is one"
    )
    level = fields.CharEnumField(GridLevel, max_length=10)
    name_zh = fields.CharField(60)
    name_en = fields.CharField(80)
    parent: fields.ForeignKeyNullableRelation[Grid] = fields.ForeignKeyField(
        "management.Grid", null=True, on_delete=fields.RESTRICT, related_name="children"
    )
    parent_id: UUID | None
    path = fields.CharField(
        140, unique=True, description='codes from the top down, "/" after each; COLLATE "C"'
    )
    boundary: dict[str, Any] = fields.JSONField(description="GeoJSON geometry in CGCS2000")
    office_phone = fields.CharField(20, default="", description="of the wardens' office")
    next_place_number = fields.IntField(
        default=1, description="of communities: the number the next filed place gets"
    )

    class Meta:
        table = "grid"


def codes_of(path: str) -> tuple[str, ...]:
    """The codes in a grid path, from the town down."""
    return tuple(path.rstrip("/").split("/"))
