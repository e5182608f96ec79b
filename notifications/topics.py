"""What people can be told about: each topic with its group, its channels and what fills its words.

A new kind of news is a member here, a rule below, its words in ``notifications/shipped`` and a
function of the event in ``notifications/recipients``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from notifications.models import Channel, WeChatForm


class Group(StrEnum):
    """What people switch on and off together; ``WORK`` is for staff, who have an inbox only."""

    SAFETY = "SAFETY"
    HOUSES = "HOUSES"
    LETTING = "LETTING"
    SEEKING = "SEEKING"
    LIVING = "LIVING"
    ACCOUNT = "ACCOUNT"
    NOTICES = "NOTICES"
    WORK = "WORK"


class Topic(StrEnum):
    """One kind of news."""

    SIGN_IN_NEW_DEVICE = "SIGN_IN_NEW_DEVICE"
    ACCOUNTS_MERGED = "ACCOUNTS_MERGED"
    DATA_EXPORTED = "DATA_EXPORTED"
    CLAIM_VERIFIED = "CLAIM_VERIFIED"
    CLAIM_REFUSED = "CLAIM_REFUSED"
    CLAIM_ENDED = "CLAIM_ENDED"
    HOUSE_HANDED_OVER = "HOUSE_HANDED_OVER"
    HOUSE_TAKEN_OVER = "HOUSE_TAKEN_OVER"
    LETTING_SUSPENDED = "LETTING_SUSPENDED"
    LETTING_RESTORED = "LETTING_RESTORED"
    SELF_CHECK_DUE = "SELF_CHECK_DUE"
    TENANT_DUTY_DUE = "TENANT_DUTY_DUE"
    TENANT_DUTY_OVERDUE = "TENANT_DUTY_OVERDUE"
    DECLARED_BY_LANDLORD = "DECLARED_BY_LANDLORD"
    DECLARED_OUT = "DECLARED_OUT"
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
    RESERVED_ROOM_RESTORED = "RESERVED_ROOM_RESTORED"
    SAVED_LISTING_GONE = "SAVED_LISTING_GONE"
    LISTING_REPORT_DECIDED = "LISTING_REPORT_DECIDED"
    PHOTO_REDACTED = "PHOTO_REDACTED"
    FOLLOWED_PLACE_BLOCKED = "FOLLOWED_PLACE_BLOCKED"
    FOLLOWED_PLACE_CLEARED = "FOLLOWED_PLACE_CLEARED"
    TENANT_DECLARED = "TENANT_DECLARED"
    DECLARED_FOR_YOU = "DECLARED_FOR_YOU"
    DECLARATION_HELD = "DECLARATION_HELD"
    DECLARATION_DECIDED = "DECLARATION_DECIDED"
    TENANT_DENIED = "TENANT_DENIED"
    OBJECTION_DECIDED = "OBJECTION_DECIDED"
    CLAIM_TO_DECIDE = "CLAIM_TO_DECIDE"
    LISTING_TO_REVIEW = "LISTING_TO_REVIEW"
    REPORT_TO_DECIDE = "REPORT_TO_DECIDE"
    POSTED = "POSTED"
    PERSON_READ = "PERSON_READ"
    PERSON_UNBOUND = "PERSON_UNBOUND"
    RESIDENCE_ASKED = "RESIDENCE_ASKED"
    RESIDENCE_ENDED = "RESIDENCE_ENDED"
    PERMIT_ENDORSEMENT = "PERMIT_ENDORSEMENT"
    HAZARD_RECEIVED = "HAZARD_RECEIVED"
    HAZARD_REJECTED = "HAZARD_REJECTED"
    HAZARD_PROGRESS = "HAZARD_PROGRESS"
    HAZARD_ASK_FIXED = "HAZARD_ASK_FIXED"
    HAZARD_CLOSED = "HAZARD_CLOSED"
    HAZARD_AT_YOUR_PLACE = "HAZARD_AT_YOUR_PLACE"
    HAZARD_DOCUMENT = "HAZARD_DOCUMENT"
    HAZARD_IN_YOUR_BUILDING = "HAZARD_IN_YOUR_BUILDING"
    HAZARD_ESCALATED = "HAZARD_ESCALATED"
    TASK_RAISED = "TASK_RAISED"
    TASK_ASSIGNED = "TASK_ASSIGNED"
    TASK_URGED = "TASK_URGED"
    TASK_OVERDUE = "TASK_OVERDUE"
    TASK_ENDED = "TASK_ENDED"
    NOTICE = "NOTICE"
    AREA_ALERT = "AREA_ALERT"


class ParamKind(StrEnum):
    """How a param is kept, and so how people read it. None of them is about a person.

    The kinds from ``BLOCK`` on are codes whose words stand in ``shipped/codes.toml``.
    """

    NAME = "NAME"
    GRID = "GRID"
    ROOMS = "ROOMS"
    MOMENT = "MOMENT"
    DAY = "DAY"
    MONTH = "MONTH"
    BLOCK = "BLOCK"
    BLOCK_SEEN = "BLOCK_SEEN"
    CLAIM_END = "CLAIM_END"
    TAKEN_DOWN = "TAKEN_DOWN"
    RELEASE = "RELEASE"
    REPORT = "REPORT"
    ROLE = "ROLE"
    DECLARATION = "DECLARATION"
    OBJECTION = "OBJECTION"
    HAZARD_STATE = "HAZARD_STATE"
    TASK = "TASK"
    TASK_END = "TASK_END"


@dataclass(frozen=True, slots=True)
class TopicRule:
    """How a topic is told: ``channels`` in the order in which they are tried, after the inbox.

    ``params`` are all that its words may use. ``form`` is the subscribe message that WeChat shows.
    """

    group: Group
    params: Mapping[str, ParamKind]
    channels: tuple[Channel, ...] = ()
    form: WeChatForm | None = None


_P, _C, _F = ParamKind, Channel, WeChatForm

_AT: Final = {"at": _P.MOMENT}
_PLACE: Final = {"place": _P.NAME, **_AT}
_HAZARD: Final = {"code": _P.NAME, **_PLACE}
_OFFER: Final = {"place": _P.NAME, "rooms": _P.ROOMS, **_AT}
_SEEN: Final = {"listing": _P.NAME, **_AT}
_VIEWING: Final = {"listing": _P.NAME, "place": _P.NAME, "viewing_at": _P.MOMENT}
_TASK: Final = {"kind": _P.TASK, "place": _P.GRID, "until": _P.MOMENT}
_WORDS: Final = {"title": _P.NAME, "body": _P.NAME, **_AT}

_WECHAT: Final = (_C.WECHAT,)
_URGENT: Final = (_C.WECHAT, _C.SMS)
"""Short messages cost, and disturb: only for safety, for who gets in, and for what is off soon."""


def _of_account() -> TopicRule:
    return TopicRule(Group.ACCOUNT, _AT, _URGENT, _F.RESULT)


def _of_house(form: WeChatForm = _F.RESULT, **more: ParamKind) -> TopicRule:
    return TopicRule(Group.HOUSES, {**_PLACE, **more}, _WECHAT, form)


def _of_offer(**more: ParamKind) -> TopicRule:
    return TopicRule(Group.LETTING, {**_OFFER, **more}, _WECHAT, _F.RESULT)


def _of_viewing(channels: tuple[Channel, ...] = _WECHAT) -> TopicRule:
    return TopicRule(Group.SEEKING, _VIEWING, channels, _F.APPOINTMENT)


def _of_hold(channels: tuple[Channel, ...] = _WECHAT, **more: ParamKind) -> TopicRule:
    return TopicRule(Group.SEEKING, {**_SEEN, **more}, channels, _F.RESULT)


def _of_living(**more: ParamKind) -> TopicRule:
    return TopicRule(Group.LIVING, {**_PLACE, **more}, _WECHAT, _F.RESULT)


def _of_hazard(**more: ParamKind) -> TopicRule:
    return TopicRule(Group.SAFETY, {**_HAZARD, **more}, _WECHAT, _F.RESULT)


def _of_work(**params: ParamKind) -> TopicRule:
    return TopicRule(Group.WORK, params)


_T = Topic

RULES: Final[Mapping[Topic, TopicRule]] = MappingProxyType(
    {
        _T.SIGN_IN_NEW_DEVICE: _of_account(),
        _T.ACCOUNTS_MERGED: _of_account(),
        _T.DATA_EXPORTED: TopicRule(Group.ACCOUNT, _AT, _WECHAT, _F.RESULT),
        _T.CLAIM_VERIFIED: _of_house(),
        _T.CLAIM_REFUSED: _of_house(),
        _T.CLAIM_ENDED: _of_house(why=_P.CLAIM_END),
        _T.HOUSE_HANDED_OVER: _of_house(),
        _T.HOUSE_TAKEN_OVER: _of_house(),
        _T.LETTING_SUSPENDED: TopicRule(
            Group.HOUSES, {**_PLACE, "why": _P.BLOCK}, _URGENT, _F.SAFETY
        ),
        _T.LETTING_RESTORED: _of_house(),
        _T.SELF_CHECK_DUE: _of_house(_F.SAFETY, month=_P.MONTH),
        _T.TENANT_DUTY_DUE: _of_house(_F.SAFETY, rooms=_P.ROOMS, until=_P.DAY),
        _T.TENANT_DUTY_OVERDUE: TopicRule(
            Group.HOUSES, {**_PLACE, "rooms": _P.ROOMS}, _URGENT, _F.SAFETY
        ),
        _T.DECLARED_BY_LANDLORD: _of_living(rooms=_P.ROOMS),
        _T.DECLARED_OUT: _of_living(rooms=_P.ROOMS),
        _T.LISTING_APPROVED: _of_offer(),
        _T.LISTING_REFUSED: _of_offer(),
        _T.LISTING_EXPIRING: _of_offer(until=_P.DAY),
        _T.LISTING_EXPIRED: _of_offer(),
        _T.LISTING_TAKEN_DOWN: _of_offer(why=_P.TAKEN_DOWN),
        _T.LISTING_RESERVED: _of_offer(until=_P.MOMENT),
        _T.PHOTO_REDACTED: TopicRule(Group.LETTING, {"place": _P.NAME}),
        _T.ENQUIRY_RECEIVED: TopicRule(Group.LETTING, _SEEN, _WECHAT, _F.MESSAGE),
        _T.ENQUIRY_ANSWERED: TopicRule(Group.SEEKING, _SEEN, _WECHAT, _F.MESSAGE),
        _T.PHONE_SHARED: TopicRule(Group.SEEKING, _SEEN, _WECHAT, _F.MESSAGE),
        _T.VIEWING_PROPOSED: _of_viewing(),
        _T.VIEWING_CONFIRMED: _of_viewing(),
        _T.VIEWING_DECLINED: _of_viewing(),
        _T.VIEWING_CANCELLED: _of_viewing(_URGENT),
        _T.RESERVATION_RELEASED: _of_hold(_URGENT, why=_P.RELEASE),
        _T.RESERVATION_EXPIRED: _of_hold(),
        _T.RESERVED_ROOM_SUSPENDED: _of_hold(_URGENT),
        _T.RESERVED_ROOM_RESTORED: _of_hold(until=_P.MOMENT),
        _T.SAVED_LISTING_GONE: TopicRule(Group.SEEKING, {"listing": _P.NAME}),
        _T.LISTING_REPORT_DECIDED: _of_hold(result=_P.REPORT),
        _T.FOLLOWED_PLACE_BLOCKED: TopicRule(
            Group.SAFETY, {**_PLACE, "why": _P.BLOCK_SEEN}, _WECHAT, _F.SAFETY
        ),
        _T.FOLLOWED_PLACE_CLEARED: TopicRule(Group.SAFETY, _PLACE, _WECHAT, _F.SAFETY),
        _T.TENANT_DECLARED: _of_house(rooms=_P.ROOMS),
        _T.DECLARED_FOR_YOU: _of_living(rooms=_P.ROOMS),
        _T.DECLARATION_HELD: _of_living(rooms=_P.ROOMS),
        _T.DECLARATION_DECIDED: _of_living(rooms=_P.ROOMS, result=_P.DECLARATION),
        _T.TENANT_DENIED: _of_living(rooms=_P.ROOMS),
        _T.OBJECTION_DECIDED: _of_living(rooms=_P.ROOMS, result=_P.OBJECTION),
        _T.CLAIM_TO_DECIDE: _of_work(place=_P.NAME),
        _T.LISTING_TO_REVIEW: _of_work(place=_P.NAME, rooms=_P.ROOMS),
        _T.REPORT_TO_DECIDE: _of_work(place=_P.NAME, rooms=_P.ROOMS),
        _T.POSTED: _of_work(grid=_P.GRID, role=_P.ROLE, since=_P.DAY),
        _T.PERSON_READ: TopicRule(Group.ACCOUNT, _AT, _WECHAT, _F.RESULT),
        _T.PERSON_UNBOUND: TopicRule(Group.ACCOUNT, _AT, _WECHAT, _F.RESULT),
        _T.RESIDENCE_ASKED: _of_living(),
        _T.RESIDENCE_ENDED: _of_living(),
        _T.PERMIT_ENDORSEMENT: TopicRule(
            Group.LIVING, {**_AT, "until": _P.DAY}, _WECHAT, _F.RESULT
        ),
        _T.HAZARD_RECEIVED: _of_hazard(),
        _T.HAZARD_REJECTED: _of_hazard(),
        _T.HAZARD_PROGRESS: _of_hazard(state=_P.HAZARD_STATE),
        _T.HAZARD_ASK_FIXED: _of_hazard(),
        _T.HAZARD_CLOSED: _of_hazard(),
        _T.HAZARD_AT_YOUR_PLACE: TopicRule(
            Group.HOUSES, {**_HAZARD, "until": _P.MOMENT}, _URGENT, _F.SAFETY
        ),
        _T.HAZARD_DOCUMENT: TopicRule(Group.HOUSES, _HAZARD, _WECHAT, _F.SAFETY),
        _T.HAZARD_IN_YOUR_BUILDING: TopicRule(Group.SAFETY, _PLACE, _URGENT, _F.SAFETY),
        _T.HAZARD_ESCALATED: _of_work(place=_P.NAME, code=_P.NAME, state=_P.HAZARD_STATE),
        _T.TASK_RAISED: _of_work(**_TASK),
        _T.TASK_ASSIGNED: _of_work(**_TASK),
        _T.TASK_URGED: _of_work(**_TASK),
        _T.TASK_OVERDUE: _of_work(**_TASK),
        _T.TASK_ENDED: _of_work(kind=_P.TASK, place=_P.GRID, result=_P.TASK_END),
        _T.NOTICE: TopicRule(Group.NOTICES, _WORDS, _WECHAT, _F.NOTICE),
        _T.AREA_ALERT: TopicRule(Group.SAFETY, {"place": _P.GRID, **_WORDS}, _URGENT, _F.SAFETY),
    }
)
"""One rule for each topic. ``NOTICE`` and ``AREA_ALERT`` carry the words of the notice itself."""
