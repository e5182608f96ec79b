"""Publishing a listing: the use case against a transaction written by hand with the same rows.

Both run in this process, in turn, one after another on one connection at a time: what differs is
what the ORM, the rules and their look-ups cost.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from statistics import median
from typing import Any, Final
from uuid import UUID

import asyncpg

from benchmarks.ratio import Figures
from core import audit
from core.clock import now
from core.database import Connection, connected, credentials
from core.ids import uuid7
from identity.actor import Actor, ActorKind
from landlord.publishing import publish_listing
from landlord.search import projection

ROUNDS: Final = 5
OF_A_ROUND: Final = 60
GOAL: Final = 0.5

Publish = Callable[[asyncpg.Record], Awaitable[object]]

_DRAFTS: Final = """
INSERT INTO listing (id, room_id, place_id, landlord_id, community_code, state, let_by, title,
                     description, rent, area, facilities, review_reason, version, created_at,
                     updated_at)
SELECT gen_random_uuid(), r.id, p.id, c.account_id, p.community_code, 'DRAFT', 'ROOM',
       '量度用的单间', '朝南，近公交', 850, r.area, '{BED,DESK,WARDROBE}', '', 1, now(), now()
FROM room r JOIN place p ON p.id = r.place_id
JOIN place_claim c ON c.place_id = p.id AND c.state = 'VERIFIED' AND c.role = 'OWNER'
WHERE r.state = 'VACANT' AND p.lifecycle = 'ACTIVE' AND p.completeness >= 90
  AND p.kind = 'RENTAL_HOUSE'
  AND NOT EXISTS (SELECT FROM place_block b WHERE b.place_id = p.id)
  AND NOT EXISTS (SELECT FROM listing l WHERE l.room_id = r.id
                  AND l.state IN ('PUBLISHED', 'RESERVED', 'SUSPENDED'))
ORDER BY r.id LIMIT $1
RETURNING id, room_id, place_id, landlord_id
"""
_PHOTOS: Final = """
INSERT INTO listing_photo (id, listing_id, photo_id, position)
SELECT gen_random_uuid(), l.id, p.id, p.number - 1 FROM unnest($1::uuid[]) AS l (id),
       (SELECT id, row_number() OVER () AS number FROM
          (SELECT id FROM photo WHERE purpose = 'LISTING' ORDER BY id LIMIT 3) three) p
"""
# As superuser, past the triggers that keep snapshots and entries: these were nobody's.
_FORGET: Final = """
SET session_replication_role = replica;
DELETE FROM listing_snapshot_photo WHERE snapshot_id IN
  (SELECT s.id FROM listing_snapshot s JOIN listing l ON l.id = s.listing_id
   WHERE l.title = '量度用的单间');
DELETE FROM listing_snapshot WHERE listing_id IN
  (SELECT id FROM listing WHERE title = '量度用的单间');
DELETE FROM listing_photo WHERE listing_id IN
  (SELECT id FROM listing WHERE title = '量度用的单间');
DELETE FROM listing_search WHERE listing_id IN
  (SELECT id FROM listing WHERE title = '量度用的单间');
