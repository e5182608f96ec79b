"""What everybody may know of hazards: where, what kind, how far, since when. Nothing of people.

A hazard is shown once a warden has accepted it, some hours after it came in, and for some weeks
after it was closed; never of a kind that would tell thieves where to go in. A point is that of the
place, or coarse, so that it does not lead to who stood there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from core.clock import now
from core.errors import InvalidInput
from core.keyset import Order, Page, Slice, take
from management.access import within
from management.hazards.access import UNKNOWN_TO_LANDLORDS
from management.hazards.categories import CATEGORIES, public_categories
from management.models import Hazard, HazardState, Severity
from management.rules import rules
from management.territory import grid_by_code

SHOWN: Final = tuple(state for state in HazardState if state not in UNKNOWN_TO_LANDLORDS)
COARSE: Final = 3
"""Digits of a degree that are shown of a point at no place: about 100 m."""
LARGEST_MAP: Final = 2000

COLUMNS: Final = (
    "id", "category", "severity", "state", "open", "summary", "created_at", "state_since",
    "closed_at", "community_code", "place_id", "longitude", "latitude", "place__longitude",
    "place__latitude",
)  # fmt: skip
"""What is read of each; :func:`spot` and :func:`reported_on` make of it what is shown."""

_NEWEST: Final = Order("public hazards", "id", descending=True)


class Progress(StrEnum):
    """How far a hazard is, as the public wants to know it."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Part of the map, in degrees of CGCS2000."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude: float, latitude: float) -> bool:
        """Whether a point lies in it."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFilter:
    """What the map and list are narrowed to; ``None`` leaves a point open.

    ``group``, ``category_code``: of :mod:`management.hazards.categories`.
    """

    grid_code: str | None = None
    group: str | None = None
    category_code: str | None = None
    severity: Severity | None = None
    progress: Progress | None = Progress.OPEN
    box: Box | None = None


async def list_public_hazards(
    *, filter_by: PublicFilter, page: Page, columns: Sequence[str] = COLUMNS
) -> Slice:
    """Hazards that everybody may see, the newest first.

    Raises:
        InvalidInput: there is no such grid or kind of hazard.
    """
    return await take(await _narrowed(filter_by), _NEWEST, page, columns)


async def count_public_hazards(*, filter_by: PublicFilter) -> int:
    """How many hazards the same filter matches."""
    return await (await _narrowed(filter_by)).count()


async def mapped_hazards(*, filter_by: PublicFilter) -> list[dict[str, Any]]:
    """The newest of them, :data:`LARGEST_MAP` and one more at the most, for a map.

    Raises:
        InvalidInput: there is no such grid or kind of hazard.
    """
    query = (await _narrowed(filter_by)).order_by("-id").limit(LARGEST_MAP + 1)
    return list(await query.values(*COLUMNS, "place__code", "place__name"))


async def count_open(place_ids: Collection[UUID]) -> dict[UUID, Counter[Severity]]:
    """How many hazards are open at each of these places, by severity: one query for all.

    Those of :func:`list_public_hazards` and no others: a count that knew of more than the list
    would tell of reports nobody has looked at, and of what would invite theft.
    """
    found: dict[UUID, Counter[Severity]] = {place_id: Counter() for place_id in place_ids}
    hazards = (await _narrowed(PublicFilter())).filter(place_id__in=list(found))
    counted = hazards.annotate(count=Count("id")).group_by("place_id", "severity")
    for row in await counted.values("place_id", "severity", "count"):
        found[row["place_id"]][Severity(row["severity"])] = row["count"]
    return found


def spot(row: dict[str, Any]) -> tuple[float, float] | None:
    """Where a hazard is shown, in degrees of CGCS2000: at its place, or coarse."""
    if row["place_id"] is not None:
        longitude, latitude = row["place__longitude"], row["place__latitude"]
        return None if longitude is None else (longitude, latitude)
    if row["longitude"] is None:
        return None
    return round(row["longitude"], COARSE), round(row["latitude"], COARSE)


async def _narrowed(wanted: PublicFilter) -> QuerySet[Hazard]:
    moment = now()
    hazards = Hazard.filter(
        category__in=_kinds(wanted),
        state__in=SHOWN,
        created_at__lte=moment - timedelta(hours=rules().public_hazard_hours),
    )
    lately = Q(closed_at__gte=moment - timedelta(days=rules().public_hazard_days))
    match wanted.progress:
        case Progress.OPEN:
            hazards = hazards.filter(open=True)
        case Progress.CLOSED:
            hazards = hazards.filter(lately, open=False)
        case None:
            hazards = hazards.filter(Q(open=True) | lately)
    if wanted.grid_code is not None:
        grid = await grid_by_code(wanted.grid_code, field="filter.gridCode")
        hazards = hazards.filter(within(grid["path"]))
    if wanted.severity is not None:
        hazards = hazards.filter(severity=wanted.severity)
    if wanted.box is not None:
        hazards = hazards.filter(_inside(wanted.box))
    return hazards


def _kinds(wanted: PublicFilter) -> list[str]:
    """Codes of the public kinds that are asked for.

    Raises:
        InvalidInput: there is no such public kind or group.
    """
    kinds = [CATEGORIES[code] for code in public_categories()]
    found = [
        kind.code
        for kind in kinds
        if wanted.group in {None, kind.group.code} and wanted.category_code in {None, kind.code}
    ]
    if not found:
        raise InvalidInput(
            field="filter.categoryCode" if wanted.category_code else "filter.group",
            reason="UNKNOWN_CATEGORY",
            zh="没有这一公开的隐患类别",
            en="There is no such public kind of hazard",
        )
    return found


def _inside(box: Box) -> Q:
    def of(prefix: str) -> Q:
        limits: dict[str, Any] = {
            f"{prefix}longitude__gte": box.west,
            f"{prefix}longitude__lte": box.east,
            f"{prefix}latitude__gte": box.south,
            f"{prefix}latitude__lte": box.north,
        }
        return Q(**limits)

    # What has no place is shown coarse, so it may be looked for coarsely.
    return of("place__") | (Q(place_id__isnull=True) & of(""))
