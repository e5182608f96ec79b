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
class RoomsVacated(Event):
    """Rooms of one house that were let are no longer: vacant, or out of use."""

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


# People


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidenceBegan(Event):
    """A person is registered as living in a room."""

    residence_id: UUID
    person_id: UUID
    place_id: UUID
    room_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidenceEnded(Event):
    """A person no longer lives in a room: doors and reminders end with it."""

    residence_id: UUID
    person_id: UUID
    place_id: UUID
    room_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidenceAsked(Event):
    """Somebody has lived in a room for long and is asked whether they still do."""

    residence_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitEndorsementDue(Event):
    """A residence permit must be endorsed in a month."""

    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRead(Event):
    """Somebody read a person's data in clear."""

    look_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonUnbound(Event):
    """An account that was taken for a person's own no longer speaks for them."""

    person_id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDutyBegan(Event):
    """A landlord signed with a tenant and has to register them."""

    duty_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDutyDue(Event):
    """The last day of a landlord's duty to register a tenant is near."""

    duty_id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDutyOverdue(Event):
    """A landlord let the term pass; the place is blocked."""

    duty_id: UUID
    place_id: UUID


# Hazards


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardReported(Event):
    """Somebody reported a hazard."""

    hazard_id: UUID
    step_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardMoved(Event):
    """A hazard took a step from one state to another (or back to the same): which, it says."""

    hazard_id: UUID
    step_id: UUID
    action: str
    from_state: str
    to_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardEscalated(Event):
    """Nobody did anything in time; who is posted above is told."""

    hazard_id: UUID
    step_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardChangedHands(Event):
    """Somebody took the task of a hazard, was given it, or it went back to its pool."""

    hazard_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardDocumentIssued(Event):
    """A numbered document about a hazard was issued."""

    document_id: UUID
    hazard_id: UUID


# Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRaised(Event):
    """There is something to do, for a pool or for one member of staff."""

    task_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned(Event):
    """A task was given to a member of staff by somebody else."""

    task_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUrged(Event):
    """Somebody asks where a task is."""

    task_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnded(Event):
    """A task is done or cancelled: which, its state says."""

    task_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOverdue(Event):
    """The deadline of a task has passed."""

    task_id: UUID
