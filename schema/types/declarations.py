"""Declarations: that somebody lives in a room, who said so, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import strawberry

from citizen.declarations.access import (
    Part,
    own_persons,
    parts_of,
    visible_declarations,
)
from citizen.declarations.lists import objections_of, papers_of, steps_of
from citizen.models import (
    DeclarationAction,
    DeclarationState,
    Doubt,
    LandlordAnswer,
    ObjectionState,
    Relation,
)
from core.crypto import ring
from core.errors import Language
from core.masking import mask_name
from identity.actor import Actor, ActorKind, Permission
from management.models import DocumentKind, ResidenceSource
from management.people.persons import PERSON_COLUMNS, shown
from management.rules import rules
from media.photos import PHOTO_COLUMNS
from schema.access import Access, holds_or_account
from schema.connections import Connection, CountedConnection
from schema.context import Context, Info
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node
from schema.types.listings import (
    Photo,
    PublicPlace,
    PublicRoom,
    add_public_places,
    photo_row,
    public_place_columns,
)

READERS: Final = holds_or_account(Permission.PEOPLE_READ)


def _seen_as(name: str, *parts: Part) -> Access:
    wanted = frozenset(parts)

    def allowed(actor: Actor, row: Mapping[str, Any]) -> bool:
        return not wanted.isdisjoint(row["parts"])

    return Access(name, READERS.actor, allowed)


NOT_LANDLORD: Final = _seen_as(
    "staff, who declared, and who it is about", Part.DECLARER, Part.PERSON, Part.STAFF
)
OF_STAFF: Final = _seen_as("staff with people:read in the grid of the row", Part.STAFF)


@gql_type(access=READERS)
class DeclaredPerson:
    """Somebody who was declared; as much of them as you may see."""

    name: str | None = attr("Masked, such as 张*; empty when it was erased.")
    number: str | None = attr(
        "Of the document, masked such as 4419**********1234; not for who runs the house.",
    )
    phone: str | None = attr("Masked, such as 138****0000; not for who runs the house.")


@gql_type(access=READERS)
class DeclarationStep:
    """What was done with a declaration, and when (办理记录)."""

    number: int = attr("1, 2, 3 …")
    action: DeclarationAction = attr("What was done.")
    at: datetime = attr("When.")
    by_kind: ActorKind = attr("By what kind of actor.")
    words: str | None = attr("In words: for staff, and for who said them.")
    photos: list[Photo] = attr("Pictures that came with it: for staff, and for who declared.")


@gql_type(access=READERS)
class ResidenceObjection:
    """Somebody says that they don't live where they were declared (异议)."""

    id: strawberry.ID = attr("Global id, opaque.")
    declaration_id: strawberry.ID = attr("Global id of the declaration.")
    state: ObjectionState = attr("Whether it is decided.")
    words: str | None = attr("What they say: for staff, and for themselves.")
    reason: str | None = attr("Why it was decided so: for staff, and for themselves.")
    created_at: datetime = attr("When it was made.")
    decided_at: datetime | None = attr("When it was decided.")


@gql_type(access=READERS)
class Declaration(Node):
    """That a person lives in a room from a day on (自主申报), as somebody said it."""

    state: DeclarationState = attr("Where it stands.")
    source: ResidenceSource = attr("Who said it.")
    relation: Relation = attr("What the person is to who declared.")
    document_kind: DocumentKind = attr("Kind of the document.")
    starts_on: date = attr("First day.")
    lease_until: date | None = attr("Of a landlord's declaration: last day of the lease.")
    place: PublicPlace = attr("The house.", needs=("place_id",))
    room: PublicRoom = attr("The room.", needs=("room_id",))
    person: DeclaredPerson = attr("Who lives there.", needs=("person_id",))
    living: bool = attr(
        "Whether the person is registered there now.", needs=("residence__current",)
    )
    question_open: bool = attr("Whether who runs the house may still answer.")
    landlord_answer: LandlordAnswer | None = attr("What who runs the house said.")
    doubts: list[Doubt] | None = attr(
        "Why a warden looks at it; not for who runs the house.", access=NOT_LANDLORD, size=2
    )
    reason: str | None = attr(
        "Why it was decided so; not for who runs the house.", access=NOT_LANDLORD
    )
    police_notice: str | None = attr(
        "Of a passport: register with the police too; not for who runs the house.",
        access=NOT_LANDLORD,
        needs=("document_kind",),
    )
    welfare: bool | None = attr(
        "For staff: a child lives there alone, so somebody visits (关爱走访).", access=OF_STAFF
    )
    claimed_name: str | None = attr(
        "For staff: the name that contradicts the one on record, masked, until it is decided.",
        access=OF_STAFF,
    )
    on_behalf: str | None = attr("For staff: who asked staff to declare.", access=OF_STAFF)
    steps: list[DeclarationStep] | None = attr(
        "What was done with it, the first step first; not for who runs the house.",
        access=NOT_LANDLORD,
        needs=(),
        size=4,
    )
    objection: ResidenceObjection | None = attr(
        "The newest objection to it; not for who runs the house.", access=NOT_LANDLORD, needs=()
    )
    seen_as: list[Part] = attr("As what you see it.", needs=(), size=1)
    created_at: datetime = attr("When it was declared.")
    decided_at: datetime | None = attr("When a warden decided.")
    version: int = attr("Goes up with each step.")


@strawberry.type(name="DeclarationConnection", description="One page of declarations.")
class DeclarationConnection(CountedConnection[Declaration]):
    """One page of declarations."""


