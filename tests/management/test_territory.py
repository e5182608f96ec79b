"""The territory as use cases see it."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput, NotFound, Unauthenticated
from core.keyset import Page, Slice
from identity.actor import Permission, Role
from management.models import Grid, GridLevel
from management.models.territory import codes_of
from management.territory import (
    boundaries,
    bring_in_grids,
    grid_by_code,
    grid_of_point,
    list_grids,
    set_office_phone,
    territory,
    town_data,
)
from tests.management.support import (
    COMMUNITY,
    GRID,
    HOSTILE,
    OTHER_COMMUNITY,
    OTHER_GRID,
    SIBLING,
    TOWN,
    VISITOR,
    app,
    code_of,
    entries,
    inside,
    refused,
    refused_input,
    staff,
    walk,
)


async def grids(**given: Any) -> list[str]:
    arguments = {"level": None, "parent_code": None, "page": Page(100), **given}
    return [row["path"] for row in (await list_grids(**arguments)).rows]


async def test_the_whole_town_is_brought_in_once(db: None) -> None:
    assert await bring_in_grids(town_data()) == 1 + 24 + 97
    before = {grid.code: grid for grid in await Grid.all()}
    assert await bring_in_grids(town_data()) == 0
    for grid in await Grid.all():
        assert (grid.id, grid.path) == (before[grid.code].id, before[grid.code].path)
        assert codes_of(grid.path)[-1] == grid.code
        assert len(codes_of(grid.path)) == 1 + list(GridLevel).index(grid.level)
    assert len(await grids(page=Page(100), level=GridLevel.GRID)) == 97


async def test_names_and_shapes_are_refreshed_codes_and_places_kept(town: None) -> None:
    (data,) = [grid for grid in town_data() if grid["code"] == code_of(GRID)]
    before = await Grid.get(path=GRID)
    moved = {**data, "name_zh": "新名称", "parent_code": code_of(OTHER_COMMUNITY), "level": "TOWN"}
    assert await bring_in_grids([moved]) == 0
    after = await Grid.get(path=GRID)
    assert after.name_zh == "新名称"
    assert (after.id, after.parent_id, after.level) == (before.id, before.parent_id, before.level)
    assert (await grid_by_code(code_of(GRID)))["name_zh"] == "新名称"


async def test_grids_are_listed_by_level_and_parent_in_the_order_of_paths(town: None) -> None:
    assert await grids() == [TOWN, COMMUNITY, GRID, SIBLING, OTHER_COMMUNITY, OTHER_GRID]
    assert await grids(level=GridLevel.COMMUNITY) == [COMMUNITY, OTHER_COMMUNITY]
    assert await grids(parent_code=code_of(COMMUNITY)) == [GRID, SIBLING]
    assert await grids(parent_code=code_of(TOWN), level=GridLevel.GRID) == []

    async def read(page: Page) -> Slice:
        return await list_grids(level=None, parent_code=None, page=page)

    for backward in (False, True):
        rows = await walk(read, size=2, backward=backward)
        assert [row["path"] for row in rows] == await grids()


@pytest.mark.parametrize("code", ["", "nowhere", "441900122/", *HOSTILE])
async def test_an_unknown_grid_is_refused(town: None, code: str) -> None:
    await refused(NotFound, grids(parent_code=code), field="parentCode")
    await refused(InvalidInput, grid_by_code(code), reason="UNKNOWN_GRID")


async def test_a_point_finds_its_grid(town: None) -> None:
    for path in (GRID, SIBLING, OTHER_GRID):
        found = await grid_of_point(*await inside(code_of(path)))
        assert found is not None
        assert found["path"] == path
    assert await grid_of_point(116.39, 39.9) is None


async def test_outlines_come_as_geojson(town: None) -> None:
    outlines = await boundaries([code_of(GRID), code_of(TOWN), "nowhere"])
    assert outlines.keys() == {code_of(GRID), code_of(TOWN)}
    assert all('"coordinates"' in text for text in outlines.values())


async def test_a_supervisor_sets_the_number_of_the_office(town: None) -> None:
    supervisor = staff(Role.SUPERVISOR, COMMUNITY)
    grid = await set_office_phone(supervisor, grid_code=code_of(GRID), phone="0769-85581234")
    assert (await Grid.get(path=GRID)).office_phone == "0769-85581234"
    assert (await territory()).by_code[code_of(GRID)]["office_phone"] == "0769-85581234"
    (entry,) = await entries(grid.id)
    assert (entry.action, entry.actor_id) == ("setOfficePhone", supervisor.id)


@pytest.mark.parametrize("phone", ["12", "电话", "0769-8558123456789012345", *HOSTILE])
async def test_an_office_has_a_phone_number(town: None, phone: str) -> None:
    supervisor = staff(Role.SUPERVISOR, COMMUNITY)
    await refused_input(
        set_office_phone(supervisor, grid_code=code_of(GRID), phone=phone), "input.officePhone"
    )


async def test_an_office_phone_is_for_who_manages_posts_there(town: None) -> None:
    for actor in (staff(Role.WARDEN), staff(Role.SUPERVISOR, SIBLING), app(Permission.GRIDS_READ)):
        for code in (code_of(GRID), "nowhere", "\0"):
            await refused(NotFound, set_office_phone(actor, grid_code=code, phone="0769-85581234"))
    for code in (code_of(GRID), "nowhere"):
        await refused(
            Unauthenticated, set_office_phone(VISITOR, grid_code=code, phone="0769-85581234")
        )
