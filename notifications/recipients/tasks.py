"""Tasks: told to the pool they wait in, to who holds them, and to who sent them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from core.clock import now, today
from core.database import fetch
from core.events import on
from identity.actor import Permission
from management.events import TaskAssigned, TaskEnded, TaskOverdue, TaskRaised, TaskUrged
from management.models import TaskKind, TaskState
from notifications.recipients.people import officers, staff
from notifications.telling import Subject, tell
from notifications.topics import Topic


@on(TaskRaised)
async def tell_pool(event: TaskRaised) -> None:
    """Those posted nearest who may take it; of what somebody holds already, nobody."""
    task = await _task(event.task_id)
    if task["state"] == TaskState.OPEN:
        await _tell(Topic.TASK_RAISED, task, task["pool"], key=str(task["version"]))


@on(TaskAssigned)
async def tell_assignee(event: TaskAssigned) -> None:
    """Who was given it."""
    task = await _task(event.task_id)
    await _tell(Topic.TASK_ASSIGNED, task, _holder(task), key=str(task["version"]))


@on(TaskUrged)
async def tell_of_urging(event: TaskUrged) -> None:
    """Who holds it, or the pool."""
    task = await _task(event.task_id)
    people = _holder(task) or task["pool"]
    await _tell(Topic.TASK_URGED, task, people, key=str(task["urges"]))


@on(TaskOverdue)
async def tell_of_passed_deadline(event: TaskOverdue) -> None:
    """Who holds it, or the pool; who sent it; and who directs the work there.

    A hazard that is late is escalated by its own clock: then the last are told by that.
    """
    task = await _task(event.task_id)
    people = _holder(task) or task["pool"]
    if task["sent_by_id"] is not None:
        people.append(task["sent_by_id"])
    if task["kind"] != TaskKind.HAZARD:
        path = task["grid_path"]
        people += (await officers([path], Permission.TASKS_SEND))[path]
    await _tell(Topic.TASK_OVERDUE, task, people, key=task["due_at"].isoformat())


@on(TaskEnded)
async def tell_sender(event: TaskEnded) -> None:
    """Of work that was sent: who sent it, and who held it when it was called off."""
    task = await _task(event.task_id)
    if task["kind"] != TaskKind.AD_HOC:
        return
    people = [task["sent_by_id"]] if task["sent_by_id"] is not None else []
    if task["state"] == TaskState.CANCELLED:
        people += _holder(task)
    await _tell(Topic.TASK_ENDED, task, people, key="", result=task["state"])


async def _tell(
    topic: Topic, task: dict[str, Any], people: list[UUID], *, key: str, **more: str
) -> None:
    params = {"kind": task["kind"], "place": _place(task)}
    until = {} if topic is Topic.TASK_ENDED else {"until": (task["due_at"] or now()).isoformat()}
    await tell(
        topic,
        staff(people),
        key=f"{task['id']}:{key}",
        params={**params, **until, **more},
        about=Subject("Task", task["id"]),
    )


async def _task(task_id: UUID) -> dict[str, Any]:
    (task,) = await fetch(_TASK, task_id, today())
    return task


def _holder(task: dict[str, Any]) -> list[UUID]:
    return [task["assignee_id"]] if task["assignee_id"] is not None else []


def _place(task: dict[str, Any]) -> str:
    """The place, or else the grid: Chinese and English beside each other."""
    if task["place"] is None:
        return f"{task['grid_zh']}|{task['grid_en']}"
    name = task["place"].replace("|", "/")
    return f"{name}|{name}"


# With it, of one that waits, those of its pool who are posted nearest.
_TASK: Final = """
SELECT t.id, t.kind, t.state, t.grid_path, t.assignee_id, t.sent_by_id, t.due_at, t.version,
       t.urges, p.name AS place, g.name_zh AS grid_zh, g.name_en AS grid_en,
       ARRAY(SELECT DISTINCT n.staff_id FROM (
           SELECT p.staff_id, rank() OVER (ORDER BY length(p.grid_path) DESC) AS nearness
           FROM grid_post p JOIN staff_member s ON s.id = p.staff_id AND s.left_at IS NULL
           WHERE t.state = 'OPEN' AND starts_with(t.grid_path, p.grid_path) AND p.role = t.role
             AND (t.department_id IS NULL OR p.department_id = t.department_id)
             AND p.starts_on <= $2 AND (p.ends_on IS NULL OR p.ends_on > $2)
             AND (t.not_for IS NULL OR p.staff_id <> t.not_for)) n
         WHERE n.nearness = 1) AS pool
FROM task t LEFT JOIN place p ON p.id = t.place_id LEFT JOIN grid g ON g.code = t.grid_code
WHERE t.id = $1
"""
