"""What follows from WeChat's verdicts: in any order, twice, late, or after staff have decided.

Only verdicts on the version that is in review count. All passed, and nothing that our own rule
finds: the listing becomes public as if staff had approved it. One against it: it is given back.
Anything else waits for the rest of the verdicts, and then for staff; so does what no verdict came
for in :data:`ANSWERED_WITHIN`, until a late one settles it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.clock import now
from core.database import execute
from core.errors import DomainError
from core.events import emit, later
from core.work import Work, work
from identity.actor import SYSTEM
from identity.events import WeChatMediaChecked
from identity.wechat.pushes import pushed
from integrations.wechat.push import MediaVerdict
from integrations.wechat.results import Suggest
from landlord.content_check import Words, signs
from landlord.content_checks.labels import refusal_words
from landlord.events import ListingSentToReview
from landlord.models import ContentCheck, ContentState, Listing, ListingPhoto, ListingState
from landlord.publishing import settle_review
from landlord.reports import taken_down_before
from management.models import Place

ANSWERED_WITHIN: Final = timedelta(minutes=30)
"""By then verdicts on pictures are pushed (mediaCheckAsync)."""

STATES: Final[Mapping[Suggest | None, ContentState]] = {
    Suggest.PASS: ContentState.PASS,
    Suggest.REVIEW: ContentState.REVIEW,
    Suggest.RISKY: ContentState.RISKY,
    None: ContentState.UNKNOWN,
}


@later(WeChatMediaChecked, name="landlord.note_media_verdict")
async def note_media_verdict(event: WeChatMediaChecked) -> None:
    """Keep WeChat's verdict on a picture, and settle the listing when that was the last one.

    A verdict whose trace nobody knows yet is found by who asked, once they have written it.
    """
    push = await pushed(event.push_id)
    if push is not None and push.media is not None:
        await note_verdict(push.media)
        check = await ContentCheck.get_or_none(trace_id=push.media.trace_id)
        if check is not None:
            await settle(check.listing_id)


async def note_verdict(verdict: MediaVerdict) -> None:
    """Write a verdict to the check that waits for it; the first one counts."""
    await execute(
        "UPDATE content_check SET state = $2, label = $3, answered_at = $4"
        " WHERE trace_id = $1 AND state = 'WAITING'",
        verdict.trace_id,
        STATES[verdict.suggest].value,
        verdict.label or None,
        now(),
    )


async def settle(listing_id: UUID) -> None:
    """Do what the verdicts known by now lead to; nothing when somebody has decided."""
    try:
        async with work(SYSTEM) as unit:
            found = await _in_review(listing_id)
            if found is not None:
                await _decide(unit, *found)
    except DomainError:
        # It may not be public as it is: its house, its room. Staff see what they could do.
        async with work(SYSTEM):
            found = await _in_review(listing_id)
            if found is not None:
                await _leave_to_staff(found[0], found[2])


async def needs_staff(listing: Listing) -> bool:
    """Whether staff must read a listing whatever WeChat says."""
    words = Words(listing.title, listing.description)
    return bool(signs(words)) or bool(await taken_down_before([listing]))


async def _in_review(listing_id: UUID) -> tuple[Listing, Place, list[ContentCheck]] | None:
    """A listing in review with its place, both locked, and its checks; else nothing."""
    seen = await Listing.get_or_none(id=listing_id)
    if seen is None or seen.state is not ListingState.IN_REVIEW:
        return None
    # The place before its listings, as by everything that changes several of them.
    place = await Place.filter(id=seen.place_id).select_for_update().get()
    listing = await Listing.filter(id=listing_id).select_for_update().get()
    rows = await ContentCheck.filter(listing_id=listing_id, listing_version=listing.version)
    if listing.state is not ListingState.IN_REVIEW or not rows:
        return None
    return listing, place, rows


async def _decide(unit: Work, listing: Listing, place: Place, rows: Sequence[ContentCheck]) -> None:
    states = {row.state for row in rows}
    if ContentState.RISKY in states:
        shown = ListingPhoto.filter(listing_id=listing.id).order_by("position")
        photos = list(await shown.values_list("photo_id", flat=True))
        reason = refusal_words(rows, photos)  # type: ignore[arg-type]  # a flat list of ids
        await settle_review(unit, listing, place, refusal=reason)
    elif states == {ContentState.PASS} and not await needs_staff(listing):
        await settle_review(unit, listing, place, refusal=None)
    elif ContentState.WAITING not in states or _overdue(rows):
        await _leave_to_staff(listing, rows)


def _overdue(rows: Sequence[ContentCheck]) -> bool:
    return now() >= min(row.created_at for row in rows) + ANSWERED_WITHIN


async def _leave_to_staff(listing: Listing, rows: Sequence[ContentCheck]) -> None:
    """Tell of a listing that staff must read, once."""
    if any(row.with_staff_since is not None for row in rows):
        return
    mine = ContentCheck.filter(listing_id=listing.id, listing_version=listing.version)
    await mine.update(with_staff_since=now())
    await emit(ListingSentToReview(listing_id=listing.id, place_id=listing.place_id))
