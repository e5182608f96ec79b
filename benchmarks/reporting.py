"""Reporting a hazard with two pictures: the use case against a transaction by hand of its rows.

Both run in this process, in turn, one after another on one connection at a time. Each report is of
another account and another house, under a request id, as a client sends it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg

from benchmarks.faults.scene import RedisServer
from benchmarks.ratio import Figures
from core import audit, redis
from core.clock import now, today
from core.crypto import ring
from core.database import Connection, connected, credentials
from core.ids import uuid7
from core.requests import once
from identity.actor import Actor, ActorKind
from management.hazards.reporting import Statement, report_hazard
from management.hazards.whereabouts import Spot

REPORTS: Final = 300
WARMING_UP: Final = 60
GOAL: Final = 0.5
MARK: Final = "量度用的隐患"
WORDS: Final = "楼道里堆满纸箱，样例"
MUTATION: Final = "reportHazard"

Report = Callable[[asyncpg.Record], Awaitable[object]]

_REPORTS: Final = """
WITH people AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM account
                 WHERE locked_at IS NULL AND closed_at IS NULL ORDER BY id LIMIT $1),
plates AS (SELECT p.token, row_number() OVER (ORDER BY p.id) AS n
             FROM plate p JOIN place h ON h.id = p.place_id AND h.lifecycle = 'ACTIVE'
            WHERE p.state = 'ACTIVE' AND p.room_id IS NULL ORDER BY p.id LIMIT $1),
pictures AS (
  INSERT INTO photo (id, key, owner_id, purpose, width, height, alt_zh, alt_en, created_at)
  SELECT gen_random_uuid(), md5(random()::text), people.id, 'HAZARD', 1600, 1200, $2, '', now()
  FROM people, generate_series(1, 2) RETURNING id, owner_id)
SELECT people.id AS account_id, plates.token, array_agg(pictures.id) AS photo_ids
FROM people JOIN plates USING (n) JOIN pictures ON pictures.owner_id = people.id
GROUP BY people.id, plates.token ORDER BY people.id
"""
# As superuser, past the triggers that keep steps and entries: these were nobody's.
_FORGET: Final = f"""
SET session_replication_role = replica;
CREATE TEMP TABLE measured AS SELECT DISTINCT hp.hazard_id AS id FROM hazard_photo hp
  JOIN photo p ON p.id = hp.photo_id WHERE p.alt_zh = '{MARK}';
DELETE FROM hazard_photo WHERE hazard_id IN (SELECT id FROM measured);
DELETE FROM hazard_follower WHERE hazard_id IN (SELECT id FROM measured);
DELETE FROM hazard_report WHERE hazard_id IN (SELECT id FROM measured);
DELETE FROM hazard_step WHERE hazard_id IN (SELECT id FROM measured);
DELETE FROM notification WHERE subject_id IN
  (SELECT t.id FROM task t JOIN measured ON measured.id = t.subject_id);
DELETE FROM task_step WHERE task_id IN
  (SELECT t.id FROM task t JOIN measured ON measured.id = t.subject_id);
DELETE FROM task WHERE subject_id IN (SELECT id FROM measured);
DELETE FROM request_claim WHERE result_id IN (SELECT id FROM measured);
DELETE FROM hazard WHERE id IN (SELECT id FROM measured);
DELETE FROM photo WHERE alt_zh = '{MARK}';
DELETE FROM procrastinate_jobs WHERE status = 'todo';
DROP TABLE measured;
SET session_replication_role = origin;
"""


async def measure(url: str, config: Mapping[str, Any]) -> Figures:
    """Report as many hazards either way, one by one in turn; the first do not count."""
    raw = await asyncpg.connect(**credentials(url), connection_class=Connection)
    wanted = 2 * (REPORTS + WARMING_UP)
    floor, ours, theirs = _Floor(raw), [], []
    try:
        await raw.execute(_FORGET)
        reports = await raw.fetch(_REPORTS, wanted, MARK)
        if len(reports) < wanted:
            raise RuntimeError("the town has too few people for that")
        with RedisServer.running() as server:
            where = server.url if server else None
            async with connected(config), redis.connected(where):
                for one, another in zip(reports[::2], reports[1::2], strict=True):
                    ours.append(await _took(_use_case, one))
                    theirs.append(await _took(floor.report, another))
        await _compare(raw, reports[::2], reports[1::2])
    finally:
        await raw.execute(_FORGET)
        await raw.close()
    return Figures(median(ours[WARMING_UP:]), median(theirs[WARMING_UP:]))


async def _took(report: Report, given: asyncpg.Record) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await report(given)
    return (time.perf_counter() - began) * 1000


async def _use_case(given: asyncpg.Record) -> object:
    actor = Actor(kind=ActorKind.ACCOUNT, id=UUID(str(given["account_id"])))
    said = Statement(
        category_code="EXIT_BLOCKED",
        spot=Spot(plate_token=given["token"]),
        words=WORDS,
        photo_ids=[UUID(str(one)) for one in given["photo_ids"]],
    )

    async def act() -> UUID:
        hazard_id: UUID = (await report_hazard(actor, statement=said)).id
        return hazard_id

    payload = {"words": WORDS, "plate": given["token"]}
    return await once(actor, request_id=uuid4(), mutation=MUTATION, payload=payload, act=act)


async def _compare(
    raw: asyncpg.Connection, mine: Sequence[asyncpg.Record], others: Sequence[asyncpg.Record]
) -> None:
    """Both have written the same: as many rows into each table.

    Raises:
        RuntimeError: they have not, and nothing was measured.
    """
    ours, theirs = [
        await raw.fetchrow(_ROWS, [one["account_id"] for one in given]) for given in (mine, others)
    ]
    for table, rows in ours.items():
        # How many wardens are told differs from grid to grid.
        if rows != theirs[table] and not (table == "news" and rows and theirs[table]):
            raise RuntimeError(f"not measured: {dict(ours)} to {dict(theirs)}")


_ROWS: Final = f"""
WITH h AS (SELECT hazard_id AS id FROM hazard_follower f JOIN hazard_photo p USING (hazard_id)
             JOIN photo ON photo.id = p.photo_id AND photo.owner_id = f.account_id
            WHERE f.account_id = ANY($1::uuid[]) AND photo.alt_zh = '{MARK}' GROUP BY 1),
