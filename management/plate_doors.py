"""Which plates go on a sheet, and which doors have none yet: sets of rows, by SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.database import execute, fetch
from management.models import PlateDoors, PlateSheet


@dataclass(frozen=True, slots=True)
class Doors:
    """A choice of doors. Exactly one of the first three is set."""

    grid_path: str | None = None
    place_ids: tuple[UUID, ...] = ()
    batch: UUID | None = None
    doors: PlateDoors = PlateDoors.BOTH
    only_unprinted: bool = False

    def selection(self) -> dict[str, Any]:
        """For the row of a sheet."""
        return {
            "grid_path": self.grid_path,
            "place_ids": [str(place_id) for place_id in self.place_ids],
            "batch": str(self.batch) if self.batch else None,
        }

    def where(self) -> tuple[str, list[Any]]:
        """The condition on ``place pl`` and ``plate p``, with its two values."""
        if self.grid_path is not None:
            # As management.access.within: "0" follows "/", and the column sorts by bytes.
            upper = self.grid_path[:-1] + "0"
            condition = (
                "pl.grid_path >= $1 AND pl.grid_path < $2 AND pl.lifecycle IN ('PLANNED', 'ACTIVE')"
            )
            return condition, [self.grid_path, upper]
        if self.batch is not None:
            return "p.batch = $1 AND $2::text IS NULL", [self.batch, None]
        condition = "pl.id = ANY($1::uuid[]) AND $2::text IS NULL AND pl.lifecycle <> 'DEMOLISHED'"
        return condition, [list(self.place_ids), None]

    @property
    def kinds(self) -> list[bool]:
        """Whether at rooms: no, yes, or either."""
        return {
            PlateDoors.HOUSES: [False],
            PlateDoors.ROOMS: [True],
            PlateDoors.BOTH: [False, True],
        }[self.doors]


def doors_of(sheet: PlateSheet) -> Doors:
    """What was chosen for a sheet."""
    kept = sheet.selection
    return Doors(
        grid_path=kept["grid_path"],
        place_ids=tuple(UUID(text) for text in kept["place_ids"]),
        batch=UUID(kept["batch"]) if kept["batch"] else None,
        doors=sheet.doors,
        only_unprinted=sheet.only_unprinted,
    )


_PLATES = """
FROM plate p JOIN place pl ON pl.id = p.place_id LEFT JOIN room r ON r.id = p.room_id
WHERE p.state = 'ACTIVE' AND {condition} AND (p.room_id IS NOT NULL) = ANY($3::boolean[])
  AND r.state IS DISTINCT FROM 'OUT_OF_USE'
  AND (NOT $4::boolean OR NOT EXISTS (
    SELECT 1 FROM plate_print done WHERE done.plate_id = p.id AND done.printed_at IS NOT NULL))
"""
_MISSING = """
FROM place pl JOIN LATERAL (
  SELECT NULL::uuid AS room_id UNION ALL
  SELECT r.id FROM room r WHERE r.place_id = pl.id AND r.state <> 'OUT_OF_USE'
) door ON true
WHERE {condition} AND (door.room_id IS NOT NULL) = ANY($3::boolean[])
  AND NOT EXISTS (SELECT 1 FROM plate p WHERE p.place_id = pl.id AND p.state = 'ACTIVE'
                  AND p.room_id IS NOT DISTINCT FROM door.room_id)
"""


async def count_plates(doors: Doors) -> int:
    """How many plates would be printed."""
    condition, values = doors.where()
    (row,) = await fetch(
        f"SELECT count(*) AS n {_PLATES.format(condition=condition)}",
        *values,
        doors.kinds,
        doors.only_unprinted,
    )
    return int(row["n"])


async def count_missing(doors: Doors) -> int:
    """How many doors have no plate. A batch is of plates that exist."""
    if doors.batch is not None:
        return 0
    condition, values = doors.where()
    (row,) = await fetch(
        f"SELECT count(*) AS n {_MISSING.format(condition=condition)}",
        *values,
        doors.kinds,
    )
    return int(row["n"])


async def missing_by_place(doors: Doors) -> dict[UUID, list[UUID | None]]:
    """The doors without a plate, by place; ``None`` is the house's own."""
    if doors.batch is not None:
        return {}
    condition, values = doors.where()
    rows = await fetch(
        f"SELECT pl.id, array_agg(door.room_id) AS doors {_MISSING.format(condition=condition)}"
        " GROUP BY pl.id, pl.code ORDER BY pl.code",
        *values,
        doors.kinds,
    )
    return {row["id"]: row["doors"] for row in rows}


async def choose(sheet: PlateSheet, doors: Doors) -> None:
    """Write down which plates a sheet holds, house by house, storey by storey."""
    condition, values = doors.where()
    await execute(
        "INSERT INTO plate_print (id, sheet_id, plate_id, position)"
        " SELECT gen_random_uuid(), $5, p.id, row_number() OVER (ORDER BY pl.grid_path, pl.code,"
        " r.floor NULLS FIRST, length(r.number) NULLS FIRST, r.number, p.id)"
        f" {_PLATES.format(condition=condition)}",
        *values,
        doors.kinds,
        doors.only_unprinted,
        sheet.id,
    )


async def plates_to_print(sheet_id: UUID, *, after: int, count: int) -> list[dict[str, Any]]:
    """The next plates of a sheet; those that meanwhile speak for nothing are left out."""
    return await fetch(
        "SELECT n.position, p.id, p.token, pl.name, pl.code AS place_code, r.code AS room_code,"
        " r.number AS room_number, town.name_zh AS town, c.name_zh AS community, p.state"
        " FROM plate_print n JOIN plate p ON p.id = n.plate_id JOIN place pl ON pl.id = p.place_id"
        " LEFT JOIN room r ON r.id = p.room_id JOIN grid c ON c.code = pl.community_code"
        " LEFT JOIN grid town ON town.id = c.parent_id"
        " WHERE n.sheet_id = $1 AND n.position > $2 ORDER BY n.position LIMIT $3",
        sheet_id,
        after,
        count,
    )


async def grid_paths_of_places(place_ids: list[UUID]) -> dict[UUID, str]:
    """In which grid each place lies."""
    rows = await fetch("SELECT id, grid_path FROM place WHERE id = ANY($1::uuid[])", place_ids)
    return {row["id"]: row["grid_path"] for row in rows}


async def grid_paths_of_batch(batch: UUID) -> list[str]:
    """In which grids the places of a batch lie."""
    rows = await fetch(
        "SELECT DISTINCT pl.grid_path FROM plate p JOIN place pl ON pl.id = p.place_id"
        " WHERE p.batch = $1 ORDER BY 1",
        batch,
    )
    return [row["grid_path"] for row in rows]
