"""An urgent hazard bars its place from letting for as long as it is open and urgent."""

from __future__ import annotations

from typing import Final

from management.blocks import impose, lift
from management.models import Hazard, HazardSource, HazardState, PlaceBlockKind, Severity

FOUND_BY_STAFF: Final = frozenset(
    {HazardSource.WARDEN, HazardSource.SAMPLING, HazardSource.CROSS_CHECK}
)
"""What the town itself found needs no acceptance to be believed."""


def bars(hazard: Hazard) -> bool:
    """Whether the place of a hazard may not be let because of it."""
    believed = hazard.state is not HazardState.REPORTED or hazard.source in FOUND_BY_STAFF
    return hazard.open and hazard.severity is Severity.URGENT and believed


async def settle_block(hazard: Hazard) -> None:
    """Bar the place of a locked hazard, or lift that; the place is locked before the hazard."""
    if hazard.place_id is None:
        return
    source = f"hazard:{hazard.id}"
    if bars(hazard):
        await impose(hazard.place_id, kind=PlaceBlockKind.URGENT_HAZARD, source=source)
    else:
        await lift(hazard.place_id, kind=PlaceBlockKind.URGENT_HAZARD, source=source)
