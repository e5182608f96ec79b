"""What belongs to the houses of a synthetic town: rooms, who runs them, leases, blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from api.seed.cast import Part
from api.seed.chance import Chance
from api.seed.people import Accounts
from api.seed.places import Built
from api.seed.town import Row, Town
from management.models import ClaimRole, ClaimState, Lifecycle, PlaceBlockKind, PlaceKind, RoomState
from management.rules import rules

_ROOMS: Final = {
    Part.HOUSE: 7,
    Part.BELOW_STANDARD: 3,
    Part.FULL: 4,
    Part.BLOCKED: 4,
    Part.SPARE: 3,
    Part.CLOSED: 2,
}
_MOST_ROOMS_OF_A_FLOOR: Final = 4
OFFERED_AFTER: Final = timedelta(days=4)
"""So long after a house was filed its first room is put up."""
_FULL: Final = 0.25
_RUN: Final = 0.94
_BLOCKED: Final = 0.01
_REASONS: Final = {
    PlaceBlockKind.URGENT_HAZARD: "楼道堆放电动车并充电，未整改",
    PlaceBlockKind.MEASURE: "临时查封二楼加建部分",
    PlaceBlockKind.TENANT_REGISTRATION_OVERDUE: "租客登记逾期",
    PlaceBlockKind.STAFF_DECISION: "房屋结构待鉴定",
}


@dataclass(slots=True)
class House:
    """A rental house with its rooms. ``landlord`` runs it; ``full``: no room of it is free."""

    built: Built
    landlord: UUID | None = None
    full: bool = False
    blocked_at: datetime | None = None
    rooms: list[Row] = field(default_factory=list)

    @property
    def row(self) -> Row:
        """The row of the place."""
        return self.built.row

    @property
    def blocked(self) -> bool:
        """Whether it may not let now."""
        return self.blocked_at is not None

    @property
    def in_use(self) -> bool:
        """Open, and somebody is known to run it."""
        return self.landlord is not None and self.row["lifecycle"] is Lifecycle.ACTIVE

    @property
    def may_let(self) -> bool:
        """Meets the standard (达标)."""
        enough = self.row["completeness"] >= rules().standard_completeness
        return self.in_use and enough and not self.blocked


def furnish(town: Town, places: Sequence[Built], accounts: Accounts) -> list[House]:
    """Rooms, claims, leases and blocks of every house."""
    houses = [House(place) for place in places if place.row["kind"] is PlaceKind.RENTAL_HOUSE]
    chance = town.chance("houses")
    rents = {code: chance.between(36, 62) * 10 for code in town.communities}
    for house, count in zip(houses, _counts(town, houses), strict=True):
        _claim(town, chance, accounts, house)
        part = house.built.part
        house.full = part is Part.FULL or (part is None and chance.happens(_FULL))
        for index in range(count):
            house.rooms.append(_room(town, chance, house, index, count, rents))
        _file_lease(town, chance, house)
    _block(town, chance, houses)
    return houses


def _counts(town: Town, houses: Sequence[House]) -> list[int]:
    """Rooms of each house: one at least, in all as many as wanted."""
    chance = town.chance("rooms")
    counts, spare = [0] * len(houses), []
    for index, house in enumerate(houses):
        if house.row["lifecycle"] is Lifecycle.PLANNED:
            continue
        part = house.built.part
        counts[index] = _ROOMS.get(part, 1) if part else 1
        if part is None:
            most = (house.built.floors - 1) * chance.between(2, _MOST_ROOMS_OF_A_FLOOR)
            spare += [index] * (most - 1)
    for index in chance.some(spare, town.size.rooms - sum(counts)):
        counts[index] += 1
    return counts


def _room(
    town: Town, chance: Chance, house: House, index: int, count: int, rents: dict[str, int]
) -> Row:
    # Shops and storage are below, people live from the second floor up.
    living = house.built.floors - 1
    per_floor = -(-count // living)
    floor, place_on_floor = index // per_floor + 2, index % per_floor + 1
    number = f"{floor}{place_on_floor:02d}"
    area = chance.weighted(
        (chance.amount(11, 24), chance.amount(26, 41), chance.amount(43, 68)), (62, 28, 10)
    )
    rent = rents[house.row["community_code"]] * (area / 18) ** 0.8 * chance.amount(0.85, 1.2)
    ended = house.row["ended_at"] is not None
    out_of_use = ended or (house.built.part is None and chance.happens(0.02))
    moment = chance.moment(house.built.created_at, house.built.created_at + timedelta(hours=2))
    return town.add(
        "room",
        id=chance.uuid7(moment),
        place_id=house.row["id"],
        number=number,
        code=f"{house.row['code']}-{number}",
        floor=floor,
        area=round(Decimal(area), 2),
        dormitory=chance.happens(0.02),
        escape_window=chance.weighted((True, False, None), (84, 10, 6)),
        rent=Decimal(round(rent / 10) * 10),
        # Until something of it is put up, a room in use is taken.
        state=RoomState.OUT_OF_USE if out_of_use else RoomState.LET,
        created_at=moment,
    )


def _claim(town: Town, chance: Chance, accounts: Accounts, house: House) -> None:
    """Most houses are run by one owner, some by a sub-landlord (二手房东) of theirs too."""
    part, since = house.built.part, house.built.created_at
    if house.row["lifecycle"] is Lifecycle.PLANNED:
        return
    if part in (Part.HOUSE, Part.BELOW_STANDARD):
        house.landlord = accounts.demo_landlord
        _enter(town, chance, house, ClaimRole.OWNER, ClaimState.VERIFIED)
    elif part is not None or chance.happens(_RUN):
        house.landlord = accounts.landlord(since)
        over = house.row["ended_at"] is not None
        state = ClaimState.ENDED if over else ClaimState.VERIFIED
        _enter(town, chance, house, ClaimRole.OWNER, state)
        if not over and chance.happens(0.12):
            # The sub-landlord lets the rooms from then on.
            house.landlord = accounts.open(f"演示二房东{chance.between(1, 9999):04d}", since)
            _enter(town, chance, house, ClaimRole.SUBLANDLORD, state)
    elif chance.happens(0.7):
        applicant = accounts.landlord(since)
        _enter(town, chance, house, ClaimRole.OWNER, ClaimState.PENDING, account=applicant)


def _enter(
    town: Town,
    chance: Chance,
    house: House,
    role: ClaimRole,
    state: ClaimState,
    account: UUID | None = None,
) -> None:
    moment = chance.moment(house.built.created_at, house.built.created_at + timedelta(days=2))
    decided_at = moment + timedelta(hours=chance.between(2, 48))
    if state is ClaimState.ENDED:
        decided_at = house.row["ended_at"]
    decided = state is not ClaimState.PENDING
    town.add(
        "place_claim",
        id=chance.uuid7(moment),
        place_id=house.row["id"],
        account_id=account or house.landlord,
        role=role,
        lease_from=None,
        lease_until=None,
        acts_for_id=None,
        takes_over_id=None,
        vouched=False,
        reason="",
        state=state,
        decided_by=town.wardens[house.row["grid_code"]] if decided else None,
        decided_at=decided_at if decided else None,
        created_at=moment,
    )


def _file_lease(town: Town, chance: Chance, house: House) -> None:
    """房屋租赁登记备案: of the whole house, or of a room."""
    if not house.rooms or not (house.built.part is Part.HOUSE or chance.happens(0.65)):
        return
    room = chance.one_of(house.rooms) if chance.happens(0.3) else None
    moment = chance.moment(house.built.created_at, town.end)
    years = chance.between(1, 3)
    town.add(
        "lease_filing",
        id=chance.uuid7(moment),
        place_id=house.row["id"],
        room_id=room["id"] if room else None,
        number=f"样例租备{moment.year}-{len(town.rows['lease_filing']) + 1:06d}",
        filed_on=moment.date(),
        until=moment.date() + timedelta(days=365 * years),
    )


def _block(town: Town, chance: Chance, houses: Sequence[House]) -> None:
    """Some houses may not let now, as many were barred for a while and no longer are."""
    able = [house for house in houses if house.may_let and house.built.part is None]
    count = max(3, round(len(houses) * _BLOCKED))
    chosen = chance.some(able, 2 * count)
    barred = [house for house in houses if house.built.part is Part.BLOCKED] + chosen[:count]
    kinds = list(_REASONS)
    for serial, house in enumerate([*barred, *chosen[count:]]):
        last = town.end - timedelta(days=3)
        # It had the time to put something up.
        offering = house.built.created_at + OFFERED_AFTER + timedelta(days=2)
        starts = chance.moment(min(max(offering, town.end - timedelta(days=60)), last), last)
        barred_now = serial < len(barred)
        house.blocked_at = starts if barred_now else None
        house.full = house.full and not barred_now
        kind = kinds[serial % len(kinds)]
        block_id = chance.uuid7(starts)
        town.add(
            "place_block",
            id=block_id,
            place_id=house.row["id"],
            kind=kind,
            source=f"block:{block_id}",
            reason=_REASONS[kind],
            starts_at=starts,
            ends_at=None if barred_now else starts + timedelta(hours=chance.between(20, 72)),
        )
