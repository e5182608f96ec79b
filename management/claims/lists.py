"""Lists of claims: the wardens' queue and a landlord's own, each with their papers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.keyset import NOTHING, Order, Page, Slice, take
from identity.access import require
from identity.actor import Actor, ActorKind, Permission
from management.access import visible_claims, within
from management.claims.life import LIVE
from management.models import ClaimPhoto, ClaimState, PlaceClaim
from management.territory import grid_by_code
from media.photos import PHOTO_COLUMNS

# Ids follow the time at which they were made.
_OLDEST: Final = Order("claims", "id")
_NEWEST: Final = Order("own claims", "id", descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFilter:
    """What a list of claims is narrowed to; ``None`` leaves a point open."""

    state: ClaimState | None = ClaimState.PENDING
    grid_code: str | None = None


async def list_claims(
    actor: Actor, *, filter_by: ClaimFilter, page: Page, columns: Sequence[str]
) -> Slice:
    """Claims on the places where the actor decides, the oldest first."""
    return await take(await _narrowed(actor, filter_by), _OLDEST, page, columns)


async def count_claims(actor: Actor, *, filter_by: ClaimFilter) -> int:
    """How many claims the same filter matches."""
    return int(await (await _narrowed(actor, filter_by)).count())


async def _narrowed(actor: Actor, wanted: ClaimFilter) -> Any:
    require(actor, Permission.CLAIMS_DECIDE)
    claims = visible_claims(actor)
    if wanted.state is not None:
        claims = claims.filter(state=wanted.state)
    if wanted.grid_code is not None:
        grid = await grid_by_code(wanted.grid_code, field="filter.gridCode")
        claims = claims.filter(within(grid["path"], "place__"))
    return claims


async def own_claims(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """The actor's claims in whatever state, and those of their successors; the newest first."""
    if actor.kind is not ActorKind.ACCOUNT:
        return NOTHING
    return await take(visible_claims(actor), _NEWEST, page, columns)


async def count_own_claims(actor: Actor) -> int:
    """How many claims :func:`own_claims` has."""
    return await visible_claims(actor).count() if actor.kind is ActorKind.ACCOUNT else 0


async def papers_of(claim_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Pictures of papers by claim, in the claimant's order: one query for all.

    Columns of the picture begin with ``photo__``.
    """
    answer: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    rows = (
        await ClaimPhoto.filter(claim_id__in=list(claim_ids))
        .order_by("claim_id", "position")
        .values("claim_id", "paper", *(f"photo__{name}" for name in PHOTO_COLUMNS))
    )
    for row in rows:
        answer[row["claim_id"]].append(row)
    return answer


async def claims_at(place_id: UUID) -> list[PlaceClaim]:
    """Claims on a place that wait or are in force."""
    return await PlaceClaim.filter(place_id=place_id, state__in=LIVE)
