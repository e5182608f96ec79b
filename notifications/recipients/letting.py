"""What landlords hear of their offers: once for all rooms of a house that change at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from core.clock import SHANGHAI
from core.database import fetch
from core.events import on, together
from core.work import current
from identity.actor import ActorKind
from landlord.events import (
    ListingAboutToExpire,
    ListingExpired,
    ListingPublished,
    ListingRefused,
    ListingReserved,
    ListingTakenDown,
    ListingWithdrawn,
    PhotoRedacted,
)
from landlord.freshness import expires_at
from notifications.recipients.offers import Offers, moment, offers
from notifications.recipients.people import accounts
from notifications.telling import Message, Subject, tell_each
from notifications.topics import Topic

More = Callable[[Offers], dict[str, str]]


@together(ListingPublished)
async def tell_of_approval(events: list[ListingPublished]) -> None:
    """Staff, or a check, let public what was in review; what landlords publish is theirs."""
    if current().who.kind != ActorKind.ACCOUNT:
        await _tell(Topic.LISTING_APPROVED, await offers(_ids(events)))


@together(ListingRefused)
async def tell_of_refusal(events: list[ListingRefused]) -> None:
    """What was in review is a draft again; the listing holds the reason."""
    await _tell(Topic.LISTING_REFUSED, await offers(_ids(events)))


@together(ListingAboutToExpire)
async def warn(events: list[ListingAboutToExpire]) -> None:
    """Some days are left to refresh."""
    await _tell(
        Topic.LISTING_EXPIRING, await offers(_ids(events)), lambda found: {"until": _last(found)}
    )


@together(ListingExpired)
async def tell_of_expiry(events: list[ListingExpired]) -> None:
    """Nobody refreshed them."""
    await _tell(Topic.LISTING_EXPIRED, await offers(_ids(events)))


@together(ListingTakenDown)
async def tell_of_upheld_report(events: list[ListingTakenDown]) -> None:
    """Staff upheld a report."""
    why = {"why": "REPORT_UPHELD"}
    await _tell(Topic.LISTING_TAKEN_DOWN, await offers(_ids(events)), lambda _: why)


@together(ListingWithdrawn)
async def tell_of_end(events: list[ListingWithdrawn]) -> None:
    """Room or house went out of use; whose claim ended hears of that instead."""
    if current().who.kind == ActorKind.ACCOUNT:
        return
    ended = [
        Offers(public)
        for found in await offers(_ids(events))
        if (public := [row for row in found.rows if row["published_at"] and row["run_by_landlord"]])
    ]
    await _tell(Topic.LISTING_TAKEN_DOWN, ended, lambda _: {"why": "ROOM_OR_PLACE"})


@on(ListingReserved)
async def tell_of_reservation(event: ListingReserved) -> None:
    """A seeker holds the room."""
    (held,) = await fetch("SELECT until FROM reservation WHERE id = $1", event.reservation_id)
    until = held["until"].isoformat()
    found = await offers([event.listing_id])
    await _tell(Topic.LISTING_RESERVED, found, lambda _: {"until": until})


@on(PhotoRedacted)
async def tell_of_redaction(event: PhotoRedacted) -> None:
    """Who shows the picture in an offer hears of it, and who runs the place that it is of."""
    rows = await fetch(_SHOWN, event.photo_id)
    await tell_each(
        Topic.PHOTO_REDACTED,
        [
            Message(
                recipient,
                f"{event.redaction_id}:{row['id']}",
                {"place": row["name"]},
                Subject("Place", row["id"]),
            )
            for row in rows
            for recipient in accounts([row["account_id"]])
        ],
    )


async def _tell(topic: Topic, found: Iterable[Offers], more: More = lambda _: {}) -> None:
    await tell_each(
        topic,
        [
            Message(recipient, one.key, {**one.params, **moment(), **more(one)}, one.about)
            for one in found
            for recipient in accounts([one.landlord_id])
        ],
    )


def _ids(events: Iterable[Any]) -> list[UUID]:
    return [event.listing_id for event in events]


def _last(found: Offers) -> str:
    """The day on which the first of them is withdrawn, in the town."""
    ends = [expires_at(row["refreshed_at"], row["warned_at"]) for row in found.rows]
    return min(end for end in ends if end).astimezone(SHANGHAI).date().isoformat()


_SHOWN: Final = """
SELECT p.id, p.name, l.landlord_id AS account_id FROM listing_photo lp
JOIN listing l ON l.id = lp.listing_id JOIN place p ON p.id = l.place_id WHERE lp.photo_id = $1
UNION
SELECT p.id, p.name, c.account_id FROM place p
JOIN place_claim c ON c.place_id = p.id AND c.state = 'VERIFIED' WHERE p.photo_id = $1
"""
