"""What hangs on hazards, read for many at once: one query for each kind of thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from core.crypto import ring
from core.database import fetch


async def steps_of(hazard_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Steps by hazard, the first first; their words are sealed."""
    answer: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await fetch(_STEPS, list(hazard_ids)):
        answer[row["hazard_id"]].append(row)
    return answer


def words_of(step: Mapping[str, Any]) -> str | None:
    """The words of a step as read."""
    if step["words"] is None:
        return None
    return ring().decrypt(step["words"], table="hazard_step", column="words", row=step["id"])


_STEPS: Final = """
SELECT s.id, s.hazard_id, s.number, s.at, s.action, s.from_state, s.to_state, s.by_kind, s.words,
       m.name AS staff_name,
       (SELECT count(*) FROM hazard_photo p WHERE p.step_id = s.id) AS photo_count
FROM hazard_step s LEFT JOIN staff_member m ON m.id = s.staff_id
WHERE s.hazard_id = ANY($1::uuid[]) ORDER BY s.hazard_id, s.number
"""
