"""Sending work of one's own down to wardens, or over to a department."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.clock import now
from core.crypto import seal
from core.errors import InvalidInput, NotFound, WrongState
from core.text import clean
from core.work import work
from identity.actor import Actor, Permission, Role
from identity.models import Department, GridPost
from management.access import access_grid, access_place
from management.models import GridLevel, Task, TaskKind
from management.models.territory import codes_of
from management.tasks.access import own_posts, posts_of, works_on
from management.tasks.admission import Admitted, admission
from management.tasks.core import Where, enter, works_here
from management.tasks.steering import check_deadline

LONGEST_WORDS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done, where (a place, or a grid of the lowest level) and until when.

    ``admission``: a code on the admission list. ``department_code``: for that department's people
    instead of wardens. ``staff_id``: for one of them, instead of whoever takes it.
    """

    words: str
    due_at: datetime
    place_id: UUID | None = None
    grid_code: str | None = None
    admission: str | None = None
    department_code: str | None = None
    staff_id: UUID | None = None


async def send_task(actor: Actor, *, order: Order) -> Task:
    """Send a task of one's own (派单): to a pool, or to somebody in it.

    Supervisors send what they need. A department sends to wardens only what the admission list
    admits for it, and to its own people what it needs.

    Raises:
        Unauthenticated, NotFound: the actor sends nothing there, or there is no such place, grid,
            department or member of staff.
        InvalidInput: words, place or deadline can't be used, or the kind is not on the list.
        WrongState: the admission list does not admit it for the actor's department.
    """
    words = clean(order.words, field="input.words", longest=LONGEST_WORDS, shortest=2)
    check_deadline(order.due_at, after=now())
    kind = _kind(order.admission)
    async with work(actor) as unit:
        posts = await own_posts(actor)
        where = await _where(actor, order)
        department = await _department(order.department_code)
        task = Task(
            kind=TaskKind.AD_HOC,
            role=Role.WARDEN if department is None else Role.DEPARTMENT,
            department_id=None if department is None else department.id,
            sent_by_id=actor.id,
            admission=kind.code if kind else "",
            minutes=kind.minutes if kind else 0,
            due_at=order.due_at,
            place_id=where.place_id,
            grid_path=where.grid_path,
            community_code=where.community_code,
            grid_code=where.grid_code,
        )
        await _require_admitted(posts, task, kind)
        if order.staff_id is not None:
            await _require_posted(order.staff_id, task)
        seal(task, "words", words)
        await enter(task, by=actor, assignee_id=order.staff_id)
        details = {"admission": task.admission} if kind else {}
        unit.note("sendTask", "TASK", task.id, **details)
    return task


def _kind(code: str | None) -> Admitted | None:
    if code is None:
        return None
    found = admission().kinds.get(code)
    if found is None:
        raise InvalidInput(
            field="input.admission",
            reason="UNKNOWN_KIND",
            zh="准入清单中没有这一事项",
            en="The admission list has no such kind",
        )
    return found


async def _where(actor: Actor, order: Order) -> Where:
    if (order.place_id is None) == (order.grid_code is None):
        raise InvalidInput(
            field="input.placeId",
            reason="PLACE_OR_GRID",
            zh="请填写场所或网格，二者选一",
            en="Name a place or a grid, one of the two",
        )
    if order.place_id is not None:
        return Where.of(
            await access_place(actor, place_id=order.place_id, permission=Permission.TASKS_SEND)
        )
    assert order.grid_code is not None, "one of the two"
    grid = await access_grid(actor, code=order.grid_code, permission=Permission.TASKS_SEND)
    if grid.level is not GridLevel.GRID:
        raise InvalidInput(
            field="input.gridCode",
            reason="GRID_LEVEL",
            zh="请选择最下一级网格",
            en="Choose a grid of the lowest level",
        )
    return Where(
        place_id=None,
        grid_path=grid.path,
        community_code=codes_of(grid.path)[1],
        grid_code=grid.code,
    )


async def _department(code: str | None) -> Department | None:
    if code is None:
        return None
    found = {one.code: one for one in await Department.all()}.get(code)
    if found is None:
        raise NotFound(field="input.departmentCode")
    return found


async def _require_admitted(posts: list[GridPost], task: Task, kind: Admitted | None) -> None:
    """Refuse what the sender's posts don't let them send there.

    Raises:
        WrongState: it is not admitted for their department.
    """
    here = [post for post in posts if task.grid_path.startswith(post.grid_path)]
    if any(post.role is Role.SUPERVISOR for post in here):
        return
    mine = {post.department_id for post in here if post.role is Role.DEPARTMENT}
    if task.department_id is not None and task.department_id in mine:
        return
    codes = {one.code for one in await Department.filter(id__in=list(mine))}
    if task.role is Role.WARDEN and kind is not None and kind.departments & codes:
        return
    raise WrongState(
        reason="NOT_ADMITTED",
        params={"admitted": sorted(_admitted_for(codes))},
        zh="此事项不在本部门的准入清单内，不能下派网格员",
        en="The admission list does not let your department send this to wardens",
    )


def _admitted_for(departments: set[str]) -> set[str]:
    return {code for code, one in admission().kinds.items() if one.departments & departments}


async def _require_posted(staff_id: UUID, task: Task) -> None:
    if await works_here(staff_id) and works_on(await posts_of(staff_id), task):
        return
    raise NotFound(
        field="input.staffId",
        reason="NOT_POSTED",
        zh="该人员没有办理此任务的岗位",
        en="They hold no post for this task",
    )
