"""Listings as they are told of: those of one landlord in one house together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from core.clock import now
from core.database import fetch
from notifications.telling import Subject

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Offers:
    """Listings of one landlord in one house, by room number."""

    rows: Sequence[dict[str, Any]]

    @property
    def landlord_id(self) -> UUID:
        """Who put them up."""
        return UUID(str(self.rows[0]["landlord_id"]))

    @property
    def place_id(self) -> UUID:
        """The house."""
        return UUID(str(self.rows[0]["place_id"]))

    @property
    def grid_path(self) -> str:
        """Of the house."""
        return str(self.rows[0]["grid_path"])

    @property
    def key(self) -> str:
        """Names what happened to them: the row's version changes with every change of it."""
        return f"{self.rows[0]['id']}:{self.rows[0]['row_version']}"

    @property
    def about(self) -> Subject:
        """The listing, or the house of several."""
        if len(self.rows) == 1:
            return Subject("Listing", self.rows[0]["id"])
        return Subject("Place", self.place_id)

    @property
    def params(self) -> dict[str, str]:
        """``place`` and ``rooms``."""
        return {"place": self.rows[0]["place_name"], "rooms": rooms(self.numbers)}

    @property
    def numbers(self) -> list[str]:
        """Of the rooms."""
        return [row["number"] for row in self.rows]


def rooms(numbers: Sequence[str]) -> str:
    """Room numbers as a param: some are named, the rest counted."""
    named, rest = numbers[:_NAMED], len(numbers) - _NAMED
    return ",".join([*named, f"+{rest}"] if rest > 0 else named)


def moment() -> dict[str, str]:
    """The param ``at``: now."""
    return {"at": now().isoformat()}


async def offers(listing_ids: Collection[UUID]) -> list[Offers]:
    """These listings, together by landlord and house: one statement."""
    rows = await fetch(_LISTINGS, list(listing_ids))
    together = groupby(rows, key=lambda row: (row["place_id"], row["landlord_id"]))
    return [Offers(list(found)) for _, found in together]


_LISTINGS: Final = """
SELECT l.id, l.xmin::text AS row_version, l.landlord_id, l.place_id, l.published_at,
       l.refreshed_at, l.warned_at, r.number, p.name AS place_name, p.grid_path,
       EXISTS (SELECT 1 FROM place_claim c WHERE c.place_id = l.place_id
               AND c.account_id = l.landlord_id AND c.state = 'VERIFIED') AS run_by_landlord
FROM listing l JOIN room r ON r.id = l.room_id JOIN place p ON p.id = l.place_id
WHERE l.id = ANY($1::uuid[]) ORDER BY l.place_id, l.landlord_id, r.number, l.id
"""
