"""Posts to the grids of the territory; the rules of posts themselves are identity's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import today
from core.errors import Conflict, NotFound, Unauthenticated, WrongState
from identity.actor import SYSTEM, Permission, Role
from identity.departments import ensure_departments
from identity.models import Department, DutyGroup, GridPost
from management.models import Grid
from management.posts import post_to_grid, posts_by_grid, posts_by_id, posts_of_staff
from tests.management.support import (
    COMMUNITY,
    GRID,
    HOSTILE,
    OTHER_COMMUNITY,
    SIBLING,
    TOWN,
    VISITOR,
    app,
    code_of,
    employee,
    entries,
    jobs,
    outcomes,
    refused,
    refused_input,
    staff,
)

DAY = timedelta(days=1)
SUPERVISOR = staff(Role.SUPERVISOR, COMMUNITY)


async def test_a_warden_is_posted_to_a_grid_of_the_territory(town: None) -> None:
    who = await employee("测试甲")
    made = await post_to_grid(
        SUPERVISOR,
        staff_id=who.id,
        grid_code=code_of(GRID),
        duty_group=DutyGroup.INSPECTION,
        lead=True,
    )
    assert (made.grid_path, made.role, made.starts_on) == (GRID, Role.WARDEN, today())
    (entry,) = await entries(made.id)
    assert (entry.action, entry.actor_id) == ("post", SUPERVISOR.id)
    grid = await Grid.get(path=GRID)
    told = dict(await jobs())
    assert told["warden_posted"] == {"post_id": str(made.id), "grid_id": str(grid.id)}
    (row,) = await posts_by_id([made.id])
    assert (row["staff_name"], row["lead"], row["department_code"]) == ("测试甲", True, None)


async def test_posts_in_force_today_are_read_by_grid_the_lead_first(town: None) -> None:
    people = [await employee(f"测试{index}") for index in range(5)]
    for index, (starts, ends, lead) in enumerate(
        [(0, None, False), (0, 30, True), (1, None, False), (-9, None, False)]
    ):
        await post_to_grid(
            SYSTEM,
            staff_id=people[index].id,
            grid_code=code_of(GRID),
            lead=lead,
            starts_on=today() + starts * DAY,
            ends_on=None if ends is None else today() + ends * DAY,
        )
    await GridPost.filter(staff_id=people[3].id).update(ends_on=today())
    rows = await posts_by_grid([code_of(GRID), code_of(SIBLING)])
    assert [row["staff_id"] for row in rows[code_of(GRID)]] == [people[1].id, people[0].id]
    assert rows[code_of(SIBLING)] == []
    assert len(await posts_of_staff(people[0].id)) == 1
    assert await posts_of_staff(people[2].id) == []
    assert await posts_of_staff(people[3].id) == []
    assert await posts_of_staff(None) == []


async def test_a_department_is_named_with_its_post(town: None) -> None:
    await ensure_departments()
    department = await Department.all().first()
    assert department is not None
    who = await employee()
    made = await post_to_grid(
        SYSTEM,
        staff_id=who.id,
        grid_code=code_of(TOWN),
        role=Role.DEPARTMENT,
        department_code=department.code,
    )
    (row,) = await posts_by_id([made.id])
    assert row["department_zh"] == department.name_zh


@pytest.mark.parametrize("code", ["", "nowhere", GRID, *HOSTILE])
async def test_there_is_no_post_to_a_grid_that_is_not(town: None, code: str) -> None:
    who = await employee()
    await refused_input(
        post_to_grid(SYSTEM, staff_id=who.id, grid_code=code), "input.gridCode", "UNKNOWN_GRID"
    )


async def test_a_refused_post_is_told_to_nobody(town: None) -> None:
    who, grid = await employee(), code_of(GRID)
    for actor in (staff(Role.WARDEN), staff(Role.SUPERVISOR, OTHER_COMMUNITY),
                  app(Permission.GRIDS_READ)):  # fmt: skip
        await refused(NotFound, post_to_grid(actor, staff_id=who.id, grid_code=grid))
    await refused(Unauthenticated, post_to_grid(VISITOR, staff_id=who.id, grid_code=grid))
    assert SUPERVISOR.id is not None
    await refused(WrongState, post_to_grid(SUPERVISOR, staff_id=SUPERVISOR.id, grid_code=grid))
    await post_to_grid(SUPERVISOR, staff_id=who.id, grid_code=grid)
    await refused(
        Conflict,
        post_to_grid(SUPERVISOR, staff_id=who.id, grid_code=grid),
        reason="POSTED_ALREADY",
    )


async def test_a_grid_has_one_lead_however_many_are_made_so_at_once(committed_town: None) -> None:
    people = [await employee() for _ in range(5)]
    answers = await outcomes(
        *(
            post_to_grid(SUPERVISOR, staff_id=who.id, grid_code=code_of(GRID), lead=True)
            for who in people
        )
    )
    assert sum(isinstance(answer, GridPost) for answer in answers) == 1
    assert await GridPost.filter(lead=True).count() == 1
    assert len([name for name, _ in await jobs() if name == "warden_posted"]) == 1
