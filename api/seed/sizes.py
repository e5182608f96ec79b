"""How large a synthetic town can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from api.seed.pictures import Kind
from management.models import PlaceKind

SizeName = Literal["small", "town"]

PHOTOS_PER_LISTING: Final = 3


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of rows; ``pictures`` are drawn once and shared by the photos of many listings."""

    places: Mapping[PlaceKind, int]
    rooms: int
    listings: int
    wardens: int
    residents: int
    hazards: int
    pictures: Mapping[Kind, int]

    @property
    def all_places(self) -> int:
        """Places of every kind."""
        return sum(self.places.values())


SIZES: Final[Mapping[SizeName, Size]] = {
    "small": Size(
        places={
            PlaceKind.RENTAL_HOUSE: 110,
            PlaceKind.SMALL_SHOP: 84,
            PlaceKind.SMALL_WORKSHOP: 20,
            PlaceKind.SMALL_ENTERTAINMENT: 10,
            PlaceKind.ENTERPRISE: 16,
        },
        rooms=600,
        listings=300,
        wardens=194,
        residents=30,
        hazards=120,
        pictures={
            Kind.ROOM: 13,
            Kind.KITCHEN: 5,
            Kind.BATHROOM: 5,
            Kind.BALCONY: 3,
            Kind.HOUSE: 4,
        },
    ),
    # The town's own figures of 2015; three-small places, 29,192 in all, are split by judgement.
    "town": Size(
        places={
            PlaceKind.RENTAL_HOUSE: 23_100,
            PlaceKind.SMALL_SHOP: 22_800,
            PlaceKind.SMALL_WORKSHOP: 5_000,
            PlaceKind.SMALL_ENTERTAINMENT: 1_392,
            PlaceKind.ENTERPRISE: 2_035,
        },
        rooms=60_000,
        listings=30_000,
        wardens=352,
        residents=3_000,
        hazards=30_000,
        pictures={
            Kind.ROOM: 52,
            Kind.KITCHEN: 20,
            Kind.BATHROOM: 20,
            Kind.BALCONY: 12,
            Kind.HOUSE: 16,
        },
    ),
}
