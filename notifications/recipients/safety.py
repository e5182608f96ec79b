"""What people hear of places that they follow: that something is done, and when it is over.

Never what was found: that is between the landlord and the wardens, and would tell strangers.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.database import fetch
from core.events import on
from management.blocks import kinds_in_force
from management.events import PlaceBlocked, PlaceUnblocked
from management.models import PlaceBlockKind
from notifications.recipients.offers import moment
from notifications.recipients.people import accounts
from notifications.telling import Recipient, Subject, tell
from notifications.topics import Topic


@on(PlaceBlocked)
async def tell_followers_of_block(event: PlaceBlocked) -> None:
    """Who follows the place; at an urgent hazard also at night: it may be their home."""
    rows = await fetch(_FOLLOWERS, event.place_id, event.block_id)
    if rows:
        kind = rows[0]["kind"]
        await tell(
            Topic.FOLLOWED_PLACE_BLOCKED,
            _recipients(rows),
            key=str(event.block_id),
            params={"place": rows[0]["name"], "why": kind, **moment()},
            about=Subject("Place", event.place_id),
            emergency=kind == PlaceBlockKind.URGENT_HAZARD,
        )


@on(PlaceUnblocked)
async def tell_followers_of_last_block_over(event: PlaceUnblocked) -> None:
    """Who follows the place, once nothing is in the way any more."""
    rows = await fetch(_FOLLOWERS, event.place_id, event.block_id)
    if rows and not await kinds_in_force([event.place_id]):
        await tell(
            Topic.FOLLOWED_PLACE_CLEARED,
            _recipients(rows),
            key=str(event.block_id),
            params={"place": rows[0]["name"], **moment()},
            about=Subject("Place", event.place_id),
        )


def _recipients(rows: list[dict[str, UUID]]) -> list[Recipient]:
    return accounts(row["account_id"] for row in rows)


# Who runs the place hears of it as its landlord.
_FOLLOWERS: Final = """
SELECT f.account_id, p.name, b.kind
FROM followed_place f JOIN place p ON p.id = f.place_id JOIN place_block b ON b.id = $2
WHERE f.place_id = $1 AND NOT EXISTS (
    SELECT 1 FROM place_claim c
    WHERE c.place_id = f.place_id AND c.account_id = f.account_id AND c.state = 'VERIFIED'
)
ORDER BY f.account_id
"""
