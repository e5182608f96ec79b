"""Messages to endpoints: rows of the transaction of what they tell of, each with a job."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from core import jobs
from core.clock import now
from core.database import execute, fetch
from core.events import Event
from core.ids import global_id, uuid7
from core.work import current
from notifications.models import WebhookMessage
from notifications.webhooks.kinds import KINDS, OF_EVENT, TEST, About, Kind

DELIVER: Final = "notifications.deliver_webhook"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """What an endpoint shall hear; ``data`` holds ids and codes only."""

    endpoint_id: UUID
    kind: str
    data: dict[str, Any]


async def tell_apps(event: Event) -> None:
    """Have a message written for every endpoint that hears of this event, by the commit."""
    current().gather(event, _tell)


async def _tell(events: list[Event]) -> None:
    """One query for all events of a transaction when nobody hears of them: they are many.

    What happened to several listings of one house is one message.
    """
    happened: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        happened[OF_EVENT[type(event)].name].append(event)
    scopes = [KINDS[name].scope.value for name in happened]
    hearing = await fetch(_HEARING, list(happened), scopes, now())
    if not hearing:
        return
    drafts = []
    for name in dict.fromkeys(row["kind"] for row in hearing):
        paths = {row["endpoint_id"]: row["grid_path"] for row in hearing if row["kind"] == name}
        for path, data in await _data_of(KINDS[name], happened[name]):
            drafts += [Draft(to, name, data) for to, grid in paths.items() if path.startswith(grid)]
    await write(drafts)


async def write(drafts: Sequence[Draft]) -> list[UUID]:
    """Write messages, each with its job; answers their ids. Needs a running unit of work."""
    current()
    if not drafts:
        return []
    ids = [uuid7() for _ in drafts]
    await execute(
        _INSERT,
        ids,
        [draft.endpoint_id for draft in drafts],
        [draft.kind for draft in drafts],
        [orjson.dumps(draft.data).decode() for draft in drafts],
        [draft.kind == TEST for draft in drafts],
        now(),
    )
    await defer(ids)
    return ids


async def defer(messages: Iterable[UUID], *, at: datetime | None = None) -> None:
    """Have messages delivered, at once or when their time comes."""
    many: list[dict[str, Any]] = [{"version": 1, "message_id": each} for each in messages]
    if many:
        await jobs.defer_each(DELIVER, many, queue=jobs.APART, at=at)


def public_id(message_id: UUID) -> str:
    """What the receiver sees as ``webhook-id``: the id of the message in the API."""
    return global_id("WebhookMessage", message_id)


def body(message: WebhookMessage) -> bytes:
    """What is sent."""
    return text(message.kind, message.created_at, message.payload)


def text(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """A payload as the standard has it: type, time of the event and data."""
    return orjson.dumps({"type": kind, "timestamp": at, "data": data}, option=orjson.OPT_UTC_Z)


async def _data_of(kind: Kind, events: Sequence[Event]) -> list[tuple[str, dict[str, Any]]]:
    """Grid path and data of each message about these events."""
    subjects = {row for event in events for row in kind.subjects(event)}
    rows = await fetch(_SUBJECTS_SQL[kind.about], list(subjects))
    if kind.about is About.LISTING:
        houses: dict[UUID, list[Row]] = defaultdict(list)
        for row in rows:
            houses[row["place_id"]].append(row)
        return [
            (of[0]["grid_path"], _data(kind, of[0], listingIds=_ids("Listing", of)))
            for of in houses.values()
        ]
    found = {row["id"]: row for row in rows}
    return [
        (row["grid_path"], _data(kind, row, **{ids.key: ids.of(event) for ids in kind.more}))
        for event in events
        for row in [found.get(subject) for subject in kind.subjects(event)]
        if row is not None
    ]


def _ids(type_name: str, rows: Iterable[Row]) -> list[str]:
    return [global_id(type_name, row["id"]) for row in rows]


def _data(kind: Kind, row: Row, **more: Any) -> dict[str, Any]:
    known = {
        "gridCode": row["grid_code"],
        "placeCode": row["place_code"],
        "gridId": global_id("Grid", row["id"]),
        "plateId": global_id("IssuedPlate", row["id"]),
        "placeId": row["place_id"] and global_id("Place", row["place_id"]),
        **more,
    }
    return {key: known[key] for key in kind.keys}


_HEARING: Final = """
SELECT e.id AS endpoint_id, k.kind, a.grid_path
FROM webhook_endpoint e JOIN app a ON a.id = e.app_id
JOIN unnest($1::text[], $2::text[]) AS k (kind, scope) ON e.kinds ? k.kind AND a.scopes ? k.scope
WHERE e.disabled_at IS NULL AND a.revoked_at IS NULL AND a.expires_at > $3
ORDER BY e.id
"""
_PLACE: Final = "p.id AS place_id, p.code AS place_code, p.grid_code, p.grid_path"
# Of listings only what the public has seen: drafts are their landlords' affair.
_SUBJECTS: Final = {
    About.PLACE: "SELECT p.id, {place} FROM place p WHERE p.id = ANY($1)",
    About.PLATE: "SELECT l.id, {place} FROM plate l JOIN place p ON p.id = l.place_id"
    " WHERE l.id = ANY($1)",
    About.LISTING: "SELECT l.id, {place} FROM listing l JOIN place p ON p.id = l.place_id"
    " WHERE l.id = ANY($1) AND l.published_at IS NOT NULL AND l.state <> 'DRAFT' ORDER BY l.id",
    About.GRID: "SELECT g.id, NULL AS place_id, NULL AS place_code, g.code AS grid_code,"
    " g.path AS grid_path FROM grid g WHERE g.id = ANY($1)",
}
_SUBJECTS_SQL: Final = {about: sql.replace("{place}", _PLACE) for about, sql in _SUBJECTS.items()}
_INSERT: Final = """
INSERT INTO webhook_message (id, endpoint_id, kind, payload, test, state, attempts,
                             attempts_before, due_at, created_at)
SELECT m.id, m.endpoint_id, m.kind, m.data::jsonb, m.test, 'PENDING', 0, 0, $6, $6
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bool[])
  AS m (id, endpoint_id, kind, data, test)
"""
