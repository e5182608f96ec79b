"""Scanning, issuing and revoking plates."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from citizen.scanning import actions_for, blocked, scan
from identity.actor import Permission
from management.access import access_place, access_plate
from management.models import PlateEndReason
from management.plates import issue_plates, revoke_plate
from management.reading import plate_by_id, plates_of_batch
from schema.access import PUBLIC, holds
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import row_id, row_ids
from schema.once import Requested, run_once
from schema.types.places import IssuedPlate, shape_issued_plate
from schema.types.plates import Plate, shape_plate


@root_type
class PlateQueries:
    """Plates."""

    @query(Plate | None, access=PUBLIC)
    async def plate(
        self,
        info: Info,
        token: Annotated[
            str, strawberry.argument(description="What stands after /q/ in the QR code.")
        ],
    ) -> dict[str, Any] | None:
        """What a scanned plate speaks for; `null` for a token that was never printed."""
        scanned = await scan(info.context.actor, token)
        if scanned is None:
            return None
        want = selected(info)
        actions = await actions_for(info.context.actor, scanned) if "actions" in want else []
        barred = "may_be_let" in want["credit"] and await blocked(scanned)
        return await shape_plate(scanned, actions, barred, want, info.context)


@gql_input
class IssuePlatesInput(Requested):
    """For what to issue plates."""

    place_id: strawberry.ID = given("The place.")
    for_place: bool = given("Whether the place itself gets a plate.", default=True)
    room_ids: list[strawberry.ID] | None = given(
        "Rooms that get one; empty for none, left out for every room.", default=None
    )
    reason: PlateEndReason = given(
        "Why plates that hang there are replaced.", default=PlateEndReason.OTHER
    )


@gql_input
class RevokePlateInput(Requested):
    """Which plate no longer speaks for its place."""

    plate_id: strawberry.ID = given("The plate, as `IssuedPlate.id`.")
    reason: PlateEndReason = given("Why.", default=PlateEndReason.OTHER)


@gql_type(access=PUBLIC)
class PlatesPayload:
    """The new plates."""

    plates: list[IssuedPlate] = attr("What was issued, the house first, then by room.", size=20)


@gql_type(access=PUBLIC)
class PlatePayload:
    """The plate."""

    plate: IssuedPlate = attr("The plate as it is now.")


@root_type
class PlateMutations:
    """Plates."""

    @mutation(PlatesPayload, access=holds(Permission.PLATES_MANAGE))
    async def issue_plates(
        self,
        info: Info,
        input: Annotated[IssuePlatesInput, strawberry.argument(description="For what.")],
    ) -> dict[str, Any]:
        """Issue QR plates for a place and its rooms; older ones are replaced."""
        room_ids = (
            None
            if input.room_ids is None
            else row_ids(input.room_ids, "Room", field="input.roomIds")
        )
        actor = info.context.actor
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        batch = await run_once(
            info,
            input,
            lambda: issue_plates(
                actor,
                place_id=place_id,
                for_place=input.for_place,
                room_ids=room_ids,
                reason=input.reason,
            ),
        )
        # A repeat does nothing, so the rights of now are asked for here.
        await access_place(actor, place_id=place_id, permission=Permission.PLATES_MANAGE)
        rows = await plates_of_batch(batch)
        return {"plates": [shape_issued_plate(row) for row in rows]}

    @mutation(PlatePayload, access=holds(Permission.PLATES_MANAGE))
    async def revoke_plate(
        self,
        info: Info,
        input: Annotated[RevokePlateInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Take a lost, stolen or wrongly hung plate out of use."""
        plate_id = row_id(input.plate_id, "IssuedPlate", field="input.plateId")
        actor = info.context.actor
        await run_once(
            info, input, lambda: revoke_plate(actor, plate_id=plate_id, reason=input.reason)
        )
        await access_plate(actor, plate_id=plate_id)  # for a repeat, as above
        return {"plate": shape_issued_plate(await plate_by_id(plate_id))}
