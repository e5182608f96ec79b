from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from core import audit_check
from core.audit import CHAINS, MINIMUM_RETENTION, AuditEntry, Record, append, prune
from core.audit_check import FaultKind, anchors, verify
from core.clock import now
from core.database import connection, fetch
from core.ids import uuid7

ACTOR = UUID("018f0000-0000-7000-8000-000000000001")
LONG_AGO = MINIMUM_RETENTION + timedelta(days=10)


class Colour(Enum):
    RED = "RED"


def record(**changes: Any) -> Record:
    return Record(
        **{
            "at": now(),
            "actor_kind": "STAFF",
            "actor_id": ACTOR,
            "action": "publishListing",
            "subject_kind": "Listing",
            "subject_id": uuid7(),
            **changes,
        }
    )


async def written(count: int, **changes: Any) -> int:
    """Write entries of one actor and answer their chain."""
    await append(connection(), [record(**changes) for _ in range(count)])
    return record().chain


async def tamper(sql: str, *values: Any) -> None:
    """What somebody with the owner's rights could do."""
    client = connection()
    for table in ("audit_entry", "audit_chain"):
        await client.execute_query(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await client.execute_query(sql, list(values))
    for table in ("audit_entry", "audit_chain"):
        await client.execute_query(f"ALTER TABLE {table} ENABLE TRIGGER USER")


async def faults(anchored: str = "") -> list[tuple[FaultKind, int]]:
    report = await verify(connection(), anchored=anchored)
    return [(fault.kind, fault.seq) for fault in report.faults]


@pytest.mark.usefixtures("db")
async def test_an_entry_says_who_did_what_to_which_row_and_when() -> None:
    subject, request, at = uuid7(), uuid7(), now()
    await append(
        connection(),
        [
            record(
                at=at,
                subject_id=subject,
                request_id=request,
                reason="居民来电13800138000",
                details={"fields": ["rent", "deposit"], "room": subject, "colour": Colour.RED,
                         "count": 3, "forced": True, "before": None},
            )
        ],
    )  # fmt: skip
    entry = await AuditEntry.get(subject_id=subject)
    assert (entry.at, entry.actor_kind, entry.actor_id) == (at, "STAFF", ACTOR)
    assert (entry.action, entry.subject_kind) == ("publishListing", "Listing")
    assert entry.request_id == request
    assert entry.reason == "居民来电138****8000"
    assert entry.details == {
        "fields": ["rent", "deposit"],
        "room": str(subject),
        "colour": "RED",
        "count": 3,
        "forced": True,
        "before": None,
    }
    assert json.loads(entry.payload)["details"] == entry.details


@pytest.mark.parametrize(
    "value",
    ["张三", "441900199001011234", "13800138000", 13800138000, "E12345678", "two words", 1.5,
     b"x", datetime(1990, 1, 1, tzinfo=UTC), {"name": "x"}, ["ok", "张三"], "x" * 65, "a\n"],
)  # fmt: skip
def test_a_value_that_could_be_personal_is_no_detail(value: object) -> None:
    with pytest.raises(ValueError, match="detail name") as refusal:
        record(details={"name": value})
    assert str(value) not in str(refusal.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the case
        {"action": "Publish listing"},
        {"actor_kind": "张三"},
        {"subject_kind": ""},
        {"details": {"two words": 1}},
        {"details": {"rooms": list(range(1001))}},
    ],
)
def test_an_entry_of_the_wrong_form_is_refused_where_it_is_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at|action|kind|detail"):
        record(**changes)


@pytest.mark.usefixtures("db")
async def test_untouched_chains_are_sound() -> None:
    actors = [uuid7() for _ in range(40)]
    for _ in range(3):
        await append(connection(), [record(actor_id=actor) for actor in [*actors, None]])
    report = await verify(connection())
    assert report.sound
    assert report.entries == 123
    assert len(await fetch("SELECT DISTINCT chain FROM audit_entry")) > CHAINS // 2


@pytest.mark.usefixtures("db")
async def test_one_actors_entries_keep_their_order_in_one_chain() -> None:
    subjects = [uuid7() for _ in range(5)]
    await append(connection(), [record(subject_id=subject) for subject in subjects])
    rows = await fetch("SELECT chain, seq, subject_id FROM audit_entry ORDER BY seq")
    assert [row["subject_id"] for row in rows] == subjects
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert {row["chain"] for row in rows} == {record().chain}


@pytest.mark.usefixtures("db")
async def test_batches_are_walked_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_check, "_BATCH", 2)
    await written(7)
    seen: list[tuple[int, int]] = []
    report = await verify(connection(), progress=lambda done, total: seen.append((done, total)))
    assert (report.sound, report.entries) == (True, 7)
    assert seen[-1] == (7, 7)
    await tamper("DELETE FROM audit_entry WHERE seq = 5")
    assert await faults() == [(FaultKind.MISSING, 6)]


