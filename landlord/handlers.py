"""What happens to listings when something happens to their place; same transaction."""

from __future__ import annotations

from core.database import execute, fetch
from core.events import emit, on
from landlord import personal_data
from landlord.events import ListingsRestored, ListingsSuspended
from landlord.models import ListingState
from management.blocks import kinds_in_force
from management.events import (
    LandlordEnded,
    PlaceBlocked,
    PlaceClosed,
    PlaceUnblocked,
    PlaceUpdated,
    RoomUpdated,
)
from management.models import RoomState

__all__ = ["personal_data"]  # imported for what it registers

_LIVE = [ListingState.PUBLISHED, ListingState.SUSPENDED, ListingState.DRAFT]
_WITHDRAW = (
    "UPDATE listing SET state = 'WITHDRAWN', state_before = NULL, version = version + 1,"
    " updated_at = now() WHERE place_id = $1 AND state = ANY($2::text[])"
)


@on(PlaceBlocked)
async def suspend_listings(event: PlaceBlocked) -> None:
    """A blocked place lets nothing: what was on offer is suspended."""
    count = await execute(
        "UPDATE listing SET state = 'SUSPENDED', state_before = state, version = version + 1,"
        " updated_at = now() WHERE place_id = $1 AND state IN ('PUBLISHED', 'RESERVED')",
        event.place_id,
    )
    if count:
        await emit(ListingsSuspended(place_id=event.place_id, count=count))


@on(PlaceUnblocked)
async def restore_listings(event: PlaceUnblocked) -> None:
    """When the last block has ended, what was suspended is again what it was before."""
    if await kinds_in_force([event.place_id]):
        return
    count = await execute(
        "UPDATE listing SET state = state_before, state_before = NULL, version = version + 1,"
        " updated_at = now() WHERE place_id = $1 AND state = 'SUSPENDED'",
        event.place_id,
    )
    if count:
        await emit(ListingsRestored(place_id=event.place_id, count=count))


@on(PlaceClosed)
async def withdraw_listings_of_closed_place(event: PlaceClosed) -> None:
    """A closed or demolished place lets nothing any more."""
    await execute(_WITHDRAW, event.place_id, _LIVE)


@on(RoomUpdated)
async def withdraw_listings_of_room_out_of_use(event: RoomUpdated) -> None:
    """A room out of use is not let; who uses it again puts it up again."""
    await execute(
        "UPDATE listing l SET state = $2, state_before = NULL, version = version + 1,"
        " updated_at = now()"
        " FROM room r WHERE r.id = $1 AND r.state = $3 AND l.room_id = r.id"
        " AND l.state = ANY($4::text[])",
        event.room_id,
        ListingState.WITHDRAWN,
        RoomState.OUT_OF_USE,
        _LIVE,
    )


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
    await fetch(
        "UPDATE listing l SET state = $2, state_before = NULL, version = version + 1,"
        " updated_at = now()"
        " FROM place_claim c WHERE c.id = $1 AND l.place_id = c.place_id"
        " AND l.landlord_id = c.account_id AND l.state = ANY($3::text[]) RETURNING l.id",
        event.claim_id,
        ListingState.WITHDRAWN,
        _LIVE,
    )
