"""Places that people follow, mostly their home: what concerns these, they want to hear."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from core.errors import Conflict, InvalidInput, NotFound
from core.work import work
from identity.actor import Actor, ActorKind
from identity.models import Account
from management.access import access_place, access_place_at_plate, require_sign_in
from management.models import Place
from management.rules import rules
from notifications.models import FollowedPlace

LARGEST_RADIUS: Final = 2000
"""Metres around a followed place; 0 is the place itself."""


async def follow_place(
    actor: Actor, *, plate_token: str | None = None, place_id: UUID | None = None, radius: int
) -> FollowedPlace:
    """Hear of alerts within ``radius`` metres of a place whose plate one stands before, or runs.

    A place that is followed already gets the new radius.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: no account; no such plate in use; no such place that the account runs.
        InvalidInput: neither plate nor place, or both; a radius out of range.
        Conflict: as many places are followed as may be.
        RateLimited: this address has asked for too many plates that don't exist.
    """
    account_id = _account(actor)
    _check(plate_token, place_id, radius)
    async with work(actor) as unit:
        place = await _place(actor, plate_token, place_id)
        # The account's row keeps two requests from both taking the last of the places.
        await Account.filter(id=account_id).select_for_update().only("id")
        followed = await FollowedPlace.get_or_none(account_id=account_id, place_id=place.id)
        if followed is not None:
            followed.radius = radius
            await followed.save(update_fields=["radius"])
        else:
            most = rules().followed_places
            if await FollowedPlace.filter(account_id=account_id).count() >= most:
                raise Conflict(
                    reason="TOO_MANY",
                    params={"maximum": most},
                    zh="最多关注 {maximum} 个场所",
                    en="{maximum} places can be followed at most",
                )
            followed = await FollowedPlace.create(
                account_id=account_id, place_id=place.id, radius=radius
            )
        unit.note("followPlace", "FOLLOWED_PLACE", followed.id)
    return followed


async def unfollow_place(actor: Actor, *, place_id: UUID) -> FollowedPlace:
    """Hear no longer of a place.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: it is not followed.
    """
    account_id = _account(actor)
    async with work(actor) as unit:
        followed = (
            await FollowedPlace.filter(account_id=account_id, place_id=place_id)
            .select_for_update()
            .first()
        )
        if followed is None:
            raise NotFound
        await FollowedPlace.filter(id=followed.id).delete()
        unit.note("unfollowPlace", "FOLLOWED_PLACE", followed.id)
    return followed


async def followed_places(actor: Actor) -> list[dict[str, Any]]:
    """The places that the actor follows, in the order in which they began to."""
    if actor.kind is not ActorKind.ACCOUNT:
        return []
    query = FollowedPlace.filter(account_id=actor.id).order_by("created_at", "id")
    return list(
        await query.values("place_id", "place__code", "place__name", "radius", "created_at")
    )


async def _place(actor: Actor, plate_token: str | None, place_id: UUID | None) -> Place:
    if plate_token is not None:
        return await access_place_at_plate(actor, token=plate_token)
    return await access_place(actor, place_id=place_id)


def _check(plate_token: str | None, place_id: UUID | None, radius: int) -> None:
    if (plate_token is None) == (place_id is None):
        raise InvalidInput(
            field="input.plateToken",
            reason="ONE_OF",
            zh="门牌和场所请二选一",
            en="Give either the plate or the place",
        )
    if not 0 <= radius <= LARGEST_RADIUS:
        raise InvalidInput(
            field="input.radius",
            reason="RANGE",
            params={"minimum": 0, "maximum": LARGEST_RADIUS},
            zh="半径应在 {minimum} 到 {maximum} 米之间",
            en="Between {minimum} and {maximum} metres",
        )


def _account(actor: Actor) -> UUID:
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    return actor.id
