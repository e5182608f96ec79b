"""Offers, and what people do with offers, go with the person."""

from __future__ import annotations

from typing import Final

from core.database import fetch
from identity.belongings import Ledger, belongs, settle
from landlord.models import (
    Enquiry,
    EnquiryState,
    Listing,
    ListingReport,
    Reservation,
    SavedListing,
    SelfCheck,
    ViewingState,
)

belongs(Listing, "landlord_id")
belongs(Reservation, "seeker_id")
belongs(SavedListing, "account_id")
belongs(Enquiry, "seeker_id")
belongs(ListingReport, "reporter_id")
belongs(SelfCheck, "account_id")

_OPEN: Final = (ViewingState.PROPOSED, ViewingState.CONFIRMED)
_NEEDLESS: Final = """
SELECT e.id FROM enquiry e JOIN listing l ON l.id = e.listing_id
WHERE (e.seeker_id, l.landlord_id) IN (($1, $2), ($2, $1))
   OR (e.seeker_id = $2 AND EXISTS (
          SELECT 1 FROM enquiry o WHERE o.listing_id = e.listing_id AND o.seeker_id = $1))
"""


@settle
async def close_needless_conversations(ledger: Ledger) -> None:
    """Nobody talks with themselves, nor twice about one listing.

    The conversation of the account that is kept goes on. What somebody reserved of what is now
    their own is left: it ends with its day, or they give it up.
    """
    rows = await fetch(_NEEDLESS, ledger.kept_id, ledger.merged_id)
    ids = [row["id"] for row in rows]
    viewings = await Enquiry.filter(id__in=ids, viewing_state__in=_OPEN).only("id")
    called_off = [enquiry.id for enquiry in viewings]
    await ledger.change(Enquiry, called_off, "viewing_state", ViewingState.CANCELLED.value)
    await ledger.change(Enquiry, ids, "state", EnquiryState.CLOSED.value)
