"""Who lives in a house, and what its landlords still owe: lists for them and for staff."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.clock import today
from core.database import fetch
from core.keyset import Order, Page, Slice, take
from identity.actor import Actor, ActorKind, Permission
from management.access import access_place, in_scope, require_sign_in, within
from management.models import ClaimState, DutyState, PlaceClaim, Residence, TenantDuty
from management.people.residences import visible_residences
from management.territory import grid_by_code

_BY_ROOM: Final = Order("tenants", "room__number")
_DUE: Final = Order("tenant duties", "due_on")


async def list_tenants(
    actor: Actor, *, place_id: UUID, left: bool, page: Page, columns: Sequence[str]
) -> Slice:
    """Who lives in a house, by room; with ``left`` also who moved out in the last 30 days.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor does not run the house, or may not read about people there.
    """
    tenants = await _tenants(actor, place_id, left=left)
    return await take(tenants, _BY_ROOM, page, columns)


async def count_tenants(actor: Actor, *, place_id: UUID, left: bool) -> int:
    """How many :func:`list_tenants` has."""
    return await (await _tenants(actor, place_id, left=left)).count()


async def _tenants(actor: Actor, place_id: UUID, *, left: bool) -> QuerySet[Residence]:
    of_account = actor.kind is ActorKind.ACCOUNT
    needed = Permission.PLACES_READ if of_account else Permission.PEOPLE_READ
    place = await access_place(actor, place_id=place_id, permission=needed)
    found = visible_residences(actor).filter(place_id=place.id)
    return found if left else found.filter(current=True)


async def declarations_of(residence_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The latest declaration behind each residence (id, question_open): one query."""
    rows = await fetch(_LATEST, list(residence_ids))
    return {row["residence_id"]: row for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyFilter:
    """What a list of duties is narrowed to; ``None`` leaves a point open."""

    state: DutyState | None = DutyState.OPEN
    overdue: bool | None = None
    place_id: UUID | None = None
    grid_code: str | None = None


def visible_duties(actor: Actor) -> QuerySet[TenantDuty]:
    """Accounts: their own, and those of houses that they run. Staff: where they read of people."""
    if actor.kind is ActorKind.ACCOUNT:
        runs = PlaceClaim.filter(account_id=actor.id, state=ClaimState.VERIFIED).values("place_id")
        return TenantDuty.filter(Q(account_id=actor.id) | Q(place_id__in=Subquery(runs)))
    return TenantDuty.filter(in_scope(actor, Permission.PEOPLE_READ, "place__"))


async def list_duties(
    actor: Actor, *, filter_by: DutyFilter, page: Page, columns: Sequence[str]
) -> Slice:
    """Duties to register tenants that the actor may see, by their last day.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: not a grid of the town.
    """
    return await take(await _duties(actor, filter_by), _DUE, page, columns)


async def count_duties(actor: Actor, *, filter_by: DutyFilter) -> int:
    """How many duties the same filter matches."""
    return await (await _duties(actor, filter_by)).count()


async def _duties(actor: Actor, wanted: DutyFilter) -> QuerySet[TenantDuty]:
    require_sign_in(actor)
    duties = visible_duties(actor)
    if wanted.state is not None:
        duties = duties.filter(state=wanted.state)
    if wanted.overdue is not None:
        late = Q(state=DutyState.OPEN, due_on__lt=today())
        duties = duties.filter(late if wanted.overdue else ~late)
    if wanted.place_id is not None:
        duties = duties.filter(place_id=wanted.place_id)
    if wanted.grid_code is not None:
        grid = await grid_by_code(wanted.grid_code, field="filter.gridCode")
        duties = duties.filter(within(grid["path"], "place__"))
    return duties


_LATEST: Final = """
SELECT DISTINCT ON (residence_id) residence_id, id, question_open FROM declaration
WHERE residence_id = ANY($1::uuid[]) ORDER BY residence_id, id DESC
"""
