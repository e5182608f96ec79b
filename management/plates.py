"""QR plates: issue, replace, revoke, and finding what a scanned token speaks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.clock import now
from core.database import fetch
from core.errors import InvalidInput, WrongState
from core.events import emit
from core.ids import uuid7
from core.rates import allow
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from management.access import access_place, access_plate
from management.blocks import kinds_in_force
from management.claims import runs
from management.events import PlateIssued, PlateRevoked
from management.models import Lifecycle, Place, PlaceKind, Plate, PlateState, Room
from management.rules import rules

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,32}")
MISSES_WINDOW = timedelta(minutes=1)


class PlateAction(StrEnum):
    """What somebody may do next after a scan."""

    VIEW_LISTINGS = "VIEW_LISTINGS"
    VIEW_FILE = "VIEW_FILE"
    MANAGE = "MANAGE"


@dataclass(frozen=True, slots=True)
class ScannedPlate:
    """What a token speaks for: flat columns of plate, place and room, as one query reads them."""

    row: dict[str, Any]

    @property
    def state(self) -> PlateState:
        """Whether the plate still speaks for its place."""
        return PlateState(self.row["state"])


@dataclass(frozen=True, slots=True)
class PlateBatch:
    """Plates that were issued together."""

    id: UUID
    plates: list[Plate]


async def issue_plates(
    actor: Actor,
    *,
    place_id: UUID,
    for_place: bool = True,
    room_ids: Sequence[UUID] | None = None,
) -> PlateBatch:
    """Give a place and rooms of it new plates; plates that they had are replaced.

    ``room_ids`` ``None`` means every room of the house. All or none.

    Raises:
        InvalidInput: nothing to issue, too many, a room of another house.
        NotFound: the place is not in the actor's scope.
        WrongState: the place is demolished.
    """
    async with work(actor) as unit:
        place = await access_place(
            actor, place_id=place_id, permission=Permission.PLATES_MANAGE, lock=True
        )
        if place.lifecycle is Lifecycle.DEMOLISHED:
            raise WrongState(reason="DEMOLISHED", zh="房屋已拆除", en="The place is demolished")
        rooms = await _rooms(place, room_ids)
        targets: list[UUID | None] = [None] if for_place else []
        targets += [room.id for room in rooms]
        if not 1 <= len(targets) <= rules().plates_per_request:
            raise InvalidInput(
                field="input.roomIds",
                reason="COUNT",
                params={"maximum": rules().plates_per_request},
                zh="一次可制作 1 到 {maximum} 块门牌",
                en="Issue 1 to {maximum} plates at a time",
            )
        batch = uuid7()
        plates = [Plate(place_id=place.id, room_id=room_id, batch=batch) for room_id in targets]
        await _replace(place, plates)
        for plate in plates:
            unit.note("issuePlates", "PLATE", plate.id, place=place.id, room=plate.room_id)
            await emit(PlateIssued(plate_id=plate.id))
    return PlateBatch(batch, plates)


async def _rooms(place: Place, room_ids: Sequence[UUID] | None) -> list[Room]:
    query = Room.filter(place_id=place.id).order_by("number")
    if room_ids is None:
        return await query
    rooms = await query.filter(id__in=list(room_ids))
    if len(rooms) != len(set(room_ids)):
        raise InvalidInput(
            field="input.roomIds",
            reason="UNKNOWN_ROOM",
            zh="房间不属于这栋房屋",
            en="A room is not of this house",
        )
    return rooms


async def _replace(place: Place, plates: Sequence[Plate]) -> None:
    """Insert plates; those that were active at the same doors become their predecessors.

    The database allows one active plate a door: the old ones step back before the new ones come,
    and learn their successor after.
    """
    moment = now()
    old = await Plate.filter(place_id=place.id, state=PlateState.ACTIVE).select_for_update()
    successors = {plate.room_id: plate for plate in plates}
    replaced = [plate for plate in old if plate.room_id in successors]
    for plate in replaced:
        plate.state, plate.ended_at = PlateState.REVOKED, moment
        await plate.save(update_fields=["state", "ended_at"])
    await Plate.bulk_create(plates)
    for plate in replaced:
        plate.state = PlateState.REPLACED
        plate.replaced_by_id = successors[plate.room_id].id
        await plate.save(update_fields=["state", "replaced_by_id"])


async def revoke_plate(actor: Actor, *, plate_id: UUID) -> Plate:
    """A plate was lost, stolen or put up wrongly: it no longer speaks for its place.

    Raises:
        NotFound: absent or out of scope.
        WrongState: it is not active.
    """
    async with work(actor) as unit:
        seen = await access_plate(actor, plate_id=plate_id)
        plate = await Plate.filter(id=seen.id).select_for_update().get()
        if plate.state is not PlateState.ACTIVE:
            raise WrongState(
                reason=plate.state.value, zh="门牌已停用", en="The plate is out of use already"
            )
        plate.state, plate.ended_at = PlateState.REVOKED, now()
        await plate.save(update_fields=["state", "ended_at"])
        unit.note("revokePlate", "PLATE", plate.id, place=plate.place_id, room=plate.room_id)
        await emit(PlateRevoked(plate_id=plate.id))
    return plate


_SCAN = """
SELECT p.id AS plate_id, p.token, p.state, p.room_id, p.place_id, s.token AS successor_token,
       pl.code, pl.kind, pl.name, pl.street, pl.door_number, pl.community_code, pl.grid_path,
       pl.longitude, pl.latitude, pl.risk_class, pl.lifecycle, pl.filed_at,
       pl.staircases, pl.exits, pl.extinguishers, pl.e_bike_charging,
       r.number AS room_number, r.code AS room_code, r.floor AS room_floor, r.area AS room_area,
       r.escape_window AS room_escape_window, r.dormitory AS room_dormitory, r.state AS room_state
FROM plate p
JOIN place pl ON pl.id = p.place_id
LEFT JOIN room r ON r.id = p.room_id
LEFT JOIN plate s ON s.id = p.replaced_by_id AND s.state = 'ACTIVE'
WHERE p.token = $1
"""


async def scan(actor: Actor, token: str) -> ScannedPlate | None:
    """What a scanned token speaks for; ``None`` for a token that was never printed.

    Raises:
        RateLimited: this address has asked for too many tokens that don't exist.
    """
    rows = await fetch(_SCAN, token) if _TOKEN.fullmatch(token) else []
    if not rows:
        await allow("plate misses", actor.address, limit=10, window=MISSES_WINDOW, fail_open=True)
        return None
    return ScannedPlate(rows[0])


async def actions_for(actor: Actor, scanned: ScannedPlate) -> list[PlateAction]:
    """What the actor may do next: one scan, an answer by role.

    Everybody sees what is to let in a house in use; staff open the file of places in their grid;
    who is known to run the place manages it. A plate out of use leads nowhere.
    """
    row = scanned.row
    if scanned.state is not PlateState.ACTIVE:
        return []
    actions = []
    if row["kind"] == PlaceKind.RENTAL_HOUSE and row["lifecycle"] == Lifecycle.ACTIVE:
        actions.append(PlateAction.VIEW_LISTINGS)
    if actor.may(Permission.PLACES_READ, row["grid_path"]):
        actions.append(PlateAction.VIEW_FILE)
    if actor.kind is ActorKind.ACCOUNT and await runs(actor.id, row["place_id"]):
        actions.append(PlateAction.MANAGE)
    return actions


async def blocked(scanned: ScannedPlate) -> bool:
    """Whether anything bars the place from letting now."""
    return bool(await kinds_in_force([scanned.row["place_id"]]))