TAMPERING: list[tuple[str, list[tuple[FaultKind, int]]]] = [
    (
        "UPDATE audit_entry SET action = 'viewListing' WHERE seq = 3 AND chain = $1",
        [(FaultKind.COLUMNS, 3)],
    ),
    (
        "UPDATE audit_entry SET details = '{\"x\": 1}' WHERE seq = 3 AND chain = $1",
        [(FaultKind.COLUMNS, 3)],
    ),
    (
        "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE seq = 3 AND chain = $1",
        [(FaultKind.COLUMNS, 3)],
    ),
    (
        "UPDATE audit_entry SET action = 'viewListing',"
        " payload = replace(payload, 'publishListing', 'viewListing') WHERE seq = 3 AND chain = $1",
        [(FaultKind.CHANGED, 3)],
    ),
    (
        "UPDATE audit_entry SET hash = sha256('x') WHERE seq = 3 AND chain = $1",
        [(FaultKind.CHANGED, 3), (FaultKind.CHANGED, 4)],
    ),
    ("DELETE FROM audit_entry WHERE seq = 3 AND chain = $1", [(FaultKind.MISSING, 4)]),
    ("DELETE FROM audit_entry WHERE seq = 1 AND chain = $1", [(FaultKind.MISSING, 2)]),
    ("DELETE FROM audit_entry WHERE seq >= 4 AND chain = $1", [(FaultKind.TAIL_MISSING, 5)]),
    ("DELETE FROM audit_entry WHERE chain = $1", [(FaultKind.TAIL_MISSING, 5)]),
    (
        "INSERT INTO audit_entry SELECT (jsonb_populate_record(e, jsonb_build_object("
        "'id', gen_random_uuid(), 'seq', 6))).* FROM audit_entry e WHERE seq = 5 AND chain = $1",
        [(FaultKind.INSERTED, 6)],
    ),
    (
        "INSERT INTO audit_entry SELECT (jsonb_populate_record(e, jsonb_build_object("
        "'id', gen_random_uuid(), 'seq', 0))).* FROM audit_entry e WHERE seq = 5 AND chain = $1",
        [(FaultKind.INSERTED, 0)],
    ),
    ("UPDATE audit_chain SET head = sha256('x') WHERE chain = $1", [(FaultKind.HEAD, 5)]),
    ("UPDATE audit_chain SET base = sha256('x') WHERE chain = $1",
     [(FaultKind.HEAD, 0), (FaultKind.CHANGED, 1)]),
    ("DELETE FROM audit_chain WHERE chain = $1", [(FaultKind.NO_CHAIN, 0)]),
]  # fmt: skip


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("sql", "found"), TAMPERING, ids=[sql for sql, _ in TAMPERING])
async def test_tampering_is_found_where_it_was_done(
    sql: str, found: list[tuple[FaultKind, int]]
) -> None:
    chain = await written(5)
    assert await faults() == []
    await tamper(sql, chain)
    assert await faults() == found


async def _recalculate(chain: int) -> None:
    """Drop the third entry and calculate the rest of the chain anew, as an insider would."""
    await tamper("DELETE FROM audit_entry WHERE chain = $1 AND seq = 3", chain)
    await tamper("UPDATE audit_entry SET seq = seq - 1 WHERE chain = $1 AND seq > 3", chain)
    await tamper(
        """
        WITH RECURSIVE link AS (
            SELECT 0::bigint AS seq, base AS head FROM audit_chain WHERE chain = $1
            UNION ALL
            SELECT e.seq, sha256(link.head || convert_to(e.payload, 'UTF8'))
            FROM link JOIN audit_entry e ON e.chain = $1 AND e.seq = link.seq + 1
        )
        UPDATE audit_entry e SET hash = link.head FROM link
        WHERE e.chain = $1 AND e.seq = link.seq
        """,
        chain,
    )
    await tamper(
        "UPDATE audit_chain c SET seq = e.seq, head = e.hash FROM audit_entry e"
        " WHERE c.chain = $1 AND e.chain = $1 AND e.seq = 4",
        chain,
    )


@pytest.mark.usefixtures("db")
async def test_only_an_anchor_gives_away_a_chain_that_was_calculated_anew() -> None:
    chain = await written(4)
    early = await anchors(connection())
    await written(1)
    late = await anchors(connection())
    assert await faults(early + late) == []
    await _recalculate(chain)
    assert await faults() == []
    assert await faults(early) == [(FaultKind.ANCHOR, 4)]
    assert await faults(late) == [(FaultKind.ANCHOR, 5)]


