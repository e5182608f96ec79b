"""The tenants' things: declarations, and what is said against them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

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
from core.clock import now, today
from core.crypto import seal
from core.ids import global_id, uuid7
from identity.actor import ActorKind, Role
from identity.models import Account
from management.models import (
    DocumentKind,
    Person,
    Place,
    Residence,
    ResidenceSource,
    Room,
    Task,
    TaskKind,
)
from media.models import Photo, Purpose
from tests import factories

if TYPE_CHECKING:
    from tests.schema.support import Tenant, World

# Name of a thing → type of its global id.
KINDS: dict[str, str] = {
    "heldDeclaration": "Declaration",
    "openDeclaration": "Declaration",
    "landlordDeclaration": "Declaration",
    "objectedDeclaration": "Declaration",
    "objection": "ResidenceObjection",
}
PHONE = "13800000000"
"""Of the resident: who was declared with it hears of it, and may object."""


async def furnish(world: World) -> None:
    """For each tenant: one that is held, one about which the landlord is asked, one by the
    landlord about the resident, and one to which the resident objects."""
    resident = world.accounts["resident"]
    await _home(world.tenants[0], resident)
    for tenant, landlord in zip(world.tenants, ("landlord A", "landlord B"), strict=True):
        room = tenant.rooms[0]
        held = await _held(room, resident)
        await _task(TaskKind.DECLARATION, held.id, tenant.place)
        tenant.more["heldDeclaration"] = global_id("Declaration", held.id)
        asked = await _in_force(
            room,
            await factories.person(name="测试同住人"),
            account_id=resident.id,
            relation=Relation.OTHER,
            question_open=True,
            asked_landlord_at=now(),
        )
        tenant.more["openDeclaration"] = global_id("Declaration", asked.id)
        for name in ("landlordDeclaration", "objectedDeclaration"):
            said = await _in_force(
                room,
                await factories.person(name="测试租客", phone=PHONE),
                account_id=world.accounts[landlord].id,
                relation=Relation.TENANT,
                source=ResidenceSource.LANDLORD,
                lease_until=today() + timedelta(days=300),
            )
            tenant.more[name] = global_id("Declaration", said.id)
        objection = ResidenceObjection(
            declaration_id=said.id, account_id=resident.id, created_at=now()
        )
        seal(objection, "words", "我没有住在这里")
        await objection.save(force_create=True)
        await _task(TaskKind.OBJECTION, objection.id, tenant.place)
        tenant.more["objection"] = global_id("ResidenceObjection", objection.id)


async def _home(tenant: Tenant, resident: Account) -> None:
    """The resident has a home, and lived with family before."""
    person = await Person.get_or_none(account_id=resident.id)
    if person is None:
        person = await factories.person(resident)
    if not await Residence.exists(person_id=person.id, current=True):
        await factories.residence(person, tenant.rooms[1])
    family, before = uuid7(), today() - timedelta(days=90)
    for one in (person, await factories.person(name="测试家人")):
        await factories.residence(
            one, tenant.rooms[0], family=family, starts_on=before, ends_on=before
        )


async def _held(room: Room, resident: Account) -> Declaration:
    person = await factories.person(name="测试同住人")
    row = Declaration(
        account_id=resident.id,
        person_id=person.id,
        place_id=room.place_id,
        room_id=room.id,
        source=ResidenceSource.SELF,
        relation=Relation.OTHER,
        batch=uuid7(),
        document_kind=DocumentKind.PASSPORT,
        starts_on=today(),
        state=DeclarationState.HELD,
        doubts=[Doubt.NAME_CONFLICT.value],
        welfare=True,
        version=2,
    )
    seal(row, "claimed_name", "测试别名")
    await row.save(force_create=True)
    first = await _step(row, 1, DeclarationAction.DECLARE, resident)
    await _step(row, 2, DeclarationAction.HOLD, resident)
    photo = await Photo.create(
        owner_id=resident.id, purpose=Purpose.DECLARATION, width=720, height=540
    )
    await DeclarationPhoto.create(
        declaration_id=row.id, photo_id=photo.id, step_id=first.id, position=0
    )
    return row


async def _in_force(room: Room, person: Person, **values: Any) -> Declaration:
    residence = await factories.residence(person, room)
    row = await Declaration.create(
        person_id=person.id,
        place_id=room.place_id,
        room_id=room.id,
        residence_id=residence.id,
        batch=uuid7(),
        document_kind=person.document_kind,
        starts_on=residence.starts_on,
        state=DeclarationState.IN_FORCE,
        **{"doubts": [], "source": ResidenceSource.SELF, **values},
    )
    await _step(row, 1, DeclarationAction.DECLARE, await Account.get(id=row.account_id))
    return row


async def _step(
    row: Declaration, number: int, action: DeclarationAction, by: Account
) -> DeclarationStep:
    step = DeclarationStep(
        declaration_id=row.id,
        number=number,
        at=now(),
        by_kind=ActorKind.ACCOUNT,
        account_id=by.id,
        action=action,
    )
    seal(step, "words", "测试说明")
    await step.save(force_create=True)
    return step


async def _task(kind: TaskKind, subject_id: Any, place: Place) -> None:
    await Task.create(
        kind=kind,
        subject_id=subject_id,
        place_id=place.id,
        grid_path=place.grid_path,
        community_code=place.community_code,
        grid_code=place.grid_code,
        role=Role.WARDEN,
        due_at=now() + timedelta(days=1),
    )
