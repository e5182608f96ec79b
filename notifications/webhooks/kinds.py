"""What apps can hear of: a table from events to kinds of messages.

A kind says which scope an app needs, how the grid is found in which the scope must hold, and
which ids of the event go along. A new kind is a row here; ``docs/webhooks.md`` lists them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from core.errors import InvalidInput
from core.events import Event
from core.ids import global_id
from identity.actor import Permission
from landlord.events import (
    ListingExpired,
    ListingLet,
    ListingPublished,
    ListingReserved,
    ListingsPublished,
    ListingsUpdated,
    ListingTakenDown,
    ListingUpdated,
    ListingWithdrawn,
    ReservationExpired,
    ReservationReleased,
)
from management.events import (
    LeaseFiled,
    PlaceBlocked,
    PlaceClosed,
    PlaceFiled,
    PlaceUnblocked,
    PlaceUpdated,
    PlateIssued,
    PlateRevoked,
    RoomsAdded,
    RoomsUpdated,
    RoomUpdated,
    WardenPosted,
)

TEST: Final = "webhook.test"
"""The kind of messages that are sent to try an endpoint; nobody asks for it."""


class About(StrEnum):
    """What an event's first id names: from there the place and the grid are found."""

    PLACE = "PLACE"
    LISTING = "LISTING"
    PLATE = "PLATE"
    GRID = "GRID"


_FIRST: Final = {
    About.PLACE: ("place_id",),
    About.LISTING: ("listing_id", "listing_ids"),
    About.PLATE: ("plate_id",),
    About.GRID: ("grid_id",),
}
_OF_ABOUT: Final = {
    About.PLACE: ("placeId", "placeCode", "gridCode"),
    About.LISTING: ("listingIds", "placeId", "placeCode", "gridCode"),
    About.PLATE: ("plateId", "placeId", "placeCode", "gridCode"),
    About.GRID: ("gridId", "gridCode"),
}


@dataclass(frozen=True, slots=True)
class Ids:
    """An id of the event, or several, that go along under ``key`` as ids of the API."""

    key: str
    type_name: str
    attributes: tuple[str, ...]

    def of(self, event: Event) -> Any:
        """A list where the key is a plural, also for one."""
        found = [global_id(self.type_name, row) for row in _ids(event, self.attributes)]
        return found if self.key.endswith("Ids") else found[0]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message."""

    name: str
    events: tuple[type[Event], ...]
    scope: Permission
    about: About
    zh: str
    en: str
    more: tuple[Ids, ...] = ()

    def subjects(self, event: Event) -> list[UUID]:
        """The rows by which place and grid are found."""
        return _ids(event, _FIRST[self.about])

    @property
    def keys(self) -> tuple[str, ...]:
        """What ``data`` holds."""
        return (*_OF_ABOUT[self.about], *(ids.key for ids in self.more))


def _ids(event: Event, attributes: Sequence[str]) -> list[UUID]:
    (name,) = (name for name in attributes if hasattr(event, name))
    value = getattr(event, name)
    return [value] if isinstance(value, UUID) else list(value)


_PLACES: Final = Permission.PLACES_READ
_ACTIVITY: Final = Permission.ACTIVITY_READ
_BLOCK: Final = (Ids("blockId", "PlaceBlock", ("block_id",)),)
_ROOMS: Final = (Ids("roomIds", "Room", ("room_id", "room_ids")),)

KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("place.filed", (PlaceFiled,), _PLACES, About.PLACE,
             "新建场所档案", "a file was opened for a place"),
        Kind("place.updated", (PlaceUpdated,), _PLACES, About.PLACE,
             "场所档案变更", "its file changed"),
        Kind("place.closed", (PlaceClosed,), _PLACES, About.PLACE,
             "场所注销", "it closed or was demolished"),
        Kind("place.blocked", (PlaceBlocked,), _PLACES, About.PLACE,
             "场所禁租", "it may not be let for now; its offers are suspended", _BLOCK),
        Kind("place.unblocked", (PlaceUnblocked,), _PLACES, About.PLACE,
             "一项禁租解除", "a reason against letting has ended; others may be in force", _BLOCK),
        Kind("rooms.added", (RoomsAdded,), _PLACES, About.PLACE,
             "新增房间", "rooms were added to a house"),
        Kind("rooms.updated", (RoomUpdated, RoomsUpdated), _PLACES, About.PLACE,
             "房间信息变更", "what is known of rooms of one house changed", _ROOMS),
        Kind("lease.filed", (LeaseFiled,), _PLACES, About.PLACE,
             "租赁合同备案", "a registered lease of the house or a room was recorded"),
        Kind("plate.issued", (PlateIssued,), _PLACES, About.PLATE,
             "发放门牌", "a place or room got a plate"),
        Kind("plate.revoked", (PlateRevoked,), _PLACES, About.PLATE,
             "门牌作废", "a plate no longer speaks for its place"),
        Kind("listing.published", (ListingPublished, ListingsPublished), _ACTIVITY, About.LISTING,
             "房源发布", "rooms of one house are on offer"),
        Kind("listing.updated", (ListingUpdated, ListingsUpdated), _ACTIVITY, About.LISTING,
             "房源变更", "what offers of one house say changed"),
        Kind("listing.reserved", (ListingReserved,), _ACTIVITY, About.LISTING,
             "房源被预订", "somebody holds the room"),
        Kind("listing.released", (ReservationReleased, ReservationExpired), _ACTIVITY,
             About.LISTING, "预订取消或到期", "nobody holds the room any more"),
        Kind("listing.let", (ListingLet,), _ACTIVITY, About.LISTING,
             "房源已租出", "the room is let"),
        Kind("listing.withdrawn", (ListingWithdrawn,), _ACTIVITY, About.LISTING,
             "房源撤回", "an offer was taken back"),
        Kind("listing.expired", (ListingExpired,), _ACTIVITY, About.LISTING,
             "房源过期", "an offer was withdrawn because nobody refreshed it"),
        Kind("listing.taken_down", (ListingTakenDown,), _ACTIVITY, About.LISTING,
             "房源下架", "staff took an offer from the public"),
        Kind("grid.warden_posted", (WardenPosted,), _ACTIVITY, About.GRID,
             "网格员上岗", "somebody was posted to a grid"),
    )
}  # fmt: skip
"""Kinds by name."""

OF_EVENT: Final[dict[type[Event], Kind]] = {
    event: kind for kind in KINDS.values() for event in kind.events
}


def checked_kinds(names: Sequence[str], scopes: Sequence[str]) -> list[str]:
    """The kinds that an app asks for, each once, in the order of the table.

    Raises:
        InvalidInput: none, an unknown one, or one that its scopes don't cover.
    """
    allowed = [kind.name for kind in KINDS.values() if kind.scope in scopes]
    if not names or not set(names) <= set(allowed):
        raise InvalidInput(
            field="input.kinds",
            reason="KINDS",
            params={"allowed": allowed},
            zh="该应用不能接收这些事件",
            en="The app can't hear of these kinds",
        )
    return [name for name in allowed if name in names]
