"""What management tells the packages above. Ids only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFiled(Event):
    """A file was opened for a place."""

    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceUpdated(Event):
    """A place's file changed."""

    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceClosed(Event):
    """A place closed or was demolished."""

    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsAdded(Event):
    """Rooms were added to a house."""

    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomUpdated(Event):
    """What is known of a room changed; it may have gone out of use."""

    room_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsUpdated(Event):
    """What is known of rooms of one house changed at once: in place of ``RoomUpdated``."""

    place_id: UUID
    room_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseFiled(Event):
    """The registered lease of a house or room was recorded."""

    lease_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateIssued(Event):
    """A place or room got a plate (also in place of another)."""

    plate_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateRevoked(Event):
    """A plate no longer speaks for its place."""

    plate_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceBlocked(Event):
    """A place may not be let for now."""

    place_id: UUID
    block_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceUnblocked(Event):
    """One reason against letting has ended; others may be in force."""

    place_id: UUID
    block_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LandlordAssigned(Event):
    """Somebody is now known to run a place."""

    claim_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LandlordEnded(Event):
    """Somebody no longer runs a place."""

    claim_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMade(Event):
    """Somebody says that they run a place; a warden has to look at the papers."""

    claim_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDecided(Event):
    """A warden verified or refused a claim: which, its state says."""

    claim_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDropped(Event):
    """A claim ended before it was decided."""

    claim_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseHandedOver(Event):
    """Somebody runs a place in place of somebody else, whose claim has ended by now.

    Tenants and doors of the place go along: whoever keeps them handles this.
    """

    place_id: UUID
    from_account_id: UUID
    to_account_id: UUID
    from_claim_id: UUID
    to_claim_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WardenPosted(Event):
    """Somebody was posted to a grid."""

    post_id: UUID
    grid_id: UUID
