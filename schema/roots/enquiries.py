"""Seekers and landlords talk about listings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.keyset import Page
from landlord.enquiries import (
    ViewingAnswer,
    answer_enquiry,
    cancel_viewing,
    close_enquiry,
    send_enquiry,
    stop_sharing_phone,
)
from landlord.enquiry_lists import enquiries_about, messages_of
from schema.access import ACCOUNT
from schema.connections import After, Before, First, Last, connection
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import row_id
from schema.once import Requested, run_once
from schema.types.enquiries import (
    Enquiry,
    EnquiryConnection,
    EnquiryMessageConnection,
    enquiry_connection,
    enquiry_row,
    message_row,
)

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
Unanswered = Annotated[
    bool, strawberry.argument(description="Only those that wait for the landlord.")
]


@root_type
class EnquiryQueries:
    """Conversations about listings."""

    @query(Enquiry | None, access=ACCOUNT)
    async def enquiry(self, info: Info, id: Id) -> dict[str, Any] | None:
        """One conversation that you have a part in."""
        return await enquiry_row(info, selected(info), row_id(id, "Enquiry", field="id"))

    @query(EnquiryMessageConnection, access=ACCOUNT)
    async def enquiry_messages(
        self,
        info: Info,
        enquiry_id: Annotated[
            strawberry.ID, strawberry.argument(description="A conversation of yours.")
        ],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What was said in a conversation of yours, oldest first."""
        page = await messages_of(
            info.context.actor,
            enquiry_id=row_id(enquiry_id, "Enquiry", field="enquiryId"),
            page=Page.of(first, after, last, before),
        )
        page.rows[:] = [message_row(row) for row in page.rows]
        return connection(page, selected(info))

    @query(EnquiryConnection, access=ACCOUNT)
    async def listing_enquiries(
        self,
        info: Info,
        listing_id: Annotated[
            strawberry.ID, strawberry.argument(description="A listing of yours.")
        ],
        unanswered: Unanswered = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What was asked about a listing of yours, newest words first."""
        return await enquiry_connection(
            info,
            enquiries_about,
            Page.of(first, after, last, before),
            listing_id=row_id(listing_id, "Listing", field="listingId"),
            unanswered=unanswered,
        )


@gql_input
class SendEnquiryInput(Requested):
    """What a seeker says."""

    listing_id: strawberry.ID = given("A listing on offer, or one that you have talked about.")
    words: str = given("1 to 500 characters.")
    viewing_at: datetime | None = given(
        "Ask for a viewing then: within 60 days, 8:00 to 21:00. The time that the landlord named"
        " confirms it.",
        default=None,
    )
    share_phone: bool = given("Let the landlord see your number.", default=False)


@gql_input
class AnswerEnquiryInput(Requested):
    """What the landlord says and decides; at least one of it."""

    enquiry_id: strawberry.ID = given("A conversation about a listing of yours.")
    words: str = given("Up to 500 characters.", default="")
    share_phone: bool = given("Let the seeker see your number.", default=False)
    viewing: ViewingAnswer | None = given("On the time that the seeker named.", default=None)
    propose_viewing_at: datetime | None = given(
        "Name another time: within 60 days, 8:00 to 21:00.", default=None
    )


@gql_input
class CancelViewingInput(Requested):
    """Which viewing is called off."""

    enquiry_id: strawberry.ID = given("The conversation.")


@gql_input
class StopSharingPhoneInput(Requested):
    """Where your number is taken back."""

    enquiry_id: strawberry.ID = given("The conversation.")


@gql_input
class CloseEnquiryInput(Requested):
    """Which conversation ends."""

    enquiry_id: strawberry.ID = given("The conversation.")


@gql_type(access=ACCOUNT)
class EnquiryPayload:
    """The conversation."""

    enquiry: Enquiry = attr("The conversation as it is now.")


async def _payload(info: Info, enquiry_id: UUID) -> dict[str, Any]:
    found = await enquiry_row(info, selected(info)["enquiry"], enquiry_id)
    if found is None:
        raise NotFound
    return {"enquiry": found}


def _enquiry(text: str) -> UUID:
    return row_id(text, "Enquiry", field="input.enquiryId")


@root_type
class EnquiryMutations:
    """Conversations about listings."""

    @mutation(EnquiryPayload, access=ACCOUNT)
    async def send_enquiry(
        self,
        info: Info,
        input: Annotated[SendEnquiryInput, strawberry.argument(description="What is said.")],
    ) -> dict[str, Any]:
        """Ask the landlord of a listing (咨询), or say more; ask for a viewing (看房)."""
        listing_id = row_id(input.listing_id, "Listing", field="input.listingId")
        enquiry_id = await run_once(
            info,
            input,
            lambda: send_enquiry(
                info.context.actor,
                listing_id=listing_id,
                words=input.words,
                viewing_at=input.viewing_at,
                share_phone=input.share_phone,
            ),
        )
        return await _payload(info, enquiry_id)

    @mutation(EnquiryPayload, access=ACCOUNT)
    async def answer_enquiry(
        self,
        info: Info,
        input: Annotated[AnswerEnquiryInput, strawberry.argument(description="The answer.")],
    ) -> dict[str, Any]:
        """Answer a seeker: in words, on a viewing, with your number."""
        enquiry_id = _enquiry(input.enquiry_id)
        await run_once(
            info,
            input,
            lambda: answer_enquiry(
                info.context.actor,
                enquiry_id=enquiry_id,
                words=input.words,
                share_phone=input.share_phone,
                viewing=input.viewing,
                propose_viewing_at=input.propose_viewing_at,
            ),
        )
        return await _payload(info, enquiry_id)

    @mutation(EnquiryPayload, access=ACCOUNT)
    async def cancel_viewing(
        self,
        info: Info,
        input: Annotated[CancelViewingInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Call off a viewing, as seeker or landlord."""
        enquiry_id = _enquiry(input.enquiry_id)
        await run_once(
            info, input, lambda: cancel_viewing(info.context.actor, enquiry_id=enquiry_id)
        )
        return await _payload(info, enquiry_id)

    @mutation(EnquiryPayload, access=ACCOUNT)
    async def stop_sharing_phone(
        self,
        info: Info,
        input: Annotated[StopSharingPhoneInput, strawberry.argument(description="Where.")],
    ) -> dict[str, Any]:
        """Take your number back: the other one no longer sees it."""
        enquiry_id = _enquiry(input.enquiry_id)
        await run_once(
            info, input, lambda: stop_sharing_phone(info.context.actor, enquiry_id=enquiry_id)
        )
        return await _payload(info, enquiry_id)

    @mutation(EnquiryPayload, access=ACCOUNT)
    async def close_enquiry(
        self,
        info: Info,
        input: Annotated[CloseEnquiryInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """End a conversation for good: no more words, no viewing, numbers taken back."""
        enquiry_id = _enquiry(input.enquiry_id)
        await run_once(
            info, input, lambda: close_enquiry(info.context.actor, enquiry_id=enquiry_id)
        )
        return await _payload(info, enquiry_id)
