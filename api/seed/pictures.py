"""Pictures for a synthetic town: rooms and houses drawn by program, the same for the same number.

They are illustrations and say so in their alternative text; nobody's home is shown.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from PIL import Image

from api.seed.art.balcony import BalconyPlan
from api.seed.art.canvas import WHITE, Canvas
from api.seed.art.house import HousePlan
from api.seed.art.room import RoomPlan
from api.seed.art.wet import BathroomPlan, KitchenPlan


class Kind(StrEnum):
    """What a picture shows."""

    ROOM = "room"
    KITCHEN = "kitchen"
    BATHROOM = "bathroom"
    BALCONY = "balcony"
    HOUSE = "house"


class Alt(NamedTuple):
    """What is seen in a picture, for those who do not see it."""

    zh: str
    en: str


class _Plan(Protocol):
    def alt(self) -> tuple[str, str]: ...

    def draw(self, canvas: Canvas) -> None: ...


_PLANS: Final[dict[Kind, Callable[[random.Random], _Plan]]] = {
    Kind.ROOM: RoomPlan.of,
    Kind.KITCHEN: KitchenPlan.of,
    Kind.BATHROOM: BathroomPlan.of,
    Kind.BALCONY: BalconyPlan.of,
    Kind.HOUSE: HousePlan.of,
}


def draw(kind: Kind | str, number: int) -> Image.Image:
    """The picture of that kind and number, 1440 x 1080 pixels.

    Raises ``ValueError`` for an unknown kind.
    """
    canvas = Canvas(WHITE)
    _plan(kind, number).draw(canvas)
    return canvas.finished()


def alt(kind: Kind | str, number: int) -> Alt:
    """What ``draw(kind, number)`` shows. Raises ``ValueError`` for an unknown kind."""
    return Alt(*_plan(kind, number).alt())


def _plan(kind: Kind | str, number: int) -> _Plan:
    kind = Kind(kind)
    return _PLANS[kind](random.Random(f"{kind}/{number}"))  # noqa: S311 - not a secret
