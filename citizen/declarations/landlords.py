"""Landlords declare tenants in and out, one or many; staff declare many on somebody's behalf.

Tenants hear of both. Who does not live there objects to the declaration; who still does objects to
having moved out, and lives there on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from citizen.declarations.access import own_persons, own_phone
from citizen.declarations.batches import (
    Entry,
    Houses,
    declare_many,
    fault,
    lock_houses,
    refuse_items,
)
from citizen.declarations.parties import read_identity, require_day
from citizen.declarations.record import Statement, record
from citizen.models import Declaration
from core.clock import SHANGHAI, now, today
from core.database import fetch
from core.errors import Conflict, DomainError, InvalidInput, NotFound, WrongState
from core.text import clean, phone_number
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from management.access import in_scope, require_sign_in, visible_places
from management.models import (
    DocumentKind,
    Person,
    Place,
    Residence,
    ResidenceEnd,
    ResidenceSource,
    Room,
)
from management.people.duties import Said, begin_duties, hears, signed_by
from management.people.residences import LANDLORD_SEES, end_each
from management.rules import rules

_ITEMS: Final = "input.items"
_SIGNED_LATELY: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant as somebody typed them; days of the town (Asia/Shanghai)."""

    room_id: UUID
    name: str = field(repr=False)
    number: str = field(repr=False)
    kind: DocumentKind = DocumentKind.MAINLAND_ID
    phone: str | None = field(default=None, repr=False)
    starts_on: date | None = None
    signed_on: date | None = None
    lease_until: date | None = None
    household: bool = False


async def declare_tenant(actor: Actor, *, tenant: Tenant) -> Declaration:
    """Declare one tenant of a room of a house that the actor runs.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the room is not in a house that the actor runs.
        InvalidInput: a value that can't be used.
        WrongState: as :func:`declare_tenants`.
    """
    entry = _read(tenant, "input", own=await own_phone(actor))
    return (await _declare(actor, [entry]))[0]


async def declare_tenants(actor: Actor, *, tenants: Sequence[Tenant]) -> list[Declaration]:
    """Declare tenants of houses that the actor runs: all of them or none.

    What is clean takes effect at once and ends where they lived before; what is doubtful is held
    for wardens. With the day of signing it is on record whether that was in time.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: a room is not in a house that the actor runs.
        InvalidInput: none, too many, a value that can't be used; ``params.items`` names each.
        WrongState: a house is closed, or the same waits for a warden; ``params.items`` as well.
    """
    return await _declare(actor, _read_all(tenants, own=await own_phone(actor)))


