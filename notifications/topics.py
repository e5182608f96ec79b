"""What people can be told about: each topic with its group, its channels and what fills its words.

A new kind of news is a member here, a rule below, its words in ``notifications/shipped`` and a
function of the event in ``notifications/recipients``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from notifications.models import Channel, WeChatForm


class Group(StrEnum):
    """What people switch on and off together."""

    SAFETY = "SAFETY"
    HOUSES = "HOUSES"
    LETTING = "LETTING"
    SEEKING = "SEEKING"
    ACCOUNT = "ACCOUNT"
    NOTICES = "NOTICES"
    WORK = "WORK"


class Topic(StrEnum):
    """One kind of news."""

    SIGN_IN_NEW_DEVICE = "SIGN_IN_NEW_DEVICE"
    ACCOUNTS_MERGED = "ACCOUNTS_MERGED"
    CLAIM_VERIFIED = "CLAIM_VERIFIED"
    CLAIM_REFUSED = "CLAIM_REFUSED"
    CLAIM_ENDED = "CLAIM_ENDED"
    HOUSE_HANDED_OVER = "HOUSE_HANDED_OVER"
    HOUSE_TAKEN_OVER = "HOUSE_TAKEN_OVER"
    LETTING_SUSPENDED = "LETTING_SUSPENDED"
    LETTING_RESTORED = "LETTING_RESTORED"
    SELF_CHECK_DUE = "SELF_CHECK_DUE"
    LISTING_APPROVED = "LISTING_APPROVED"
    LISTING_REFUSED = "LISTING_REFUSED"
    LISTING_EXPIRING = "LISTING_EXPIRING"
    LISTING_EXPIRED = "LISTING_EXPIRED"
    LISTING_TAKEN_DOWN = "LISTING_TAKEN_DOWN"
    LISTING_RESERVED = "LISTING_RESERVED"
    ENQUIRY_RECEIVED = "ENQUIRY_RECEIVED"
    ENQUIRY_ANSWERED = "ENQUIRY_ANSWERED"
    VIEWING_PROPOSED = "VIEWING_PROPOSED"
    VIEWING_CONFIRMED = "VIEWING_CONFIRMED"
    VIEWING_DECLINED = "VIEWING_DECLINED"
    VIEWING_CANCELLED = "VIEWING_CANCELLED"
    PHONE_SHARED = "PHONE_SHARED"
    RESERVATION_RELEASED = "RESERVATION_RELEASED"
    RESERVATION_EXPIRED = "RESERVATION_EXPIRED"
    RESERVED_ROOM_SUSPENDED = "RESERVED_ROOM_SUSPENDED"
    SAVED_LISTING_GONE = "SAVED_LISTING_GONE"
    LISTING_REPORT_DECIDED = "LISTING_REPORT_DECIDED"
    PHOTO_REDACTED = "PHOTO_REDACTED"
    FOLLOWED_PLACE_BLOCKED = "FOLLOWED_PLACE_BLOCKED"
    FOLLOWED_PLACE_CLEARED = "FOLLOWED_PLACE_CLEARED"
    CLAIM_TO_DECIDE = "CLAIM_TO_DECIDE"
    LISTING_TO_REVIEW = "LISTING_TO_REVIEW"
    REPORT_TO_DECIDE = "REPORT_TO_DECIDE"
    POSTED = "POSTED"
    NOTICE = "NOTICE"
    AREA_ALERT = "AREA_ALERT"


@dataclass(frozen=True, slots=True)
class TopicRule:
    """How a topic is told: ``channels`` in the order in which they are tried, after the inbox."""

    group: Group
    params: frozenset[str]
    channels: tuple[Channel, ...] = ()
    form: WeChatForm | None = None
