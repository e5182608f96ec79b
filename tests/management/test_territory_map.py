"""A point finds its grid: one, and always the same."""

from __future__ import annotations

import json
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from management.territory_map import TerritoryMap

MAP = Path(__file__).resolve().parents[2] / "management" / "data" / "houjie_grids.geojson"
FEATURES = json.loads(MAP.read_text(encoding="utf-8"))["features"]
ROWS: list[tuple[str, dict[str, Any]]] = [
    (feature["properties"]["code"], feature["geometry"])
    for feature in FEATURES
    if feature["properties"]["level"] == "GRID"
]
TOWN = shape(FEATURES[0]["geometry"])
AREAS = {code: shape(geometry) for code, geometry in ROWS}
TERRITORY = TerritoryMap(ROWS)

SQUARES = [
    ("B", {"type": "Polygon", "coordinates": [[[1, 0], [2, 0], [2, 1], [1, 1], [1, 0]]]}),
    ("A", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}),
]


def test_every_grid_finds_itself() -> None:
    assert len(TERRITORY) == 97
    for code, area in AREAS.items():
        inside = area.representative_point()
        assert TERRITORY.locate(inside.x, inside.y) == code
        assert TERRITORY.contains(code, inside.x, inside.y)


@given(st.floats(113.58, 113.76), st.floats(22.85, 23.03))
def test_a_point_has_a_grid_exactly_when_it_is_in_town(lon: float, lat: float) -> None:
    point = shapely.Point(lon, lat)
    found = TERRITORY.locate(lon, lat)
    holders = [code for code, area in AREAS.items() if area.intersects(point)]
    assert found == (min(holders) if holders else None)
    if TOWN.contains(point) and TOWN.boundary.distance(point) > 1e-9:
        assert found is not None


def test_a_border_point_belongs_to_exactly_one_grid() -> None:
    corners = {tuple(point) for _, geometry in ROWS for point in geometry["coordinates"][0]}
    for lon, lat in corners:
        found = TERRITORY.locate(lon, lat)
        assert found == min(c for c, area in AREAS.items() if shapely.intersects_xy(area, lon, lat))
        assert [code for code in AREAS if TERRITORY.contains(code, lon, lat)] == [found]


def test_the_order_of_rows_does_not_matter() -> None:
    for rows in (SQUARES, SQUARES[::-1]):
        assert TerritoryMap(rows).locate(1, 0.5) == "A"
        assert TerritoryMap(rows).locate(1.01, 0.5) == "B"


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (22.94, 113.67), (nan, 22.9), (inf, inf)])
def test_a_point_off_the_map_has_no_grid(lon: float, lat: float) -> None:
    assert TERRITORY.locate(lon, lat) is None
    assert not TERRITORY.contains(ROWS[0][0], lon, lat)


def test_an_unknown_grid_contains_nothing() -> None:
    assert not TERRITORY.contains("unknown", 113.67, 22.94)


def test_an_empty_map_locates_nothing() -> None:
    assert TerritoryMap([]).locate(113.67, 22.94) is None


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [113.67, 22.94]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
    ],
    ids=["point", "empty", "bow-tie"],
)
def test_a_boundary_that_is_no_area_is_refused(geometry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="G1"):
        TerritoryMap([("G1", geometry)])


def test_a_code_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="A comes twice"):
        TerritoryMap([*SQUARES, SQUARES[1]])
