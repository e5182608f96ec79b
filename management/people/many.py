"""Many persons and residences at once: the statements don't grow with the people.

The rules are those of :mod:`management.people.persons` and :mod:`management.people.residences`.
Everything runs in a unit of work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from core.clock import now, today
from core.crypto import reveal
from core.database import execute, fetch
from core.events import emit
from core.ids import uuid7
from core.work import current
from management.events import ResidenceBegan
from management.models import (
    Person,
    Residence,
    ResidenceCheck,
    ResidenceEnd,
    ResidenceSource,
    Room,
    RoomState,
)
from management.people.documents import Document
from management.people.duties import settle_duties
from management.people.persons import Known, indexes_of, lock_key, new_person, same_name
from management.people.residences import end_each
from management.rooms import set_states


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who is to be found: as on their document. ``phone`` is kept of those who are new only."""

    document: Document
    name: str
    phone: str | None = None


async def find_or_add_many(people: Sequence[Somebody]) -> list[Known]:
    """The persons of these documents, each another, in their order; unknown ones are added.

    All of them stay locked. Two who look for the same people wait for each other, never for ever.
    """
    current()
    keys = [lock_key(one.document) for one in people]
    await fetch(_LOCK, sorted(keys))
    indexes = [indexes_of(one.document) for one in people]
    wanted = [index for own in indexes for index in own]
    rows = Person.filter(number_index__in=wanted).order_by("id").select_for_update()
    by_index = {person.number_index: person for person in await rows}
    known, added = [], []
    for one, own in zip(people, indexes, strict=True):
        person = next((by_index[index] for index in own if index in by_index), None)
        if person is None:
            made = new_person(one.document, own[0], one.name, one.phone)
            made.created_at = made.updated_at = now()
            added.append(made)
            known.append(Known(made, new=True, same_name=True))
        else:
            same = same_name(reveal(person, "name") or "", one.name)
            known.append(Known(person, new=False, same_name=same))
    await Person.bulk_create(added)
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A person, locked, who lives in a room from a day on."""

    person: Person
    room: Room
    starts_on: date
    family: UUID | None = None


async def begin_residences(
    moving: Sequence[Moving], *, source: ResidenceSource
) -> dict[UUID, UUID]:
    """Note that people live in rooms; answers the residence of each person.

    The rooms' places are locked, each person comes once. Who lives in the room already is
    confirmed there, from the day already known; who lived elsewhere has moved on.
    """
    people = [one.person.id for one in moving]
    held = Residence.filter(person_id__in=people, current=True).order_by("id")
    before = {row.person_id: row for row in await held.select_for_update()}
    stay: dict[UUID, UUID | None] = {}
    left: dict[UUID, date] = {}
    begun, answer = [], {}
    for one in moving:
        old = before.get(one.person.id)
        if old is not None and old.room_id == one.room.id:
            stay[old.id] = one.family
            answer[one.person.id] = old.id
            continue
        if old is not None:
            left[old.id] = one.starts_on
        begun.append(_residence(one, source))
        answer[one.person.id] = begun[-1].id
    await _confirm(stay)
    await end_each(left, reason=ResidenceEnd.MOVED_ON)
    await Residence.bulk_create(begun)
    rooms = {one.room.id: one.room for one in moving}
    vacant = await Room.filter(id__in=list(rooms), state=RoomState.VACANT)
    await set_states(dict.fromkeys(vacant, RoomState.LET))
    for row in begun:
        await emit(
            ResidenceBegan(
                residence_id=row.id,
                person_id=row.person_id,
                place_id=row.place_id,
                room_id=row.room_id,
            )
        )
    # Who is confirmed where they live fulfils a duty too, and no residence begins for them.
    await settle_duties({before[one.person.id].room_id for one in moving if _stays(one, before)})
    return answer


def _stays(one: Moving, before: Mapping[UUID, Residence]) -> bool:
    old = before.get(one.person.id)
    return old is not None and old.room_id == one.room.id


def _residence(one: Moving, source: ResidenceSource) -> Residence:
    return Residence(
        id=uuid7(),
        person_id=one.person.id,
        place_id=one.room.place_id,
        room_id=one.room.id,
        source=source,
        check_state=ResidenceCheck.UNCHECKED,
        family=one.family,
        starts_on=one.starts_on,
        confirmed_on=today(),
        created_at=now(),
    )


async def _confirm(families: Mapping[UUID, UUID | None]) -> None:
    if families:
        await execute(_CONFIRM, list(families), list(families.values()), today())


_LOCK: Final = """
WITH keys AS MATERIALIZED (SELECT key FROM unnest($1::bigint[]) AS k (key) ORDER BY key)
SELECT count(pg_advisory_xact_lock(key)::text)::int AS held FROM keys
"""
_CONFIRM: Final = """
UPDATE residence
SET confirmed_on = $3, asked_at = NULL, family = coalesce(v.family, residence.family)
FROM unnest($1::uuid[], $2::uuid[]) AS v (id, family) WHERE residence.id = v.id
"""
