"""What people hear of hazards: who reported or follows them, who runs the place, who lives there.

Who runs the place is told what is to be put right and by when, and nothing of who reported it.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from core.database import fetch
from core.events import on
from identity.actor import Permission
from management.events import HazardDocumentIssued, HazardEscalated, HazardMoved, PlaceBlocked
from management.models import HazardAction, HazardState, PlaceBlockKind
from notifications.recipients.offers import moment
from notifications.recipients.people import accounts, landlords, officers, staff
from notifications.telling import Subject, tell
from notifications.topics import Topic

_A: Final = HazardAction

_TO_REPORTER: Final = {
    _A.ACCEPT: Topic.HAZARD_RECEIVED,
    _A.REJECT: Topic.HAZARD_REJECTED,
    _A.PASS: Topic.HAZARD_ASK_FIXED,
}
_PROGRESS: Final = frozenset(
    {_A.DISPATCH, _A.SUBMIT, _A.ASK_ENFORCEMENT, _A.MARK_DUPLICATE, _A.REOPEN}
)
_TO_PUT_RIGHT: Final = frozenset({_A.DISPATCH, _A.FAIL, _A.SAY_NOT_FIXED})
"""After which who runs the place has something to do."""


@on(HazardMoved)
async def tell_of_step(event: HazardMoved) -> None:
    """Who reported it and who follows it; who runs the place, when it is to be put right."""
    if event.from_state == event.to_state:
        return
    action, to = HazardAction(event.action), HazardState(event.to_state)
    (row,) = await fetch(_HAZARD, event.hazard_id)
    concerned = [row["reporter"], *row["followers"]]
    if to is HazardState.CLOSED:
        run = await _run_by(row)
        await _tell(Topic.HAZARD_CLOSED, [*concerned, *run], event, row)
    elif action in _TO_REPORTER:
        await _tell(_TO_REPORTER[action], [row["reporter"]], event, row)
    elif action in _PROGRESS:
        await _tell(Topic.HAZARD_PROGRESS, concerned, event, row, state=to.value)
    if action in _TO_PUT_RIGHT:
        until = (row["deadline"] or row["due_at"]).isoformat()
        await _tell(Topic.HAZARD_AT_YOUR_PLACE, await _run_by(row), event, row, until=until)


@on(HazardEscalated)
async def tell_of_delay(event: HazardEscalated) -> None:
    """Who dispatches at the post above: nobody did anything in time."""
    (row,) = await fetch(_HAZARD, event.hazard_id)
    path = row["grid_path"]
    above = path[: path.index(f"{row['escalated_to']}/") + len(row["escalated_to"]) + 1]
    posted = await officers([above], Permission.HAZARDS_DISPATCH)
    await tell(
        Topic.HAZARD_ESCALATED,
        staff(posted[above]),
        key=str(event.step_id),
        params={"place": row["place"], "code": row["code"], "state": row["state"]},
        about=Subject("Hazard", event.hazard_id),
    )


@on(HazardDocumentIssued)
async def tell_of_document(event: HazardDocumentIssued) -> None:
    """Who runs the place: there is something to read."""
    (row,) = await fetch(_HAZARD, event.hazard_id)
    await tell(
        Topic.HAZARD_DOCUMENT,
        accounts(await _run_by(row)),
        key=str(event.document_id),
        params={"place": row["place"], "code": row["code"], **moment()},
        about=Subject("Hazard", event.hazard_id),
    )


@on(PlaceBlocked)
async def warn_who_lives_there(event: PlaceBlocked) -> None:
    """Who lives in a building with an urgent hazard, also at night: it is their own."""
    rows = await fetch(_LIVING, event.block_id, PlaceBlockKind.URGENT_HAZARD)
    if rows:
        await tell(
            Topic.HAZARD_IN_YOUR_BUILDING,
            accounts(row["account_id"] for row in rows),
            key=str(event.block_id),
            params={"place": rows[0]["name"], **moment()},
            about=Subject("Place", event.place_id),
            emergency=True,
        )


async def _tell(
    topic: Topic, ids: list[UUID | None], event: HazardMoved, row: dict[str, Any], **more: str
) -> None:
    await tell(
        topic,
        accounts(ids),
        key=str(event.step_id),
        params={"place": row["place"], "code": row["code"], **moment(), **more},
        about=Subject("Hazard", event.hazard_id),
    )


async def _run_by(row: dict[str, Any]) -> list[UUID | None]:
    if row["place_id"] is None:
        return []
    return list((await landlords([row["place_id"]]))[row["place_id"]])


_HAZARD: Final = """
SELECT h.code, h.state, h.place_id, h.grid_path, h.deadline, h.due_at, h.escalated_to,
       coalesce(p.name, g.name_zh, '') AS place, r.account_id AS reporter,
       ARRAY(SELECT f.account_id FROM hazard_follower f WHERE f.hazard_id = h.id) AS followers
FROM hazard h LEFT JOIN place p ON p.id = h.place_id LEFT JOIN grid g ON g.code = h.community_code
LEFT JOIN hazard_report r ON r.hazard_id = h.id WHERE h.id = $1
"""
_LIVING: Final = """
SELECT DISTINCT e.account_id, p.name FROM place_block b JOIN place p ON p.id = b.place_id
JOIN room o ON o.place_id = p.id JOIN residence s ON s.room_id = o.id AND s.current
JOIN person e ON e.id = s.person_id AND e.account_id IS NOT NULL
WHERE b.id = $1 AND b.kind = $2
"""
