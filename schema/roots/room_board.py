"""A house at a glance."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from landlord.room_board import room_board
from schema.access import ACCOUNT
from schema.context import Info
from schema.fields import query, root_type
from schema.ids import row_id
from schema.types.room_board import RoomBoard, shape_board


@root_type
class RoomBoardQueries:
    """Room boards."""

    @query(RoomBoard, access=ACCOUNT, cost=10)
    async def room_board(
        self,
        info: Info,
        place_id: Annotated[strawberry.ID, strawberry.argument(description="A house you run.")],
    ) -> dict[str, Any]:
        """The room board (房态图) of a house that you run: by floor, what is offered and asked."""
        board = await room_board(
            info.context.actor, place_id=row_id(place_id, "Place", field="placeId")
        )
        return shape_board(board)
