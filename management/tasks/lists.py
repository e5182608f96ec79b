"""Lists of tasks: mine, those I can take, those I sent, and all that I see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.clock import now, today
from core.database import fetch
from core.errors import NotFound
from core.keyset import Order, Page, Slice, take
from identity.actor import Actor, Permission, Role
from identity.models import GridPost
from management.access import in_scope, require_sign_in, within
from management.models import Task, TaskKind, TaskState
from management.tasks.access import own_posts, pool, visible_tasks
from management.tasks.core import LIVE
from management.territory import grid_by_code


class TaskBox(StrEnum):
    """Which tasks somebody looks at."""

    MINE = "MINE"
    POOL = "POOL"
    SENT = "SENT"
    ALL = "ALL"


class TaskOrder(StrEnum):
    """In which order."""

    DUE = "DUE"
    NEWEST = "NEWEST"


_ORDERS: Final = {
    TaskOrder.DUE: Order("tasks by deadline", "due_at"),
    TaskOrder.NEWEST: Order("tasks", "id", descending=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """What a list of tasks is narrowed to; ``None`` leaves a point open.

    ``ended``: those that are done or cancelled, instead of those that are not.
    """

    box: TaskBox = TaskBox.MINE
    kind: TaskKind | None = None
    grid_code: str | None = None
    place_id: UUID | None = None
    overdue: bool | None = None
    ended: bool = False


async def list_tasks(
    actor: Actor, *, filter_by: TaskFilter, order: TaskOrder, page: Page, columns: Sequence[str]
) -> Slice:
    """Tasks of one box, by deadline or the newest first.

    Raises:
        Unauthenticated, NotFound: not staff who work on tasks.
        InvalidInput: there is no such grid.
    """
    return await take(await _narrowed(actor, filter_by), _ORDERS[order], page, columns)


async def count_tasks(actor: Actor, *, filter_by: TaskFilter) -> int:
    """How many tasks the same filter matches."""
    return int(await (await _narrowed(actor, filter_by)).count())


async def _narrowed(actor: Actor, wanted: TaskFilter) -> QuerySet[Task]:
    posts = await own_posts(actor)
    tasks = _boxed(actor, posts, wanted)
    if wanted.kind is not None:
        tasks = tasks.filter(kind=wanted.kind)
    if wanted.place_id is not None:
        tasks = tasks.filter(place_id=wanted.place_id)
    if wanted.grid_code is not None:
        grid = await grid_by_code(wanted.grid_code, field="filter.gridCode")
        tasks = tasks.filter(within(grid["path"]))
    if wanted.overdue is not None:
        way = "lt" if wanted.overdue else "gte"
        tasks = tasks.filter(**{f"due_at__{way}": now()})
    return tasks


def _boxed(actor: Actor, posts: list[GridPost], wanted: TaskFilter) -> QuerySet[Task]:
    over = (TaskState.DONE, TaskState.CANCELLED)
    here = Task.filter(in_scope(actor, Permission.TASKS_WORK))
    match wanted.box:
        case TaskBox.MINE:
            states = over if wanted.ended else (TaskState.TAKEN,)
            return here.filter(assignee_id=actor.id, state__in=states)
        case TaskBox.POOL:
            # What ended is in no pool any more.
            state = () if wanted.ended else (TaskState.OPEN,)
            free = Q(not_for__isnull=True) | ~Q(not_for=actor.id)
            return here.filter(pool(posts), free, state__in=state)
        case TaskBox.SENT:
            return here.filter(sent_by_id=actor.id, state__in=over if wanted.ended else LIVE)
        case TaskBox.ALL:
            return visible_tasks(actor, posts).filter(state__in=over if wanted.ended else LIVE)


_STEPS: Final = """
SELECT t.id, t.task_id, t.number, t.at, t.by_kind, t.action, t.words, s.name AS staff_name
FROM task_step t LEFT JOIN staff_member s ON s.id = t.staff_id
WHERE t.task_id = ANY($1::uuid[]) ORDER BY t.task_id, t.number
"""


async def steps_of(task_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The history of each task, oldest first: one query for all. ``words`` are sealed."""
    answer: dict[UUID, list[dict[str, Any]]] = {task_id: [] for task_id in task_ids}
    for row in await fetch(_STEPS, list(task_ids)):
        answer[row["task_id"]].append(row)
    return answer


_LOADS: Final = """
SELECT s.id, s.name, p.grid_codes, p.lead,
       count(t.id)::int AS open_tasks, coalesce(sum(t.minutes), 0)::int AS minutes,
       (count(t.id) FILTER (WHERE t.due_at < $4))::int AS overdue
FROM (SELECT g.staff_id, array_agg(DISTINCT g.grid_code ORDER BY g.grid_code) AS grid_codes,
             bool_or(g.lead) AS lead
      FROM grid_post g
      WHERE g.role = $2 AND g.starts_on <= $3 AND (g.ends_on IS NULL OR g.ends_on > $3)
        AND (starts_with($1, g.grid_path) OR starts_with(g.grid_path, $1))
      GROUP BY g.staff_id) p
JOIN staff_member s ON s.id = p.staff_id AND s.left_at IS NULL
LEFT JOIN task t ON t.assignee_id = s.id AND t.state = 'TAKEN'
GROUP BY s.id, s.name, p.grid_codes, p.lead
ORDER BY minutes, s.id
"""


async def warden_loads(actor: Actor, *, grid_code: str) -> list[dict[str, Any]]:
    """What each warden of a grid has in hand, who has least first: asked before assigning.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor neither sends tasks there nor leads its wardens.
        InvalidInput: there is no such grid.
    """
    require_sign_in(actor)
    posts = await own_posts(actor)
    grid = await grid_by_code(grid_code, field="gridCode")
    path = str(grid["path"])
    leads = any(post.lead and path.startswith(post.grid_path) for post in posts)
    if not leads and not actor.may(Permission.TASKS_SEND, path):
        raise NotFound
    return await fetch(_LOADS, path, Role.WARDEN.value, today(), now())
