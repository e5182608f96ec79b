"""Which events are told to whom. One table: a new event is a new row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.events import Event, later
from landlord.events import ListingPublished, ListingsPublished
from management.events import (
    LeaseFiled,
    PlaceBlocked,
    PlaceClosed,
    PlaceFiled,
    PlaceUnblocked,
    PlaceUpdated,
    RoomsAdded,
    RoomsUpdated,
    RoomUpdated,
    WardenPosted,
)
from notifications import belongings, dispatch, personal_data, recipients, sweeping, wechat_news
from notifications.grid_activity import GridEventKind, announce_grid, announce_place
from notifications.notices import planning, sending
from notifications.webhooks import wiring as webhooks

__all__ = [
    "belongings",
    "dispatch",
    "personal_data",
    "planning",
    "recipients",
    "sending",
    "sweeping",
    "webhooks",
    "wechat_news",
]

OF_PLACES: dict[type[Event], GridEventKind] = {
    PlaceFiled: GridEventKind.PLACE_FILED,
    PlaceUpdated: GridEventKind.PLACE_UPDATED,
    PlaceClosed: GridEventKind.PLACE_CLOSED,
    RoomsAdded: GridEventKind.ROOMS_ADDED,
    RoomUpdated: GridEventKind.ROOM_UPDATED,
    LeaseFiled: GridEventKind.LEASE_FILED,
    PlaceBlocked: GridEventKind.PLACE_BLOCKED,
    PlaceUnblocked: GridEventKind.PLACE_UNBLOCKED,
    ListingPublished: GridEventKind.LISTING_PUBLISHED,
}


def _of_place(kind: GridEventKind) -> Callable[[Event], Awaitable[None]]:
    async def tell(event: Event) -> None:
        """Tell who watches the grid of the place."""
        await announce_place(kind, event.place_id)  # type: ignore[attr-defined]  # all have one

    return tell


for _event, _kind in OF_PLACES.items():
    later(_event, name=f"notifications.grid_activity.{_kind.lower()}", queue="live")(
        _of_place(_kind)
    )


@later(ListingsPublished, name="notifications.grid_activity.listings_published", queue="live")
async def tell_of_offers(event: ListingsPublished) -> None:
    """Tell who watches the grid of the place, once for all of its rooms."""
    await announce_place(GridEventKind.LISTING_PUBLISHED, event.place_id)


@later(RoomsUpdated, name="notifications.grid_activity.rooms_updated", queue="live")
async def tell_of_rooms(event: RoomsUpdated) -> None:
    """Tell who watches the grid of the place, once for all of its rooms."""
    await announce_place(GridEventKind.ROOM_UPDATED, event.place_id)


@later(WardenPosted, name="notifications.grid_activity.warden_posted", queue="live")
async def tell_of_post(event: WardenPosted) -> None:
    """Tell who watches the grid that somebody was posted there."""
    await announce_grid(GridEventKind.WARDEN_POSTED, event.grid_id)
