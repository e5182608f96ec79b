"""Datum conversion against published pairs, its inverse, and distances."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datums import Datum, Point, distance_m, from_gcj02, to_gcj02
from core.errors import InvalidInput

town_lon = st.floats(113.58, 113.76)
town_lat = st.floats(22.85, 23.03)

# place, CGCS2000/WGS-84 lon and lat, GCJ-02 lon and lat, digits published
PAIRS = [
    ("Shenzhen", 113.912316, 22.543847, 113.9171764808363, 22.540796131694766, 9),
    ("Shanghai", 121.5272106, 31.1774276, 121.531541859215, 31.17530398364597, 9),
    ("Beijing", 116.377817, 39.911954, 116.38404722455657, 39.91334545536069, 9),
    ("Huizhou", 114.4112262, 23.1143413, 114.4162039, 23.1118514, 5),
    ("Shaoguan", 113.5923264, 24.8134637, 113.5975239, 24.8104083, 5),
]


@pytest.mark.parametrize(("place", "lon", "lat", "gcj_lon", "gcj_lat", "digits"), PAIRS)
def test_published_pairs_convert_both_ways(
    place: str, lon: float, lat: float, gcj_lon: float, gcj_lat: float, digits: int
) -> None:
    """Known pairs come out as published.

    Shenzhen (50 km from Houjie), Shanghai and Beijing stand in the test table of the project
    github.com/googollee/eviltransform (``python/test.py``, the same in its Go and PHP tests),
    computed values. Huizhou (next door to Dongguan) and Shaoguan are from
    github.com/hujiulong/gcoord (``test/fixtures/china-cities.json``), a list of Chinese cities
    in several datums, which agrees with the formula to half a metre.
    """
    near = 10.0**-digits
    assert to_gcj02(lon, lat) == pytest.approx((gcj_lon, gcj_lat), abs=near), place
    assert from_gcj02(gcj_lon, gcj_lat) == pytest.approx((lon, lat), abs=max(near, 1e-7)), place


def test_points_outside_china_pass_unchanged() -> None:
    for lon, lat in [(2.3522, 48.8566), (-122.4, 37.8), (139.7, 35.7), (116.0, -35.0)]:
        assert to_gcj02(lon, lat) == (lon, lat)
        assert from_gcj02(lon, lat) == (lon, lat)


@given(town_lon, town_lat)
def test_there_and_back_in_town_is_exact_to_a_centimetre(lon: float, lat: float) -> None:
    assert from_gcj02(*to_gcj02(lon, lat)) == pytest.approx((lon, lat), abs=1e-7, rel=0)


@given(st.floats(73, 135), st.floats(4, 53))
def test_there_and_back_anywhere_in_china(lon: float, lat: float) -> None:
    assert from_gcj02(*to_gcj02(lon, lat)) == pytest.approx((lon, lat), abs=1e-7, rel=0)


@given(town_lon, town_lat)
def test_the_offset_in_town_is_hundreds_of_metres(lon: float, lat: float) -> None:
    gcj_lon, gcj_lat = to_gcj02(lon, lat)
    assert 300 < distance_m(lon, lat, gcj_lon, gcj_lat) < 800


def test_a_degree_along_a_meridian_is_sixty_nautical_miles() -> None:
    assert distance_m(113.67, 22.0, 113.67, 23.0) == pytest.approx(111_195, abs=1)


def test_distance_crosses_the_date_line_and_reaches_the_antipode() -> None:
    assert distance_m(179.5, 0, -179.5, 0) == pytest.approx(111_195, abs=1)
    assert distance_m(0, 0, 180, 0) == pytest.approx(20_015_115, abs=1)


@given(town_lon, town_lat, town_lon, town_lat)
def test_distance_is_symmetric_and_zero_only_at_home(
    lon_a: float, lat_a: float, lon_b: float, lat_b: float
) -> None:
    there = distance_m(lon_a, lat_a, lon_b, lat_b)
    assert there == pytest.approx(distance_m(lon_b, lat_b, lon_a, lat_a), abs=1e-6)
    assert distance_m(lon_a, lat_a, lon_a, lat_a) == 0


def test_a_point_converts_itself_and_measures_across_datums() -> None:
    home = Point(113.67, 22.94)
    shown = home.to(Datum.GCJ02)
    assert shown.datum is Datum.GCJ02
    assert (shown.lon, shown.lat) == to_gcj02(113.67, 22.94)
    assert home.distance_m(shown) < 0.02
    assert home.to(Datum.CGCS2000) is home


@pytest.mark.parametrize(
    ("lon", "lat", "field"),
    [(nan, 22.9, "lon"), (inf, 22.9, "lon"), (180.1, 22.9, "lon"), (113.7, -90.5, "lat")],
)
def test_a_point_off_the_globe_is_refused(lon: float, lat: float, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Point(lon, lat)
    assert refusal.value.field == field
    assert refusal.value.reason == "COORDINATE"
