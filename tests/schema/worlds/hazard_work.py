"""The tenants' things: hazards that somebody works on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.clock import now
from core.ids import global_id
from identity.departments import ensure_departments
from management.models import HazardDocument, HazardState
from media.models import Photo, Purpose
from tests import hazard_factories

if TYPE_CHECKING:
    from tests.schema.support import World

# Name of a thing → type of its global id.
KINDS: dict[str, str] = {
    "heldHazard": "Hazard",
    "hazardDocument": "HazardDocument",
    "evidence": "Photo",
    "leadStaff": "StaffMember",
}

CONTENT = {"title": "隐患告知书", "requirements": "请清理楼梯", "basis": "", "facts": "堵塞"}


async def furnish(world: World) -> None:
    """Add to both tenants, with global ids in ``tenant.more``.

    ``heldHazard`` was reported by the resident, and the lead warden puts it right; a notice of it
    was issued.
    """
    await ensure_departments()
    for index, tenant in enumerate(world.tenants, 1):
        lead = tenant.lead.staff_id
        held = await hazard_factories.hazard(
            tenant.place,
            state=HazardState.RECTIFYING,
            reporter=world.accounts["resident"],
            assignee_id=lead,
            deadline=now() + timedelta(days=1),
            due_at=now() + timedelta(days=1),
        )
        document = await HazardDocument.create(
            hazard_id=held.id,
            kind="NOTICE",
            number=f"厚隐告〔2000〕{index}号",
            staff_id=lead,
            content=CONTENT,
            issued_at=now(),
        )
        # Of both who may submit it, so that one way serves for all roles.
        evidence = await Photo.create(
            staff_id=lead,
            owner_id=tenant.claim.account_id,
            purpose=Purpose.HAZARD,
            width=720,
            height=540,
        )
        tenant.more |= {
            "heldHazard": global_id("Hazard", held.id),
            "hazardDocument": global_id("HazardDocument", document.id),
            "evidence": global_id("Photo", evidence.id),
            "leadStaff": global_id("StaffMember", lead),
        }
