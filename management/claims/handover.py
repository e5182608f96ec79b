"""A landlord hands a house over to a successor, whom a warden then verifies."""

from __future__ import annotations

from uuid import UUID

from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.events import emit
from core.work import work
from identity.actor import Actor, ActorKind
from identity.phone_sign_in import account_for_phone, mobile_number
from management.access import access_place
from management.claims.life import require_in_use, require_no_claim
from management.events import ClaimMade
from management.models import ClaimRole, ClaimState, Place, PlaceClaim


async def hand_over_place(actor: Actor, *, place_id: UUID, phone: str) -> PlaceClaim:
    """Start to hand a house that the actor runs over to who has this number.

    The successor's claim is of the same role and needs no papers, because the predecessor vouches
    for them; a sub-landlord's head lease goes along. The predecessor runs the house until a
    warden has verified it. The successor's account is made when the number has none.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: not a mobile number, or the actor's own.
        NotFound: the actor does not run the place.
        WrongState: the place is closed; or the actor is an agent, who has nothing to hand over.
        Conflict: ``CLAIM_EXISTS``: the successor has a claim here; ``HAND_OVER_EXISTS``: another
            successor waits for the warden.
    """
    number = mobile_number(phone)
    async with work(actor) as unit:
        place = await access_place(actor, place_id=place_id)
        place = await Place.filter(id=place.id).select_for_update().get()
        mine = await _own(actor, place)
        require_in_use(place)
        account = await account_for_phone(number)
        if account.id == actor.id:
            raise InvalidInput(
                field="input.phone",
                reason="YOURSELF",
                zh="这是您自己的号码",
                en="That is your own number",
            )
        await require_no_claim(place.id, account.id)
        if await PlaceClaim.exists(takes_over_id=mine.id, vouched=True, state=ClaimState.PENDING):
            raise Conflict(
                reason="HAND_OVER_EXISTS",
                zh="已有一份移交待核实，请先撤回",
                en="Another hand-over is waiting; take it back first",
            )
        claim = await PlaceClaim.create(
            place_id=place.id,
            account_id=account.id,
            role=mine.role,
            state=ClaimState.PENDING,
            lease_from=mine.lease_from,
            lease_until=mine.lease_until,
            takes_over_id=mine.id,
            vouched=True,
        )
        unit.note(
            "handOverPlace", "PLACE", place.id, from_claim=mine.id, to_claim=claim.id, asked=True
        )
        await emit(ClaimMade(claim_id=claim.id, place_id=place.id))
    return claim


async def _own(actor: Actor, place: Place) -> PlaceClaim:
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    mine = (
        await PlaceClaim.filter(place_id=place.id, account_id=actor.id, state=ClaimState.VERIFIED)
        .select_for_update()
        .first()
    )
    if mine is None:
        raise NotFound
    if mine.role is ClaimRole.AGENT:
        raise WrongState(
            reason="AGENT",
            zh="代管人不能移交房屋，请由委托人办理",
            en="An agent can't hand a house over; whom they act for can",
        )
    return mine