async def declare_tenants_for(
    actor: Actor, *, tenants: Sequence[Tenant], on_behalf: str
) -> list[Declaration]:
    """Declare many on behalf of somebody who asked staff to: all of them or none.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: a room is not where the actor may declare for others.
        InvalidInput, WrongState: as :func:`declare_tenants`; nobody asked.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
    asked = clean(on_behalf, field="input.onBehalf", longest=100, shortest=2)
    entries = _read_all(tenants, own=None)
    async with work(actor) as unit:
        houses = await lock_houses([one.room_id for one in entries])
        scope = Place.filter(in_scope(actor, Permission.DECLARATIONS_FILE))
        await _require_all(entries, houses, scope)
        decides = all(
            actor.may(Permission.DECLARATIONS_DECIDE, place.grid_path)
            for place in houses.places.values()
        )
        source = ResidenceSource.WARDEN if decides else ResidenceSource.DESK
        made = await declare_many(actor, entries, houses, source=source, on_behalf=asked)
        for row in made:
            unit.note("declareFor", "DECLARATION", row.id, place=row.place_id, batch=True)
    return made


async def declare_tenants_out(
    actor: Actor, *, leaving: Mapping[UUID, date | None]
) -> list[Residence]:
    """Say that tenants (by residence) moved out on a day, today by default: all or none.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: one does not live in a house that the actor runs.
        InvalidInput: none or too many.
        WrongState: one has moved out already (``ENDED``), or the day is before they moved in or
            to come (``ENDS_ON``); ``params.items`` names each.
    """
    require_sign_in(actor)
    _check_count(len(leaving))
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    ids = list(leaving)
    async with work(actor) as unit:
        seen = await Residence.filter(id__in=ids).values("place_id", "person_id")
        places = {row["place_id"] for row in seen}
        await Place.filter(id__in=list(places)).order_by("id").select_for_update().only("id")
        own = {row["id"] for row in await visible_places(actor).values("id")}
        if len(seen) < len(ids) or places - own:
            raise NotFound
        people = [row["person_id"] for row in seen]
        await Person.filter(id__in=people).order_by("id").select_for_update().only("id")
        found = {row.id: row for row in await Residence.filter(id__in=ids).select_for_update()}
        days = {key: leaving[key] or today() for key in ids}
        refuse_items(_not_leaving([found[key] for key in ids], days))
        await end_each(days, reason=ResidenceEnd.LANDLORD_SAID)
        for key in ids:
            unit.note("declareTenantOut", "RESIDENCE", key, place=found[key].place_id)
    by_id = {row.id: row for row in await Residence.filter(id__in=ids)}
    return [by_id[key] for key in ids]


async def object_to_move_out(actor: Actor, *, residence_id: UUID) -> Declaration:
    """Say that one still lives where the landlord said that one moved out.

    The person lives there on from that day, by a declaration of their own; the landlord is asked,
    and a warden looks at it if they deny it.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: it is not a residence of the actor's that a landlord ended in the last 30 days.
        WrongState: ``LIVES_ELSEWHERE``: somewhere else is on record since; ``OBJECTED``: here.
        Conflict: it was done already.
    """
    require_sign_in(actor)
    async with work(actor) as unit:
        residence = await _ended_by_landlord(actor, residence_id)
        place = await Place.filter(id=residence.place_id).select_for_update().get()
        person = await Person.filter(id=residence.person_id).select_for_update().get()
        here = await Residence.filter(person_id=person.id, current=True).first()
        if here is not None:
            if here.room_id == residence.room_id:
                raise Conflict(
                    reason="OBJECTED", zh="您已登记住在这里", en="You are registered here already"
                )
            raise WrongState(
                reason="LIVES_ELSEWHERE",
                zh="您现在登记住在别处；如不对，请重新申报",
                en="You are registered elsewhere by now; declare anew if that is wrong",
            )
        assert residence.ends_on is not None, "ended"
        row = await record(
            actor,
            Statement(
                person=person,
                place=place,
                room=await Room.get(id=residence.room_id),
                document_kind=person.document_kind,
                source=ResidenceSource.SELF,
                starts_on=residence.ends_on,
                family=residence.family,
            ),
        )
        unit.note("objectToMoveOut", "RESIDENCE", residence.id, declaration=row.id)
    return row


@hears
async def said_of_rooms(since: Mapping[UUID, date]) -> dict[UUID, Said]:
    """When somebody was first declared in rooms since a day, and whether wardens look at it."""
    rows = await fetch(_SAID, list(since), list(since.values()))
    return {
        row["room_id"]: Said(row["at"].astimezone(SHANGHAI).date(), row["waits"]) for row in rows
    }


async def _declare(actor: Actor, entries: Sequence[Entry]) -> list[Declaration]:
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    async with work(actor) as unit:
        houses = await lock_houses([one.room_id for one in entries])
        await _require_all(entries, houses, visible_places(actor))
        made = await declare_many(actor, entries, houses, source=ResidenceSource.LANDLORD)
        for row in made:
            unit.note(
                "declareTenant", "DECLARATION", row.id, place=row.place_id, state=row.state.value
            )
        await _note_signing(actor.id, entries, houses)
    return made


async def _require_all(entries: Sequence[Entry], houses: Houses, places: Any) -> None:
    """Refuse a room that is absent, or of a house that is not among these.

    Raises:
        NotFound: the first of them.
    """
    own = {row["id"] for row in await places.filter(id__in=list(houses.places)).values("id")}
    for one in entries:
        room = houses.rooms.get(one.room_id)
        if room is None or room.place_id not in own:
            raise NotFound


async def _note_signing(account_id: UUID, entries: Sequence[Entry], houses: Houses) -> None:
    """Put on record whether tenants whose day of signing is known were declared in time."""
    signed = sorted(
        {
            (one.signed_on, houses.rooms[one.room_id].place_id, one.room_id)
            for one in entries
            if one.signed_on is not None
        }
    )
    for (day, place_id), group in groupby(signed, key=lambda each: each[:2]):
        rooms = [houses.rooms[room_id] for _, _, room_id in group]
        signer = await signed_by(place_id, account_id)
        await begin_duties(rooms, account_id=signer, signed_on=day)


def _check_count(count: int) -> None:
    if not 1 <= count <= rules().batch_rooms:
        raise InvalidInput(
            field=_ITEMS,
            reason="COUNT",
            params={"maximum": rules().batch_rooms},
            zh="一次可处理 1 到 {maximum} 条",
            en="1 to {maximum} at a time",
        )


def _read_all(tenants: Sequence[Tenant], *, own: str | None) -> list[Entry]:
    """Every tenant as typed, read.

    Raises:
        InvalidInput: ``ITEMS``: what is wrong with each stands in ``params.items``.
    """
    _check_count(len(tenants))
    entries, faults = [], []
    documents: dict[tuple[str, str], int] = {}
    for index, one in enumerate(tenants):
        try:
            entry = _read(one, f"{_ITEMS}.{index}", own=own)
        except DomainError as error:
            faults.append(fault(index, error))
            continue
        document = entry.identity.document
        first = documents.setdefault((document.kind.value, document.number), index)
        if first != index:
            faults.append({"index": index, "reason": "DOCUMENT_TWICE", "first": first})
        entries.append(entry)
    if faults:
        lines = dict.fromkeys(str(item["index"] + 1) for item in faults)
        raise InvalidInput(
            field=_ITEMS,
            reason="ITEMS",
            params={"items": faults, "lines": "、".join(lines)},
            zh="第 {lines} 条填写有误，请改正后再提交",
            en="Items {lines} can't be right; correct them",
        )
    return entries


def _read(tenant: Tenant, prefix: str, *, own: str | None) -> Entry:
    identity = read_identity(tenant.name, tenant.kind, tenant.number, prefix=prefix)
    starts_on = tenant.starts_on or today()
    require_day(starts_on, field=f"{prefix}.startsOn")
    phone = phone_number(tenant.phone, field=f"{prefix}.phone") if tenant.phone else None
    if phone is not None and phone == own:
        raise InvalidInput(
            field=f"{prefix}.phone",
            reason="OWN_PHONE",
            zh="请填写租客本人的手机号，不要填自己的",
            en="Give the tenant's own phone, not yours",
        )
    signed, until = tenant.signed_on, tenant.lease_until
    if signed is not None and not today() - _SIGNED_LATELY <= signed <= today():
        raise InvalidInput(
            field=f"{prefix}.signedOn",
            reason="DATE",
            zh="签约日期应在过去一年之内",
            en="The day of signing lies in the past year",
        )
    if until is not None and until < starts_on:
        raise InvalidInput(
            field=f"{prefix}.leaseUntil",
            reason="DATE",
            zh="租期不能在入住之前结束",
            en="The lease can't end before they move in",
        )
    return Entry(
        room_id=tenant.room_id,
        identity=identity,
        starts_on=starts_on,
        phone=phone,
        signed_on=signed,
        lease_until=until,
        household=tenant.household,
    )


def _not_leaving(leaving: Sequence[Residence], days: Mapping[UUID, date]) -> list[dict[str, Any]]:
    faults = []
    for index, row in enumerate(leaving):
        if not row.current:
            faults.append({"index": index, "reason": "ENDED"})
        elif not row.starts_on <= days[row.id] <= today():
            faults.append({"index": index, "reason": "ENDS_ON"})
    return faults


async def _ended_by_landlord(actor: Actor, residence_id: UUID) -> Residence:
    own = await own_persons(actor)
    row = await Residence.filter(
        id=residence_id,
        person_id__in=own,
        end_reason=ResidenceEnd.LANDLORD_SAID,
        ended_at__gte=now() - LANDLORD_SEES,
    ).first()
    if row is None:
        raise NotFound
    return row


_SAID: Final = """
SELECT v.room_id, min(d.created_at) AS at, bool_or(d.state = 'HELD') AS waits
FROM unnest($1::uuid[], $2::date[]) AS v (room_id, since)
JOIN room ON room.id = v.room_id
JOIN declaration d ON d.place_id = room.place_id AND d.room_id = v.room_id
LEFT JOIN residence r ON r.id = d.residence_id
WHERE (d.state = 'HELD' OR (d.state = 'IN_FORCE' AND r.current))
  AND (d.created_at AT TIME ZONE 'Asia/Shanghai')::date >= v.since
GROUP BY v.room_id
"""
