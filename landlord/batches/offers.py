"""Many listings at once: published, refreshed, withdrawn, or let for another rent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from uuid import UUID

from tortoise.exceptions import IntegrityError

from core.clock import now
from core.errors import DomainError, InvalidInput, require_version
from core.events import emit
from core.numbers import within
from core.work import Work, work
from identity.actor import Actor
from landlord.batches.common import (
    Offers,
    check_once,
    fault,
    lock_offers,
    refuse,
    require_each,
    write,
)
from landlord.content_check import Verdict, Words, first_look, tell_of_review
from landlord.events import (
    ListingsPublished,
    ListingsRefreshed,
    ListingsUpdated,
    ListingWithdrawn,
)
from landlord.models import Listing, ListingState, SnapshotOccasion
from landlord.publishing import on_offer_already
from landlord.reports import taken_down_before
from landlord.reservations import release_of
from landlord.snapshots import take_snapshots
from landlord.standard import require_standard
from landlord.values import require_bed_rule, require_in_use
from landlord.workflow import ON_OFFER_OR_HELD, ListingAction, move, require
from management.rooms import note_all_vacant
from management.rules import rules

_IDS: Final = "input.listingIds"
_YUAN: Final = Decimal(1)
_PERCENT: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRent:
    """What a listing is to cost (yuan a month, or nothing with a percentage), as it was seen."""

    expected_version: int
    rent: Decimal | None = None


async def publish_listings(actor: Actor, *, listing_ids: Sequence[UUID]) -> list[Listing]:
    """Make drafts public, all or none; the rules are those of ``publish_listing``.

    The standard is checked once a house. Those whose words do not pass the check go to review,
    the others are public at once; all go to review where WeChat is asked too.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one is somebody else's, or absent.
        InvalidInput: none, too many, or one twice.
        WrongState: some can't be public; ``params.items`` names each with its reason, and with
            every missing point where its house does not meet the standard.
    """
    check_once(listing_ids, _IDS)
    async with work(actor) as unit:
        offers = await lock_offers(actor, listing_ids)
        await _require_publishable(actor, offers)
        public, waiting, to_staff = await _after_check(offers)
        moment = now()
        for listing in waiting:
            move(listing, ListingAction.PUBLISH, ListingState.IN_REVIEW)
        for listing in public:
            move(listing, ListingAction.PUBLISH, ListingState.PUBLISHED)
            listing.published_at = listing.refreshed_at = moment
            listing.warned_at = None
            listing.community_code = offers.places[listing.place_id].community_code
        for listing in offers.listings:
            listing.review_reason = ""
        try:
            await write(offers.listings)
        except IntegrityError:
            # The houses' locks keep it away; the database has the last word all the same.
            raise on_offer_already() from None
        await note_all_vacant([offers.room_of(listing) for listing in public])
        await take_snapshots(
            public, SnapshotOccasion.PUBLISHED, places=offers.places, rooms=offers.rooms
        )
        _note(unit, "publishListing", offers.listings)
        await tell_of_review(waiting, to_staff=to_staff)
        for place_id, ids in offers.by_place(public).items():
            await emit(ListingsPublished(place_id=place_id, listing_ids=ids))
    return offers.listings


async def refresh_listings(actor: Actor, *, listing_ids: Sequence[UUID]) -> list[Listing]:
    """Say that offers still stand, all or none: their days begin again.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one is somebody else's, or absent.
        InvalidInput: none, too many, or one twice.
        WrongState: some are not public; ``params.items`` names each.
    """
    check_once(listing_ids, _IDS)
    async with work(actor) as unit:
        offers = await lock_offers(actor, listing_ids)
        require_each(offers, lambda listing: require(listing, ListingAction.REFRESH))
        moment = now()
        for listing in offers.listings:
            move(listing, ListingAction.REFRESH)
            listing.refreshed_at, listing.warned_at = moment, None
        await write(offers.listings)
        _note(unit, "refreshListing", offers.listings)
        for place_id, ids in offers.by_place().items():
            await emit(ListingsRefreshed(place_id=place_id, listing_ids=ids))
    return offers.listings


async def withdraw_listings(actor: Actor, *, listing_ids: Sequence[UUID]) -> list[Listing]:
    """Take offers back, all or none. Who holds a suspended one loses it, and is told.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one is somebody else's, or absent.
        InvalidInput: none, too many, or one twice.
        WrongState: some are over already, or reserved; ``params.items`` names each.
    """
    check_once(listing_ids, _IDS)
    async with work(actor) as unit:
        offers = await lock_offers(actor, listing_ids)
        require_each(offers, lambda listing: require(listing, ListingAction.WITHDRAW))
        for listing in offers.listings:
            move(listing, ListingAction.WITHDRAW)
        await write(offers.listings)
        _note(unit, "withdrawListing", offers.listings)
        await release_of(listing_ids)
        for listing in offers.listings:
            await emit(ListingWithdrawn(listing_id=listing.id, place_id=listing.place_id))
    return offers.listings


async def change_rents(
    actor: Actor, *, rents: Mapping[UUID, NewRent], percent: Decimal | None = None
) -> list[Listing]:
    """Ask other rents (yuan a month) for drafts and offers, all or none.

    Each listing has its new rent, or all change by ``percent`` and are rounded to full yuan. Each
    is changed from what the landlord saw: a percentage is never of another rent.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one is somebody else's, or absent.
        InvalidInput: none, too many; both a rent and ``percent``, or neither; a sum that can't be.
        WrongState: some are no longer at the version that was seen, can't be changed, or would
            cost too much or nothing; ``params.items`` names each.
    """
    check_once(list(rents), "input.items")
    _check_ways(rents, percent)
    async with work(actor) as unit:
        offers = await lock_offers(actor, list(rents))
        asked = {
            listing.id: _rent(listing, rents[listing.id].rent, percent)
            for listing in offers.listings
        }
        require_each(
            offers,
            lambda listing: require_version(listing.version, rents[listing.id].expected_version),
            lambda listing: require(listing, ListingAction.UPDATE),
            lambda listing: within(asked[listing.id], 1, rules().largest_rent, field="input.items"),
        )
        changed = [item for item in offers.listings if item.rent != asked[item.id]]
        for listing in changed:
            listing.rent = asked[listing.id]
            move(listing, ListingAction.UPDATE, listing.state)
        await write(changed)
        public = [item for item in changed if item.state is not ListingState.DRAFT]
        await take_snapshots(
            public, SnapshotOccasion.CHANGED, places=offers.places, rooms=offers.rooms
        )
        _note(unit, "updateListing", offers.listings, fields=["rent"])
        for place_id, ids in offers.by_place(changed).items():
            await emit(ListingsUpdated(place_id=place_id, listing_ids=ids))
    return offers.listings


def _check_ways(rents: Mapping[UUID, NewRent], percent: Decimal | None) -> None:
    given = [line.rent for line in rents.values() if line.rent is not None]
    if (percent is None) != (len(given) == len(rents)) or (percent is not None and given):
        raise InvalidInput(
            field="input.items",
            reason="RENT_OR_PERCENT",
            zh="每间填新租金，或者统一填百分比",
            en="Give each its rent, or a percentage for all",
        )
    most = rules().largest_rent_change
    within(percent, -most, most, field="input.percent")
    for index, line in enumerate(rents.values()):
        within(line.rent, 1, rules().largest_rent, field=f"input.items.{index}.rent")


def _rent(listing: Listing, rent: Decimal | None, percent: Decimal | None) -> Decimal:
    if percent is None:
        return rent or Decimal(0)
    changed = listing.rent * (_PERCENT + percent) / _PERCENT
    return changed.quantize(_YUAN, rounding=ROUND_HALF_UP)


async def _require_publishable(actor: Actor, offers: Offers) -> None:
    """Every fault of every draft: its state, its room, its house, another offer of the room."""
    missing: dict[UUID, DomainError] = {}
    for place in offers.places.values():
        try:
            await require_standard(place, _account(actor))
        except DomainError as error:
            missing[place.id] = error
    rows = await Listing.filter(
        room_id__in=list(offers.rooms), state__in=[state.value for state in ON_OFFER_OR_HELD]
    ).values("room_id")
    taken = {row["room_id"] for row in rows}

    def lettable(listing: Listing) -> None:
        room = offers.room_of(listing)
        require_in_use(room)
        require_bed_rule(listing, room, given=False)
        if error := missing.get(listing.place_id):
            raise error
        if room.id in taken:
            raise on_offer_already()
        taken.add(room.id)

    require_each(offers, lambda listing: require(listing, ListingAction.PUBLISH), lettable)


async def _after_check(
    offers: Offers,
) -> tuple[list[Listing], list[Listing], list[Listing]]:
    """Which may be public at once, which go to review, and which of these staff must read."""
    suspect = await taken_down_before(offers.listings)
    public: list[Listing] = []
    waiting: list[Listing] = []
    to_staff: list[Listing] = []
    faults = []
    for listing in offers.listings:
        try:
            verdict = await first_look(Words(listing.title, listing.description), field=_IDS)
        except DomainError as error:
            faults.append(fault(offers.room_of(listing), error))
            continue
        read = verdict is Verdict.REVIEW or listing.id in suspect
        (public if verdict is Verdict.PASS and not read else waiting).append(listing)
        if read:
            to_staff.append(listing)
    refuse(faults)
    return public, waiting, to_staff


def _account(actor: Actor) -> UUID:
    if actor.id is None:
        raise ValueError("listings are locked for accounts only")
    return actor.id


def _note(unit: Work, action: str, listings: Iterable[Listing], **more: Any) -> None:
    for listing in listings:
        unit.note(action, "LISTING", listing.id, place=listing.place_id, batch=True, **more)
