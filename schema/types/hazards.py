"""Hazards, as far as whoever asks may see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import strawberry

from core.masking import mask_name, mask_phone
from identity.actor import Actor, ActorKind, Permission
from management.hazards.access import UNKNOWN_TO_LANDLORDS, standings, visible_hazards
from management.hazards.categories import CATEGORIES
from management.hazards.holding import held
from management.hazards.loop import ACTION_COLUMNS, actions_for
from management.hazards.own import reports_of
from management.hazards.pictures import pictures_of
from management.hazards.reporting import shown_number
from management.models import (
    HazardAction,
    HazardClosure,
    HazardPhotoRole,
    HazardSource,
    HazardState,
    Severity,
)
from schema.access import PUBLIC, Access, staff_here
from schema.connections import CountedConnection
from schema.context import Context, Info
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node, Point, public_point
from schema.types.hazard_categories import HazardCategory, answer_rows, category_row
from schema.types.hazard_work import HazardDocument, HazardStep, add_work
from schema.types.listings import (
    Photo,
    PublicPlace,
    PublicRoom,
    add_public_places,
    photo_row,
    public_place_columns,
)
from schema.types.territory import Grid, grids_by_code


def _works_here(actor: Actor, row: Mapping[str, Any]) -> bool:
    return actor.may(Permission.HAZARDS_READ, row["grid_path"])


WORKERS: Final = Access(
    f"staff and apps with {Permission.HAZARDS_READ.value} in the grid of the row",
    lambda actor: bool(actor.paths(Permission.HAZARDS_READ)),
    _works_here,
)
"""Who works on a hazard: not who reported it, nor who runs its place."""


REPORTER: Final = Access(
    "who reported it",
    lambda actor: True,
    lambda actor, row: bool(row["own"]),
)
"""Signed in, or by the token of an anonymous report: :func:`shape_hazards` says whose it is."""

IN_GRID: Final = staff_here(Permission.HAZARDS_READ)

HEARS_REPORTERS: Final = staff_here(Permission.HAZARDS_WRITE)
"""Who takes reports and acts on them: not who only audits that it was done."""


@gql_type(access=PUBLIC)
class HazardPicture:
    """A picture of a hazard."""

    photo: Photo = attr("The picture; its addresses are good for ten minutes.")
    role: HazardPhotoRole = attr("What it shows.")
    shown: bool = attr("Whether staff let others see it.")


@gql_type(access=PUBLIC)
class HazardAnswer:
    """What was answered to a question of the category."""

    question: str = attr("Code of the question.")
    words: str = attr("What was asked.")
    value: str = attr("What was answered, in words.")


@gql_type(access=PUBLIC)
class OwnHazardReport:
    """What you said when you reported a hazard."""

    words: str = attr("Your words.")
    answers: list[HazardAnswer] = attr("Your answers.", size=2)
    seen_at: datetime = attr("When you saw it.")


@gql_type(access=PUBLIC)
class HazardReport:
    """Who reported a hazard, masked, and what they said: for the town's staff."""

    words: str = attr("Their words.")
    answers: list[HazardAnswer] = attr("Their answers.", size=2)
    seen_at: datetime = attr("When they saw it.")
    received_at: datetime = attr("When it came in.")
    anonymous: bool = attr("Whether they gave no name: they come back with a token.")
    name: str | None = attr("Name, such as 张*; `revealHazardCaller` shows it in clear, on record.")
    phone: str | None = attr("Phone, such as 138****0000.")
    taken_by: str | None = attr("Who of the staff took it down.")
    app: str | None = attr("The system it came from.")


