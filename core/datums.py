"""Points on the ground: their datum, conversion between datums, and distance.

Coordinates are stored in CGCS2000, which agrees with WGS-84 to well under a metre. Maps in
China (Tencent, WeChat, Amap) speak GCJ-02, the same grid bent by up to some 700 m; its formula
was never published officially. The one used here is the commonly known reconstruction, which
agrees with the map services to a metre or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import asin, cos, hypot, isfinite, pi, radians, sin, sqrt
from typing import Self

from core.errors import InvalidInput

# GCJ-02 computes its offsets on the Krasovsky 1940 ellipsoid.
_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_ORIGIN_LON, _ORIGIN_LAT = 105.0, 35.0

# The offset applies inside this rectangle only (degrees: west, south, east, north).
_WEST, _SOUTH, _EAST, _NORTH = 72.004, 0.8292, 137.8347, 55.8272

# The mean radius of the Earth, (2a + b) / 3 of GRS 80, in metres.
_EARTH_RADIUS_M = 6_371_008.8

# A tenth of a millimetre on the ground; each round of the inverse gains at least two digits.
_INVERSE_STEP_DEG = 1e-9
_INVERSE_ROUNDS = 12


class Datum(StrEnum):
    """What a pair of longitude and latitude is measured against."""

    CGCS2000 = "CGCS2000"
    GCJ02 = "GCJ02"


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the ground: degrees east, degrees north, and their datum.

    Raises :class:`~core.errors.InvalidInput` (reason ``COORDINATE``) for values that are not
    finite or not on the globe.
    """

    lon: float
    lat: float
    datum: Datum = Datum.CGCS2000

    def __post_init__(self) -> None:
        for field, value, limit in (("lon", self.lon, 180.0), ("lat", self.lat, 90.0)):
            if not (isfinite(value) and -limit <= value <= limit):
                raise InvalidInput(
                    field=field,
                    reason="COORDINATE",
                    params={"limit": limit},
                    zh="坐标不在有效范围内",
                    en="The coordinate is out of range",
                )

    def to(self, datum: Datum) -> Self:
        """The same place in another datum."""
        if datum is self.datum:
            return self
        convert = to_gcj02 if datum is Datum.GCJ02 else from_gcj02
        return type(self)(*convert(self.lon, self.lat), datum)

    def distance_m(self, other: Point) -> float:
        """Metres along the surface to ``other``, whatever its datum."""
        there = other.to(self.datum)
        return distance_m(self.lon, self.lat, there.lon, there.lat)


def to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """CGCS2000 degrees to GCJ-02 degrees, ``(lon, lat)``; unchanged outside China."""
    if not _in_china(lon, lat):
        return lon, lat
    east, north = _offset(lon, lat)
    return lon + east, lat + north


def from_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """GCJ-02 degrees to CGCS2000 degrees, ``(lon, lat)``; unchanged outside China.

    There is no closed inverse. The offset hardly changes over its own length, so that looking it
    up where the last guess lies converges in a few rounds, to better than 1e-7 degrees.
    """
    if not _in_china(lon, lat):
        return lon, lat
    guess_lon, guess_lat = lon, lat
    for _ in range(_INVERSE_ROUNDS):
        east, north = _offset(guess_lon, guess_lat)
        step_lon, step_lat = lon - east - guess_lon, lat - north - guess_lat
        guess_lon, guess_lat = guess_lon + step_lon, guess_lat + step_lat
        if hypot(step_lon, step_lat) < _INVERSE_STEP_DEG:
            break
    return guess_lon, guess_lat


def distance_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Metres between two points of one datum along a great circle (haversine).

    The Earth counts as a sphere: the answer is right to 0.5 %.
    """
    phi_a, phi_b = radians(lat_a), radians(lat_b)
    half_lat, half_lon = (phi_b - phi_a) / 2, radians(lon_b - lon_a) / 2
    chord = sin(half_lat) ** 2 + cos(phi_a) * cos(phi_b) * sin(half_lon) ** 2
    return 2 * _EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))


def _in_china(lon: float, lat: float) -> bool:
    return _WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH


def _offset(lon: float, lat: float) -> tuple[float, float]:
    """What GCJ-02 adds at a CGCS2000 point, in degrees ``(east, north)``."""
    east_m, north_m = _offset_m(lon - _ORIGIN_LON, lat - _ORIGIN_LAT)
    phi = radians(lat)
    flattening = 1 - _ECCENTRICITY_SQUARED * sin(phi) ** 2
    meridian_m = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / flattening**1.5
    parallel_m = _SEMI_MAJOR_M / sqrt(flattening) * cos(phi)
    return east_m / parallel_m * 180 / pi, north_m / meridian_m * 180 / pi


def _offset_m(x: float, y: float) -> tuple[float, float]:
    """The offset in metres ``(east, north)``, ``x`` and ``y`` degrees from the origin.

    A quadratic surface with waves of fixed lengths on top.
    """
    ripple = _waves(x, (20.0, 1 / 6), (20.0, 1 / 2))
    root = sqrt(abs(x))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += ripple + _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += ripple + _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
    return east, north


def _waves(degrees: float, *waves: tuple[float, float]) -> float:
    """Two thirds of the sum of sines, each an amplitude in metres and a half-length in degrees."""
    return 2 / 3 * sum(height * sin(degrees * pi / length) for height, length in waves)
