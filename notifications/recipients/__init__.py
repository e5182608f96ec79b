"""Who is told of which event, and what: one module for each group of people.

Every handler runs in the transaction of what happened and uses a fixed number of statements.
Importing this registers them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from citizen.events import DeclarationWithdrawn, PersonalDataErased, ResidenceDisputed
from core.events import Event
from identity.events import (
    AccountClosed,
    AccountLocked,
    AccountsParted,
    AppRevoked,
    RightsChanged,
    SessionEnded,
    SmsCodeRequested,
    StaffLeft,
    StaffLockedOut,
    WeChatMediaChecked,
    WeChatMessageFateKnown,
    WeChatSubscriptionsChanged,
)
from landlord.events import (
    ListingRefreshed,
    ListingsPublished,
    ListingsRefreshed,
    ListingsToCheck,
    ListingsUpdated,
    ListingUpdated,
    SelfCheckDone,
)
from management.events import (
    HazardChangedHands,
    HazardReported,
    LeaseFiled,
    PlaceClosed,
    PlaceFiled,
    PlaceUpdated,
    PlateIssued,
    PlateRevoked,
    ResidenceBegan,
    RoomsAdded,
    RoomsUpdated,
    RoomsVacated,
    RoomUpdated,
)
from notifications.recipients import (
    accounts,
    declarations,
    hazards,
    houses,
    letting,
    residents,
    safety,
    seeking,
    tasks,
    tenants,
    work,
)

__all__ = [
    "UNTOLD",
    "accounts",
    "declarations",
    "hazards",
    "houses",
    "letting",
    "residents",
    "safety",
    "seeking",
    "tasks",
    "tenants",
    "work",
]

_OWN_DOING: Final = "who is concerned did it themselves"
_FILE: Final = "a matter of the file, which its landlord reads there"

UNTOLD: Final[Mapping[type[Event], str]] = MappingProxyType(
    {
        SessionEnded: "the next request on that device says so",
        SmsCodeRequested: "the code itself is the message",
        RightsChanged: "a post that begins is told of as WardenPosted",
        StaffLockedOut: "the sign-in says so, and it ends by itself",
        StaffLeft: "who left is told by their superiors",
        AccountLocked: "a locked account is told nothing; the sign-in says so",
        AccountClosed: "nobody is left to be told; what they held is told of as released",
        PersonalDataErased: "the answer says what went and what stays, and who asked did it",
        AccountsParted: "staff part them together with who asked for it",
        AppRevoked: "an app is no person; its owner is reached by its contact",
        WeChatMediaChecked: "a verdict for the program; what follows from it is told of",
        WeChatSubscriptionsChanged: "who changed them did it themselves, in WeChat",
        WeChatMessageFateKnown: "what became of a message, for the record of deliveries",
        ListingsToCheck: "a question to WeChat; what follows from it is told of",
        ListingUpdated: _OWN_DOING,
        ListingsUpdated: _OWN_DOING,
        ListingsPublished: _OWN_DOING,
        ListingRefreshed: _OWN_DOING,
        ListingsRefreshed: _OWN_DOING,
        SelfCheckDone: _OWN_DOING,
        PlaceFiled: _FILE,
        PlaceUpdated: _FILE,
        PlaceClosed: "what was on offer there is told of as ListingWithdrawn",
        RoomsAdded: _FILE,
        RoomUpdated: "what was on offer there is told of as ListingWithdrawn",
        RoomsUpdated: "what was on offer there is told of as ListingWithdrawn",
        RoomsVacated: "who says so knows it; tenants hear of the end of their residence",
        LeaseFiled: "who files a lease hears of it at the counter",
        HazardReported: "told to wardens as the task that follows; who reported it was answered",
        HazardChangedHands: "told of as the task that changed hands",
        ResidenceBegan: "told of as the declaration that it follows from",
        DeclarationWithdrawn: _OWN_DOING,
        ResidenceDisputed: "a task of the wardens; who declared hears of the decision",
        PlateIssued: "a plate is handed over, or put up, by who issues it",
        PlateRevoked: "a plate is taken down by who revokes it",
    }
)
"""Events that nobody is told of, with the reason."""
