"""What landlords' and seekers' doings tell the packages above. Ids only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPublished(Event):
    """A room is on offer."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingUpdated(Event):
    """What an offer says or shows changed."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsSuspended(Event):
    """A block took the offers of a place from the public."""

    place_id: UUID
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsRestored(Event):
    """The last block ended: the offers of a place are what they were."""

    place_id: UUID
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingWithdrawn(Event):
    """An offer was taken back, by its landlord or because of its room, place or landlord."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquirySent(Event):
    """A seeker said something about a listing."""

    enquiry_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryAnswered(Event):
    """The landlord of a listing answered a seeker."""

    enquiry_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewingAsked(Event):
    """One of the two named a time for a viewing (看房); the other one decides."""

    enquiry_id: UUID
    by_landlord: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewingDecided(Event):
    """A viewing was confirmed, declined or cancelled: it stands as the conversation has it."""

    enquiry_id: UUID
    by_landlord: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneShared(Event):
    """One of the two lets the other see their number."""

    enquiry_id: UUID
    by_landlord: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingReported(Event):
    """Somebody says that a listing is not what it seems."""

    report_id: UUID
    listing_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingReportDecided(Event):
    """Staff upheld or dismissed a report."""

    report_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTakenDown(Event):
    """Staff took an offer from the public after a report; the listing holds the reason."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheckDone(Event):
    """Who runs a house checked it (自查)."""

    check_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheckDue(Event):
    """The month is nearly over and a house has no self-check; ``month`` as 2026-11."""

    place_id: UUID
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingSentToReview(Event):
    """Staff are to read what a landlord wrote, or to see its pictures, before it is public."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsToCheck(Event):
    """WeChat is to be asked about what listings in review say and show."""

    listing_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRefused(Event):
    """Staff, or the check of contents, refused what was in review; it is a draft again."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRefreshed(Event):
    """Its landlord says that an offer still stands."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingAboutToExpire(Event):
    """Nobody refreshed an offer for long: it will be withdrawn in some days."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingExpired(Event):
    """An offer was withdrawn because nobody refreshed it."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingLet(Event):
    """A room is let."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingReserved(Event):
    """A seeker holds a room."""

    listing_id: UUID
    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationReleased(Event):
    """A reservation was given up before its time, or fell with its listing."""

    listing_id: UUID
    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationExpired(Event):
    """The time of a reservation is over."""

    listing_id: UUID
    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRedacted(Event):
    """Staff painted over parts of a picture of a listing or of a place."""

    redaction_id: UUID
    photo_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsPublished(Event):
    """Rooms of one house are on offer, published at once: in place of ``ListingPublished``."""

    place_id: UUID
    listing_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsUpdated(Event):
    """What offers of one house say changed at once: in place of ``ListingUpdated``."""

    place_id: UUID
    listing_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsRefreshed(Event):
    """Offers of one house still stand, said at once: in place of ``ListingRefreshed``."""

    place_id: UUID
    listing_ids: tuple[UUID, ...]
