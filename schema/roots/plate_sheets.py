"""Printing plates, and the log of those that were replaced."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from core.keyset import Page
from core.text import clean
from identity.actor import Permission
from management.models import PlateDoors, PlateEndReason
from management.plate_log import ReplacementFilter, list_replacements, names_of_staff
from management.plate_printing import PrintOrder, access_sheet, print_plates
from management.plate_sheets.sizes import PlateSize
from schema.access import holds
from schema.connections import After, Before, First, Last, connection, wanted_nodes
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
from schema.ids import optional_row_id, row_id, row_ids
from schema.once import Requested, run_once
from schema.types.plate_sheets import (
    PlateReplacementConnection,
    PlateSheet,
    shape_replacement,
    shape_sheet,
)

_MANAGERS = holds(Permission.PLATES_MANAGE)


@gql_input_named("PlateReplacementFilter")
class PlateReplacementFilterInput:
    """Narrows the log; what is left out stays open."""

    grid_code: str | None = given("Of places in this grid, of any level.", default=None)
    reasons: list[PlateEndReason] | None = given("For one of these reasons.", default=None)
    since: datetime | None = given("Out of use since then or later.", default=None)


@root_type
class PlateSheetQueries:
    """Sheets of plates."""

    @query(PlateSheet | None, access=_MANAGERS)
    async def plate_sheet(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> dict[str, Any]:
        """A sheet that was ordered, and how far it is."""
        sheet_id = row_id(id, "PlateSheet", field="id")
        return shape_sheet(
            await access_sheet(info.context.actor, sheet_id=sheet_id), selected(info)
        )

    @query(PlateReplacementConnection, access=_MANAGERS)
    async def plate_replacements(
        self,
        info: Info,
        filter: Annotated[
            PlateReplacementFilterInput | None,
            strawberry.argument(description="Narrows the log."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Plates replaced or taken out of use in your grids (更换记录), the newest first."""
        want = selected(info)
        wanted = ReplacementFilter(**vars(filter)) if filter else ReplacementFilter()
        if wanted.grid_code is not None:
            clean(wanted.grid_code, field="filter.gridCode", longest=40)
        page = await list_replacements(
            info.context.actor, filter_by=wanted, page=Page.of(first, after, last, before)
        )
        names = {}
        if "ended_by" in wanted_nodes(want):
            names = await names_of_staff({row["ended_by"] for row in page.rows} - {None})
        page.rows[:] = [shape_replacement(row, names) for row in page.rows]
        return connection(page, want)


@gql_input
class PrintPlatesInput(Requested):
    """What to print: plates of a grid, of places, or of a batch."""

    grid_code: str | None = given("Of all places in this grid, of any level.", default=None)
    place_ids: list[strawberry.ID] | None = given("Of these places.", default=None)
    batch: strawberry.ID | None = given("Issued together, as `IssuedPlate.batch`.", default=None)
    size: PlateSize = given("The size of the labels.")
    doors: PlateDoors = given("Of houses, of rooms, or of both.", default=PlateDoors.BOTH)
    only_unprinted: bool = given("Only those that were never printed.", default=False)
    issue_missing: bool = given("Doors without a plate get one first.", default=False)


@gql_type(access=_MANAGERS)
class PlateSheetPayload:
    """The sheet."""

    plate_sheet: PlateSheet = attr("The sheet as it is now.")


@root_type
class PlateSheetMutations:
    """Sheets of plates."""

    @mutation(PlateSheetPayload, access=_MANAGERS)
    async def print_plates(
        self,
        info: Info,
        input: Annotated[PrintPlatesInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Order a PDF of plates to print; `plateSheet` tells how far it is."""
        order = PrintOrder(
            grid_code=input.grid_code,
            place_ids=(
                None
                if input.place_ids is None
                else tuple(row_ids(input.place_ids, "Place", field="input.placeIds"))
            ),
            batch=optional_row_id(input.batch, "PlateBatch", field="input.batch"),
            size=input.size,
            doors=input.doors,
            only_unprinted=input.only_unprinted,
            issue_missing=input.issue_missing,
        )
        actor = info.context.actor
        sheet_id = await run_once(info, input, lambda: print_plates(actor, order))
        # A repeat orders nothing, so the rights of now are asked for here.
        sheet = await access_sheet(actor, sheet_id=sheet_id)
        return {"plate_sheet": shape_sheet(sheet, selected(info)["plate_sheet"])}
