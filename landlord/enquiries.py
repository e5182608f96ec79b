"""Enquiries (咨询) and viewings (看房): a seeker and a landlord talk about one listing.

There is one conversation for each seeker and listing. It outlives the offer: what was said stays
readable and can go on, but only an offer that is public begins a new one. Numbers are shared by
their holders and can be taken back; nobody but the two reads any of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.clock import SHANGHAI, now
from core.crypto import seal
from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.events import emit
from core.ids import uuid7
from core.rates import allow
from core.text import clean
from core.work import current, work
from identity.actor import Actor, ActorKind
from landlord.access import access_enquiry, on_offer, require_of_others
from landlord.events import (
    EnquiryAnswered,
    EnquirySent,
    PhoneShared,
    ViewingAsked,
    ViewingDecided,
)
from landlord.models import Enquiry, EnquiryMessage, EnquiryState, Listing, ViewingState
from management.access import require_sign_in
from management.rules import rules

LONGEST_WORDS: Final = 500
_DAY: Final = timedelta(days=1)
_OPEN_VIEWINGS: Final = frozenset({ViewingState.PROPOSED, ViewingState.CONFIRMED})


class ViewingAnswer(StrEnum):
    """What the landlord says to the time that the seeker named."""

    CONFIRM = "CONFIRM"
    DECLINE = "DECLINE"


async def send_enquiry(
    actor: Actor,
    *,
    listing_id: UUID,
    words: str,
    viewing_at: datetime | None = None,
    share_phone: bool = False,
) -> Enquiry:
    """Ask the landlord of a public listing, or say more in a conversation that exists.

    ``viewing_at`` asks for a viewing; the very time that the landlord named confirms it.
    ``share_phone`` lets the landlord see the seeker's number.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: no such listing on offer, and no conversation about it.
        InvalidInput: no words, a time that can't be, or the listing is the actor's own, or of a
            house that they run.
        WrongState: the conversation is closed.
        RateLimited: too many new conversations, or messages, in a day.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    text = clean(words, field="input.words", longest=LONGEST_WORDS, shortest=1, multiline=True)
    async with work(actor) as unit:
        enquiry = await _conversation(actor.id, listing_id)
        _require_open(enquiry)
        await allow(
            "enquiry words", str(actor.id), limit=rules().enquiry_words_per_day, window=_DAY
        )
        enquiry.state = EnquiryState.OPEN
        if viewing_at is not None:
            await _name_time(enquiry, viewing_at, by_landlord=False)
        if share_phone:
            await _share(enquiry, by_landlord=False)
        await _say(enquiry, text, by_landlord=False)
        unit.note("sendEnquiry", "ENQUIRY", enquiry.id, listing=listing_id)
        await emit(EnquirySent(enquiry_id=enquiry.id))
    return enquiry


async def answer_enquiry(
    actor: Actor,
    *,
    enquiry_id: UUID,
    words: str = "",
    share_phone: bool = False,
    viewing: ViewingAnswer | None = None,
    propose_viewing_at: datetime | None = None,
) -> Enquiry:
    """Answer as the landlord: say something, decide on a viewing, share the own number.

    Whoever put the listing up answers, also when they no longer run the house.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not about a listing of the actor's.
        InvalidInput: nothing is said or done, or a time that can't be.
        WrongState: the conversation is closed, or no time that the seeker named is open.
        RateLimited: too many messages in a day.
    """
    text = clean(words, field="input.words", longest=LONGEST_WORDS, multiline=True)
    if not (text or share_phone or viewing or propose_viewing_at):
        raise InvalidInput(
            field="input.words", reason="EMPTY", zh="不能为空", en="It must not be empty"
        )
    async with work(actor) as unit:
        enquiry, by_landlord = await access_enquiry(actor, enquiry_id=enquiry_id)
        if not by_landlord:
            raise NotFound
        _require_open(enquiry)
        if text:
            await allow(
                "enquiry words", str(actor.id), limit=rules().enquiry_words_per_day, window=_DAY
            )
        enquiry.state = EnquiryState.ANSWERED
        if viewing is not None:
            await _decide_viewing(enquiry, viewing)
        if propose_viewing_at is not None:
            await _name_time(enquiry, propose_viewing_at, by_landlord=True)
        if share_phone:
            await _share(enquiry, by_landlord=True)
        await _say(enquiry, text, by_landlord=True)
        unit.note("answerEnquiry", "ENQUIRY", enquiry.id)
        await emit(EnquiryAnswered(enquiry_id=enquiry.id))
    return enquiry


