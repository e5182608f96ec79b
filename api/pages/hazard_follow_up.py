"""``/h``: who reported a hazard without a name comes back to it by its code.

The code goes in bodies of posts alone: neither addresses nor the logs on the way know it. The
code to scan holds it behind ``#``, which browsers keep to themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from api.context import hashed_address
from api.pages.errors import for_people
from api.pages.forms import OWN_REFERRER, SAID, Typed, status_of, with_form
from api.pages.hazard_words import category_shown
from api.pages.pictures_sent import Sent, digests_of, keep_pictures, shown_again
from api.pages.reader import Reader
from api.pages.rendering import NOT_KEPT, page
from api.pages.words import Words, moment
from core.clock import now
from core.errors import DomainError, InvalidInput, NotFound, RequestIdReused
from core.requests import answered, once
from identity.actor import Actor, anonymous
from management.hazards.categories import category
from management.hazards.following_up import (
    confirm_fixed,
    rate_hazard,
    reopen_hazard,
    say_not_fixed,
)
from management.hazards.loop import actions_for
from management.hazards.own import by_token, supplement_hazard
from management.hazards.reporting import LONGEST_WORDS
from management.hazards.table import table
from management.models import Hazard, HazardAction, HazardState, HazardStep, Place
from management.rules import rules

QUIET: Final = frozenset({HazardAction.MODERATE, HazardAction.ISSUE, HazardAction.CHANGE_SEVERITY})
"""Steps inside the town's offices, which say nothing to who reported."""
ERRANDS: Final = ("fixed", "not_fixed", "add", "rate", "reopen")
"""What its reporter can say of a hazard."""


@dataclass(slots=True)
class _Course:
    """What is to be done and what came of it; what was typed stays."""

    token: str = ""
    errand: str = ""
    words: str = ""
    rating: str = ""
    request_id: UUID = field(default_factory=uuid4)
    status: int = 200
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    done: bool = False


@for_people
async def follow_up_page(request: Request) -> Response:
    """Ask for the code; with one, show how it stands and take what its holder says."""
    if request.method == "POST":
        return await with_form(request, lambda typed: _come_back(request, typed))
    return _ask(request, _Course())


async def _come_back(request: Request, typed: Typed) -> Response:
    actor = anonymous(hashed_address(request))
    reader = Reader.of(request)
    errand = typed["do"] if typed["do"] in ERRANDS else ""
    course = _Course(
        token=typed["token"],
        errand=errand,
        words=typed["words"],
        rating=typed["rating"],
        request_id=typed.request_id(),
    )
    try:
        reported, hazard = await by_token(actor, course.token)
    except NotFound:
        course.fault, course.status = Words(reader.language)("follow_up_unknown"), 404
        return _ask(request, course)
    if errand:
        try:
            await _act(actor, typed, course)
            course.done = True
        except SAID as refusal:
            _note(course, refusal, reader)
        reported, hazard = await by_token(actor, course.token)
    if course.done:
        course.words = course.rating = ""
        course.sent, course.request_id = [], uuid4()
    return await _shown(request, actor, reported, hazard, course)


async def _act(actor: Actor, typed: Typed, course: _Course) -> None:
    """Do once what is asked, however often the form is sent."""
    payload = {
        "token": course.token,
        "do": course.errand,
        "words": course.words,
        "rating": course.rating,
        "kept": typed.all("kept"),
        "files": await digests_of(typed.files),
    }
    mutation = f"page:{course.errand}"
    if await answered(actor, request_id=course.request_id, mutation=mutation, payload=payload):
        return
    course.sent = await shown_again(actor, typed.all("kept"))
    refused = await keep_pictures(actor, typed.files, course.sent, most=rules().hazard_photos)
    if refused is not None:
        raise refused

    async def act() -> UUID:
        return await _said(actor, course)

    await once(actor, request_id=course.request_id, mutation=mutation, payload=payload, act=act)


async def _said(actor: Actor, course: _Course) -> UUID:
    token, words = course.token, course.words
    result: Any
    match course.errand:
        case "fixed":
            result = await confirm_fixed(actor, hazard_id=None, token=token, words=words)
        case "not_fixed":
            result = await say_not_fixed(actor, hazard_id=None, token=token, words=words)
        case "rate":
            stars = int(course.rating) if course.rating in set("12345") else 0
            result = await rate_hazard(
                actor, hazard_id=None, token=token, rating=stars, words=words
            )
        case "reopen":
            result = await reopen_hazard(actor, hazard_id=None, token=token, reason=words)
        case _:
            photos = [sent.id for sent in course.sent]
            result = await supplement_hazard(actor, token=token, words=words, photo_ids=photos)
    found: UUID = result.id
    return found


def _note(course: _Course, refusal: DomainError, reader: Reader) -> None:
    course.status = status_of(refusal)
    course.fault = refusal.message(reader.language)
    if isinstance(refusal, RequestIdReused):
        course.request_id = uuid4()
        course.fault = Words(reader.language)("form_again")
    pictures = refusal.field in {"input.photoIds", "input.uploadId"}
    if isinstance(refusal, InvalidInput):
        name = "photos" if pictures else "rating" if refusal.reason == "RATING" else "words"
        course.faults[name] = course.fault


def _ask(request: Request, course: _Course) -> Response:
    return page(
        request,
        Reader.of(request),
        "follow_up_ask.html",
        status=course.status,
        headers=OWN_REFERRER,
        script="follow_up",
        token=course.token,
        fault=course.fault,
    )


async def _shown(
    request: Request, actor: Actor, reported: Hazard, hazard: Hazard, course: _Course
) -> Response:
    reader = Reader.of(request)
    t = Words(reader.language)
    own = reported.id == hazard.id
    able = set(actions_for(hazard, actor=actor, reporter=True, landlord=False)) if own else set()
    if not own and hazard.open:
        able = {HazardAction.SUPPLEMENT}
    steps = await HazardStep.filter(hazard_id=hazard.id).order_by("number")
    place = await Place.get(id=hazard.place_id) if hazard.place_id else None
    return page(
        request,
        reader,
        "follow_up.html",
        status=course.status,
        keep=NOT_KEPT,
        headers=OWN_REFERRER,
        token=course.token,
        code=reported.code,
        kind=category_shown(category(hazard.category), reader.language),
        place=place.name if place else "",
        state=hazard.state.value,
        same_as=not own,
        next_words=_next(hazard, t),
        next_by=_next_by(hazard, t),
        steps=[
            {"words": t(f"step_{step.action.value}"), "at": moment(step.at, t.language)}
            for step in steps
            if step.action not in QUIET
        ],
        able={action.value for action in able},
        rated=hazard.rating if own else None,
        course=course,
        said=t(f"follow_up_said_{course.errand}") if course.done else "",
        longest=LONGEST_WORDS,
        most_photos=rules().hazard_photos,
    )


def _reopen_until(hazard: Hazard) -> datetime | None:
    return hazard.closed_at + table().reopen if hazard.closed_at else None


def _next(hazard: Hazard, t: Words) -> str:
    if hazard.state is HazardState.CLOSED:
        until = _reopen_until(hazard)
        if until is None or until < now():
            return t("next_CLOSED_late")
        return t("next_CLOSED", when=moment(until, t.language))
    return t(f"next_{hazard.state.value}")


def _next_by(hazard: Hazard, t: Words) -> str:
    if not hazard.open or hazard.due_at is None:
        return ""
    if hazard.due_at < now():
        late = t("next_late", when=moment(hazard.due_at, t.language))
        return f"{late} {t('next_escalated')}" if hazard.escalated_to else late
    return t("next_by", when=moment(hazard.due_at, t.language))
