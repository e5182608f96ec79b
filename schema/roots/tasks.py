"""Tasks (派单)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.keyset import Page
from identity.actor import Permission
from management.models import TaskKind
from management.tasks.access import own_posts, visible_tasks
from management.tasks.admission import admission
from management.tasks.finishing import TaskOutcome, finish_task
from management.tasks.lists import (
    TaskBox,
    TaskFilter,
    TaskOrder,
    count_tasks,
    list_tasks,
    warden_loads,
)
from management.tasks.sending import Order, send_task
from management.tasks.steering import cancel_task, extend_task, urge_task
from management.tasks.taking import assign_tasks, return_task, take_task
from schema.access import holds
from schema.connections import After, Before, First, Last, counted, wanted_nodes
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_input_named,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import global_id, optional_row_id, parse_id, row_id, row_ids
from schema.once import Requested, run_once
from schema.selection import Rows, Selection
from schema.types.tasks import (
    WORKS,
    AdmittedTask,
    Task,
    TaskConnection,
    WardenLoad,
    admitted,
    shape_tasks,
    task_columns,
)

_SENDS = holds(Permission.TASKS_SEND)


@gql_input_named("TaskFilter")
class TaskFilterInput:
    """Narrows a list of tasks."""

    box: TaskBox = given("Which tasks.", default=TaskBox.MINE)
    kind: TaskKind | None = given("About this.", default=None)
    grid_code: str | None = given("In this grid of any level.", default=None)
    place_id: strawberry.ID | None = given("At this place.", default=None)
    overdue: bool | None = given("Whether their deadline has passed.", default=None)
    ended: bool = given("Those done or cancelled, instead of those that wait.", default=False)


async def task_rows(info: Info, want: Selection, task_ids: list[UUID]) -> Rows:
    """Those of these tasks that the actor sees, ready for the schema, in the order asked."""
    actor = info.context.actor
    seen = visible_tasks(actor, await own_posts(actor)).filter(id__in=task_ids)
    found = {row["id"]: row for row in await seen.values(*task_columns(want))}
    rows = [found[task_id] for task_id in task_ids if task_id in found]
    return await shape_tasks(rows, want, info.context)


async def task_row(info: Info, want: Selection, task_id: UUID) -> dict[str, Any] | None:
    """One task that the actor sees, ready for the schema."""
    rows = await task_rows(info, want, [task_id])
    return rows[0] if rows else None


@root_type
class TaskQueries:
    """Tasks (派单)."""

    @query(TaskConnection, access=WORKS)
    async def tasks(
        self,
        info: Info,
        filter: Annotated[
            TaskFilterInput | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        order_by: Annotated[
            TaskOrder, strawberry.argument(description="In which order.")
        ] = TaskOrder.DUE,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Tasks in your hands, or those that you can take, sent, or may see (任务列表)."""
        actor, want = info.context.actor, selected(info)
        nodes = wanted_nodes(want)
        wanted = _filter(filter)
        page = await list_tasks(
            actor,
            filter_by=wanted,
            order=order_by,
            page=Page.of(first, after, last, before),
            columns=task_columns(nodes),
        )
        await shape_tasks(page.rows, nodes, info.context)
        return await counted(page, want, lambda: count_tasks(actor, filter_by=wanted))

    @query(Task | None, access=WORKS)
    async def task(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The task.")],
    ) -> dict[str, Any] | None:
        """One task that you may see."""
        name, task_id = parse_id(id)
        return await task_row(info, selected(info), task_id) if name == "Task" else None

    @query(list[WardenLoad], access=WORKS)
    async def warden_loads(
        self,
        info: Info,
        grid_code: Annotated[str, strawberry.argument(description="Of this grid's wardens.")],
    ) -> list[dict[str, Any]]:
        """What each warden of a grid has in hand (网格员工作量), who has least first."""
        rows = await warden_loads(info.context.actor, grid_code=grid_code)
        return [{**row, "staff_id": global_id("StaffMember", row["id"])} for row in rows]

    @query(list[AdmittedTask], access=_SENDS)
    async def admission_list(self, info: Info) -> list[dict[str, Any]]:
        """What departments may send down to wardens (准入清单), with its minutes."""
        return [admitted(kind, info.context.language) for kind in admission().kinds.values()]


