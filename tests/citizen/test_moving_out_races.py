"""The tenant leaves in the moment in which the warden who was to look finishes the visit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from citizen.declarations.moving_out import move_out
from core.clock import now, today
from core.errors import WrongState
from identity.models import Account
from management.models import (
    Residence,
    ResidenceEnd,
    Task,
    TaskAction,
    TaskKind,
    TaskState,
    TaskStep,
)
from management.people.asking import ask_after_residences
from management.tasks.finishing import TaskOutcome, finish_task
from management.tasks.taking import take_task
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.management.support import GRID, code_of, outcomes, signed_in
from tests.management.tasks.support import posted

ENDED = {TaskState.DONE, TaskState.CANCELLED}


async def silent(account: Account) -> Residence:
    """A residence after which was asked in vain, for two weeks."""
    room = await factories.room(await factories.place(grid=code_of(GRID)))
    return await factories.residence(
        await factories.person(account), room, starts_on=today() - timedelta(days=400),
        confirmed_on=today() - timedelta(days=200), asked_at=now() - timedelta(days=14),
    )  # fmt: skip


@pytest.mark.parametrize(
    "outcome", [TaskOutcome.STILL_HERE, TaskOutcome.MOVED_OUT, TaskOutcome.NOT_MET]
)
async def test_a_residence_ends_once_and_leaves_no_visit_behind(
    committed_town: None, outcome: TaskOutcome
) -> None:
    accounts = [await factories.account() for _ in range(12)]
    homes = [await silent(account) for account in accounts]
    await ask_after_residences()
    warden = await posted()
    visits = [await Task.get(kind=TaskKind.RESIDENCE, subject_id=home.id) for home in homes]
    for visit in visits:
        await take_task(warden, task_id=visit.id)

    answers = await outcomes(
        *(
            attempt
            for account, visit in zip(accounts, visits, strict=True)
            for attempt in (
                finish_task(warden, task_id=visit.id, outcome=outcome, feedback="敲门看过"),
                move_out(signed_in(account)),
            )
        )
    )

    for home, account, visit, finished, left in zip(
        homes, accounts, visits, answers[::2], answers[1::2], strict=True
    ):
        found, ended = await Residence.get(id=home.id), await Task.get(id=visit.id)
        assert not found.current
        # Whoever came second is told so, and changed nothing.
        assert ended.state is (
            TaskState.CANCELLED if isinstance(finished, WrongState) else TaskState.DONE
        )
        by_warden = outcome is TaskOutcome.MOVED_OUT and not isinstance(finished, WrongState)
        assert isinstance(left, WrongState) is by_warden
        assert found.end_reason is (
            ResidenceEnd.STAFF_FOUND if by_warden else ResidenceEnd.MOVED_OUT
        )
        about = await Task.filter(kind=TaskKind.RESIDENCE, subject_id=home.id)
        assert {task.state for task in about} <= ENDED
        for task in about:
            steps = await TaskStep.filter(
                task_id=task.id, action__in=[TaskAction.FINISH, TaskAction.CANCEL]
            )
            assert len(steps) == 1
        told = await Notification.filter(topic=Topic.RESIDENCE_ENDED, account_id=account.id)
        assert len(told) == by_warden
