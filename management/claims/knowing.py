"""Who is known to run a place, and what each of them answers for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from uuid import UUID

from management.models import ClaimRole, ClaimState, PlaceClaim


class Responsibility(StrEnum):
    """What somebody who runs a place answers for."""

    STRUCTURE = "STRUCTURE"
    USE = "USE"


def shares(roles: Collection[ClaimRole]) -> Mapping[Responsibility, ClaimRole]:
    """Which of the known roles answers for what.

    The owner for the structure, the sub-landlord for the use; who is alone for both. An agent
    answers for nothing: whom they act for does.
    """
    if ClaimRole.OWNER in roles and ClaimRole.SUBLANDLORD in roles:
        return {
            Responsibility.STRUCTURE: ClaimRole.OWNER,
            Responsibility.USE: ClaimRole.SUBLANDLORD,
        }
    for alone in (ClaimRole.OWNER, ClaimRole.SUBLANDLORD):
        if alone in roles:
            return dict.fromkeys(Responsibility, alone)
    return {}


async def responsible_for(place_id: UUID) -> dict[Responsibility, PlaceClaim]:
    """The verified claim of who answers for structure and use; empty where nobody is known."""
    known = {
        claim.role: claim
        for claim in await PlaceClaim.filter(place_id=place_id, state=ClaimState.VERIFIED)
    }
    return {what: known[role] for what, role in shares(known).items()}


async def runs(account_id: UUID | None, place_id: UUID) -> bool:
    """Whether the account is known to run the place."""
    return await PlaceClaim.exists(
        account_id=account_id, place_id=place_id, state=ClaimState.VERIFIED
    )
