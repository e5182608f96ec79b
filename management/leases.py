"""Registered leases (房屋租赁登记备案) of rental houses, as their papers say."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from core.clock import today
from core.errors import Conflict, InvalidInput
from core.events import emit
from core.text import clean
from core.work import unless_taken, work
from identity.actor import Actor
from management.events import LeaseFiled
from management.models import LeaseFiling, Room
from management.rooms import access_house

# 城市房屋租赁管理办法 (Ministry of Construction order 42), which brought in the registration.
_FIRST_DAY = date(1995, 6, 1)
_LAST_YEAR = 2100


async def record_lease(
    actor: Actor,
    *,
    place_id: UUID,
    room_id: UUID | None = None,
    number: str,
    filed_on: date,
    until: date | None = None,
) -> LeaseFiling:
    """Record that the lease of a rental house, or of one of its rooms, was registered.

    Without a room the lease is about the whole house; without an ``until`` it has no end yet.
    Both days are dates of the town (Asia/Shanghai), the last day of the lease included.

    Raises:
        InvalidInput: no number; days that can't be; a room of another house.
        NotFound, WrongState: as in :func:`management.rooms.access_house`.
        Conflict: a lease with this number is on record, here or at another place.
    """
    text = clean(number, field="input.number", longest=40, shortest=1)
    _check_days(filed_on, until)
    async with work(actor) as unit:
        place = await access_house(actor, place_id=place_id)
        if room_id is not None and not await Room.exists(id=room_id, place_id=place.id):
            raise InvalidInput(
                field="input.roomId",
                reason="UNKNOWN_ROOM",
                zh="房间不属于这栋房屋",
                en="The room is not of this house",
            )
        lease = LeaseFiling(
            place_id=place.id, room_id=room_id, number=text, filed_on=filed_on, until=until
        )
        await _insert(lease)
        unit.note("recordLease", "PLACE", place.id, lease=lease.id, room=room_id)
        await emit(LeaseFiled(lease_id=lease.id, place_id=place.id))
    return lease


async def _insert(lease: LeaseFiling) -> None:
    """Two houses can bring a number at once."""
    taken = Conflict(
        field="input.number",
        reason="LEASE_EXISTS",
        zh="这个备案号已经登记过",
        en="A lease with this number is on record already",
    )
    async with unless_taken(taken):
        await lease.save(force_create=True)


def _check_days(filed_on: date, until: date | None) -> None:
    if not _FIRST_DAY <= filed_on <= today():
        raise _not_a_day("input.filedOn")
    if until is None:
        return
    if until.year > _LAST_YEAR:
        raise _not_a_day("input.until")
    if until < filed_on:
        raise InvalidInput(
            field="input.until",
            reason="PERIOD",
            zh="租期在备案之前已经结束",
            en="The lease ended before it was registered",
        )


def _not_a_day(field: str) -> InvalidInput:
    return InvalidInput(field=field, reason="DATE", zh="日期不正确", en="Not a usable date")
