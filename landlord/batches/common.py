"""What all batches share: how many, in which order things are locked, how faults are told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.clock import now
from core.database import execute
from core.errors import DomainError, InvalidInput, WrongState
from identity.actor import Actor
from landlord.access import access_own_listings
from landlord.models import Listing
from management.models import Place, Room
from management.rules import rules

# What a batch may change of listings that are locked, with the types of the columns.
_WRITTEN: Final = {
    "state": "text",
    "state_before": "text",
    "version": "int",
    "rent": "numeric",
    "community_code": "text",
    "review_reason": "text",
    "published_at": "timestamptz",
    "refreshed_at": "timestamptz",
    "warned_at": "timestamptz",
}
_WRITE: Final = (
    f"UPDATE listing SET {', '.join(f'{name} = v.{name}' for name in _WRITTEN)},"  # noqa: S608 - names of this module
    f" updated_at = $2 FROM unnest($1::uuid[],"
    f" {', '.join(f'${at}::{kind}[]' for at, kind in enumerate(_WRITTEN.values(), 3))})"
    f" AS v (id, {', '.join(_WRITTEN)}) WHERE listing.id = v.id"
)


def check_count(things: Collection[Any], field: str) -> None:
    """Refuse none, and more than one batch may have.

    Raises:
        InvalidInput: so many.
    """
    if not 1 <= len(things) <= rules().batch_rooms:
        raise InvalidInput(
            field=field,
            reason="COUNT",
            params={"maximum": rules().batch_rooms},
            zh="一次可处理 1 到 {maximum} 间",
            en="1 to {maximum} rooms at a time",
        )


def check_once(things: Sequence[Any], field: str) -> None:
    """Refuse what comes twice, and counts as in :func:`check_count`.

    Raises:
        InvalidInput: one comes twice, or so many.
    """
    check_count(things, field)
    if len(set(things)) < len(things):
        raise InvalidInput(field=field, reason="TWICE", zh="有重复的项", en="One comes twice")


@dataclass(frozen=True, slots=True)
class Offers:
    """Listings of one landlord as they were asked for, locked, with their houses and rooms."""

    listings: list[Listing]
    places: Mapping[UUID, Place]
    rooms: Mapping[UUID, Room]

    def room_of(self, listing: Listing) -> Room:
        """The room that a listing offers."""
        return self.rooms[listing.room_id]

    def by_place(self, listings: Iterable[Listing] | None = None) -> dict[UUID, tuple[UUID, ...]]:
        """The ids of these listings, or of all, by the house they are of."""
        answer: dict[UUID, tuple[UUID, ...]] = {}
        for listing in self.listings if listings is None else listings:
            answer[listing.place_id] = (*answer.get(listing.place_id, ()), listing.id)
        return answer


async def lock_offers(actor: Actor, listing_ids: Sequence[UUID]) -> Offers:
    """A landlord's own listings, in the order given: their houses are locked first, by id.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one is somebody else's, or absent.
    """
    seen = await access_own_listings(actor, listing_ids=listing_ids, lock=False)
    places = await lock_places({listing.place_id for listing in seen})
    locked = await access_own_listings(actor, listing_ids=listing_ids)
    by_id = {listing.id: listing for listing in locked}
    rooms = await Room.filter(id__in=list({listing.room_id for listing in locked}))
    return Offers([by_id[key] for key in listing_ids], places, {room.id: room for room in rooms})


async def lock_places(place_ids: Collection[UUID]) -> dict[UUID, Place]:
    """Houses by id, locked in one order: two batches wait for each other, and never for ever."""
    places = await Place.filter(id__in=list(place_ids)).order_by("id").select_for_update()
    return {place.id: place for place in places}


def fault(room: Room, error: DomainError) -> dict[str, Any]:
    """A refusal of one room or of its listing, as an item of the whole batch's."""
    more = {name: value for name, value in error.params.items() if name not in {"zh", "en"}}
    reason = error.reason or error.code.value
    return {**more, "room": room.number, "code": room.code, "reason": reason}


def refuse(faults: Sequence[Mapping[str, Any]]) -> None:
    """Refuse the whole batch when there are faults.

    Raises:
        WrongState: reason ``ITEMS``, each fault with room, code and reason in ``params.items``.
    """
    if faults:
        named = dict.fromkeys(str(item["room"]) for item in faults)
        raise WrongState(
            reason="ITEMS",
            params={"items": [dict(item) for item in faults], "rooms": "、".join(named)},
            zh="这些房间不能处理：{rooms}",
            en="Not possible for rooms {rooms}",
        )


def require_each(offers: Offers, *checks: Callable[[Listing], object]) -> None:
    """Put every listing through the checks; its first refusal is its fault.

    Raises:
        WrongState: as :func:`refuse`.
    """
    faults = []
    for listing in offers.listings:
        try:
            for check in checks:
                check(listing)
        except DomainError as error:
            faults.append(fault(offers.room_of(listing), error))
    refuse(faults)


async def write(listings: Sequence[Listing]) -> None:
    """Save what a batch changed of locked listings in one statement."""
    if listings:
        moment = now()
        columns = [[getattr(listing, name) for listing in listings] for name in _WRITTEN]
        await execute(_WRITE, [listing.id for listing in listings], moment, *columns)
