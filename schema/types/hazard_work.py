"""What is done with hazards: steps, documents, what can be done next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import strawberry

from core.settings import settings
from identity.actor import Actor, ActorKind, Permission
from management.hazards.documents.fetching import address_of
from management.hazards.documents.issuing import Serving, documents_of
from management.hazards.reading import steps_of, words_of
from management.models import HazardAction, HazardDocumentKind, HazardState
from schema.access import PUBLIC, staff_here
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection

STAFF_HERE: Final = staff_here(Permission.HAZARDS_READ)
"""Who of the staff did what is for staff alone."""

# What others than staff don't read: it would tell them of who reported, or of work among staff.
_INTERNAL: Final = frozenset(
    {HazardAction.SUPPLEMENT, HazardAction.MODERATE, HazardAction.ESCALATE, HazardAction.RETURN}
)
_REASONS_FOR_ALL: Final = frozenset({HazardAction.REJECT})


@gql_type(access=PUBLIC)
class HazardStep:
    """One step of a hazard's life (办理记录)."""

    number: int = attr("1, 2, 3 …; the hazard's version when it was taken.")
    at: datetime = attr("When.")
    action: HazardAction = attr("What was done.")
    from_state: HazardState | None = attr("Where the hazard stood; nowhere before its report.")
    to_state: HazardState = attr("Where it stood then.")
    by_kind: ActorKind | None = attr("For staff: who did it, by kind.", access=STAFF_HERE)
    staff_name: str | None = attr("For staff: who of them did it.", access=STAFF_HERE)
    words: str | None = attr(
        "Reason or remark: for staff who act on it; for all who see it, why it was rejected."
    )
    photo_count: int = attr("Pictures that came with it.")


@gql_type(access=PUBLIC)
class HazardDocument:
    """A numbered document about a hazard (文书): for staff, and who runs the place."""

    id: strawberry.ID = attr("Global id, opaque.")
    kind: HazardDocumentKind = attr("Which kind.")
    number: str = attr("Its number, without gaps in its series and year.")
    title: str = attr("What it is called.")
    issued_at: datetime = attr("When it was issued.")
    issued_by: str = attr("Who of the staff issued it.")
    requirements: str = attr("What is to be done.")
    basis: str = attr("The law it rests on; empty in a notice.")
    served_at: datetime | None = attr("When it was handed over.")
    served_how: Serving | None = attr("How, and to whom by their role.")
    download_url: str = attr(
        "Where the PDF is fetched, for ten minutes; ask again for a new address."
    )


async def add_work(rows: Rows, want: Selection, context: Context) -> None:
    """Add steps and documents to hazards as read, where they are asked for."""
    ids = [row["id"] for row in rows]
    if "steps" in want:
        steps = await steps_of(ids)
        for row in rows:
            row["steps"] = _steps(steps.get(row["id"], []), row["grid_path"], context.actor)
    if "documents" in want:
        documents = await documents_of(context.actor, ids)
        for row in rows:
            row["documents"] = [document_row(one) for one in documents.get(row["id"], [])]


def _steps(steps: list[dict[str, Any]], path: str, actor: Actor) -> list[dict[str, Any]]:
    staff = actor.may(Permission.HAZARDS_READ, path) and actor.kind is ActorKind.STAFF
    # Reporters' own words are among them, so who audits reads that it was done, and when.
    acts = staff and actor.may(Permission.HAZARDS_WRITE, path)
    return [
        {
            "number": step["number"],
            "at": step["at"],
            "action": step["action"],
            "from_state": step["from_state"],
            "to_state": step["to_state"],
            "by_kind": step["by_kind"],
            "staff_name": step["staff_name"],
            "words": words_of(step) if acts or step["action"] in _REASONS_FOR_ALL else None,
            "photo_count": step["photo_count"],
            "grid_path": path,
        }
        for step in steps
        if staff or step["action"] not in _INTERNAL
    ]


def document_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A document as read, ready for the schema; only for who may read it."""
    content = row["content"]
    return {
        "id": global_id("HazardDocument", row["id"]),
        "kind": row["kind"],
        "number": row["number"],
        "title": content["title"],
        "issued_at": row["issued_at"],
        "issued_by": row["staff__name"],
        "requirements": content["requirements"],
        "basis": content["basis"],
        "served_at": row["served_at"],
        "served_how": row["served_how"] or None,
        "download_url": f"{settings().public_url}{address_of(row['id'])}",
    }
