"""Places and their files: for staff, apps and who runs them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.datums import Datum, from_gcj02
from core.errors import InvalidInput, NotFound
from core.keyset import Page
from core.numbers import within
from core.text import clean
from identity.actor import Permission
from management.access import visible_places
from management.models import (
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
from schema.access import PUBLIC, holds, holds_or_account
from schema.connections import After, Before, First, Last, counted, wanted_nodes
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_input_named,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import optional_row_id, row_id
from schema.once import Requested, run_once, set_fields
from schema.selection import Selection
from schema.types.common import PointInput
from schema.types.places import Place, PlaceConnection, place_columns, shape_places


@gql_input_named("PlaceFilter")
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
            PlaceOrder | None, strawberry.argument(description="The order.")
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
        within(wanted.completeness_below, 0, 101, field="filter.completenessBelow")
        page = await list_places(
            context.actor,
            filter_by=wanted,
            order=order_by or PlaceOrder.NEWEST,
            page=Page.of(first, after, last, before),
            columns=place_columns(nodes),
        )
        await shape_places(page.rows, nodes, context)
        return await counted(page, want, lambda: count_places(context.actor, filter_by=wanted))

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
class FilePlaceInput(PlaceFields, Requested):
    """A new file (建档)."""

    name: str = given("Name.")
    kind: PlaceKind = given("Its kind.")
    grid_code: str | None = given("Its third-level grid; follows from the point.", default=None)
    credit_code: str | None = given("Unified social credit code of who runs it.", default=None)
    organisation_name: str | None = given("Name of a legal entity that is new.", default=None)
    planned: bool = given("Known before it opened: a guidance visit comes first.", default=False)


@gql_input
class UpdatePlaceInput(PlaceFields, Requested):
    """A change of a file."""

    place_id: strawberry.ID = given("The place.")
    expected_version: int = given("The version that you saw.")
    credit_code: str | None = given("Unified social credit code of who runs it.", default=None)
    organisation_name: str | None = given("Name of a legal entity that is new.", default=None)
    opened: bool = given("A planned place has opened: it is filed now.", default=False)
    photo_id: strawberry.ID | None = given(
        "A picture of it, uploaded for places by you or by who runs it.",
        default=strawberry.UNSET,
    )


@gql_input
class ClosePlaceInput(Requested):
    """The end of a place."""

    place_id: strawberry.ID = given("The place.")
    expected_version: int = given("The version that you saw.")
    demolished: bool = given("Demolished, not only closed: the code is retired.", default=False)


@gql_type(access=PUBLIC)
class PlacePayload:
    """The place."""

    place: Place = attr("The place as it is now.")


async def place_payload(info: Info, place_id: UUID) -> dict[str, Any]:
    """The payload with a place as it is now.

    Raises:
        NotFound: a repeat by somebody who may no longer see the place.
    """
    place = await place_row(info, selected(info)["place"], id=place_id)
    if place is None:
        raise NotFound
    return {"place": place}


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


def _photo(fields: UpdatePlaceInput) -> dict[str, UUID | None]:
    given = fields.photo_id
    if given is strawberry.UNSET:
        return {}
    return {"photo_id": optional_row_id(given, "Photo", field="input.photoId")}


def _organisation(fields: FilePlaceInput | UpdatePlaceInput) -> dict[str, str | None]:
    """Who runs the place as a legal entity.

    Raises:
        InvalidInput: a name without the code by which it is known.
    """
    code, name = fields.credit_code, fields.organisation_name
    if name is not None:
        name = clean(name, field="input.organisationName", longest=120)
        if not code:
            raise InvalidInput(
                field="input.creditCode",
                reason="EMPTY",
                zh="填写法人名称时须填写统一社会信用代码",
                en="A legal entity is known by its code: give that too",
            )
    return {"credit_code": code, "organisation_name": name}


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
                **_organisation(input),
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
                values={**file_values(input), **_photo(input)},
                **_organisation(input),
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
