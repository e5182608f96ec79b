"""A synthetic town in the making: its rows by table, and the territory they lie in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from api.seed.chance import Chance
from api.seed.sizes import Size
from core.clock import SHANGHAI
from management.territory import town_data
from management.territory_map import TerritoryMap

Row = dict[str, Any]

HISTORY: Final = timedelta(days=730)
"""The two years over which a town's rows were written."""

# In the order in which their foreign keys allow them to be filled.
TABLES: Final = (
    "grid", "department", "organisation", "account", "staff_member", "grid_post", "app", "photo",
    "place", "room", "place_claim", "lease_filing", "place_block", "plate", "listing",
    "listing_photo", "reservation", "listing_snapshot", "listing_snapshot_photo", "person",
    "residence", "declaration", "declaration_step", "tenant_duty", "hazard", "hazard_report",
    "hazard_step", "hazard_follower", "task", "task_step",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """A third-level grid in which places lie."""

    id: UUID
    code: str
    path: str
    community_code: str
    community: str
    box: tuple[float, float, float, float]


@dataclass(slots=True)
class Town:
    """What was made so far. ``grid_ids`` and ``department_ids``: of what the database holds;
    ``made_at``: now, unless the town is one of another day."""

    size: Size
    number: int
    base: date
    made_at: datetime | None = None
    grid_ids: Mapping[str, UUID] = field(default_factory=dict)
    department_ids: dict[str, UUID] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})
    sites: list[Site] = field(default_factory=list)
    communities: dict[str, Row] = field(default_factory=dict)
    map: TerritoryMap = field(default_factory=lambda: TerritoryMap([]))
    wardens: dict[str, UUID] = field(default_factory=dict)
    """The lead warden of each third-level grid."""

    @property
    def end(self) -> datetime:
        """When the newest rows were written."""
        return datetime.combine(self.base, time(), SHANGHAI)

    @property
    def moment(self) -> datetime:
        """Now, in this town: what runs by the hour runs from then."""
        return self.made_at or self.end

    @property
    def start(self) -> datetime:
        """When the oldest rows were written."""
        return self.end - HISTORY

    def chance(self, stream: str) -> Chance:
        """The draws for one part of this town."""
        return Chance(self.number, stream)

    def add(self, table: str, **columns: Any) -> Row:
        """Another row; every row of a table has the same columns."""
        self.rows[table].append(columns)
        return columns


def lay_out(town: Town) -> None:
    """The territory: rows for the grids that the database lacks, sites for all."""
    paths: dict[str, str] = {}
    ids: dict[str, UUID] = {}
    grids = town_data()
    for serial, grid in enumerate(grids):
        code, parent = grid["code"], grid["parent_code"]
        paths[code] = f"{paths[parent] if parent else ''}{code}/"
        # The territory is the same in every town, whatever its number.
        ids[code] = town.grid_ids.get(code) or Chance(0, f"grid {code}").uuid7(town.start)
        row = {
            **{
                name: grid[name]
                for name in ("code", "division_code", "level", "name_zh", "name_en")
            },
            "id": ids[code],
            "parent_id": ids[parent] if parent else None,
            "path": paths[code],
            "boundary": grid["boundary"],
            "office_phone": f"0769-55500{serial:03d}" if grid["level"] == "COMMUNITY" else "",
            "next_place_number": 1,
        }
        if grid["level"] == "COMMUNITY":
            town.communities[code] = row
        if code not in town.grid_ids:
            town.rows["grid"].append(row)
    for grid in grids:
        if grid["level"] == "GRID":
            town.sites.append(
                Site(
                    id=ids[grid["code"]],
                    code=grid["code"],
                    path=paths[grid["code"]],
                    community_code=grid["parent_code"],
                    community=town.communities[grid["parent_code"]]["name_zh"],
                    box=_box(grid["boundary"]["coordinates"]),
                )
            )
    town.map = TerritoryMap(
        (grid["code"], grid["boundary"]) for grid in grids if grid["level"] == "GRID"
    )


def point_in(town: Town, site: Site, chance: Chance) -> tuple[float, float]:
    """A point (CGCS2000 degrees, a tenth of a metre) that the map gives to this very grid."""
    west, south, east, north = site.box
    while True:
        point = round(chance.amount(west, east), 6), round(chance.amount(south, north), 6)
        if town.map.contains(site.code, *point):
            return point


def _box(coordinates: Any) -> tuple[float, float, float, float]:
    points = list(_points(coordinates))
    east_west, north_south = [x for x, _ in points], [y for _, y in points]
    return min(east_west), min(north_south), max(east_west), max(north_south)


def _points(coordinates: Any) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates[0], (int, float)):
        yield coordinates[0], coordinates[1]
        return
    for part in coordinates:
        yield from _points(part)