async def cancel_viewing(actor: Actor, *, enquiry_id: UUID) -> Enquiry:
    """Call off a viewing that was asked for or agreed upon; either of the two may.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or of others.
        WrongState: there is none to call off.
    """
    async with work(actor) as unit:
        enquiry, by_landlord = await access_enquiry(actor, enquiry_id=enquiry_id)
        if enquiry.viewing_state not in _OPEN_VIEWINGS:
            raise WrongState(reason="NO_VIEWING", zh="没有待看房的预约", en="No viewing is open")
        enquiry.viewing_state = ViewingState.CANCELLED
        await enquiry.save(update_fields=["viewing_state"])
        unit.note("cancelViewing", "ENQUIRY", enquiry.id)
        await emit(ViewingDecided(enquiry_id=enquiry.id, by_landlord=by_landlord))
    return enquiry


async def stop_sharing_phone(actor: Actor, *, enquiry_id: UUID) -> Enquiry:
    """Take the own number back: the other one no longer sees it.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or of others.
        WrongState: it is not shared.
    """
    async with work(actor) as unit:
        enquiry, by_landlord = await access_enquiry(actor, enquiry_id=enquiry_id)
        column = _shared_at(by_landlord=by_landlord)
        if getattr(enquiry, column) is None:
            raise WrongState(reason="NOT_SHARED", zh="没有公开电话", en="It is not shared")
        setattr(enquiry, column, None)
        await enquiry.save(update_fields=[column])
        unit.note("stopSharingPhone", "ENQUIRY", enquiry.id, landlord=by_landlord)
    return enquiry


async def close_enquiry(actor: Actor, *, enquiry_id: UUID) -> Enquiry:
    """End a conversation for good; either of the two may.

    Nothing can be said any more, a viewing is called off, and both numbers are taken back. What
    was said stays readable for both.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or of others.
        WrongState: closed already.
    """
    async with work(actor) as unit:
        enquiry, by_landlord = await access_enquiry(actor, enquiry_id=enquiry_id)
        _require_open(enquiry)
        called_off = enquiry.viewing_state in _OPEN_VIEWINGS
        if called_off:
            enquiry.viewing_state = ViewingState.CANCELLED
        enquiry.state = EnquiryState.CLOSED
        enquiry.phone_shared_at = enquiry.seeker_phone_shared_at = None
        await enquiry.save(
            update_fields=["state", "viewing_state", "phone_shared_at", "seeker_phone_shared_at"]
        )
        unit.note("closeEnquiry", "ENQUIRY", enquiry.id, landlord=by_landlord)
        if called_off:
            await emit(ViewingDecided(enquiry_id=enquiry.id, by_landlord=by_landlord))
    return enquiry


async def _conversation(seeker_id: UUID, listing_id: UUID) -> Enquiry:
    """The seeker's conversation about a listing, locked; begun when the listing is public."""
    own = Enquiry.filter(listing_id=listing_id, seeker_id=seeker_id).select_for_update()
    found = await own.first()
    if found is not None:
        return found
    listing = await Listing.filter(on_offer(), id=listing_id).first()
    if listing is None:
        raise NotFound
    await require_of_others(seeker_id, listing)
    await allow("new enquiries", str(seeker_id), limit=rules().enquiries_per_day, window=_DAY)
    begun = Enquiry(listing_id=listing_id, seeker_id=seeker_id, last_words_at=now())
    # Two requests at once begin one conversation: the database decides.
    await Enquiry.bulk_create([begun], ignore_conflicts=True)
    return await own.get()