@gql_type(access=PUBLIC)
class Hazard(Node):
    """An unsafe condition (隐患) at a place, as far as you may see it.

    Who reported it and their own words are for the town's staff; who runs the place reads what
    staff wrote about it.
    """

    code: str = attr("To say aloud.")
    state: HazardState = attr("Where it stands.")
    severity: Severity = attr("How bad it is, as a first judgement.")
    major: bool = attr("Whether a department found it to be a major one (重大火灾隐患).")
    category: HazardCategory = attr("What kind of hazard it is.", needs=("category",))
    place: PublicPlace | None = attr("Where it is, when that is a place.", needs=("place_id",))
    room: PublicRoom | None = attr("In which room.", needs=("room_id",))
    community: Grid = attr("The community it lies in.", needs=("community_code",))
    point: Point | None = attr("Where it is, GCJ-02.", needs=("longitude", "latitude"))
    summary: str = attr("What it is, in words of staff.")
    source: HazardSource | None = attr(
        "For who works on it: how it came to be known.", access=WORKERS
    )
    external_no: str | None = attr(
        "For who works on it: its number at the hotline or in another system.",
        access=WORKERS,
        needs=("external_no", "source"),
    )
    due_at: datetime | None = attr(
        "For who works on it: when the next step is due.", access=WORKERS
    )
    deadline: datetime | None = attr("By when it is to be put right.")
    reported_at: datetime = attr("When it came in.", needs=("created_at",))
    state_since: datetime = attr("Since when it stands where it does.")
    closed_at: datetime | None = attr("When it was closed.")
    closed_how: HazardClosure | None = attr("How it came to be closed.")
    rating: int | None = attr("What who reported it gave for how it was handled, 1 to 5.")
    version: int = attr("Goes up with each step.")
    department_code: str | None = attr(
        "For who works on it: the department that leads.",
        needs=("department__code",),
        access=WORKERS,
    )
    assistants: list[str] | None = attr(
        "For who works on it: codes of departments that help (协办).", access=WORKERS, size=2
    )
    assignee_name: str | None = attr(
        "For staff: who puts it right.", needs=("assignee__name",), access=IN_GRID
    )
    escalations: int | None = attr(
        "For who works on it: how often nobody did anything in time.", access=WORKERS
    )
    escalated_to: str | None = attr(
        "For who works on it: code of the grid above that was told; empty when none was.",
        access=WORKERS,
    )
    not_fixed: int | None = attr(
        'For who works on it: how often "not fixed" was said.', access=WORKERS
    )
    reopened: int | None = attr("For who works on it: how often it was reopened.", access=WORKERS)
    steps: list[HazardStep] = attr("What was done, the first first.", needs=(), size=10)
    documents: list[HazardDocument] = attr(
        "Documents about it: for staff, and who runs the place.", needs=(), size=2
    )
    photos: list[HazardPicture] = attr(
        "Pictures: all of them for staff, your own, and those that staff let others see.",
        needs=("place_id",),
        size=3,
    )
    available_actions: list[HazardAction] = attr(
        "What you may do with it now.", needs=(*ACTION_COLUMNS, "place_id"), size=3
    )
    my_report: OwnHazardReport | None = attr(
        "For who reported it: what they said.", access=REPORTER, needs=("place_id",)
    )
    report: HazardReport | None = attr(
        "For staff of its grid who act on it: who reported it, and what they said.",
        access=HEARS_REPORTERS,
        needs=(),
    )
    duplicate_of: strawberry.ID | None = attr(
        "For who works on it: the hazard that it is the same as.",
        access=WORKERS,
        needs=("duplicate_of_id",),
    )
    earlier: strawberry.ID | None = attr(
        "For who works on it: a closed hazard that it follows.",
        access=WORKERS,
        needs=("earlier_id",),
    )


@strawberry.type(name="HazardConnection", description="One page of hazards.")
class HazardConnection(CountedConnection[Hazard]):
    """One page of hazards."""


_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    field.python_name: field.metadata["needs"]
    for field in Hazard.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}
_ROOM_COLUMNS: Final = ("number", "floor", "area", "dormitory")


def hazard_columns(want: Selection) -> list[str]:
    """The columns of hazards that a selection needs, through their relations where it must."""
    columns = want.columns(_NEEDS, "id", "grid_path")
    if "my_report" in want or "report" in want:
        columns.append("category")  # its questions say what was answered
    if "place" in want:
        columns += public_place_columns(want["place"])
    if "room" in want:
        columns += [f"room__{name}" for name in _ROOM_COLUMNS]
    return list(dict.fromkeys(columns))


async def shape_hazards(
    rows: Rows, want: Selection, context: Context, *, own: bool = False
) -> Rows:
    """Hazards as read, ready for the schema: what hangs on them comes in one query per kind.

    ``own``: they were reported by who asks, as a token showed.
    """
    if not rows:
        return rows
    await _add_standing(rows, want, context, own=own)
    await _add_reports(rows, want, context)
    await add_work(rows, want, context)
    if "place" in want:
        await _add_places(rows, want["place"], context)
    communities: Mapping[str, Any] = {}
    if "community" in want:
        codes = {row["community_code"] for row in rows}
        communities = await grids_by_code(codes, want["community"], context)
    for row in rows:
        if "community" in want:
            row["community"] = communities[row["community_code"]]
        _shape(row, want, context)
    return rows


