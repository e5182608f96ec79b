"""Who runs a house (认领): they claim it, a warden verifies it, others take it over.

Use cases of landlords ask here who runs a place.
"""

from management.claims.claiming import Statement, claim_place, withdraw_claim
from management.claims.deciding import assign_landlord, decide_claim, end_landlord
from management.claims.ending import close_account, end_over_leases
from management.claims.handover import hand_over_place
from management.claims.knowing import Responsibility, responsible_for, runs, shares
from management.claims.lists import (
    ClaimFilter,
    claims_at,
    count_claims,
    count_own_claims,
    list_claims,
    own_claims,
    papers_of,
)

__all__ = [
    "ClaimFilter",
    "Responsibility",
    "Statement",
    "assign_landlord",
    "claim_place",
    "claims_at",
    "close_account",
    "count_claims",
    "count_own_claims",
    "decide_claim",
    "end_landlord",
    "end_over_leases",
    "hand_over_place",
    "list_claims",
    "own_claims",
    "papers_of",
    "responsible_for",
    "runs",
    "shares",
    "withdraw_claim",
]
