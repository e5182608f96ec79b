"""What hangs on places, read for many places at once: one query for each kind of thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from core.database import fetch
from management.claims import shares
from management.models import ClaimRole, PlaceBlock, PlaceClaim, Room

RowsByPlace = dict[UUID, list[dict[str, Any]]]


async def rooms_of_places(place_ids: Collection[UUID], columns: Sequence[str]) -> RowsByPlace:
    """Rooms by place, in the order of their numbers."""
    rows = (
        await Room.filter(place_id__in=list(place_ids))
        .order_by("place_id", "number")
        .values(*dict.fromkeys(("place_id", *columns)))
    )
    return _grouped(rows)


async def organisations(ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Legal entities by id."""
    rows = await fetch(
        "SELECT id, credit_code, name FROM organisation WHERE id = ANY($1::uuid[])", list(ids)
    )
    return {row["id"]: row for row in rows}


async def lease_filings_of_places(place_ids: Collection[UUID]) -> RowsByPlace:
    """Registered leases by place, the newest first."""
    return _grouped(
        await fetch(
            "SELECT f.place_id, f.number, f.filed_on, f.until, r.number AS room_number"
            " FROM lease_filing f LEFT JOIN room r ON r.id = f.room_id"
            " WHERE f.place_id = ANY($1::uuid[]) ORDER BY f.filed_on DESC, f.id",
            list(place_ids),
        )
    )


async def plates_of_places(place_ids: Collection[UUID]) -> RowsByPlace:
    """Every plate that was issued, by place, the newest first."""
    return _grouped(
        await fetch(f"{_PLATES} WHERE p.place_id = ANY($1::uuid[]) {_NEWEST}", list(place_ids))
    )


async def plate_by_id(plate_id: UUID) -> dict[str, Any]:
    """One plate as :func:`plates_of_places` reads them."""
    (row,) = await fetch(f"{_PLATES} WHERE p.id = $1", plate_id)
    return row


async def plates_of_batch(batch: UUID) -> list[dict[str, Any]]:
    """Plates that were issued together."""
    return await fetch(f"{_PLATES} WHERE p.batch = $1 {_NEWEST}", batch)


_PLATES = """
SELECT p.id, p.place_id, p.token, p.state, p.issued_at, p.ended_at, p.end_reason, p.batch,
       r.number AS room_number, s.token AS successor_token
FROM plate p LEFT JOIN room r ON r.id = p.room_id LEFT JOIN plate s ON s.id = p.replaced_by_id
"""
_NEWEST = "ORDER BY (p.state = 'ACTIVE') DESC, r.number NULLS FIRST, p.issued_at DESC, p.id"


async def claims_of_places(place_ids: Collection[UUID]) -> RowsByPlace:
    """Who is known to run each place, and what they answer for."""
    claims = _grouped(
        await fetch(
            "SELECT c.place_id, c.id, c.role, c.state, a.display_name, c.decided_at,"
            " c.lease_until, p.role AS acts_for"
            " FROM place_claim c JOIN account a ON a.id = c.account_id"
            " LEFT JOIN place_claim p ON p.id = c.acts_for_id"
            " WHERE c.place_id = ANY($1::uuid[]) AND c.state = 'VERIFIED' ORDER BY c.id",
            list(place_ids),
        )
    )
    for rows in claims.values():
        answers = shares({ClaimRole(row["role"]) for row in rows})
        for row in rows:
            row["responsible_for"] = [what for what, role in answers.items() if role == row["role"]]
    return claims


async def blocks_of_places(place_ids: Collection[UUID]) -> RowsByPlace:
    """Every block, in force or lifted, by place, the newest first."""
    rows = (
        await PlaceBlock.filter(place_id__in=list(place_ids))
        .order_by("-starts_at", "id")
        .values("place_id", "id", "kind", "reason", "starts_at", "ends_at")
    )
    return _grouped(rows)


async def place_of_claim(claim_id: UUID) -> UUID:
    """The place that a claim is about."""
    return (await PlaceClaim.get(id=claim_id)).place_id


async def place_of_block(block_id: UUID) -> UUID:
    """The place that a block bars."""
    return (await PlaceBlock.get(id=block_id)).place_id


async def place_of_room(room_id: UUID) -> UUID:
    """The house that a room is in."""
    return (await Room.get(id=room_id)).place_id


def _grouped(rows: Sequence[dict[str, Any]]) -> RowsByPlace:
    answer: RowsByPlace = defaultdict(list)
    for row in rows:
        answer[row["place_id"]].append(row)
    return answer
