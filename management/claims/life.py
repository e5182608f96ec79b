"""The life of a claim as data, and the one way in which a claim changes its state.

Whoever changes claims holds the lock of their place: so what is checked here stays true until the
commit. The database holds the same rules (``place_claim_once``, ``place_claim_one_of_role``).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from core.clock import now
from core.errors import Conflict, InvalidInput, WrongState
from core.events import emit
from core.work import current
from identity.actor import Actor, ActorKind
from management.events import ClaimDropped, LandlordEnded
from management.models import ClaimEnd, ClaimRole, ClaimState, Lifecycle, Place, PlaceClaim

LIVE: Final = (ClaimState.PENDING, ClaimState.VERIFIED)

MOVES: Final[Mapping[ClaimState, frozenset[ClaimState]]] = MappingProxyType(
    {
        ClaimState.PENDING: frozenset({ClaimState.VERIFIED, ClaimState.REFUSED, ClaimState.ENDED}),
        ClaimState.VERIFIED: frozenset({ClaimState.ENDED}),
        ClaimState.REFUSED: frozenset(),
        ClaimState.ENDED: frozenset(),
    }
)


_CODES: Final = frozenset(ClaimEnd)


async def move(claim: PlaceClaim, to: ClaimState, *, by: Actor, reason: str = "") -> None:
    """Take a locked claim to another state.

    Raises:
        WrongState: there is no way from here to there.
    """
    if to not in MOVES[claim.state]:
        raise WrongState(reason=claim.state.value)
    claim.state, claim.reason, claim.decided_at = to, reason, now()
    claim.decided_by = by.id if by.kind is ActorKind.STAFF else None
    await claim.save(update_fields=["state", "reason", "decided_by", "decided_at"])


async def end(claim: PlaceClaim, *, by: Actor, reason: str = "") -> None:
    """End a locked claim, and with it those of who act for its holder.

    ``reason`` is a :class:`ClaimEnd`, or what a member of staff gave.

    Raises:
        WrongState: it has ended, or was refused.
    """
    in_force = claim.state is ClaimState.VERIFIED
    await move(claim, ClaimState.ENDED, by=by, reason=reason)
    told: dict[str, Any] = {"claim": claim.id}
    if reason in _CODES:
        told["because"] = str(reason)
    current().note(
        "endLandlord" if in_force else "withdrawClaim",
        "PLACE",
        claim.place_id,
        reason=None if "because" in told else reason or None,
        **told,
    )
    if in_force:
        await emit(LandlordEnded(claim_id=claim.id))
    else:
        await emit(ClaimDropped(claim_id=claim.id, place_id=claim.place_id))
    agents = PlaceClaim.filter(acts_for_id=claim.id, state__in=LIVE)
    for agent in await agents.order_by("id").select_for_update():
        await end(agent, by=by, reason=ClaimEnd.PRINCIPAL_ENDED)


async def holder(place_id: UUID, role: ClaimRole) -> PlaceClaim | None:
    """Who is known to run a place in this role, locked; there may be many agents, so no one is."""
    if role is ClaimRole.AGENT:
        return None
    held = PlaceClaim.filter(place_id=place_id, role=role, state=ClaimState.VERIFIED)
    return await held.select_for_update().first()


def require_in_use(place: Place) -> None:
    """Refuse a place that nobody can run any more.

    Raises:
        WrongState: it is closed or demolished.
    """
    if place.lifecycle in {Lifecycle.CLOSED, Lifecycle.DEMOLISHED}:
        raise WrongState(
            reason=place.lifecycle.value,
            zh="房屋已关停或拆除",
            en="The place is closed or demolished",
        )


async def require_no_claim(place_id: UUID, account_id: UUID) -> None:
    """Refuse an account that has a live claim on the place, in whatever role.

    Raises:
        Conflict: it has.
    """
    if await PlaceClaim.exists(place_id=place_id, account_id=account_id, state__in=LIVE):
        raise Conflict(
            reason="CLAIM_EXISTS", zh="已经登记过", en="The account has claimed this place already"
        )


def claimed(role: ClaimRole) -> Conflict:
    """The refusal of a claim on a place that somebody else runs in this role."""
    return Conflict(
        reason="CLAIMED",
        params={"role": role.value},
        zh="已有他人经核实管理此房屋；如果是您接手，请选择接管",
        en="Somebody else runs this place; ask to take it over if you have",
    )


async def principal(place_id: UUID, role: ClaimRole | None) -> PlaceClaim:
    """The verified claim for which an agent acts.

    Without a role it is the only one known, or the sub-landlord's, who has the use of the place.

    Raises:
        InvalidInput: nobody in this role is known, or agents can't act for this role.
    """
    roles = (ClaimRole.SUBLANDLORD, ClaimRole.OWNER) if role is None else (role,)
    for one in roles:
        found = await holder(place_id, one)
        if found is not None:
            return found
    raise InvalidInput(
        field="input.actsFor",
        reason="NO_PRINCIPAL",
        zh="代管人须由已核实的房东或二手房东委托；此房屋还没有",
        en="An agent acts for a verified owner or sub-landlord; this place has none",
    )