DELETE FROM listing WHERE title = '量度用的单间';
DELETE FROM procrastinate_jobs WHERE status = 'todo';
SET session_replication_role = origin;
"""


async def measure(url: str, config: Mapping[str, Any]) -> Figures:
    """Publish as many drafts either way, round by round; the first round does not count."""
    raw = await asyncpg.connect(**credentials(url), connection_class=Connection)
    try:
        await raw.execute(_FORGET)
        drafts = await raw.fetch(_DRAFTS, 2 * (ROUNDS + 1) * OF_A_ROUND)
        if len(drafts) < 2 * (ROUNDS + 1) * OF_A_ROUND:
            raise RuntimeError("the town has too few rooms for that")
        await raw.execute(_PHOTOS, [draft["id"] for draft in drafts])
        await raw.execute("ANALYZE listing, listing_photo")
        floor = _Floor(raw)
        async with connected(config):
            ours, theirs = await _rounds(drafts, floor.publish)
    finally:
        await raw.execute(_FORGET)
        await raw.close()
    return Figures(median(ours[1:]), median(theirs[1:]))


async def _rounds(
    drafts: Sequence[asyncpg.Record], floor: Publish
) -> tuple[list[float], list[float]]:
    ours, theirs = [], []
    for start in range(0, len(drafts), 2 * OF_A_ROUND):
        middle = start + OF_A_ROUND
        ours.append(await _round(drafts[start:middle], _use_case))
        theirs.append(await _round(drafts[middle : middle + OF_A_ROUND], floor))
    return ours, theirs


async def _round(drafts: Sequence[asyncpg.Record], publish: Publish) -> float:
    began = time.perf_counter()
    for draft in drafts:
        await publish(draft)
    return (time.perf_counter() - began) / len(drafts) * 1000


async def _use_case(draft: asyncpg.Record) -> object:
    actor = Actor(kind=ActorKind.ACCOUNT, id=UUID(str(draft["landlord_id"])))
    return await publish_listing(actor, listing_id=UUID(str(draft["id"])))


class _Floor:
    """The same rows by hand: read and lock, change, keep a snapshot, tell, note."""

    def __init__(self, raw: asyncpg.Connection) -> None:
        self._raw = raw

    async def publish(self, draft: asyncpg.Record) -> None:
        """One transaction."""
        raw = self._raw
        async with raw.transaction():
            place = await raw.fetchrow(
                "SELECT p.*, EXISTS (SELECT FROM place_claim c WHERE c.place_id = p.id"
                " AND c.account_id = $2 AND c.state = 'VERIFIED') AS runs,"
                " EXISTS (SELECT FROM place_block b WHERE b.place_id = p.id"
                " AND b.ends_at IS NULL) AS blocked FROM place p WHERE p.id = $1 FOR UPDATE",
                draft["place_id"],
                draft["landlord_id"],
            )
            if place["completeness"] < 90 or not place["runs"] or place["blocked"]:
                raise RuntimeError("below the standard")
            row = await raw.fetchrow(
                "SELECT l.*, r.number, r.code AS room_code, r.floor, r.dormitory, r.state AS room,"
                " a.display_name FROM listing l JOIN room r ON r.id = l.room_id"
                " JOIN account a ON a.id = l.landlord_id WHERE l.id = $1 FOR UPDATE OF l",
                draft["id"],
            )
            at = now()
            await raw.execute(
                "UPDATE listing SET state = 'PUBLISHED', published_at = $2, refreshed_at = $2,"
                " version = version + 1, updated_at = $2 WHERE id = $1",
                draft["id"],
                at,
            )
            await self._keep(draft, row, place)
            await self._index(draft)
            await raw.execute(
                "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW($1, $2, 0, NULL, NULL,"
                " $3::text::jsonb, NULL)::procrastinate_job_to_defer_v1])",
                "live",
                "notifications.grid_activity.listing_published",
                json.dumps({"version": 1, "data": {"listing_id": str(draft["id"])}}),
            )
            await self._note(draft)

    async def _keep(
        self, draft: asyncpg.Record, row: asyncpg.Record, place: asyncpg.Record
    ) -> None:
        raw, snapshot = self._raw, uuid7()
        photos = await raw.fetch(
            "SELECT p.* FROM listing_photo lp JOIN photo p ON p.id = lp.photo_id"
            " WHERE lp.listing_id = $1 ORDER BY lp.position",
            draft["id"],
        )
        content = json.dumps(
            {
                "listing": dict(row),
                "place": dict(place),
                "photos": [dict(photo) for photo in photos],
            },
            default=str,
        )
        await raw.execute(
            "INSERT INTO listing_snapshot (id, listing_id, version, occasion, content, digest,"
            " taken_at) VALUES ($1, $2, 2, 'PUBLISHED', $3, $4, now())",
            snapshot,
            draft["id"],
            content,
            hashlib.sha256(content.encode()).hexdigest(),
        )
        await raw.executemany(
            "INSERT INTO listing_snapshot_photo (id, snapshot_id, photo_id, position)"
            " VALUES ($1, $2, $3, $4)",
            [(uuid7(), snapshot, photo["id"], n) for n, photo in enumerate(photos)],
        )

    async def _index(self, draft: asyncpg.Record) -> None:
        source = await self._raw.fetchrow(f"{projection.SOURCE} l.id = $1", draft["id"])
        row = projection.projected(dict(source))
        await self._raw.execute(projection.WRITE, *projection.columns_of([row]))

    async def _note(self, draft: asyncpg.Record) -> None:
        entry = audit.Record(
            at=now(),
            actor_kind="ACCOUNT",
            actor_id=UUID(str(draft["landlord_id"])),
            action="publishListing",
            subject_kind="LISTING",
            subject_id=UUID(str(draft["id"])),
        )
        await self._raw.execute(audit._APPEND_SQL, *audit._row(entry))  # noqa: SLF001
