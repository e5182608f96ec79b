"""Places and their files: for staff, apps and who runs them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.datums import Datum, from_gcj02
from core.keyset import Page
from core.text import clean
from identity.actor import Permission
from management.access import access_place, visible_places
from management.blocks import block_place, end_block
from management.claims import assign_landlord, end_landlord
from management.contacts import contact_of, reveal_contact
from management.models import (
    ClaimRole,
    EBikeCharging,
    Lifecycle,
    PlaceKind,
    RiskClass,
)
from management.places import (
    PlaceFilter,
    PlaceOrder,
    close_place,
    count_places,
    file_place,
    list_places,
    update_place,
)
from management.reading import place_of_block, place_of_claim
from management.rooms import NewRoom, add_rooms
from schema.access import PUBLIC, holds, holds_or_account
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import row_id
from schema.once import run_once, set_fields
from schema.selection import Selection
from schema.types.common import PointInput
from schema.types.places import Place, PlaceConnection, place_columns, shape_places


@gql_input
class PlaceFilterInput:
    """Narrows a list of places; what is left out stays open."""

    grid_code: str | None = given("In this grid, of any level.", default=None)
    kinds: list[PlaceKind] | None = given("Of one of these kinds.", default=None)
    risk_classes: list[RiskClass] | None = given("In one of these risk classes.", default=None)
    lifecycles: list[Lifecycle] | None = given("In one of these states of life.", default=None)
    completeness_below: int | None = given("With a file less complete, percent.", default=None)
    code: str | None = given("With this place code.", default=None)


@root_type
class PlaceQueries:
    """Places."""

    @query(PlaceConnection, access=holds_or_account(Permission.PLACES_READ))
    async def places(
        self,
        info: Info,
        filter: Annotated[
            PlaceFilterInput | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        order_by: Annotated[
            PlaceOrder, strawberry.argument(description="The order.")
        ] = PlaceOrder.NEWEST,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Places (列管对象): staff and apps see those of their grids, accounts those they run."""
        context, want = info.context, selected(info)
        nodes = wanted_nodes(want)
        wanted = PlaceFilter(**vars(filter)) if filter else PlaceFilter()
        page = await list_places(
            context.actor,
            filter_by=wanted,
            order=order_by,
            page=Page.of(first, after, last, before),
            columns=place_columns(nodes),
        )
        await shape_places(page.rows, nodes, context)
        if "total_count" not in want:
            return connection(page)
        return connection(page, total_count=await count_places(context.actor, filter_by=wanted))

    @query(Place | None, access=holds_or_account(Permission.PLACES_READ))
    async def place(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description="The place code.")],
    ) -> dict[str, Any] | None:
        """One place by its code; `null` when there is none that you may see."""
        clean(code, field="code", longest=24)
        return await place_row(info, selected(info), code=code)


async def place_row(info: Info, want: Selection, **which: Any) -> dict[str, Any] | None:
    """One place that the actor may see, ready for the schema."""
    rows = await visible_places(info.context.actor).filter(**which).values(*place_columns(want))
    shaped = await shape_places(list(rows), want, info.context)
    return shaped[0] if shaped else None


@gql_input
class PlaceFields:
    """Fields of a file; what is left out stays as it is, `null` empties."""

    name: str | None = given("Name.", default=strawberry.UNSET)
    street: str | None = given("Road or village lane.", default=strawberry.UNSET)
    door_number: str | None = given("Number, building, unit.", default=strawberry.UNSET)
    point: PointInput | None = given("Where it is.", default=strawberry.UNSET)
    floors: int | None = given("Storeys.", default=strawberry.UNSET)
    area: Decimal | None = given(
        "m²: of a shop in all, of a house or workshop per floor.", default=strawberry.UNSET
    )
    operator_name: str | None = given("Trade name, or who runs it.", default=strawberry.UNSET)
    contact_name: str | None = given("Whom to call; kept encrypted.", default=strawberry.UNSET)
    contact_phone: str | None = given("Their phone; kept encrypted.", default=strawberry.UNSET)
    staircases: int | None = given("Staircases.", default=strawberry.UNSET)
    exits: int | None = given("Exits.", default=strawberry.UNSET)
    extinguishers: int | None = given("Fire extinguishers.", default=strawberry.UNSET)
    e_bike_charging: EBikeCharging | None = given(
        "Where e-bikes are charged.", default=strawberry.UNSET
    )
    gas_bottles: int | None = given("Gas bottles.", default=strawberry.UNSET)
    wiring_year: int | None = given("Year the wiring was installed.", default=strawberry.UNSET)


