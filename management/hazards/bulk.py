"""Many hazards at once: each is done or refused by itself, and a repeat finds the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tortoise.transactions import in_transaction

from core.errors import DomainError, InvalidInput, NotFound, WrongState
from core.ids import uuid7
from core.work import work
from identity.actor import Actor, Permission
from management.access import require_sign_in
from management.hazards.access import visible_hazards
from management.hazards.dispatching import Order, check_departments, check_order, dispatch
from management.hazards.holding import held
from management.hazards.loop import move, require
from management.hazards.rechecking import let_pass
from management.hazards.stepping import allowed, cleaned
from management.models import Hazard, HazardAction, HazardStep, Place

MOST: Final = 50
_NEEDED: Final = {
    HazardAction.ACCEPT: Permission.HAZARDS_ACCEPT,
    HazardAction.DISPATCH: Permission.HAZARDS_DISPATCH,
    HazardAction.PASS: Permission.HAZARDS_RECHECK,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """One run: the steps it took carry its id."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one hazard of a batch: taken, or why not."""

    hazard_id: UUID
    refusal: DomainError | None


async def accept_hazards(actor: Actor, *, hazard_ids: Sequence[UUID]) -> Batch:
    """Accept several reports.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor accepts nothing anywhere, or sees none of them.
        InvalidInput: none, more than 50, one twice.
    """

    async def take(hazard_id: UUID, batch: str) -> None:
        hazard = await allowed(actor, HazardAction.ACCEPT, hazard_id=hazard_id)
        await move(hazard, HazardAction.ACCEPT, by=actor, details={"batch": batch})

    return await _each(actor, HazardAction.ACCEPT, hazard_ids, take)


async def dispatch_hazards(actor: Actor, *, hazard_ids: Sequence[UUID], order: Order) -> Batch:
    """Dispatch several accepted hazards alike.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor dispatches nothing anywhere, or sees none of them.
        InvalidInput: none, more than 50, one twice; an order that can't be.
    """
    check_order(order)
    await check_departments(order)
    words = cleaned(order.words, HazardAction.DISPATCH)

    async def take(hazard_id: UUID, batch: str) -> None:
        hazard = await allowed(actor, HazardAction.DISPATCH, hazard_id=hazard_id)
        await dispatch(actor, hazard, order, words=words, batch=batch)

    return await _each(actor, HazardAction.DISPATCH, hazard_ids, take)


async def pass_hazards(actor: Actor, *, hazard_ids: Sequence[UUID]) -> Batch:
    """Pass several hazards that were submitted.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor rechecks nothing anywhere, or sees none of them.
        InvalidInput: none, more than 50, one twice.
    """

    async def take(hazard_id: UUID, batch: str) -> None:
        hazard = await allowed(actor, HazardAction.PASS, hazard_id=hazard_id)
        await let_pass(actor, hazard, batch=batch)

    return await _each(actor, HazardAction.PASS, hazard_ids, take)


async def outcomes(
    actor: Actor, batch_id: UUID, action: HazardAction, hazard_ids: Sequence[UUID]
) -> list[Outcome]:
    """What became of each hazard of a batch, in the order given: read from the steps it took.

    Why one was not taken is said as it stands now, so that a repeat says it as well.
    """
    steps = HazardStep.filter(
        hazard_id__in=list(hazard_ids), action=action, details__contains={"batch": str(batch_id)}
    )
    taken = set(await steps.values_list("hazard_id", flat=True))
    seen = {row.id: row for row in await visible_hazards(actor).filter(id__in=list(hazard_ids))}
    holds = await held(actor, list(seen))
    return [
        Outcome(
            hazard_id,
            None if hazard_id in taken else _why(actor, action, seen.get(hazard_id), holds),
        )
        for hazard_id in hazard_ids
    ]


def _why(
    actor: Actor, action: HazardAction, hazard: Hazard | None, holds: set[UUID]
) -> DomainError:
    if hazard is None:
        return NotFound()
    try:
        require(hazard, action, actor=actor, holds=hazard.id in holds)
    except DomainError as refusal:
        return refusal
    return WrongState(
        reason="NOT_TAKEN", zh="未能处理，请单独办理", en="It was not possible; try it by itself"
    )


async def _each(
    actor: Actor,
    action: HazardAction,
    hazard_ids: Sequence[UUID],
    take: Callable[[UUID, str], Awaitable[None]],
) -> Batch:
    require_sign_in(actor)
    if not actor.paths(_NEEDED[action]):
        raise NotFound
    _check(hazard_ids)
    batch = Batch(uuid7())
    async with work(actor):
        if not await visible_hazards(actor).filter(id__in=list(hazard_ids)).exists():
            raise NotFound
        await _lock_places(actor, hazard_ids)
        for hazard_id in sorted(hazard_ids):
            try:
                async with in_transaction():
                    await take(hazard_id, str(batch.id))
            except DomainError:
                continue  # :func:`outcomes` says why
    return batch


async def _lock_places(actor: Actor, hazard_ids: Sequence[UUID]) -> None:
    """All places first, in one order: two batches wait for each other, and never for ever."""
    seen = visible_hazards(actor).filter(id__in=list(hazard_ids), place_id__isnull=False)
    places = set(await seen.values_list("place_id", flat=True))
    if places:
        await Place.filter(id__in=list(places)).order_by("id").select_for_update().only("id")


def _check(hazard_ids: Sequence[UUID]) -> None:
    field = "input.hazardIds"
    if not 1 <= len(hazard_ids) <= MOST:
        raise InvalidInput(
            field=field,
            reason="COUNT",
            params={"maximum": MOST},
            zh="一次可处理 1 到 {maximum} 条",
            en="1 to {maximum} at a time",
        )
    if len(set(hazard_ids)) != len(hazard_ids):
        raise InvalidInput(field=field, reason="TWICE", zh="有重复的项", en="One comes twice")