def _filter(given: TaskFilterInput | None) -> TaskFilter:
    if given is None:
        return TaskFilter()
    return TaskFilter(
        box=given.box,
        kind=given.kind,
        grid_code=given.grid_code,
        place_id=optional_row_id(given.place_id, "Place", field="filter.placeId"),
        overdue=given.overdue,
        ended=given.ended,
    )


@gql_input
class TakeTaskInput(Requested):
    """Which task you take."""

    task_id: strawberry.ID = given("The task.")


@gql_input
class ReturnTaskInput(Requested):
    """Which task you give back, and why."""

    task_id: strawberry.ID = given("The task, which you hold.")
    reason: str = given("Why, 2 to 200 characters.")


@gql_input
class AssignTasksInput(Requested):
    """Which tasks you give to whom."""

    task_ids: list[strawberry.ID] = given("1 to 50 tasks, each once.")
    staff_id: strawberry.ID = given("Somebody who holds a post for all of them.")


@gql_input
class UrgeTaskInput(Requested):
    """Which task you ask after."""

    task_id: strawberry.ID = given("The task.")


@gql_input
class ExtendTaskInput(Requested):
    """Which task gets more time, and why."""

    task_id: strawberry.ID = given("The task.")
    due_at: datetime = given("Until when: later than before, within 90 days.")
    reason: str = given("Why, 2 to 200 characters.")


@gql_input
class CancelTaskInput(Requested):
    """Which task nobody needs to do any more, and why."""

    task_id: strawberry.ID = given("The task.")
    reason: str = given("Why, 2 to 200 characters.")


@gql_input
class FinishTaskInput(Requested):
    """What came of a task."""

    task_id: strawberry.ID = given("The task, which you hold.")
    outcome: TaskOutcome = given("What came of it: one of those of its kind.")
    feedback: str = given(
        "In words, up to 500 characters; needed when the outcome does not speak for itself.",
        default="",
    )


@gql_input
class SendTaskInput(Requested):
    """Work that you send: a place or a grid, and what is to be done."""

    words: str = given("What is to be done, 2 to 500 characters.")
    due_at: datetime = given("Until when, within 90 days.")
    place_id: strawberry.ID | None = given("At this place; else name a grid.", default=None)
    grid_code: str | None = given("In this grid of the lowest level.", default=None)
    admission: str | None = given(
        "Code on the admission list: departments need one for wardens.", default=None
    )
    department_code: str | None = given(
        "For people of this department, instead of wardens.", default=None
    )
    staff_id: strawberry.ID | None = given(
        "For this one of them, instead of whoever takes it.", default=None
    )


@gql_type(access=WORKS)
class TaskPayload:
    """The task."""

    task: Task = attr("The task as it is now.")


@gql_type(access=WORKS)
class TasksPayload:
    """The tasks."""

    tasks: list[Task] = attr("As they are now, in the order asked.", size=10)


async def _payload(info: Info, task_id: UUID) -> dict[str, Any]:
    rows = await task_rows(info, selected(info)["task"], [task_id])
    if not rows:
        raise NotFound
    return {"task": rows[0]}


def _task_id(text: str) -> UUID:
    return row_id(text, "Task", field="input.taskId")


