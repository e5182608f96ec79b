"""What seekers do with listings: save, ask, view, reserve, report."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.crypto import EncryptedField
from core.ids import uuid7
from identity.models import Account
from landlord.models.listings import Listing


class ReservationState(StrEnum):
    """How a reservation stands."""

    HELD = "HELD"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"
    LET = "LET"


class EnquiryState(StrEnum):
    """Whose turn it is in a conversation about a listing."""

    OPEN = "OPEN"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"


class ViewingState(StrEnum):
    """How a viewing (看房) stands."""

    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"


class ReportReason(StrEnum):
    """What is wrong with a listing."""

    NOT_REAL = "NOT_REAL"
    WRONG_PRICE = "WRONG_PRICE"
    WRONG_PHOTOS = "WRONG_PHOTOS"
    ALREADY_LET = "ALREADY_LET"
    FEE_FIRST = "FEE_FIRST"
    UNSAFE = "UNSAFE"
    OTHER = "OTHER"


class ReportState(StrEnum):
    """Whether staff have decided."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"


class Reservation(Model):
    """A seeker holds a room until a moment; two can't hold the same."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    listing: fields.ForeignKeyRelation[Listing] = fields.ForeignKeyField(
        "landlord.Listing", on_delete=fields.RESTRICT, related_name="reservations"
    )
    listing_id: UUID
    seeker: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="reservations"
    )
    seeker_id: UUID
    state = fields.CharEnumField(ReservationState, max_length=10, default=ReservationState.HELD)
    until: datetime = fields.DatetimeField()
    created_at = fields.DatetimeField(auto_now_add=True)
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "reservation"
        indexes = (
            Index(fields=("seeker_id", "created_at"), name="reservation_seeker"),
            Index(fields=("state", "until"), name="reservation_until"),
            Index(fields=("listing_id",), name="reservation_listing"),
        )
        constraints = (
            UniqueConstraint(("listing_id",), "reservation_one_held", "state = 'HELD'"),
            CheckConstraint("(state = 'HELD') = (ended_at IS NULL)", "reservation_end"),
        )


class SavedListing(Model):
    """A listing that somebody keeps an eye on."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.CASCADE, related_name="saved_listings"
    )
    account_id: UUID
    listing: fields.ForeignKeyRelation[Listing] = fields.ForeignKeyField(
        "landlord.Listing", on_delete=fields.CASCADE, related_name="saved_by"
    )
    listing_id: UUID
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "saved_listing"
        unique_together = (("account_id", "listing_id"),)
        indexes = (Index(fields=("listing_id",), name="saved_listing_listing"),)


class Enquiry(Model):
    """A conversation of one seeker with the landlord about one listing, with its viewing."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    listing: fields.ForeignKeyRelation[Listing] = fields.ForeignKeyField(
        "landlord.Listing", on_delete=fields.RESTRICT, related_name="enquiries"
    )
    listing_id: UUID
    seeker: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="enquiries"
    )
    seeker_id: UUID
    state = fields.CharEnumField(EnquiryState, max_length=10, default=EnquiryState.OPEN)
    viewing_at: datetime | None = fields.DatetimeField(null=True)
    viewing_state: ViewingState | None = fields.CharEnumField(
        ViewingState, max_length=10, null=True
    )  # type: ignore[assignment]
    viewing_from_landlord: bool | None = fields.BooleanField(
        null=True, description="who named the time; the other one confirms it"
    )  # type: ignore[assignment]
    phone_shared_at: datetime | None = fields.DatetimeField(
        null=True, description="when the landlord let the seeker see their number"
    )
    seeker_phone_shared_at: datetime | None = fields.DatetimeField(
        null=True, description="when the seeker let the landlord see theirs"
    )
    last_words_at: datetime = fields.DatetimeField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "enquiry"
        unique_together = (("listing_id", "seeker_id"),)
        indexes = (
            Index(fields=("seeker_id", "last_words_at", "id"), name="enquiry_seeker"),
            Index(fields=("listing_id", "last_words_at", "id"), name="enquiry_listing"),
        )
        constraints = (
            CheckConstraint("(viewing_at IS NULL) = (viewing_state IS NULL)", "enquiry_viewing"),
        )


class EnquiryMessage(Model):
    """What one of the two said."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    enquiry: fields.ForeignKeyRelation[Enquiry] = fields.ForeignKeyField(
        "landlord.Enquiry", on_delete=fields.CASCADE, related_name="messages"
    )
    enquiry_id: UUID
    from_landlord = fields.BooleanField()
    words: str | None = EncryptedField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "enquiry_message"
        indexes = (Index(fields=("enquiry_id", "id"), name="enquiry_message_order"),)


class ListingReport(Model):
    """Somebody says that a listing is not what it seems; staff decide."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    listing: fields.ForeignKeyRelation[Listing] = fields.ForeignKeyField(
        "landlord.Listing", on_delete=fields.RESTRICT, related_name="reports"
    )
    listing_id: UUID
    reporter: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="listing_reports"
    )
    reporter_id: UUID | None
    reason = fields.CharEnumField(ReportReason, max_length=14)
    words: str | None = EncryptedField(null=True)
    state = fields.CharEnumField(ReportState, max_length=10, default=ReportState.OPEN)
    decided_by: UUID | None = fields.UUIDField(null=True)
    decided_at: datetime | None = fields.DatetimeField(null=True)
    decision = fields.CharField(200, default="", description="why, in the words of staff")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "listing_report"
        indexes = (
            Index(fields=("state", "id"), name="listing_report_queue"),
            Index(fields=("listing_id", "state"), name="listing_report_listing"),
        )
        constraints = (
            UniqueConstraint(
                ("listing_id", "reporter_id"), "listing_report_once", "state = 'OPEN'"
            ),
            CheckConstraint("(state = 'OPEN') = (decided_at IS NULL)", "listing_report_end"),
        )
