"""Where a hazard is: at the plate that was scanned, at a place that is known, or at a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.database import fetch
from core.datums import Datum, Point
from core.errors import InvalidInput, NotFound
from identity.actor import Actor, ActorKind, Permission
from management.access import access_place, count_plate_miss
from management.models import ClaimState, PlateState, Room
from management.models.territory import codes_of
from management.territory import grid_of_point

_LONGEST_TOKEN: Final = 32
_PLATE: Final = "SELECT place_id, room_id FROM plate WHERE token = $1 AND state = $2"
_PLACE: Final = """
SELECT p.longitude, p.latitude, p.grid_path, p.community_code, p.grid_code,
       EXISTS (SELECT FROM place_claim c
                WHERE c.place_id = p.id AND c.account_id = $2 AND c.state = $3) AS runs
FROM place p WHERE p.id = $1 FOR UPDATE OF p
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where somebody says that a hazard is.

    A plate, in use, names its place and perhaps a room; a place by its id only who may see its
    file can name; a point says where it is when it is at no known place, or exactly where.
    """

    plate_token: str | None = None
    place_id: UUID | None = None
    room_id: UUID | None = None
    point: Point | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a hazard is: at a place, which is locked, or at none; the point in CGCS2000.

    ``runs``: whether the actor is an account that is known to run the place.
    """

    place_id: UUID | None
    runs: bool
    room_id: UUID | None
    longitude: float | None
    latitude: float | None
    grid_path: str
    community_code: str
    grid_code: str


async def place_at(actor: Actor, token: str) -> tuple[UUID, UUID | None]:
    """Place and room for which a plate speaks.

    Raises:
        NotFound: no such plate, or one that is out of use.
        RateLimited: this address has asked for too many plates that don't exist.
    """
    plates = []
    if len(token) <= _LONGEST_TOKEN and token.isascii() and token.isprintable():
        plates = await fetch(_PLATE, token, PlateState.ACTIVE.value)
    if not plates:
        await count_plate_miss(actor)
        raise NotFound
    return plates[0]["place_id"], plates[0]["room_id"]


async def locate(actor: Actor, spot: Spot, *, permission: Permission | None = None) -> Found:
    """Find where a hazard is, its place locked. In a running unit of work.

    ``permission``: what the actor needs to hold there.

    Raises:
        InvalidInput: nothing says where; a point outside of the town; both plate and place.
        NotFound: no such plate, place or room; or the actor does not hold the permission there.
    """
    if spot.plate_token is not None and spot.place_id is not None:
        raise InvalidInput(
            field="input.placeId", reason="BOTH", zh="门牌和地点只填一个", en="A plate or a place"
        )
    place_id, room_id = spot.place_id, spot.room_id
    if spot.plate_token is not None:
        place_id, of_plate = await place_at(actor, spot.plate_token)
        room_id = room_id or of_plate
    elif place_id is not None:
        await access_place(actor, place_id=place_id)
    point = spot.point.to(Datum.CGCS2000) if spot.point else None
    if place_id is None:
        return await _at_point(actor, point, permission)
    account_id = actor.id if actor.kind is ActorKind.ACCOUNT else None
    (place,) = await fetch(_PLACE, place_id, account_id, ClaimState.VERIFIED.value)
    if permission is not None and not actor.may(permission, place["grid_path"]):
        raise NotFound
    if room_id is not None and not await Room.exists(id=room_id, place_id=place_id):
        raise NotFound(field="input.roomId")
    return Found(
        place_id=place_id,
        runs=place["runs"],
        room_id=room_id,
        longitude=point.lon if point else place["longitude"],
        latitude=point.lat if point else place["latitude"],
        grid_path=place["grid_path"],
        community_code=place["community_code"],
        grid_code=place["grid_code"],
    )


async def _at_point(actor: Actor, point: Point | None, permission: Permission | None) -> Found:
    if point is None:
        raise InvalidInput(
            field="input",
            reason="WHERE",
            zh="请扫门牌二维码，或在地图上标出位置",
            en="Scan the plate, or say where it is",
        )
    grid = await grid_of_point(point.lon, point.lat)
    if grid is None:
        raise InvalidInput(
            field="input.point", reason="OUTSIDE", zh="位置不在本镇", en="It is outside of the town"
        )
    path = grid["path"]
    if permission is not None and not actor.may(permission, path):
        raise NotFound
    return Found(
        place_id=None,
        runs=False,
        room_id=None,
        longitude=point.lon,
        latitude=point.lat,
        grid_path=path,
        community_code=codes_of(path)[1],
        grid_code=grid["code"],
    )
