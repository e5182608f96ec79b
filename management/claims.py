"""Who runs a house: staff give a place to a landlord; use cases of landlords ask here."""

from __future__ import annotations

from uuid import UUID

from core.clock import now
from core.errors import Conflict, NotFound, WrongState
from core.events import emit
from core.work import current, work
from identity import accounts
from identity.actor import Actor, ActorKind, Permission
from identity.models import Account
from identity.phone_sign_in import account_for_phone, mobile_number
from management.access import access_place, in_scope, require_sign_in
from management.events import LandlordAssigned, LandlordEnded
from management.models import ClaimRole, ClaimState, Lifecycle, Place, PlaceClaim


async def assign_landlord(
    actor: Actor, *, place_id: UUID, phone: str, role: ClaimRole
) -> PlaceClaim:
    """Note that somebody runs a place, after a member of staff has seen the papers.

    The landlord's account is made when the number has none: it waits for the first sign-in.

    Raises:
        InvalidInput: not a mobile number.
        NotFound: the place is out of scope.
        Conflict: the account is known to run the place already.
        WrongState: the place is closed.
    """
    number = mobile_number(phone)
    async with work(actor) as unit:
        place = await access_place(
            actor, place_id=place_id, permission=Permission.CLAIMS_DECIDE, lock=True
        )
        if place.lifecycle in {Lifecycle.CLOSED, Lifecycle.DEMOLISHED}:
            raise WrongState(reason=place.lifecycle.value)
        account = await account_for_phone(number)
        live = PlaceClaim.filter(
            place_id=place.id,
            account_id=account.id,
            state__in=[ClaimState.PENDING, ClaimState.VERIFIED],
        )
        if await live.exists():
            raise Conflict(
                reason="CLAIM_EXISTS", zh="已经登记过", en="The account runs this place already"
            )
        claim = await PlaceClaim.create(
            place_id=place.id,
            account_id=account.id,
            role=role,
            state=ClaimState.VERIFIED,
            decided_by=actor.id,
            decided_at=now(),
        )
        unit.note("assignLandlord", "PLACE", place.id, claim=claim.id, role=role.value)
        await emit(LandlordAssigned(claim_id=claim.id))
    return claim


async def end_landlord(actor: Actor, *, claim_id: UUID) -> PlaceClaim:
    """Note that somebody no longer runs a place; what they put up there is withdrawn.

    Raises:
        NotFound: absent or out of scope.
        WrongState: not in force.
    """
    require_sign_in(actor)
    async with work(actor) as unit:
        seen = await PlaceClaim.filter(
            in_scope(actor, Permission.CLAIMS_DECIDE, "place__"), id=claim_id
        ).first()
        if seen is None:
            raise NotFound
        # The place is locked first, as by everything that changes several of its listings.
        await access_place(
            actor, place_id=seen.place_id, permission=Permission.CLAIMS_DECIDE, lock=True
        )
        claim = await PlaceClaim.filter(id=claim_id).select_for_update().get()
        if claim.state is not ClaimState.VERIFIED:
            raise WrongState(reason=claim.state.value)
        claim.state, claim.decided_by, claim.decided_at = ClaimState.ENDED, actor.id, now()
        await claim.save(update_fields=["state", "decided_by", "decided_at"])
        unit.note("endLandlord", "PLACE", claim.place_id, claim=claim.id)
        await emit(LandlordEnded(claim_id=claim.id))
    return claim


async def close_account(actor: Actor) -> Account:
    """Close the actor's own account for good; who is no longer here runs nothing any more.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: it is closed already.
    """
    async with work(actor):
        if actor.kind is ActorKind.ACCOUNT:
            await _end_claims_of(actor)
        return await accounts.close_account(actor)


async def _end_claims_of(actor: Actor) -> None:
    live = PlaceClaim.filter(
        account_id=actor.id, state__in=[ClaimState.PENDING, ClaimState.VERIFIED]
    )
    places = [claim.place_id for claim in await live]
    # The places are locked first, as by everything that changes several of their listings.
    await Place.filter(id__in=places).order_by("id").select_for_update().only("id")
    for claim in await live.filter(place_id__in=places).order_by("id").select_for_update():
        claim.state, claim.decided_by, claim.decided_at = ClaimState.ENDED, actor.id, now()
        await claim.save(update_fields=["state", "decided_by", "decided_at"])
        current().note("endLandlord", "PLACE", claim.place_id, claim=claim.id)
        await emit(LandlordEnded(claim_id=claim.id))


async def runs(account_id: UUID | None, place_id: UUID) -> bool:
    """Whether the account is known to run the place."""
    return await PlaceClaim.exists(
        account_id=account_id, place_id=place_id, state=ClaimState.VERIFIED
    )
