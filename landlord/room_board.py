"""The room board (房态图): a house by floor, each room with what is offered and asked there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from core.database import fetch
from core.errors import NotFound
from identity.actor import Actor, ActorKind
from landlord.freshness import expires_at
from management.access import access_place, require_sign_in
from management.models import RoomState

# A room has one offer that is public or held, whoever put it up; of drafts only one's own count.
_ROOMS: Final = """
SELECT r.id, r.number, r.code, r.floor, r.state, r.area, r.rent,
       l.id AS listing_id, l.title, l.state AS listing_state, l.rent AS listing_rent,
       l.version AS listing_version, l.landlord_id, l.refreshed_at, l.warned_at,
       v.until AS reserved_until, coalesce(e.open, 0)::int AS open_enquiries
FROM room r
LEFT JOIN LATERAL (
    SELECT * FROM listing l
    WHERE l.room_id = r.id AND (l.state IN ('PUBLISHED', 'RESERVED', 'SUSPENDED')
          OR (l.landlord_id = $2 AND l.state IN ('DRAFT', 'IN_REVIEW')))
    ORDER BY l.state IN ('DRAFT', 'IN_REVIEW'), l.id DESC LIMIT 1
) l ON true
LEFT JOIN reservation v ON v.listing_id = l.id AND v.state = 'HELD'
LEFT JOIN (
    SELECT o.room_id, count(*) AS open
    FROM enquiry e JOIN listing o ON o.id = e.listing_id
    WHERE o.place_id = $1 AND o.landlord_id = $2 AND e.state = 'OPEN' GROUP BY o.room_id
) e ON e.room_id = r.id
WHERE r.place_id = $1
ORDER BY r.floor DESC NULLS LAST, r.number
"""
_ON_OFFER: Final = frozenset({"PUBLISHED", "RESERVED"})


@dataclass(frozen=True, slots=True)
class RoomBoard:
    """A house at a glance; ``floors`` from the top down, each with its rooms by number."""

    place_id: UUID
    floors: list[tuple[int | None, list[dict[str, Any]]]]

    def count(self, state: RoomState) -> int:
        """How many rooms are in a state."""
        return sum(room["state"] == state for _, rooms in self.floors for room in rooms)

    @property
    def on_offer(self) -> int:
        """How many rooms the public sees."""
        return sum(room["listing_state"] in _ON_OFFER for _, rooms in self.floors for room in rooms)


async def room_board(actor: Actor, *, place_id: UUID) -> RoomBoard:
    """The board of a house, for who is known to run it: two statements, however many rooms.

    Each room says whose its offer is (``own``), until when it is fresh (``expires_at``) and how
    many of the actor's enquiries about it wait (``open_enquiries``).

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor is not known to run the place.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    place = await access_place(actor, place_id=place_id)
    rooms = await fetch(_ROOMS, place.id, actor.id)
    for room in rooms:
        room["own"] = room["landlord_id"] == actor.id
        public = room["listing_state"] == "PUBLISHED"
        room["expires_at"] = expires_at(room["refreshed_at"], room["warned_at"]) if public else None
    floors = [(floor, list(of)) for floor, of in groupby(rooms, key=lambda room: room["floor"])]
    return RoomBoard(place.id, floors)
