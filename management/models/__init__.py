"""Tables of management, by subject."""

from management.models.places import (
    ClaimEnd,
    ClaimPaper,
    ClaimPhoto,
    ClaimRole,
    ClaimState,
    EBikeCharging,
    LeaseFiling,
    Lifecycle,
    Organisation,
    Place,
    PlaceBlock,
    PlaceBlockKind,
    PlaceClaim,
    PlaceKind,
    RiskClass,
    Room,
    RoomState,
)
from management.models.plate_sheets import PlateDoors, PlatePrint, PlateSheet, PlateSheetState
from management.models.plates import Plate, PlateEndReason, PlateState
from management.models.territory import Grid, GridLevel

__all__ = [
    "ClaimEnd",
    "ClaimPaper",
    "ClaimPhoto",
    "ClaimRole",
    "ClaimState",
    "EBikeCharging",
    "Grid",
    "GridLevel",
    "LeaseFiling",
    "Lifecycle",
    "Organisation",
    "Place",
    "PlaceBlock",
    "PlaceBlockKind",
    "PlaceClaim",
    "PlaceKind",
    "Plate",
    "PlateDoors",
    "PlateEndReason",
    "PlatePrint",
    "PlateSheet",
    "PlateSheetState",
    "PlateState",
    "RiskClass",
    "Room",
    "RoomState",
]
