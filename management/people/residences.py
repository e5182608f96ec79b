"""Residences (居住登记): who lives in which room, from when to when, and who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.clock import now, today
from core.database import fetch
from core.errors import WrongState
from core.events import emit
from identity.actor import Actor, ActorKind, Permission
from management import rooms
from management.access import in_scope
from management.events import ResidenceBegan, ResidenceEnded
from management.models import (
    ClaimState,
    Person,
    PlaceClaim,
    Residence,
    ResidenceCertificate,
    ResidenceCheck,
    ResidenceEnd,
    ResidenceSource,
    Room,
    RoomState,
)

LANDLORD_SEES: Final = timedelta(days=30)
"""How long who runs a place still sees a residence that ended: deposits are settled by then."""


async def begin_residence(
    *,
    person: Person,
    room: Room,
    source: ResidenceSource,
    starts_on: date,
    family: UUID | None = None,
    check: ResidenceCheck = ResidenceCheck.UNCHECKED,
) -> Residence:
    """Note that a person lives in a room from a day on; the person's earlier residence ends.

    In a running unit of work with the room's place locked. Who lives in the room already is
    confirmed there instead, from the day already known.
    """
    await Person.filter(id=person.id).select_for_update().only("id").get()
    before = await Residence.filter(person_id=person.id, current=True).select_for_update().first()
    if before is not None and before.room_id == room.id:
        return await _again(before, family, check)
    if before is not None:
        await end_residence(before, ends_on=starts_on, reason=ResidenceEnd.MOVED_ON)
    residence = await Residence.create(
        person_id=person.id,
        place_id=room.place_id,
        room_id=room.id,
        source=source,
        check_state=check,
        family=family,
        starts_on=starts_on,
        confirmed_on=today(),
    )
    fresh = await Room.filter(id=room.id).select_for_update().get()
    if fresh.state is RoomState.VACANT:
        await rooms.note_let(fresh)
    await emit(
        ResidenceBegan(
            residence_id=residence.id,
            person_id=person.id,
            place_id=room.place_id,
            room_id=room.id,
        )
    )
    return residence


async def end_residence(residence: Residence, *, ends_on: date, reason: ResidenceEnd) -> None:
    """Note that a person no longer lives there, from a day on; in a running unit of work.

    A day before the residence began counts as its first day. Certificates of it are revoked.

    Raises:
        WrongState: it has ended already.
    """
    ended = await _end("id = $4 AND current", ends_on, reason, residence.id)
    if not ended:
        raise WrongState(reason="ENDED", zh="该居住登记已经结束", en="It has ended already")
    await residence.refresh_from_db()


async def end_each(days: Mapping[UUID, date], *, reason: ResidenceEnd) -> list[UUID]:
    """End several residences, each on a day of its own; answers those that had not ended yet.

    In a running unit of work with their places locked; a day before a residence began counts as
    its first day.
    """
    if not days:
        return []
    rows = await fetch(_END_EACH, list(days), list(days.values()), reason.value, now())
    await _told(rows)
    return [row["id"] for row in rows]


async def end_residences_at(place_id: UUID, *, ends_on: date, reason: ResidenceEnd) -> int:
    """End every residence of a place, which is locked; answers how many."""
    return len(await _end("place_id = $4 AND current", ends_on, reason, place_id))


def capacity(room: Room) -> int | None:
    """How many people may live in a room by its usable area; a family is exempt.

    None where the area isn't known.
    """
    return rooms.capacity(room.area)


async def living_in(room_id: UUID) -> int:
    """How many people are registered as living in a room."""
    return await Residence.filter(room_id=room_id, current=True).count()


def visible_residences(actor: Actor) -> QuerySet[Residence]:
    """Accounts: their own person's, and of places that they run while current and 30 days after.

    Staff: where they may read about people.
    """
    if actor.kind is ActorKind.ACCOUNT:
        own = Person.filter(account_id=actor.id).values("id")
        return Residence.filter(Q(person_id__in=Subquery(own)) | _as_landlord(actor))
    return Residence.filter(in_scope(actor, Permission.PEOPLE_READ, "place__"))


def _as_landlord(actor: Actor) -> Q:
    runs = PlaceClaim.filter(account_id=actor.id, state=ClaimState.VERIFIED).values("place_id")
    lately = Q(current=True) | Q(ended_at__gte=now() - LANDLORD_SEES)
    return Q(lately, place_id__in=Subquery(runs))


async def _again(residence: Residence, family: UUID | None, check: ResidenceCheck) -> Residence:
    residence.confirmed_on = today()
    residence.asked_at = None
    residence.family = family or residence.family
    if check is not ResidenceCheck.UNCHECKED:
        residence.check_state = check
    await residence.save(update_fields=["confirmed_on", "asked_at", "family", "check_state"])
    return residence


async def _end(where: str, ends_on: date, reason: ResidenceEnd, key: UUID) -> list[UUID]:
    """One statement ends them, so that nobody ends one twice; ``where`` is ours."""
    rows = await fetch(
        "UPDATE residence SET current = FALSE,"  # noqa: S608 - the condition is ours
        " ends_on = greatest($1::date, starts_on),"
        f" end_reason = $2, ended_at = $3, asked_at = NULL WHERE {where}"
        " RETURNING id, person_id, place_id, room_id",
        ends_on,
        reason.value,
        now(),
        key,
    )
    await _told(rows)
    return [row["id"] for row in rows]


async def _told(rows: Sequence[Mapping[str, Any]]) -> None:
    """Of residences that have just ended: their certificates, and who hears of it."""
    if not rows:
        return
    ids = [row["id"] for row in rows]
    await ResidenceCertificate.filter(residence_id__in=ids, revoked_at=None).update(
        revoked_at=now()
    )
    for row in rows:
        await emit(
            ResidenceEnded(
                residence_id=row["id"],
                person_id=row["person_id"],
                place_id=row["place_id"],
                room_id=row["room_id"],
            )
        )


_END_EACH: Final = """
UPDATE residence SET current = FALSE, ends_on = greatest(v.day, residence.starts_on),
       end_reason = $3, ended_at = $4, asked_at = NULL
FROM unnest($1::uuid[], $2::date[]) AS v (id, day) WHERE residence.id = v.id AND residence.current
RETURNING residence.id, person_id, place_id, room_id
"""
