"""What staff painted over in pictures."""

from __future__ import annotations

from datetime import datetime

import strawberry

from identity.actor import Permission
from media.pictures import Area
from schema.access import holds
from schema.fields import attr, given, gql_input, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection

REDACT = holds(Permission.PHOTOS_REDACT)


@gql_input
class PhotoAreaInput:
    """A rectangle of a picture, in fractions of its width and height."""

    x: float = given("Left edge, 0 to 1.")
    y: float = given("Upper edge, 0 to 1.")
    width: float = given("Width, more than 0; it ends within the picture.")
    height: float = given("Height, more than 0; it ends within the picture.")


@gql_type(access=REDACT)
class PhotoArea:
    """A rectangle of a picture, in fractions of its width and height."""

    x: float = attr("Left edge, 0 to 1.")
    y: float = attr("Upper edge, 0 to 1.")
    width: float = attr("Width.")
    height: float = attr("Height.")


@gql_type(access=REDACT)
class PhotoRedaction:
    """Parts of a picture were painted over (遮盖); as it was, it is under lock for a time."""

    id: strawberry.ID = attr("Global id, opaque.")
    areas: list[PhotoArea] = attr("What was painted over, of the picture as it was.", size=5)
    reason: str = attr("Why.")
    staff_id: strawberry.ID | None = attr("Who did it: a member of staff.")
    original_key: str = attr(
        "What named the picture in its addresses before: to purge caches of them."
    )
    created_at: datetime = attr("When.")
    kept_until: datetime = attr("Until when the picture as it was is kept.")
    gone_at: datetime | None = attr("Since when it is deleted; empty while it is kept.")


_NEEDS: dict[str, tuple[str, ...]] = {
    field.python_name: field.metadata["needs"]
    for field in PhotoRedaction.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}


def redaction_columns(want: Selection) -> list[str]:
    """The columns of redactions that a selection needs."""
    return want.columns(_NEEDS, "id")


def shape_redactions(rows: Rows) -> Rows:
    """Redactions as read, ready for the schema."""
    for row in rows:
        row["id"] = global_id("PhotoRedaction", row["id"])
        if row.get("staff_id") is not None:
            row["staff_id"] = global_id("StaffMember", row["staff_id"])
    return rows


def areas_of(given_areas: list[PhotoAreaInput]) -> list[Area]:
    """Areas as the use case takes them."""
    return [Area(area.x, area.y, area.width, area.height) for area in given_areas]
