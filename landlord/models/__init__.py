"""Tables of landlord, by subject."""

from landlord.models.content_checks import ContentCheck, ContentKind, ContentState
from landlord.models.listings import (
    Facility,
    LetBy,
    Listing,
    ListingPhoto,
    ListingSnapshot,
    ListingState,
    SnapshotOccasion,
    SnapshotPhoto,
)
from landlord.models.search import ListingSearch
from landlord.models.seeking import (
    Enquiry,
    EnquiryMessage,
    EnquiryState,
    ListingReport,
    ReportReason,
    ReportState,
    Reservation,
    ReservationState,
    SavedListing,
    ViewingState,
)
from landlord.models.self_checks import (
    CheckResult,
    SelfCheck,
    SelfCheckItem,
)

__all__ = [
    "CheckResult",
    "ContentCheck",
    "ContentKind",
    "ContentState",
    "Enquiry",
    "EnquiryMessage",
    "EnquiryState",
    "Facility",
    "LetBy",
    "Listing",
    "ListingPhoto",
    "ListingReport",
    "ListingSearch",
    "ListingSnapshot",
    "ListingState",
    "ReportReason",
    "ReportState",
    "Reservation",
    "ReservationState",
    "SavedListing",
    "SelfCheck",
    "SelfCheckItem",
    "SnapshotOccasion",
    "SnapshotPhoto",
    "ViewingState",
]
