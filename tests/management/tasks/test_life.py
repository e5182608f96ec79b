"""The life of tasks as a whole: any steps of anybody in any order, and what holds after each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.clock import now, today
from core.errors import DomainError
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM, Actor, Role
from identity.events import RightsChanged
from identity.models import GridPost, StaffMember
from management.models import Place, Task, TaskAction, TaskKind, TaskState, TaskStep
from management.tasks.core import MOVES, cancel_task_of, finish_task_of
from management.tasks.finishing import OUTCOMES, TaskOutcome, finish_task
from management.tasks.handing_over import (
    return_stranded_tasks,
    return_tasks_of_who_may_no_longer,
    tell_overdue_tasks,
)
from management.tasks.sending import Order, send_task
from management.tasks.steering import cancel_task, extend_task, urge_task
from management.tasks.taking import assign_tasks, return_task, take_task
from tests import factories
from tests.management.support import COMMUNITY, GRID, SIBLING, TOWN
from tests.management.tasks.support import department, ended, gone, posted, raised

OPEN, TAKEN, DONE, CANCELLED = TaskState
A = TaskAction
R = TypeVar("R")

# Written here again: what the code does is held against this, not against itself.
STEPS = {(OPEN, TAKEN), (OPEN, DONE), (OPEN, CANCELLED), (TAKEN, OPEN), (TAKEN, DONE),
         (TAKEN, CANCELLED)}  # fmt: skip
# What a step may have done to a task: from these states, to that one; staying where it was.
ALLOWED = {
    A.TAKE: ({OPEN}, {TAKEN}),
    A.ASSIGN: ({OPEN, TAKEN}, {TAKEN}),
    A.RETURN: ({TAKEN}, {OPEN}),
    A.URGE: ({OPEN, TAKEN}, {OPEN, TAKEN}),
    A.EXTEND: ({OPEN, TAKEN}, {OPEN, TAKEN}),
    A.FINISH: ({OPEN, TAKEN}, {DONE}),
    A.CANCEL: ({OPEN, TAKEN}, {CANCELLED}),
}
STAY = {A.URGE, A.EXTEND}
BY_SUBJECT = {TaskKind.HAZARD, TaskKind.DECLARATION, TaskKind.OBJECTION}

LONGEST = 90  # days
WHICH = st.integers(0, 20)
KINDS = st.sampled_from(
    [TaskKind.HAZARD, TaskKind.DECLARATION, TaskKind.WELFARE_VISIT, TaskKind.WELFARE_VISIT]
)
ROLES = st.sampled_from([Role.WARDEN, Role.WARDEN, Role.DEPARTMENT])
WORKERS = (
    (Role.WARDEN, GRID, None), (Role.WARDEN, GRID, None), (Role.WARDEN, SIBLING, None),
    (Role.DEPARTMENT, TOWN, "FIRE"), (Role.DEPARTMENT, TOWN, "TAX"),
)  # fmt: skip
CHIEF = len(WORKERS)
"""Who directs them all."""
WHO = st.integers(0, CHIEF)
DIRECTING = st.sampled_from([*range(CHIEF), *[CHIEF] * CHIEF])
HOLDING = st.none() | WHO
"""Whoever holds the task, or somebody."""
DAYS = st.integers(-1, 100)


BEGUN = (TaskKind.WELFARE_VISIT, TaskKind.HAZARD, TaskKind.WELFARE_VISIT, TaskKind.AD_HOC)


@dataclass(frozen=True)
class Seen:
    """What a task was after the step before."""

    kind: TaskKind
    state: TaskState
    version: int
    due_at: datetime | None
    assignee_id: UUID | None
    outcome: str
    ended_at: datetime | None


def test_the_table_of_moves_is_the_one_that_was_decided() -> None:
    assert {(one, other) for one, ways in MOVES.items() for other in ways} == STEPS


class Working(RuleBasedStateMachine):
    """Wardens, departments and a supervisor at two houses; people come and go."""

    loop: asyncio.AbstractEventLoop

    def run(self, step: Awaitable[R]) -> R:
        async def wait() -> R:
            return await step

        return asyncio.run_coroutine_threadsafe(wait(), self.loop).result(30)

    def attempt(self, step: Awaitable[R]) -> None:
        with suppress(DomainError):
            self.run(step)

    @initialize()
    def town(self) -> None:
        self.seen: dict[UUID, Seen] = {}
        self.run(self._town())

    async def _town(self) -> None:
        self.places: list[Place] = [
            await factories.place(), await factories.place(grid="441900122002-02")
        ]  # fmt: skip
        self.people = [await posted(role, path, of=of) for role, path, of in WORKERS]
        self.people.append(await posted(Role.SUPERVISOR, COMMUNITY))
        self.fire = (await department("FIRE")).id
        self.subjects = [uuid7() for _ in range(3)]
        for kind, subject in zip(BEGUN, [*self.subjects, None], strict=True):
            await raised(kind, place=self.places[0], subject_id=subject)

    def _task(self, which: int, *states: TaskState) -> UUID:
        """One of the tasks there are, oftener one that stands so: that lives, unless told."""
        ids = sorted(self.seen)
        fit = [one for one in ids if self.seen[one].state in (states or {OPEN, TAKEN})]
        wanted = fit if fit and which % 4 else ids
        return wanted[which % len(wanted)]

    def _holder(self, who: int | None, task_id: UUID) -> Actor:
        """Who of the people is meant: who holds the task, if anybody does."""
        if who is not None:
            return self.people[who]
        held_by = self.seen[task_id].assignee_id
        return next((one for one in self.people if one.id == held_by), self.people[0])

    @rule(kind=KINDS, role=ROLES, which=WHICH, at=st.booleans(), to=st.none() | WHO)
    def raise_one(self, kind: TaskKind, role: Role, which: int, at: bool, to: int | None) -> None:
        place = self.places[at]
        # A subject gives its task to who holds a post for it, or to a pool.
        fits = to is not None and self._fits(to, role, place)
        self.attempt(
            raised(
                kind,
                place=place,
                role=role,
                department_id=self.fire if role is Role.DEPARTMENT else None,
                subject_id=self.subjects[which % 3],
                assignee_id=self.people[to].id if fits and to is not None else None,
            )
        )

    def _fits(self, who: int, role: Role, place: Place) -> bool:
        held = self.run(GridPost.filter(staff_id=self.people[who].id).all())
        return any(
            post.role is role
            and place.grid_path.startswith(post.grid_path)
            and (role is Role.WARDEN or post.department_id == self.fire)
            and (post.ends_on is None or post.ends_on > today())
            for post in held
        )

    @rule(at=st.booleans(), to=st.none() | WHO, days=DAYS)
    def send(self, at: bool, to: int | None, days: int) -> None:
        order = Order(
            words="逐户宣传用电安全",
            due_at=now() + timedelta(days=days),
            place_id=self.places[at].id,
            staff_id=None if to is None else self.people[to].id,
        )
        self.attempt(send_task(self.people[-1], order=order))

    @rule(who=WHO, which=WHICH)
    def take(self, who: int, which: int) -> None:
        self.attempt(take_task(self.people[who], task_id=self._task(which)))

    @rule(which=WHICH)
    def all_take(self, which: int) -> None:
        task = self._task(which, OPEN)
        got = [self._takes(actor, task) for actor in self.people]
        assert sum(got) <= (self.seen[task].state is OPEN)

    def _takes(self, actor: Actor, task_id: UUID) -> bool:
        try:
            self.run(take_task(actor, task_id=task_id))
        except DomainError:
            return False
        return True

    @rule(who=DIRECTING, which=WHICH, to=WHO)
    def assign(self, who: int, which: int, to: int) -> None:
        given = {"task_ids": [self._task(which)], "staff_id": self.people[to].id}
        self.attempt(assign_tasks(self.people[who], **given))  # type: ignore[arg-type]  # as given

    @rule(who=HOLDING, which=WHICH)
    def give_back(self, who: int | None, which: int) -> None:
        task = self._task(which, TAKEN)
        self.attempt(return_task(self._holder(who, task), task_id=task, reason="不在本网格"))

    @rule(who=DIRECTING, which=WHICH)
    def urge(self, who: int, which: int) -> None:
        self.attempt(urge_task(self.people[who], task_id=self._task(which)))

    @rule(who=DIRECTING, which=WHICH, days=DAYS)
    def extend(self, who: int, which: int, days: int) -> None:
        due = now() + timedelta(days=days)
        step = extend_task(self.people[who], task_id=self._task(which), due_at=due, reason="不在")
        self.attempt(step)

    @rule(who=HOLDING, which=WHICH, outcome=st.integers(0, 20), fits=st.booleans())
    def finish(self, who: int | None, which: int, outcome: int, fits: bool) -> None:
        task = self._task(which, TAKEN)
        good = sorted(OUTCOMES.get(self.seen[task].kind, ())) if fits else []
        given = (good or list(TaskOutcome))[outcome % len(good or TaskOutcome)]
        doing = self._holder(who, task)
        self.attempt(finish_task(doing, task_id=task, outcome=given, feedback="已上门"))

    @rule(who=DIRECTING, which=WHICH)
    def cancel(self, who: int, which: int) -> None:
        step = cancel_task(self.people[who], task_id=self._task(which), reason="不再需要")
        self.attempt(step)

    @rule(kind=KINDS, which=WHICH, done=st.booleans())
    def subject_is_over(self, kind: TaskKind, which: int, done: bool) -> None:
        self.run(self._subject_is_over(kind, self.subjects[which % 3], done))

    async def _subject_is_over(self, kind: TaskKind, subject: UUID, done: bool) -> None:
        async with work(SYSTEM):
            if done:
                await finish_task_of(kind, subject, by=SYSTEM, outcome="DONE")
            else:
                await cancel_task_of(kind, subject, by=SYSTEM)

    @rule(who=st.integers(0, len(WORKERS) - 1), leaves=st.booleans())
    def somebody_new(self, who: int, leaves: bool) -> None:
        """Somebody leaves, or their post ends by its date; another comes in their place."""
        self.run(self._somebody_new(who, leaves))

    async def _somebody_new(self, who: int, leaves: bool) -> None:
        before = self.people[who]
        assert before.id is not None
        await ended(before)
        if leaves:
            await gone(before)
            await return_tasks_of_who_may_no_longer(RightsChanged(staff_id=before.id))
        else:
            await return_stranded_tasks()
        role, path, of = WORKERS[who]
        self.people[who] = await posted(role, path, of=of)

    @rule(which=WHICH)
    def time_passes(self, which: int) -> None:
        """A deadline lies behind; nobody's step."""
        self.run(self._time_passes(self._task(which)))

    async def _time_passes(self, task_id: UUID) -> None:
        past = now() - timedelta(minutes=1)
        live = Task.filter(id=task_id, state__in=[OPEN, TAKEN], due_at__gt=past)
        if await live.update(due_at=past):
            task = await Task.get(id=task_id)
            self.seen[task_id] = _seen(task)
        await tell_overdue_tasks()

    @invariant()
    def holds(self) -> None:
        self.run(self._holds())

    async def _holds(self) -> None:
        here = [place.id for place in self.places]
        tasks = await Task.filter(place_id__in=here).order_by("id")
        live = [(task.kind, task.subject_id) for task in tasks
                if task.state in {OPEN, TAKEN} and task.subject_id]  # fmt: skip
        assert len(live) == len(set(live)), "one subject, one live task"
        history: dict[UUID, list[TaskStep]] = {task.id: [] for task in tasks}
        for step in await TaskStep.filter(task__place_id__in=here).order_by("number"):
            history[step.task_id].append(step)
        for task in tasks:
            steps = history[task.id]
            assert [step.number for step in steps] == list(range(1, task.version + 1))
            assert steps[0].action is A.RAISE
            before = self.seen.get(task.id)
            if before is not None:
                _went_as_allowed(task, before, steps[before.version :])
            if before != _seen(task):
                await _is_whole(task)
            self.seen[task.id] = _seen(task)


