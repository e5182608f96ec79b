"""Hazards as everybody may see them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import strawberry

from core.clock import SHANGHAI
from management.hazards.public import spot
from management.models import HazardState, Severity
from schema.access import PUBLIC
from schema.connections import CountedConnection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Point, public_point
from schema.types.hazard_categories import HazardCategory, category_row
from schema.types.listings import PublicPlace, add_public_places, public_place_columns
from schema.types.territory import Grid, grids_by_code


@gql_type(access=PUBLIC)
class PublicHazard:
    """A hazard that a warden has accepted (公开的隐患): where, what kind, how far. No person."""

    id: strawberry.ID = attr("Global id of the hazard, opaque.")
    category: HazardCategory = attr("What kind of hazard it is.", needs=("category",))
    severity: Severity = attr("How bad it is, as a first judgement.")
    state: HazardState = attr("Where it stands.")
    summary: str = attr("What it is, in words of staff; may be empty.")
    place: PublicPlace | None = attr("The place it is at.", needs=("place_id",))
    community: Grid = attr("The community it lies in.", needs=("community_code",))
    point: Point | None = attr(
        "Where it is, GCJ-02: the place, or within about 100 m.",
        needs=("place_id", "longitude", "latitude", "place__longitude", "place__latitude"),
    )
    reported_on: date = attr("The day on which it came in.", needs=("created_at",))
    state_since: date = attr("The day since when it stands where it does.")
    closed_on: date | None = attr("The day on which it was closed.", needs=("closed_at",))


@strawberry.type(name="PublicHazardConnection", description="One page of public hazards.")
class PublicHazardConnection(CountedConnection[PublicHazard]):
    """One page of public hazards."""


_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    field.python_name: field.metadata["needs"]
    for field in PublicHazard.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}
_DAYS: Final = {
    "reported_on": "created_at",
    "state_since": "state_since",
    "closed_on": "closed_at",
}


def public_hazard_columns(want: Selection) -> list[str]:
    """The columns of hazards that a selection needs."""
    columns = want.columns(_NEEDS, "id")
    if "place" in want:
        columns += public_place_columns(want["place"])
    return list(dict.fromkeys(columns))


async def shape_public_hazards(rows: Rows, want: Selection, context: Context) -> Rows:
    """Public hazards as read, ready for the schema."""
    if not rows:
        return rows
    if "point" in want:  # before places take the place of their columns
        for row in rows:
            row["point"] = _point(row)
    if "place" in want:
        at_places = [row for row in rows if row["place_id"] is not None]
        if at_places:
            await add_public_places(at_places, want["place"], context)
    communities = {}
    if "community" in want:
        codes = {row["community_code"] for row in rows}
        communities = await grids_by_code(codes, want["community"], context)
    for row in rows:
        if "category" in want:
            row["category"] = category_row(row["category"], context.language)
        if "community" in want:
            row["community"] = communities[row["community_code"]]
        _add_days(row, want)
        row.setdefault("place", None)
        row["id"] = global_id("Hazard", row["id"])
    return rows


def _add_days(row: dict[str, Any], want: Selection) -> None:
    """Days, and not moments: who was there at what time is nobody's business."""
    for name, column in _DAYS.items():
        if name in want:
            at = row[column]
            row[name] = None if at is None else at.astimezone(SHANGHAI).date()


def _point(row: dict[str, Any]) -> dict[str, Any] | None:
    found = spot(row)
    return public_point({"longitude": found[0], "latitude": found[1]}) if found else None
