"""Landlords check their houses once a month."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.keyset import Page
from landlord.models import CheckResult
from landlord.self_checks import (
    Finding,
    check_of_item,
    fix_self_check_item,
    self_checks_of,
    submit_self_check,
)
from schema.access import ACCOUNT, PUBLIC
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import optional_row_id, row_id
from schema.once import Requested, run_once
from schema.types.self_checks import (
    OWN_OR_STAFF,
    SelfCheck,
    SelfCheckConnection,
    SelfCheckList,
    self_check_columns,
    self_check_list,
    self_check_row,
    shape_self_checks,
)


@root_type
class SelfCheckQueries:
    """Self-checks of houses."""

    @query(SelfCheckList, access=PUBLIC)
    async def self_check_list(self, info: Info) -> dict[str, Any]:
        """What a landlord looks at once a month (自查)."""
        return self_check_list(info.context.language)

    @query(SelfCheckConnection, access=OWN_OR_STAFF)
    async def self_checks(
        self,
        info: Info,
        place_id: Annotated[
            strawberry.ID,
            strawberry.argument(description="A house that you run, or of your grids."),
        ],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Self-checks (自查) of a house, the latest month first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await self_checks_of(
            info.context.actor,
            place_id=row_id(place_id, "Place", field="placeId"),
            page=Page.of(first, after, last, before),
            columns=self_check_columns(nodes),
        )
        await shape_self_checks(page.rows, nodes, info.context)
        return connection(page, want)


@gql_input
class SelfCheckItemInput:
    """What was found at one point."""

    point: str = given("Its code, as in `selfCheckList`.")
    result: CheckResult = given("What was found.")
    words: str = given("Up to 200 characters.", default="")
    photo_id: strawberry.ID | None = given(
        "A picture of yours of what was found; needed then.", default=None
    )
    fixed_photo_id: strawberry.ID | None = given(
        "A picture of yours of how it was put right; needed then.", default=None
    )


@gql_input
class SubmitSelfCheckInput(Requested):
    """This month's self-check of a house."""

    place_id: strawberry.ID = given("A house that you run.")
    items: list[SelfCheckItemInput] = given("Every point of the list, once.")


@gql_input
class FixSelfCheckItemInput(Requested):
    """What has been put right."""

    item_id: strawberry.ID = given("As `SelfCheckItem.id`.")
    photo_id: strawberry.ID = given("A picture of yours of how it is now.")


@gql_type(access=ACCOUNT)
class SelfCheckPayload:
    """The self-check."""

    self_check: SelfCheck = attr("The self-check as it is now.")


async def _payload(info: Info, check_id: UUID) -> dict[str, Any]:
    found = await self_check_row(info, selected(info)["self_check"], check_id)
    if found is None:
        raise NotFound
    return {"self_check": found}


@root_type
class SelfCheckMutations:
    """Self-checks of houses."""

    @mutation(SelfCheckPayload, access=ACCOUNT)
    async def submit_self_check(
        self,
        info: Info,
        input: Annotated[SubmitSelfCheckInput, strawberry.argument(description="The check.")],
    ) -> dict[str, Any]:
        """Record this month's self-check (自查) of a house that you run."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        items = [
            Finding(
                point=item.point,
                result=item.result,
                words=item.words,
                photo_id=optional_row_id(item.photo_id, "Photo", field="input.items"),
                fixed_photo_id=optional_row_id(item.fixed_photo_id, "Photo", field="input.items"),
            )
            for item in input.items
        ]
        check_id = await run_once(
            info,
            input,
            lambda: submit_self_check(info.context.actor, place_id=place_id, items=items),
        )
        return await _payload(info, check_id)

    @mutation(SelfCheckPayload, access=ACCOUNT)
    async def fix_self_check_item(
        self,
        info: Info,
        input: Annotated[FixSelfCheckItemInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Show that what you found has been put right."""
        item_id = row_id(input.item_id, "SelfCheckItem", field="input.itemId")
        photo_id = row_id(input.photo_id, "Photo", field="input.photoId")
        await run_once(
            info,
            input,
            lambda: fix_self_check_item(info.context.actor, item_id=item_id, photo_id=photo_id),
        )
        return await _payload(info, await check_of_item(item_id))
