"""Lists of residences: a person's own, and those of a grid for staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tortoise.queryset import QuerySet

from core.keyset import NOTHING, Order, Page, Slice, take
from identity.actor import Actor
from management.access import require_sign_in, within
from management.models import Residence, ResidenceCheck
from management.people.persons import own_person
from management.people.residences import visible_residences
from management.territory import grid_by_code

_OWN: Final = Order("own residences", "starts_on", descending=True)
_NEWEST: Final = Order("residences", "id", descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidenceFilter:
    """Narrows a list of residences; ``current`` None: ended ones too."""

    grid_code: str | None = None
    place_id: UUID | None = None
    check_state: ResidenceCheck | None = None
    current: bool | None = True


async def list_residences(
    actor: Actor, *, filter_by: ResidenceFilter, page: Page, columns: Sequence[str]
) -> Slice:
    """Residences that the actor may see, the newest first."""
    return await take(await _wanted(actor, filter_by), _NEWEST, page, columns)


async def count_residences(actor: Actor, *, filter_by: ResidenceFilter) -> int:
    """How many residences the same filter matches."""
    return await (await _wanted(actor, filter_by)).count()


async def own_residences(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """Where the person behind the account lives and lived, the latest first."""
    person = await own_person(actor)
    if person is None:
        return NOTHING
    return await take(Residence.filter(person_id=person.id), _OWN, page, columns)


async def count_own_residences(actor: Actor) -> int:
    """How many residences :func:`own_residences` has."""
    person = await own_person(actor)
    return await Residence.filter(person_id=person.id).count() if person else 0


async def _wanted(actor: Actor, wanted: ResidenceFilter) -> QuerySet[Residence]:
    require_sign_in(actor)
    found = visible_residences(actor)
    if wanted.grid_code is not None:
        grid = await grid_by_code(wanted.grid_code, field="filter.gridCode")
        found = found.filter(within(grid["path"], "place__"))
    if wanted.place_id is not None:
        found = found.filter(place_id=wanted.place_id)
    if wanted.check_state is not None:
        found = found.filter(check_state=wanted.check_state)
    if wanted.current is not None:
        found = found.filter(current=wanted.current)
    return found
