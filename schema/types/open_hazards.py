"""How many hazards are open at a place: the public's count."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from management.hazards.public import count_open
from management.models import Severity
from schema.access import PUBLIC
from schema.fields import attr, gql_type


@gql_type(access=PUBLIC)
class OpenHazards:
    """Open hazards (未销号隐患) of a place by severity: as many as `publicHazards` lists there."""

    general: int = attr("General ones (一般).")
    serious: int = attr("Serious ones (较重).")
    urgent: int = attr("Urgent ones (紧急).")


async def open_hazards_of(place_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """For each of these places, ready for the schema: one query for all."""
    counts = await count_open(place_ids)
    return {
        place_id: {severity.value.lower(): found[severity] for severity in Severity}
        for place_id, found in counts.items()
    }
