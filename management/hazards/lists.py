"""The list of hazards, for the staff and apps of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from tortoise.queryset import QuerySet

from core.clock import now
from core.keyset import Order, Page, Slice, take
from identity.access import require
from identity.actor import Actor, Permission
from management.access import within
from management.hazards.access import visible_hazards
from management.hazards.categories import category
from management.models import Hazard, HazardState, Severity
from management.territory import grid_by_code


class HazardOrder(StrEnum):
    """In which order hazards are listed."""

    NEWEST = "NEWEST"
    DUE = "DUE"


# Ids follow the time at which they were made.
_ORDERS: Final = {
    HazardOrder.NEWEST: Order("hazards", "id", descending=True),
    HazardOrder.DUE: Order("hazards by deadline", "due_at"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardFilter:
    """What a list of hazards is narrowed to; ``None`` leaves a point open.

    ``overdue``: whether what the state waits for should have been done by now.
    """

    grid_code: str | None = None
    place_id: UUID | None = None
    state: HazardState | None = None
    severity: Severity | None = None
    category_code: str | None = None
    overdue: bool | None = None
    open_only: bool = True


async def list_hazards(
    actor: Actor,
    *,
    filter_by: HazardFilter,
    order: HazardOrder,
    page: Page,
    columns: Sequence[str],
) -> Slice:
    """Hazards where the actor may read them.

    By deadline only those that have one: what is closed waits for nothing.

    Raises:
        Unauthenticated, NotFound: not staff or an app that reads hazards.
        InvalidInput: there is no such grid or kind of hazard.
    """
    hazards = await _narrowed(actor, filter_by)
    if order is HazardOrder.DUE:
        hazards = hazards.filter(open=True, due_at__isnull=False)
    return await take(hazards, _ORDERS[order], page, columns)


async def count_hazards(actor: Actor, *, filter_by: HazardFilter, order: HazardOrder) -> int:
    """How many hazards the same list has in all."""
    hazards = await _narrowed(actor, filter_by)
    if order is HazardOrder.DUE:
        hazards = hazards.filter(open=True, due_at__isnull=False)
    return await hazards.count()


async def _narrowed(actor: Actor, wanted: HazardFilter) -> QuerySet[Hazard]:
    require(actor, Permission.HAZARDS_READ)
    hazards = visible_hazards(actor)
    if wanted.grid_code is not None:
        grid = await grid_by_code(wanted.grid_code, field="filter.gridCode")
        hazards = hazards.filter(within(grid["path"]))
    if wanted.place_id is not None:
        hazards = hazards.filter(place_id=wanted.place_id)
    if wanted.state is not None:
        hazards = hazards.filter(state=wanted.state)
    elif wanted.open_only:
        hazards = hazards.filter(open=True)
    if wanted.severity is not None:
        hazards = hazards.filter(severity=wanted.severity)
    if wanted.category_code is not None:
        kind = category(wanted.category_code, field="filter.categoryCode")
        hazards = hazards.filter(category=kind.code)
    if wanted.overdue is not None:
        way = "lt" if wanted.overdue else "gte"
        hazards = hazards.filter(open=True, **{f"due_at__{way}": now()})
    return hazards
