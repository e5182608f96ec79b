"""What a document says: put together when it is issued, and kept so for good.

It names the place, what was found and what is to be done, and no resident: who reported it and
their words are nowhere in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.clock import SHANGHAI
from core.database import fetch
from core.errors import NotFound
from identity.actor import Actor
from management.hazards.categories import category
from management.models import Hazard, HazardDocumentKind, Severity

TITLES: Final = {
    HazardDocumentKind.NOTICE: "隐患告知书",
    HazardDocumentKind.RECTIFICATION_ORDER: "责令限期整改通知书",
    HazardDocumentKind.MAJOR_FINDING: "重大火灾隐患认定书",
}
SERIES: Final = {
    HazardDocumentKind.NOTICE: "厚隐告",
    HazardDocumentKind.RECTIFICATION_ORDER: "厚责改",
    HazardDocumentKind.MAJOR_FINDING: "厚重患",
}
_SEVERITIES: Final = {
    Severity.GENERAL: "一般",
    Severity.SERIOUS: "较重",
    Severity.URGENT: "紧急",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What staff say in a document. ``basis``: the law it rests on, where a department orders."""

    facts: str = ""
    requirements: str = ""
    basis: str = ""
    deadline: datetime | None = None


def number_of(kind: HazardDocumentKind, year: int, number: int) -> str:
    """How a number is written: 厚隐告〔2026〕12号."""
    return f"{SERIES[kind]}〔{year}〕{number}号"


async def content_of(
    actor: Actor, hazard: Hazard, kind: HazardDocumentKind, said: Statement
) -> dict[str, Any]:
    """The content of a document about a hazard, as it is issued now.

    Raises:
        NotFound: the actor is not on record as staff.
    """
    about = category(hazard.category)
    (where,) = await fetch(_WHERE, hazard.id)
    issuers = await fetch(_ISSUER, actor.id, hazard.grid_path)
    if not issuers:
        raise NotFound
    issuer = issuers[0]
    deadline = said.deadline or hazard.deadline
    return {
        "title": TITLES[kind],
        "hazard": hazard.code,
        "place": where["name"] or "",
        "place_code": where["place_code"] or "",
        "address": _address(where),
        "room": where["room"] or "",
        "category": about.words.zh,
        "severity": _SEVERITIES[hazard.severity],
        "facts": said.facts or hazard.summary or about.words.zh,
        "requirements": said.requirements,
        "basis": said.basis,
        "deadline": _day(deadline) if deadline else "",
        "issuer": issuer["name"],
        "department": issuer["department"] or "",
        "grid": where["grid"] or "",
        "phone": where["phone"] or "",
    }


def _address(where: dict[str, Any]) -> str:
    if where["name"] is None:
        return str(where["grid"] or "")
    return f"{where['community'] or ''}{where['street'] or ''}{where['door_number'] or ''}"


def _day(moment: datetime) -> str:
    at = moment.astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日{at.hour}时"


_WHERE: Final = """
SELECT p.name, p.code AS place_code, p.street, p.door_number, r.number AS room,
       c.name_zh AS community, g.name_zh AS grid, coalesce(nullif(g.office_phone, ''),
       nullif(c.office_phone, '')) AS phone
FROM hazard h LEFT JOIN place p ON p.id = h.place_id LEFT JOIN room r ON r.id = h.room_id
LEFT JOIN grid g ON g.code = h.grid_code LEFT JOIN grid c ON c.code = h.community_code
WHERE h.id = $1
"""
# The post with which they act here: of a department where they have such a one.
_ISSUER: Final = """
SELECT s.name, d.name_zh AS department FROM staff_member s
LEFT JOIN grid_post p ON p.staff_id = s.id AND starts_with($2::text, p.grid_path)
     AND p.ends_on IS NULL
LEFT JOIN department d ON d.id = p.department_id
WHERE s.id = $1 ORDER BY d.code NULLS LAST LIMIT 1
"""
