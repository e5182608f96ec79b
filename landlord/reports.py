"""Reports of listings that are not what they seem: made by the public, decided by staff."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q, RawSQL, Subquery

from core.clock import now
from core.crypto import ring, seal
from core.database import fetch
from core.errors import Conflict, NotFound, WrongState
from core.events import emit
from core.keyset import Order, Page, Slice, take
from core.rates import allow
from core.text import clean
from core.work import unless_taken, work
from identity.actor import Actor, ActorKind, Permission
from landlord.access import on_offer, require_of_others
from landlord.events import ListingReportDecided, ListingReported, ListingTakenDown
from landlord.models import (
    Enquiry,
    Listing,
    ListingReport,
    ListingSnapshot,
    ListingState,
    ReportReason,
    ReportState,
    SnapshotOccasion,
)
from landlord.reservations import release_of
from landlord.snapshots import take_snapshot
from landlord.workflow import MOVED, WAITING, ListingAction, move
from management.access import in_scope, require_sign_in
from management.access import within as in_grid
from management.models import Place
from management.rules import rules
from management.territory import grid_by_code

LONGEST_WORDS: Final = 500
_DAY: Final = timedelta(days=1)
# Listings that most people report come first, then the oldest report. Negative, because both
# parts of a keyset order run the same way.
_QUEUE: Final = Order("reports", "pressure")
_PRESSURE: Final = (
    "-(SELECT count(*) FROM listing_report o"
    " WHERE o.listing_id = listing_report.listing_id AND o.state = 'OPEN')"
)
_OVER: Final = frozenset({ListingState.LET, ListingState.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """What the queue is narrowed to."""

    state: ReportState | None = ReportState.OPEN
    grid_code: str | None = None


def checked_words(reason: ReportReason, words: str) -> str:
    """What somebody says of a listing, as it is kept; only some reasons speak for themselves.

    Raises:
        InvalidInput: words that can't be used, or none where only words say what is wrong.
    """
    return clean(
        words,
        field="input.words",
        longest=LONGEST_WORDS,
        shortest=2 if reason is ReportReason.OTHER else 0,
        multiline=True,
    )


async def report_listing(
    actor: Actor, *, listing_id: UUID, reason: ReportReason, words: str = ""
) -> ListingReport:
    """Tell staff that a listing is not what it seems.

    A listing that is no longer public can be reported by who talked with its landlord.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: no such listing on offer.
        InvalidInput: the listing is the actor's own, or of a house that they run; words as in
            :func:`checked_words`.
        Conflict: the actor has reported it already, and nobody has decided.
        RateLimited: too many reports in a day.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    text = checked_words(reason, words)
    async with work(actor) as unit:
        asked = Enquiry.filter(seeker_id=actor.id).values("listing_id")
        listing = await Listing.filter(
            on_offer() | Q(id__in=Subquery(asked)), id=listing_id
        ).first()
        if listing is None:
            raise NotFound
        await require_of_others(actor.id, listing)
        report = ListingReport(listing_id=listing.id, reporter_id=actor.id, reason=reason)
        seal(report, "words", text or None)
        await _keep_evidence(listing)
        await _insert(report)
        await allow(
            "listing reports", str(actor.id), limit=rules().listing_reports_per_day, window=_DAY
        )
        unit.note("reportListing", "LISTING", listing.id, report=report.id, why=reason.value)
        await emit(ListingReported(report_id=report.id, listing_id=listing.id))
    return report


async def _keep_evidence(listing: Listing) -> None:
    """What was reported, once a version: as the public sees or saw it, so no drafts."""
    # Locked before the report refers to it: two who report at once wait for each other.
    locked = await Listing.filter(id=listing.id).select_for_update().get()
    kept = ListingSnapshot.filter(
        listing_id=locked.id, version=locked.version, occasion=SnapshotOccasion.REPORTED
    )
    if locked.state not in WAITING and not await kept.exists():
        await take_snapshot(locked, SnapshotOccasion.REPORTED)


async def _insert(report: ListingReport) -> None:
    taken = Conflict(reason="REPORTED", zh="您已经举报过，正在处理", en="You reported it already")
    async with unless_taken(taken):
        await report.save(force_create=True)


async def taken_down_before(listings: Collection[Listing]) -> set[UUID]:
    """Of these drafts, those of a room that their landlord offered until a report was upheld.

    Once staff have let a later one become public, the room's offers are like all others.
    """
    rows = await fetch(
        "SELECT l.id FROM listing l WHERE l.id = ANY($1::uuid[]) AND EXISTS ("
        "SELECT 1 FROM listing_report r JOIN listing o ON o.id = r.listing_id"
        " WHERE o.room_id = l.room_id AND o.landlord_id = l.landlord_id AND r.state = 'UPHELD'"
        " AND NOT EXISTS (SELECT 1 FROM listing n WHERE n.room_id = l.room_id"
        " AND n.landlord_id = l.landlord_id AND n.published_at > r.decided_at))",
        [listing.id for listing in listings],
    )
    return {row["id"] for row in rows}


