"""Following a hazard instead of reporting it again, and what was reported twice.

A duplicate points at its original, and an original is no duplicate itself: a chain is one long.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.clock import now
from core.database import execute, fetch
from core.errors import InvalidInput, NotFound, RateLimited, WrongState
from core.ids import uuid7
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from identity.models import Account
from management.access import require_sign_in
from management.hazards.access import access_hazard
from management.hazards.loop import move, require
from management.models import (
    FollowReason,
    Hazard,
    HazardAction,
    HazardFollower,
    HazardState,
    Place,
)
from management.rules import rules

_INSERT: Final = (
    "INSERT INTO hazard_follower (id, hazard_id, account_id, why, created_at)"
    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hazard_id, account_id) DO NOTHING RETURNING id"
)


async def follow_hazard(actor: Actor, *, hazard_id: UUID) -> Hazard:
    """Hear of a hazard that somebody else reported. Again changes nothing.

    Of a duplicate the original is followed.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not an account, or no such hazard.
        WrongState: it is closed, or was rejected.
        RateLimited: the account follows too many.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    async with work(actor) as unit:
        hazard = await Hazard.get_or_none(id=hazard_id)
        if hazard is not None and hazard.duplicate_of_id is not None:
            hazard = await Hazard.get(id=hazard.duplicate_of_id)
        if hazard is None:
            raise NotFound
        if not hazard.open:
            raise WrongState(
                reason=hazard.state.value, zh="这个隐患已经结束", en="It is over already"
            )
        await _require_few(actor)
        new = await fetch(_INSERT, uuid7(), hazard.id, actor.id, FollowReason.FOLLOWS.value, now())
        if new:
            unit.note("followHazard", "HAZARD", hazard.id)
    return hazard


async def unfollow_hazard(actor: Actor, *, hazard_id: UUID) -> Hazard:
    """Hear no more of a hazard; also who reported it may want that, and stays its reporter.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: it is not followed.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    async with work(actor) as unit:
        followed = HazardFollower.filter(hazard_id=hazard_id, account_id=actor.id)
        if not await followed.delete():
            raise NotFound
        unit.note("unfollowHazard", "HAZARD", hazard_id)
        return await Hazard.get(id=hazard_id)


async def _require_few(actor: Actor) -> None:
    # One at a time for one account: the count holds until the commit.
    await Account.filter(id=actor.id).select_for_update().only("id").first()
    most = rules().hazards_followed
    others = HazardFollower.filter(account_id=actor.id, why=FollowReason.FOLLOWS, hazard__open=True)
    if await others.count() >= most:
        raise RateLimited(
            reason="FOLLOWED",
            params={"maximum": most},
            zh="最多同时关注 {maximum} 个隐患",
            en="You can follow {maximum} hazards at a time",
        )


async def mark_hazard_duplicate(actor: Actor, *, hazard_id: UUID, original_id: UUID) -> Hazard:
    """Say that a hazard is the same as another: who heard of it hears of that one from now on.

    Where the other is a duplicate itself, its original counts.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one of the two is not in the grids in which the actor accepts hazards.
        InvalidInput: a hazard is not its own duplicate.
        WrongState: it is no longer as reported; or the original is over.
    """
    async with work(actor):
        duplicate = await access_hazard(
            actor, hazard_id=hazard_id, permission=Permission.HAZARDS_ACCEPT
        )
        original = await access_hazard(
            actor, hazard_id=original_id, permission=Permission.HAZARDS_ACCEPT
        )
        root_id = original.duplicate_of_id or original.id
        if root_id == duplicate.id:
            raise InvalidInput(
                field="input.originalId",
                reason="SAME",
                zh="不能与自身重复",
                en="It is the same one",
            )
        duplicate, root = await _both(duplicate.id, root_id)
        require(duplicate, HazardAction.MARK_DUPLICATE, actor=actor)
        if root.state is HazardState.DUPLICATE or not root.open:
            raise WrongState(
                reason=root.state.value, zh="原隐患已经结束", en="The original is over already"
            )
        duplicate.duplicate_of_id = root.id
        await move(
            duplicate, HazardAction.MARK_DUPLICATE, by=actor, details={"original": str(root.id)}
        )
        await _tell_of_root(duplicate, root)
    return duplicate


async def _both(one_id: UUID, other_id: UUID) -> tuple[Hazard, Hazard]:
    """Two hazards, locked in one order, their places before them."""
    ids = sorted((one_id, other_id))
    seen = await Hazard.filter(id__in=ids).only("id", "place_id")
    places = sorted({hazard.place_id for hazard in seen if hazard.place_id is not None})
    if places:
        await Place.filter(id__in=places).order_by("id").select_for_update().only("id")
    found = {
        hazard.id: hazard
        for hazard in await Hazard.filter(id__in=ids).order_by("id").select_for_update()
    }
    return found[one_id], found[other_id]


async def _tell_of_root(duplicate: Hazard, root: Hazard) -> None:
    """Whoever heard of the duplicate hears of the original; its own duplicates point there too."""
    await execute(
        "INSERT INTO hazard_follower (id, hazard_id, account_id, why, created_at)"
        " SELECT gen_random_uuid(), $2, f.account_id, 'SAME_AS', $3 FROM hazard_follower f"
        " WHERE f.hazard_id = $1 ON CONFLICT (hazard_id, account_id) DO NOTHING",
        duplicate.id,
        root.id,
        now(),
    )
    await Hazard.filter(duplicate_of_id=duplicate.id).update(duplicate_of_id=root.id)
