"""The audit trail: who did what to which row and when; append-only and hash-chained.

An entry's hash is SHA-256 over the hash of the entry before it in its chain and its own payload,
so that nothing can be changed, left out or slipped in unseen. There are 16 chains, chosen by the
actor, so that writers seldom wait for each other. The database refuses changes
(:data:`TRIGGERS_SQL`), :func:`verify` finds those made by somebody who switched the refusal off,
and :func:`anchors`, kept where that person can't reach them, give away a chain that was
calculated anew.

Entries hold ids, flags and codes, never values of personal data: erasing a person leaves an
entry that no longer says who it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from tortoise import Model, fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.indexes import Index
from tortoise.transactions import in_transaction

from core.clock import now
from core.ids import uuid7
from core.masking import mask_text

CHAINS: Final = 16
MINIMUM_RETENTION: Final = timedelta(days=184)
"""Network logs are kept for at least six months (Cybersecurity Law of the PRC, article 21)."""

_REASON_LENGTH: Final = 500
_LIST_LENGTH: Final = 1000
_INTEGER_LIMIT: Final = 10_000_000  # counts and versions; a telephone number is longer
_PRUNE_BATCH: Final = 1000

_ACTION = re.compile(r"[a-z][A-Za-z]{1,63}")
_KIND = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")
_KEY = re.compile(r"[a-z][A-Za-z0-9_]{0,39}")
_TOKEN = re.compile(r"(?!.*\d{4})[A-Za-z][A-Za-z0-9_.-]{0,63}")


class AuditChain(Model):
    """The end of one chain, and where it begins since older entries were pruned."""

    chain = fields.SmallIntField(primary_key=True, generated=False)
    seq = fields.BigIntField(description="number of the last entry; 0 before the first")
    head = fields.BinaryField(description="hash of the last entry")
    base_seq = fields.BigIntField(default=0, description="number of the last pruned entry, or 0")
    base = fields.BinaryField(description="hash of that entry, or of the chain's beginning")

    class Meta:
        app = "core"
        table = "audit_chain"


class AuditEntry(Model):
    """One thing that somebody did, or looked at with a reason."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    chain = fields.SmallIntField()
    seq = fields.BigIntField(description="place in its chain, from 1 without gaps")
    at = fields.DatetimeField()
    actor_kind = fields.CharField(40)
    actor_id = fields.UUIDField(null=True)
    action = fields.CharField(64, description="name of the use case, such as `publishListing`")
    subject_kind = fields.CharField(40)
    subject_id = fields.UUIDField(null=True)
    request_id = fields.UUIDField(null=True)
    reason = fields.TextField(null=True)
    details: Any = fields.JSONField(description="ids, flags, codes and names of fields")
    payload = fields.TextField(description="canonical JSON of the columns: what was hashed")
    hash = fields.BinaryField(description="SHA-256 of the hash before it and the payload")

    class Meta:
        app = "core"
        table = "audit_entry"
        unique_together = (("chain", "seq"),)
        indexes = (Index(fields=("subject_id", "id")), Index(fields=("actor_id", "id")))


CHAINS_SQL: Final = f"""
INSERT INTO audit_chain (chain, seq, head, base_seq, base)
SELECT n, 0, sha256(convert_to('audit chain ' || n, 'UTF8')),
       0, sha256(convert_to('audit chain ' || n, 'UTF8'))
FROM generate_series(0, {CHAINS - 1}) AS n
ON CONFLICT DO NOTHING;
"""  # noqa: S608 - the one value is a constant of this module
"""The beginnings of the chains, for the migration that makes the tables."""

TRIGGERS_SQL: Final = f"""
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the audit trail is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION audit_entry_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at < now() - interval '{MINIMUM_RETENTION.days} days'
       AND OLD.seq <= (SELECT base_seq FROM audit_chain WHERE chain = OLD.chain) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'DELETE of audit_entry is refused: the audit trail is append-only'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION audit_chain_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.chain = OLD.chain AND (
        (NEW.seq = OLD.seq + 1 AND NEW.base_seq = OLD.base_seq AND NEW.base = OLD.base)
        OR (NEW.seq = OLD.seq AND NEW.head = OLD.head
            AND NEW.base_seq > OLD.base_seq AND NEW.base_seq <= OLD.seq)
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a chain of the audit trail only grows'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_delete();
CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_chain_update BEFORE UPDATE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION audit_chain_update();
CREATE TRIGGER audit_chain_delete BEFORE DELETE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_chain_truncate BEFORE TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""  # noqa: S608 - the one value is a constant of this module
"""What makes the tables append-only, for the same migration."""

DROP_TRIGGERS_SQL: Final = """
DROP TRIGGER audit_chain_truncate ON audit_chain;
DROP TRIGGER audit_chain_delete ON audit_chain;
DROP TRIGGER audit_chain_update ON audit_chain;
DROP TRIGGER audit_entry_truncate ON audit_entry;
DROP TRIGGER audit_entry_delete ON audit_entry;
DROP TRIGGER audit_entry_update ON audit_entry;
DROP FUNCTION audit_chain_update();
DROP FUNCTION audit_entry_delete();
DROP FUNCTION audit_refuse();
"""
"""The way back."""

# A chain without its row makes seq NULL, which the table refuses: no entry is lost in silence.
_APPEND_SQL: Final = """
WITH link AS (
    UPDATE audit_chain SET seq = seq + 1, head = sha256(head || convert_to($12, 'UTF8'))
    WHERE chain = $2 RETURNING seq, head
)
INSERT INTO audit_entry (id, chain, at, actor_kind, actor_id, action, subject_kind, subject_id,
                         request_id, reason, details, payload, seq, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
        (SELECT seq FROM link), (SELECT head FROM link))
