"""Tasks (派单), as staff see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import strawberry

from core.clock import now
from core.crypto import ring
from core.errors import Language
from identity.actor import ActorKind, Permission, Role
from management.models import Task as TaskRow
from management.models import TaskAction, TaskKind, TaskState
from management.tasks.access import own_posts
from management.tasks.actions import COLUMNS, actions_for
from management.tasks.admission import Admitted, admission
from management.tasks.lists import steps_of
from management.territory import territory
from schema.access import holds
from schema.connections import CountedConnection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node
from schema.types.listings import PublicPlace, add_public_places, public_place_columns

WORKS: Final = holds(Permission.TASKS_WORK)

# Kind of a task → type of what it is about.
_SUBJECTS: Final[Mapping[str, str]] = {
    TaskKind.HAZARD: "Hazard",
    TaskKind.DECLARATION: "Declaration",
    TaskKind.OBJECTION: "ResidenceObjection",
    TaskKind.WELFARE_VISIT: "Declaration",
    TaskKind.RESIDENCE: "Residence",
}


@gql_type(access=WORKS)
class TaskStep:
    """Something that was done with a task: a line of its history."""

    at: datetime = attr("When.")
    action: TaskAction = attr("What.")
    by_kind: str = attr("Who: `STAFF`, `SYSTEM`, or who else set it off.")
    staff_name: str | None = attr("Name of the member of staff.")
    words: str | None = attr("The reason, in their words.")


@gql_type(access=WORKS)
class Task(Node):
    """A task (派单): work in one grid for one member of staff, or for who takes it first."""

    kind: TaskKind = attr("What it is about.")
    state: TaskState = attr("How far it is.")
    step: str = attr("What its subject waits for: a code by the kind; may be empty.")
    subject_id: strawberry.ID | None = attr(
        "Id of what it is about: a hazard, a declaration, an objection, a residence.",
        needs=("kind", "subject_id"),
    )
    place: PublicPlace | None = attr("The place, if it is at one.", needs=())
    grid_code: str = attr("Code of its grid.")
    grid_name: str = attr("Name of its grid.", needs=("grid_code",))
    role: Role = attr("Which posts it is meant for.")
    department: str | None = attr(
        "Of which department, where one is meant.",
        needs=("department__name_zh", "department__name_en"),
    )
    assignee_id: strawberry.ID | None = attr("Who holds it, or did it.")
    assignee_name: str | None = attr("Their name.", needs=("assignee__name",))
    sent_by_name: str | None = attr("Who sent it.", needs=("sent_by__name",))
    admission: AdmittedTask | None = attr("What it is on the admission list (准入清单).")
    minutes: int = attr("What it costs, in minutes, by the admission list.")
    words: str | None = attr("What is to be done.", needs=("words",))
    feedback: str | None = attr("What came of it, in words.", needs=("feedback",))
    outcome: str | None = attr("What came of it: a code by the kind.")
    due_at: datetime = attr("Until when it is to be done.")
    overdue: bool = attr(
        "Whether it waits although that time has passed.", needs=("due_at", "state")
    )
    urged_at: datetime | None = attr("When it was last urged.")
    urges: int = attr("How often it was urged.")
    returns: int = attr("How often it came back to its pool.")
    created_at: datetime = attr("Since when it waits.")
    taken_at: datetime | None = attr("Since when it is in somebody's hands.")
    ended_at: datetime | None = attr("When it was done or cancelled.")
    available_actions: list[TaskAction] = attr(
        "What you can do with it now.", needs=COLUMNS, size=3
    )
    steps: list[TaskStep] = attr("Its history, oldest first.", needs=(), size=4)


@gql_type(access=WORKS)
class AdmittedTask:
    """A kind of work on the admission list (准入清单): what departments may send down."""

    code: str = attr("Its code, for `sendTask`.")
    title: str = attr("What it is.")
    minutes: int = attr("What it costs a warden, in minutes.")
    departments: list[str] = attr("Codes of the departments that may send it.", size=2)


@gql_type(access=WORKS)
class WardenLoad:
    """What a warden has in hand: to look at before assigning."""

    staff_id: strawberry.ID = attr("The warden.")
    name: str = attr("Their name.")
    lead: bool = attr("Whether they lead a grid (网格长).")
    grid_codes: list[str] = attr("Where they are posted.", size=1)
    open_tasks: int = attr("How many tasks they hold.")
    minutes: int = attr("What those cost in all, in minutes.")
    overdue: int = attr("How many of them are overdue.")


@strawberry.type(name="TaskConnection", description="One page of tasks.")
class TaskConnection(CountedConnection[Task]):
    """One page of tasks."""


_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    field.python_name: field.metadata["needs"]
    for field in Task.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}


def task_columns(want: Selection) -> list[str]:
    """The columns of tasks that a selection needs."""
    columns = want.columns(_NEEDS, "id")
    if "place" in want:
        columns += public_place_columns(want["place"])
    return list(dict.fromkeys(columns))


async def shape_tasks(rows: Rows, want: Selection, context: Context) -> Rows:
    """Tasks as read, ready for the schema: history and places come in one query each."""
    if not rows:
        return rows
    steps = await steps_of([row["id"] for row in rows]) if "steps" in want else {}
    if "place" in want:
        await add_public_places(
            [row for row in rows if row["place_id"] is not None], want["place"], context
        )
    if "available_actions" in want:
        posts = await own_posts(context.actor)
        for row in rows:
            task = TaskRow(**{name: row[name] for name in COLUMNS})
            row["available_actions"] = actions_for(task, actor=context.actor, posts=posts)
    known = (await territory()).by_code
    for row in rows:
        if "steps" in want:
            row["steps"] = [_step(step) for step in steps[row["id"]]]
        _finish(row, want, context.language)
        if "grid_name" in want:
            english = context.language == "en"
            row["grid_name"] = known[row["grid_code"]]["name_en" if english else "name_zh"]
    return rows


def _finish(row: dict[str, Any], want: Selection, language: Language) -> None:
    """Everything that is made of the row's own columns."""
    english = language == "en"
    for name in ("words", "feedback"):
        if name in want and row[name] is not None:
            row[name] = ring().decrypt(row[name], table="task", column=name, row=row["id"])
    if "overdue" in want:
        live = row["state"] in {TaskState.OPEN, TaskState.TAKEN}
        row["overdue"] = live and row["due_at"] is not None and row["due_at"] < now()
    if "subject_id" in want and row["subject_id"] is not None:
        row["subject_id"] = global_id(_SUBJECTS[row["kind"]], row["subject_id"])
    if "assignee_id" in want and row["assignee_id"] is not None:
        row["assignee_id"] = global_id("StaffMember", row["assignee_id"])
    if "admission" in want:
        kind = admission().kinds.get(row["admission"])
        row["admission"] = admitted(kind, language) if kind else None
    if "outcome" in want:
        row["outcome"] = row["outcome"] or None
    if "department" in want:
        row["department"] = row["department__name_en" if english else "department__name_zh"]
    row["assignee_name"] = row.get("assignee__name")
    row["sent_by_name"] = row.get("sent_by__name")
    row.setdefault("place", None)
    row["id"] = global_id("Task", row["id"])


def admitted(kind: Admitted, language: Language) -> dict[str, Any]:
    """A kind on the admission list, ready for the schema."""
    return {
        "code": kind.code,
        "title": kind.en if language == "en" else kind.zh,
        "minutes": kind.minutes,
        "departments": sorted(kind.departments),
    }


def _step(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": row["at"],
        "action": TaskAction(row["action"]),
        "by_kind": ActorKind(row["by_kind"]).value,
        "staff_name": row["staff_name"],
        "words": _plain(row["words"], row["id"]),
    }


def _plain(sealed: str | None, step_id: UUID) -> str | None:
    if sealed is None:
        return None
    return ring().decrypt(sealed, table="task_step", column="words", row=step_id)
