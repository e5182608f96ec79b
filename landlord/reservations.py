"""Reservations: a seeker holds a room for a day, and the room is let or free again.

Who reserves is kept to some rooms at a time; two can't hold the same: the listing is locked, and
the partial unique index ``reservation_one_held`` refuses what a lock would not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from core.clock import now, today
from core.database import fetch
from core.errors import Conflict, InvalidInput, NotFound, RateLimited, WrongState
from core.events import emit
from core.jobs import periodic
from core.keyset import NOTHING, Order, Page, Slice, take
from core.work import current, unless_taken, work
from identity.actor import SYSTEM, Actor, ActorKind
from landlord.access import access_own_listing, access_place_of_own_listing, is_own
from landlord.events import ListingLet, ListingReserved, ReservationExpired, ReservationReleased
from landlord.models import (
    Listing,
    ListingState,
    Reservation,
    ReservationState,
    SnapshotOccasion,
)
from landlord.snapshots import take_snapshot
from landlord.workflow import MOVED, ListingAction, move, require
from management.access import require_sign_in
from management.models import Room
from management.people.duties import begin_duties, moved_in, signed_by
from management.rooms import note_let
from management.rules import rules

_OWN: Final = Order("reservations", "id", descending=True)
_WEEK: Final = timedelta(days=7)
_BATCH: Final = 100


async def reserve_listing(actor: Actor, *, listing_id: UUID) -> Reservation:
    """Hold a room that is on offer, for as long as the rule says.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not on offer, or the actor is no seeker.
        WrongState: it is their own, or of a house that they run.
        Conflict: somebody holds it; or the seeker holds as many as they may.
        RateLimited: they reserved as many as they may in a week.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    async with work(actor) as unit:
        await _one_at_a_time(actor.id)
        listing = await Listing.filter(id=listing_id).select_for_update().first()
        if listing is None or listing.state not in {ListingState.PUBLISHED, ListingState.RESERVED}:
            raise NotFound
        if await is_own(actor.id, listing):
            raise WrongState(
                reason="OWN_LISTING", zh="不能预订自己的房源", en="It is your own listing"
            )
        if listing.state is ListingState.RESERVED:
            raise _taken()
        await _within_limits(actor.id)
        move(listing, ListingAction.RESERVE)
        await listing.save(update_fields=MOVED)
        reservation = await _hold(listing, actor.id)
        unit.note("reserveListing", "LISTING", listing.id, reservation=reservation.id)
        await take_snapshot(listing, SnapshotOccasion.RESERVED)
        await emit(ListingReserved(listing_id=listing.id, reservation_id=reservation.id))
    return reservation


async def release_reservation(actor: Actor, *, listing_id: UUID) -> Listing:
    """Give a reservation up: by who holds it, or by the landlord.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor is neither, or there is no such listing.
        WrongState: nobody holds it.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    async with work(actor) as unit:
        listing = await Listing.filter(id=listing_id).select_for_update().first()
        if listing is None:
            raise NotFound
        held = await _held(listing.id)
        if actor.id not in {listing.landlord_id, held.seeker_id if held else None}:
            raise NotFound
        move(listing, ListingAction.RELEASE)
        await listing.save(update_fields=MOVED)
        unit.note("releaseReservation", "LISTING", listing.id)
        await release_of([listing.id])
    return listing


async def mark_listing_let(
    actor: Actor, *, listing_id: UUID, let_on: date | None = None
) -> Listing:
    """Note that a room is let, since ``let_on`` (today when not said): offer and room alike.

    From that day the landlord has the duty to register the tenant.

    Raises:
        NotFound: somebody else's, or absent.
        WrongState: it is not on offer, or its room is let already.
        InvalidInput: a day to come, or before the offer was public.
    """
    async with work(actor) as unit:
        # The place first: the room changes with its listing.
        await access_place_of_own_listing(actor, listing_id=listing_id)
        listing = await access_own_listing(actor, listing_id=listing_id)
        require(listing, ListingAction.MARK_LET)
        _check_day(let_on)
        room = await Room.filter(id=listing.room_id).select_for_update().get()
        if not await moved_in(room):
            await note_let(room)
        move(listing, ListingAction.MARK_LET)
        await listing.save(update_fields=MOVED)
        held = await _end([listing.id], ReservationState.LET)
        unit.note(
            "markListingLet",
            "LISTING",
            listing.id,
            room=room.id,
            daysAgo=(today() - let_on).days if let_on else 0,
            reservations=len(held),
        )
        await take_snapshot(listing, SnapshotOccasion.LET)
        await begin_duties(
            [room],
            account_id=await signed_by(listing.place_id, listing.landlord_id),
            signed_on=let_on or today(),
        )
        await emit(ListingLet(listing_id=listing.id, place_id=listing.place_id))
    return listing


async def own_reservations(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """What a seeker reserved, newest first."""
    if actor.kind is not ActorKind.ACCOUNT:
        return NOTHING
    return await take(Reservation.filter(seeker_id=actor.id), _OWN, page, columns)


async def holds_on(listing_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Who holds which listing (seeker_id) until when: for its landlord and its holder."""
    rows = await Reservation.filter(
        listing_id__in=list(listing_ids), state=ReservationState.HELD
    ).values("listing_id", "seeker_id", "until")
    return {row["listing_id"]: row for row in rows}


