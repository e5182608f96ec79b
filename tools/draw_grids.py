"""Draw the town's grids: one town, its 24 communities, 97 third-level grids.

The codes and names of the communities are real (``management/data/houjie_communities.csv``).
The outlines are NOT: nobody has published them, so this program makes up shapes of a likely
size in the right place, good for development and demonstrations. A deployment loads the
surveyed outlines of its own town instead.

    python tools/draw_grids.py [--output FILE] [--seed NUMBER]

How: small parcels (Voronoi cells of a shaken lattice) are the only shapes ever made. The town is
a set of parcels, a community a part of the town's parcels, a grid a part of its community's.
Both divisions are relaxed (Lloyd), with more weight in the middle, where communities are
smaller. Since borders are made of whole parcel edges, neighbours share every vertex and the
levels cover each other exactly; the same number always gives the same file.
"""

# mypy: allow-untyped-calls
# (shapely carries no types)

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Sequence
from math import atan2, cos, exp, hypot, pi, radians, sin, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import shapely
from shapely.geometry import MultiPoint, Polygon

DATA = Path(__file__).resolve().parent.parent / "management" / "data"
SEED = 441900122

CENTRE_LON, CENTRE_LAT = 113.67, 22.94
TOWN_KM2 = 125.0
GRIDS = 97
FEWEST, MOST = 2, 6
PARCEL_KM = 0.22
SMOOTHING_KM = 0.16
KM_PER_DEGREE = 111.195
DECIMALS = 6  # of a degree: 0.1 m


class Parcel(NamedTuple):
    """A piece of ground that is never cut: middle (km from the centre), weight, and shape."""

    x: float
    y: float
    weight: float
    km2: float
    shape: Polygon


class Division(NamedTuple):
    """One row of the official list of codes."""

    code: str
    name_zh: str
    name_en: str


def draw(seed: int) -> dict[str, Any]:
    """The whole map as a GeoJSON feature collection."""
    dice = random.Random(seed)  # noqa: S311 - shapes, not secrets
    town, communities = _divisions()
    ground = _town(_parcels(dice), dice)
    areas = _sweep(_relaxed(ground, len(communities), dice))
    counts = _share_out(areas)
    grids = [_north_first(_relaxed(area, n, dice)) for area, n in zip(areas, counts, strict=True)]
    outlines = _outlines([grid for parts in grids for grid in parts])
    features = [_feature("TOWN", town, None, town.code, _union(outlines))]
    following = iter(outlines)
    shapes = [[next(following) for _ in parts] for parts in grids]
    for division, parts in zip(communities, shapes, strict=True):
        features.append(_feature("COMMUNITY", division, town.code, division.code, _union(parts)))
        for number, outline in enumerate(parts, start=1):
            grid = Division(
                f"{division.code}-{number:02d}",
                f"{division.name_zh}第{number}网格",
                f"{division.name_en.removesuffix(' Community')} Grid {number}",
            )
            features.append(_feature("GRID", grid, division.code, None, outline))
    return {
        "type": "FeatureCollection",
        "name": "houjie_grids",
        "synthetic": True,
        "description": "Outlines are synthetic: made by tools/draw_grids.py, not surveyed, "
        "and no statement about any real border. Codes and names of the town and its "
        "communities are the official ones; third-level grids are made up.",
        "description_zh": "边界为程序生成的示意数据，非测绘成果，不代表任何实际界线。",
        "datum": "CGCS2000",
        "seed": seed,
        "features": features,
    }


def _divisions() -> tuple[Division, list[Division]]:
    with (DATA / "houjie_communities.csv").open(encoding="utf-8", newline="") as file:
        rows = [Division(r["code"], r["name_zh"], r["name_en"]) for r in csv.DictReader(file)]
    return rows[0], rows[1:]


def _parcels(dice: random.Random) -> list[Parcel]:
    """Voronoi cells of a shaken triangular lattice, wider than the town."""
    reach = round(1.1 * sqrt(TOWN_KM2) / PARCEL_KM)
    points = [
        (
            (column + row % 2 / 2 + dice.uniform(-0.42, 0.42)) * PARCEL_KM,
            (row + dice.uniform(-0.42, 0.42)) * PARCEL_KM * sqrt(3) / 2,
        )
        for row in range(-reach, reach)
        for column in range(-reach, reach)
    ]
    cells = shapely.voronoi_polygons(MultiPoint(points), ordered=True).geoms
    parcels = []
    for cell in cells:
        middle = cell.centroid
        weight = cell.area * (1 + 5 * exp(-((hypot(middle.x, middle.y) / 3.2) ** 2)))
        parcels.append(Parcel(middle.x, middle.y, weight, cell.area, _to_degrees(cell)))
    return parcels


def _to_degrees(cell: Polygon) -> Polygon:
    """Kilometres from the centre to rounded degrees; a point becomes the same in every cell."""
    east = KM_PER_DEGREE * cos(radians(CENTRE_LAT))
    ring = [
        (round(CENTRE_LON + x / east, DECIMALS), round(CENTRE_LAT + y / KM_PER_DEGREE, DECIMALS))
        for x, y in cell.exterior.coords
    ]
    tidy: Polygon = shapely.remove_repeated_points(Polygon(ring))
    return tidy


