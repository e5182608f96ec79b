"""What the mutations of hazards answer: the hazard as it is then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from core.errors import NotFound
from management.models import Hazard as HazardRow
from schema.access import PUBLIC
from schema.context import Info
from schema.fields import attr, gql_type, selected
from schema.once import Requested, run_once
from schema.types.hazards import Hazard, hazard_columns, hazard_row, shape_hazards


@gql_type(access=PUBLIC)
class HazardStepPayload:
    """The hazard."""

    hazard: Hazard = attr("The hazard as it is now.")


async def step_payload(
    info: Info, given: Requested, act: Callable[[], Awaitable[HazardRow]], *, by_token: bool = False
) -> dict[str, Any]:
    """Take a step once, and answer the hazard.

    ``by_token``: the use case was shown the token of its anonymous reporter.

    Raises:
        NotFound: the actor does not see it (any more).
    """
    hazard_id = await run_once(info, given, act)
    want = selected(info)["hazard"]
    row = await (_of_token if by_token else hazard_row)(info, want, hazard_id)
    if row is None:
        raise NotFound
    return {"hazard": row}


async def _of_token(info: Info, want: Any, hazard_id: UUID) -> dict[str, Any] | None:
    found = await HazardRow.filter(id=hazard_id).values(*hazard_columns(want))
    rows = await shape_hazards(list(found), want, info.context, own=True)
    return rows[0] if rows else None
