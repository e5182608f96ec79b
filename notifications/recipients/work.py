"""What waits for staff: told to who is posted nearest and may decide, in their inbox only."""

from __future__ import annotations

from typing import Final

from core.database import fetch
from core.events import on, together
from identity.actor import Permission
from landlord.events import ListingReported, ListingSentToReview
from management.events import ClaimMade, WardenPosted
from notifications.recipients.offers import offers
from notifications.recipients.people import officers, staff
from notifications.telling import Message, Subject, tell, tell_each
from notifications.topics import Topic


@on(ClaimMade)
async def tell_of_claim(event: ClaimMade) -> None:
    """Wardens of the grid: papers wait."""
    (place,) = await fetch("SELECT name, grid_path FROM place WHERE id = $1", event.place_id)
    path = place["grid_path"]
    posted = await officers([path], Permission.CLAIMS_DECIDE)
    await tell(
        Topic.CLAIM_TO_DECIDE,
        staff(posted[path]),
        key=str(event.claim_id),
        params={"place": place["name"]},
        about=Subject("PlaceClaim", event.claim_id),
    )


@together(ListingSentToReview)
async def tell_of_review(events: list[ListingSentToReview]) -> None:
    """Supervisors, or who else reads offers there: once for the rooms of one house."""
    found = await offers([event.listing_id for event in events])
    posted = await officers({one.grid_path for one in found}, Permission.LISTINGS_REVIEW)
    await tell_each(
        Topic.LISTING_TO_REVIEW,
        [
            Message(recipient, one.key, one.params, one.about)
            for one in found
            for recipient in staff(posted[one.grid_path])
        ],
    )


@on(ListingReported)
async def tell_of_report(event: ListingReported) -> None:
    """Who decides about the listing: of the first report that is open, as the others join it."""
    (row,) = await fetch(_OPEN, event.listing_id)
    if row["open"] > 1:
        return
    (found,) = await offers([event.listing_id])
    posted = await officers([found.grid_path], Permission.LISTINGS_REVIEW)
    await tell(
        Topic.REPORT_TO_DECIDE,
        staff(posted[found.grid_path]),
        key=str(event.report_id),
        params=found.params,
        about=Subject("ListingReport", event.report_id),
    )


@on(WardenPosted)
async def tell_of_post(event: WardenPosted) -> None:
    """Who was posted, whatever as."""
    (post,) = await fetch(_POST, event.post_id, event.grid_id)
    await tell(
        Topic.POSTED,
        staff([post["staff_id"]]),
        key=str(event.post_id),
        params={
            "grid": f"{post['name_zh']}|{post['name_en']}",
            "role": post["role"],
            "since": post["starts_on"].isoformat(),
        },
        about=Subject("GridPost", event.post_id),
    )


_OPEN: Final = """
SELECT count(*)::int AS open FROM listing_report WHERE listing_id = $1 AND state = 'OPEN'
"""
_POST: Final = """
SELECT p.staff_id, p.role, p.starts_on, g.name_zh, g.name_en
FROM grid_post p JOIN grid g ON g.id = $2 WHERE p.id = $1
"""
