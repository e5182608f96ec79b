"""Sizes of labels and where they lie on A4, as data. Millimetres, from the page's top left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

PAGE_WIDTH: Final = 210.0
PAGE_HEIGHT: Final = 297.0


class PlateSize(StrEnum):
    """How large a plate is printed."""

    SMALL = "SMALL"
    MEDIUM = "MEDIUM"
    DOOR = "DOOR"
    LARGE = "LARGE"
    STICKER = "STICKER"
    TWIN = "TWIN"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A4 with labels of one size, centred; ``gap`` lies between two, across and down.

    Without ``marks`` the paper is cut already, as self-adhesive labels are. ``companion`` is the
    width of the part on the right that holds the mini-program's code.
    """

    width: float
    height: float
    columns: int
    rows: int
    gap: tuple[float, float]
    marks: bool = True
    companion: float = 0

    @property
    def labels(self) -> int:
        """How many labels a page holds."""
        return self.columns * self.rows

    def corners(self) -> Iterator[tuple[float, float]]:
        """The top left corner of each label, row by row."""
        across, down = self.width + self.gap[0], self.height + self.gap[1]
        left = (PAGE_WIDTH - self.columns * across + self.gap[0]) / 2
        top = (PAGE_HEIGHT - self.rows * down + self.gap[1]) / 2
        for row in range(self.rows):
            for column in range(self.columns):
                yield left + column * across, top + row * down


SHEETS: Final[Mapping[PlateSize, Sheet]] = MappingProxyType(
    {
        PlateSize.SMALL: Sheet(50, 50, 3, 5, (10, 6)),
        PlateSize.MEDIUM: Sheet(70, 70, 2, 3, (10, 10)),
        PlateSize.DOOR: Sheet(90, 60, 2, 4, (10, 8)),
        PlateSize.LARGE: Sheet(90, 120, 2, 2, (10, 12)),
        # The common paper of eight labels, 99.1 × 67.7 mm.
        PlateSize.STICKER: Sheet(99.1, 67.7, 2, 4, (2.5, 0), marks=False),
        PlateSize.TWIN: Sheet(140, 60, 1, 4, (0, 8), companion=46),
    }
)
