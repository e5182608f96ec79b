"""`node(id)`: anything by its global id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

import strawberry

from schema.access import PUBLIC
from schema.context import Info
from schema.fields import query, root_type, selected
from schema.ids import parse_id
from schema.roots.administration import staff_member_row
from schema.roots.claims import claim_row
from schema.roots.listings import listing_row
from schema.roots.people import residence_row
from schema.roots.places import place_row
from schema.roots.tasks import task_row
from schema.selection import Selection
from schema.types.common import Node
from schema.types.declarations import declaration_row
from schema.types.enquiries import enquiry_row
from schema.types.hazards import hazard_row
from schema.types.inbox import notification_row
from schema.types.territory import grid_by_id

Fetch = Callable[[Info, Selection, UUID], Awaitable[dict[str, Any] | None]]


async def _place(info: Info, want: Selection, place_id: UUID) -> dict[str, Any] | None:
    return await place_row(info, want, id=place_id)


async def _grid(info: Info, want: Selection, grid_id: UUID) -> dict[str, Any] | None:
    return await grid_by_id(grid_id, want, info.context)


# Every type that implements `Node`; what is read with its owner only has an id but is none.
FETCHERS: Mapping[str, Fetch] = {
    "Declaration": declaration_row,
    "Enquiry": enquiry_row,
    "Grid": _grid,
    "Hazard": hazard_row,
    "Listing": listing_row,
    "Notification": notification_row,
    "Place": _place,
    "PlaceClaim": claim_row,
    "Residence": residence_row,
    "StaffMember": staff_member_row,
    "Task": task_row,
}


@root_type
class NodeQueries:
    """Anything."""

    @query(Node | None, access=PUBLIC)
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="A global id.")],
    ) -> dict[str, Any] | None:
        """Any `Node` by its global id; `null` when there is none that you may see."""
        name, row = parse_id(id)
        fetch = FETCHERS.get(name)
        if fetch is None:
            return None
        found = await fetch(info, selected(info).resume(name, info.context.actor), row)
        return found and {**found, "__typename": name}
