"""Hazards reported by many at once while API processes are killed and PostgreSQL is restarted.

Every client repeats a report, with the same request id, until it is acknowledged. In the end each
acknowledged report is there once, under its request id, with its words, pictures, first step, task,
entry of the audit trail and news to those who may take it, each with its job; and nothing else is.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import orjson

from benchmarks.faults.scene import RedisServer, free_port, wait_for
from core.clock import now
from core.database import connected, execute, fetch, patient
from core.embedded_postgres import Cluster
from core.ids import token
from schema.ids import global_id, parse_id

REPORTS: Final = 10_000
CLIENTS: Final = 40
PROCESSES: Final = 2
PICTURES: Final = 2
KILL_EVERY: Final = 2.0
PATIENCE: Final = 900.0
WORDS: Final = "楼道里堆满纸箱，样例"

REPORT: Final = """
mutation($input: ReportHazardInput!) { reportHazard(input: $input) { hazard { id state } } }
"""


@dataclass(slots=True)
class Servers:
    """API processes over one database; each can be killed and comes back on its port."""

    environment: Mapping[str, str]
    ports: list[int]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kills: int = 0
    restarts: int = 0
    """Of PostgreSQL, under them."""

    def start(self) -> None:
        """All of them."""
        self.processes = [self._start(port) for port in self.ports]

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "api", "serve", "--port", str(port), "--no-worker"]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=dict(self.environment), stdout=quiet, stderr=quiet)

    def kill(self, which: int) -> None:
        """``kill -9`` to one, and another in its place."""
        self.processes[which].send_signal(signal.SIGKILL)
        self.processes[which].wait()
        self.processes[which] = self._start(self.ports[which])
        self.kills += 1

    def answer(self) -> bool:
        """Whether all of them do."""
        return all(map(_answers, self.ports))

    def stop(self) -> None:
        """End them."""
        for process in self.processes:
            process.kill()
            process.wait()


@dataclass(slots=True)
class Tally:
    """What clients were told."""

    acknowledged: dict[UUID, UUID] = field(default_factory=dict)
    """Request id → id of the hazard."""
    tries: int = 0
    refused: int = 0
    """Answers that said UNAVAILABLE, or nothing at all."""
    longest: float = 0.0
    """Seconds without any acknowledgement."""
    last: float = field(default_factory=time.monotonic)

    def acknowledge(self, request_id: UUID, hazard_id: UUID) -> None:
        """A report was taken in."""
        moment = time.monotonic()
        self.longest, self.last = max(self.longest, moment - self.last), moment
        self.acknowledged[request_id] = hazard_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What stands in the database in the end."""

    acknowledged: int
    tries: int
    kills: int
    restarts: int
    lost: int
    doubled: int
    half: int
    longest: float
    seconds: float

    @property
    def good(self) -> bool:
        """Nothing lost, doubled or half done, although there was trouble."""
        troubled = self.kills > 0 and self.restarts > 0
        return troubled and not (self.lost or self.doubled or self.half)


async def play(cluster: Cluster, url: str, config: Mapping[str, Any]) -> Verdict:
    """Report, kill and restart, over the seeded database at ``url``."""
    async with connected(config):
        plates = await fetch("SELECT token FROM plate WHERE state = 'ACTIVE' AND room_id IS NULL")
        pictures = await _pictures(REPORTS)
    tokens = [plate["token"] for plate in plates]
    began, moment = time.monotonic(), now()
    with RedisServer.running() as redis:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "LEYE_ENV": "development",
            "LEYE_RULE_ANONYMOUS_HAZARDS_PER_HOUR": str(REPORTS * 10),
        }
        if redis is not None:
            environment["LEYE_REDIS_URL"] = redis.url
        count = PROCESSES if redis is not None else 1
        servers = Servers(environment, [free_port() for _ in range(count)])
        servers.start()
        try:
            wait_for(servers.answer, 60)
            tally = await _run(cluster, servers, tokens, pictures)
        finally:
            servers.stop()
    async with connected(patient(config)):
        found = await _found(tally, moment)
    return Verdict(
        acknowledged=len(tally.acknowledged),
        tries=tally.tries,
        kills=servers.kills,
        restarts=servers.restarts,
        longest=tally.longest,
        seconds=time.monotonic() - began,
        **found,
    )


