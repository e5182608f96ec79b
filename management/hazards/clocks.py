"""The clock of hazards: what nobody did in time goes to the post above, what nobody answers ends.

From the grid's wardens to the community, and from there to the town, a limit of the state apart;
never further, and each on record. Due dates stay as they are: a hazard stays overdue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog

from core.clock import now
from core.database import fetch
from core.events import emit
from core.jobs import periodic
from core.work import work
from identity.actor import SYSTEM
from management.events import HazardEscalated
from management.hazards.access import locked
from management.hazards.loop import move, noted
from management.hazards.table import table
from management.models import Hazard, HazardAction, HazardState, Severity
from management.models.territory import codes_of

_BATCH: Final = 200
_FIRST: Final = UUID(int=0)

log = structlog.get_logger("management.hazards.clocks")


@periodic("management.tend_hazards", cron="* * * * *")
async def tend_hazards() -> None:
    """Each minute: hazards whose time is over are escalated or closed.

    One at a time, in a transaction of its own: it may be interrupted, and run again.
    """
    done = 0
    after: tuple[datetime, UUID] | None = None
    while rows := await _overdue(now(), after):
        for row in rows:
            if _next(row, now()) is not None:
                done += await tend(row["id"])
        after = (rows[-1]["due_at"], rows[-1]["id"])
    if done:
        log.info("management.hazards_tended", hazards=done)


async def tend(hazard_id: UUID) -> bool:
    """Do what the clock does with one hazard, if it is time; answers whether it was."""
    async with work(SYSTEM):
        seen = await Hazard.get_or_none(id=hazard_id)
        if seen is None:
            return False
        hazard = await locked(seen)
        action = _next(_row(hazard), now())
        if action is HazardAction.CLOSE_SILENT:
            await move(hazard, action, by=SYSTEM)
        elif action is HazardAction.ESCALATE:
            await _escalate(hazard)
        return action is not None


def above(grid_path: str) -> list[str]:
    """The codes of the grids above a grid, the nearest first; the town for what lies there."""
    codes = codes_of(grid_path)
    return list(reversed(codes[:-1])) or list(codes)


async def _escalate(hazard: Hazard) -> None:
    ladder = above(hazard.grid_path)
    told = ladder.index(hazard.escalated_to) + 1 if hazard.escalated_to in ladder else 0
    hazard.escalated_to = ladder[told]
    hazard.escalations += 1
    details = {"to": ladder[told], "level": told + 1}
    step = await noted(hazard, HazardAction.ESCALATE, by=SYSTEM, details=details)
    await emit(HazardEscalated(hazard_id=hazard.id, step_id=step.id))


def _next(row: Mapping[str, Any], moment: datetime) -> HazardAction | None:
    """What the clock has to do with a hazard now."""
    rule = table().states[HazardState(row["state"])]
    limit = rule.limit(Severity(row["severity"]))
    due = row["due_at"]
    if rule.clock is None or limit is None or due is None or due > moment:
        return None
    if rule.clock is HazardAction.CLOSE_SILENT:
        return rule.clock
    ladder = above(row["grid_path"])
    told = ladder.index(row["escalated_to"]) + 1 if row["escalated_to"] in ladder else 0
    if told >= len(ladder) or due + limit * told > moment:
        return None
    return rule.clock


def _row(hazard: Hazard) -> dict[str, Any]:
    names = ("state", "severity", "due_at", "grid_path", "escalated_to")
    return {name: getattr(hazard, name) for name in names}


async def _overdue(moment: datetime, after: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
    """Open hazards past their time that are not with the town yet, the longest overdue first."""
    at, hazard_id = after or (None, _FIRST)
    return await fetch(_OVERDUE, moment, at, hazard_id, _BATCH)


_OVERDUE: Final = """
SELECT id, state, severity, due_at, grid_path, escalated_to FROM hazard
WHERE open AND due_at <= $1 AND escalated_to <> split_part(grid_path, '/', 1)
  AND ($2::timestamptz IS NULL OR (due_at, id) > ($2, $3))
ORDER BY due_at, id LIMIT $4
"""
