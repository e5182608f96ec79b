"""What is already reported nearby: the same place, or the same kind of hazard within metres.

Offered before a report is made, as "follow this one instead". What would invite theft is offered
only to who stands at the plate of the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians
from typing import Any, Final
from uuid import UUID

from core.database import fetch
from core.datums import Datum, Point, distance_m
from core.errors import InvalidInput
from identity.actor import Actor, ActorKind
from management.claims import runs
from management.hazards.access import UNKNOWN_TO_LANDLORDS
from management.hazards.categories import category
from management.hazards.whereabouts import place_at
from management.models import Place
from management.rules import rules

MOST: Final = 10
_METRES_PER_DEGREE: Final = 111_195.0
# A box that holds more than this is no neighbourhood: the nearest of so many are near enough.
MOST_IN_BOX: Final = 200

# Two ways in, each along an index of its own; the second is bounded by a box on the ground.
SQL: Final = """
SELECT h.id, h.category, h.state, h.severity, h.place_id, h.created_at, h.longitude, h.latitude
FROM hazard h
WHERE h.open AND h.category = $1 AND h.place_id = $2
UNION
(SELECT h.id, h.category, h.state, h.severity, h.place_id, h.created_at, h.longitude, h.latitude
 FROM hazard h
 WHERE h.open AND h.category = $1 AND h.latitude BETWEEN $3 AND $4
   AND h.longitude BETWEEN $5 AND $6 LIMIT $7)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """A hazard of the kind asked for; metres from where it was asked, when that is a point."""

    row: dict[str, Any]
    same_place: bool
    metres: float | None


async def hazards_nearby(
    actor: Actor,
    *,
    category_code: str,
    plate_token: str | None = None,
    point: Point | None = None,
) -> list[Nearby]:
    """Open hazards of a kind at the place of a plate, or within 50 metres; the nearest first.

    Who runs the place is not offered what no warden has accepted yet.

    Raises:
        InvalidInput: unknown category; neither plate nor point.
        NotFound: no such plate.
        RateLimited: this address has asked for too many plates that don't exist.
    """
    kind = category(category_code, field="categoryCode")
    place = None
    if plate_token is not None:
        place_id, _ = await place_at(actor, plate_token)
        place = await Place.filter(id=place_id).only("id", "longitude", "latitude").get()
    if place is None and point is None:
        raise InvalidInput(
            field="point", reason="WHERE", zh="请扫门牌或标出位置", en="Scan a plate, or say where"
        )
    here = point.to(Datum.CGCS2000) if point else _of(place)
    if place is None and not kind.public:
        return []
    rows = await _rows(kind.code, place.id if place else None, here if kind.public else None)
    found = [_measured(row, place, here) for row in rows]
    near = [
        one for one in found
        if one.same_place
        or (one.metres is not None and one.metres <= rules().hazard_near_metres)
    ]  # fmt: skip
    if place and actor.kind is ActorKind.ACCOUNT and await runs(actor.id, place.id):
        near = [one for one in near if one.row["state"] not in UNKNOWN_TO_LANDLORDS]
    near.sort(key=lambda one: (not one.same_place, one.metres or 0.0))
    return near[:MOST]


def _of(place: Place | None) -> Point | None:
    if place is None or place.longitude is None or place.latitude is None:
        return None
    return Point(place.longitude, place.latitude)


async def _rows(code: str, place_id: UUID | None, here: Point | None) -> list[dict[str, Any]]:
    box = (None, None, None, None) if here is None else box_around(here.lon, here.lat)
    return await fetch(SQL, code, place_id, *box, MOST_IN_BOX)


def box_around(longitude: float, latitude: float) -> tuple[float, float, float, float]:
    """South, north, west and east of all that is near a point, in degrees."""
    high = rules().hazard_near_metres / _METRES_PER_DEGREE
    wide = high / max(cos(radians(latitude)), 0.01)
    return (latitude - high, latitude + high, longitude - wide, longitude + wide)


def _measured(row: dict[str, Any], place: Place | None, here: Point | None) -> Nearby:
    metres = None
    if here is not None and row["longitude"] is not None:
        metres = distance_m(here.lon, here.lat, row["longitude"], row["latitude"])
    same = place is not None and row["place_id"] == place.id
    return Nearby(row=row, same_place=same, metres=metres)


async def points_at_reporter(actor: Actor, place_id: UUID | None) -> bool:
    """Whether so few people live at a place that a report of theirs points at who made it.

    Only ever yes to who lives there themselves: others would learn which houses are near empty.
    """
    if place_id is None or actor.kind is not ActorKind.ACCOUNT:
        return False
    (row,) = await fetch(
        "SELECT count(*)::int AS people, coalesce(bool_or(p.account_id = $2), FALSE) AS among"
        " FROM residence r JOIN person p ON p.id = r.person_id"
        " WHERE r.place_id = $1 AND r.current",
        place_id,
        actor.id,
    )
    return bool(row["among"] and row["people"] < rules().hazard_crowd)
