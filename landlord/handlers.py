"""What happens to listings when something happens to their place, room or people.

In the same transaction. What is held of a listing that ends is released, and told of.
"""

from __future__ import annotations

from typing import Any, Final

import landlord.search.keeping
from core.database import execute
from core.events import emit, on
from identity.events import AccountClosed
from landlord import belongings, freshness, personal_data, reservations, self_checks
from landlord.content_checks import asking, settling
from landlord.events import ListingsRestored, ListingsSuspended, ListingWithdrawn
from landlord.workflow import ListingAction, move_all
from management.blocks import kinds_in_force
from management.events import (
    LandlordEnded,
    PlaceBlocked,
    PlaceClosed,
    PlaceUnblocked,
    PlaceUpdated,
    RoomsUpdated,
    RoomUpdated,
)
from management.models import PlaceClaim

# Imported for what they register too.
__all__ = [
    "asking",
    "belongings",
    "freshness",
    "personal_data",
    "reservations",
    "self_checks",
    "settling",
]

_NOT_LETTABLE: Final = (
    "l.room_id = ANY($1::uuid[]) AND EXISTS (SELECT 1 FROM room r WHERE r.id = l.room_id"
    " AND (r.state = 'OUT_OF_USE'"
    " OR (NOT r.dormitory AND l.let_by = 'BED' AND l.state <> 'DRAFT')))"
)


@on(PlaceBlocked)
async def suspend_listings(event: PlaceBlocked) -> None:
    """A blocked place lets nothing: what was on offer or held is suspended.

    Who holds a room goes on holding it: the block may end before their day does.
    """
    moved = await move_all(ListingAction.BLOCK, "l.place_id = $1", event.place_id)
    if moved:
        await emit(ListingsSuspended(place_id=event.place_id, count=len(moved)))


@on(PlaceUnblocked)
async def restore_listings(event: PlaceUnblocked) -> None:
    """When the last block has ended, what was suspended is again what it was before."""
    if await kinds_in_force([event.place_id]):
        return
    moved = await move_all(ListingAction.UNBLOCK, "l.place_id = $1", event.place_id)
    if moved:
        await emit(ListingsRestored(place_id=event.place_id, count=len(moved)))


@on(PlaceClosed)
async def withdraw_listings_of_closed_place(event: PlaceClosed) -> None:
    """A closed or demolished place lets nothing any more."""
    await _end("l.place_id = $1", event.place_id)


@on(RoomUpdated)
async def withdraw_listings_of_changed_room(event: RoomUpdated) -> None:
    """A room out of use is not let, and beds only in dormitories; drafts of beds can be mended.

    Who uses the room again puts it up again.
    """
    await _end(_NOT_LETTABLE, [event.room_id])


@on(RoomsUpdated)
async def withdraw_listings_of_changed_rooms(event: RoomsUpdated) -> None:
    """As for one room, for many at once."""
    await _end(_NOT_LETTABLE, list(event.room_ids))


@on(PlaceUpdated)
async def move_listings(event: PlaceUpdated) -> None:
    """A place that moved to another community takes its listings along."""
    await execute(
        "UPDATE listing l SET community_code = p.community_code FROM place p"
        " WHERE p.id = $1 AND l.place_id = p.id AND l.community_code <> p.community_code",
        event.place_id,
    )


@on(LandlordEnded)
async def withdraw_listings_of_former_landlord(event: LandlordEnded) -> None:
    """Who no longer runs a place no longer lets its rooms."""
    claim = await PlaceClaim.get(id=event.claim_id)
    await _end("l.place_id = $1 AND l.landlord_id = $2", claim.place_id, claim.account_id)


@on(AccountClosed)
async def release_what_a_closed_account_holds(event: AccountClosed) -> None:
    """Who is no longer here holds no room."""
    await reservations.release_all_of(event.account_id)


async def _end(where: str, *values: Any) -> None:
    moved = await move_all(ListingAction.END, where, *values)
    await reservations.release_of([row["id"] for row in moved if row["was_held"]])
    for row in moved:
        await emit(ListingWithdrawn(listing_id=row["id"], place_id=row["place_id"]))


# Last: what is searched follows what everything above has done.
landlord.search.keeping.register()