@gql_input
class FilePlaceInput(PlaceFields):
    """A new file (建档)."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    kind: PlaceKind = given("Its kind.")
    grid_code: str | None = given("Its third-level grid; follows from the point.", default=None)
    credit_code: str | None = given("Unified social credit code of who runs it.", default=None)
    organisation_name: str | None = given("Name of a legal entity that is new.", default=None)
    planned: bool = given("Known before it opened: a guidance visit comes first.", default=False)


@gql_input
class UpdatePlaceInput(PlaceFields):
    """A change of a file."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    place_id: strawberry.ID = given("The place.")
    expected_version: int = given("The version that you saw.")
    credit_code: str | None = given("Unified social credit code of who runs it.", default=None)
    organisation_name: str | None = given("Name of a legal entity that is new.", default=None)
    opened: bool = given("A planned place has opened: it is filed now.", default=False)


@gql_input
class ClosePlaceInput:
    """The end of a place."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    place_id: strawberry.ID = given("The place.")
    expected_version: int = given("The version that you saw.")
    demolished: bool = given("Demolished, not only closed: the code is retired.", default=False)


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
class AddRoomsInput:
    """Rooms to add, all or none."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    place_id: strawberry.ID = given("The house.")
    rooms: list[NewRoomInput] = given("1 to 200 rooms.")


@gql_input
class AssignLandlordInput:
    """Who runs a place."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    place_id: strawberry.ID = given("The place.")
    phone: str = given("Mobile number with which they sign in.")
    role: ClaimRole = given("As what they run it.")


@gql_input
class EndLandlordInput:
    """Who no longer runs a place."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    operator_id: strawberry.ID = given("As `Operator.id`.")


@gql_input
class BlockPlaceInput:
    """Why a place may not be let."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    place_id: strawberry.ID = given("The place.")
    reason: str = given("The reason, which its operator will read.")


@gql_input
class EndBlockInput:
    """Which block is lifted."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    block_id: strawberry.ID = given("As `PlaceBlock.id`.")


@gql_input
class RevealPlaceContactInput:
    """Whose contact to see, and why."""

    request_id: UUID = given("A new random id; the same again repeats nothing.")
    place_id: strawberry.ID = given("The place.")
    reason: str = given("Why: it goes on record.")


@gql_type(access=PUBLIC)
class PlacePayload:
    """The place."""

    place: Place = attr("The place as it is now.")


@gql_type(access=holds(Permission.PLACES_CONTACT))
class ContactPayload:
    """A contact in clear."""

    name: str | None = attr("Whom to call.")
    phone: str | None = attr("Their phone.")


async def place_payload(info: Info, place_id: UUID) -> dict[str, Any]:
    """The payload with a place as it is now."""
    return {"place": await place_row(info, selected(info)["place"], id=place_id)}


def file_values(fields: PlaceFields) -> dict[str, Any]:
    """The fields of the file that the caller set, the point as CGCS2000."""
    names = {name for name in PlaceFields.__annotations__ if name != "point"}
    values = {name: value for name, value in set_fields(fields).items() if name in names}
    point = fields.point
    if point is strawberry.UNSET:
        return values
    if point is None:
        return {**values, "longitude": None, "latitude": None}
    longitude, latitude = point.longitude, point.latitude
    if point.datum is Datum.GCJ02:
        longitude, latitude = from_gcj02(longitude, latitude)
    return {**values, "longitude": longitude, "latitude": latitude}