async def _run(
    cluster: Cluster, servers: Servers, tokens: list[str], pictures: list[list[str]]
) -> Tally:
    tally = Tally()
    waiting = iter(pictures)
    async with httpx.AsyncClient(timeout=10) as client, asyncio.timeout(PATIENCE):
        trouble = asyncio.ensure_future(_trouble(cluster, servers, tally, len(pictures)))
        clients = asyncio.gather(
            *(
                _client(client, servers.ports, tokens, waiting, tally, number)
                for number in range(CLIENTS)
            )
        )
        await asyncio.gather(clients, trouble)
    return tally


async def _trouble(cluster: Cluster, servers: Servers, tally: Tally, reports: int) -> None:
    """One process after another is killed; half way PostgreSQL is restarted at once.

    The next is killed two seconds after the last one has come back: a machine that takes longer
    to start one than to kill two would never answer anybody.
    """
    while len(tally.acknowledged) < reports:
        await asyncio.sleep(KILL_EVERY)
        await asyncio.to_thread(servers.kill, servers.kills % len(servers.ports))
        if not servers.restarts and len(tally.acknowledged) > reports // 2:
            await asyncio.to_thread(restart, cluster)
            servers.restarts += 1
        await asyncio.to_thread(wait_for, servers.answer, 60)


