"""The tenants' things: hazards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.clock import now
from core.crypto import seal
from core.ids import global_id
from identity.models import App
from management.hazards.tokens import hash_of, token_of
from management.models import Hazard, HazardReport, HazardState
from media.models import Photo, Purpose
from tests import hazard_factories

if TYPE_CHECKING:
    from tests.schema.support import Tenant, World

# Name of a thing → type of its global id.
KINDS: dict[str, str] = {
    "hazard": "Hazard",
    "closedHazard": "Hazard",
    "doubleHazard": "Hazard",
    "newHazard": "Hazard",
    "takenHazard": "Hazard",
    "hazardPhoto": "Photo",
    "hazardUpload": "Photo",
    "hazardToken": "Hazard",
}

HAZARD_PICTURES = ("hazard0picture0number1", "hazard0picture0number2")
"""Keys of the pictures of the tenants' hazards: there are files of them."""


async def furnish(world: World) -> None:
    """Add to both tenants, with global ids in ``tenant.more``.

    ``hazard`` was reported by the resident and accepted, so that who runs the house knows of it;
    ``takenHazard`` was taken down by staff, for an app; ``hazardToken`` leads back to one that
    somebody without a name reported. Whoever runs the house has reported one, too.
    """
    resident = world.accounts["resident"]
    for index, tenant in enumerate(world.tenants):
        closed = await hazard_factories.hazard(
            tenant.place, state=HazardState.CLOSED, reporter=resident, rating=5
        )
        found = await hazard_factories.hazard(
            tenant.place,
            state=HazardState.ACCEPTED,
            reporter=resident,
            room_id=tenant.rooms[0].id,
            external_no=f"12345-{index}",
            summary="楼梯口有杂物",
            deadline=now(),
            longitude=113.67,
            latitude=22.94,
            earlier_id=closed.id,
        )
        double = await hazard_factories.hazard(
            tenant.place, state=HazardState.DUPLICATE, reporter=resident, duplicate_of_id=found.id
        )
        landlord = world.accounts["landlord A" if index == 0 else "landlord B"]
        await hazard_factories.hazard(tenant.place, reporter=landlord, category="TREE")
        new = await hazard_factories.hazard(tenant.place, category="CRACKS")
        await _by_token(new)
        shown = await hazard_factories.picture(found, owner=resident, key=HAZARD_PICTURES[index])
        upload = await Photo.create(
            owner_id=resident.id, purpose=Purpose.HAZARD, width=720, height=540
        )
        tenant.more |= {
            "hazard": global_id("Hazard", found.id),
            "closedHazard": global_id("Hazard", closed.id),
            "doubleHazard": global_id("Hazard", double.id),
            "newHazard": global_id("Hazard", new.id),
            "takenHazard": global_id("Hazard", (await _taken(tenant)).id),
            "hazardPhoto": global_id("Photo", shown.id),
            "hazardUpload": global_id("Photo", upload.id),
            "hazardToken": token_of(new.id),
        }


async def _by_token(hazard: Hazard) -> None:
    await HazardReport.filter(hazard_id=hazard.id).update(token_hash=hash_of(token_of(hazard.id)))


async def _taken(tenant: Tenant) -> Hazard:
    """A hazard with all that a report can hold of others."""
    app = await App.filter(grid_path=tenant.place.grid_path).first()
    assert app is not None
    made = await hazard_factories.hazard(
        tenant.place,
        category="MANHOLE",
        report={"staff_id": tenant.lead.staff_id, "app_id": app.id},
    )
    report = await HazardReport.get(hazard_id=made.id)
    seal(report, "caller_name", "测试来电人")
    seal(report, "caller_phone", "13900000009")
    await report.save(update_fields=["caller_name", "caller_phone"])
    return made
