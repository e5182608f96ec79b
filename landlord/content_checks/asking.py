"""Asking WeChat about listings in review: rows first, then the network, then what follows.

One job asks about one version of one listing until everything is asked; it bears being run twice
and at once. Nothing here fails a listing, and nothing lets it pass: what could not be asked is
left to staff.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.clock import now
from core.events import later
from core.jobs import defer, job
from core.work import work
from identity.actor import SYSTEM
from identity.wechat.pushes import verdicts_on
from identity.wechat.recent import recent_openid
from integrations import wechat
from integrations.wechat.errors import AtReset, Later, Never, Retry, WeChatError
from integrations.wechat.limits import LONGEST_TEXT
from integrations.wechat.results import Scene, Suggest
from landlord.content_checks.rows import write_rows
from landlord.content_checks.settling import (
    ANSWERED_WITHIN,
    STATES,
    needs_staff,
    note_verdict,
    settle,
)
from landlord.events import ListingsToCheck
from landlord.models import ContentCheck, ContentKind, ContentState, Listing, ListingState
from media.models import Photo
from media.photos import PHOTO_COLUMNS, photo_urls

ASK: Final = "landlord.ask_about_listing"
GIVEN_UP_AFTER: Final = timedelta(days=1)
_LONGEST_WAIT: Final = 600.0
_WORST_FIRST: Final = (Suggest.RISKY, Suggest.REVIEW, Suggest.PASS)


@later(ListingsToCheck, name="landlord.check_listings")
async def check_listings(event: ListingsToCheck) -> None:
    """Write down what is to be asked; each listing has a job of its own."""
    for listing_id in event.listing_ids:
        await _begin(listing_id)


async def _begin(listing_id: UUID) -> None:
    async with work(SYSTEM):
        listing = await Listing.filter(id=listing_id).select_for_update().first()
        if listing is None or listing.state is not ListingState.IN_REVIEW:
            return
        if not await write_rows(listing):
            return
        if await needs_staff(listing):
            # They were told when it went to review.
            checks = ContentCheck.filter(listing_id=listing.id, listing_version=listing.version)
            await checks.update(with_staff_since=now())
        await _ask_again(listing.id, listing.version, 0)
        await _ask_again(listing.id, listing.version, None, at=now() + ANSWERED_WITHIN)


async def _ask_again(
    listing_id: UUID, listing_version: int, attempt: int | None, at: datetime | None = None
) -> None:
    await defer(
        ASK,
        {
            "version": 1,
            "listing_id": listing_id,
            "listing_version": listing_version,
            "attempt": attempt,
        },
        at=at,
    )


@job(ASK)
async def ask_about_listing(
    version: int, listing_id: str, listing_version: int, attempt: int | None
) -> None:
    """Ask what is not asked yet, take the verdicts that are there, and settle the listing.

    Without an ``attempt`` nobody is asked: its time is over, and staff are told.
    """
    listing = await Listing.get_or_none(
        id=UUID(listing_id), version=listing_version, state=ListingState.IN_REVIEW
    )
    if listing is None:
        return  # somebody has decided
    checks = ContentCheck.filter(listing_id=listing.id, listing_version=listing_version)
    open_checks = await checks.filter(state=ContentState.WAITING).order_by("id")
    unasked = [check for check in open_checks if check.trace_id is None]
    retry = await _ask(listing, unasked) if attempt is not None else None
    # After the traces are committed: of a push and its trace, the later one finds the other.
    asked = await checks.filter(state=ContentState.WAITING, trace_id__not_isnull=True)
    for verdict in (await verdicts_on([str(check.trace_id) for check in asked])).values():
        await note_verdict(verdict)
    await settle(listing.id)
    if retry is not None and attempt is not None:
        async with work(SYSTEM):
            at = _moment(retry, attempt)
            await _ask_again(listing.id, listing_version, attempt + 1, at=at)


def _moment(retry: Retry, attempt: int) -> datetime:
    """When to try again: later each time, as WeChat being away may last."""
    if isinstance(retry, AtReset):
        return AtReset.moment(now())
    after = retry.after if isinstance(retry, Later) else _LONGEST_WAIT
    return now() + timedelta(seconds=min(after * 2**attempt, max(after, _LONGEST_WAIT)))


async def _ask(listing: Listing, checks: Sequence[ContentCheck]) -> Retry | None:
    """Ask one after the other; answers what to wait for when WeChat can't be asked now."""
    if not checks:
        return None
    openid = await recent_openid(listing.landlord_id)
    too_old = now() >= checks[0].created_at + GIVEN_UP_AFTER
    for check in checks:
        try:
            if openid is None or too_old:
                await _answered(check, ContentState.UNKNOWN)
            elif check.kind is ContentKind.TEXT:
                await _ask_about_words(listing, check, openid)
            else:
                await _ask_about_picture(check, openid)
        except WeChatError as error:
            if not isinstance(error.retry, Never):
                return error.retry  # the others would fare alike
            await _answered(check, ContentState.UNKNOWN)
    return None


async def _ask_about_words(listing: Listing, check: ContentCheck, openid: str) -> None:
    verdicts = [
        await wechat.client().wxa.check_text(openid, piece, Scene.FORUM)
        for piece in pieces(f"{listing.title}\n{listing.description}".strip())
    ]
    worst = min(verdicts, key=lambda verdict: _WORST_FIRST.index(verdict.suggest))
    await _answered(check, STATES[worst.suggest], worst.label)


def pieces(text: str) -> list[str]:
    """A text in parts that WeChat reads in one go."""
    return [text[start : start + LONGEST_TEXT] for start in range(0, len(text), LONGEST_TEXT)]


async def _ask_about_picture(check: ContentCheck, openid: str) -> None:
    rows = await Photo.filter(id=check.photo_id).values(*PHOTO_COLUMNS)
    if not rows:
        await _answered(check, ContentState.UNKNOWN)
        return
    address = photo_urls(rows[0]).jpeg_url
    started = await wechat.client().wxa.check_media(openid, address, Scene.FORUM)
    await ContentCheck.filter(id=check.id, trace_id=None).update(
        trace_id=started.trace_id, asked_at=now()
    )


async def _answered(check: ContentCheck, state: ContentState, label: int | None = None) -> None:
    asked = {} if state is ContentState.UNKNOWN else {"asked_at": now()}
    await ContentCheck.filter(id=check.id, state=ContentState.WAITING).update(
        state=state, label=label, answered_at=now(), **asked
    )
