"""The demonstration: plates to scan, people to sign in as, things to try. Development only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q

from api.seed import cast
from core.clock import now
from core.crypto import ring
from core.database import fetch
from core.settings import Settings
from core.work import work
from identity.actor import SYSTEM, ActorKind, Role
from identity.authentication import forget
from identity.models import Account, App, SessionEnd, StaffMember
from identity.sessions import end_sessions, open_session
from identity.tokens import APP_LIFETIME, Claims, issue
from schema.ids import global_id

_DEVICE: Final = "leye demo"
# Their access tokens are long over by then, and nobody holds their refresh tokens.
_USELESS_AFTER: Final = timedelta(hours=1)

_LABELS: Final[Mapping[Role, str]] = {
    Role.WARDEN: "网格员 Warden",
    Role.SUPERVISOR: "督导 Supervisor",
    Role.DEPARTMENT: "部门 Department",
    Role.ENFORCEMENT: "执法 Enforcement",
    Role.SERVICE_DESK: "服务台 Service desk",
    Role.AUDITOR: "审计员 Auditor",
    Role.ADMIN: "系统管理员 Administrator",
}

_HOUSE: Final = """
SELECT p.id, p.name FROM place p JOIN place_claim c ON c.place_id = p.id
WHERE c.account_id = $1 AND c.state = 'VERIFIED' AND p.lifecycle = 'ACTIVE'
ORDER BY (SELECT count(*) FROM listing l WHERE l.place_id = p.id AND l.state = 'PUBLISHED') DESC,
         p.completeness DESC, p.code
LIMIT 1
"""
# A house that examples may change and close: nobody has touched its file yet.
_SPARE: Final = """
SELECT p.id, p.code, plate.id AS plate_id
FROM place p JOIN plate ON plate.place_id = p.id AND plate.room_id IS NULL
WHERE p.grid_code = $1 AND p.kind = 'RENTAL_HOUSE' AND p.lifecycle = 'ACTIVE' AND p.version = 1
  AND plate.state = 'ACTIVE'
  AND NOT EXISTS (SELECT FROM room WHERE room.place_id = p.id AND room.floor = 9)
  AND NOT EXISTS (SELECT FROM place_claim c WHERE c.place_id = p.id AND c.account_id = $2)
  AND NOT EXISTS (SELECT FROM place_block b WHERE b.place_id = p.id)
ORDER BY p.completeness DESC, p.code
LIMIT 1
"""
_FREE_ROOM: Final = """
SELECT r.id FROM room r
WHERE r.place_id = $1 AND r.state = 'VACANT' AND NOT EXISTS (
  SELECT FROM listing l WHERE l.room_id = r.id AND l.state NOT IN ('LET', 'WITHDRAWN'))
ORDER BY r.number LIMIT 1
"""
_LISTING: Final = """
SELECT id FROM listing WHERE place_id = $1 AND landlord_id = $2 AND state = $3 ORDER BY id LIMIT 1
"""
_UNREAD: Final = """
SELECT id FROM listing WHERE state = 'IN_REVIEW' ORDER BY updated_at, id LIMIT 1
"""
_HOUSE_PLATE: Final = """
SELECT token FROM plate WHERE place_id = $1 AND room_id IS NULL AND state = 'ACTIVE'
"""
_ROOM_PLATE: Final = """
SELECT p.token, r.number FROM plate p JOIN room r ON r.id = p.room_id
WHERE p.place_id = $1 AND p.state = 'ACTIVE'
ORDER BY EXISTS (SELECT FROM listing l WHERE l.room_id = r.id AND l.state = 'PUBLISHED') DESC,
         r.number
LIMIT 1
"""
_SHOP_PLATE: Final = """
SELECT plate.token, p.name FROM plate JOIN place p ON p.id = plate.place_id
WHERE p.grid_code = $1 AND p.kind = 'SMALL_SHOP' AND p.lifecycle = 'ACTIVE'
  AND plate.state = 'ACTIVE'
ORDER BY p.code LIMIT 1
"""
_OTHER_WARDEN: Final = """
SELECT s.id FROM staff_member s JOIN grid_post p ON p.staff_id = s.id
WHERE p.role = 'WARDEN' AND s.left_at IS NULL AND NOT EXISTS (
  SELECT FROM grid_post here WHERE here.staff_id = s.id AND here.grid_code = $1)
