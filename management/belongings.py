"""Houses, and who somebody is, go with the person."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from core.errors import Conflict
from identity.belongings import Ledger, belongs, settle, stays
from management.claims.life import LIVE
from management.models import (
    ClaimEnd,
    ClaimRole,
    ClaimState,
    Consent,
    HazardFollower,
    HazardReport,
    HazardStep,
    Person,
    PlaceClaim,
    TenantDuty,
)

belongs(PlaceClaim, "account_id")
belongs(Person, "account_id")
belongs(Consent, "account_id")
belongs(TenantDuty, "account_id")
belongs(HazardReport, "account_id")
belongs(HazardFollower, "account_id")
stays(HazardStep, "account_id", why="who did it at the time")

_STRENGTH: Final = (ClaimRole.OWNER, ClaimRole.SUBLANDLORD, ClaimRole.AGENT)


@settle
async def refuse_two_people(ledger: Ledger) -> None:
    """Accounts of two people, by their documents, don't become one.

    Raises:
        Conflict: ``TWO_PEOPLE``; somebody with two documents asks at the wardens' office.
    """
    both = Person.filter(account_id__in=(ledger.kept_id, ledger.merged_id))
    if len(await both.order_by("id").select_for_update().only("id")) > 1:
        raise Conflict(
            reason="TWO_PEOPLE",
            zh="两个账号登记的证件不同，不能合并；都是您本人的，请到社区网格办核实",
            en="The two accounts are registered with different documents and can't become one;"
            " if both are yours, ask at your wardens' office",
        )


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
