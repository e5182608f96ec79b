"""A few listings side by side: what each costs, has and is like, worked out in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from core.datums import Point
from core.errors import InvalidInput, NotFound
from identity.actor import Actor
from landlord.access import visible_listings
from landlord.models import Facility

FEWEST: Final = 2
MOST: Final = 4
_FEN: Final = Decimal("0.01")
_STEP_M: Final = 10  # a house is longer than that


class ComparedPoint(StrEnum):
    """What listings are compared by."""

    RENT = "RENT"
    DEPOSIT = "DEPOSIT"
    MANAGEMENT_FEE = "MANAGEMENT_FEE"
    MONTHLY_COST = "MONTHLY_COST"
    WATER_PRICE = "WATER_PRICE"
    ELECTRICITY_PRICE = "ELECTRICITY_PRICE"
    AREA = "AREA"
    PRICE_PER_AREA = "PRICE_PER_AREA"
    FACILITY = "FACILITY"
    RISK_CLASS = "RISK_CLASS"
    STAIRCASES = "STAIRCASES"
    EXITS = "EXITS"
    EXTINGUISHERS = "EXTINGUISHERS"
    E_BIKE_CHARGING = "E_BIKE_CHARGING"
    ESCAPE_WINDOW = "ESCAPE_WINDOW"
    DISTANCE = "DISTANCE"


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One point of all listings, in their order; ``None`` where it is not known.

    ``facility`` says which one, for rows of that point.
    """

    point: ComparedPoint
    values: tuple[Any, ...]
    facility: Facility | None = None

    @property
    def differs(self) -> bool:
        """Whether the listings are not alike in this."""
        return len(set(self.values)) > 1


_COLUMNS: Final = (
    "id", "rent", "deposit", "area", "water_price", "electricity_price", "management_fee",
    "facilities", "place__risk_class", "place__staircases", "place__exits",
    "place__extinguishers", "place__e_bike_charging", "place__longitude", "place__latitude",
    "room__escape_window",
)  # fmt: skip


def _monthly(row: Mapping[str, Any]) -> Decimal:
    """What has to be paid each month whatever is used."""
    total: Decimal = row["rent"] + (row["management_fee"] or 0)
    return total


def _per_area(row: Mapping[str, Any]) -> Decimal | None:
    if not row["area"]:
        return None
    price: Decimal = row["rent"] / row["area"]
    return price.quantize(_FEN, ROUND_HALF_UP)


_POINTS: Final[Mapping[ComparedPoint, str | Callable[[Mapping[str, Any]], Any]]] = {
    ComparedPoint.RENT: "rent",
    ComparedPoint.MANAGEMENT_FEE: "management_fee",
    ComparedPoint.MONTHLY_COST: _monthly,
    ComparedPoint.DEPOSIT: "deposit",
    ComparedPoint.WATER_PRICE: "water_price",
    ComparedPoint.ELECTRICITY_PRICE: "electricity_price",
    ComparedPoint.AREA: "area",
    ComparedPoint.PRICE_PER_AREA: _per_area,
    ComparedPoint.RISK_CLASS: "place__risk_class",
    ComparedPoint.STAIRCASES: "place__staircases",
    ComparedPoint.EXITS: "place__exits",
    ComparedPoint.EXTINGUISHERS: "place__extinguishers",
    ComparedPoint.E_BIKE_CHARGING: "place__e_bike_charging",
    ComparedPoint.ESCAPE_WINDOW: "room__escape_window",
}


async def compare_listings(
    actor: Actor, *, listing_ids: Sequence[UUID], near: Point | None = None
) -> list[ComparedRow]:
    """Two to four listings that the actor may see, point by point, in the order asked for.

    Money is in yuan, areas in m², the distance from ``near`` in metres as the crow flies, to the
    next ten. A facility that none of them has is left out.

    Raises:
        InvalidInput: too few or too many, or one of them twice.
        NotFound: one is absent, or not for the actor.
    """
    _check(listing_ids)
    found = await visible_listings(actor).filter(id__in=list(listing_ids)).values(*_COLUMNS)
    by_id: dict[UUID, dict[str, Any]] = {row["id"]: dict(row) for row in found}
    if len(by_id) < len(listing_ids):
        raise NotFound
    rows = [by_id[listing_id] for listing_id in listing_ids]
    answer = [ComparedRow(point, _values(rows, how)) for point, how in _POINTS.items()]
    for facility in Facility:
        has = tuple([facility.value in row["facilities"] for row in rows])
        if any(has):
            answer.append(ComparedRow(ComparedPoint.FACILITY, has, facility))
    if near is not None:
        distances = tuple([_distance(row, near) for row in rows])
        answer.append(ComparedRow(ComparedPoint.DISTANCE, distances))
    return answer


def _check(listing_ids: Sequence[UUID]) -> None:
    if not FEWEST <= len(listing_ids) <= MOST:
        raise InvalidInput(
            field="ids",
            reason="COUNT",
            params={"minimum": FEWEST, "maximum": MOST},
            zh="一次可比较 {minimum} 到 {maximum} 个房源",
            en="Compare {minimum} to {maximum} listings",
        )
    if len(set(listing_ids)) < len(listing_ids):
        raise InvalidInput(
            field="ids", reason="TWICE", zh="同一个房源选了两次", en="A listing is there twice"
        )


def _values(
    rows: Sequence[Mapping[str, Any]], how: str | Callable[[Mapping[str, Any]], Any]
) -> tuple[Any, ...]:
    return tuple([row[how] if isinstance(how, str) else how(row) for row in rows])


def _distance(row: Mapping[str, Any], near: Point) -> int | None:
    if row["place__longitude"] is None or row["place__latitude"] is None:
        return None
    metres = near.distance_m(Point(row["place__longitude"], row["place__latitude"]))
    return round(metres / _STEP_M) * _STEP_M