@strawberry.type(name="OwnDeclarationConnection", description="One page of declarations.")
class OwnDeclarationConnection(Connection[Declaration]):
    """One page of declarations."""


@strawberry.type(name="ResidenceObjectionConnection", description="One page of objections.")
class ResidenceObjectionConnection(Connection[ResidenceObjection]):
    """One page of objections."""


_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    field.python_name: field.metadata["needs"]
    for field in Declaration.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}
_ROOM: Final = ("number", "floor", "area", "dormitory")
_ALWAYS: Final = ("id", "account_id", "person_id", "place_id")
_SEALED: Final = ("reason", "claimed_name", "on_behalf")


def declaration_columns(want: Selection) -> list[str]:
    """The columns of declarations that a selection needs."""
    columns = want.columns(_NEEDS, *_ALWAYS)
    if "place" in want:
        columns += public_place_columns(want["place"])
    if "room" in want:
        columns += [f"room__{name}" for name in _ROOM]
    if "person" in want:
        columns += [f"person__{name}" for name in PERSON_COLUMNS]
    return list(dict.fromkeys(columns))


async def shape_declarations(rows: Rows, want: Selection, context: Context) -> Rows:
    """Declarations as read, ready for the schema: what hangs on them comes in one query a kind.

    The rows are those that the actor may see; as what, is worked out here.
    """
    if not rows:
        return rows
    actor = context.actor
    persons = frozenset(await own_persons(actor))
    ids = [row["id"] for row in rows]
    for row in rows:
        mine = row["account_id"] == actor.id or row["person_id"] in persons
        # What an account sees without being part of it, it sees as who runs the house.
        row["parts"] = parts_of(actor, row, persons=persons, runs=not mine)
    steps = await steps_of(ids) if "steps" in want else {}
    papers = await papers_of(ids) if "photos" in want["steps"] else {}
    objections = await objections_of(ids) if "objection" in want else {}
    if "place" in want:
        await add_public_places(rows, want["place"], context)
    for row in rows:
        key = row["id"]
        _open(row, key)
        if "person" in want:
            row["person"] = _person(row)
        if "room" in want:
            row["room"] = {
                **{name: row[f"room__{name}"] for name in _ROOM},
                "id": global_id("Room", row["room_id"]),
            }
        if "steps" in want:
            row["steps"] = [_step(row, step, papers, context) for step in steps.get(key, [])]
        if "objection" in want:
            found = objections.get(key)
            row["objection"] = found and objection_row(found, actor)
        row["living"] = bool(row.get("residence__current"))
        row["seen_as"] = sorted(row["parts"])
        row["police_notice"] = police_notice(row.get("document_kind"), context.language)
        row["id"] = global_id("Declaration", key)
    return rows


def police_notice(kind: Any, language: Language) -> str | None:
    """What who has a passport has to do besides (Exit and Entry Administration Law, article 39)."""
    if kind != DocumentKind.PASSPORT:
        return None
    hours = rules().passport_hours
    if language == "en":
        return (
            f"Register with the police station within {hours} hours of moving in: this"
            " declaration does not replace it."
        )
    return f"请在入住后 {hours} 小时内到派出所办理外国人住宿登记，本申报不能代替。"


def objection_row(row: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """An objection, ready for the schema; its words are for staff and for who made it."""
    for_them = actor.kind is ActorKind.STAFF or row["account_id"] == actor.id
    answer = {**row, "id": global_id("ResidenceObjection", row["id"])}
    answer["declaration_id"] = global_id("Declaration", row["declaration_id"])
    for column in ("words", "reason"):
        sealed = row[column] if for_them else None
        answer[column] = sealed and ring().decrypt(
            sealed, table="residence_objection", column=column, row=row["id"]
        )
    return answer


def _open(row: dict[str, Any], key: UUID) -> None:
    for column in _SEALED:
        if row.get(column) is not None:
            plain = ring().decrypt(row[column], table="declaration", column=column, row=key)
            row[column] = mask_name(plain) if column == "claimed_name" else plain


def _person(row: Mapping[str, Any]) -> dict[str, Any]:
    masked = shown(row, clear=False, prefix="person__")
    if row["parts"] == {Part.LANDLORD}:
        return {"name": masked["name"], "number": None, "phone": None}
    return {name: masked[name] for name in ("name", "number", "phone")}


def _step(
    row: Mapping[str, Any],
    step: Mapping[str, Any],
    papers: Mapping[UUID, list[dict[str, Any]]],
    context: Context,
) -> dict[str, Any]:
    actor, staff = context.actor, Part.STAFF in row["parts"]
    pictures = papers.get(step["id"], []) if staff or Part.DECLARER in row["parts"] else []
    if not staff and step["account_id"] != actor.id:
        pictures = []
    return {
        **step,
        "words": step["words"] if staff or step["account_id"] == actor.id else None,
        "photos": [
            photo_row({name: each[f"photo__{name}"] for name in PHOTO_COLUMNS}, context.language)
            for each in pictures
        ],
    }


async def declaration_row(
    info: Info, want: Selection, declaration_id: UUID
) -> dict[str, Any] | None:
    """One declaration that the actor may see, ready for the schema."""
    rows = await declaration_rows(info, want, [declaration_id])
    return rows[0] if rows else None


async def declaration_rows(info: Info, want: Selection, ids: list[UUID]) -> Rows:
    """Those of these declarations that the actor may see, the oldest first."""
    visible = await visible_declarations(info.context.actor)
    query = visible.filter(id__in=ids).order_by("id")
    rows: Rows = [dict(row) for row in await query.values(*declaration_columns(want))]
    return await shape_declarations(rows, want, info.context)
