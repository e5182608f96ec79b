"""Which plates were replaced or taken out of use: when, by whom, why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from tortoise.queryset import QuerySet

from core.keyset import Order, Page, Slice, take
from identity.actor import Actor, Permission
from identity.models import StaffMember
from management.access import access_grid, in_scope, require_sign_in, within
from management.models import PlateEndReason, PlateState
from management.models.plates import Plate

LOG_COLUMNS: Final = (
    "id", "token", "state", "issued_at", "ended_at", "ended_by", "end_reason",
    "place__code", "place__name", "room__number", "replaced_by_id", "replaced_by__token",
)  # fmt: skip
_NEWEST: Final = Order("replacements", "ended_at", descending=True)


@dataclass(frozen=True, slots=True)
class ReplacementFilter:
    """Narrows the log; what is left out stays open."""

    grid_code: str | None = None
    reasons: Collection[PlateEndReason] | None = None
    since: datetime | None = None


async def list_replacements(actor: Actor, *, filter_by: ReplacementFilter, page: Page) -> Slice:
    """Plates that no longer speak for their places, the newest first, in the actor's scope.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the grid is not in the actor's scope.
    """
    require_sign_in(actor)
    rows: QuerySet[Plate] = Plate.filter(
        in_scope(actor, Permission.PLATES_MANAGE, "place__"), state__not=PlateState.ACTIVE
    )
    if filter_by.grid_code is not None:
        grid = await access_grid(
            actor, code=filter_by.grid_code, permission=Permission.PLATES_MANAGE
        )
        rows = rows.filter(within(grid.path, "place__"))
    if filter_by.reasons is not None:
        rows = rows.filter(end_reason__in=list(filter_by.reasons))
    if filter_by.since is not None:
        rows = rows.filter(ended_at__gte=filter_by.since)
    return await take(rows, _NEWEST, page, LOG_COLUMNS)


async def names_of_staff(ids: Collection[UUID]) -> dict[UUID, str]:
    """Names by id."""
    rows = await StaffMember.filter(id__in=list(ids)).values("id", "name")
    return {row["id"]: row["name"] for row in rows}