def _town(parcels: Sequence[Parcel], dice: random.Random) -> list[Parcel]:
    """The parcels inside a rounded, uneven outline, as many as make up the town's area."""
    lobes = [
        (k, dice.uniform(0.3, 1.0) * 0.2 / sqrt(k), dice.uniform(0, 2 * pi)) for k in range(2, 9)
    ]

    def remoteness(parcel: Parcel) -> float:
        angle = atan2(parcel.y, parcel.x)
        reach = 1 + sum(size * sin(k * angle + turn) for k, size, turn in lobes)
        return hypot(parcel.x, parcel.y) / reach

    town, area = [], 0.0
    for parcel in sorted(parcels, key=remoteness):
        if area >= TOWN_KM2:
            break
        town.append(parcel)
        area += parcel.km2
    return town


def _relaxed(ground: Sequence[Parcel], parts: int, dice: random.Random) -> list[list[Parcel]]:
    """Divide parcels among ``parts`` sites, each moved to the middle of what it got (Lloyd)."""
    sites = [(parcel.x, parcel.y) for parcel in dice.sample(ground, parts)]
    for _ in range(12):
        shares = _nearest(ground, sites)
        sites = [_middle(share) for share in shares]
    return _nearest(ground, sites)


def _nearest(ground: Sequence[Parcel], sites: Sequence[tuple[float, float]]) -> list[list[Parcel]]:
    shares: list[list[Parcel]] = [[] for _ in sites]
    for parcel in ground:
        distances = [hypot(parcel.x - x, parcel.y - y) for x, y in sites]
        shares[distances.index(min(distances))].append(parcel)
    return shares


def _middle(parcels: Sequence[Parcel]) -> tuple[float, float]:
    weight = sum(p.weight for p in parcels)
    return (
        sum(p.x * p.weight for p in parcels) / weight,
        sum(p.y * p.weight for p in parcels) / weight,
    )


def _sweep(areas: list[list[Parcel]]) -> list[list[Parcel]]:
    """In bands from north to south, to and fro, so that neighbours in number lie side by side."""
    band = round(sqrt(len(areas)))
    rows = sorted(areas, key=lambda area: -_middle(area)[1])
    swept = []
    for start in range(0, len(rows), band):
        row = sorted(rows[start : start + band], key=lambda area: _middle(area)[0])
        swept += row if start // band % 2 == 0 else row[::-1]
    return swept


def _north_first(parts: list[list[Parcel]]) -> list[list[Parcel]]:
    return sorted(parts, key=lambda part: -_middle(part)[1])


def _share_out(areas: Sequence[Sequence[Parcel]]) -> list[int]:
    """How many grids each community gets: by weight, within limits, ``GRIDS`` in all."""
    weights = [sum(p.weight for p in area) for area in areas]
    counts = [FEWEST] * len(areas)
    for _ in range(GRIDS - sum(counts)):
        # The next grid goes where one grid has most to look after (d'Hondt's rule).
        open_to_more = [i for i, n in enumerate(counts) if n < MOST]
        counts[max(open_to_more, key=lambda i: weights[i] / (counts[i] + 1))] += 1
    return counts


def _outlines(grids: Sequence[Sequence[Parcel]]) -> list[Polygon]:
    """The grids' shapes with their shared borders smoothed together, checked."""
    rough = [_union([parcel.shape for parcel in grid]) for grid in grids]
    smooth = list(shapely.coverage_simplify(rough, SMOOTHING_KM / KM_PER_DEGREE))
    whole = all(s.geom_type == "Polygon" and s.is_valid and not s.interiors for s in smooth)
    if not (whole and shapely.coverage_is_valid(smooth)):
        raise SystemExit("this seed gives torn or overlapping grids; choose another")
    return smooth


def _union(shapes: Sequence[Polygon]) -> Polygon:
    """One polygon out of neighbours with matching edges, all its vertices kept."""
    merged: Polygon = shapely.coverage_union_all(shapes)
    if merged.geom_type != "Polygon":
        raise SystemExit("this seed tears an area in two; choose another")
    return merged


def _feature(
    level: str,
    division: Division,
    parent: str | None,
    division_code: str | None,
    outline: Polygon,
) -> dict[str, Any]:
    # RFC 7946 wants the outer ring counter-clockwise; normalising fixes where it starts.
    ring = shapely.orient_polygons(shapely.normalize(outline)).exterior
    return {
        "type": "Feature",
        "properties": {
            "level": level,
            "code": division.code,
            "parent_code": parent,
            "name_zh": division.name_zh,
            "name_en": division.name_en,
            "division_code": division_code,
        },
        "geometry": {"type": "Polygon", "coordinates": [[list(point) for point in ring.coords]]},
    }


def _text(collection: dict[str, Any]) -> str:
    """JSON with one feature a line, so that a change shows where it is."""
    features = [
        json.dumps(feature, ensure_ascii=False, separators=(",", ":"))
        for feature in collection["features"]
    ]
    head = json.dumps(collection | {"features": []}, ensure_ascii=False, indent=1)
    return head.removesuffix("[]\n}") + "[\n" + ",\n".join(features) + "\n]\n}\n"


def main() -> None:
    """Write the map."""
    parser = argparse.ArgumentParser(description="Draw the town's grids (synthetic outlines).")
    parser.add_argument("--output", type=Path, default=DATA / "houjie_grids.geojson")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    options.output.write_text(_text(draw(options.seed)), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
