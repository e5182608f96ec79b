"""What time and changes of staff do to tasks: they return to their pool, and deadlines pass."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.clock import now, today
from core.database import fetch
from core.events import emit, later
from core.jobs import periodic
from core.work import work
from identity.actor import SYSTEM
from identity.events import RightsChanged
from management.events import TaskOverdue, TaskRaised
from management.models import Task, TaskAction
from management.tasks.core import put_back, stepped

AT_A_TIME: Final = 200

# Held by somebody without a post for it: they left, or their post ended.
_STRANDED: Final = """
SELECT t.id FROM task t
WHERE t.state = 'TAKEN' AND ($2::uuid IS NULL OR t.assignee_id = $2::uuid)
  AND NOT EXISTS (
      SELECT 1 FROM grid_post p
      WHERE p.staff_id = t.assignee_id AND p.role = t.role
        AND (t.department_id IS NULL OR p.department_id = t.department_id)
        AND p.starts_on <= $1 AND (p.ends_on IS NULL OR p.ends_on > $1)
        AND starts_with(t.grid_path, p.grid_path))
ORDER BY t.id LIMIT $3 FOR UPDATE OF t
"""
# Two states apart, each served by its own partial index.
_PASSED: Final = """
WITH waiting AS (
    SELECT id FROM task WHERE state = 'OPEN' AND due_at <= $1 AND overdue_at IS NULL
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
), taken AS (
    SELECT id FROM task WHERE state = 'TAKEN' AND due_at <= $1 AND overdue_at IS NULL
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE task SET overdue_at = $1
FROM (SELECT id FROM waiting UNION ALL SELECT id FROM taken) AS passed
WHERE task.id = passed.id RETURNING task.id
"""


# Not in the transaction of who leaves: their row is locked there, and tasks come before it here.
@later(RightsChanged, name="management.return_tasks")
async def return_tasks_of_who_may_no_longer(event: RightsChanged) -> None:
    """Tasks held by somebody who left, or has no such post any more, go back to their pools."""
    while await _return_some(event.staff_id):
        pass


@periodic("management.return_stranded_tasks", cron="19 16 * * *")
async def return_stranded_tasks() -> None:
    """Soon after each midnight of the town: the same for posts that ended by their date."""
    while await _return_some(None):
        pass


@periodic("management.tell_overdue_tasks", cron="*/5 * * * *")
async def tell_overdue_tasks() -> None:
    """Every five minutes: deadlines that have passed are told, each once."""
    while True:
        async with work(SYSTEM):
            passed = await fetch(_PASSED, now(), AT_A_TIME)
            for row in passed:
                await emit(TaskOverdue(task_id=row["id"]))
        if not passed:
            return


async def _return_some(staff_id: UUID | None) -> int:
    """Return a batch of tasks to their pools; answers how many."""
    async with work(SYSTEM) as unit:
        rows = await fetch(_STRANDED, today(), staff_id, AT_A_TIME)
        for task in await Task.filter(id__in=[row["id"] for row in rows]).order_by("id"):
            put_back(task)
            await stepped(task, TaskAction.RETURN, by=SYSTEM)
            unit.note("returnTask", "TASK", task.id)
            await emit(TaskRaised(task_id=task.id))
    return len(rows)