ORDER BY s.user_name LIMIT 1
"""

_HAZARD: Final = "SELECT id FROM hazard WHERE state = $1 ORDER BY id LIMIT 1"


async def demo(settings: Settings) -> dict[str, Any] | None:
    """Where the service is, three plates, a fresh access token for every part, and what stands
    for ``$name`` in the console's examples; ``None`` in production or where no town was seeded.

    What somebody has used up or taken away meanwhile is replaced by another of its kind, or left
    out.
    """
    if settings.production:
        return None
    async with work(SYSTEM):
        landlord = await _account(cast.LANDLORD_PHONE)
        houses = await fetch(_HOUSE, landlord.id) if landlord else []
        if landlord is None or not houses:
            return None
        ended = await _end_useless_sessions()
        answer = {
            "url": settings.public_url,
            "password": cast.PASSWORD,
            "plates": [plate async for plate in _plates(settings.public_url, houses[0])],
            "signIns": [sign_in async for sign_in in _sign_ins()],
            "values": await _values(landlord.id, houses[0]["id"]),
        }
    forget(ended)
    return answer


async def _end_useless_sessions() -> list[UUID]:
    return await end_sessions(
        Q(device=_DEVICE, created_at__lt=now() - _USELESS_AFTER), SessionEnd.SIGNED_OUT
    )


async def _account(phone: str) -> Account | None:
    indexes = ring().indexes(phone, table="account", column="phone_index")
    return await Account.filter(phone_index__in=indexes, locked_at=None).first()


async def _sign_ins() -> AsyncIterator[dict[str, str]]:
    for role, label, phone in (
        ("resident", "租客 Resident", cast.RESIDENT_PHONE),
        ("landlord", "房东 Landlord", cast.LANDLORD_PHONE),
    ):
        account = await _account(phone)
        if account is not None:
            yield {
                "role": role,
                "label": label,
                "phone": phone,
                "accessToken": await _access(account),
            }
    for clerk in cast.STAFF:
        staff = await StaffMember.get_or_none(user_name=clerk.user_name, left_at=None)
        if staff is not None:
            yield {
                "role": clerk.role.value.lower(),
                "label": _LABELS[clerk.role],
                "userName": clerk.user_name,
                "accessToken": await _access(staff),
            }
    app = await App.get_or_none(client_id=cast.CLIENT_ID, revoked_at=None)
    if app is not None:
        claims = Claims(ActorKind.APP, app.id, scopes=frozenset(cast.CLIENT_SCOPES))
        yield {
            "role": "app",
            "label": "第三方应用 App",
            "clientId": cast.CLIENT_ID,
            "clientSecret": cast.CLIENT_SECRET,
            "accessToken": issue(claims, lifetime=APP_LIFETIME).text,
        }


async def _access(holder: Account | StaffMember) -> str:
    return (await open_session(holder, device=_DEVICE)).access.text


async def _plates(url: str, house: Mapping[str, Any]) -> AsyncIterator[dict[str, str]]:
    for row in await fetch(_HOUSE_PLATE, house["id"]):
        yield _plate(url, row["token"], f"房屋 House: {house['name']}")
    for row in await fetch(_ROOM_PLATE, house["id"]):
        yield _plate(url, row["token"], f"房间 Room: {house['name']} {row['number']}")
    for row in await fetch(_SHOP_PLATE, cast.GRID):
        yield _plate(url, row["token"], f"商铺 Shop: {row['name']}")


def _plate(url: str, token: str, label: str) -> dict[str, str]:
    return {"url": f"{url}/q/{token}", "token": token, "label": label}


async def _values(landlord_id: UUID, house_id: UUID) -> dict[str, str]:
    """By the names that the console's examples use; those without anything to show are left out."""
    spare = await _first(_SPARE, cast.GRID, landlord_id)
    found = {
        "plateToken": (await _first(_HOUSE_PLATE, house_id)).get("token"),
        "listingId": _id("Listing", await _first(_LISTING, house_id, landlord_id, "PUBLISHED")),
        "draftListingId": _id("Listing", await _first(_LISTING, house_id, landlord_id, "DRAFT")),
        "heldListingId": _id("Listing", await _first(_LISTING, house_id, landlord_id, "RESERVED")),
        "letListingId": _id("Listing", await _first(_LISTING, house_id, landlord_id, "LET")),
        "reviewListingId": _id("Listing", await _first(_UNREAD)),
        "roomId": _id("Room", await _first(_FREE_ROOM, house_id)),
        "ownPlaceId": global_id("Place", house_id),
        "gridCode": cast.GRID,
        "nextMonth": (now() + timedelta(days=30)).isoformat(timespec="seconds"),
        "placeId": _id("Place", spare),
        "placeCode": spare.get("code"),
        "plateId": _id("IssuedPlate", spare, "plate_id"),
        "newHazardId": _id("Hazard", await _first(_HAZARD, "REPORTED")),
        "acceptedHazardId": _id("Hazard", await _first(_HAZARD, "ACCEPTED")),
        "submittedHazardId": _id("Hazard", await _first(_HAZARD, "SUBMITTED")),
        "staffId": _id("StaffMember", await _first(_OTHER_WARDEN, cast.GRID)),
    }
    return {name: value for name, value in found.items() if value is not None}


async def _first(sql: str, *values: Any) -> dict[str, Any]:
    rows = await fetch(sql, *values)
    return rows[0] if rows else {}


def _id(type_name: str, row: Mapping[str, Any], column: str = "id") -> str | None:
    return global_id(type_name, row[column]) if row else None
