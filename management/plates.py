"""QR plates: issue, replace, revoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.clock import now
from core.database import execute
from core.errors import InvalidInput, WrongState
from core.events import emit
from core.ids import uuid7
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from management.access import access_place, access_plate
from management.events import PlateIssued, PlateRevoked
from management.models import Lifecycle, Place, Plate, PlateEndReason, PlateState, Room
from management.rules import rules


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
    reason: PlateEndReason = PlateEndReason.OTHER,
) -> PlateBatch:
    """Give a place and rooms of it new plates; plates that they had are replaced.

    ``room_ids`` ``None`` means every room of the house; ``reason`` is why old ones are replaced.
    All or none.

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
        await _replace(place, plates, actor, reason)
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


async def issue_where_missing(
    actor: Actor, *, place_id: UUID, doors: Sequence[UUID | None]
) -> list[Plate]:
    """Issue plates at those doors of a place that have none by now; ``None`` is the house's own.

    For jobs: whoever ordered it was asked for their rights then.
    """
    async with work(actor) as unit:
        place = await Place.filter(id=place_id).select_for_update().get()
        if place.lifecycle is Lifecycle.DEMOLISHED:
            return []
        active = Plate.filter(place_id=place_id, state=PlateState.ACTIVE)
        have = set(await active.values_list("room_id", flat=True))
        batch = uuid7()
        plates = [
            Plate(place_id=place_id, room_id=room_id, batch=batch)
            for room_id in dict.fromkeys(doors)
            if room_id not in have
        ]
        await Plate.bulk_create(plates)
        for plate in plates:
            unit.note("issuePlates", "PLATE", plate.id, place=place_id, room=plate.room_id)
            await emit(PlateIssued(plate_id=plate.id))
    return plates


async def _replace(
    place: Place, plates: Sequence[Plate], actor: Actor, reason: PlateEndReason
) -> None:
    """Insert plates; those that were active at the same doors become their predecessors.

    The database allows one active plate a door: the old ones step back before the new ones come,
    and learn their successor after.
    """
    moment = now()
    old = await Plate.filter(place_id=place.id, state=PlateState.ACTIVE).select_for_update()
    successors = {plate.room_id: plate for plate in plates}
    replaced = [plate for plate in old if plate.room_id in successors]
    ids = [plate.id for plate in replaced]
    await Plate.filter(id__in=ids).update(
        state=PlateState.REVOKED,
        ended_at=moment,
        ended_by=_staff(actor),
        end_reason=reason,
    )
    await Plate.bulk_create(plates)
    await execute(
        "UPDATE plate SET state = $3, replaced_by_id = successor"
        " FROM unnest($1::uuid[], $2::uuid[]) AS pair (old, successor) WHERE id = old",
        ids,
        [successors[plate.room_id].id for plate in replaced],
        PlateState.REPLACED,
    )


def _staff(actor: Actor) -> UUID | None:
    return actor.id if actor.kind is ActorKind.STAFF else None


async def revoke_plate(
    actor: Actor, *, plate_id: UUID, reason: PlateEndReason = PlateEndReason.OTHER
) -> Plate:
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
        plate.ended_by, plate.end_reason = _staff(actor), reason
        await plate.save(update_fields=["state", "ended_at", "ended_by", "end_reason"])
        unit.note(
            "revokePlate",
            "PLATE",
            plate.id,
            reason=reason.value,
            place=plate.place_id,
            room=plate.room_id,
        )
        await emit(PlateRevoked(plate_id=plate.id))
    return plate
