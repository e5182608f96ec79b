"""Many tenants declared at once, by landlords, staff and imports: all of them or none.

The rules are those of :mod:`citizen.declarations.parties`; the statements don't grow with the
tenants. What is doubtful is held for wardens, as always, and fails nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from citizen.declarations.doubts import name_conflict, not_let
from citizen.declarations.parties import Identity, born
from citizen.declarations.record import REVIEW, hand_to_wardens
from citizen.events import DeclarationHeld, TenantDeclared
from citizen.models import (
    Declaration,
    DeclarationAction,
    DeclarationState,
    DeclarationStep,
    Doubt,
    Relation,
)
from core.clock import now
from core.crypto import seal
from core.database import fetch
from core.errors import DomainError, WrongState
from core.events import emit
from core.ids import uuid7
from identity.actor import Actor, ActorKind, Role
from management.blocks import kinds_in_force
from management.models import (
    ClaimState,
    Lifecycle,
    Place,
    PlaceBlockKind,
    PlaceClaim,
    Residence,
    ResidenceSource,
    Room,
    TaskKind,
)
from management.people.documents import age
from management.people.many import Moving, Somebody, begin_residences, find_or_add_many
from management.people.persons import Known
from management.people.residences import capacity
from management.rules import rules
from management.tasks.core import Where, raise_task

_GROWN: Final = 18
"""Civil Code article 17: of age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A tenant as somebody declares them; ``phone`` in clear, ``household``: of one family.

    ``household`` is true of each of a room who are one family: they may be more than it holds.
    """

    room_id: UUID
    identity: Identity = field(repr=False)
    starts_on: date
    phone: str | None = field(default=None, repr=False)
    signed_on: date | None = None
    lease_until: date | None = None
    household: bool = False


@dataclass(frozen=True, slots=True)
class Houses:
    """Rooms with their houses, which are locked."""

    places: Mapping[UUID, Place]
    rooms: Mapping[UUID, Room]

    def place_of(self, room_id: UUID) -> Place:
        """The house of a room."""
        return self.places[self.rooms[room_id].place_id]


async def lock_houses(room_ids: Sequence[UUID]) -> Houses:
    """These rooms, their houses locked in one order; what is absent is left out."""
    seen = await Room.filter(id__in=list(set(room_ids))).values_list("place_id", flat=True)
    places = await Place.filter(id__in=list(set(seen))).order_by("id").select_for_update()
    # As they are now that nobody can change them.
    rooms = await Room.filter(id__in=list(set(room_ids)))
    return Houses({place.id: place for place in places}, {room.id: room for room in rooms})


async def declare_many(
    actor: Actor,
    entries: Sequence[Entry],
    houses: Houses,
    *,
    source: ResidenceSource,
    on_behalf: str | None = None,
) -> list[Declaration]:
    """Declare tenants of rooms of locked houses, each person once, in their order.

    In a running unit of work. What is clean takes effect at once, the rest is held.

    Raises:
        WrongState: ``ITEMS``: a house is closed (``PLACE_GONE``), or the same declaration waits
            for a warden (``HELD``); ``params.items`` names each with its index.
    """
    people = [Somebody(one.identity.document, one.identity.name, one.phone) for one in entries]
    known = await find_or_add_many(people)
    await _require_possible(entries, known, houses)
    doubts = await _doubts(entries, known, houses)
    made = [
        _declaration(actor, one, who, houses, against, source, on_behalf)
        for one, who, against in zip(entries, known, doubts, strict=True)
    ]
    families = _families(entries)
    batch, moment = uuid7(), now()
    clean = [index for index, row in enumerate(made) if row.state is DeclarationState.IN_FORCE]
    residences = await begin_residences(
        [
            Moving(
                person=known[index].person,
                room=houses.rooms[entries[index].room_id],
                starts_on=entries[index].starts_on,
                family=families.get(entries[index].room_id) if entries[index].household else None,
            )
            for index in clean
        ],
        source=source,
    )
    asked = await _places_to_ask(houses) if source is not ResidenceSource.LANDLORD else set()
    for row in made:
        row.batch, row.created_at = batch, moment
        if row.state is DeclarationState.IN_FORCE:
            row.residence_id = residences[row.person_id]
            if row.place_id in asked:
                row.asked_landlord_at, row.question_open = moment, True
    await Declaration.bulk_create(made)
    await DeclarationStep.bulk_create(_steps(actor, made))
    await _tell(made, houses)
    return made


def refuse_items(faults: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a whole batch when there are faults.

    Raises:
        WrongState: ``ITEMS``, each fault with index, reason and perhaps field in ``params.items``.
    """
    if faults:
        lines = dict.fromkeys(str(item["index"] + 1) for item in faults)
        raise WrongState(
            reason="ITEMS",
            params={"items": [dict(item) for item in faults], "lines": "、".join(lines)},
            zh="第 {lines} 条不能登记，请改正后再提交",
            en="Not possible for items {lines}",
        )


