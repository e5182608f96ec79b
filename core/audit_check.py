"""Checking the audit trail: whether every chain is whole, and still the one that was anchored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from tortoise.backends.base.client import BaseDBAsyncClient

from core.audit import CHAINS, MINIMUM_RETENTION, payload
from core.clock import now

_BATCH: Final = 1000
_FAULTS_KEPT: Final = 1000
_ANCHOR: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) chain (\d{1,2}) seq (\d{1,18}) ([0-9a-f]{64})"
)

# Head and rows are read by one statement, so by one snapshot: entries may go on being written.
_READ_SQL: Final = """
SELECT c.seq AS head_seq, c.head, e.*
FROM audit_chain c
LEFT JOIN LATERAL (
    SELECT * FROM audit_entry WHERE chain = c.chain AND seq > $2 ORDER BY seq LIMIT $3
) e ON true
WHERE c.chain = $1
ORDER BY e.seq
"""


class FaultKind(StrEnum):
    """What is wrong at a place of a chain."""

    CHANGED = "the hash does not follow from the entry before it and the payload"
    COLUMNS = "the columns no longer say what the payload says"
    MISSING = "entries are missing before this one"
    TAIL_MISSING = "entries are missing at the end"
    INSERTED = "the entry was not written by the service"
    HEAD = "the head of the chain is not the hash of its last entry"
    NO_CHAIN = "the head of the chain is missing"
    ANCHOR = "the chain is not the one that was anchored"


@dataclass(frozen=True)
class Fault:
    """A fault of a chain at an entry's number."""

    kind: FaultKind
    chain: int
    seq: int


@dataclass
class Report:
    """What :func:`verify` found; ``faults`` holds the first 1,000 of ``fault_count``."""

    entries: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault_count == 0

    def add(self, kind: FaultKind, chain: int, seq: int) -> None:
        """Count a fault, and keep it while there is room."""
        self.fault_count += 1
        if len(self.faults) < _FAULTS_KEPT:
            self.faults.append(Fault(kind, chain, seq))


@dataclass(frozen=True)
class Anchor:
    """The end of a chain at a moment."""

    at: datetime
    chain: int
    seq: int
    head: bytes


async def anchors(connection: BaseDBAsyncClient) -> str:
    """The ends of all chains as lines of text, to be kept outside of the database's reach."""
    rows = await connection.execute_query_dict(
        "SELECT chain, seq, head FROM audit_chain ORDER BY chain"
    )
    moment = now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return "".join(
        f"{moment} chain {row['chain']} seq {row['seq']} {row['head'].hex()}\n" for row in rows
    )


def read_anchors(text: str) -> list[Anchor]:
    """Read what :func:`anchors` wrote, any number of times one after the other.

    Raises:
        ValueError: a line has another form; the text names its number.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _ANCHOR.fullmatch(line.strip())
        if match is None:
            raise ValueError(f"line {number} is not an anchor")
        at = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        found.append(Anchor(at, int(match[2]), int(match[3]), bytes.fromhex(match[4])))
    return found


async def verify(
    connection: BaseDBAsyncClient,
    *,
    anchored: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Walk every chain from its beginning to its head and recompute it.

    Reads batches of 1,000 in constant memory while the service goes on writing. ``anchored`` is
    text from :func:`anchors`; ``progress`` hears entries done and entries in all.

    Raises:
        ValueError: ``anchored`` can't be read.
    """
    report = Report()
    kept = read_anchors(anchored)
    rows = await connection.execute_query_dict("SELECT * FROM audit_chain")
    heads = {row["chain"]: row for row in rows}
    total = sum(row["seq"] - row["base_seq"] for row in rows)
    for chain in range(CHAINS):
        if chain not in heads:
            report.add(FaultKind.NO_CHAIN, chain, 0)
            continue
        walk = _Walk(heads[chain], report)
        while await walk.step(connection):
            if progress is not None:
                progress(report.entries, total)
    for anchor in kept:
        await _check_anchor(connection, anchor, heads.get(anchor.chain), report)
    if progress is not None:
        progress(report.entries, max(total, report.entries))
    return report


class _Walk:
    """One chain, read in batches."""

    def __init__(self, head: Mapping[str, Any], report: Report) -> None:
        self._report = report
        self._chain: int = head["chain"]
        self._base: int = head["base_seq"]
        self._seq = self._base
        self._hash: bytes = head["base"]
        self._read_to = -1  # below any number, so that rows before the beginning are found
        beginning = sha256(f"audit chain {self._chain}".encode()).digest()
        if self._base == 0 and self._hash != beginning:
            report.add(FaultKind.HEAD, self._chain, 0)

    async def step(self, connection: BaseDBAsyncClient) -> bool:
        """Check one batch; whether there may be another."""
        rows = await connection.execute_query_dict(_READ_SQL, [self._chain, self._read_to, _BATCH])
        if not rows:
            self._report.add(FaultKind.NO_CHAIN, self._chain, self._seq)
            return False
        entries = [row for row in rows if row["id"] is not None]
        for row in entries:
            self._check(row)
            self._read_to = row["seq"]
        if len(entries) == _BATCH:
            return True
        self._finish(rows[0]["head_seq"], rows[0]["head"])
        return False

    def _check(self, row: Mapping[str, Any]) -> None:
        seq: int = row["seq"]
        self._report.entries += 1
        if seq <= self._base or seq > row["head_seq"]:
            self._report.add(FaultKind.INSERTED, self._chain, seq)
            return
        if seq != self._seq + 1:
            # The link across a gap can't be recomputed; the chain goes on from here.
            self._report.add(FaultKind.MISSING, self._chain, seq)
        elif sha256(self._hash + row["payload"].encode()).digest() != row["hash"]:
            self._report.add(FaultKind.CHANGED, self._chain, seq)
        if payload({**row, "details": json.loads(row["details"])}) != row["payload"]:
            self._report.add(FaultKind.COLUMNS, self._chain, seq)
        self._seq, self._hash = seq, row["hash"]

    def _finish(self, head_seq: int, head: bytes) -> None:
        if self._seq < head_seq:
            self._report.add(FaultKind.TAIL_MISSING, self._chain, head_seq)
        elif self._hash != head:
            self._report.add(FaultKind.HEAD, self._chain, head_seq)


async def _check_anchor(
    connection: BaseDBAsyncClient,
    anchor: Anchor,
    head: Mapping[str, Any] | None,
    report: Report,
) -> None:
    if head is None:
        return  # counted as NO_CHAIN
    if anchor.seq < head["base_seq"]:
        # Pruned since: fine once the entry has outlived its retention, a cover-up before.
        if anchor.at > now() - MINIMUM_RETENTION:
            report.add(FaultKind.ANCHOR, anchor.chain, anchor.seq)
        return
    if anchor.seq == head["base_seq"]:
        found = head["base"]
    else:
        rows = await connection.execute_query_dict(
            "SELECT hash FROM audit_entry WHERE chain = $1 AND seq = $2",
            [anchor.chain, anchor.seq],
        )
        found = rows[0]["hash"] if rows else None
    if found != anchor.head:
        report.add(FaultKind.ANCHOR, anchor.chain, anchor.seq)
