"""The tenants' things: what is held about people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.clock import now, today
from core.ids import global_id
from management.models import Consent, ConsentPurpose, PersonLook, ResidenceCertificate
from management.people.consents import text_in_force
from tests import factories

if TYPE_CHECKING:
    from tests.schema.support import World

# Name of a thing → type of its global id.
KINDS: dict[str, str] = {"person": "Person", "residence": "Residence"}


async def furnish(world: World) -> None:
    """The resident lives in the house of tenant 1, a neighbour in that of tenant 2."""
    resident = world.accounts["resident"]
    number = factories.document_number()
    await factories.person(resident, name="测试租客", number=number)
    own = await factories.person(name="测试租客", number=number, phone="13700000001")
    others = await factories.person(name="测试邻居", phone="13700000002")
    others.account_id = (await factories.account("Neighbour")).id
    await others.save(update_fields=["account_id"])
    lives = []
    for tenant, person in zip(world.tenants, (own, others), strict=True):
        residence = await factories.residence(
            person, tenant.rooms[1], asked_at=now(), confirmed_on=today() - timedelta(days=20)
        )
        lives.append(residence)
        tenant.more["person"] = global_id("Person", person.id)
        tenant.more["residence"] = global_id("Residence", residence.id)
    own.permit_endorse_by = today() + timedelta(days=300)
    await own.save(update_fields=["permit_endorse_by"])
    await PersonLook.create(
        person_id=own.id,
        staff_id=world.staff["warden 1"].id,
        office="WARDEN 441900122002-01",
        reason="测试原因",
        what=["name", "number"],
        at=now(),
    )
    await ResidenceCertificate.create(
        number="JZ2026-900001",
        person_id=own.id,
        residence_id=lives[0].id,
        token_hash="a" * 64,
        issued_at=now() - timedelta(days=2),
        valid_until=today() + timedelta(days=5),
    )
    await Consent.create(
        account_id=resident.id,
        purpose=ConsentPurpose.LOCATION,
        version=text_in_force(ConsentPurpose.LOCATION).version,
        given_at=now() - timedelta(days=1),
        withdrawn_at=now(),
    )
    await Consent.create(
        account_id=resident.id,
        purpose=ConsentPurpose.DOCUMENT_NUMBER,
        version=text_in_force(ConsentPurpose.DOCUMENT_NUMBER).version,
        given_at=now() - timedelta(days=2),
    )
