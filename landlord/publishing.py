"""How listings become public, are read by staff first, are taken back and put up again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from tortoise.exceptions import IntegrityError

from core.clock import now
from core.errors import Conflict
from core.events import emit
from core.keyset import Order, Page, Slice, take
from core.text import clean
from core.work import Work, work
from identity.actor import Actor, Permission
from landlord.access import (
    access_own_listing,
    access_own_room,
    access_place_of_own_listing,
    access_reviewed_listing,
)
from landlord.content_check import Verdict, Words, first_look, tell_of_review
from landlord.events import ListingPublished, ListingRefused, ListingWithdrawn
from landlord.models import Listing, ListingPhoto, ListingState, SnapshotOccasion
from landlord.reports import taken_down_before
from landlord.reservations import release_of
from landlord.snapshots import take_snapshot
from landlord.standard import require_standard
from landlord.values import require_bed_rule, require_in_use
from landlord.workflow import MOVED, ON_OFFER_OR_HELD, WAITING, ListingAction, move, require
from management.access import in_scope, within
from management.models import Place, Room
from management.rooms import note_vacant
from management.territory import grid_by_code

_IN_REVIEW: Final = Order("review", "updated_at")
_COPIED: Final = (
    "title", "description", "rent", "deposit", "area", "let_by", "beds", "water_price",
    "electricity_price", "management_fee", "facilities",
)  # fmt: skip


async def publish_listing(actor: Actor, *, listing_id: UUID) -> Listing:
    """Make a draft public, when its place meets the standard and its words pass the check.

    Words that do not pass are read by staff first: the listing is then in review. So is one of
    a room whose last offer by the same landlord staff took down, and every one while WeChat is
    asked about it.

    Raises:
        NotFound: somebody else's, or absent.
        WrongState: it is no draft, its room is out of use, or may no longer be let by the bed.
        StandardNotMet: every missing point is named.
        InvalidInput: the check refuses its words.
        Conflict: the room is on offer already, perhaps by somebody else.
    """
    async with work(actor) as unit:
        place = await access_place_of_own_listing(actor, listing_id=listing_id)
        listing = await access_own_listing(actor, listing_id=listing_id)
        require(listing, ListingAction.PUBLISH)
        room = await _require_lettable(place, listing)
        words = Words(listing.title, listing.description)
        listing.review_reason = ""
        verdict = await first_look(words, field="input.listingId")
        read = verdict is Verdict.REVIEW or bool(await taken_down_before([listing]))
        if verdict is Verdict.PASS and not read:
            await _make_public(listing, place, room, ListingAction.PUBLISH)
        else:
            move(listing, ListingAction.PUBLISH, ListingState.IN_REVIEW)
            await listing.save(update_fields=["state", "review_reason", "version", "updated_at"])
            await tell_of_review([listing], to_staff=[listing] if read else [])
        unit.note("publishListing", "LISTING", listing.id, place=place.id)
    return listing


async def decide_listing(
    actor: Actor, *, listing_id: UUID, approve: bool, reason: str = ""
) -> Listing:
    """Let a listing in review become public, or give it back as a draft with a reason.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the actor's scope.
        WrongState: it is not in review; its room is out of use or may not be let by the bed.
        InvalidInput: refused without a reason.
        StandardNotMet: to be approved, but its place no longer meets the standard.
        Conflict: to be approved, but the room is on offer by another listing.
    """
    words = clean(reason, field="input.reason", longest=200, shortest=0 if approve else 2)
    async with work(actor) as unit:
        seen = await access_reviewed_listing(actor, listing_id=listing_id, lock=False)
        place = await _locked(seen.place_id)
        listing = await access_reviewed_listing(actor, listing_id=listing_id)
        await settle_review(unit, listing, place, refusal=None if approve else words)
    return listing


async def settle_review(unit: Work, listing: Listing, place: Place, *, refusal: str | None) -> None:
    """Let a listing in review become public, or give it back, whoever decided so.

    In a running unit of work, with the place and then the listing locked.

    Raises:
        WrongState, StandardNotMet, Conflict: as :func:`decide_listing`.
    """
    action = ListingAction.APPROVE if refusal is None else ListingAction.REFUSE
    require(listing, action)
    if refusal is None:
        room = await _require_lettable(place, listing)
        await _make_public(listing, place, room, action)
    else:
        listing.review_reason = refusal
        move(listing, action)
        await listing.save(update_fields=["state", "review_reason", "version", "updated_at"])
        await emit(ListingRefused(listing_id=listing.id, place_id=place.id))
    unit.note("decideListing", "LISTING", listing.id, approved=refusal is None)


async def list_in_review(
    actor: Actor, *, grid_code: str | None, page: Page, columns: Sequence[str]
) -> Slice:
    """What waits for the actor to read it, longest waiting first; ``grid_code`` narrows it.

    Raises:
        InvalidInput: not a grid of the town.
    """
    query = Listing.filter(
        in_scope(actor, Permission.LISTINGS_REVIEW, "place__"), state=ListingState.IN_REVIEW
    )
    if grid_code is not None:
        grid = await grid_by_code(grid_code, field="filter.gridCode")
        query = query.filter(within(grid["path"], "place__"))
    return await take(query, _IN_REVIEW, page, columns)


async def withdraw_listing(actor: Actor, *, listing_id: UUID) -> Listing:
    """Take an offer back. Who holds a suspended one loses it, and is told.

    Raises:
        NotFound: somebody else's, or absent.
        WrongState: it is over already, or reserved.
    """
    async with work(actor) as unit:
        listing = await access_own_listing(actor, listing_id=listing_id)
        move(listing, ListingAction.WITHDRAW)
        await listing.save(update_fields=MOVED)
        unit.note("withdrawListing", "LISTING", listing.id)
        await release_of([listing.id])
        await emit(ListingWithdrawn(listing_id=listing.id, place_id=listing.place_id))
    return listing


async def relist_listing(actor: Actor, *, listing_id: UUID) -> Listing:
    """Draft what was let or withdrawn anew: words, prices, facilities and photos are copied.

    Raises:
        NotFound: somebody else's, or absent; or they no longer run the house.
        WrongState: it is not over, or its room is out of use.
        Conflict: they have a draft of the room already, or the room is on offer.
    """
    async with work(actor) as unit:
        await access_place_of_own_listing(actor, listing_id=listing_id)
        old = await access_own_listing(actor, listing_id=listing_id)
        require(old, ListingAction.RELIST)
        room = await access_own_room(actor, room_id=old.room_id)
        require_in_use(room)
        await _refuse_another(old)
        copy = await Listing.create(
            room_id=old.room_id,
            place_id=old.place_id,
            landlord_id=old.landlord_id,
            community_code=room.place.community_code,
            **{name: getattr(old, name) for name in _COPIED},
        )
        shown = await ListingPhoto.filter(listing_id=old.id).order_by("position")
        await ListingPhoto.bulk_create(
            ListingPhoto(listing_id=copy.id, photo_id=photo.photo_id, position=photo.position)
            for photo in shown
        )
        unit.note("relistListing", "LISTING", copy.id, of=old.id)
    return copy


async def _refuse_another(old: Listing) -> None:
    same = Listing.filter(room_id=old.room_id)
    if await same.filter(state__in=list(ON_OFFER_OR_HELD)).exists():
        raise on_offer_already()
    if await rooms_with_draft(old.landlord_id, [old.room_id]):
        raise draft_exists()


async def rooms_with_draft(landlord_id: UUID | None, room_ids: Collection[UUID]) -> set[UUID]:
    """Which of these rooms a landlord has a draft of, or one that staff read."""
    drafts = Listing.filter(
        landlord_id=landlord_id, room_id__in=list(room_ids), state__in=list(WAITING)
    )
    return {row["room_id"] for row in await drafts.values("room_id")}


def draft_exists() -> Conflict:
    """The refusal of a second draft of one room by one landlord."""
    return Conflict(
        reason="DRAFT_EXISTS",
        zh="您已经有这个房间的草稿",
        en="You have a draft of this room already",
    )


async def _locked(place_id: UUID) -> Place:
    # The place before its listings, as by everything that changes several of them; and no block,
    # and no room out of use, can slip in between the check and the commit.
    return await Place.filter(id=place_id).select_for_update().get()


async def _require_lettable(place: Place, listing: Listing) -> Room:
    room = await Room.get(id=listing.room_id)
    require_in_use(room)
    require_bed_rule(listing, room, given=False)
    await require_standard(place, listing.landlord_id)
    return room


async def _make_public(listing: Listing, place: Place, room: Room, action: ListingAction) -> None:
    """The draft, or what was in review, on offer from now on: its room counts as vacant."""
    move(listing, action, ListingState.PUBLISHED)
    listing.published_at = listing.refreshed_at = now()
    listing.warned_at = None
    listing.review_reason = ""
    listing.community_code = place.community_code
    try:
        await listing.save()
    except IntegrityError:  # the transaction is over with it, and so is the use case
        raise on_offer_already() from None
    await note_vacant(room)
    await take_snapshot(listing, SnapshotOccasion.PUBLISHED, place=place, room=room)
    await emit(ListingPublished(listing_id=listing.id, place_id=place.id))


def on_offer_already() -> Conflict:
    """The refusal of a second offer of a room."""
    return Conflict(
        reason="ROOM_ON_OFFER", zh="这个房间已经有在架房源", en="The room is on offer already"
    )
