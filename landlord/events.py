"""What landlords' doings tell the packages above. Ids only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPublished(Event):
    """A room is on offer."""

    listing_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsSuspended(Event):
    """A block took the offers of a place from the public."""

    place_id: UUID
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsRestored(Event):
    """The last block ended: the offers of a place are public again."""

    place_id: UUID
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingWithdrawn(Event):
    """An offer was taken back."""

    listing_id: UUID
    place_id: UUID
