"""The people, the program and the houses of every synthetic town that a demonstration relies on.

Whoever has one of these names or numbers was made up: the numbers lie in a range that the town
keeps for samples, the names say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from identity.actor import Permission, Role

PASSWORD: Final = "Houjie-Sample-2015"  # noqa: S105 - of synthetic staff, refused in production
"""Of every member of staff in a synthetic town."""

RESIDENT_PHONE: Final = "19900000001"
LANDLORD_PHONE: Final = "19900000002"

COMMUNITY: Final = "441900122005"
GRID: Final = "441900122005-01"
"""Where the demonstration plays."""


def sample_phone(serial: int) -> str:
    """A number of the sample range (199000 and five digits): valid in form, nobody's."""
    return f"199000{serial:05d}"


@dataclass(frozen=True, slots=True)
class Clerk:
    """A member of staff with a fixed user name. ``place``: town, community or grid of the post."""

    user_name: str
    name: str
    role: Role
    grid_code: str
    department: str | None = None


TOWN: Final = "441900122"
STAFF: Final = (
    Clerk("demo.warden", "样例网格员", Role.WARDEN, GRID),
    Clerk("demo.supervisor", "样例督导", Role.SUPERVISOR, TOWN),
    Clerk("demo.department", "样例部门", Role.DEPARTMENT, TOWN, "FIRE"),
    Clerk("demo.enforcement", "样例执法", Role.ENFORCEMENT, TOWN, "EMERGENCY"),
    Clerk("demo.desk", "样例服务台", Role.SERVICE_DESK, TOWN),
    Clerk("demo.auditor", "样例审计", Role.AUDITOR, TOWN),
    Clerk("demo.admin", "样例管理员", Role.ADMIN, TOWN),
)

CLIENT_ID: Final = "sample-app-of-the-town"
CLIENT_SECRET: Final = "sample-secret-of-the-sample-app-in-development"  # noqa: S105 - as above
CLIENT_SCOPES: Final = (Permission.GRIDS_READ, Permission.PLACES_READ, Permission.ACTIVITY_READ)


class Part(StrEnum):
    """What a place of the demonstration's grid is there for."""

    HOUSE = "HOUSE"
    """The landlord's, meets the standard: rooms on offer, one free, one with a draft."""
    BELOW_STANDARD = "BELOW_STANDARD"
    """The landlord's too, its file not complete enough to let."""
    FULL = "FULL"
    """No room is free."""
    BLOCKED = "BLOCKED"
    """May not be let now; what was on offer is suspended."""
    SPARE = "SPARE"
    """To be edited, extended and closed in examples."""
    SHOP = "SHOP"
    PLANNED = "PLANNED"
    CLOSED = "CLOSED"
