"""What somebody can do with a task as it stands: what buttons are for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from core.clock import now
from identity.actor import Actor
from identity.models import GridPost
from management.models import Task, TaskAction, TaskKind, TaskState
from management.rules import rules
from management.tasks.access import directs, works_on
from management.tasks.steering import BY_HAND

COLUMNS = (
    "kind", "state", "role", "department_id", "grid_path", "assignee_id", "sent_by_id", "not_for",
    "urged_at",
)  # fmt: skip
"""What of a task is asked."""


def actions_for(task: Task, *, actor: Actor, posts: Iterable[GridPost]) -> list[TaskAction]:
    """What the actor, with these posts, can do with the task now."""
    held = list(posts)
    live = task.state in {TaskState.OPEN, TaskState.TAKEN}
    mine = task.state is TaskState.TAKEN and task.assignee_id == actor.id
    by_hand = task.kind in BY_HAND
    chief = live and (task.sent_by_id == actor.id or directs(held, task))
    free = task.state is TaskState.OPEN and task.not_for != actor.id
    can = {
        TaskAction.TAKE: free and works_on(held, task),
        TaskAction.ASSIGN: chief,
        TaskAction.RETURN: mine,
        TaskAction.URGE: chief and not _urged_lately(task),
        TaskAction.EXTEND: chief and task.kind is not TaskKind.HAZARD,
        TaskAction.FINISH: mine and by_hand,
        TaskAction.CANCEL: chief and by_hand,
    }
    return [action for action, allowed in can.items() if allowed]


def _urged_lately(task: Task) -> bool:
    pause = timedelta(hours=rules().task_urge_hours)
    return task.urged_at is not None and task.urged_at + pause > now()
