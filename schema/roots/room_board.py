"""A house at a glance."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from core.errors import InvalidInput
from landlord.batches import set_room_states
from landlord.room_board import room_board
from management.models import RoomState
from schema.access import ACCOUNT
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type
from schema.ids import row_id
from schema.once import Requested, run_once
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


@gql_input
class RoomStateInput:
    """How one room stands."""

    room_id: strawberry.ID = given("A room of the house.")
    state: RoomState = given("VACANT or LET.")


@gql_input
class SetRoomStatesInput(Requested):
    """How rooms of a house stand."""

    place_id: strawberry.ID = given("A house that you run.")
    items: list[RoomStateInput] = given("Up to 100 rooms, each once.")


@gql_type(access=ACCOUNT)
class RoomBoardPayload:
    """The room board."""

    board: RoomBoard = attr("The board as it is now.")


@root_type
class RoomBoardMutations:
    """Many rooms at once."""

    @mutation(RoomBoardPayload, access=ACCOUNT, cost=10)
    async def set_room_states(
        self,
        info: Info,
        input: Annotated[SetRoomStatesInput, strawberry.argument(description="Which rooms.")],
    ) -> dict[str, Any]:
        """Say which rooms are vacant (空置) and which are let (已出租): all of them or none.

        A refusal names each room at fault in `params.items`."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        states = {
            row_id(item.room_id, "Room", field="input.items"): item.state for item in input.items
        }
        if len(states) < len(input.items):
            raise InvalidInput(
                field="input.items", reason="TWICE", zh="房间重复", en="A room comes twice"
            )
        actor = info.context.actor
        await run_once(
            info, input, lambda: set_room_states(actor, place_id=place_id, states=states)
        )
        return {"board": shape_board(await room_board(actor, place_id=place_id))}
