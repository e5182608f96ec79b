"""The QR plates of a synthetic town: one in force for every place and room, some before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.seed.cast import Part
from api.seed.chance import Chance
from api.seed.places import Built
from api.seed.town import Row, Town
from management.models import Lifecycle, PlateState

_REPLACED: Final = 0.02
_REVOKED: Final = 0.01


def put_up_plates(town: Town, places: Sequence[Built], rooms: Mapping[UUID, Sequence[Row]]) -> None:
    """Plates of places and of their rooms, which were issued together."""
    chance = town.chance("plates")
    for place in places:
        issued = chance.moment(place.created_at, place.created_at + timedelta(days=3))
        batch = chance.uuid7(issued)
        doors = [None, *(room["id"] for room in rooms.get(place.row["id"], ()))]
        for door in doors:
            _put_up(town, chance, place, door, batch, issued)


def _put_up(
    town: Town, chance: Chance, place: Built, room_id: UUID | None, batch: UUID, issued: datetime
) -> None:
    demolished = place.row["lifecycle"] is Lifecycle.DEMOLISHED
    plate = _plate(town, chance, place, room_id, batch, issued)
    if demolished:
        plate |= {"state": PlateState.REVOKED, "ended_at": place.row["ended_at"]}
        return
    # Those of the demonstration: an old plate to scan in its grid in every town.
    spare = place.part is Part.SPARE and room_id is None
    if spare or chance.happens(_REPLACED):
        newer = _again(town, chance, place, room_id, plate)
        plate |= {"state": PlateState.REPLACED, "replaced_by_id": newer["id"]}
    elif chance.happens(_REVOKED):
        plate["state"] = PlateState.REVOKED
        _again(town, chance, place, room_id, plate)


def _again(town: Town, chance: Chance, place: Built, room_id: UUID | None, old: Row) -> Row:
    """Another plate at the same door, later; the old one's end with it."""
    moment = chance.moment(old["issued_at"], town.end)
    old["ended_at"] = moment
    return _plate(town, chance, place, room_id, chance.uuid7(moment), moment)


def _plate(
    town: Town, chance: Chance, place: Built, room_id: UUID | None, batch: UUID, issued: datetime
) -> Row:
    return town.add(
        "plate",
        id=chance.uuid7(issued),
        token=chance.token(),
        place_id=place.row["id"],
        room_id=room_id,
        batch=batch,
        state=PlateState.ACTIVE,
        issued_at=issued,
        ended_at=None,
        replaced_by_id=None,
    )
