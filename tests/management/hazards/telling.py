"""What people say of hazards in tests; everything is made up."""

from __future__ import annotations

from typing import Any

from core.ids import uuid7
from identity.actor import Actor, ActorKind, anonymous
from management.hazards.reporting import Statement
from management.hazards.whereabouts import Spot
from management.models import Plate
from media.models import Photo, Purpose
from tests import factories

WORDS = "三楼楼梯口堆满了纸箱，晚上没有灯"


def nobody() -> Actor:
    """Somebody without a name, at an address of their own."""
    return anonymous(uuid7().hex)


async def plate(**values: Any) -> Plate:
    """The plate of a house with five rooms."""
    house = await factories.place(**values)
    for number in range(5):
        await factories.room(house, f"{300 + number}")
    return await factories.plate(house)


def said(spot: Plate | Spot | None = None, **values: Any) -> Statement:
    """That the stairs are blocked, at a plate."""
    where = Spot(plate_token=spot.token) if isinstance(spot, Plate) else spot or Spot()
    defaults: dict[str, Any] = {"category_code": "EXIT_BLOCKED", "spot": where, "words": WORDS}
    return Statement(**{**defaults, **values})


async def picture(of: Actor | None = None, **values: Any) -> Photo:
    """A picture uploaded for a hazard, by an account or staff, or by nobody."""
    owner = {"owner_id": of.id} if of and of.kind is ActorKind.ACCOUNT else {}
    staff = {"staff_id": of.id} if of and of.kind is ActorKind.STAFF else {}
    defaults = {"purpose": Purpose.HAZARD, "width": 720, "height": 540}
    return await Photo.create(**{**defaults, **owner, **staff, **values})
