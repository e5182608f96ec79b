"""Work of one's own: who may send what to whom, and where."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.clock import now
from core.crypto import reveal
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import Actor, Permission, Role
from identity.departments import DEPARTMENTS
from management.models import Task, TaskKind, TaskState
from management.rules import rules
from management.tasks.admission import admission
from management.tasks.sending import Order, send_task
from tests import factories
from tests.management.support import (
    COMMUNITY,
    HOSTILE,
    OTHER_GRID,
    SIBLING,
    TOWN,
    VISITOR,
    app,
    code_of,
    entries,
    refused,
    refused_input,
    signed_in,
)
from tests.management.tasks.support import department, fresh, posted


async def sending(actor: Actor, **given: Any) -> Task:
    if not {"place_id", "grid_code"} & set(given):
        given["place_id"] = (await factories.place()).id
    order = {"words": "逐户宣传用电安全", "due_at": now() + timedelta(days=2), **given}
    return await send_task(actor, order=Order(**order))


async def test_a_supervisor_sends_what_is_needed_to_the_pool(town: None) -> None:
    chief, place = await posted(Role.SUPERVISOR, COMMUNITY), await factories.place()
    due = now() + timedelta(days=2)
    task = await fresh(await sending(chief, place_id=place.id, due_at=due))
    assert (task.kind, task.state, task.role) == (TaskKind.AD_HOC, TaskState.OPEN, Role.WARDEN)
    assert (task.place_id, task.sent_by_id, task.due_at) == (place.id, chief.id, due)
    assert task.minutes == admission().own[TaskKind.AD_HOC]
    assert reveal(task, "words") == "逐户宣传用电安全"
    assert "用电" not in str(task.words)
    (entry,) = await entries(task.id)
    assert entry.action == "sendTask"
    assert "用电" not in str(entry.payload)


async def test_to_a_grid_and_to_one_of_its_wardens(town: None) -> None:
    chief, warden = await posted(Role.SUPERVISOR, TOWN), await posted(Role.WARDEN, SIBLING)
    task = await sending(chief, grid_code=code_of(SIBLING), staff_id=warden.id)
    assert (task.place_id, task.grid_path) == (None, SIBLING)
    assert (task.state, task.assignee_id) == (TaskState.TAKEN, warden.id)
    for other in (await posted(Role.WARDEN, OTHER_GRID), await posted(Role.DEPARTMENT)):
        attempt = sending(chief, grid_code=code_of(SIBLING), staff_id=other.id)
        await refused(NotFound, attempt, field="input.staffId", reason="NOT_POSTED")
    attempt = sending(chief, grid_code=code_of(SIBLING), staff_id=uuid7())
    await refused(NotFound, attempt, field="input.staffId")


async def test_a_department_sends_wardens_only_what_the_list_admits_for_it(town: None) -> None:
    await department("TAX")
    fire, tax = await posted(Role.DEPARTMENT, TOWN), await posted(Role.DEPARTMENT, TOWN, of="TAX")
    place = await factories.place()
    task = await sending(fire, place_id=place.id, admission="FIRE_LEAFLETS")
    assert (task.admission, task.minutes) == ("FIRE_LEAFLETS", 15)
    for actor, code in ((tax, "FIRE_LEAFLETS"), (fire, "LICENCE_CHECK"), (fire, None)):
        attempt = sending(actor, place_id=place.id, admission=code)
        error = await refused(WrongState, attempt, reason="NOT_ADMITTED")
        mine = "FIRE" if actor is fire else "TAX"
        assert error.params["admitted"] == sorted(
            kind.code for kind in admission().kinds.values() if mine in kind.departments
        )
    attempt = sending(fire, place_id=place.id, admission="TEA")
    await refused_input(attempt, "input.admission", "UNKNOWN_KIND")


async def test_a_department_sends_its_own_people_what_it_needs(town: None) -> None:
    fire, place = await posted(Role.DEPARTMENT, TOWN), await factories.place()
    await department("TAX")
    task = await sending(fire, place_id=place.id, department_code="FIRE")
    assert (task.role, task.department_id) == (Role.DEPARTMENT, (await department("FIRE")).id)
    attempt = sending(fire, place_id=place.id, department_code="TAX", admission="FIRE_LEAFLETS")
    await refused(WrongState, attempt, reason="NOT_ADMITTED")
    attempt = sending(fire, place_id=place.id, department_code="NONE")
    await refused(NotFound, attempt, field="input.departmentCode")


async def test_who_sends_nothing_there_finds_nothing(town: None) -> None:
    place = await factories.place()
    outsiders = [
        await posted(Role.WARDEN, lead=True), await posted(Role.SUPERVISOR, OTHER_GRID),
        await posted(Role.SERVICE_DESK), app(Permission.TASKS_SEND),
        signed_in(await factories.account()),
    ]  # fmt: skip
    for actor in outsiders:
        there = await refused(NotFound, sending(actor, place_id=place.id))
        nowhere = await refused(NotFound, sending(actor, place_id=uuid7()))
        assert there.extensions() == nowhere.extensions()
        await refused(NotFound, sending(actor, grid_code=place.grid_code))
    await refused(Unauthenticated, sending(VISITOR, place_id=place.id))


async def test_bad_orders_are_refused(town: None) -> None:
    chief, place = await posted(Role.SUPERVISOR, TOWN), await factories.place()
    for words in ("", "一", *HOSTILE):
        await refused_input(sending(chief, place_id=place.id, words=words), "input.words")
    far = now() + timedelta(days=rules().task_longest_days, minutes=1)
    for due in (now() - timedelta(seconds=1), far, datetime(2090, 1, 1)):  # noqa: DTZ001
        await refused_input(sending(chief, place_id=place.id, due_at=due), "input.dueAt")
    both = {"place_id": place.id, "grid_code": place.grid_code}
    await refused_input(sending(chief, **both), "input.placeId", "PLACE_OR_GRID")
    neither: dict[str, Any] = {"place_id": None, "grid_code": None}
    await refused_input(sending(chief, **neither), "input.placeId", "PLACE_OR_GRID")
    community = sending(chief, grid_code=place.community_code)
    await refused_input(community, "input.gridCode", "GRID_LEVEL")
    with pytest.raises(NotFound):
        await sending(chief, grid_code="441900122999-01")


def test_the_admission_list_names_departments_of_the_town_and_has_minutes() -> None:
    codes = {code for code, *_ in DEPARTMENTS}
    for kind in admission().kinds.values():
        assert kind.departments, kind.code
        assert kind.departments <= codes, kind.code
        assert 5 <= kind.minutes <= 120, kind.code
        assert kind.zh
        assert kind.en
    assert set(admission().own) == set(TaskKind)
    assert {code for kind in admission().kinds.values() for code in kind.departments} == codes


async def test_an_input_of_the_wrong_kind_is_no_admission(town: None) -> None:
    chief = await posted(Role.SUPERVISOR, TOWN)
    with pytest.raises(InvalidInput):
        await sending(chief, admission="fire_leaflets")
