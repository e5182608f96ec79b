"""Every part adds its things to the small town of the tests, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.schema.worlds import (
    declarations,
    hazard_work,
    hazards,
    my_data,
    people,
    tasks,
    tenants,
)

if TYPE_CHECKING:
    from tests.schema.support import World

_PARTS: tuple[Any, ...] = (people, declarations, hazards, hazard_work, tasks, my_data, tenants)
KINDS: dict[str, str] = {name: kind for part in _PARTS for name, kind in part.KINDS.items()}


async def furnish(world: World) -> None:
    """Add everything to both tenants."""
    for part in _PARTS:
        await part.furnish(world)
