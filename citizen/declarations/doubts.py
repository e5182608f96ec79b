"""Why a declaration is looked at before it takes effect: each rule on its own.

Trust comes first: what raises none of these takes effect at once. None of them is about what kind
of person somebody is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from uuid import UUID

from citizen.models import Doubt
from core.clock import SHANGHAI, today
from core.database import fetch
from management.blocks import kinds_in_force
from management.models import (
    Lifecycle,
    Place,
    PlaceBlockKind,
    PlaceKind,
    Residence,
    Room,
    RoomState,
)
from management.people.persons import Known
from management.people.residences import capacity
from management.rules import rules

_BARRING: Final = frozenset({PlaceBlockKind.MEASURE, PlaceBlockKind.URGENT_HAZARD})
"""A missing registration is no reason to doubt one; a decision about letting says nothing of
whether somebody lives there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Those who are declared together, and where.

    ``family`` is the household that all of them belong to; None when one of them does not.
    ``account_id``: whose declarations of the day are counted.
    """

    place: Place
    room: Room
    known: Sequence[Known]
    family: UUID | None = None
    account_id: UUID | None = None


async def doubts_of(party: Party) -> list[set[Doubt]]:
    """For each of the party what speaks against it; the place and the persons are locked."""
    of_all: set[Doubt] = set()
    if await place_not_let(party.place, party.room):
        of_all.add(Doubt.PLACE_NOT_LET)
    if await over_capacity(party):
        of_all.add(Doubt.OVER_CAPACITY)
    if party.account_id is not None and await many_in_a_day(party.account_id):
        of_all.add(Doubt.MANY_IN_A_DAY)
    denied = await denied_before([one.person.id for one in party.known], party.room.id)
    answer = []
    for one in party.known:
        own = set(of_all)
        if name_conflict(one):
            own.add(Doubt.NAME_CONFLICT)
        if one.person.id in denied:
            own.add(Doubt.LANDLORD_DENIES)
        answer.append(own)
    return answer


async def place_not_let(place: Place, room: Room) -> bool:
    """Whether nobody may live there: no rental house in use, a room out of use, or a bar.

    A measure or an urgent hazard bars it; so somebody goes and looks, also for their safety.
    """
    return not_let(place, room, (await kinds_in_force([place.id])).get(place.id, ()))


def not_let(place: Place, room: Room, kinds: Collection[PlaceBlockKind]) -> bool:
    """As :func:`place_not_let`, with the kinds of the blocks that are in force."""
    if place.kind is not PlaceKind.RENTAL_HOUSE or place.lifecycle is not Lifecycle.ACTIVE:
        return True
    return room.state is RoomState.OUT_OF_USE or not _BARRING.isdisjoint(kinds)


async def over_capacity(party: Party) -> bool:
    """Whether more people would live in the room than its usable area allows.

    A family is exempt: one household that shares the room with nobody else. A room whose area
    nobody has measured raises no doubt.
    """
    most = capacity(party.room)
    if most is None:
        return False
    coming = {one.person.id for one in party.known}
    others = [
        row["family"]
        for row in await Residence.filter(room_id=party.room.id, current=True)
        .exclude(person_id__in=list(coming))
        .values("family")
    ]
    if party.family is not None and all(family == party.family for family in others):
        return False
    return len(others) + len(coming) > most


def name_conflict(known: Known) -> bool:
    """Whether the person of the document is known by another name."""
    return not known.same_name


async def unproven(known: Known, room: Room) -> bool:
    """Whether nothing but name and number leads from an account to who is known already.

    Who is known with an account or a phone is led to by those, or not at all. Who is registered in
    the room before whose plate they stand is led to by that. Whoever the town does not know yet
    has nothing that others could come to see.
    """
    person = known.person
    if known.new or person.account_id is not None or person.phone is not None:
        return False
    return not await Residence.exists(person_id=person.id, room_id=room.id, current=True)


async def many_in_a_day(account_id: UUID) -> bool:
    """Whether the account has made as many declarations today as one makes for oneself.

    Those made together count once. The caller holds :func:`hold_account`.
    """
    midnight = datetime.combine(today(), time.min, tzinfo=SHANGHAI)
    (row,) = await fetch(
        "SELECT count(DISTINCT batch)::int AS made FROM declaration"
        " WHERE account_id = $1 AND created_at >= $2",
        account_id,
        midnight,
    )
    return bool(row["made"] >= rules().declarations_per_day)


async def hold_account(account_id: UUID) -> None:
    """Count the declarations of an account one by one; before any other lock is taken."""
    await fetch(
        "SELECT pg_advisory_xact_lock(hashtextextended('declarations ' || $1::text, 0)) IS NULL"
        " AS locked",
        str(account_id),
    )


async def denied_before(person_ids: Collection[UUID], room_id: UUID) -> set[UUID]:
    """Of these people those whose landlord denied, and a warden refused, this room last time."""
    rows = await fetch(
        "SELECT DISTINCT ON (person_id) person_id, landlord_answer, state FROM declaration"
        " WHERE person_id = ANY($1::uuid[]) AND room_id = $2 ORDER BY person_id, id DESC",
        list(person_ids),
        room_id,
    )
    return {
        row["person_id"]
        for row in rows
        if row["landlord_answer"] == "DENIED" and row["state"] == "REFUSED"
    }
