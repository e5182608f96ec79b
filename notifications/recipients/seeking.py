"""What seekers and landlords hear of each other: words, viewings, rooms that are held or gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from core.clock import now
from core.database import fetch
from core.events import Event, on, together
from landlord.events import (
    EnquiryAnswered,
    EnquirySent,
    ListingExpired,
    ListingLet,
    ListingReportDecided,
    ListingsRestored,
    ListingsSuspended,
    ListingTakenDown,
    ListingWithdrawn,
    PhoneShared,
    ReservationExpired,
    ReservationReleased,
    ViewingAsked,
    ViewingDecided,
)
from landlord.models import ListingState, ReservationState, ViewingState
from notifications.recipients.offers import moment
from notifications.recipients.people import accounts
from notifications.telling import Message, Subject, tell, tell_each
from notifications.topics import Topic

_SOON: Final = timedelta(hours=1)
_GOES_ON: Final = frozenset({ListingState.PUBLISHED, ListingState.RESERVED, ListingState.SUSPENDED})
_OF_VIEWING: Final = {
    ViewingState.PROPOSED: Topic.VIEWING_PROPOSED,
    ViewingState.CONFIRMED: Topic.VIEWING_CONFIRMED,
    ViewingState.DECLINED: Topic.VIEWING_DECLINED,
    ViewingState.CANCELLED: Topic.VIEWING_CANCELLED,
}


@together(EnquirySent, EnquiryAnswered, ViewingAsked, ViewingDecided, PhoneShared)
async def tell_the_other_side(events: list[Any]) -> None:
    """What one did, the other hears once: of the viewing, else of the number, else of words."""
    by_landlord = {event.enquiry_id: _by_landlord(event) for event in events}
    kinds: dict[UUID, set[type[Event]]] = defaultdict(set)
    for event in events:
        kinds[event.enquiry_id].add(type(event))
    for row in await fetch(_ENQUIRIES, list(kinds), now() - _SOON):
        landlord = by_landlord[row["id"]]
        topic = _topic(kinds[row["id"]], row, by_landlord=landlord)
        if topic in _WORDS and topic in row["waiting"]:
            continue
        viewing = topic in _OF_VIEWING.values()
        about_viewing = {"place": row["place_name"], "viewing_at": _iso(row["viewing_at"])}
        await tell(
            topic,
            accounts([row["seeker_id"] if landlord else row["landlord_id"]]),
            # The row's version names what happened: it changes with every change of the row.
            key=f"{row['id']}:{row['row_version']}",
            params={"listing": row["title"], **(about_viewing if viewing else moment())},
            about=Subject("Enquiry", row["id"]),
        )


@together(ListingLet, ListingWithdrawn, ListingTakenDown, ListingExpired, ReservationReleased)
async def tell_of_what_is_gone(events: list[Any]) -> None:
    """Who held a room that is free or gone, and who had saved one that is gone."""
    released = [one.reservation_id for one in events if isinstance(one, ReservationReleased)]
    let = [one.listing_id for one in events if isinstance(one, ListingLet)]
    gone = {one.listing_id for one in events if not isinstance(one, ReservationReleased)}
    held = await fetch(_ENDED, released, let) if released or let else []
    await _tell_each_hold(
        Topic.RESERVATION_RELEASED, [message for row in held for message in _released(row)]
    )
    if gone:
        await _tell_who_saved(gone, {(row["listing_id"], row["seeker_id"]) for row in held})


@on(ReservationExpired)
async def tell_of_expired_hold(event: ReservationExpired) -> None:
    """Both: the room is free again."""
    (row,) = await fetch(_ENDED, [event.reservation_id], [])
    await tell(
        Topic.RESERVATION_EXPIRED,
        accounts([row["seeker_id"], row["landlord_id"]]),
        key=str(row["id"]),
        params={"listing": row["title"], **moment()},
        about=Subject("Listing", row["listing_id"]),
    )


@on(ListingsSuspended)
async def tell_holders_of_suspension(event: ListingsSuspended) -> None:
    """Who holds a room of a place that may not let for now."""
    await _tell_holders(Topic.RESERVED_ROOM_SUSPENDED, event.place_id)


@on(ListingsRestored)
async def tell_holders_of_return(event: ListingsRestored) -> None:
    """Who still holds a room of a place that may let again."""
    await _tell_holders(Topic.RESERVED_ROOM_RESTORED, event.place_id)


@together(ListingReportDecided)
async def tell_reporters(events: list[ListingReportDecided]) -> None:
    """Each who reported the listing."""
    rows = await fetch(_REPORTS, [event.report_id for event in events])
    await tell_each(
        Topic.LISTING_REPORT_DECIDED,
        [
            Message(
                recipient,
                str(row["id"]),
                {"listing": row["title"], "result": row["state"], **moment()},
                Subject("Listing", row["listing_id"]),
            )
            for row in rows
            for recipient in accounts([row["reporter_id"]])
        ],
    )


_WORDS: Final = frozenset({Topic.ENQUIRY_RECEIVED, Topic.ENQUIRY_ANSWERED})


def _by_landlord(event: Any) -> bool:
    return getattr(event, "by_landlord", isinstance(event, EnquiryAnswered))


def _topic(kinds: set[type[Event]], row: dict[str, Any], *, by_landlord: bool) -> Topic:
    if kinds & {ViewingAsked, ViewingDecided}:
        return _OF_VIEWING[ViewingState(row["viewing_state"])]
    if PhoneShared in kinds:
        return Topic.PHONE_SHARED
    return Topic.ENQUIRY_ANSWERED if by_landlord else Topic.ENQUIRY_RECEIVED


def _iso(at: Any) -> str:
    return at.isoformat() if at else ""


def _released(row: dict[str, Any]) -> Iterable[tuple[UUID, str, dict[str, Any]]]:
    """Who hears that a room is no longer held, and why: code of the kind ``RELEASE``."""
    goes_on = row["listing_state"] in _GOES_ON
    let = row["state"] == ReservationState.LET
    yield row["seeker_id"], "LET" if let else "BY_LANDLORD" if goes_on else "LISTING_OVER", row
    if goes_on:
        yield row["landlord_id"], "BY_SEEKER", row


async def _tell_each_hold(topic: Topic, told: Iterable[tuple[UUID, str, dict[str, Any]]]) -> None:
    await tell_each(
        topic,
        [
            Message(
                recipient,
                str(row["id"]),
                {"listing": row["title"], "why": why, **moment()},
                Subject("Listing", row["listing_id"]),
            )
            for account_id, why, row in told
            for recipient in accounts([account_id])
        ],
    )


async def _tell_who_saved(gone: Collection[UUID], held: Collection[tuple[UUID, UUID]]) -> None:
    """Once for all that somebody saved of a house; who held one of them has heard of it."""
    told: dict[tuple[UUID, UUID], Message] = {}
    for row in await fetch(_SAVED, list(gone)):
        if (row["listing_id"], row["account_id"]) in held:
            continue
        for recipient in accounts([row["account_id"]]):
            about = Subject("Listing", row["listing_id"])
            message = Message(recipient, str(about.id), {"listing": row["title"]}, about)
            told.setdefault((row["account_id"], row["place_id"]), message)
    await tell_each(Topic.SAVED_LISTING_GONE, told.values())


async def _tell_holders(topic: Topic, place_id: UUID) -> None:
    restored = topic is Topic.RESERVED_ROOM_RESTORED
    await tell_each(
        topic,
        [
            Message(
                recipient,
                f"{row['id']}:{row['version']}",
                {
                    "listing": row["title"],
                    **({"until": row["until"].isoformat()} if restored else {}),
                    **moment(),
                },
                Subject("Listing", row["listing_id"]),
            )
            for row in await fetch(_HELD, place_id)
            for recipient in accounts([row["seeker_id"]])
        ],
    )


# Words that wait unread need no second message within the hour: one accept is one message.
_ENQUIRIES: Final = """
SELECT e.id, e.xmin::text AS row_version, e.seeker_id, e.viewing_at, e.viewing_state,
       l.landlord_id, l.title, p.name AS place_name,
       ARRAY(
           SELECT n.topic FROM notification n
           WHERE n.account_id IN (e.seeker_id, l.landlord_id) AND n.created_at > $2
             AND n.subject_id = e.id AND n.read_at IS NULL
       ) AS waiting
