"""Claims that end without a warden: accounts that close, head leases that are over."""

from __future__ import annotations

from typing import Final

from core.clock import today
from core.errors import Conflict
from core.jobs import periodic
from core.work import work
from identity import accounts
from identity.actor import SYSTEM, Actor, ActorKind
from identity.models import Account
from management.claims.life import LIVE, end
from management.models import ClaimEnd, Place, PlaceClaim

_BATCH: Final = 100


async def close_account(actor: Actor) -> Account:
    """Close the actor's own account for good; who is no longer here runs nothing any more.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: it is closed already.
        Conflict: it came to run a place while it was being closed; the same again will do.
    """
    async with work(actor):
        if actor.kind is not ActorKind.ACCOUNT:
            return await accounts.close_account(actor)
        live = PlaceClaim.filter(account_id=actor.id, state__in=LIVE)
        places = [claim.place_id for claim in await live]
        # The places are locked first, as by everything that changes several of their listings.
        await Place.filter(id__in=places).order_by("id").select_for_update().only("id")
        for claim in await live.filter(place_id__in=places).order_by("id").select_for_update():
            await end(claim, by=actor, reason=ClaimEnd.ACCOUNT_CLOSED)
        account = await accounts.close_account(actor)
        # From here on the account is locked, and nobody can claim for it.
        if await live.exists():
            raise Conflict
        return account


@periodic("management.end_over_leases", cron="7 16 * * *")
async def end_over_leases() -> None:
    """Just after midnight in the town: claims of sub-landlords whose head lease is over end."""
    while await _end_some():
        pass


async def _end_some() -> bool:
    over = PlaceClaim.filter(state__in=LIVE, lease_until__lt=today())
    found = await over.order_by("id").limit(_BATCH).values_list("id", "place_id")
    if not found:
        return False
    async with work(SYSTEM):
        places = Place.filter(id__in=[place_id for _, place_id in found])
        await places.order_by("id").select_for_update().only("id")
        ids = [claim_id for claim_id, _ in found]
        for claim in await over.filter(id__in=ids).order_by("id").select_for_update():
            await end(claim, by=SYSTEM, reason=ClaimEnd.LEASE_OVER)
    return True
