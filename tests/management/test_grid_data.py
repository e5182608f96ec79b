"""The committed map: levels, codes, and shapes that fit together."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "management" / "data"
MAP = DATA / "houjie_grids.geojson"
COLLECTION: dict[str, Any] = json.loads(MAP.read_text(encoding="utf-8"))

ROWS: list[dict[str, Any]] = [
    feature["properties"] | {"area": shape(feature["geometry"])}
    for feature in COLLECTION["features"]
]
BY_CODE = {row["code"]: row for row in ROWS}
TOWN, *COMMUNITIES = [row for row in ROWS if row["level"] != "GRID"]
GRIDS = [row for row in ROWS if row["level"] == "GRID"]


def children(code: str) -> list[dict[str, Any]]:
    return [row for row in ROWS if row["parent_code"] == code]


def test_one_town_24_communities_97_grids() -> None:
    assert Counter(row["level"] for row in ROWS) == {"TOWN": 1, "COMMUNITY": 24, "GRID": 97}
    assert len(BY_CODE) == len(ROWS)
    assert all(2 <= len(children(community["code"])) <= 6 for community in COMMUNITIES)


def test_town_and_communities_are_those_of_the_official_list() -> None:
    with (DATA / "houjie_communities.csv").open(encoding="utf-8", newline="") as file:
        official = {row["code"]: row for row in csv.DictReader(file)}
    assert {row["division_code"] for row in (TOWN, *COMMUNITIES)} == set(official)
    for row in (TOWN, *COMMUNITIES):
        assert row["code"] == row["division_code"]
        assert row["name_zh"] == official[row["code"]]["name_zh"]
        assert row["name_en"] == official[row["code"]]["name_en"]
    assert {row["parent_code"] for row in COMMUNITIES} == {TOWN["code"]}


def test_grids_carry_codes_and_names_of_their_own() -> None:
    for community in COMMUNITIES:
        for number, grid in enumerate(children(community["code"]), start=1):
            assert grid["code"] == f"{community['code']}-{number:02d}"
            assert grid["name_zh"] == f"{community['name_zh']}第{number}网格"
            assert grid["name_en"] == community["name_en"].replace("Community", f"Grid {number}")
            assert grid["division_code"] is None


def test_every_outline_is_a_valid_polygon_of_six_decimals_turning_left() -> None:
    for feature in COLLECTION["features"]:
        polygon = shape(feature["geometry"])
        assert polygon.geom_type == "Polygon"
        assert polygon.is_valid
        assert polygon.exterior.is_ccw
        [ring] = feature["geometry"]["coordinates"]
        assert all(value == round(value, 6) for point in ring for value in point)


@pytest.mark.parametrize("rows", [GRIDS, COMMUNITIES], ids=["grids", "communities"])
def test_neighbours_share_their_vertices_and_never_overlap(rows: list[dict[str, Any]]) -> None:
    areas = [row["area"] for row in rows]
    assert shapely.coverage_is_valid(areas)
    assert sum(area.area for area in areas) == pytest.approx(TOWN["area"].area, rel=1e-9)


@pytest.mark.parametrize("parent", [TOWN, *COMMUNITIES], ids=lambda row: row["code"])
def test_each_level_covers_exactly_the_one_above(parent: dict[str, Any]) -> None:
    union = shapely.coverage_union_all([row["area"] for row in children(parent["code"])])
    assert union.normalize().equals_exact(parent["area"].normalize(), tolerance=0)


def test_the_town_has_its_size_and_place() -> None:
    km2 = TOWN["area"].area * 111.195**2 * 0.9209  # cosine of 22.94 degrees
    assert km2 == pytest.approx(125, rel=0.02)
    assert TOWN["area"].contains(shapely.Point(113.67, 22.94))


def test_the_file_says_that_outlines_are_synthetic() -> None:
    assert COLLECTION["synthetic"] is True
    assert COLLECTION["datum"] == "CGCS2000"
    assert "synthetic" in COLLECTION["description"]


def test_drawing_again_gives_the_committed_file_byte_for_byte(tmp_path: Path) -> None:
    again = tmp_path / "grids.geojson"
    subprocess.run(
        [sys.executable, ROOT / "tools" / "draw_grids.py", "--output", again], check=True
    )
    assert again.read_bytes() == MAP.read_bytes()


def test_another_seed_gives_another_town(tmp_path: Path) -> None:
    other = tmp_path / "grids.geojson"
    subprocess.run(
        [sys.executable, ROOT / "tools" / "draw_grids.py", "--seed", "1", "--output", other],
        check=True,
    )
    drawn = json.loads(other.read_text(encoding="utf-8"))
    assert drawn["features"][0]["geometry"] != COLLECTION["features"][0]["geometry"]
    assert Counter(f["properties"]["level"] for f in drawn["features"])["GRID"] == 97
