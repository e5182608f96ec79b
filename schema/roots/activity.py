"""Live: what happens in a grid."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from identity.actor import Permission
from notifications.grid_activity import GridEventKind, watch_grid
from schema.access import holds
from schema.context import Context, Info
from schema.fields import attr, gql_enum, gql_type, root_type, selected, subscription
from schema.roots.places import place_row
from schema.selection import Selection
from schema.types.places import Place
from schema.types.territory import Grid, grids_by_code

gql_enum(
    GridEventKind,
    "What happened in a grid.",
    {
        "PLACE_FILED": "a file was opened 新建档",
        "PLACE_UPDATED": "a file changed 档案更新",
        "PLACE_CLOSED": "a place closed 场所关闭",
        "ROOMS_ADDED": "rooms were added 新增房间",
        "ROOM_UPDATED": "a room changed, or several at once 房间信息更新",
        "LEASE_FILED": "a registered lease was recorded 登记租赁备案",
        "PLACE_BLOCKED": "letting was stopped 暂停出租",
        "PLACE_UNBLOCKED": "a stop was lifted 恢复出租",
        "LISTING_PUBLISHED": "a room was put up 发布房源",
        "WARDEN_POSTED": "somebody was posted 人员到岗",
    },
)


@gql_type(access=holds(Permission.ACTIVITY_READ))
class GridEvent:
    """Something that happened in a grid just now."""

    kind: GridEventKind = attr("What happened.")
    at: datetime = attr("When.")
    grid: Grid = attr("The third-level grid in which it happened.")
    place_code: str | None = attr("The place it happened to.")
    place: Place | None = attr("The place as it is now.", cost=5)


@root_type
class ActivitySubscriptions:
    """Live activity."""

    @subscription(access=holds(Permission.ACTIVITY_READ))
    async def grid_activity(
        self,
        info: Info,
        grid_code: Annotated[str, strawberry.argument(description="The grid, of any level.")],
    ) -> AsyncIterator[GridEvent]:
        """What happens in a grid and beneath it, as it happens. For staff and apps of the grid."""
        want = selected(info)
        watching = cast(
            "AsyncGenerator[dict[str, Any]]",
            watch_grid(info.context.actor, grid_code=grid_code),
        )
        # Closed here and now: left to the garbage collector, Redis would go on sending.
        async with aclosing(watching) as messages:
            async for message in messages:
                yield await _shaped(info, message, want)


async def _shaped(info: Info, message: dict[str, Any], want: Selection) -> Any:
    context: Context = info.context
    grids = await grids_by_code({message["grid_code"]}, want["grid"], context)
    place_id = message["place_id"]
    place = None
    if place_id and "place" in want:
        place = await place_row(info, want["place"], id=UUID(place_id))
    return {
        "kind": GridEventKind(message["kind"]),
        "at": datetime.fromisoformat(message["at"]),
        "grid": grids[message["grid_code"]],
        "place_code": message["place_code"],
        "place": place,
    }
