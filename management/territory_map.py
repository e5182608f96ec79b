"""Which grid a point lies in: the town's polygons in an index held in memory.

The only module that knows the geometry library.
"""

# mypy: allow-untyped-calls
# (shapely carries no types)

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from operator import itemgetter
from typing import Any

import shapely
from shapely.geometry import Point, shape


class TerritoryMap:
    """Finds the grid of a point among polygons of one level; immutable, safe to share.

    ``rows`` are pairs of grid code and GeoJSON geometry (Polygon or MultiPolygon) in CGCS2000
    degrees. The polygons may touch and must not overlap. A point on a shared border belongs to
    the grid with the smallest code, so that each point has one grid at most and always the same.

    Raises ``ValueError`` when a code comes twice or an outline is no valid, non-empty area.
    """

    def __init__(self, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        # By code, so that the order of an index is the order of preference.
        pairs = sorted(((code, shape(outline)) for code, outline in rows), key=itemgetter(0))
        self._codes: list[str] = [code for code, _ in pairs]
        self._polygons = [polygon for _, polygon in pairs]
        for code, following in pairwise(self._codes):
            if code == following:
                raise ValueError(f"grid {code} comes twice")
        for code, polygon in pairs:
            polygonal = polygon.geom_type in ("Polygon", "MultiPolygon")
            if not polygonal or polygon.is_empty or not polygon.is_valid:
                raise ValueError(f"grid {code}: its boundary is not a valid area")
        shapely.prepare(self._polygons)
        self._tree = shapely.STRtree(self._polygons)

    def __len__(self) -> int:
        return len(self._codes)

    def locate(self, lon: float, lat: float) -> str | None:
        """The code of the grid a CGCS2000 point lies in; ``None`` outside the town."""
        near: list[int] = self._tree.query(Point(lon, lat)).tolist()
        for index in sorted(near):
            if shapely.intersects_xy(self._polygons[index], lon, lat):
                return self._codes[index]
        return None

    def inside(self, codes: Collection[str]) -> tuple[float, float] | None:
        """A point well inside of these grids together; ``None`` when there is none of them."""
        known = [polygon for code, polygon in zip(self._codes, self._polygons, strict=True)
                 if code in codes]  # fmt: skip
        if not known:
            return None
        point = shapely.union_all(known).representative_point()
        return point.x, point.y

    def contains(self, code: str, lon: float, lat: float) -> bool:
        """Whether that very grid is the one :meth:`locate` gives for the point."""
        return self.locate(lon, lat) == code
