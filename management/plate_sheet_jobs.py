"""Drawing sheets of plates, after the order: a worker may die at any point and begin again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from tortoise.transactions import in_transaction

from core.clock import now, today
from core.database import execute, fetch
from core.jobs import job, periodic
from core.settings import settings
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind
from management.models import PlatePrint, PlateSheet, PlateSheetState
from management.plate_codes import pictures_of
from management.plate_doors import choose, doors_of, missing_by_place, plates_to_print
from management.plate_sheets import files
from management.plate_sheets.labels import Label
from management.plate_sheets.process import drawing
from management.plate_sheets.sizes import SHEETS, Sheet
from management.plates import issue_where_missing
from management.rules import rules

MOST_ATTEMPTS: Final = 4
_PORTION: Final = 200
_PORTION_WITH_PICTURES: Final = 40

log = structlog.get_logger("management.plate_sheets")

Hear = Callable[[int, int], object]
"""Is told how many of how many plates are drawn."""


@job("management.draw_plate_sheet")
async def draw_plate_sheet(version: int, sheet_id: str) -> None:
    """Draw a sheet that was ordered; a sheet that is finished stays as it is."""
    sheet = await _begin(UUID(sheet_id))
    if sheet is None:
        return
    draft = await asyncio.to_thread(files.draft, sheet.id, sheet.attempts)
    try:
        report = await draw(sheet, draft)
        size = await asyncio.to_thread(files.keep, draft, sheet.id)
    except Exception as error:
        await asyncio.to_thread(draft.unlink, missing_ok=True)
        if sheet.attempts < MOST_ATTEMPTS:
            raise  # the job is tried again
        log.error("plate_sheets.failed", sheet=str(sheet.id), exc_info=error)
        await _fail(sheet.id, "DRAWING")
        return
    expires = now() + timedelta(days=rules().plate_sheet_days)
    await finish(sheet, report, state=PlateSheetState.READY, size=size, expires_at=expires)


async def _begin(sheet_id: UUID) -> PlateSheet | None:
    rows = await fetch(
        "UPDATE plate_sheet SET state = 'RUNNING', attempts = attempts + 1, done = 0"
        " WHERE id = $1 AND state IN ('QUEUED', 'RUNNING') RETURNING attempts",
        sheet_id,
    )
    if not rows:
        return None
    if rows[0]["attempts"] > MOST_ATTEMPTS:  # it may be what kills the workers
        await _fail(sheet_id, "INTERRUPTED")
        return None
    return await PlateSheet.get(id=sheet_id)


async def _fail(sheet_id: UUID, code: str) -> None:
    await PlateSheet.filter(id=sheet_id, state=PlateSheetState.RUNNING).update(
        state=PlateSheetState.FAILED, failure=code, finished_at=now()
    )


async def draw(sheet: PlateSheet, path: Path, hear: Hear | None = None) -> dict[str, Any]:
    """Issue what is missing, choose the plates and draw them into a file; answers the report.

    Raises:
        DrawingFailed: the process that draws ended.
    """
    await _choose(sheet)
    label = SHEETS[sheet.size]
    note = f"{label.width:g}×{label.height:g} mm · {today()} · {sheet.id.hex[-8:]}"
    drawn: list[UUID] = []
    async with drawing(path, sheet.size, title="二维码门牌", note=note) as sheet_drawing:
        position = 0
        portion = _PORTION_WITH_PICTURES if label.companion else _PORTION
        while rows := await plates_to_print(sheet.id, after=position, count=portion):
            position = rows[-1]["position"]
            active = [row for row in rows if row["state"] == "ACTIVE"]
            await sheet_drawing.add(await _labels_of(active, label))
            drawn += [row["id"] for row in active]
            await PlateSheet.filter(id=sheet.id).update(done=len(drawn))
            if hear is not None:
                hear(len(drawn), sheet.total)
        report = await sheet_drawing.finish()
    return {**report, "drawn": drawn}


async def _choose(sheet: PlateSheet) -> None:
    """Choose the plates once: what is drawn after a kill is what was drawn before it."""
    if sheet.chosen:
        return
    doors = doors_of(sheet)
    if sheet.issue_missing:
        who = Actor(kind=ActorKind.STAFF, id=sheet.requested_by) if sheet.requested_by else SYSTEM
        for place_id, missing in (await missing_by_place(doors)).items():
            await issue_where_missing(who, place_id=place_id, doors=missing)
    async with in_transaction():
        await choose(sheet, doors)
        sheet.total, sheet.chosen = await PlatePrint.filter(sheet_id=sheet.id).count(), True
        await sheet.save(update_fields=["total", "chosen"])


async def _labels_of(rows: Sequence[Mapping[str, Any]], sheet: Sheet) -> list[Label]:
    labels = [label_of(row) for row in rows]
    if not sheet.companion:
        return labels
    pictures = await pictures_of([row["token"] for row in rows])
    return [replace(one, companion=drawn) for one, drawn in zip(labels, pictures, strict=True)]


def label_of(row: Mapping[str, Any]) -> Label:
    """What a plate says."""
    return Label(
        url=f"{settings().public_url}/q/{row['token']}",
        code=row["room_code"] or row["place_code"],
        name=row["name"],
        community=" ".join(filter(None, (row["town"], row["community"]))),
        room=row["room_number"] or "",
    )


async def finish(
    sheet: PlateSheet,
    report: dict[str, Any],
    *,
    state: PlateSheetState,
    size: int,
    expires_at: datetime,
) -> None:
    """The sheet is whole: note when and what was printed, once."""
    drawn = report.pop("drawn")
    moment = now()
    async with work(SYSTEM) as unit:
        changed = await PlateSheet.filter(id=sheet.id, state=PlateSheetState.RUNNING).update(
            state=state,
            done=len(drawn),
            total=len(drawn),
            pages=report["pages"],
            bytes=size,
            report=report,
            finished_at=moment,
            expires_at=expires_at,
        )
        if not changed:
            return
        await execute(
            "UPDATE plate_print SET printed_at = $2 WHERE sheet_id = $1"
            " AND plate_id = ANY($3::uuid[])",
            sheet.id,
            moment,
            drawn,
        )
        unit.note("platesPrinted", "PLATE_SHEET", sheet.id, plates=len(drawn))


@periodic("management.sweep_plate_sheets", cron="29 19 * * *")
async def sweep_plate_sheets() -> None:
    """Each night: files of sheets that have expired go; the rows stay as the record."""
    over = PlateSheet.filter(state=PlateSheetState.READY, expires_at__lt=now())
    for sheet in await over.limit(1000):
        await asyncio.to_thread(files.remove, sheet.id)
        await PlateSheet.filter(id=sheet.id).update(state=PlateSheetState.EXPIRED)
    await asyncio.to_thread(files.remove_old_drafts)