"""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is to be written. Checked when it is made, where the mistake is.

    ``details`` takes ids, whole numbers under ten million, flags, enum values, short ASCII codes
    such as names of fields, and lists of these. Document and telephone numbers that somebody
    wrote into ``reason`` are masked.

    Raises:
        ValueError: a name or a detail has another shape; the text names the key, not the value.
    """

    at: datetime
    actor_kind: str
    actor_id: UUID | None
    action: str
    subject_kind: str
    subject_id: UUID | None
    request_id: UUID | None = None
    reason: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("at must be aware")
        if not _ACTION.fullmatch(self.action):
            raise ValueError("action is the name of a use case in camelCase")
        if not _KIND.fullmatch(self.actor_kind) or not _KIND.fullmatch(self.subject_kind):
            raise ValueError("actor_kind and subject_kind are names")
        if self.reason is not None:
            object.__setattr__(self, "reason", mask_text(self.reason)[:_REASON_LENGTH])
        object.__setattr__(self, "details", _details(self.details))

    @property
    def chain(self) -> int:
        """The chain it goes into: one actor's entries stay in order in one chain."""
        key = self.actor_id.bytes if self.actor_id else self.actor_kind.encode()
        return crc32(key) % CHAINS


def _details(given: Mapping[str, object]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for key, value in given.items():
        if not _KEY.fullmatch(key):
            raise ValueError("the key of a detail is a name")
        if isinstance(value, list | tuple | set | frozenset):
            if len(value) > _LIST_LENGTH:
                raise ValueError(f"detail {key} has more than {_LIST_LENGTH} parts")
            parts = [_detail(key, part) for part in value]
            checked[key] = parts if isinstance(value, list | tuple) else sorted(parts, key=str)
        else:
            checked[key] = _detail(key, value)
    return checked


def _detail(key: str, value: object) -> str | int | bool | None:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < _INTEGER_LIMIT:
        return int(value)
    if isinstance(value, str) and _TOKEN.fullmatch(value):
        return value
    raise ValueError(f"detail {key} is not an id, a small number, a flag or a code")


def payload(columns: Mapping[str, Any]) -> str:
    """The canonical JSON of an entry's columns: what is hashed, and what they must still say."""

    def text(value: object) -> str | None:
        return None if value is None else str(value)

    at: datetime = columns["at"]
    return json.dumps(
        {
            "action": columns["action"],
            "actorId": text(columns["actor_id"]),
            "actorKind": columns["actor_kind"],
            "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "details": columns["details"],
            "id": str(columns["id"]),
            "reason": columns["reason"],
            "requestId": text(columns["request_id"]),
            "subjectId": text(columns["subject_id"]),
            "subjectKind": columns["subject_kind"],
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def _row(record: Record) -> list[Any]:
    columns = {
        "id": uuid7(),
        "chain": record.chain,
        "at": record.at,
        "actor_kind": record.actor_kind,
        "actor_id": record.actor_id,
        "action": record.action,
        "subject_kind": record.subject_kind,
        "subject_id": record.subject_id,
        "request_id": record.request_id,
        "reason": record.reason,
        "details": record.details,
    }
    return [*(columns | {"details": json.dumps(record.details)}).values(), payload(columns)]


async def append(connection: BaseDBAsyncClient, entries: Sequence[Record]) -> None:
    """Write entries, in their order, in the running transaction and as its last act.

    Each chain stays locked until the transaction ends. One call per transaction: the chains are
    taken in ascending order, which keeps two transactions from waiting for each other for ever.
    All entries go in one round trip.
    """
    rows = [_row(record) for record in sorted(entries, key=lambda record: record.chain)]
    if rows:
        await connection.execute_many(_APPEND_SQL, rows)


async def prune(before: datetime) -> int:
    """Delete entries from before a moment at least :data:`MINIMUM_RETENTION` ago.

    Each chain loses its beginning up to its first younger entry and keeps the hash of the last
    one that went, so that the rest can still be verified. The triggers allow just that. Runs in
    short transactions, may be interrupted, and answers how many entries went. The caller notes
    it in the trail.

    Raises:
        ValueError: the moment is too recent.
    """
    if before > now() - MINIMUM_RETENTION:
        raise ValueError(f"entries are kept for at least {MINIMUM_RETENTION.days} days")
    gone = 0
    for chain in range(CHAINS):
        while batch := await _prune_batch(chain, before):
            gone += batch
    return gone


async def _prune_batch(chain: int, before: datetime) -> int:
    async with in_transaction("default") as connection:
        oldest = await connection.execute_query_dict(
            "SELECT seq, hash, at < $2 AS over FROM audit_entry WHERE chain = $1 "
            "ORDER BY seq LIMIT $3",
            [chain, before, _PRUNE_BATCH],
        )
        last = None
        for row in oldest:
            if not row["over"]:
                break
            last = row
        if last is None:
            return 0
        await connection.execute_query(
            "UPDATE audit_chain SET base_seq = $2, base = $3 WHERE chain = $1",
            [chain, last["seq"], last["hash"]],
        )
        gone, _ = await connection.execute_query(
            "DELETE FROM audit_entry WHERE chain = $1 AND seq <= $2", [chain, last["seq"]]
        )
        return gone
