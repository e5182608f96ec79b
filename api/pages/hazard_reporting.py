"""``/q/{token}/report`` and ``/report``: a hazard is reported from any browser, without a name.

One page to choose what one sees, one that says what to do now and asks, one with the number and
the way back. Between them only the kind of hazard is in an address. A form carries its own
request id: sent twice, it is one report, and answers the same twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.context import hashed_address
from api.pages.codes import draw_code
from api.pages.errors import for_people
from api.pages.forms import OWN_REFERRER, SAID, Typed, status_of, typed_moment, with_form
from api.pages.hazard_words import categories_shown, category_shown, nearby_shown
from api.pages.pictures_sent import Sent, digests_of, keep_pictures, shown_again
from api.pages.places import whereabouts
from api.pages.reader import Reader
from api.pages.rendering import NOT_KEPT, page
from api.pages.words import Words, moment
from citizen.scanning import PlateAction, ScannedPlate, actions_for, scan
from core.datums import Datum, Point
from core.errors import DomainError, InvalidInput, RequestIdReused
from core.requests import answered, once
from core.settings import settings
from identity.actor import Actor, anonymous
from management.hazards.answers import Answer
from management.hazards.categories import Category, QuestionKind, category
from management.hazards.nearby import hazards_nearby
from management.hazards.reporting import LONGEST_WORDS, Statement, report_hazard
from management.hazards.tokens import token_of
from management.hazards.whereabouts import Spot
from management.models import Hazard
from management.rules import rules
from management.territory import territory

_FIELDS: Final = ("words", "seen", "community", "place_words", "lon", "lat")
_MUTATION: Final = "page:reportHazard"
# Which field of the form a refusal is about, by the input's.
_NAMES: Final = {
    "input.words": "words",
    "input.seenAt": "seen",
    "input.photoIds": "photos",
    "input.uploadId": "photos",
    "input.point": "community",
    "input": "community",
}


@dataclass(slots=True)
class _Course:
    """How far one got: what was typed and refused, which pictures are here, what came of it."""

    typed: dict[str, str]
    request_id: UUID = field(default_factory=uuid4)
    status: int = 200
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    hazard: Hazard | None = None


@for_people
async def report_at_plate(request: Request) -> Response:
    """Report a hazard where one stands, before its plate."""
    actor = anonymous(hashed_address(request))
    token = request.path_params["token"]
    scanned = await scan(actor, token)
    if scanned is None or PlateAction.REPORT_HAZARD not in await actions_for(actor, scanned):
        return RedirectResponse(f"/q/{token}" + Reader.of(request).onward(), 303)
    return await _report(request, actor, scanned)


@for_people
async def report_anywhere(request: Request) -> Response:
    """Report a hazard at no plate: in a community, in words, or where the phone is."""
    return await _report(request, anonymous(hashed_address(request)), None)


async def _report(request: Request, actor: Actor, scanned: ScannedPlate | None) -> Response:
    reader = Reader.of(request)
    if request.method == "POST":
        return await with_form(request, lambda typed: _sent(request, actor, scanned, typed))
    known = {one.code for group in categories_shown(reader.language) for one in group.categories}
    code = request.query_params.get("category", "")
    if code in known:
        return await _form(request, actor, scanned, category(code), _Course({}))
    return await _choose(request, scanned)


async def _choose(request: Request, scanned: ScannedPlate | None) -> Response:
    reader = Reader.of(request)
    return page(
        request,
        reader,
        "report_choose.html",
        at=await _at(scanned, reader),
        where=await whereabouts(scanned.row["grid_path"]) if scanned else None,
        groups=categories_shown(reader.language),
        fault="",
    )


async def _form(
    request: Request,
    actor: Actor,
    scanned: ScannedPlate | None,
    kind: Category,
    course: _Course,
) -> Response:
    reader = Reader.of(request)
    t = Words(reader.language)
    shown = category_shown(kind, reader.language)
    known = (await territory()).by_code.values()
    names = [*_FIELDS, *(f"q_{question.code}" for question in kind.questions)]
    nearby = []
    if scanned is not None and request.method == "GET":
        found = await hazards_nearby(
            actor, category_code=kind.code, plate_token=scanned.row["token"]
        )
        nearby = nearby_shown(found, t)
    return page(
        request,
        reader,
        "report_form.html",
        status=course.status,
        keep=NOT_KEPT,
        headers=OWN_REFERRER,
        here={"category": kind.code},
        script="report",
        at=await _at(scanned, reader),
        category=shown,
        nearby=nearby,
        action=_path(scanned),
        request_id=course.request_id,
        typed={name: course.typed.get(name, "") for name in names},
        communities=[grid for grid in known if grid["level"] == "COMMUNITY"],
        fault=course.fault,
        faults=course.faults,
        sent=course.sent,
        most_photos=rules().hazard_photos,
        longest=LONGEST_WORDS,
    )


async def _sent(
    request: Request, actor: Actor, scanned: ScannedPlate | None, typed: Typed
) -> Response:
    """Take a report in, or show the form again with all that was typed and all good pictures."""
    reader = Reader.of(request)
    try:
        kind = category(typed["category"])
    except InvalidInput:
        return RedirectResponse(_path(scanned) + reader.onward(), 303)
    names = [*_FIELDS, *(f"q_{question.code}" for question in kind.questions)]
    course = _Course({name: typed[name] for name in names}, typed.request_id())
    try:
        await _take_in(actor, scanned, kind, typed, course)
    except SAID as refusal:
        await _note(course, refusal, kind, reader)
    if course.hazard is None:
        return await _form(request, actor, scanned, kind, course)
    return await _done(request, scanned, kind, course.hazard)


async def _take_in(
    actor: Actor, scanned: ScannedPlate | None, kind: Category, typed: Typed, course: _Course
) -> None:
    payload = await _payload(scanned, kind, typed, course)
    before = await answered(
        actor, request_id=course.request_id, mutation=_MUTATION, payload=payload
    )
    if before is not None:
        course.hazard = await Hazard.get(id=before)
        return
    course.sent = await shown_again(actor, typed.all("kept"))
    # What the form asks for is checked before pictures are taken in; these stay with the form.
    statement = await _statement(scanned, kind, course.typed)
    refused = await keep_pictures(actor, typed.files, course.sent, most=rules().hazard_photos)
    if refused is not None:
        raise refused

    async def act() -> UUID:
        photos = [sent.id for sent in course.sent]
        hazard = await report_hazard(actor, statement=statement(photos))
        return hazard.id

    made = await once(
        actor, request_id=course.request_id, mutation=_MUTATION, payload=payload, act=act
    )
    course.hazard = await Hazard.get(id=made)


async def _payload(
    scanned: ScannedPlate | None, kind: Category, typed: Typed, course: _Course
) -> dict[str, Any]:
    """What makes a form the same form: all that was typed, and the bytes of its pictures."""
    return {
        "plate": scanned.row["token"] if scanned else None,
        "category": kind.code,
        "typed": course.typed,
        "kept": typed.all("kept"),
        "files": await digests_of(typed.files),
    }


async def _statement(scanned: ScannedPlate | None, kind: Category, typed: Mapping[str, str]) -> Any:
    spot, words = await _spot(scanned, typed)
    answers = _answers(kind, typed)
    seen_at = typed_moment(typed["seen"], field="input.seenAt")

    def made(photo_ids: list[UUID]) -> Statement:
        return Statement(
            category_code=kind.code,
            spot=spot,
            words=words,
            answers=answers,
            photo_ids=photo_ids,
            seen_at=seen_at,
        )

    return made


async def _spot(scanned: ScannedPlate | None, typed: Mapping[str, str]) -> tuple[Spot, str]:
    """Where it is; the words say it too where there is no plate."""
    words = typed["words"]
    if scanned is not None:
        return Spot(plate_token=scanned.row["token"]), words
    if typed["lon"] and typed["lat"]:
        try:
            point = Point(float(typed["lon"]), float(typed["lat"]), Datum.CGCS2000)
        except ValueError:
            point = None
        if point is not None:
            place = typed["place_words"]
            return Spot(point=point), f"{place}\n{words}".strip()
    grids = await territory()
    known = grids.by_code.get(typed["community"])
    inside = await grids.inside(known["code"]) if known else None
    if inside is None:
        raise InvalidInput(field="input.point", zh="请选社区", en="Choose the community")
    if not typed["place_words"]:
        raise InvalidInput(
            field="place_words", zh="请写清楚在哪里", en="Say where in the community it is"
        )
    return Spot(point=Point(*inside)), f"{typed['place_words']}\n{words}".strip()


def _answers(kind: Category, typed: Mapping[str, str]) -> list[Answer]:
    """What was answered; questions that were left out are left out."""
    found = []
    for question in kind.questions:
        name = f"q_{question.code}"
        given = typed[name]
        if not given:
            continue
        match question.kind:
            case QuestionKind.BOOL:
                found.append(Answer(question=question.code, yes=given == "yes"))
            case QuestionKind.NUMBER:
                try:
                    number = float(given)
                except ValueError:
                    raise InvalidInput(field=name, zh="请填数字", en="Write a number") from None
                found.append(Answer(question=question.code, number=number))
            case QuestionKind.CHOICE:
                found.append(Answer(question=question.code, choice=given))
            case QuestionKind.TEXT:
                found.append(Answer(question=question.code, text=given))
    return found


async def _note(course: _Course, refusal: DomainError, kind: Category, reader: Reader) -> None:
    """Say a refusal at the head of the form and at its field."""
    course.status = status_of(refusal)
    words = refusal.message(reader.language)
    if isinstance(refusal, RequestIdReused):
        # Somebody went back and changed the form: another report, if they press again.
        course.request_id = uuid4()
        words = Words(reader.language)("form_again")
    course.fault = words
    name = refusal.field or ""
    if name.startswith("input.answers."):
        given = [f"q_{one.code}" for one in kind.questions if course.typed[f"q_{one.code}"]]
        name = given[int(name.split(".")[2])]
    name = _NAMES.get(name, name)
    if name in course.typed or name == "photos":
        course.faults[name] = words


async def _done(
    request: Request, scanned: ScannedPlate | None, kind: Category, hazard: Hazard
) -> Response:
    reader = Reader.of(request)
    token = token_of(hazard.id)
    back = f"{settings().public_url}/h#{token}"
    return page(
        request,
        reader,
        "report_done.html",
        keep=NOT_KEPT,
        headers=OWN_REFERRER,
        at=await _at(scanned, reader),
        category=category_shown(kind, reader.language),
        action=_path(scanned),
        code=hazard.code,
        due=hazard.due_at and moment(hazard.due_at, reader.language),
        token=token,
        qr=drawn(back, Words(reader.language)("report_qr")),
    )


def drawn(text: str, label: str) -> Markup:
    """A QR code to stand inside a page."""
    svg = draw_code(text, "svg").decode()
    svg = svg[svg.index("<svg") :]
    return Markup(svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))  # noqa: S704


def _path(scanned: ScannedPlate | None) -> str:
    return f"/q/{scanned.row['token']}/report" if scanned else "/report"


async def _at(scanned: ScannedPlate | None, reader: Reader) -> dict[str, str] | None:
    """Where one stands: to be named, and to be read aloud."""
    if scanned is None:
        return None
    row, t = scanned.row, Words(reader.language)
    where = await whereabouts(row["grid_path"])
    name = row["name"]
    if row["room_id"] is not None:
        name = t("room_of", place=name, room=row["room_number"])
    address = f"{where['community']['name_zh']}{row['street']}{row['door_number']}"
    return {
        "name": name,
        "token": row["token"],
        "address": address,
        "code": row["room_code"] or row["code"],
    }
