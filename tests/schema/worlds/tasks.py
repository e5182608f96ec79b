"""The tenants' things: tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from core.clock import now
from core.crypto import seal
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM, Role
from management.models import Hazard, Task, TaskAction, TaskKind
from management.tasks.core import Where, enter, finish, raise_task, stepped
from notifications.models import Notification
from schema.ids import global_id

if TYPE_CHECKING:
    from tests.schema.support import Tenant, World

# Name of a thing → type of its global id.
KINDS: dict[str, str] = {
    "visit": "Task", "takenTask": "Task", "doneTask": "Task", "departmentTask": "Task",
}  # fmt: skip


async def furnish(world: World) -> None:
    """Add to both tenants, with global ids in ``tenant.more``.

    ``visit`` waits in the pool of the grid; the department sent ``takenTask`` and ``doneTask`` to
    its warden; ``departmentTask`` waits for the department.
    """
    department = world.actors["department"]
    post = await world.staff["department"].posts.all().first()
    for tenant in world.tenants:
        where = Where.of(tenant.place)
        async with work(SYSTEM):
            visit = await raise_task(
                TaskKind.WELFARE_VISIT, where=where, role=Role.WARDEN, subject_id=uuid7()
            )
            theirs = await raise_task(
                TaskKind.HAZARD,
                where=where,
                role=Role.DEPARTMENT,
                department_id=post.department_id,
                subject_id=uuid7(),
            )
            taken = await _sent(tenant, where, department.id)
            done = await _sent(tenant, where, department.id)
            done.urged_at = now() - timedelta(days=1)
            await stepped(done, TaskAction.URGE, by=department, words="请尽快")
            await finish(done, by=SYSTEM, outcome="DONE", feedback="已逐户上门")
        tenant.more |= {
            "visit": global_id("Task", visit.id),
            "takenTask": global_id("Task", taken.id),
            "doneTask": global_id("Task", done.id),
            "departmentTask": global_id("Task", theirs.id),
        }

    # What came in a moment ago is shown to nobody yet.
    await Hazard.all().update(created_at=now() - timedelta(days=1), summary="楼梯口有杂物")
    # Whose inbox is read by other tests, has been told nothing.
    await Notification.filter(topic__startswith="TASK_").delete()


async def _sent(tenant: Tenant, where: Where, sent_by: UUID | None) -> Task:
    task = Task(
        kind=TaskKind.AD_HOC,
        step="SENT",
        role=Role.WARDEN,
        sent_by_id=sent_by,
        admission="FIRE_LEAFLETS",
        place_id=where.place_id,
        grid_path=where.grid_path,
        community_code=where.community_code,
        grid_code=where.grid_code,
    )
    seal(task, "words", "逐户宣传用电安全")
    await enter(task, by=SYSTEM, assignee_id=tenant.lead.staff_id)
    return task
