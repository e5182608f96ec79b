"""How many statements residents' lists and details cost: the same for few rows as for many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from citizen.models import (
    Declaration,
    DeclarationAction,
    DeclarationPhoto,
    DeclarationState,
    DeclarationStep,
    Doubt,
    Relation,
    ResidenceObjection,
)
from citizen.my_data.models import DataExport, DataExportState
from core.clock import now, today
from core.crypto import seal
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind, Role
from identity.models import Account, Department, GridPost, StaffMember
from management.models import (
    Hazard,
    HazardAction,
    HazardDocument,
    HazardFollower,
    HazardState,
    HazardStep,
    Person,
    PersonLook,
    Place,
    ResidenceCertificate,
    ResidenceSource,
    Room,
    Task,
    TaskAction,
    TaskKind,
    TenantDuty,
)
from management.tasks.core import Where, raise_task, stepped
from media.models import Photo, Purpose
from schema.ids import global_id
from tests import factories, hazard_factories
from tests.schema.counting import WIDE, count
from tests.schema.mutation_cases import filled_in
from tests.schema.selecting import everything_of
from tests.schema.support import World, data_of
from tests.schema.worlds.hazard_work import CONTENT

STATES = (
    HazardState.ACCEPTED,
    HazardState.DISPATCHED,
    HazardState.RECTIFYING,
    HazardState.SUBMITTED,
    HazardState.FOLLOW_UP,
    HazardState.CLOSED,
)


def whole(asking: str, type_name: str) -> str:
    """A document that asks for all of a type; ``asking`` goes as far as that begins."""
    open_ones = asking.count("{") - asking.count("}")
    return f"{asking} {{ {everything_of(type_name)} }}" + " }" * open_ones


def listed(field: str, type_name: str) -> str:
    """A document for the first fifty of a list; ``field`` may bring arguments."""
    name, _, more = field.partition("(")
    return whole(f"{{ {name}(first: 50 {more or ')'}", f"{type_name}Connection")


async def more_hazards(world: World, numbers: range) -> None:
    """More hazards of every state, in two houses of landlord A, and of staff and neighbours."""
    first, landlord = world.tenants[0], world.accounts["landlord A"]
    for number in numbers:
        other = await factories.place()
        await factories.claim(landlord, other)
        for at in (first.place, other):
            await _one_more_hazard(world, at, number)


async def _one_more_hazard(world: World, at: Place, number: int) -> None:
    resident = world.accounts["resident"]
    state, worker, departments = STATES[number], await _worker(), await Department.all()
    made = await hazard_factories.hazard(
        at,
        state=state,
        reporter=resident if number % 2 else await factories.account(),
        category=("TREE", "CRACKS", "MANHOLE")[number % 3],
        summary="楼梯口有杂物",
        room_id=(await factories.room(at, f"9{number:02d}")).id,
        assignee_id=worker.id if state is not HazardState.ACCEPTED else None,
        department_id=departments[number % len(departments)].id,
        external_no=f"more-{uuid7()}",
        earlier_id=(await _row(world, Hazard, "closedHazard")).id,
        created_at=now() - timedelta(days=1),
    )
    await HazardFollower.get_or_create(
        hazard_id=made.id, account_id=resident.id, defaults={"why": "FOLLOWS"}
    )
    await _more_of_hazard(made, worker)
    async with work(SYSTEM):
        await raise_task(TaskKind.HAZARD, where=Where.of(at), role=Role.WARDEN, subject_id=made.id)


async def _more_of_hazard(hazard: Hazard, worker: StaffMember) -> None:
    """Steps by somebody new, documents, and pictures."""
    last = await HazardStep.filter(hazard_id=hazard.id).count()
    for number in range(last + 1, last + 4):
        step = HazardStep(
            hazard_id=hazard.id,
            number=number,
            at=now(),
            by_kind=ActorKind.STAFF,
            staff_id=worker.id,
            action=HazardAction.CHANGE_SEVERITY,
            from_state=hazard.state,
            to_state=hazard.state,
        )
        seal(step, "words", "测试说明")
        await step.save(force_create=True)
        await HazardDocument.create(
            hazard_id=hazard.id,
            kind="NOTICE",
            number=f"测〔{uuid7()}〕",
            staff_id=worker.id,
            content=CONTENT,
            issued_at=now(),
        )
        for shown in (True, False):
            await hazard_factories.picture(hazard, step_id=step.id, shown=shown)


async def more_tasks(world: World, numbers: range) -> None:
    """More tasks, waiting and taken, of this house and others, each with a history."""
    post, sender = world.tenants[0].lead, world.actors["department"]
    for number in numbers:
        await GridPost.create(
            staff_id=(await _worker()).id, grid_code=post.grid_code, grid_path=post.grid_path,
            role=Role.WARDEN, duty_group=post.duty_group, starts_on=today(),
        )  # fmt: skip
        where = Where.of(await factories.place())
        async with work(SYSTEM):
            for taken in (None, post.staff_id):
                made = await raise_task(
                    TaskKind.WELFARE_VISIT, where=where, role=Role.WARDEN, subject_id=uuid7()
                )
                if taken:
                    await Task.filter(id=made.id).update(
                        state="TAKEN", assignee_id=taken, taken_at=now(), sent_by_id=sender.id
                    )
                    await made.refresh_from_db()
                for _ in range(number + 1):
                    await stepped(made, TaskAction.URGE, by=sender, words="请尽快")


async def more_people(world: World, numbers: range) -> None:
    """More people in both kinds of house, declared by all who can."""
    tenant = world.tenants[0]
    landlord, resident = world.accounts["landlord A"], world.accounts["resident"]
    own = await Person.get(account_id=resident.id)
    for number in numbers:
        other = await factories.place()
        await factories.claim(landlord, other)
        for at in (tenant.place, other):
            room = await factories.room(at, f"7{number:02d}")
            await _one_more_tenant(room, landlord, resident)
            lives = await factories.residence(
                own, room, starts_on=today() - timedelta(days=99), ends_on=today()
            )
        copy = DataExport(
            account_id=landlord.id, state=DataExportState.READY, finished_at=now(), expires_at=now()
        )
        seal(copy, "content", "{}")
        seal(copy, "drawn", "JVBERi0=")
        await copy.save(force_create=True)
        await PersonLook.create(
            person_id=own.id, staff_id=(await _worker()).id, office="WARDEN 441900122002-01",
            reason="测试原因", what=["name"], at=now(),
        )  # fmt: skip
        await ResidenceCertificate.create(
            number=f"JZ2026-80000{number}", person_id=own.id, residence_id=lives.id,
            token_hash=f"{number}" * 64, issued_at=now(), valid_until=today(),
        )  # fmt: skip


async def _one_more_tenant(room: Room, landlord: Account, resident: Account) -> None:
    """Declared by the landlord; by the resident, held; and one to whom somebody objects."""
    signed = today() - timedelta(days=9)
    await TenantDuty.create(
        place_id=room.place_id, room_id=room.id, account_id=landlord.id, signed_on=signed,
        due_on=today(),
    )  # fmt: skip
    for by, state, source in (
        (landlord, DeclarationState.IN_FORCE, ResidenceSource.LANDLORD),
        (resident, DeclarationState.IN_FORCE, ResidenceSource.SELF),
        (resident, DeclarationState.HELD, ResidenceSource.SELF),
    ):
        person = await factories.person(name="测试同住人", phone="13800000000")
        held = state is DeclarationState.HELD
        lives = None if held else await factories.residence(person, room, source=source)
        made = await Declaration.create(
            account_id=by.id,
            person_id=person.id,
            place_id=room.place_id,
            room_id=room.id,
            residence_id=lives.id if lives else None,
            source=source,
            relation=Relation.TENANT if by is landlord else Relation.OTHER,
            batch=uuid7(),
            document_kind=person.document_kind,
            starts_on=today(),
            state=state,
            doubts=[Doubt.OVER_CAPACITY] if held else [],
            question_open=not held,
            asked_landlord_at=None if held else now(),
        )
        await _more_of_declaration(made, by)
        if held:
            await _task_for(room, made)
        if by is landlord:
            await ResidenceObjection.create(
                declaration_id=made.id, account_id=resident.id, created_at=now()
            )


async def _more_of_declaration(declaration: Declaration, by: Account) -> None:
    """Steps, each with a picture."""
    known = await DeclarationStep.filter(declaration_id=declaration.id).count()
    for number in range(known + 1, known + 3):
        step = await DeclarationStep.create(
            declaration_id=declaration.id, number=number, at=now(), by_kind=ActorKind.ACCOUNT,
            account_id=by.id, action=DeclarationAction.DECLARE,
        )  # fmt: skip
        photo = await Photo.create(
            owner_id=by.id, purpose=Purpose.DECLARATION, width=720, height=540
        )
        await DeclarationPhoto.create(
            declaration_id=declaration.id, photo_id=photo.id, step_id=step.id, position=number
        )


async def _task_for(room: Room, held: Declaration) -> None:
    """The task by which wardens find a declaration that is held."""
    where = Where.of(await Place.get(id=room.place_id))
    async with work(SYSTEM):
        await raise_task(TaskKind.DECLARATION, where=where, role=Role.WARDEN, subject_id=held.id)


async def more_of_one(world: World, numbers: range) -> None:
    """More of what hangs on one hazard, one task and one declaration."""
    for name in ("hazard", "heldHazard", "newHazard"):
        hazard = await _row(world, Hazard, name)
        await _more_of_hazard(hazard, await _worker())
        for _ in numbers:
            await HazardFollower.create(
                hazard_id=hazard.id, account_id=(await factories.account()).id, why="FOLLOWS"
            )
    declaration = await _row(world, Declaration, "heldDeclaration")
    await _more_of_declaration(declaration, world.accounts["resident"])
    task = await _row(world, Task, "takenTask")
    async with work(SYSTEM):
        for _ in numbers:
            await stepped(task, TaskAction.URGE, by=world.actors["department"], words="请尽快")


async def _worker() -> StaffMember:
    return await StaffMember.create(user_name=f"w{uuid7()}", name="测试人员", password_hash="x")


async def _row(world: World, model: Any, name: str) -> Any:
    wanted = world.tenants[0].more[name]
    return next(row for row in await model.all() if global_id(model.__name__, row.id) == wanted)


HAZARD = whole("query($id: ID!) { hazard(id: $id)", "Hazard")
DECLARATION = whole("query($id: ID!) { declaration(id: $id)", "Declaration")
AT_PLATE = 'query($token: String!) { %s(plateToken: $token, categoryCode: "TREE")'
TENANTS = "query($id: ID!) { tenants(placeId: $id, left: %s, first: 50)"
HELD, PLACE, TOKEN = {"id": "$heldHazard"}, {"id": "$place"}, {"token": "$token"}

# Name → document, who asks, variables, number of statements.
CASES: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "hazards": (listed("hazards", "Hazard"), "warden 1", {}, 12),
    "hazards reported": (listed("myHazards(which: REPORTED)", "Hazard"), "resident", {}, 11),
    "hazards followed": (listed("myHazards(which: FOLLOWED)", "Hazard"), "resident", {}, 10),
    "public hazards": (listed("publicHazards", "PublicHazard"), "anonymous", {}, 5),
    "hazards nearby": (whole(AT_PLATE % "hazardsNearby", "NearbyHazard"), "resident", TOKEN, 4),
    "hazard check": (
        whole(AT_PLATE % "hazardReportCheck", "HazardReportCheck"), "resident", TOKEN, 6,
    ),
    "hazard by token": (
        whole("query($token: String!) { hazardFollowUp(token: $token)", "HazardFollowUp"),
        "anonymous", {"token": "$hazardToken"}, 17,
    ),
    "hazard of its reporter": (HAZARD, "resident", {"id": "$hazard"}, 10),
    "hazard of its landlord": (HAZARD, "landlord A", HELD, 9),
    "hazard of a warden": (HAZARD, "warden 1", HELD, 11),
    "steps": (
        whole("query($id: ID!) { hazard(id: $id) { steps", "HazardStep"), "warden 1", HELD, 2,
    ),
    "documents": (
        whole("query($id: ID!) { hazard(id: $id) { documents", "HazardDocument"),
        "landlord A", HELD, 3,
    ),
    "tasks to do": (listed("tasks", "Task"), "warden 1", {}, 9),
    "tasks in the pool": (listed("tasks(filter: { box: POOL })", "Task"), "warden 1", {}, 9),
    "tasks of the grid": (listed("tasks(filter: { box: ALL })", "Task"), "supervisor 1", {}, 9),
    "task": (
        whole("query($id: ID!) { task(id: $id)", "Task"), "warden 1", {"id": "$takenTask"}, 7,
    ),
    "loads": (
        whole("query($code: String!) { wardenLoads(gridCode: $code)", "WardenLoad"),
        "supervisor 1", {"code": "$gridCode"}, 2,
    ),
    "residences": (listed("residences", "Residence"), "warden 1", {}, 5),
    "own residences": (
        whole("{ viewer { residences(first: 50)", "ResidenceConnection"), "resident", {}, 6,
    ),
    "looks": (whole("{ viewer { dataLooks(first: 50)", "PersonLookConnection"), "resident", {}, 5),
    "certificates": (
        whole("{ viewer { residenceCertificates", "ResidenceCertificate"), "resident", {}, 2,
    ),
    "draft": (
        whole("query($token: String!) { declarationDraft(plateToken: $token)", "DeclarationDraft"),
        "resident", {"token": "$placeToken"}, 12,
    ),
    "own declarations": (listed("myDeclarations", "OwnDeclaration"), "resident", {}, 10),
    "questions to a landlord": (listed("tenantQuestions", "OwnDeclaration"), "landlord A", {}, 8),
    "declaration of staff": (DECLARATION, "warden 1", {"id": "$heldDeclaration"}, 7),
    "own declaration": (DECLARATION, "resident", {"id": "$heldDeclaration"}, 10),
    "held declarations": (listed("heldDeclarations", "Declaration"), "warden 1", {}, 8),
    "objections": (listed("residenceObjections", "ResidenceObjection"), "warden 1", {}, 1),
    "tenants": (whole(TENANTS % "false", "TenantConnection"), "landlord A", PLACE, 5),
    "tenants who left": (whole(TENANTS % "true", "TenantConnection"), "landlord A", PLACE, 5),
    "duties": (listed("tenantDuties", "TenantDuty"), "landlord A", {}, 4),
    "duties of staff": (listed("tenantDuties", "TenantDuty"), "warden 1", {}, 5),
    "own data": (whole("{ myData", "MyData"), "resident", {}, 0),
    "copies of own data": (whole("{ dataExports", "DataExport"), "landlord A", {}, 1),
}  # fmt: skip


async def asked(document: str, actor: Actor, variables: dict[str, Any]) -> tuple[int, int]:
    """The number of statements, and how long the answer is."""
    answer = await data_of(document, actor, variables, schema=WIDE)
    return await count(document, actor, variables), len(orjson.dumps(answer))


async def more(world: World, numbers: range) -> None:
    """More of everything that residents have."""
    await more_hazards(world, numbers)
    await more_tasks(world, numbers)
    await more_people(world, numbers)
    await more_of_one(world, numbers)


@pytest.mark.parametrize("name", CASES)
async def test_the_number_of_statements_is_fixed(name: str, world: World) -> None:
    document, role, variables, expected = CASES[name]
    tenant, actor = world.tenants[0], world.actors[role]
    filled = filled_in(variables, {**tenant.ids, "placeToken": tenant.plate.token})
    await more(world, range(1))
    few, short = await asked(document, actor, filled)
    await more(world, range(1, len(STATES)))
    many, long = await asked(document, actor, filled)
    assert short < long  # else it wasn't read
    # Of one's own data, some for each kind of row: more kinds are added.
    assert (few, many) == (expected or few, expected or few)