@root_type
class PlaceMutations:
    """Places."""

    @mutation(PlacePayload, access=holds(Permission.PLACES_WRITE))
    async def file_place(
        self,
        info: Info,
        input: Annotated[FilePlaceInput, strawberry.argument(description="The file.")],
    ) -> dict[str, Any]:
        """Open the file of a place (建档)."""
        place_id = await run_once(
            info,
            input,
            lambda: file_place(
                info.context.actor,
                kind=input.kind,
                values=file_values(input),
                grid_code=input.grid_code,
                credit_code=input.credit_code,
                organisation_name=input.organisation_name,
                planned=input.planned,
            ),
        )
        return await place_payload(info, place_id)

    @mutation(PlacePayload, access=holds(Permission.PLACES_WRITE))
    async def update_place(
        self,
        info: Info,
        input: Annotated[UpdatePlaceInput, strawberry.argument(description="The change.")],
    ) -> dict[str, Any]:
        """Change the file of a place."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        await run_once(
            info,
            input,
            lambda: update_place(
                info.context.actor,
                place_id=place_id,
                expected_version=input.expected_version,
                values=file_values(input),
                credit_code=input.credit_code,
                organisation_name=input.organisation_name,
                opened=input.opened,
            ),
        )
        return await place_payload(info, place_id)

    @mutation(PlacePayload, access=holds(Permission.PLACES_WRITE))
    async def close_place(
        self,
        info: Info,
        input: Annotated[ClosePlaceInput, strawberry.argument(description="The end.")],
    ) -> dict[str, Any]:
        """Close a place, or note that it was demolished."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        await run_once(
            info,
            input,
            lambda: close_place(
                info.context.actor,
                place_id=place_id,
                expected_version=input.expected_version,
                demolished=input.demolished,
            ),
        )
        return await place_payload(info, place_id)

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

    @mutation(PlacePayload, access=holds(Permission.CLAIMS_DECIDE))
    async def assign_landlord(
        self,
        info: Info,
        input: Annotated[AssignLandlordInput, strawberry.argument(description="Who.")],
    ) -> dict[str, Any]:
        """Note who runs a place, after seeing the papers."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        await run_once(
            info,
            input,
            lambda: assign_landlord(
                info.context.actor, place_id=place_id, phone=input.phone, role=input.role
            ),
        )
        return await place_payload(info, place_id)

    @mutation(PlacePayload, access=holds(Permission.CLAIMS_DECIDE))
    async def end_landlord(
        self,
        info: Info,
        input: Annotated[EndLandlordInput, strawberry.argument(description="Who.")],
    ) -> dict[str, Any]:
        """Note that somebody no longer runs a place; what they offer there is withdrawn."""
        claim_id = row_id(input.operator_id, "Operator", field="input.operatorId")
        await run_once(info, input, lambda: end_landlord(info.context.actor, claim_id=claim_id))
        return await place_payload(info, await place_of_claim(claim_id))

    @mutation(PlacePayload, access=holds(Permission.PLACES_BLOCK))
    async def block_place(
        self,
        info: Info,
        input: Annotated[BlockPlaceInput, strawberry.argument(description="Why.")],
    ) -> dict[str, Any]:
        """Bar a place from letting; its listings are suspended at once."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        await run_once(
            info,
            input,
            lambda: block_place(info.context.actor, place_id=place_id, reason=input.reason),
        )
        return await place_payload(info, place_id)

    @mutation(PlacePayload, access=holds(Permission.PLACES_BLOCK))
    async def end_block(
        self,
        info: Info,
        input: Annotated[EndBlockInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Lift a block; suspended listings return when it was the last in force."""
        block_id = row_id(input.block_id, "PlaceBlock", field="input.blockId")
        await run_once(info, input, lambda: end_block(info.context.actor, block_id=block_id))
        return await place_payload(info, await place_of_block(block_id))

    @mutation(ContactPayload, access=holds(Permission.PLACES_CONTACT))
    async def reveal_place_contact(
        self,
        info: Info,
        input: Annotated[RevealPlaceContactInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """The contact of a place in clear. Your reading and its reason go on record."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        actor = info.context.actor
        await run_once(
            info,
            input,
            lambda: reveal_contact(actor, place_id=place_id, reason=input.reason),
        )
        place = await access_place(actor, place_id=place_id, permission=Permission.PLACES_CONTACT)
        contact = contact_of(place)
        return {"name": contact.name, "phone": contact.phone}
