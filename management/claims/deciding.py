"""What staff do about who runs a house: decide claims, note a landlord, note an end."""

from __future__ import annotations

from uuid import UUID

from core.clock import now, today
from core.errors import WrongState
from core.events import emit
from core.text import clean
from core.work import current, work
from identity.actor import Actor, ActorKind, Permission
from identity.phone_sign_in import account_for_phone, mobile_number
from management.access import access_claim, access_place
from management.claims.life import (
    claimed,
    end,
    holder,
    move,
    principal,
    require_in_use,
    require_no_claim,
)
from management.events import ClaimDecided, HouseHandedOver, LandlordAssigned
from management.models import ClaimEnd, ClaimRole, ClaimState, Place, PlaceClaim


async def decide_claim(
    actor: Actor, *, claim_id: UUID, verify: bool, reason: str = ""
) -> PlaceClaim:
    """Verify a claim, or refuse it with a reason that the claimant will read.

    Verifying one that takes over ends the claim of who ran the place and of those who act for
    them, and hands the house over in the same transaction. When that claim has ended meanwhile,
    the house is handed over all the same.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the scope in which the actor decides.
        InvalidInput: refused without a reason.
        WrongState: decided or withdrawn already; the place is closed; the head lease is over.
        Conflict: ``CLAIMED``: by now somebody else is known in this role.
    """
    words = clean(reason, field="input.reason", longest=200, shortest=0 if verify else 2)
    async with work(actor) as unit:
        claim = await access_claim(actor, claim_id=claim_id, kind=ActorKind.STAFF)
        if claim.state is not ClaimState.PENDING:
            raise WrongState(
                reason=claim.state.value, zh="已经处理过", en="It has been decided already"
            )
        unit.note("decideClaim", "PLACE", claim.place_id, claim=claim.id, verified=verify)
        if verify:
            await _verify(actor, claim)
        else:
            await move(claim, ClaimState.REFUSED, by=actor, reason=words)
        await emit(ClaimDecided(claim_id=claim.id, place_id=claim.place_id))
    return claim


async def _verify(actor: Actor, claim: PlaceClaim) -> None:
    require_in_use(await Place.get(id=claim.place_id))
    if claim.lease_until is not None and claim.lease_until < today():
        raise WrongState(reason="LEASE_OVER", zh="承租期已满", en="The head lease is over")
    held = await holder(claim.place_id, claim.role)
    if held is not None and held.id != claim.takes_over_id:
        raise claimed(claim.role)
    if held is not None:
        await end(held, by=actor, reason=ClaimEnd.TAKEN_OVER)
    await move(claim, ClaimState.VERIFIED, by=actor)
    await emit(LandlordAssigned(claim_id=claim.id))
    if claim.takes_over_id is None:
        return
    former = held or await PlaceClaim.get(id=claim.takes_over_id)
    current().note(
        "handOverPlace", "PLACE", claim.place_id, from_claim=former.id, to_claim=claim.id
    )
    await emit(
        HouseHandedOver(
            place_id=claim.place_id,
            from_account_id=former.account_id,
            to_account_id=claim.account_id,
            from_claim_id=former.id,
            to_claim_id=claim.id,
        )
    )


async def assign_landlord(
    actor: Actor, *, place_id: UUID, phone: str, role: ClaimRole
) -> PlaceClaim:
    """Note that somebody runs a place, after a member of staff has seen the papers.

    The landlord's account is made when the number has none: it waits for the first sign-in. An
    agent acts for the sub-landlord, or for the owner where there is none.

    Raises:
        InvalidInput: not a mobile number; an agent where nobody is known for whom to act.
        NotFound: the place is out of scope.
        Conflict: the account is known to run the place already, or somebody else in this role.
        WrongState: the place is closed.
    """
    number = mobile_number(phone)
    async with work(actor) as unit:
        place = await access_place(
            actor, place_id=place_id, permission=Permission.CLAIMS_DECIDE, lock=True
        )
        require_in_use(place)
        held = await holder(place.id, role)
        behind = await principal(place.id, None) if role is ClaimRole.AGENT else None
        account = await account_for_phone(number)
        await require_no_claim(place.id, account.id)
        if held is not None:
            raise claimed(role)
        claim = await PlaceClaim.create(
            place_id=place.id,
            account_id=account.id,
            role=role,
            state=ClaimState.VERIFIED,
            acts_for_id=behind.id if behind else None,
            decided_by=actor.id,
            decided_at=now(),
        )
        unit.note("assignLandlord", "PLACE", place.id, claim=claim.id, role=role.value)
        await emit(LandlordAssigned(claim_id=claim.id))
    return claim


async def end_landlord(actor: Actor, *, claim_id: UUID, reason: str = "") -> PlaceClaim:
    """Note that somebody no longer runs a place; what they put up there is withdrawn.

    ``reason`` is read by who ran it.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent or out of scope.
        WrongState: not in force.
    """
    words = clean(reason, field="input.reason", longest=200)
    async with work(actor):
        claim = await access_claim(actor, claim_id=claim_id, kind=ActorKind.STAFF)
        if claim.state is not ClaimState.VERIFIED:
            raise WrongState(reason=claim.state.value)
        await end(claim, by=actor, reason=words)
    return claim
