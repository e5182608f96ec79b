"""The tenants' things: who rents a room, who has left, and what landlords still owe."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from citizen.models import Declaration, DeclarationState, Relation
from core.clock import now, today
from core.crypto import reveal
from core.ids import global_id, uuid7
from management.models import (
    DutyState,
    Person,
    Residence,
    ResidenceEnd,
    ResidenceSource,
    TenantDuty,
)
from tests import factories

if TYPE_CHECKING:
    from tests.schema.support import World

# Name of a thing → type of its global id.
KINDS: dict[str, str] = {"tenant": "Residence", "leftTenant": "Residence", "duty": "TenantDuty"}

_NEIGHBOURS = ("landlord B", "landlord A")
"""Who lived in the house of a tenant, by their phone: the landlord of the other one."""


async def furnish(world: World) -> None:
    """Add to both tenants, with global ids in ``tenant.more``."""
    landlords = ("landlord A", "landlord B")
    for tenant, landlord, neighbour in zip(world.tenants, landlords, _NEIGHBOURS, strict=True):
        account = world.accounts[landlord]
        lives = await factories.person(name="测试在住", phone="13600000001")
        room = tenant.rooms[2]
        here = await factories.residence(lives, room, source=ResidenceSource.LANDLORD)
        await _declared(lives, here)
        phone = reveal(world.accounts[neighbour], "phone")
        gone = await factories.residence(
            await factories.person(name="测试已搬", phone=phone),
            room,
            ends_on=today() - timedelta(days=1),
            end_reason=ResidenceEnd.LANDLORD_SAID,
        )
        duty = await _duty(tenant.rooms[1].id, here.place_id, account.id, DutyState.OPEN)
        await _duty(tenant.rooms[0].id, here.place_id, account.id, DutyState.DONE)
        tenant.more["tenant"] = global_id("Residence", here.id)
        tenant.more["leftTenant"] = global_id("Residence", gone.id)
        tenant.more["duty"] = global_id("TenantDuty", duty.id)


async def _declared(person: Person, residence: Residence) -> None:
    await Declaration.create(
        person_id=person.id,
        place_id=residence.place_id,
        room_id=residence.room_id,
        residence_id=residence.id,
        source=ResidenceSource.LANDLORD,
        relation=Relation.TENANT,
        batch=uuid7(),
        document_kind=person.document_kind,
        starts_on=residence.starts_on,
        state=DeclarationState.IN_FORCE,
        doubts=[],
    )


async def _duty(
    room_id: object, place_id: object, account_id: object, state: DutyState
) -> TenantDuty:
    signed = today() - timedelta(days=9)
    return await TenantDuty.create(
        place_id=place_id,
        room_id=room_id,
        account_id=account_id,
        signed_on=signed,
        due_on=today() + timedelta(days=1),
        state=state,
        ended_at=None if state is DutyState.OPEN else now(),
    )
