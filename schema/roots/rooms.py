"""Rooms of houses, and the registered leases of both."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from identity.actor import Permission
from management.leases import record_lease
from management.models import RoomState
from management.reading import place_of_room
from management.rooms import NewRoom, add_rooms, update_room
from schema.access import holds
from schema.context import Info
from schema.fields import given, gql_input, mutation, root_type
from schema.ids import optional_row_id, row_id
from schema.once import Requested, run_once, set_fields
from schema.roots.places import PlacePayload, place_payload


@gql_input
class NewRoomInput:
    """A room to add."""

    number: str = given("Room number: digits, letters, hyphens.")
    floor: int | None = given("Storey.", default=None)
    area: Decimal | None = given("Usable area in m².", default=None)
    dormitory: bool = given("Whether it may be let by the bed.", default=False)
    escape_window: bool | None = given("A window opens at least 0.5 × 0.8 m.", default=None)
    rent: Decimal | None = given("Usual rent in yuan a month.", default=None)


@gql_input
class AddRoomsInput(Requested):
    """Rooms to add, all or none."""

    place_id: strawberry.ID = given("The house.")
    rooms: list[NewRoomInput] = given("1 to 200 rooms.")


@gql_input
class UpdateRoomInput(Requested):
    """A change of a room; what is left out stays as it is, `null` empties what may be empty."""

    room_id: strawberry.ID = given("The room.")
    floor: int | None = given("Storey.", default=strawberry.UNSET)
    area: Decimal | None = given("Usable area in m².", default=strawberry.UNSET)
    dormitory: bool | None = given(
        "Whether it may be let by the bed; never empty.", default=strawberry.UNSET
    )
    escape_window: bool | None = given(
        "A window opens at least 0.5 × 0.8 m.", default=strawberry.UNSET
    )
    rent: Decimal | None = given("Usual rent in yuan a month.", default=strawberry.UNSET)
    state: RoomState | None = given(
        "Whether it can be let; never empty. Out of use takes its listings back.",
        default=strawberry.UNSET,
    )


@gql_input
class RecordLeaseInput(Requested):
    """A registered lease (房屋租赁登记备案), as its papers say."""

    place_id: strawberry.ID = given("The house.")
    room_id: strawberry.ID | None = given("Its room; left out: the whole house.", default=None)
    number: str = given("Number of the registration, at most 40 characters; comes once only.")
    filed_on: date = given("Day of registration, not in the future.")
    until: date | None = given("Last day of the lease; left out: open.", default=None)


@root_type
class RoomMutations:
    """Rooms and leases."""

    @mutation(PlacePayload, access=holds(Permission.PLACES_WRITE))
    async def add_rooms(
        self,
        info: Info,
        input: Annotated[AddRoomsInput, strawberry.argument(description="The rooms.")],
    ) -> dict[str, Any]:
        """Add rooms to a rental house, all or none."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        await run_once(
            info,
            input,
            lambda: add_rooms(
                info.context.actor,
                place_id=place_id,
                rooms=[NewRoom(**vars(room)) for room in input.rooms],
            ),
        )
        return await place_payload(info, place_id)

    @mutation(PlacePayload, access=holds(Permission.PLACES_WRITE))
    async def update_room(
        self,
        info: Info,
        input: Annotated[UpdateRoomInput, strawberry.argument(description="The change.")],
    ) -> dict[str, Any]:
        """Change a room of a rental house; out of use, its listings are withdrawn at once."""
        room_id = row_id(input.room_id, "Room", field="input.roomId")
        values = set_fields(input, leave_out=frozenset({"request_id", "room_id"}))
        await run_once(
            info,
            input,
            lambda: update_room(info.context.actor, room_id=room_id, values=values),
        )
        return await place_payload(info, await place_of_room(room_id))

    @mutation(PlacePayload, access=holds(Permission.PLACES_WRITE))
    async def record_lease(
        self,
        info: Info,
        input: Annotated[RecordLeaseInput, strawberry.argument(description="The lease.")],
    ) -> dict[str, Any]:
        """Record the registered lease of a rental house or of one of its rooms."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        room_id = optional_row_id(input.room_id, "Room", field="input.roomId")
        await run_once(
            info,
            input,
            lambda: record_lease(
                info.context.actor,
                place_id=place_id,
                room_id=room_id,
                number=input.number,
                filed_on=input.filed_on,
                until=input.until,
            ),
        )
        return await place_payload(info, place_id)
