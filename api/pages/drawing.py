"""A map without tiles: the town's communities as outlines, one of them marked, with a point."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from markupsafe import Markup

from management.models import GridLevel
from management.territory import Territory, boundaries, territory

# The longer side, in units of the drawing: one is about 10 m in a town of 10 km.
_UNITS: Final = 1000
_EDGE: Final = 12

Ring = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Frame:
    """From degrees to the units of a drawing: north is up, and no way is stretched."""

    west: float
    north: float
    across: float
    down: float
    width: int
    height: int

    @classmethod
    def around(cls, rings: list[Ring]) -> Frame | None:
        """The frame that holds all of it; ``None`` when there is nothing to hold."""
        longitudes = [x for ring in rings for x, _ in ring]
        latitudes = [y for ring in rings for _, y in ring]
        if not longitudes:
            return None
        west, east = min(longitudes), max(longitudes)
        south, north = min(latitudes), max(latitudes)
        shrink = math.cos(math.radians((south + north) / 2))
        longest = max((east - west) * shrink, north - south)
        if longest <= 0:
            return None
        down = (_UNITS - 2 * _EDGE) / longest
        across = down * shrink
        width = round((east - west) * across) + 2 * _EDGE
        return cls(west, north, across, down, width, round((north - south) * down) + 2 * _EDGE)

    def place(self, longitude: float, latitude: float) -> tuple[int, int]:
        """Where a point is in the drawing."""
        return (
            _EDGE + round((longitude - self.west) * self.across),
            _EDGE + round((self.north - latitude) * self.down),
        )


@dataclass(frozen=True, slots=True)
class TownMap:
    """Outlines of communities, as data of SVG paths."""

    frame: Frame
    paths: Mapping[str, str]

    def point(self, row: Mapping[str, Any]) -> tuple[int, int] | None:
        """Where a place is in the drawing; ``None`` outside it, or when nobody knows."""
        if row["longitude"] is None or row["latitude"] is None:
            return None
        x, y = self.frame.place(row["longitude"], row["latitude"])
        inside = 0 <= x <= self.frame.width and 0 <= y <= self.frame.height
        return (x, y) if inside else None

    def others(self, code: str) -> Markup:
        """All communities except one."""
        return Markup("".join(path for of, path in self.paths.items() if of != code))  # noqa: S704

    def one(self, code: str) -> Markup:
        """One community."""
        return Markup(self.paths.get(code, ""))  # noqa: S704 - digits and letters of our own


_drawn: tuple[Territory, TownMap | None] | None = None


async def town_map() -> TownMap | None:
    """The map, drawn anew when the territory changed; ``None`` for a town without outlines."""
    global _drawn
    known = await territory()
    if _drawn is None or _drawn[0] is not known:
        communities = [
            code for code, grid in known.by_code.items() if grid["level"] == GridLevel.COMMUNITY
        ]
        read = await boundaries(communities)
        _drawn = (known, draw({code: orjson.loads(text) for code, text in read.items()}))
    return _drawn[1]


def draw(outlines: Mapping[str, Mapping[str, Any]]) -> TownMap | None:
    """A drawing of GeoJSON areas by code; ``None`` when there is nothing to draw."""
    rings = {code: list(_rings(outline)) for code, outline in sorted(outlines.items())}
    frame = Frame.around([ring for of in rings.values() for ring in of])
    if frame is None:
        return None
    paths = {code: "".join(_path(frame, ring) for ring in of) for code, of in rings.items()}
    return TownMap(frame, paths)


def _rings(outline: Mapping[str, Any]) -> Iterator[Ring]:
    """The outer rings of an area."""
    shapes = outline["coordinates"]
    for polygon in [shapes] if outline["type"] == "Polygon" else shapes:
        yield [(x, y) for x, y, *_ in polygon[0]]


def _path(frame: Frame, ring: Ring) -> str:
    """A closed ring as steps from point to point, which are shorter than coordinates."""
    (x, y), *others = [frame.place(*point) for point in ring]
    text, steps = f"M{x} {y}", []
    for next_x, next_y in others[:-1]:
        if (next_x, next_y) != (x, y):
            steps.append(f"{next_x - x} {next_y - y}")
        x, y = next_x, next_y
    return f"{text}l{' '.join(steps)}z"
