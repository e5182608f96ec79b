"""Listings (房源): found by everybody, drafted and changed by landlords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from core.errors import require_version
from core.events import emit
from core.keyset import NOTHING, Order, Page, Slice, take
from core.work import work
from identity.actor import Actor, ActorKind
from landlord.access import access_own_listing, access_own_room_to_draft, on_offer
from landlord.content_check import (
    Verdict,
    Words,
    first_look,
    tell_of_review,
    wechat_is_asked,
)
from landlord.content_checks.rows import unpassed
from landlord.events import ListingUpdated
from landlord.models import Listing, ListingState, SnapshotOccasion
from landlord.photos import hang_photos
from landlord.publishing import draft_exists, rooms_with_draft
from landlord.snapshots import take_snapshot
from landlord.values import WORDS, checked, require_bed_rule, require_in_use
from landlord.workflow import ListingAction, find, move, require
from management.models import Room

_OF_A_PLACE = Order("place", "id")
_OWN = Order("own", "id", descending=True)


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


async def create_listing(
    actor: Actor, *, room_id: UUID, values: Mapping[str, Any], photo_ids: Sequence[UUID] = ()
) -> Listing:
    """Draft an offer of one room of a house that the landlord is known to run.

    ``values``: title, description, rent, deposit, area, available_from, let_by, beds,
    water_price, electricity_price, management_fee, facilities.

    Raises:
        NotFound: the room is not in a house of this landlord, or a photo not theirs.
        InvalidInput: a value that can't be used.
        WrongState: the room is out of use.
        Conflict: they have a draft of the room already.
    """
    usable = checked({"description": "", **values})
    async with work(actor) as unit:
        place, room = await access_own_room_to_draft(actor, room_id=room_id)
        require_in_use(room)
        listing = Listing(
            room_id=room.id,
            place_id=place.id,
            landlord_id=actor.id,
            community_code=place.community_code,
            **{"area": room.area, **usable},
        )
        require_bed_rule(listing, room, given=True)
        if await rooms_with_draft(actor.id, [room.id]):
            raise draft_exists()
        await listing.save(force_create=True)
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

    New words of an offer that is not a draft are checked again, and where WeChat is asked its
    new pictures: staff may have to read them before it is public once more.

    Raises:
        NotFound: somebody else's, or absent; a photo that is not theirs.
        Conflict: it is no longer at ``expected_version``.
        WrongState: let, withdrawn, reserved or in review.
        InvalidInput: a value that can't be used.
    """
    usable = checked(values)
    async with work(actor) as unit:
        listing = await access_own_listing(actor, listing_id=listing_id)
        require_version(listing.version, expected_version)
        require(listing, ListingAction.UPDATE)
        before = Words(listing.title, listing.description)
        listing.update_from_dict(usable)
        if {"let_by", "beds"} & set(usable):
            require_bed_rule(listing, await Room.get(id=listing.room_id), given=True)
        verdict = await _look_again(listing, before, usable, photo_ids or ())
        waits = verdict in {Verdict.ASK, Verdict.REVIEW}
        to = ListingState.IN_REVIEW if waits else listing.state
        move(listing, ListingAction.UPDATE, to)
        await listing.save()
        changed = sorted(usable)
        if photo_ids is not None:
            await hang_photos(actor, listing, photo_ids)
            changed.append("photos")
        unit.note("updateListing", "LISTING", listing.id, fields=changed)
        if waits:
            read = [listing] if verdict is Verdict.REVIEW else []
            await tell_of_review([listing], to_staff=read)
        elif listing.state is not ListingState.DRAFT:
            await take_snapshot(listing, SnapshotOccasion.CHANGED)
        await emit(ListingUpdated(listing_id=listing.id, place_id=listing.place_id))
    return listing


async def _look_again(
    listing: Listing, before: Words, values: Mapping[str, Any], photo_ids: Sequence[UUID]
) -> Verdict:
    """What a change needs before the public sees it; nothing while there is no public."""
    row = find(listing.state, listing.state_before, ListingAction.UPDATE)
    verdict = Verdict.PASS
    if row is None or ListingState.IN_REVIEW not in row.to:
        return verdict
    if set(WORDS) & set(values):
        words = Words(listing.title, listing.description)
        verdict = await first_look(words, field="input.description")
        if verdict is Verdict.ASK and words == before:
            verdict = Verdict.PASS
    if verdict is Verdict.PASS and wechat_is_asked() and await unpassed(photo_ids):
        return Verdict.ASK
    return verdict