def restart(cluster: Cluster) -> None:
    """Immediate shutdown, as after a crash, and a start that recovers."""
    pid = int((cluster.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    wait_for(lambda: not _lives(pid), 30)
    cluster.ensure()


async def _client(
    client: httpx.AsyncClient,
    ports: list[int],
    tokens: list[str],
    waiting: Iterator[list[str]],
    tally: Tally,
    number: int,
) -> None:
    """One person after another, each repeating a report until it is taken in."""
    draw = random.Random(number)
    for pictures in waiting:
        request_id = uuid4()
        given = {
            "requestId": str(request_id),
            "categoryCode": "EXIT_BLOCKED",
            "plateToken": draw.choice(tokens),
            "words": WORDS,
            "photoIds": pictures,
        }
        body = orjson.dumps({"query": REPORT, "variables": {"input": given}})
        turn = draw.randrange(len(ports))
        while True:
            turn += 1
            hazard_id = await _try(client, ports[turn % len(ports)], body, tally)
            if hazard_id is not None:
                tally.acknowledge(request_id, hazard_id)
                break
            await asyncio.sleep(0.05)


async def _try(client: httpx.AsyncClient, port: int, body: bytes, tally: Tally) -> UUID | None:
    """The id of the hazard, when this try was acknowledged.

    Raises:
        RuntimeError: it was refused for another reason than that something was away.
    """
    tally.tries += 1
    try:
        answer = await client.post(
            f"http://127.0.0.1:{port}/graphql",
            content=body,
            headers={"Content-Type": "application/json"},
        )
    except httpx.HTTPError:
        tally.refused += 1
        return None
    said = answer.json()
    if errors := said.get("errors"):
        if {error["extensions"]["code"] for error in errors} <= {"UNAVAILABLE"}:
            tally.refused += 1
            return None
        raise RuntimeError(f"a report was refused: {errors}")
    return parse_id(said["data"]["reportHazard"]["hazard"]["id"])[1]


async def _pictures(reports: int) -> list[list[str]]:
    """Stored pictures of nobody's, some for each report: their global ids."""
    ids = [uuid4() for _ in range(reports * PICTURES)]
    await execute(_STORED, ids, [token() for _ in ids], now())
    names = [global_id("Photo", one) for one in ids]
    return [names[start : start + PICTURES] for start in range(0, len(names), PICTURES)]


async def _found(tally: Tally, since: datetime) -> dict[str, int]:
    """How many of the acknowledged are not there, are there twice, or are not whole."""
    rows = await fetch(_WHOLE, since, PICTURES)
    answers = {row["request_id"]: row["id"] for row in rows}
    lost = [
        request_id
        for request_id, hazard_id in tally.acknowledged.items()
        if answers.get(request_id) != hazard_id
    ]
    (left,) = await fetch(_LEFT_BEHIND, since)
    return {
        "lost": len(lost),
        # Hazards that no answer told of, or one that answered for two.
        "doubled": len(rows) - len(set(tally.acknowledged.values())),
        "half": sum(not row["whole"] for row in rows) + left["rows"],
    }


_STORED: Final = """
INSERT INTO photo (id, key, purpose, width, height, alt_zh, alt_en, created_at)
SELECT id, key, 'HAZARD', 1600, 1200, '', '', $3 FROM unnest($1::uuid[], $2::text[]) AS p (id, key)
"""
# Workers are away: what was to be brought to people still waits as jobs.
_WHOLE: Final = """
WITH reported AS (SELECT * FROM hazard WHERE created_at >= $1),
reports AS (SELECT hazard_id AS id, count(*) AS many FROM hazard_report
             WHERE words IS NOT NULL GROUP BY 1),
steps AS (SELECT hazard_id AS id, count(*) AS many FROM hazard_step GROUP BY 1),
pictures AS (SELECT hazard_id AS id, count(*) AS many FROM hazard_photo GROUP BY 1),
claims AS (SELECT result_id AS id, min(request_id::text)::uuid AS request_id, count(*) AS many
             FROM request_claim GROUP BY 1),
entries AS (SELECT subject_id AS id, count(*) AS many FROM audit_entry
             WHERE action = 'stepHazard' GROUP BY 1),
jobs AS (SELECT one::uuid AS id, count(*) AS many FROM procrastinate_jobs,
                jsonb_array_elements_text(args -> 'ids') AS one
          WHERE task_name = 'notifications.dispatch' GROUP BY 1),
news AS (SELECT n.subject_id AS id, count(DISTINCT n.staff_id) AS people, count(*) AS many,
                sum(j.many) AS jobs
           FROM notification n LEFT JOIN jobs j USING (id) GROUP BY 1),
tasks AS (SELECT t.subject_id AS id, count(*) AS many, sum(n.people) AS people,
                 sum(n.many) AS news, sum(n.jobs) AS jobs
            FROM task t LEFT JOIN news n USING (id) WHERE t.state = 'OPEN' GROUP BY 1)
SELECT h.id, c.request_id, (
    r.many = 1 AND s.many = 1 AND p.many = $2 AND c.many = 1 AND e.many = 1 AND t.many = 1
    AND t.people >= 1 AND t.news = t.people AND t.jobs = t.people
    AND h.version = 1 AND h.state = 'REPORTED'
) IS TRUE AS whole
FROM reported h
LEFT JOIN reports r USING (id) LEFT JOIN steps s USING (id) LEFT JOIN pictures p USING (id)
LEFT JOIN claims c USING (id) LEFT JOIN entries e USING (id) LEFT JOIN tasks t USING (id)
"""
_LEFT_BEHIND: Final = """
SELECT (SELECT count(*) FROM task t WHERE t.created_at >= $1
        AND NOT EXISTS (SELECT FROM hazard h WHERE h.id = t.subject_id))
     + (SELECT count(*) FROM request_claim c WHERE c.created_at >= $1
        AND NOT EXISTS (SELECT FROM hazard h WHERE h.id = c.result_id)) AS rows
"""


def _answers(port: int) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/live").status_code == 200
    return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
