"""Old residences: asked after, confirmed by who lives there, looked at when nobody answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core.audit import AuditEntry
from core.clock import now, today
from core.errors import NotFound, Unauthenticated, WrongState
from core.work import work
from identity.actor import SYSTEM, Actor, Role
from identity.models import Account
from management.models import (
    Person,
    Place,
    Residence,
    ResidenceCheck,
    ResidenceEnd,
    ResidenceSource,
    Task,
    TaskKind,
    TaskState,
)
from management.people.asking import (
    ask_after_residences,
    confirm_residence,
    verify_residence,
)
from management.people.residences import begin_residence
from management.places import close_place
from management.tasks.core import Where, raise_task
from management.tasks.finishing import TaskOutcome, finish_task
from management.tasks.taking import take_task
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.management.support import (
    GRID,
    SIBLING,
    VISITOR,
    code_of,
    employee,
    refused,
    signed_in,
    staff,
)
from tests.management.tasks.support import posted


async def old(account: Account | None = None, *, days: int = 180, **values: Any) -> Residence:
    room = await factories.room(await factories.place(grid=code_of(GRID)))
    return await factories.residence(
        await factories.person(account), room,
        starts_on=today() - timedelta(days=400),
        confirmed_on=today() - timedelta(days=days), **values,
    )  # fmt: skip


async def fresh(residence: Residence) -> Residence:
    return await Residence.get(id=residence.id)


async def tasks(of: Residence) -> list[Task]:
    return await Task.filter(kind=TaskKind.RESIDENCE, subject_id=of.id).order_by("id")


async def warden(path: str = GRID) -> Actor:
    row = await employee()
    actor = staff(Role.WARDEN, path)
    return Actor(kind=actor.kind, id=row.id, rights=actor.rights)


async def test_who_was_confirmed_180_days_ago_is_asked_once(town: None) -> None:
    account = await factories.account()
    residence, recent = await old(account), await old(days=179)
    await ask_after_residences()
    await ask_after_residences()
    assert (await fresh(residence)).asked_at is not None
    assert (await fresh(recent)).asked_at is None
    rows = await Notification.filter(topic=Topic.RESIDENCE_ASKED)
    assert [row.account_id for row in rows] == [account.id]


async def test_more_than_one_batch_is_asked(town: None) -> None:
    room = await factories.room(await factories.place())
    for _ in range(103):
        await factories.residence(
            await factories.person(), room, confirmed_on=today() - timedelta(days=200),
            starts_on=today() - timedelta(days=200),
        )  # fmt: skip
    await ask_after_residences()
    assert await Residence.filter(asked_at=None).count() == 0


async def test_who_still_lives_there_says_so(town: None) -> None:
    account = await factories.account()
    residence = await old(account)
    await ask_after_residences()
    await confirm_residence(signed_in(account), residence_id=residence.id)
    found = await fresh(residence)
    assert (found.confirmed_on, found.asked_at) == (today(), None)
    await ask_after_residences()
    assert (await fresh(residence)).asked_at is None


async def test_silence_for_14_days_makes_it_doubtful_and_a_task(town: None) -> None:
    account = await factories.account()
    residence = await old(account, asked_at=now() - timedelta(days=14))
    waiting = await old(asked_at=now() - timedelta(days=13))
    await ask_after_residences()
    await ask_after_residences()
    assert (await fresh(residence)).check_state is ResidenceCheck.DOUBTED
    assert (await fresh(waiting)).check_state is ResidenceCheck.UNCHECKED
    (task,) = await tasks(residence)
    assert (task.role, task.grid_path, task.state) == (Role.WARDEN, GRID, TaskState.OPEN)
    await confirm_residence(signed_in(account), residence_id=residence.id)
    assert (await fresh(residence)).check_state is ResidenceCheck.UNCHECKED
    assert [task.state for task in await tasks(residence)] == [TaskState.CANCELLED]


async def test_a_doubt_of_others_is_not_settled_by_the_tenant(town: None) -> None:
    account = await factories.account()
    residence = await old(account, check_state=ResidenceCheck.DOUBTED)
    async with work(SYSTEM):
        place = await Place.get(id=residence.place_id)
        await raise_task(
            TaskKind.RESIDENCE, where=Where.of(place), role=Role.WARDEN,
            subject_id=residence.id, step="DENIED",
        )  # fmt: skip
    await confirm_residence(signed_in(account), residence_id=residence.id)
    assert (await fresh(residence)).check_state is ResidenceCheck.DOUBTED
    assert [task.state for task in await tasks(residence)] == [TaskState.OPEN]


async def test_a_warden_finds_somebody_there_or_gone(town: None) -> None:
    account = await factories.account()
    residence, gone = await old(asked_at=now() - timedelta(days=14)), await old(account)
    await ask_after_residences()
    actor = await warden()
    await verify_residence(actor, residence_id=residence.id, still_there=True)
    found = await fresh(residence)
    assert (found.check_state, found.confirmed_on) == (ResidenceCheck.CONFIRMED, today())
    assert [(task.state, task.outcome) for task in await tasks(residence)] == [
        (TaskState.DONE, "STILL_HERE")
    ]
    await verify_residence(actor, residence_id=gone.id, still_there=False)
    ended = await fresh(gone)
    assert (ended.current, ended.end_reason) == (False, ResidenceEnd.STAFF_FOUND)
    told = await Notification.filter(topic=Topic.RESIDENCE_ENDED)
    assert [row.account_id for row in told] == [account.id]
    await refused(
        WrongState, verify_residence(actor, residence_id=gone.id, still_there=True), reason="ENDED"
    )


@pytest.mark.parametrize(
    ("outcome", "check", "still_there"),
    [
        (TaskOutcome.STILL_HERE, ResidenceCheck.CONFIRMED, True),
        (TaskOutcome.MOVED_OUT, ResidenceCheck.DOUBTED, False),
        (TaskOutcome.NOT_MET, ResidenceCheck.DOUBTED, True),
    ],
)
async def test_what_came_of_a_visit_holds_for_the_residence(
    town: None, outcome: TaskOutcome, check: ResidenceCheck, still_there: bool
) -> None:
    account = await factories.account()
    residence = await old(account, asked_at=now() - timedelta(days=14))
    await ask_after_residences()
    (task,) = await tasks(residence)
    visitor = await posted()
    await take_task(visitor, task_id=task.id)
    await finish_task(visitor, task_id=task.id, outcome=outcome, feedback="敲门看过")
    found = await fresh(residence)
    assert (found.check_state, found.current) == (check, still_there)
    assert (found.confirmed_on == today()) is (outcome is TaskOutcome.STILL_HERE)
    if not still_there:
        assert (found.ends_on, found.end_reason) == (today(), ResidenceEnd.STAFF_FOUND)
    told = await Notification.filter(topic=Topic.RESIDENCE_ENDED, account_id=account.id)
    assert len(told) == (not still_there)
    noted = await AuditEntry.filter(action="verifyResidence", actor_id=visitor.id)
    assert len(noted) == (outcome is not TaskOutcome.NOT_MET)


async def test_where_nobody_was_met_the_visit_waits_anew(town: None) -> None:
    account = await factories.account()
    residence = await old(account, asked_at=now() - timedelta(days=14))
    await ask_after_residences()
    (task,) = await tasks(residence)
    visitor = await posted()
    await take_task(visitor, task_id=task.id)
    await finish_task(visitor, task_id=task.id, outcome=TaskOutcome.NOT_MET, feedback="敲门无人")
    before, again = await tasks(residence)
    assert (before.state, again.state) == (TaskState.DONE, TaskState.OPEN)
    assert (again.role, again.grid_path, again.step) == (task.role, GRID, task.step)
    assert again.due_at is not None
    assert task.due_at is not None
    assert again.due_at - again.created_at == pytest.approx(
        task.due_at - task.created_at, abs=timedelta(minutes=1)
    )
    await confirm_residence(signed_in(account), residence_id=residence.id)
    assert [one.state for one in await tasks(residence)] == [TaskState.DONE, TaskState.CANCELLED]


async def test_an_outcome_that_is_refused_changes_nothing(town: None) -> None:
    residence = await old(asked_at=now() - timedelta(days=14))
    await ask_after_residences()
    (task,) = await tasks(residence)
    holder, other = await posted(), await posted()
    await take_task(holder, task_id=task.id)
    attempt = finish_task(other, task_id=task.id, outcome=TaskOutcome.MOVED_OUT)
    await refused(WrongState, attempt, reason="NOT_YOURS")
    assert (await fresh(residence)).current
    assert [one.state for one in await tasks(residence)] == [TaskState.TAKEN]


async def test_nobody_looks_for_who_has_left(town: None) -> None:
    residence = await old(asked_at=now() - timedelta(days=14))
    await ask_after_residences()
    elsewhere = await factories.room(await factories.place(grid=code_of(GRID)))
    async with work(SYSTEM):
        await begin_residence(
            person=await Person.get(id=residence.person_id), room=elsewhere,
            source=ResidenceSource.SELF, starts_on=today(),
        )  # fmt: skip
    assert not (await fresh(residence)).current
    assert [one.state for one in await tasks(residence)] == [TaskState.CANCELLED]


async def test_only_whom_it_concerns_confirms(town: None) -> None:
    account, other = await factories.account(), await factories.account()
    landlord = await factories.account()
    residence = await old(account)
    await factories.claim(landlord, await Place.get(id=residence.place_id))
    await factories.person(other)

    async def attempt(actor: Actor, residence_id: UUID = residence.id) -> None:
        await confirm_residence(actor, residence_id=residence_id)

    await refused(Unauthenticated, attempt(VISITOR))
    for stranger in (signed_in(other), signed_in(landlord), staff()):
        await refused(NotFound, attempt(stranger))
    await refused(NotFound, attempt(signed_in(account), account.id))


async def test_only_wardens_of_the_grid_verify(town: None) -> None:
    account = await factories.account()
    residence = await old(account)
    for stranger in (
        await warden(SIBLING), staff(Role.SERVICE_DESK), staff(Role.AUDITOR), signed_in(account)
    ):  # fmt: skip
        await refused(
            NotFound, verify_residence(stranger, residence_id=residence.id, still_there=True)
        )


async def test_nobody_lives_in_a_closed_place(town: None) -> None:
    account = await factories.account()
    residence = await old(account)
    place = await Place.get(id=residence.place_id)
    await close_place(
        await warden(), place_id=place.id, expected_version=place.version, demolished=False
    )
    found = await fresh(residence)
    assert (found.current, found.end_reason) == (False, ResidenceEnd.PLACE_CLOSED)
    assert await Notification.filter(topic=Topic.RESIDENCE_ENDED).count() == 1
