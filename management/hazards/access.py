"""Who may see and change hazards: the only way to load them by id.

Staff and apps see those of their grids, an app also what it reported itself. Accounts see what
they reported or follow, and who runs a place what was found there once a warden has accepted it:
what may be a false report of a neighbour is not theirs to answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.database import fetch
from core.errors import InvalidInput, NotFound
from identity.actor import Actor, ActorKind, Permission
from management.access import count_plate_miss, in_scope, require_sign_in
from management.hazards.tokens import hash_of, is_token
from management.models import (
    ClaimState,
    Hazard,
    HazardFollower,
    HazardReport,
    HazardState,
    Place,
    PlaceClaim,
)

_NOTHING: Final = Q(id__isnull=True)
UNKNOWN_TO_LANDLORDS: Final = frozenset(
    {HazardState.REPORTED, HazardState.REJECTED, HazardState.DUPLICATE}
)
"""States in which who runs the place does not hear of a hazard."""


class Standing(NamedTuple):
    """What somebody is to a hazard."""

    reporter: bool = False
    follower: bool = False
    landlord: bool = False


class Located(Protocol):
    """A hazard, or as much of one as it takes."""

    @property
    def id(self) -> Any:
        """Its id."""

    @property
    def place_id(self) -> Any:
        """Where it is."""


def visible_hazards(
    actor: Actor, permission: Permission = Permission.HAZARDS_READ
) -> QuerySet[Hazard]:
    """The hazards that an actor may see; with another permission those on which they may act.

    Accounts hold no permissions: with another one there is nothing for them.
    """
    if actor.kind is ActorKind.ACCOUNT:
        return Hazard.filter(
            _of_account(actor) if permission is Permission.HAZARDS_READ else _NOTHING
        )
    condition = in_scope(actor, permission)
    if actor.kind is ActorKind.APP and permission is Permission.HAZARDS_READ:
        own = HazardReport.filter(app_id=actor.id).values("hazard_id")
        condition = Q(condition, Q(id__in=Subquery(own)), join_type=Q.OR)
    return Hazard.filter(condition)


def _of_account(actor: Actor) -> Q:
    reported = HazardReport.filter(account_id=actor.id).values("hazard_id")
    followed = HazardFollower.filter(account_id=actor.id).values("hazard_id")
    run = PlaceClaim.filter(account_id=actor.id, state=ClaimState.VERIFIED).values("place_id")
    at_home = Q(place_id__in=Subquery(run)) & Q(state__not_in=list(UNKNOWN_TO_LANDLORDS))
    return Q(Q(id__in=Subquery(reported)), Q(id__in=Subquery(followed)), at_home, join_type=Q.OR)


async def access_hazard(
    actor: Actor,
    *,
    hazard_id: UUID,
    permission: Permission = Permission.HAZARDS_READ,
    lock: bool = False,
) -> Hazard:
    """One hazard, for an actor who may see it, or holds the permission in its grid.

    ``lock``: its place and then it are locked, in this order; in a running unit of work.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not for the actor.
    """
    require_sign_in(actor)
    seen = await visible_hazards(actor, permission).filter(id=hazard_id).first()
    if seen is None:
        raise NotFound
    return await locked(seen) if lock else seen


async def access_hazard_by_token(actor: Actor, *, token: str, lock: bool = False) -> Hazard:
    """The hazard that somebody reported without a name, by the token they were given.

    Raises:
        NotFound: no such token.
        RateLimited: this address has asked for too many tokens that open nothing.
    """
    report = None
    if is_token(token):
        report = (
            await HazardReport.filter(token_hash=hash_of(token)).select_related("hazard").first()
        )
    if report is None:
        await count_plate_miss(actor)
        raise NotFound
    return await locked(report.hazard) if lock else report.hazard


def checked_token(token: str, *, field: str) -> str:
    """A token as it can be.

    Raises:
        InvalidInput: it can't be one.
    """
    if not is_token(token):
        raise InvalidInput(
            field=field, reason="TOKEN", zh="查询码不正确", en="That is not a follow-up token"
        )
    return token


async def locked(hazard: Hazard) -> Hazard:
    """The hazard as it is now, its place and then it locked. In a running unit of work."""
    if hazard.place_id is not None:
        await Place.filter(id=hazard.place_id).select_for_update().only("id").get()
    return await Hazard.filter(id=hazard.id).select_for_update().get()


async def standing(actor: Actor, hazard: Located) -> Standing:
    """What an actor is to a hazard: who reported it, who follows it, who runs its place."""
    return (await standings(actor, [(hazard.id, hazard.place_id)]))[hazard.id]


async def standings(
    actor: Actor, hazards: Collection[tuple[UUID, UUID | None]]
) -> Mapping[UUID, Standing]:
    """As :func:`standing`, for several (hazard, place), with one query."""
    if actor.kind is not ActorKind.ACCOUNT or not hazards:
        return {hazard_id: Standing() for hazard_id, _ in hazards}
    rows = await fetch(
        "SELECT h.id,"
        " EXISTS (SELECT 1 FROM hazard_report r WHERE r.hazard_id = h.id AND r.account_id = $2)"
        " AS reporter,"
        " EXISTS (SELECT 1 FROM hazard_follower f WHERE f.hazard_id = h.id AND f.account_id = $2)"
        " AS follower,"
        " EXISTS (SELECT 1 FROM place_claim c WHERE c.place_id = h.place_id"
        " AND c.account_id = $2 AND c.state = 'VERIFIED') AS landlord"
        " FROM hazard h WHERE h.id = ANY($1::uuid[])",
        [hazard_id for hazard_id, _ in hazards],
        actor.id,
    )
    return {row["id"]: Standing(row["reporter"], row["follower"], row["landlord"]) for row in rows}
