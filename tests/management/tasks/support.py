"""Somebody at work: members of staff with posts, as actors, and tasks for them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from core.clock import now, today
from core.ids import uuid7
from core.work import work
from identity.actor import ROLE_PERMISSIONS, SYSTEM, Actor, ActorKind, Role, rights_from
from identity.models import Department, GridPost, StaffMember
from management.models import Place, Task, TaskAction, TaskKind, TaskStep
from management.tasks.core import Where, raise_task
from tests import factories
from tests.management.support import GRID, code_of, employee


async def department(code: str = "FIRE") -> Department:
    """A department of the town."""
    return await Department.get_or_none(code=code) or await Department.create(
        code=code, name_zh="测试部门", name_en="Test department"
    )


async def posted(
    role: Role = Role.WARDEN, path: str = GRID, *, of: str | None = None, **values: Any
) -> Actor:
    """A new member of staff with one post, signed in. ``of``: the code of a department."""
    return await post((await employee()).id, role, path, of=of, **values)


async def post(
    staff_id: UUID, role: Role, path: str, *, of: str | None = None, **values: Any
) -> Actor:
    """Give somebody one more post; the actor has the rights of all of theirs."""
    if of is None and role in {Role.DEPARTMENT, Role.ENFORCEMENT}:
        of = "FIRE"
    await GridPost.create(
        staff_id=staff_id,
        department_id=(await department(of)).id if of else None,
        grid_code=code_of(path),
        grid_path=path,
        role=role,
        **{"starts_on": today(), **values},
    )
    held = await GridPost.filter(staff_id=staff_id)
    pairs = [(right, one.grid_path) for one in held for right in ROLE_PERMISSIONS[one.role]]
    return Actor(kind=ActorKind.STAFF, id=staff_id, rights=rights_from(pairs))


async def raised(
    kind: TaskKind = TaskKind.WELFARE_VISIT, *, place: Place | None = None, **given: Any
) -> Task:
    """A task as its subject raises it: for the wardens of the first grid."""
    where = given.pop("where", None) or Where.of(place or await factories.place())
    arguments = {"role": Role.WARDEN, "subject_id": uuid7(), **given}
    async with work(SYSTEM):
        return await raise_task(kind, where=where, **arguments)


async def fresh(task: Task) -> Task:
    """The row as the database has it."""
    return await Task.get(id=task.id)


async def history(task: Task) -> list[tuple[int, TaskAction]]:
    """Numbers and actions of its steps."""
    steps = await TaskStep.filter(task_id=task.id).order_by("number")
    return [(step.number, step.action) for step in steps]


async def ended(actor: Actor, on: date | None = None) -> None:
    """End the posts of an actor by their date, yesterday unless said otherwise."""
    await GridPost.filter(staff_id=actor.id).update(
        starts_on=today() - timedelta(days=9), ends_on=on or today() - timedelta(days=1)
    )


async def gone(actor: Actor) -> None:
    """Somebody has left."""
    await StaffMember.filter(id=actor.id).update(left_at=now())
