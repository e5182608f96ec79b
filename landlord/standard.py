"""达标: what a place must meet before its rooms may be let."""

from __future__ import annotations

from uuid import UUID

from core.errors import StandardNotMet
from management.blocks import kinds_in_force
from management.claims import runs
from management.models import Lifecycle, Place
from management.rules import rules


async def missing_points(place: Place, landlord_id: UUID) -> list[str]:
    """Every point that is missing, as codes; empty when the standard is met.

    ``NOT_FILED``, ``COMPLETENESS``, ``CLAIM``, and ``BLOCKED_<KIND>`` for each block in force.
    """
    points = []
    if place.lifecycle is not Lifecycle.ACTIVE:
        points.append("NOT_FILED")
    if place.completeness < rules().standard_completeness:
        points.append("COMPLETENESS")
    if not await runs(landlord_id, place.id):
        points.append("CLAIM")
    blocks = (await kinds_in_force([place.id])).get(place.id, [])
    points += dict.fromkeys(f"BLOCKED_{kind.value}" for kind in blocks)
    return points


_WORDS = {
    "NOT_FILED": ("房屋未建档或已关闭", "the house is not on file"),
    "COMPLETENESS": ("房屋档案信息不完整", "its file is incomplete"),
    "CLAIM": ("您还不是这栋房屋的登记房东", "you are not known to run it"),
    "BLOCKED_URGENT_HAZARD": ("有紧急隐患未整改", "an urgent hazard is open"),
    "BLOCKED_MEASURE": ("正在执行行政措施", "a measure is in force"),
    "BLOCKED_TENANT_REGISTRATION_OVERDUE": ("租客登记逾期", "tenant registration is overdue"),
    "BLOCKED_STAFF_DECISION": ("已被暂停出租", "letting was stopped by the town"),
}


async def require_standard(place: Place, landlord_id: UUID) -> None:
    """Refuse a place that does not meet the standard.

    Raises:
        StandardNotMet: ``params.missing`` names every missing point, ``params.fields`` the empty
            fields of the file.
    """
    points = await missing_points(place, landlord_id)
    if points:
        words = [_WORDS[point] for point in points]
        raise StandardNotMet(
            params={
                "missing": points,
                "fields": place.missing if "COMPLETENESS" in points else [],
                "zh": "；".join(zh for zh, _ in words),
                "en": "; ".join(en for _, en in words),
            },
            zh="房屋尚未达标：{zh}",
            en="The house does not meet the standard for letting: {en}",
        )