def fault(index: int, error: DomainError) -> dict[str, Any]:
    """A refusal of one item, as an item of the whole batch's."""
    more = {name: value for name, value in error.params.items() if name not in {"zh", "en"}}
    told = {**more, "index": index, "reason": error.reason or error.code.value}
    return {**told, "field": error.field} if error.field else told


async def _require_possible(
    entries: Sequence[Entry], known: Sequence[Known], houses: Houses
) -> None:
    held = await held_already(
        [(who.person.id, e.room_id) for who, e in zip(known, entries, strict=True)]
    )
    faults = []
    for index, (one, who) in enumerate(zip(entries, known, strict=True)):
        gone = {Lifecycle.CLOSED, Lifecycle.DEMOLISHED}
        if houses.place_of(one.room_id).lifecycle in gone:
            faults.append({"index": index, "reason": "PLACE_GONE"})
        elif (who.person.id, one.room_id) in held:
            faults.append({"index": index, "reason": "HELD"})
    refuse_items(faults)


async def held_already(pairs: Sequence[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Of these (person, room) those whose declaration waits for a warden."""
    rows = await fetch(_HELD, [person for person, _ in pairs], [room for _, room in pairs])
    return {(row["person_id"], row["room_id"]) for row in rows}


async def _doubts(
    entries: Sequence[Entry], known: Sequence[Known], houses: Houses
) -> list[set[Doubt]]:
    blocks = await kinds_in_force(list(houses.places))
    barred = {
        room.id
        for room in houses.rooms.values()
        if not_let(houses.places[room.place_id], room, _kinds(blocks, room))
    }
    full = await _overfull(entries, known, houses)
    pairs = [(who.person.id, one.room_id) for who, one in zip(known, entries, strict=True)]
    denied = await _denied(pairs)
    answer = []
    for pair, who in zip(pairs, known, strict=True):
        against = {Doubt.PLACE_NOT_LET} if pair[1] in barred else set()
        against |= {Doubt.OVER_CAPACITY} if pair[1] in full else set()
        against |= {Doubt.NAME_CONFLICT} if name_conflict(who) else set()
        against |= {Doubt.LANDLORD_DENIES} if pair in denied else set()
        answer.append(against)
    return answer


def _kinds(blocks: Mapping[UUID, list[PlaceBlockKind]], room: Room) -> list[PlaceBlockKind]:
    return blocks.get(room.place_id, [])


async def _overfull(entries: Sequence[Entry], known: Sequence[Known], houses: Houses) -> set[UUID]:
    """Rooms in which more people would live than their usable area allows; a family is exempt."""
    moving = [who.person.id for who in known]
    stay: Counter[UUID] = Counter()
    for row in (
        await Residence.filter(room_id__in=list(houses.rooms), current=True)
        .exclude(person_id__in=moving)
        .values("room_id")
    ):
        stay[row["room_id"]] += 1
    coming = Counter(one.room_id for one in entries)
    families = _families(entries)
    return {
        room_id
        for room_id, count in coming.items()
        if (most := capacity(houses.rooms[room_id])) is not None
        and count + stay[room_id] > most
        and (stay[room_id] or room_id not in families)
    }


def _families(entries: Sequence[Entry]) -> dict[UUID, UUID]:
    """Rooms whose tenants, all of this batch, are one family, with an id for it."""
    by_room: dict[UUID, list[bool]] = defaultdict(list)
    for one in entries:
        by_room[one.room_id].append(one.household)
    return {room_id: uuid7() for room_id, kin in by_room.items() if len(kin) > 1 and all(kin)}


async def _denied(pairs: Sequence[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Pairs whose last declaration the landlord denied and a warden refused."""
    rows = await fetch(_DENIED, [person for person, _ in pairs], [room for _, room in pairs])
    return {(row["person_id"], row["room_id"]) for row in rows}


def _declaration(
    actor: Actor,
    one: Entry,
    who: Known,
    houses: Houses,
    against: set[Doubt],
    source: ResidenceSource,
    on_behalf: str | None,
) -> Declaration:
    row = Declaration(
        id=uuid7(),
        account_id=actor.id if actor.kind is ActorKind.ACCOUNT else None,
        staff_id=actor.id if actor.kind is ActorKind.STAFF else None,
        person_id=who.person.id,
        place_id=houses.rooms[one.room_id].place_id,
        room_id=one.room_id,
        source=source,
        relation=Relation.TENANT,
        household=one.household,
        document_kind=who.person.document_kind,
        starts_on=one.starts_on,
        signed_on=one.signed_on,
        lease_until=one.lease_until,
        state=DeclarationState.HELD if against else DeclarationState.IN_FORCE,
        doubts=sorted(doubt.value for doubt in against),
        version=2 if against else 1,
    )
    seal(row, "on_behalf", on_behalf)
    seal(row, "claimed_name", one.identity.name if Doubt.NAME_CONFLICT in against else None)
    day = born(who.person)
    child = day is not None and age(day) < rules().welfare_age
    row.welfare = child and not one.household
    return row


async def _places_to_ask(houses: Houses) -> set[UUID]:
    """Houses that somebody is known to run, who is asked."""
    known = PlaceClaim.filter(place_id__in=list(houses.places), state=ClaimState.VERIFIED)
    return {row["place_id"] for row in await known.values("place_id")}


def _steps(actor: Actor, made: Sequence[Declaration]) -> list[DeclarationStep]:
    return [
        DeclarationStep(
            id=uuid7(),
            declaration_id=row.id,
            number=number,
            at=row.created_at,
            by_kind=actor.kind,
            staff_id=row.staff_id,
            account_id=row.account_id,
            action=action,
        )
        for row in made
        for number, action in enumerate((DeclarationAction.DECLARE, DeclarationAction.HOLD), 1)
        if number <= row.version
    ]


async def _tell(made: Sequence[Declaration], houses: Houses) -> None:
    for row in made:
        place = houses.places[row.place_id]
        if row.state is DeclarationState.HELD:
            await hand_to_wardens(row, place, step=REVIEW)
            await emit(DeclarationHeld(declaration_id=row.id, place_id=row.place_id))
        else:
            await emit(TenantDeclared(declaration_id=row.id, place_id=row.place_id))
        if row.welfare:
            await raise_task(
                TaskKind.WELFARE_VISIT,
                where=Where.of(place),
                role=Role.WARDEN,
                subject_id=row.id,
                due_at=now() + timedelta(hours=rules().declaration_hours),
            )


async def batch_of(declaration_id: UUID) -> list[UUID]:
    """The declarations that were made together with one, in their order: for a repeat."""
    found = await Declaration.filter(id=declaration_id).values_list("batch", flat=True)
    rows = Declaration.filter(batch__in=list(found)).order_by("id")
    return list(await rows.values_list("id", flat=True))  # type: ignore[arg-type]


_PAIRS: Final = "unnest($1::uuid[], $2::uuid[]) AS v (person_id, room_id)"
_HELD: Final = f"""
SELECT v.person_id, v.room_id FROM {_PAIRS}
WHERE EXISTS (SELECT 1 FROM declaration d WHERE d.person_id = v.person_id
              AND d.room_id = v.room_id AND d.state = 'HELD')
"""  # noqa: S608 - names of this module
_DENIED: Final = f"""
SELECT v.person_id, v.room_id FROM {_PAIRS}
CROSS JOIN LATERAL (SELECT d.landlord_answer, d.state FROM declaration d
                    WHERE d.person_id = v.person_id AND d.room_id = v.room_id
                    ORDER BY d.id DESC LIMIT 1) AS last
WHERE last.landlord_answer = 'DENIED' AND last.state = 'REFUSED'
"""  # noqa: S608 - names of this module