async def list_reports(
    actor: Actor, *, filter_by: ReportFilter, page: Page, columns: Sequence[str]
) -> Slice:
    """Reports in the actor's grids: of listings with most open reports first, then the oldest.

    ``open_reports`` among the columns is how many are open for the same listing; ``words`` come
    in clear.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: no such grid.
    """
    require_sign_in(actor)
    parts = [in_scope(actor, Permission.LISTINGS_REVIEW, "listing__place__")]
    if filter_by.state is not None:
        parts.append(Q(state=filter_by.state))
    if filter_by.grid_code is not None:
        grid = await grid_by_code(filter_by.grid_code, field="filter.gridCode")
        parts.append(in_grid(grid["path"], "listing__place__"))
    wanted = ["pressure" if name == "open_reports" else name for name in columns]
    query = ListingReport.annotate(pressure=RawSQL(_PRESSURE)).filter(*parts)
    found = await take(query, _QUEUE, page, wanted)
    _finish(found)
    return found


def _finish(found: Slice) -> None:
    for row in found.rows:
        row["open_reports"] = -row["pressure"]
        if row.get("words") is not None:
            row["words"] = ring().decrypt(
                row["words"], table="listing_report", column="words", row=row["id"]
            )


async def report_by_id(
    actor: Actor, report_id: UUID, columns: Sequence[str]
) -> dict[str, Any] | None:
    """One report in the actor's grids, as :func:`list_reports` reads it."""
    scope = in_scope(actor, Permission.LISTINGS_REVIEW, "listing__place__")
    query = ListingReport.annotate(pressure=RawSQL(_PRESSURE)).filter(scope, id=report_id)
    wanted = ["pressure" if name == "open_reports" else name for name in columns]
    found = await take(query, _QUEUE, Page(1), wanted)
    _finish(found)
    return found.rows[0] if found.rows else None


async def decide_listing_report(
    actor: Actor, *, report_id: UUID, uphold: bool, reason: str
) -> ListingReport:
    """Uphold a report, which takes the listing from the public, or dismiss it.

    To uphold one upholds every open report of the listing. ``reason`` is for the landlord.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the scope in which the actor reviews listings.
        InvalidInput: no reason.
        WrongState: it is decided already.
    """
    require_sign_in(actor)
    why = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        seen = (
            await ListingReport.filter(
                in_scope(actor, Permission.LISTINGS_REVIEW, "listing__place__"), id=report_id
            )
            .select_related("listing")
            .first()
        )
        if seen is None:
            raise NotFound
        # The place before its listings, as by everything that changes several of them.
        await Place.filter(id=seen.listing.place_id).select_for_update().only("id")
        listing = await Listing.filter(id=seen.listing_id).select_for_update().get()
        report = await ListingReport.filter(id=report_id).select_for_update().get()
        if report.state is not ReportState.OPEN:
            raise WrongState(reason=report.state.value, zh="已经处理过", en="It is decided already")
        ending = {
            "state": ReportState.UPHELD if uphold else ReportState.DISMISSED,
            "decided_by": actor.id,
            "decided_at": now(),
            "decision": why,
        }
        which = Q(listing_id=listing.id, state=ReportState.OPEN) if uphold else Q(id=report.id)
        decided: list[Any] = list(
            await ListingReport.filter(which).order_by("id").values_list("id", flat=True)
        )
        await ListingReport.filter(id__in=decided).update(**ending)
        unit.note(
            "decideListingReport", "LISTING", listing.id, report=report.id, upheld=uphold,
            reports=len(decided),
        )  # fmt: skip
        if uphold:
            await _take_down(listing, why)
        for decided_id in decided:
            await emit(ListingReportDecided(report_id=decided_id))
    return await ListingReport.get(id=report_id)


async def _take_down(listing: Listing, why: str) -> None:
    """Withdraw a listing by decision of staff; one that is over stays as it is.

    Who holds it loses it, and is told.
    """
    if listing.state in _OVER:
        return
    move(listing, ListingAction.TAKE_DOWN)
    listing.review_reason = why
    await listing.save(update_fields=[*MOVED, "review_reason"])
    await release_of([listing.id])
    await emit(ListingTakenDown(listing_id=listing.id, place_id=listing.place_id))