t AS (SELECT id FROM task WHERE subject_id IN (SELECT id FROM h))
SELECT (SELECT count(*) FROM h) AS hazards,
       (SELECT count(*) FROM hazard_report WHERE hazard_id IN (SELECT id FROM h)) AS reports,
       (SELECT count(*) FROM hazard_step WHERE hazard_id IN (SELECT id FROM h)) AS steps,
       (SELECT count(*) FROM hazard_photo WHERE hazard_id IN (SELECT id FROM h)) AS pictures,
       (SELECT count(*) FROM t) AS tasks,
       (SELECT count(*) FROM task_step WHERE task_id IN (SELECT id FROM t)) AS task_steps,
       (SELECT count(*) FROM notification WHERE subject_id IN (SELECT id FROM t)) AS news,
       (SELECT count(*) FROM request_claim WHERE result_id IN (SELECT id FROM h)) AS claims,
       (SELECT count(*) FROM audit_entry WHERE subject_id IN (SELECT id FROM h)) AS entries
"""


class _Floor:
    """The same rows by hand, each table by one statement."""

    def __init__(self, raw: asyncpg.Connection) -> None:
        self._raw = raw

    async def report(self, given: asyncpg.Record) -> None:
        """One transaction."""
        raw, account_id, hazard_id, at = self._raw, given["account_id"], uuid7(), now()
        request_id, due_at = uuid4(), at + timedelta(hours=8)
        async with raw.transaction():
            claim = await raw.fetchval(
                "INSERT INTO request_claim (id, actor_id, request_id, mutation, payload_hash,"
                " result_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                " ON CONFLICT (actor_id, request_id) DO NOTHING RETURNING id",
                uuid7(), account_id, request_id, MUTATION, bytes(32), hazard_id, at,
            )  # fmt: skip
            place = await raw.fetchrow(
                "SELECT pl.*, EXISTS (SELECT FROM place_claim c WHERE c.place_id = pl.id"
                " AND c.account_id = $2 AND c.state = 'VERIFIED') AS runs"
                " FROM plate p JOIN place pl ON pl.id = p.place_id"
                " WHERE p.token = $1 AND p.state = 'ACTIVE' FOR UPDATE OF pl",
                given["token"], account_id,
            )  # fmt: skip
            free = await raw.fetch(
                "SELECT p.id FROM photo p WHERE p.id = ANY($1::uuid[]) AND p.owner_id = $2"
                " AND p.purpose = 'HAZARD' AND NOT EXISTS"
                " (SELECT FROM hazard_photo h WHERE h.photo_id = p.id) ORDER BY p.id FOR UPDATE",
                given["photo_ids"], account_id,
            )  # fmt: skip
            if claim is None or len(free) != len(given["photo_ids"]):
                raise RuntimeError("not a new report")
            await self._hazard(hazard_id, place, at, due_at)
            await self._said(hazard_id, given, at)
            await self._task(hazard_id, place, at, due_at)
            await self._note(hazard_id, account_id, request_id)

    async def _hazard(self, hazard_id: UUID, place: asyncpg.Record, at: Any, due_at: Any) -> None:
        code = f"{today():%y%m%d}-" + secrets.token_hex(4)
        await self._raw.execute(
            "INSERT INTO hazard (id, code, place_id, grid_path, community_code, grid_code,"
            " longitude, latitude, category, severity, major, source, state, open, state_since,"
            " due_at, assistants, summary, extended, enforced, not_fixed, reopened, escalations,"
            " escalated_to, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7,"
            " $8, 'EXIT_BLOCKED', 'SERIOUS', false, $9, 'REPORTED', true, $10, $11, '{}', '',"
            " false, false, 0, 0, 0, '', 1, $10, $10)",
            hazard_id, code, place["id"], place["grid_path"], place["community_code"],
            place["grid_code"], place["longitude"], place["latitude"],
            "LANDLORD" if place["runs"] else "RESIDENT", at, due_at,
        )  # fmt: skip

    async def _said(self, hazard_id: UUID, given: asyncpg.Record, at: Any) -> None:
        raw, account_id, report_id = self._raw, given["account_id"], uuid7()
        words = ring().encrypt(WORDS, table="hazard_report", column="words", row=report_id)
        await raw.execute(
            "INSERT INTO hazard_report (id, hazard_id, account_id, words, seen_at, received_at)"
            " VALUES ($1, $2, $3, $4, $5, $5)",
            report_id, hazard_id, account_id, words, at,
        )  # fmt: skip
        await raw.execute(
            "INSERT INTO hazard_photo (id, hazard_id, photo_id, role, position, shown)"
            " SELECT id, $2, photo_id, 'FOUND', n - 1, false"
            " FROM unnest($1::uuid[], $3::uuid[]) WITH ORDINALITY AS p (id, photo_id, n)",
            [uuid7() for _ in given["photo_ids"]], hazard_id, given["photo_ids"],
        )  # fmt: skip
        await raw.execute(
            "INSERT INTO hazard_follower (id, hazard_id, account_id, why, created_at)"
            " VALUES ($1, $2, $3, 'REPORTED', $4)",
            uuid7(), hazard_id, account_id, at,
        )  # fmt: skip
        await raw.execute(
            "INSERT INTO hazard_step (id, hazard_id, number, at, by_kind, account_id, action,"
            " to_state, details) VALUES ($1, $2, 1, $3, 'ACCOUNT', $4, 'REPORT', 'REPORTED', '{}')",
            uuid7(), hazard_id, at, account_id,
        )  # fmt: skip

    async def _task(self, hazard_id: UUID, place: asyncpg.Record, at: Any, due_at: Any) -> None:
        raw, task_id = self._raw, uuid7()
        await raw.execute(
            "INSERT INTO task (id, kind, step, subject_id, place_id, grid_path, community_code,"
            " grid_code, role, state, admission, minutes, outcome, due_at, urges, returns, version,"
            " created_at) VALUES ($1, 'HAZARD', 'REPORTED', $2, $3, $4, $5, $6, 'WARDEN', 'OPEN',"
            " '', 30, '', $7, 0, 0, 1, $8)",
            task_id, hazard_id, place["id"], place["grid_path"], place["community_code"],
            place["grid_code"], due_at, at,
        )  # fmt: skip
        await raw.execute(
            "INSERT INTO task_step (id, task_id, number, at, by_kind, action)"
            " VALUES ($1, $2, 1, $3, 'ACCOUNT', 'RAISE')",
            uuid7(), task_id, at,
        )  # fmt: skip
        params = {"kind": "HAZARD", "place": place["name"], "until": due_at.isoformat()}
        told = await raw.fetch(_NEWS, task_id, place["grid_path"], today(), json.dumps(params), at)
        await raw.execute(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW($1, $2, 0, NULL, NULL,"
            " $3::text::jsonb, NULL)::procrastinate_job_to_defer_v1])",
            "notifications", "notifications.dispatch",
            json.dumps({"version": 1, "ids": [str(row["id"]) for row in told]}),
        )  # fmt: skip

    async def _note(self, hazard_id: UUID, account_id: UUID, request_id: UUID) -> None:
        entry = audit.Record(
            at=now(),
            actor_kind="ACCOUNT",
            actor_id=UUID(str(account_id)),
            action="stepHazard",
            subject_kind="HAZARD",
            subject_id=hazard_id,
            request_id=request_id,
        )
        await self._raw.execute(audit._APPEND_SQL, *audit._row(entry))  # noqa: SLF001


_NEWS: Final = """
WITH pool AS (
  SELECT DISTINCT p.staff_id, length(p.grid_path) AS depth
  FROM grid_post p JOIN staff_member s ON s.id = p.staff_id AND s.left_at IS NULL
  WHERE starts_with($2, p.grid_path) AND p.role = 'WARDEN' AND p.starts_on <= $3
    AND (p.ends_on IS NULL OR p.ends_on > $3))
INSERT INTO notification (id, staff_id, topic, template_id, params, subject_kind, subject_id,
                          emergency, dedup, created_at)
SELECT gen_random_uuid(), staff_id, 'TASK_RAISED',
       (SELECT id FROM message_template WHERE topic = 'TASK_RAISED' AND in_force),
       $4::text::jsonb, 'Task', $1::uuid, false, 'TASK_RAISED:' || $1::uuid || ':1', $5
FROM pool WHERE depth = (SELECT max(depth) FROM pool)
ON CONFLICT DO NOTHING RETURNING id
"""
