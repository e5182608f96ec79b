"""``/l/{id}/ask`` and ``/l/{id}/report``: from a plain browser, with a code sent to one's phone.

Two forms, no cookie, nothing that a browser would send by itself: what is written goes along in
the second form, whose one-time code signs the writer in for that one answer. So there is nothing
for another site to forge; posts that come from one are refused all the same, because the first
form has a short message sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.context import hashed_address
from api.pages.addresses import listing_path
from api.pages.errors import for_people
from api.pages.forms import OWN_REFERRER, SAID, refuse_other_sites, status_of, typed_moment
from api.pages.listing import public_listing
from api.pages.places import whereabouts
from api.pages.reader import Reader
from api.pages.rendering import NOT_KEPT, page
from core.clock import SHANGHAI
from core.errors import DomainError, InvalidInput, Unavailable
from core.text import clean
from identity.actor import Actor, anonymous
from identity.authentication import actor_from_token
from identity.phone_sign_in import mobile_number, request_sms_code, sign_in_with_sms_code
from identity.sessions import sign_out
from integrations import sms
from landlord.enquiries import LONGEST_WORDS, send_enquiry
from landlord.enquiry_lists import latest_messages, own_enquiry_about, shared_phone
from landlord.models import ListingState, ReportReason
from landlord.reports import checked_words, report_listing

_FIELDS: Final = ("words", "at", "share", "reason", "phone", "code")
_LONGEST_FIELD: Final = 2500  # the longest words, each character in several code points
_DEVICE: Final = "web form"
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Errand:
    """What one comes for: how the words are checked, and what is done with them."""

    name: str
    check: Callable[[Typed], None]
    act: Callable[[Actor, UUID, Typed], Awaitable[dict[str, Any]]]


@dataclass(slots=True)
class _Course:
    """How far one got: ``form``, ``code`` or ``done``; what was refused; what came of it."""

    step: str = "form"
    status: int = 200
    refusal: DomainError | None = None
    result: dict[str, Any] = field(default_factory=dict)


def _check_enquiry(typed: Typed) -> None:
    clean(typed["words"], field="input.words", longest=LONGEST_WORDS, multiline=True)
    typed_moment(typed["at"], field="input.viewingAt")
    if typed["at"] and not typed["words"]:
        raise InvalidInput(
            field="input.words",
            zh="要看房，请写一句话给房东",
            en="To ask for a viewing, write a line to the landlord",
        )


async def _ask(actor: Actor, listing_id: UUID, typed: Typed) -> dict[str, Any]:
    """Send what was written, if anything was, and read the conversation."""
    if typed["words"]:
        await send_enquiry(
            actor,
            listing_id=listing_id,
            words=typed["words"],
            viewing_at=typed_moment(typed["at"], field="input.viewingAt"),
            share_phone=bool(typed["share"]),
        )
    talk = await own_enquiry_about(actor, listing_id=listing_id)
    if talk is None:
        return {"sent": False, "talk": None, "messages": [], "landlord_phone": None}
    return {
        "sent": bool(typed["words"]),
        "talk": talk,
        "messages": (await latest_messages([talk["id"]])).get(talk["id"], []),
        "landlord_phone": shared_phone(talk, "landlord_phone"),
    }


def _check_report(typed: Typed) -> None:
    checked_words(_reason(typed["reason"]), typed["words"])


async def _report(actor: Actor, listing_id: UUID, typed: Typed) -> dict[str, Any]:
    reason = _reason(typed["reason"])
    await report_listing(actor, listing_id=listing_id, reason=reason, words=typed["words"])
    return {}


_ASK: Final = _Errand("ask", _check_enquiry, _ask)
_REPORT: Final = _Errand("report", _check_report, _report)


@for_people
async def ask_page(request: Request) -> Response:
    """Ask the landlord, ask for a viewing, or read what was answered."""
    return await _errand(request, _ASK)


@for_people
async def report_page(request: Request) -> Response:
    """Tell the town that a listing is not what it seems."""
    return await _errand(request, _REPORT)


async def _errand(request: Request, errand: _Errand) -> Response:
    reader = Reader.of(request)
    room = await public_listing(request.path_params["listing"])
    if room["state"] != ListingState.PUBLISHED:
        return RedirectResponse(listing_path(room["id"]) + reader.onward(), 303)
    typed, course = dict.fromkeys(_FIELDS, ""), _Course()
    if request.method == "POST":
        refuse_other_sites(request)
        async with request.form(max_files=0, max_fields=20) as form:
            typed = {name: str(form.get(name, ""))[:_LONGEST_FIELD].strip() for name in _FIELDS}
        await _go_on(request, errand, room["id"], typed, course)
    return page(
        request,
        reader,
        "asking.html",
        status=course.status,
        keep=NOT_KEPT,
        headers=OWN_REFERRER,
        errand=errand.name,
        room=room,
        where=await whereabouts(room["place__grid_path"]),
        typed=typed,
        step=course.step,
        fault=course.refusal and course.refusal.message(reader.language),
        result=course.result,
        reasons=list(ReportReason),
        longest=LONGEST_WORDS,
        open=sms.available(),
        shanghai=SHANGHAI,
    )


async def _go_on(
    request: Request, errand: _Errand, listing_id: UUID, typed: Typed, course: _Course
) -> None:
    """One step further, or the same step again with the reason."""
    visitor = anonymous(hashed_address(request))
    try:
        errand.check(typed)
        phone = mobile_number(typed["phone"])
        course.step = "code"
        if not typed["code"]:
            await request_sms_code(visitor, phone=phone)
            return
        opened = await sign_in_with_sms_code(
            visitor, phone=phone, code=typed["code"], device=_DEVICE
        )
        course.step = "form"
        actor = await actor_from_token(opened.access.text, address=visitor.address)
        try:
            course.result = await errand.act(actor, listing_id, typed)
        finally:
            await sign_out(actor)
        course.step = "done"
    except SAID as refusal:
        course.refusal, course.status = refusal, status_of(refusal)
        if isinstance(refusal, Unavailable):
            course.step = "form"


def _reason(text: str) -> ReportReason:
    if text not in set(ReportReason):
        raise InvalidInput(
            field="input.reason", zh="请选一项：哪里不对", en="Choose what is wrong with it"
        )
    return ReportReason(text)