@pytest.mark.usefixtures("db")
async def test_an_anchor_that_can_not_be_read_is_refused_by_its_line() -> None:
    kept = await anchors(connection())
    assert kept.count("\n") == CHAINS
    with pytest.raises(ValueError, match="line 18"):
        await verify(connection(), anchored=f"{kept}\n{kept.replace('seq', 'no')}")


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "DELETE FROM audit_chain",
        "TRUNCATE audit_chain",
        "UPDATE audit_chain SET seq = 0",
        "UPDATE audit_chain SET head = sha256('x')",
        "UPDATE audit_chain SET seq = seq + 2",
        "UPDATE audit_chain SET base_seq = seq + 1",
        "UPDATE audit_chain SET seq = seq + 1, base = sha256('x')",
    ],
)
async def test_the_database_refuses_to_change_the_trail(sql: str) -> None:
    await written(1)
    with pytest.raises((OperationalError, IntegrityError), match=r"append-only|only grows"):
        await connection().execute_script(sql)


@pytest.mark.usefixtures("db")
async def test_no_entry_is_lost_in_silence_when_its_chain_is_missing() -> None:
    await tamper("DELETE FROM audit_chain WHERE chain = $1", record().chain)
    with pytest.raises((OperationalError, IntegrityError)):
        await written(1)


async def _aged(count: int) -> None:
    await written(count, at=now() - LONG_AGO)


@pytest.mark.usefixtures("db")
async def test_what_has_outlived_its_retention_can_be_pruned_and_the_rest_stays_sound() -> None:
    await _aged(3)
    kept = await anchors(connection())
    await written(2)
    assert await prune(now() - MINIMUM_RETENTION - timedelta(minutes=1)) == 3
    report = await verify(connection(), anchored=kept)
    assert (report.sound, report.entries) == (True, 2)
    await written(1)
    assert await faults() == []
    await tamper("UPDATE audit_entry SET hash = sha256('x') WHERE seq = 4")
    assert (FaultKind.CHANGED, 4) in await faults()


@pytest.mark.usefixtures("db")
async def test_an_old_entry_behind_a_young_one_is_not_pruned() -> None:
    await written(1)
    await _aged(1)
    assert await prune(now() - MINIMUM_RETENTION - timedelta(minutes=1)) == 0
    assert await faults() == []


@pytest.mark.usefixtures("db")
async def test_entries_younger_than_half_a_year_are_not_pruned() -> None:
    await written(1)
    with pytest.raises(ValueError, match="at least"):
        await prune(now() - MINIMUM_RETENTION + timedelta(minutes=1))
    await tamper("UPDATE audit_chain SET base_seq = 1, base = head WHERE seq = 1")
    with pytest.raises((OperationalError, IntegrityError), match="append-only"):
        await connection().execute_script("DELETE FROM audit_entry")


@pytest.mark.usefixtures("db")
async def test_pruning_ahead_of_time_is_seen_against_an_anchor() -> None:
    chain = await written(3)
    kept = await anchors(connection())
    await written(1)
    await tamper("UPDATE audit_chain SET base_seq = 4, base = head WHERE chain = $1", chain)
    await tamper("DELETE FROM audit_entry WHERE chain = $1", chain)
    assert await faults() == []
    assert await faults(kept) == [(FaultKind.ANCHOR, 3)]


@pytest.mark.usefixtures("committed_db")
async def test_writers_of_many_chains_at_once_neither_lock_for_ever_nor_break_a_chain() -> None:
    actors = [uuid7() for _ in range(8)]

    async def write(order: Callable[[list[UUID]], list[UUID]]) -> None:
        for _ in range(10):
            async with in_transaction() as client:
                await append(client, [record(actor_id=actor) for actor in order(actors)])

    await asyncio.wait_for(
        asyncio.gather(
            *(write(list) for _ in range(4)),
            *(write(lambda ids: ids[::-1]) for _ in range(4)),
        ),
        60,
    )
    report = await verify(connection())
    assert (report.sound, report.entries) == (True, 8 * 10 * 8)


@pytest.mark.usefixtures("committed_db")
async def test_verifying_while_others_write_raises_no_alarm() -> None:
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            async with in_transaction() as client:
                await append(client, [record(), record()])

    writer = asyncio.create_task(write())
    try:
        reports = [await verify(connection()) for _ in range(10)]
    finally:
        stop.set()
        await writer
    assert all(report.sound for report in reports)
    assert reports[-1].entries > reports[0].entries


@pytest.mark.usefixtures("committed_db")
async def test_an_entry_goes_with_the_transaction_that_is_rolled_back() -> None:
    async with in_transaction() as client:
        await append(client, [record()])
        assert await AuditEntry.all().count() == 1
        await client.rollback()
    assert await AuditEntry.all().count() == 0
    assert await faults() == []