def _require_open(enquiry: Enquiry) -> None:
    if enquiry.state is EnquiryState.CLOSED:
        raise WrongState(reason="CLOSED", zh="对话已结束", en="The conversation is closed")


async def _say(enquiry: Enquiry, text: str, *, by_landlord: bool) -> None:
    """Write down what was said, after what was said before, and save the conversation."""
    if text:
        message = EnquiryMessage(id=uuid7(), enquiry_id=enquiry.id, from_landlord=by_landlord)
        seal(message, "words", text)
        await message.save(force_create=True)
        enquiry.last_words_at = now()
    await enquiry.save(
        update_fields=[
            "state",
            "viewing_at",
            "viewing_state",
            "viewing_from_landlord",
            "phone_shared_at",
            "seeker_phone_shared_at",
            "last_words_at",
        ]
    )


async def _name_time(enquiry: Enquiry, moment: datetime, *, by_landlord: bool) -> None:
    field = "input.proposeViewingAt" if by_landlord else "input.viewingAt"
    _check_time(moment, field)
    of_the_other = enquiry.viewing_from_landlord is (not by_landlord)
    if enquiry.viewing_at == moment and enquiry.viewing_state is ViewingState.CONFIRMED:
        return
    if (
        enquiry.viewing_state is ViewingState.PROPOSED
        and of_the_other
        and enquiry.viewing_at == moment
    ):
        enquiry.viewing_state = ViewingState.CONFIRMED
        await emit(ViewingDecided(enquiry_id=enquiry.id, by_landlord=by_landlord))
        return
    enquiry.viewing_at, enquiry.viewing_state = moment, ViewingState.PROPOSED
    enquiry.viewing_from_landlord = by_landlord
    await emit(ViewingAsked(enquiry_id=enquiry.id, by_landlord=by_landlord))


def _check_time(moment: datetime, field: str) -> None:
    """A time at which people view rooms: by day in the town, soon."""
    at = now()
    if not at < moment <= at + timedelta(days=rules().viewing_days):
        raise InvalidInput(
            field=field,
            reason="VIEWING_DAY",
            params={"days": rules().viewing_days},
            zh="看房时间应在今后 {days} 天以内",
            en="A viewing is within the next {days} days",
        )
    local = moment.astimezone(SHANGHAI)
    minutes = local.hour * 60 + local.minute
    first, last = rules().viewing_from_hour, rules().viewing_until_hour
    if not first * 60 <= minutes <= last * 60:
        raise InvalidInput(
            field=field,
            reason="VIEWING_HOUR",
            params={"from": first, "until": last},
            zh="看房时间应在 {from} 点到 {until} 点之间",
            en="A viewing is between {from}:00 and {until}:00",
        )


async def _decide_viewing(enquiry: Enquiry, answer: ViewingAnswer) -> None:
    asked = enquiry.viewing_state is ViewingState.PROPOSED and not enquiry.viewing_from_landlord
    if not asked or enquiry.viewing_at is None:
        raise WrongState(
            reason="NO_VIEWING", zh="没有待确认的看房时间", en="No viewing waits for an answer"
        )
    if answer is ViewingAnswer.CONFIRM and enquiry.viewing_at <= now():
        raise Conflict(reason="VIEWING_OVER", zh="看房时间已过", en="That time is over")
    confirmed = answer is ViewingAnswer.CONFIRM
    enquiry.viewing_state = ViewingState.CONFIRMED if confirmed else ViewingState.DECLINED
    await emit(ViewingDecided(enquiry_id=enquiry.id, by_landlord=True))


def _shared_at(*, by_landlord: bool) -> str:
    return "phone_shared_at" if by_landlord else "seeker_phone_shared_at"


async def _share(enquiry: Enquiry, *, by_landlord: bool) -> None:
    """Consent to show a number is given, and noted, once; reading it is then no secret."""
    column = _shared_at(by_landlord=by_landlord)
    if getattr(enquiry, column) is not None:
        return
    setattr(enquiry, column, now())
    current().note("sharePhone", "ENQUIRY", enquiry.id, landlord=by_landlord)
    await emit(PhoneShared(enquiry_id=enquiry.id, by_landlord=by_landlord))
