"""The town's grids: where a point lies, which grids there are, and bringing them in."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from time import monotonic
from typing import TYPE_CHECKING, Any

import orjson

from core.database import execute, fetch
from core.errors import InvalidInput, NotFound
from core.ids import uuid7
from core.keyset import Order, Page, Slice, take
from core.text import phone_number
from core.work import after_commit, work
from identity.actor import Actor, Permission
from management.access import access_grid
from management.models import Grid, GridLevel

if TYPE_CHECKING:
    from management.territory_map import TerritoryMap

# Names and shapes of grids change a few times a year; processes see a change within a minute.
_KEPT_SECONDS = 60.0

PUBLIC_COLUMNS = (
    "id", "code", "division_code", "level", "name_zh", "name_en", "path", "office_phone",
)  # fmt: skip


class Territory:
    """All grids of the deployment, in memory: by code, and as a map once a point is located."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self.by_code: Mapping[str, Mapping[str, Any]] = {row["code"]: row for row in rows}
        self._map: TerritoryMap | None = None

    async def locate(self, longitude: float, latitude: float) -> Mapping[str, Any] | None:
        """The third-level grid in which a point (CGCS2000 degrees) lies."""
        code = (await self._drawn()).locate(longitude, latitude)
        return self.by_code[code] if code else None

    async def inside(self, code: str) -> tuple[float, float] | None:
        """A point (CGCS2000 degrees) in a grid of any level, for who knows no better one."""
        path = self.by_code[code]["path"]
        within = {
            each["code"]
            for each in self.by_code.values()
            if each["level"] == GridLevel.GRID and each["path"].startswith(path)
        }
        return (await self._drawn()).inside(within)

    async def _drawn(self) -> TerritoryMap:
        if self._map is None:
            # numpy and shapely take 0.2 s and 40 MB: only processes that locate points pay.
            from management.territory_map import TerritoryMap

            rows = await fetch("SELECT code, boundary FROM grid WHERE level = 'GRID'")
            self._map = TerritoryMap((row["code"], orjson.loads(row["boundary"])) for row in rows)
        return self._map


_loaded: tuple[float, Territory] | None = None


async def territory() -> Territory:
    """The grids, loaded at most once a minute."""
    global _loaded
    if _loaded is None or monotonic() - _loaded[0] > _KEPT_SECONDS:
        rows = await fetch(
            "SELECT id, code, division_code, level, name_zh, name_en, parent_id, path,"
            " office_phone FROM grid ORDER BY path"
        )
        _loaded = (monotonic(), Territory(rows))
    return _loaded[1]


def forget_territory() -> None:
    """Load the grids anew next time, once the running unit of work is committed."""
    after_commit(_forget)


def _forget() -> None:
    global _loaded
    _loaded = None


async def grid_by_code(code: str, *, field: str = "input.gridCode") -> Mapping[str, Any]:
    """A grid by its code.

    Raises:
        InvalidInput: there is none.
    """
    grid = (await territory()).by_code.get(code)
    if grid is None:
        raise InvalidInput(
            field=field, reason="UNKNOWN_GRID", zh="没有这个网格", en="There is no such grid"
        )
    return grid


async def grid_of_point(longitude: float, latitude: float) -> Mapping[str, Any] | None:
    """The third-level grid in which a point (CGCS2000 degrees) lies."""
    return await (await territory()).locate(longitude, latitude)


async def list_grids(*, level: GridLevel | None, parent_code: str | None, page: Page) -> Slice:
    """Grids in the order of their paths. Public: names and shapes are no secret."""
    query = Grid.all()
    if level is not None:
        query = query.filter(level=level)
    if parent_code is not None:
        known = (await territory()).by_code.get(parent_code)
        if known is None:
            raise NotFound(field="parentCode")
        query = query.filter(parent_id=known["id"])
    return await take(query, Order("path", "path"), page, PUBLIC_COLUMNS)


@cache
def town_data() -> list[dict[str, Any]]:
    """The grids of Houjie that come with the project, the town first.

    Codes and names of the town and its communities are the public statistical codes of 2023;
    outlines and third-level grids are synthetic (see ``docs/data.md``).
    """
    folder = resources.files("management") / "data"
    with (folder / "houjie_communities.csv").open(encoding="utf-8") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    collection = orjson.loads((folder / "houjie_grids.geojson").read_bytes())
    features = collection["features"]
    unknown = {
        feature["properties"]["division_code"]
        for feature in features
        if feature["properties"]["division_code"]
    } - codes
    if unknown:
        raise ValueError(f"grids with division codes that the statistics don't know: {unknown}")
    order = {"TOWN": 0, "COMMUNITY": 1, "GRID": 2}
    return sorted(
        ({**feature["properties"], "boundary": feature["geometry"]} for feature in features),
        key=lambda grid: (order[grid["level"]], grid["code"]),
    )


async def bring_in_grids(grids: list[dict[str, Any]]) -> int:
    """Add grids that are not there yet and refresh names and shapes of the others.

    A grid keeps its code, level and place in the tree for ever. Answers how many were new.
    """
    known = {row["code"]: row for row in await fetch("SELECT code, id, path FROM grid")}
    new = 0
    for grid in grids:
        boundary = orjson.dumps(grid["boundary"]).decode()
        if grid["code"] in known:
            await execute(
                "UPDATE grid SET name_zh = $2, name_en = $3, boundary = $4::text::jsonb"
                " WHERE code = $1",
                grid["code"],
                grid["name_zh"],
                grid["name_en"],
                boundary,
            )
            continue
        parent = known.get(grid["parent_code"])
        row = await Grid.create(
            id=uuid7(),
            code=grid["code"],
            division_code=grid["division_code"],
            level=GridLevel(grid["level"]),
            name_zh=grid["name_zh"],
            name_en=grid["name_en"],
            parent_id=parent["id"] if parent else None,
            path=f"{parent['path'] if parent else ''}{grid['code']}/",
            boundary=grid["boundary"],
        )
        known[row.code] = {"code": row.code, "id": row.id, "path": row.path}
        new += 1
    forget_territory()
    return new


async def boundaries(codes: list[str]) -> dict[str, str]:
    """Outlines by grid code, as GeoJSON text in CGCS2000."""
    rows = await fetch("SELECT code, boundary FROM grid WHERE code = ANY($1::text[])", codes)
    return {row["code"]: row["boundary"] for row in rows}


async def set_office_phone(actor: Actor, *, grid_code: str, phone: str) -> Grid:
    """Set the phone number at which residents of a grid reach the wardens' office.

    Raises:
        NotFound: the grid is not in the actor's scope.
        InvalidInput: not a phone number.
    """
    number = phone_number(phone, field="input.officePhone")
    async with work(actor) as unit:
        grid = await access_grid(actor, code=grid_code, permission=Permission.POSTS_MANAGE)
        grid.office_phone = number
        await grid.save(update_fields=["office_phone"])
        unit.note("setOfficePhone", "GRID", grid.id)
    forget_territory()
    return grid
