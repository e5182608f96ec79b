"""Lists of hazards (隐患): for staff, and for everybody."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from core.datums import from_gcj02
from core.errors import InvalidInput
from core.keyset import Page
from identity.actor import Permission
from management.hazards.lists import HazardFilter, HazardOrder, count_hazards, list_hazards
from management.hazards.public import (
    Box,
    Progress,
    PublicFilter,
    count_public_hazards,
    list_public_hazards,
)
from management.models import HazardState, Severity
from schema.access import PUBLIC, holds
from schema.connections import After, Before, First, Last, counted, wanted_nodes
from schema.context import Info
from schema.fields import given, gql_input, gql_input_named, query, root_type, selected
from schema.ids import optional_row_id
from schema.types.hazards import HazardConnection, hazard_columns, shape_hazards
from schema.types.public_hazards import (
    PublicHazardConnection,
    public_hazard_columns,
    shape_public_hazards,
)


@gql_input_named("HazardFilter")
class HazardFilterInput:
    """Narrows the staff's list of hazards."""

    grid_code: str | None = given("In this grid of any level.", default=None)
    place_id: strawberry.ID | None = given("At this place.", default=None)
    state: HazardState | None = given("Where they stand; else see `openOnly`.", default=None)
    severity: Severity | None = given("How bad they are.", default=None)
    category_code: str | None = given("What kind, such as `GAS_SMELL`.", default=None)
    overdue: bool | None = given(
        "Whether what they wait for should have been done by now.", default=None
    )
    open_only: bool = given(
        "Only those that are not closed, rejected or duplicates, unless `state` says otherwise.",
        default=True,
    )


@gql_input
class HazardBoxInput:
    """Part of the map."""

    west: float = given("Degrees east of its left edge, GCJ-02.")
    south: float = given("Degrees north of its lower edge.")
    east: float = given("Degrees east of its right edge.")
    north: float = given("Degrees north of its upper edge.")


@gql_input
class PublicHazardFilter:
    """Narrows the public list of hazards."""

    grid_code: str | None = given("In this grid of any level.", default=None)
    group: str | None = given("Of a group of kinds, such as `GAS_AND_FIRE`.", default=None)
    category_code: str | None = given("What kind.", default=None)
    severity: Severity | None = given("How bad they are.", default=None)
    progress: Progress | None = given(
        "How far they are: those being dealt with, unless said otherwise; `null`: all.",
        default=Progress.OPEN,
    )
    box: HazardBoxInput | None = given("In this part of the map.", default=None)


@root_type
class HazardQueries:
    """Lists of hazards (隐患)."""

    @query(HazardConnection, access=holds(Permission.HAZARDS_READ))
    async def hazards(
        self,
        info: Info,
        filter: Annotated[
            HazardFilterInput | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        order_by: Annotated[
            HazardOrder, strawberry.argument(description="In which order.")
        ] = HazardOrder.NEWEST,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Hazards of your grids (隐患列表); by deadline only those that have one."""
        actor, want = info.context.actor, selected(info)
        nodes = wanted_nodes(want)
        wanted = _filter(filter)
        page = await list_hazards(
            actor,
            filter_by=wanted,
            order=order_by,
            page=Page.of(first, after, last, before),
            columns=hazard_columns(nodes),
        )
        await shape_hazards(page.rows, nodes, info.context)
        return await counted(
            page, want, lambda: count_hazards(actor, filter_by=wanted, order=order_by)
        )

    @query(PublicHazardConnection, access=PUBLIC)
    async def public_hazards(
        self,
        info: Info,
        filter: Annotated[
            PublicHazardFilter | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Hazards that everybody may see (公开隐患), the newest first: no person, no reporter."""
        want = selected(info)
        nodes = wanted_nodes(want)
        wanted = _public_filter(filter)
        page = await list_public_hazards(
            filter_by=wanted,
            page=Page.of(first, after, last, before),
            columns=public_hazard_columns(nodes),
        )
        await shape_public_hazards(page.rows, nodes, info.context)
        return await counted(page, want, lambda: count_public_hazards(filter_by=wanted))


@root_type
class HazardMutations:
    """Hazards (隐患): what is done with them stands beside their reports and the work on them."""


def _filter(given: HazardFilterInput | None) -> HazardFilter:
    if given is None:
        return HazardFilter()
    values = {name: value for name, value in vars(given).items() if name != "place_id"}
    place_id = optional_row_id(given.place_id, "Place", field="filter.placeId")
    return HazardFilter(place_id=place_id, **values)


def _public_filter(given: PublicHazardFilter | None) -> PublicFilter:
    if given is None:
        return PublicFilter()
    values = {name: value for name, value in vars(given).items() if name != "box"}
    return PublicFilter(box=_box(given.box) if given.box else None, **values)


def _box(given: HazardBoxInput) -> Box:
    """The box in the degrees in which points are kept.

    Raises:
        InvalidInput: it is none.
    """
    if not (-180 <= given.west <= given.east <= 180 and -90 <= given.south <= given.north <= 90):
        raise InvalidInput(
            field="filter.box", reason="BOX", zh="地图范围不正确", en="That is no part of the map"
        )
    west, south = from_gcj02(given.west, given.south)
    east, north = from_gcj02(given.east, given.north)
    return Box(west=west, south=south, east=east, north=north)