FROM enquiry e JOIN listing l ON l.id = e.listing_id JOIN place p ON p.id = l.place_id
WHERE e.id = ANY($1::uuid[]) ORDER BY e.id
"""
_ENDED: Final = """
SELECT r.id, r.state, r.seeker_id, r.listing_id, l.landlord_id, l.title, l.state AS listing_state
FROM reservation r JOIN listing l ON l.id = r.listing_id
WHERE r.id = ANY($1::uuid[]) OR (r.listing_id = ANY($2::uuid[]) AND r.state = 'LET')
ORDER BY r.id
"""
_HELD: Final = """
SELECT r.id, r.seeker_id, r.until, r.listing_id, l.title, l.version
FROM reservation r JOIN listing l ON l.id = r.listing_id
WHERE l.place_id = $1 AND r.state = 'HELD' ORDER BY r.id
"""
_SAVED: Final = """
SELECT s.account_id, s.listing_id, l.place_id, l.title
FROM saved_listing s JOIN listing l ON l.id = s.listing_id
WHERE s.listing_id = ANY($1::uuid[]) ORDER BY s.listing_id, s.account_id
"""
_REPORTS: Final = """
SELECT r.id, r.reporter_id, r.state, r.listing_id, l.title
FROM listing_report r JOIN listing l ON l.id = r.listing_id
WHERE r.id = ANY($1::uuid[]) ORDER BY r.id
"""
