"""Blocks: why a place may not be let now. Written by what finds a danger, read by listings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from tortoise.expressions import Q

from core.clock import now
from core.errors import NotFound, WrongState
from core.events import emit
from core.text import clean
from core.work import current, work
from identity.actor import Actor, Permission
from management.access import access_place, in_scope, require_sign_in
from management.events import PlaceBlocked, PlaceUnblocked
from management.models import PlaceBlock, PlaceBlockKind

_CLOCKS_DIFFER = timedelta(seconds=5)


async def block_place(
    actor: Actor,
    *,
    place_id: UUID,
    kind: PlaceBlockKind = PlaceBlockKind.STAFF_DECISION,
    source: str | None = None,
    reason: str,
) -> PlaceBlock:
    """Bar a place from letting from now on; its listings are suspended in the same transaction.

    ``source`` names what the block follows from (``kind:id``); a decision of staff names itself.

    Raises:
        NotFound: absent, or out of the scope in which the actor may block.
        InvalidInput: no reason.
    """
    words = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        place = await access_place(
            actor, place_id=place_id, permission=Permission.PLACES_BLOCK, lock=True
        )
        block = PlaceBlock(place_id=place.id, kind=kind, reason=words, starts_at=now())
        block.source = source or f"block:{block.id}"
        await block.save(force_create=True)
        unit.note("blockPlace", "PLACE", place.id, block=block.id, kind=kind.value)
        await emit(PlaceBlocked(place_id=place.id, block_id=block.id))
    return block


async def end_block(actor: Actor, *, block_id: UUID) -> PlaceBlock:
    """Lift a block; listings come back when it was the last one in force.

    Raises:
        NotFound: absent or out of scope.
        WrongState: lifted already.
    """
    require_sign_in(actor)
    async with work(actor) as unit:
        seen = await PlaceBlock.filter(
            in_scope(actor, Permission.PLACES_BLOCK, "place__"), id=block_id
        ).first()
        if seen is None:
            raise NotFound
        # The place is locked first, as in block_place: one order of locks for both.
        await access_place(
            actor, place_id=seen.place_id, permission=Permission.PLACES_BLOCK, lock=True
        )
        block = await PlaceBlock.filter(id=block_id).select_for_update().get()
        if block.ends_at is not None:
            raise WrongState(reason="ENDED", zh="已经解除", en="It was lifted already")
        block.ends_at = max(now(), block.starts_at)  # clocks of two processes may differ
        await block.save(update_fields=["ends_at"])
        unit.note("endBlock", "PLACE", block.place_id, block=block.id)
        await emit(PlaceUnblocked(place_id=block.place_id, block_id=block.id))
    return block


async def impose(
    place_id: UUID, *, kind: PlaceBlockKind, source: str, reason: str = ""
) -> PlaceBlock | None:
    """Bar a locked place because of something else, in its unit of work.

    A block from the same source that holds already is left as it is (``None``).
    """
    same = PlaceBlock.filter(place_id=place_id, kind=kind, source=source, ends_at__isnull=True)
    if await same.exists():
        return None
    block = await PlaceBlock.create(
        place_id=place_id, kind=kind, source=source, reason=reason, starts_at=now()
    )
    current().note("blockPlace", "PLACE", place_id, block=block.id, kind=kind.value)
    await emit(PlaceBlocked(place_id=place_id, block_id=block.id))
    return block


async def lift(place_id: UUID, *, kind: PlaceBlockKind, source: str) -> PlaceBlock | None:
    """End what :func:`impose` began from this source, if it still holds; the place is locked."""
    held = PlaceBlock.filter(place_id=place_id, kind=kind, source=source, ends_at__isnull=True)
    block = await held.select_for_update().first()
    if block is None:
        return None
    block.ends_at = max(now(), block.starts_at)
    await block.save(update_fields=["ends_at"])
    current().note("endBlock", "PLACE", place_id, block=block.id)
    await emit(PlaceUnblocked(place_id=place_id, block_id=block.id))
    return block


def in_force() -> Q:
    """The condition for blocks that hold now.

    What another process wrote a moment ago counts also when its clock runs ahead of ours: else a
    new block would not hold yet, or a lifted one still.
    """
    moment = now() + _CLOCKS_DIFFER
    return Q(Q(ends_at__isnull=True) | Q(ends_at__gt=moment), starts_at__lte=moment)


async def kinds_in_force(place_ids: Collection[UUID]) -> dict[UUID, list[PlaceBlockKind]]:
    """Kinds of the blocks that hold now, by place; places without any are left out."""
    answer: dict[UUID, list[PlaceBlockKind]] = {}
    rows = (
        await PlaceBlock.filter(in_force(), place_id__in=list(place_ids))
        .order_by("starts_at")
        .values_list("place_id", "kind")
    )
    for place_id, kind in rows:
        answer.setdefault(place_id, []).append(PlaceBlockKind(kind))
    return answer
