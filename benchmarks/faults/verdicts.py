"""What became of messages: counted from our records and from what people really got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.database import fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of some messages."""

    messages: int
    by_wechat: int
    by_sms: int
    attempts: int
    unknown: int
    """Attempts whose answer was lost, as the record says."""
    doubled: int
    """Messages that somebody got twice, and the record says of each that this may be."""
    lost: Collection[UUID]
    """Messages that nobody got."""
    surprises: Collection[UUID]
    """Messages that somebody got twice without a word about it, or more than twice."""

    @property
    def good(self) -> bool:
        """Nothing lost, and doubled only where the record says so."""
        return not self.lost and not self.surprises


def judge(
    ids: Sequence[UUID], rows: Sequence[Mapping[str, Any]], received: Sequence[UUID]
) -> Outcome:
    """Compare the record of each message with what arrived.

    ``rows``: id, wechat and sms (states of the deliveries), attempts and unknown. ``received``:
    one id for each message that WeChat brought.
    """
    copies = Counter(received)
    known = {row["id"]: row for row in rows}
    lost: list[UUID] = []
    doubled: list[UUID] = []
    surprises: list[UUID] = []
    for each in ids:
        row = known.get(each, {})
        times = copies[each] + (row.get("sms") == "SENT")
        if times == 0:
            lost.append(each)
        elif times > 1:
            (doubled if times == 2 and row.get("unknown", 0) > 0 else surprises).append(each)
    return Outcome(
        messages=len(ids),
        by_wechat=sum(copies[each] > 0 for each in ids),
        by_sms=sum(row["sms"] == "SENT" for row in rows),
        attempts=sum(row["attempts"] for row in rows),
        unknown=sum(row["unknown"] for row in rows),
        doubled=len(doubled),
        lost=lost,
        surprises=surprises,
    )


async def records(ids: Collection[UUID]) -> list[dict[str, Any]]:
    """Our record of each message."""
    return await fetch(_RECORDS, list(ids))


async def unsettled(ids: Collection[UUID]) -> int:
    """How many messages are neither sent nor given up, on any channel."""
    rows = await fetch(_UNSETTLED, list(ids))
    return int(rows[0]["open"])


_RECORDS: Final = """
SELECT n.id, max(d.state) FILTER (WHERE d.channel = 'WECHAT') AS wechat,
       max(d.state) FILTER (WHERE d.channel = 'SMS') AS sms,
       count(a.id) AS attempts, count(a.id) FILTER (WHERE a.outcome = 'UNKNOWN') AS unknown
FROM notification n
LEFT JOIN delivery d ON d.notification_id = n.id
LEFT JOIN delivery_attempt a ON a.delivery_id = d.id
WHERE n.id = ANY($1::uuid[]) GROUP BY n.id
"""

_UNSETTLED: Final = """
SELECT count(*) AS open FROM notification n
WHERE n.id = ANY($1::uuid[])
  AND (NOT EXISTS (SELECT 1 FROM delivery d WHERE d.notification_id = n.id)
       OR EXISTS (SELECT 1 FROM delivery d WHERE d.notification_id = n.id
                  AND d.state IN ('PLANNED', 'SENDING')))
"""
