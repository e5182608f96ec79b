"""What everybody may know of a place without standing before its plate."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from core.database import fetch

_LONGEST_CODE: Final = 24
_FACE: Final = """
SELECT pl.id AS place_id, pl.code, pl.kind, pl.name, pl.street, pl.door_number,
       pl.community_code, pl.grid_path, pl.longitude, pl.latitude, pl.risk_class, pl.lifecycle,
       pl.filed_at, pl.floors, pl.staircases, pl.exits, pl.extinguishers, pl.e_bike_charging,
       h.id AS photo_id, h.key AS photo_key, h.width AS photo_width, h.height AS photo_height,
       h.alt_zh AS photo_alt_zh, h.alt_en AS photo_alt_en
FROM place pl
LEFT JOIN photo h ON h.id = pl.photo_id
WHERE pl.code = $1 AND pl.lifecycle <> 'PLANNED'
"""
_RUN_SINCE: Final = """
SELECT min(decided_at) AS since FROM place_claim
WHERE place_id = $1 AND account_id = $2 AND state = 'VERIFIED'
"""


async def public_face(code: str) -> dict[str, Any] | None:
    """The public columns of a place that is or was in use; ``None`` for every other code."""
    if len(code) > _LONGEST_CODE or not code.isascii() or not code.isprintable():
        return None
    rows = await fetch(_FACE, code)
    return rows[0] if rows else None


async def run_since(account_id: UUID, place_id: UUID) -> datetime | None:
    """Since when the town knows that the account runs the place; ``None`` if it does not."""
    (row,) = await fetch(_RUN_SINCE, place_id, account_id)
    since: datetime | None = row["since"]
    return since
