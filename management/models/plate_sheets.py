"""Sheets of plates to print, and which plates they hold."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.ids import uuid7
from management.models.plates import Plate
from management.plate_sheets.sizes import PlateSize


class PlateSheetState(StrEnum):
    """How far the printing of a sheet is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class PlateDoors(StrEnum):
    """Which plates of places are printed."""

    HOUSES = "HOUSES"
    ROOMS = "ROOMS"
    BOTH = "BOTH"


class PlateSheet(Model):
    """A PDF of plates that somebody ordered (门牌打印).

    The file is made by a job and lies apart from the database; the row stays as the record of what
    was printed.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    requested_by: UUID | None = fields.UUIDField(null=True, description="empty: command line")
    grid_paths: list[str] = fields.JSONField(description="who may have it holds all of these")
    selection: dict[str, Any] = fields.JSONField(description="grid path, place ids or batch")
    size = fields.CharEnumField(PlateSize, max_length=10)
    doors = fields.CharEnumField(PlateDoors, max_length=10)
    only_unprinted = fields.BooleanField()
    issue_missing = fields.BooleanField()
    state = fields.CharEnumField(PlateSheetState, max_length=10, default=PlateSheetState.QUEUED)
    chosen = fields.BooleanField(default=False, description="its plates are written down")
    total = fields.IntField(description="plates; an estimate until they are chosen")
    done = fields.IntField(default=0, description="plates drawn")
    attempts = fields.SmallIntField(default=0)
    pages: int | None = fields.IntField(null=True)
    bytes: int | None = fields.IntField(null=True)
    report: dict[str, Any] | None = fields.JSONField(null=True)
    failure = fields.CharField(40, default="", description="code of what went wrong")
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at: datetime | None = fields.DatetimeField(null=True)
    expires_at: datetime | None = fields.DatetimeField(null=True, description="of the file")

    class Meta:
        table = "plate_sheet"
        indexes = (Index(fields=("state", "expires_at"), name="plate_sheet_state"),)
        constraints = (
            CheckConstraint("done >= 0 AND done <= total", "plate_sheet_progress"),
            CheckConstraint(
                "(state IN ('QUEUED', 'RUNNING')) = (finished_at IS NULL)", "plate_sheet_end"
            ),
        )


class PlatePrint(Model):
    """A plate on a sheet; ``printed_at`` is set once the sheet is whole."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    sheet: fields.ForeignKeyRelation[PlateSheet] = fields.ForeignKeyField(
        "management.PlateSheet", on_delete=fields.CASCADE, related_name="prints"
    )
    sheet_id: UUID
    plate: fields.ForeignKeyRelation[Plate] = fields.ForeignKeyField(
        "management.Plate", on_delete=fields.RESTRICT, related_name="prints"
    )
    plate_id: UUID
    position = fields.IntField()
    printed_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "plate_print"
        unique_together = (("sheet_id", "position"),)
        indexes = (Index(fields=("plate_id",), name="plate_print_plate"),)