def _shape(row: dict[str, Any], want: Selection, context: Context) -> None:
    """What needs nothing but the row."""
    if "category" in want:
        row["category"] = category_row(row["category"], context.language)
    if "room" in want:
        row["room"] = _room(row)
    if "point" in want:
        row["point"] = public_point(row)
    if "external_no" in want:
        row["external_no"] = shown_number(row["source"], row["external_no"])
    for name in ("duplicate_of", "earlier"):
        if name in want:
            linked = row[f"{name}_id"]
            row[name] = linked and global_id("Hazard", linked)
    row["reported_at"] = row.get("created_at")
    row["department_code"] = row.get("department__code")
    row["assignee_name"] = row.get("assignee__name")
    row["id"] = global_id("Hazard", row["id"])


_OF_THE_VIEWER: Final = ("photos", "available_actions", "my_report")


async def _add_standing(rows: Rows, want: Selection, context: Context, *, own: bool) -> None:
    """What the hazards are for the viewer: whose report, what can be done, which pictures."""
    if not any(name in want for name in _OF_THE_VIEWER):
        for row in rows:
            row["own"] = own
        return
    actor = context.actor
    ids = [row["id"] for row in rows]
    known = await standings(actor, [(row["id"], row["place_id"]) for row in rows])
    in_hands = await held(actor, ids) if "available_actions" in want else set()
    pictures = await pictures_of(ids) if "photos" in want else {}
    for row in rows:
        stands = known[row["id"]]
        row["own"] = own or stands.reporter
        if "available_actions" in want:
            row["available_actions"] = actions_for(
                row,
                actor=actor,
                reporter=row["own"],
                landlord=stands.landlord and row["state"] not in UNKNOWN_TO_LANDLORDS,
                holds=row["id"] in in_hands,
            )
        if "photos" in want:
            row["photos"] = [
                {**picture, "photo": photo_row(picture, context.language)}
                for picture in pictures[row["id"]]
                if _may_see(actor, row, picture)
            ]


def _may_see(actor: Actor, row: Mapping[str, Any], picture: Mapping[str, Any]) -> bool:
    """Staff see all, who reported it what was found, everybody what they took and what is shown."""
    if picture["shown"] or (actor.kind is ActorKind.STAFF and _works_here(actor, row)):
        return True
    if actor.id is not None and picture["owner_id"] == actor.id:
        return True
    unnamed = picture["owner_id"] is None and picture["role"] == HazardPhotoRole.FOUND
    return bool(row["own"] and actor.kind is ActorKind.ANONYMOUS and unnamed)


async def _add_reports(rows: Rows, want: Selection, context: Context) -> None:
    if "my_report" not in want and "report" not in want:
        return
    actor = context.actor
    mine = [row["id"] for row in rows if row["own"] or _hears(actor, row)]
    reports = await reports_of(mine) if mine else {}
    for row in rows:
        report = reports.get(row["id"])
        row["report"] = row["my_report"] = None
        if report is None:
            continue
        kind = CATEGORIES.get(row["category"]) if isinstance(row.get("category"), str) else None
        shaped = {
            **report,
            "words": report["words"] or "",
            "answers": answer_rows(kind, report["answers"], context.language),
        }
        if row["own"]:
            row["my_report"] = shaped
        if _hears(actor, row):
            row["report"] = {**shaped, **_masked(report)}


def _hears(actor: Actor, row: Mapping[str, Any]) -> bool:
    return HEARS_REPORTERS.allows(actor, row)


def _masked(report: Mapping[str, Any]) -> dict[str, Any]:
    name = report["caller_name"] or report["display_name"]
    phone = report["caller_phone"] or report["account_phone"]
    return {
        "name": mask_name(name) if name else None,
        "phone": mask_phone(phone) if phone else None,
        "taken_by": report["staff_name"],
        "app": report["app_name"],
    }


async def _add_places(rows: Rows, want: Selection, context: Context) -> None:
    at_places = [row for row in rows if row["place_id"] is not None]
    if at_places:
        await add_public_places(at_places, want, context)
    for row in rows:
        row.setdefault("place", None)


def _room(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["room_id"] is None:
        return None
    return {
        **{name: row[f"room__{name}"] for name in _ROOM_COLUMNS},
        "id": global_id("Room", row["room_id"]),
    }


async def hazard_row(info: Info, want: Selection, hazard_id: UUID) -> dict[str, Any] | None:
    """One hazard that the actor may see, ready for the schema."""
    query = visible_hazards(info.context.actor).filter(id=hazard_id)
    rows = await shape_hazards(list(await query.values(*hazard_columns(want))), want, info.context)
    return rows[0] if rows else None
