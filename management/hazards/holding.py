"""In whose hands a hazard is, beyond the name that stands on it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from core.clock import today
from core.database import fetch
from identity.actor import Actor, ActorKind


async def held(actor: Actor, hazard_ids: Collection[UUID]) -> set[UUID]:
    """Which of these hazards are in the actor's hands: one query.

    Its task tells: who took it or was given it holds the hazard. While it waits in a pool, who the
    hazard was dispatched to does, and of a department asked everybody posted there.
    """
    if actor.kind is not ActorKind.STAFF or not hazard_ids:
        return set()
    rows = await fetch(
        "SELECT h.id FROM hazard h LEFT JOIN task t ON t.kind = 'HAZARD' AND t.subject_id = h.id"
        " AND t.state IN ('OPEN', 'TAKEN') WHERE h.id = ANY($1::uuid[])"
        " AND h.state IN ('DISPATCHED', 'RECTIFYING') AND CASE WHEN t.assignee_id IS NOT NULL"
        " THEN t.assignee_id = $2 ELSE h.assignee_id = $2 OR EXISTS (SELECT 1 FROM grid_post p"
        " WHERE p.staff_id = $2 AND p.department_id = h.department_id AND p.role = 'DEPARTMENT'"
        " AND starts_with(h.grid_path, p.grid_path) AND p.starts_on <= $3"
        " AND (p.ends_on IS NULL OR p.ends_on > $3)) END",
        list(hazard_ids),
        actor.id,
        today(),
    )
    return {row["id"] for row in rows}
