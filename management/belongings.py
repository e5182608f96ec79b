"""Houses go with the person who runs them."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from identity.belongings import Ledger, belongs, settle
from management.claims.life import LIVE
from management.models import ClaimEnd, ClaimRole, ClaimState, PlaceClaim

belongs(PlaceClaim, "account_id")

_STRENGTH: Final = (ClaimRole.OWNER, ClaimRole.SUBLANDLORD, ClaimRole.AGENT)


@settle
async def leave_one_claim_on_a_place(ledger: Ledger) -> None:
    """One person has one live claim on a place: verified before waiting, owner before others.

    The other one ends, and who acted for it acts for the one that stands.
    """
    both = (ledger.kept_id, ledger.merged_id)
    live = PlaceClaim.filter(account_id__in=both, state__in=LIVE)
    claims = await live.order_by("place_id", "id").select_for_update()
    for _, group in groupby(claims, key=lambda claim: claim.place_id):
        stands, *others = sorted(group, key=lambda claim: _rank(claim, ledger))
        for other in others:
            await ledger.change(PlaceClaim, [other.id], "state", ClaimState.ENDED.value)
            await ledger.change(PlaceClaim, [other.id], "reason", ClaimEnd.MERGED.value)
            agents = [one.id for one in await PlaceClaim.filter(acts_for_id=other.id).only("id")]
            if stands.role is not ClaimRole.AGENT:
                await ledger.change(PlaceClaim, agents, "acts_for_id", str(stands.id))


def _rank(claim: PlaceClaim, ledger: Ledger) -> tuple[bool, int, bool]:
    waits = claim.state is ClaimState.PENDING
    return waits, _STRENGTH.index(claim.role), claim.account_id != ledger.kept_id
