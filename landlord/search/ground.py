"""Points for searching: metres on the spherical Mercator plane.

The plane keeps shapes, so the nearest point on it is the nearest on the ground, and a PostgreSQL
``point`` with a GiST index finds it. Lengths on it are longer than on the ground by one over the
cosine of the latitude; over 10 km that factor changes by less than 0.1 % in the town.
"""

from __future__ import annotations

from math import asinh, atan, cos, degrees, radians, sinh, tan
from typing import Final

from core.datums import from_gcj02

_RADIUS: Final = 6_371_008.8  # metres, the mean radius as in core.datums
_NORTHERNMOST: Final = 85.0  # degrees: the plane has no poles


def on_plane(longitude: float, latitude: float) -> tuple[float, float]:
    """Metres east and north of a point in CGCS2000 degrees."""
    latitude = max(-_NORTHERNMOST, min(_NORTHERNMOST, latitude))
    return _RADIUS * radians(longitude), _RADIUS * asinh(tan(radians(latitude)))


def public_on_plane(longitude: float, latitude: float) -> tuple[float, float]:
    """The same of a point in GCJ-02 degrees, as public maps give it."""
    return on_plane(*from_gcj02(longitude, latitude))


def on_globe(east: float, north: float) -> tuple[float, float]:
    """Longitude and latitude in CGCS2000 degrees of a point of the plane."""
    return degrees(east / _RADIUS), degrees(atan(sinh(north / _RADIUS)))


def stretch(north: float) -> float:
    """Metres of the plane in a metre on the ground, at that height of the plane."""
    return 1 / cos(atan(sinh(north / _RADIUS)))