async def release_of(listing_ids: Collection[UUID]) -> None:
    """End what is held of listings that are locked, and tell of it; the listings stay."""
    for listing_id, reservation_id in await _end(listing_ids, ReservationState.RELEASED):
        await emit(ReservationReleased(listing_id=listing_id, reservation_id=reservation_id))


async def release_all_of(seeker_id: UUID) -> None:
    """Give up whatever a seeker holds, in a running unit of work."""
    held = Reservation.filter(seeker_id=seeker_id, state=ReservationState.HELD)
    wanted = list(await held.values_list("listing_id", flat=True))
    for listing in await Listing.filter(id__in=wanted).order_by("id").select_for_update():
        if not await held.filter(listing_id=listing.id).exists():
            continue  # ended while we waited
        move(listing, ListingAction.RELEASE)
        await listing.save(update_fields=MOVED)
        current().note("releaseReservation", "LISTING", listing.id)
        await release_of([listing.id])


@periodic("landlord.expire_reservations", cron="* * * * *")
async def expire_reservations() -> None:
    """Each minute: what was held until now is free again. Late or twice does no harm."""
    due = Reservation.filter(state=ReservationState.HELD, until__lte=now()).order_by("until")
    tried: list[UUID] = []
    while batch := list(
        await due.exclude(id__in=tried).limit(_BATCH).values_list("id", "listing_id")
    ):
        for reservation_id, listing_id in batch:
            tried.append(reservation_id)
            await expire_reservation(reservation_id=reservation_id, listing_id=listing_id)


async def expire_reservation(*, reservation_id: UUID, listing_id: UUID) -> bool:
    """End one reservation whose time is over; whether it was still held."""
    async with work(SYSTEM) as unit:
        listing = await Listing.filter(id=listing_id).select_for_update().get()
        due = await Reservation.exists(
            id=reservation_id, state=ReservationState.HELD, until__lte=now()
        )
        if not due:
            return False
        move(listing, ListingAction.EXPIRE)
        await listing.save(update_fields=MOVED)
        await _end([listing_id], ReservationState.EXPIRED)
        unit.note("expireReservation", "LISTING", listing_id, reservation=reservation_id)
        await emit(ReservationExpired(listing_id=listing_id, reservation_id=reservation_id))
    return True


async def _hold(listing: Listing, seeker_id: UUID) -> Reservation:
    async with unless_taken(_taken()):
        return await Reservation.create(
            listing_id=listing.id,
            seeker_id=seeker_id,
            until=now() + timedelta(hours=rules().reservation_hours),
        )


async def _one_at_a_time(seeker_id: UUID) -> None:
    """Wait for the seeker's other reservation: counting must not race with itself."""
    await fetch(
        "SELECT pg_advisory_xact_lock(hashtextextended('reservations of ' || $1::text, 0))::text",
        str(seeker_id),
    )


async def _within_limits(seeker_id: UUID) -> None:
    limits, own = rules(), Reservation.filter(seeker_id=seeker_id)
    if await own.filter(state=ReservationState.HELD).count() >= limits.reservations_held:
        raise Conflict(
            reason="HOLDS_ANOTHER",
            params={"maximum": limits.reservations_held},
            zh="最多同时预订 {maximum} 间，请先取消之前的预订",
            en="You can hold {maximum} at a time; give up the other first",
        )
    recent = (
        await own.filter(created_at__gt=now() - _WEEK)
        .order_by("-created_at")
        .limit(limits.reservations_per_week)
        .values("created_at")
    )
    if len(recent) >= limits.reservations_per_week:
        wait = recent[-1]["created_at"] + _WEEK - now()
        raise RateLimited(
            reason="RESERVATIONS_PER_WEEK",
            params={
                "maximum": limits.reservations_per_week,
                "retryAfter": max(1, int(wait.total_seconds()) + 1),
            },
            zh="一周最多预订 {maximum} 次，请稍后再试",
            en="You can reserve {maximum} times in a week; try again later",
        )


def _check_day(let_on: date | None) -> None:
    if let_on is not None and not today() - timedelta(days=366) <= let_on <= today():
        raise InvalidInput(
            field="input.letOn",
            reason="DATE",
            zh="出租日期应在过去一年之内",
            en="The day must lie in the past year",
        )


async def _held(listing_id: UUID) -> Reservation | None:
    return await Reservation.filter(listing_id=listing_id, state=ReservationState.HELD).first()


async def _end(listing_ids: Collection[UUID], state: ReservationState) -> list[tuple[UUID, UUID]]:
    rows = await fetch(
        "UPDATE reservation SET state = $2, ended_at = $3"
        " WHERE listing_id = ANY($1::uuid[]) AND state = 'HELD' RETURNING listing_id, id",
        list(listing_ids),
        state.value,
        now(),
    )
    return [(row["listing_id"], row["id"]) for row in rows]


def _taken() -> Conflict:
    return Conflict(reason="RESERVED", zh="这个房间刚被预订", en="Somebody has reserved the room")
