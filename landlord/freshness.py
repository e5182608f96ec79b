"""Freshness: an offer that nobody refreshes is withdrawn, after a warning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from tortoise.expressions import Q

from core.clock import now
from core.database import fetch
from core.events import emit
from core.jobs import periodic
from core.work import Work, work
from identity.actor import SYSTEM, Actor
from landlord.access import access_own_listing
from landlord.events import ListingAboutToExpire, ListingExpired, ListingRefreshed
from landlord.models import Listing, ListingState
from landlord.workflow import ListingAction, move, move_all
from management.models import Place
from management.rules import rules

_BATCH: Final = 200

log = structlog.get_logger("landlord.freshness")


async def refresh_listing(actor: Actor, *, listing_id: UUID) -> Listing:
    """Say that an offer still stands: its days begin again.

    Raises:
        NotFound: somebody else's, or absent.
        WrongState: it is not public.
    """
    async with work(actor) as unit:
        listing = await access_own_listing(actor, listing_id=listing_id)
        move(listing, ListingAction.REFRESH)
        listing.refreshed_at, listing.warned_at = now(), None
        await listing.save(update_fields=["refreshed_at", "warned_at", "version", "updated_at"])
        unit.note("refreshListing", "LISTING", listing.id)
        await emit(ListingRefreshed(listing_id=listing.id, place_id=listing.place_id))
    return listing


def expires_at(refreshed_at: datetime | None, warned_at: datetime | None) -> datetime | None:
    """When an offer is withdrawn unless it is refreshed: never sooner than the warning allows."""
    if refreshed_at is None:
        return None
    limits = rules()
    over = refreshed_at + timedelta(days=limits.listing_days)
    warning = timedelta(days=limits.listing_warn_days)
    return over if warned_at is None else max(over, warned_at + warning)


@periodic("landlord.tend_listings", cron="7 * * * *")
async def tend_listings() -> None:
    """Each hour: landlords are warned, and what they left unrefreshed is withdrawn.

    One place at a time, in a transaction of its own: it may be interrupted, and run again.
    """
    warned = withdrawn = 0
    last: UUID | None = None
    while places := await _due(now(), last):
        for place_id in places:
            async with work(SYSTEM) as unit:
                # The place before its listings, as by everything that changes several of them.
                await Place.filter(id=place_id).select_for_update().only("id")
                withdrawn += await _withdraw(place_id)
                warned += await _warn(unit, place_id)
        last = places[-1]
    if warned or withdrawn:
        log.info("landlord.listings_tended", warned=warned, withdrawn=withdrawn)


async def _due(moment: datetime, last: UUID | None) -> list[UUID]:
    """Places with something to warn of or to withdraw, after the last one done."""
    stale, over, told = _cuts(moment)
    due = Listing.filter(
        Q(warned_at=None, refreshed_at__lte=stale) | Q(warned_at__lte=told, refreshed_at__lte=over),
        state=ListingState.PUBLISHED,
    )
    if last is not None:
        due = due.filter(place_id__gt=last)
    rows = due.order_by("place_id").distinct().limit(_BATCH)
    return [row["place_id"] for row in await rows.values("place_id")]


async def _warn(unit: Work, place_id: UUID) -> int:
    rows = await fetch(
        "UPDATE listing SET warned_at = $3 WHERE place_id = $1 AND state = 'PUBLISHED'"
        " AND warned_at IS NULL AND refreshed_at <= $2 RETURNING id",
        place_id,
        _cuts(now())[0],
        now(),
    )
    for row in rows:
        unit.note("warnListing", "LISTING", row["id"])
        await emit(ListingAboutToExpire(listing_id=row["id"], place_id=place_id))
    return len(rows)


async def _withdraw(place_id: UUID) -> int:
    _, over, told = _cuts(now())
    moved = await move_all(
        ListingAction.LAPSE,
        "l.place_id = $1 AND l.refreshed_at <= $2 AND l.warned_at <= $3",
        place_id,
        over,
        told,
    )
    for row in moved:
        await emit(ListingExpired(listing_id=row["id"], place_id=place_id))
    return len(moved)


def _cuts(moment: datetime) -> tuple[datetime, datetime, datetime]:
    """Refreshed by then: to be warned; to be withdrawn; and warned by then."""
    days, warn = timedelta(days=rules().listing_days), timedelta(days=rules().listing_warn_days)
    return moment - (days - warn), moment - days, moment - warn