@root_type
class TaskMutations:
    """Tasks (派单)."""

    @mutation(TaskPayload, access=WORKS)
    async def take_task(
        self, info: Info, input: Annotated[TakeTaskInput, strawberry.argument(description="Which.")]
    ) -> dict[str, Any]:
        """Take a task out of its pool (领取任务); two never take the same one."""
        actor, task_id = info.context.actor, _task_id(input.task_id)
        await run_once(info, input, lambda: take_task(actor, task_id=task_id))
        return await _payload(info, task_id)

    @mutation(TaskPayload, access=WORKS)
    async def return_task(
        self,
        info: Info,
        input: Annotated[ReturnTaskInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Give a task back to its pool (退回任务)."""
        actor, task_id = info.context.actor, _task_id(input.task_id)
        await run_once(
            info, input, lambda: return_task(actor, task_id=task_id, reason=input.reason)
        )
        return await _payload(info, task_id)

    @mutation(TasksPayload, access=WORKS, cost=10)
    async def assign_tasks(
        self,
        info: Info,
        input: Annotated[AssignTasksInput, strawberry.argument(description="To whom.")],
    ) -> dict[str, Any]:
        """Give tasks to a member of staff (指派任务): all or none; `params.items` names faults."""
        actor = info.context.actor
        task_ids = row_ids(input.task_ids, "Task", field="input.taskIds")
        staff_id = row_id(input.staff_id, "StaffMember", field="input.staffId")

        async def assign() -> Any:
            return (await assign_tasks(actor, task_ids=task_ids, staff_id=staff_id))[0]

        await run_once(info, input, assign)
        rows = await task_rows(info, selected(info)["tasks"], task_ids)
        if len(rows) < len(task_ids):
            raise NotFound
        return {"tasks": rows}

    @mutation(TaskPayload, access=WORKS)
    async def urge_task(
        self, info: Info, input: Annotated[UrgeTaskInput, strawberry.argument(description="Which.")]
    ) -> dict[str, Any]:
        """Ask where a task is (催办): who holds it is told, or its pool."""
        actor, task_id = info.context.actor, _task_id(input.task_id)
        await run_once(info, input, lambda: urge_task(actor, task_id=task_id))
        return await _payload(info, task_id)

    @mutation(TaskPayload, access=WORKS)
    async def extend_task(
        self,
        info: Info,
        input: Annotated[ExtendTaskInput, strawberry.argument(description="Until when.")],
    ) -> dict[str, Any]:
        """Give a task more time (延期); a hazard has a deadline of its own."""
        actor, task_id = info.context.actor, _task_id(input.task_id)
        await run_once(
            info,
            input,
            lambda: extend_task(actor, task_id=task_id, due_at=input.due_at, reason=input.reason),
        )
        return await _payload(info, task_id)

    @mutation(TaskPayload, access=WORKS)
    async def cancel_task(
        self,
        info: Info,
        input: Annotated[CancelTaskInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Cancel a task that nobody needs to do any more (取消任务)."""
        actor, task_id = info.context.actor, _task_id(input.task_id)
        await run_once(
            info, input, lambda: cancel_task(actor, task_id=task_id, reason=input.reason)
        )
        return await _payload(info, task_id)

    @mutation(TaskPayload, access=WORKS)
    async def finish_task(
        self,
        info: Info,
        input: Annotated[FinishTaskInput, strawberry.argument(description="What came of it.")],
    ) -> dict[str, Any]:
        """Finish a task that you hold (反馈办结); of a residence the outcome takes effect on it."""
        actor, task_id = info.context.actor, _task_id(input.task_id)
        await run_once(
            info,
            input,
            lambda: finish_task(
                actor, task_id=task_id, outcome=input.outcome, feedback=input.feedback
            ),
        )
        return await _payload(info, task_id)

    @mutation(TaskPayload, access=_SENDS)
    async def send_task(
        self,
        info: Info,
        input: Annotated[SendTaskInput, strawberry.argument(description="What, where.")],
    ) -> dict[str, Any]:
        """Send work of your own to wardens, or to a department's people (派单)."""
        order = Order(
            words=input.words,
            due_at=input.due_at,
            place_id=optional_row_id(input.place_id, "Place", field="input.placeId"),
            grid_code=input.grid_code,
            admission=input.admission,
            department_code=input.department_code,
            staff_id=optional_row_id(input.staff_id, "StaffMember", field="input.staffId"),
        )
        task_id = await run_once(info, input, lambda: send_task(info.context.actor, order=order))
        return await _payload(info, task_id)