def _seen(task: Task) -> Seen:
    return Seen(
        task.kind,
        task.state,
        task.version,
        task.due_at,
        task.assignee_id,
        task.outcome,
        task.ended_at,
    )


def _went_as_allowed(task: Task, before: Seen, new: list[TaskStep]) -> None:
    """What changed since, its steps allow."""
    after = _seen(task)
    if not new:
        assert after == before
        return
    state = before.state
    for step in new:
        came, goes = ALLOWED[step.action]
        assert state in came, "nothing happens to a task that is over"
        state = state if step.action in STAY else next(iter(goes))
    assert task.state is state
    if task.due_at != before.due_at:
        assert [step.action for step in new] == [A.EXTEND]
        assert task.kind is not TaskKind.HAZARD
        assert before.due_at is not None
        assert task.due_at is not None
        assert max(before.due_at, now()) < task.due_at <= now() + timedelta(days=LONGEST)
        assert task.overdue_at is None
    if task.kind in BY_SUBJECT:
        by_hand = {A.FINISH, A.CANCEL} & {step.action for step in new if step.staff_id}
        assert not by_hand, "it ends with what it is about"


async def _is_whole(task: Task) -> None:
    """A task agrees with itself; whoever holds it may."""
    assert (task.state is TAKEN) <= (task.assignee_id is not None)
    assert (task.state is OPEN) <= (task.assignee_id is None)
    assert (task.state in {DONE, CANCELLED}) == (task.ended_at is not None)
    assert task.due_at is not None
    if task.state is DONE and task.kind in OUTCOMES and task.outcome != "DONE":
        assert task.outcome in OUTCOMES[task.kind]
    if task.state is not TAKEN:
        return
    assert await StaffMember.exists(id=task.assignee_id, left_at=None)
    held = await GridPost.filter(staff_id=task.assignee_id, role=task.role)
    assert any(
        task.grid_path.startswith(post.grid_path)
        and task.department_id in {None, post.department_id}
        and (post.ends_on is None or post.ends_on > today())
        for post in held
    ), "who holds it has a post for it"


async def test_whatever_is_done_in_whatever_order_tasks_keep_their_rules(town: None) -> None:
    Working.loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        run_state_machine_as_test,
        Working,
        settings=settings(max_examples=20, stateful_step_count=50, deadline=None, print_blob=True),
    )
