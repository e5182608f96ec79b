"""``/q/{token}/declare``: residents register where they live, with two fields.

Phone and code first; then name and document number, everything else filled in already. Nothing of
a person is ever in an address; the number goes back only into the form that it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.context import hashed_address
from api.pages.certificate_offers import offered
from api.pages.coming_in import come_in, step_of
from api.pages.errors import for_people
from api.pages.forms import OWN_REFERRER, REQUEST_ID, SAID, Typed, ids_of, status_of, with_form
from api.pages.places import whereabouts
from api.pages.reader import Reader
from api.pages.rendering import NOT_KEPT, page
from api.pages.words import Words, day
from citizen.declarations.declaring import FAMILY, Relative, Who, declare_residence
from citizen.declarations.drafting import Draft, draft
from citizen.models import Declaration, DeclarationState, Relation
from citizen.scanning import PlateAction, ScannedPlate, actions_for, scan
from core.clock import today
from core.errors import (
    DomainError,
    InvalidInput,
    NotFound,
    RateLimited,
    RequestIdReused,
    Unavailable,
)
from core.requests import answered, once
from identity.actor import Actor, anonymous
from identity.sessions import sign_out
from integrations import sms
from management.models import ConsentPurpose, DocumentKind
from management.people.consents import Given, text_in_force
from management.people.persons import shown
from management.rules import rules

_MUTATION: Final = "page:declareResidence"
_OF_ONE: Final = ("name", "number", "kind")
_FIELDS: Final = (*_OF_ONE, "room", "starts", "other_person", "rows")
_MEMBER: Final = (*_OF_ONE, "relation")
_CONSENTS: Final = (ConsentPurpose.DOCUMENT_NUMBER, ConsentPurpose.MINOR)
# Which field of the form a refusal is about, by the input's.
_NAMES: Final = {
    "input.name": "name",
    "input.documentNumber": "number",
    "input.roomId": "room",
    "input.startsOn": "starts",
    "input.phone": "phone",
    "input.code": "code",
}


@dataclass(slots=True)
class _Course:
    """How far one got, what was typed, what was refused, what came of it."""

    typed: dict[str, str] = field(default_factory=dict, repr=False)
    kin: list[UUID] = field(default_factory=list)
    agreed: set[str] = field(default_factory=set)
    step: str = "phone"
    session: str = field(default="", repr=False)
    request_id: UUID = field(default_factory=uuid4)
    status: int = 200
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    made: list[Declaration] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """For how many of the family there are fields."""
        text = self.typed.get("rows", "")
        most = rules().declaration_family
        return min(int(text), most) if text.isascii() and text.isdigit() else 0


@for_people
async def declare_page(request: Request) -> Response:
    """Register at the plate of a house in use, or of one of its rooms."""
    visitor, token = anonymous(hashed_address(request)), request.path_params["token"]
    scanned = await scan(visitor, token)
    if scanned is None or PlateAction.DECLARE not in await actions_for(visitor, scanned):
        return RedirectResponse(f"/q/{token}" + Reader.of(request).onward(), 303)
    if request.method == "POST":
        return await with_form(request, lambda typed: _go_on(request, scanned, typed))
    return await _page(request, scanned, _Course(), None)


async def _go_on(request: Request, scanned: ScannedPlate, typed: Typed) -> Response:
    course = _course(typed)
    reader = Reader.of(request)
    known: Draft | None = None
    try:
        visit = await come_in(request, typed)
        course.step, course.session = visit.step, visit.session
        if visit.actor is not None:
            known = await draft(visit.actor, plate_token=scanned.row["token"])
            if typed["do"] == "more":
                course.typed["rows"] = str(course.rows + 1)
            elif not visit.fresh or typed["name"] or typed["number"]:
                await _declare(visit.actor, scanned, known, typed, course)
                await sign_out(visit.actor)
    except SAID as refusal:
        if known is None:
            course.step, course.session = step_of(typed, refusal), ""
            if isinstance(refusal, RateLimited) and course.step == "phone":
                course.step = "code"  # the code that was sent is still good
        _note(course, refusal, reader)
    except NotFound:
        course.fault = Words(reader.language)("declare_lost")
        course.status = 400
    return await _page(request, scanned, course, known)


def _course(typed: Typed) -> _Course:
    names = [*_FIELDS, "phone"]
    names += [f"{name}_{n}" for n in range(rules().declaration_family) for name in _MEMBER]
    return _Course(
        typed={name: typed[name] for name in names},
        kin=ids_of(typed.all("kin")),
        agreed=set(typed.all("agree")),
        request_id=typed.request_id(),
    )


async def _declare(
    actor: Actor, scanned: ScannedPlate, known: Draft, typed: Typed, course: _Course
) -> None:
    """Declare once, however often the form is sent."""
    payload = {
        "plate": scanned.row["token"],
        "typed": course.typed,
        "kin": course.kin,
        "agreed": sorted(course.agreed),
    }
    request_id = course.request_id
    made = await answered(actor, request_id=request_id, mutation=_MUTATION, payload=payload)
    if made is None:
        given = course.typed
        starts_on, family = _day(given["starts"]), _family(known, course)
        rooms = ids_of([given["room"]])
        consents = [
            Given(purpose, text_in_force(purpose).version)
            for purpose in _CONSENTS
            if purpose.value in course.agreed
        ]

        async def act() -> UUID:
            declaration = await declare_residence(
                actor,
                plate_token=scanned.row["token"],
                room_id=rooms[0] if rooms else None,
                who=_who(known, given),
                starts_on=starts_on,
                family=family,
                consents=consents,
            )
            found: UUID = declaration.id
            return found

        made = await once(
            actor, request_id=request_id, mutation=_MUTATION, payload=payload, act=act
        )
    own = await Declaration.get(id=made)
    course.made = await Declaration.filter(batch=own.batch).order_by("id").select_related("room")
    course.step = "done"


def _who(known: Draft, given: Mapping[str, str]) -> Who | None:
    """Name and document as typed; none for who is known and says that it is them."""
    typed = bool(given["name"] or given["number"])
    if known.person is not None and not typed:
        return None
    return Who(name=given["name"], kind=_kind(given["kind"]), number=given["number"])


def _family(known: Draft, course: _Course) -> list[Relative]:
    relations = {one.person.id: one.relation for one in known.family}
    family = [
        Relative(relation=_kin_relation(relations[each]), person_id=each)
        for each in course.kin
        if each in relations
    ]
    for n in range(course.rows):
        name, number, kind, relation = (
            course.typed[f"{each}_{n}"] for each in ("name", "number", "kind", "relation")
        )
        if name or number:
            who = Who(name=name, kind=_kind(kind), number=number)
            family.append(Relative(relation=_relation(relation), who=who))
    return family


def _kin_relation(relation: Relation) -> Relation:
    return relation if relation in FAMILY else Relation.OTHER


def _relation(text: str) -> Relation:
    return Relation(text) if text in set(FAMILY) else Relation.OTHER


def _kind(text: str) -> DocumentKind:
    return DocumentKind(text) if text in set(DocumentKind) else DocumentKind.MAINLAND_ID


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            field="input.startsOn",
            zh="日期请写成 2026-12-01 这样",
            en="Write the day like 2026-12-01",
        ) from None


def _note(course: _Course, refusal: DomainError, reader: Reader) -> None:
    """Say a refusal at the head of the form and at its field."""
    course.status, course.fault = status_of(refusal), refusal.message(reader.language)
    if isinstance(refusal, RequestIdReused):
        course.request_id = uuid4()
        course.fault = Words(reader.language)("form_again")
    if isinstance(refusal, Unavailable) and not course.session:
        course.step = "phone"
    name = _NAMES.get(refusal.field or "", "")
    if (refusal.field or "").startswith("input.family."):
        name = _member(course, refusal.field or "")
    if refusal.reason in {"CONSENT_NEEDED", "CONSENT_VERSION"}:
        name = f"agree_{refusal.params['purpose']}"
    if name:
        course.faults[name] = course.fault


def _member(course: _Course, path: str) -> str:
    """The form's field for one of the family's: those known come first, empty rows are left out."""
    index, _, part = path.removeprefix("input.family.").partition(".")
    given = [
        n for n in range(course.rows) if course.typed[f"name_{n}"] or course.typed[f"number_{n}"]
    ]
    at = int(index) - len(course.kin) if index.isdigit() else -1
    if not 0 <= at < len(given):
        return ""
    return f"{'name' if part == 'name' else 'number'}_{given[at]}"


async def _page(
    request: Request, scanned: ScannedPlate, course: _Course, known: Draft | None
) -> Response:
    reader = Reader.of(request)
    row, t = scanned.row, Words(reader.language)
    name = row["name"]
    if row["room_id"] is not None:
        name = t("room_of", place=name, room=row["room_number"])
    typed = {REQUEST_ID: str(course.request_id), **_empty(course), **course.typed}
    return page(
        request,
        reader,
        "declare.html",
        status=course.status,
        keep=NOT_KEPT,
        headers=OWN_REFERRER,
        step=course.step,
        action=f"/q/{row['token']}/declare",
        plate=row,
        name=name,
        where=await whereabouts(row["grid_path"]),
        typed=typed,
        session=course.session,
        fault=course.fault,
        faults=course.faults,
        open=sms.available(),
        rooms=known.rooms if known else [],
        person=shown(known.person, clear=False) if known and known.person else None,
        known_family=_kin(known, course, t),
        members=range(course.rows),
        more=course.rows < rules().declaration_family,
        kinds=list(DocumentKind),
        relations=[one for one in Relation if one in FAMILY],
        today=today().isoformat(),
        consents=_asked(known, course, t),
        done=_done(course, t),
        certificate=await offered(course.made[0]) if course.made else None,
    )


def _empty(course: _Course) -> dict[str, str]:
    names = [*_FIELDS, "phone", *(f"{name}_{n}" for n in range(course.rows) for name in _MEMBER)]
    return dict.fromkeys(names, "")


def _kin(known: Draft | None, course: _Course, t: Words) -> list[dict[str, Any]]:
    return [
        {
            "id": one.person.id,
            "name": shown(one.person, clear=False)["name"],
            "relation": t(f"relation_{one.relation.value}"),
            "chosen": one.person.id in course.kin,
        }
        for one in (known.family if known else [])
    ]


def _asked(known: Draft | None, course: _Course, t: Words) -> list[dict[str, Any]]:
    """Texts to agree to, unticked until somebody ticks them."""
    wanted = {text.purpose for text in known.consents} if known else set()
    if known and not course.rows and not known.family:
        wanted.discard(ConsentPurpose.MINOR)
    return [
        {
            "purpose": purpose.value,
            "title": text.title_en if t.language == "en" else text.title_zh,
            "lines": (text.body_en if t.language == "en" else text.body_zh).splitlines(),
            "agreed": purpose.value in course.agreed,
        }
        for purpose in _CONSENTS
        if purpose in wanted
        for text in [text_in_force(purpose)]
    ]


def _done(course: _Course, t: Words) -> dict[str, Any] | None:
    """What came of it: for each person whether it holds, and why it may not yet."""
    if not course.made:
        return None
    held = [one for one in course.made if one.state is DeclarationState.HELD]
    doubts = sorted({doubt for one in held for doubt in one.doubts})
    own = course.made[0]
    return {
        "held": bool(held),
        "all_held": len(held) == len(course.made),
        "room": own.room.number,
        "since": day(own.starts_on, t.language),
        "people": len(course.made),
        "doubts": [t(f"doubt_{doubt}") for doubt in doubts],
        "police": any(one.document_kind is DocumentKind.PASSPORT for one in course.made),
        "landlord": any(one.question_open for one in course.made),
    }
