"""Listings (房源): a room is put up, becomes public, is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from core.clock import now
from core.errors import Conflict, InvalidInput, WrongState
from core.events import emit
from core.keyset import NOTHING, Order, Page, Slice, take
from core.numbers import within
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind
from landlord.access import access_own_listing, access_own_room, on_offer
from landlord.events import ListingPublished, ListingWithdrawn
from landlord.models import Listing, ListingState
from landlord.photos import hang_photos
from landlord.standard import require_standard
from management.models import GridLevel, Place, Room, RoomState
from management.rules import rules
from management.territory import grid_by_code

EDITABLE = frozenset({ListingState.DRAFT, ListingState.PUBLISHED, ListingState.SUSPENDED})
ON_OFFER_OR_HELD = frozenset(
    {ListingState.PUBLISHED, ListingState.RESERVED, ListingState.SUSPENDED}
)


class ListingOrder(StrEnum):
    """Orders in which listings can be read."""

    NEWEST = "NEWEST"
    CHEAPEST = "CHEAPEST"
    DEAREST = "DEAREST"


_ORDERS: Mapping[ListingOrder, Order] = {
    ListingOrder.NEWEST: Order("newest", "published_at", descending=True),
    ListingOrder.CHEAPEST: Order("cheapest", "rent"),
    ListingOrder.DEAREST: Order("dearest", "rent", descending=True),
}
_LARGEST_RENT_SOUGHT = 9_999_999  # what the column holds
_OF_A_PLACE = Order("place", "id")
_OWN = Order("own", "id", descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFilter:
    """What a search is narrowed to. Rents are yuan a month, both ends included."""

    community_code: str | None = None
    rent_from: Decimal | None = None
    rent_to: Decimal | None = None


async def list_listings(
    *, filter_by: ListingFilter, order: ListingOrder, page: Page, columns: Sequence[str]
) -> Slice:
    """What is on offer, narrowed and ordered. For everybody.

    Raises:
        InvalidInput: not a community of the town; a rent that can't be.
    """
    query = Listing.filter(on_offer(), await _condition(filter_by))
    return await take(query, _ORDERS[order], page, columns)


async def listings_behind_plate(
    *, place_id: UUID, room_id: UUID | None, page: Page, columns: Sequence[str]
) -> Slice:
    """What is on offer in a house, or in the one room whose plate was scanned."""
    where = Q(place_id=place_id) if room_id is None else Q(room_id=room_id)
    return await take(Listing.filter(on_offer(), where), _OF_A_PLACE, page, columns)


async def own_listings(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """What a landlord put up, in whatever state; nothing for who is no landlord."""
    if actor.kind is not ActorKind.ACCOUNT:
        return NOTHING
    return await take(Listing.filter(landlord_id=actor.id), _OWN, page, columns)


async def _condition(wanted: ListingFilter) -> Q:
    parts = []
    if wanted.community_code is not None:
        grid = await grid_by_code(wanted.community_code, field="filter.communityCode")
        if grid["level"] != GridLevel.COMMUNITY:
            raise InvalidInput(
                field="filter.communityCode",
                reason="NOT_COMMUNITY",
                zh="请选择社区",
                en="Name a community",
            )
        parts.append(Q(community_code=grid["code"]))
    within(wanted.rent_from, 0, _LARGEST_RENT_SOUGHT, field="filter.rentFrom")
    within(wanted.rent_to, 0, _LARGEST_RENT_SOUGHT, field="filter.rentTo")
    if wanted.rent_from is not None:
        parts.append(Q(rent__gte=wanted.rent_from))
    if wanted.rent_to is not None:
        parts.append(Q(rent__lte=wanted.rent_to))
    return Q(*parts)


async def create_listing(
    actor: Actor, *, room_id: UUID, values: Mapping[str, Any], photo_ids: Sequence[UUID] = ()
) -> Listing:
    """Draft an offer of one room of a house that the landlord is known to run.

    ``values``: title, description, rent, deposit, area, available_from.

    Raises:
        NotFound: the room is not in a house of this landlord, or a photo not theirs.
        InvalidInput: a value that can't be used.
        WrongState: the room is out of use.
    """
    checked = _checked({"description": "", **values})
    async with work(actor) as unit:
        room = await access_own_room(actor, room_id=room_id)
        _require_in_use(room)
        place: Place = room.place
        listing = await Listing.create(
            room_id=room.id,
            place_id=place.id,
            landlord_id=actor.id,
            community_code=place.community_code,
            **{"area": room.area, **checked},
        )
        await hang_photos(actor, listing, photo_ids)
        unit.note("createListing", "LISTING", listing.id, room=room.id)
    return listing


async def update_listing(
    actor: Actor,
    *,
    listing_id: UUID,
    expected_version: int,
    values: Mapping[str, Any],
    photo_ids: Sequence[UUID] | None = None,
) -> Listing:
    """Change an offer that is a draft, public or suspended; ``photo_ids`` replace its photos.

    Raises:
        NotFound: somebody else's, or absent; a photo that is not theirs.
        Conflict: it is no longer at ``expected_version``.
        WrongState: let, withdrawn, reserved or in review.
        InvalidInput: a value that can't be used.
    """
    checked = _checked(values)
    async with work(actor) as unit:
        listing = await access_own_listing(actor, listing_id=listing_id)
        if listing.version != expected_version:
            raise Conflict(
                field="input.expectedVersion",
                reason="STALE_VERSION",
                params={"version": listing.version},
            )
        if listing.state not in EDITABLE:
            raise WrongState(reason=listing.state.value)
        listing.update_from_dict(checked)
        listing.version += 1
        await listing.save()
        changed = sorted(checked)
        if photo_ids is not None:
            await hang_photos(actor, listing, photo_ids)
            changed.append("photos")
        unit.note("updateListing", "LISTING", listing.id, fields=changed)
    return listing


async def publish_listing(actor: Actor, *, listing_id: UUID) -> Listing:
    """Make a draft public, when its place meets the standard.

    Raises:
        NotFound: somebody else's, or absent.
        WrongState: it is no draft, or its room is out of use.
        StandardNotMet: every missing point is named.
        Conflict: the room is on offer already, perhaps by somebody else.
    """
    async with work(actor) as unit:
        seen = await access_own_listing(actor, listing_id=listing_id, lock=False)
        # The place before its listings, as by everything that changes several of them; and no
        # block, and no room out of use, can slip in between the check and the commit.
        place = await Place.filter(id=seen.place_id).select_for_update().get()
        listing = await access_own_listing(actor, listing_id=listing_id)
        if listing.state is not ListingState.DRAFT:
            raise WrongState(
                reason=listing.state.value, zh="只有草稿可以发布", en="Only a draft is published"
            )
        _require_in_use(await Room.get(id=listing.room_id))
        await require_standard(place, listing.landlord_id)
        listing.state, listing.published_at = ListingState.PUBLISHED, now()
        listing.community_code = place.community_code
        listing.version += 1
        await _save_on_offer(listing)
        unit.note("publishListing", "LISTING", listing.id, place=place.id)
        await emit(ListingPublished(listing_id=listing.id, place_id=place.id))
    return listing


async def withdraw_listing(actor: Actor, *, listing_id: UUID) -> Listing:
    """Take an offer back.

    Raises:
        NotFound: somebody else's, or absent.
        WrongState: it is over already.
    """
    async with work(actor) as unit:
        listing = await access_own_listing(actor, listing_id=listing_id)
        if listing.state not in {ListingState.PUBLISHED, ListingState.SUSPENDED}:
            raise WrongState(reason=listing.state.value)
        listing.state, listing.state_before = ListingState.WITHDRAWN, None
        listing.version += 1
        await listing.save(update_fields=["state", "state_before", "version", "updated_at"])
        unit.note("withdrawListing", "LISTING", listing.id)
        await emit(ListingWithdrawn(listing_id=listing.id, place_id=listing.place_id))
    return listing


def _require_in_use(room: Room) -> None:
    if room.state is RoomState.OUT_OF_USE:
        raise WrongState(reason="OUT_OF_USE", zh="房间已停用", en="The room is out of use")


async def _save_on_offer(listing: Listing) -> None:
    try:
        async with in_transaction():
            await listing.save(
                update_fields=["state", "published_at", "community_code", "version", "updated_at"]
            )
    except IntegrityError:
        raise Conflict(
            reason="ROOM_ON_OFFER", zh="这个房间已经有在架房源", en="The room is on offer already"
        ) from None


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    answer = dict(values)
    for name, longest, shortest in (("title", 60, 2), ("description", 1000, 0)):
        if name in values:
            answer[name] = clean(
                values[name] or "",
                field=f"input.{name}",
                longest=longest,
                shortest=shortest,
                multiline=name == "description",
            )
    most = rules().largest_rent
    if "rent" in values and values["rent"] is None:
        raise InvalidInput(
            field="input.rent", reason="EMPTY", zh="不能为空", en="It must not be empty"
        )
    within(values.get("rent"), 1, most, field="input.rent")
    within(values.get("deposit"), 0, most * 12, field="input.deposit")
    within(values.get("area"), 1, 2000, field="input.area")
    available: date | None = values.get("available_from")
    if available is not None and not 2000 <= available.year <= 2100:
        raise InvalidInput(
            field="input.availableFrom", reason="DATE", zh="日期不正确", en="Not a usable date"
        )
    return answer
