"""The way to a residence permit (居住证): days that count, and the yearly endorsement (签注).

Residence Permit Regulations (居住证暂行条例) articles 2 and 10: half a year of registered
residence; an endorsement each year, in the month before the year is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from core.clock import SHANGHAI, today
from core.database import fetch
from core.errors import InvalidInput, NotFound
from core.events import emit
from core.jobs import periodic
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind
from management.access import require_sign_in
from management.events import PermitEndorsementDue
from management.models import Person, Residence, ResidenceCheck, ResidenceEnd
from management.rules import rules

_BATCH: Final = 200
_FURTHEST: Final = timedelta(days=2 * 366)

Spell = tuple[date, date | None]
"""From a day up to, not including, another; ``None``: it goes on."""


@dataclass(frozen=True, slots=True)
class PermitCount:
    """How far a person is. ``eligible_on`` is when the days are or were enough, None while nobody
    is registered and they aren't."""

    days: int
    needed: int
    eligible_on: date | None
    endorse_by: date | None


def count_days(
    spells: Sequence[Spell], *, on: date, gap: int, needed: int
) -> tuple[int, date | None]:
    """Registered days up to and including ``on`` without a gap longer than ``gap`` days.

    Answers them and the day on which they are enough, if the last spell goes on; days of a gap
    don't count, days of two spells at once count once.
    """
    days, end, reached = 0, None, None
    going_on = False
    for start, until in sorted(spells, key=lambda spell: spell[0]):
        last = on + timedelta(days=1) if until is None else min(until, on + timedelta(days=1))
        if last <= start:
            continue
        if end is not None and (start - end).days > gap:
            days, reached = 0, None
        begin = start if end is None else max(start, end)
        added = max(0, (last - begin).days)
        if reached is None and days + added >= needed:
            reached = begin + timedelta(days=needed - days - 1)
        days += added
        end = last if end is None else max(end, last)
        going_on = going_on or until is None or until > on
    if end is None or (on + timedelta(days=1) - end).days > gap:
        return 0, None
    if reached is None and going_on:
        reached = on + timedelta(days=needed - days)
    return days, reached


async def permit_count(person: Person) -> PermitCount:
    """The day count of a person; residences that are in doubt or were not true don't count.

    A residence counts from the day on which it was registered, not from before.
    """
    rows = await Residence.filter(person_id=person.id).values(
        "starts_on", "ends_on", "created_at", "check_state", "end_reason"
    )
    spells = [
        (max(row["starts_on"], row["created_at"].astimezone(SHANGHAI).date()), row["ends_on"])
        for row in rows
        if row["check_state"] != ResidenceCheck.DOUBTED
        and row["end_reason"] != ResidenceEnd.OBJECTION_UPHELD
    ]
    needed = rules().permit_days
    days, eligible = count_days(spells, on=today(), gap=rules().permit_gap_days, needed=needed)
    return PermitCount(days, needed, eligible, person.permit_endorse_by)


async def set_permit_endorsement(actor: Actor, *, endorse_by: date | None) -> Person:
    """Note by which day one's own permit must be endorsed, to be reminded; None: no more.

    Raises:
        NotFound: not an account, or nobody is known behind it.
        InvalidInput: a day in the past, or further than two years off.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    if endorse_by is not None and not today() <= endorse_by <= today() + _FURTHEST:
        raise InvalidInput(
            field="input.endorseBy",
            reason="RANGE",
            zh="签注日期应在今天之后的两年内",
            en="The day lies within two years from today",
        )
    async with work(actor) as unit:
        person = await Person.filter(account_id=actor.id).select_for_update().first()
        if person is None:
            raise NotFound
        person.permit_endorse_by = endorse_by
        person.permit_reminded_for = None
        await person.save(update_fields=["permit_endorse_by", "permit_reminded_for", "updated_at"])
        unit.note("setPermitEndorsement", "PERSON", person.id, set=endorse_by is not None)
    return person


@periodic("management.remind_of_endorsements", cron="13 2 * * *")
async def remind_of_endorsements() -> None:
    """In the morning: whose permit must be endorsed within a month hears of it, once."""
    while await _remind_some():
        pass


async def _remind_some() -> bool:
    async with work(SYSTEM):
        rows = await fetch(
            "UPDATE person SET permit_reminded_for = permit_endorse_by WHERE id IN ("
            " SELECT id FROM person WHERE permit_endorse_by BETWEEN $1 AND $2"
            " AND permit_reminded_for IS DISTINCT FROM permit_endorse_by AND erased_at IS NULL"
            " ORDER BY permit_endorse_by, id LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id",
            today(),
            today() + timedelta(days=rules().permit_remind_days),
            _BATCH,
        )
        for row in rows:
            await emit(PermitEndorsementDue(person_id=row["id"]))
    return bool(rows)
