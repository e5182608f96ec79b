"""Grids, and who is posted to them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.keyset import Page
from identity.access import access_post
from identity.actor import Permission, Role
from identity.models import DutyGroup
from identity.posts import end_post
from management.models import GridLevel
from management.posts import post_to_grid, posts_by_id
from management.territory import list_grids, set_office_phone, territory
from schema.access import PUBLIC, holds
from schema.connections import After, Connection, First, connection, wanted_nodes
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import optional_row_id, row_id
from schema.once import Requested, run_once
from schema.types.territory import Grid, GridPost, grids_by_code, shape_grids, shape_posts


@strawberry.type(name="GridConnection", description="One page of grids.")
class GridConnection(Connection[Grid]):
    """One page of grids."""


@root_type
class TerritoryQueries:
    """Grids."""

    @query(GridConnection, access=PUBLIC)
    async def grids(
        self,
        info: Info,
        level: Annotated[
            GridLevel | None, strawberry.argument(description="Only grids of this level.")
        ] = None,
        parent_code: Annotated[
            str | None, strawberry.argument(description="Only grids right beneath this one.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> dict[str, Any]:
        """Grids (网格) from the town down. Names and shapes are for everybody."""
        page = Page.of(first, after)
        found = await list_grids(level=level, parent_code=parent_code, page=page)
        want = selected(info)
        found.rows[:] = await shape_grids(found.rows, wanted_nodes(want), info.context)
        return connection(found, want)


@gql_input
class PostWardenInput(Requested):
    """Whom to post to which grid."""

    staff_id: strawberry.ID = given("The member of staff.")
    grid_code: str = given("The grid, of any level.")
    role: Role = given("As what.", default=Role.WARDEN)
    duty_group: DutyGroup | None = given("With which duty.", default=None)
    department_code: str | None = given("For departments and enforcement: which.", default=None)
    lead: bool = given("Whether they lead the grid (网格长).", default=False)
    deputy_of: strawberry.ID | None = given("The post they stand in for (AB岗).", default=None)
    starts_on: date | None = given("First day; today by default.", default=None)
    ends_on: date | None = given("The day from which it no longer holds.", default=None)


@gql_input
class EndPostInput(Requested):
    """Which post ends when."""

    post_id: strawberry.ID = given("The post.")
    ends_on: date | None = given("The day from which it no longer holds; today.", default=None)


@gql_input
class SetOfficePhoneInput(Requested):
    """The phone of a wardens' office."""

    grid_code: str = given("The grid that the office serves.")
    office_phone: str = given("Digits and hyphens; empty takes the number away.")


@gql_type(access=PUBLIC)
class GridPostPayload:
    """The post."""

    grid_post: GridPost = attr("The post as it is now.")


@gql_type(access=PUBLIC)
class GridPayload:
    """The grid."""

    grid: Grid = attr("The grid as it is now.")


@root_type
class TerritoryMutations:
    """Posts and offices."""

    @mutation(GridPostPayload, access=holds(Permission.POSTS_MANAGE))
    async def post_warden(
        self,
        info: Info,
        input: Annotated[PostWardenInput, strawberry.argument(description="The post.")],
    ) -> dict[str, Any]:
        """Post a member of staff to a grid (定格定人定责)."""
        post_id = await run_once(
            info,
            input,
            lambda: post_to_grid(
                info.context.actor,
                staff_id=row_id(input.staff_id, "StaffMember", field="input.staffId"),
                grid_code=input.grid_code,
                role=input.role,
                duty_group=input.duty_group,
                department_code=input.department_code,
                lead=input.lead,
                deputy_of=optional_row_id(input.deputy_of, "GridPost", field="input.deputyOf"),
                starts_on=input.starts_on,
                ends_on=input.ends_on,
            ),
        )
        return await _post_payload(info, post_id)

    @mutation(GridPostPayload, access=holds(Permission.POSTS_MANAGE))
    async def end_post(
        self,
        info: Info,
        input: Annotated[EndPostInput, strawberry.argument(description="The end.")],
    ) -> dict[str, Any]:
        """End a post."""
        post_id = row_id(input.post_id, "GridPost", field="input.postId")
        await run_once(
            info,
            input,
            lambda: end_post(info.context.actor, post_id=post_id, ends_on=input.ends_on),
        )
        return await _post_payload(info, post_id)

    @mutation(GridPayload, access=holds(Permission.POSTS_MANAGE))
    async def set_office_phone(
        self,
        info: Info,
        input: Annotated[SetOfficePhoneInput, strawberry.argument(description="The number.")],
    ) -> dict[str, Any]:
        """Set the number at which residents reach the wardens' office of a grid."""
        await run_once(
            info,
            input,
            lambda: set_office_phone(
                info.context.actor, grid_code=input.grid_code, phone=input.office_phone
            ),
        )
        want = selected(info)["grid"]
        return {
            "grid": (await grids_by_code({input.grid_code}, want, info.context))[input.grid_code]
        }


async def _post_payload(info: Info, post_id: UUID) -> dict[str, Any]:
    # A repeat does nothing, so the rights of now are asked for here.
    await access_post(info.context.actor, post_id=post_id, permission=Permission.POSTS_MANAGE)
    known = (await territory()).by_code
    rows = await posts_by_id([post_id])
    return {"grid_post": shape_posts(rows, known, info.context.language)[0]}
