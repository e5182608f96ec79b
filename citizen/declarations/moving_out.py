"""Moving out: who leaves a room says so, for themselves and for the family they came with."""

from __future__ import annotations

from datetime import date

from tortoise.expressions import Q

from core.clock import today
from core.errors import InvalidInput, NotFound, WrongState
from core.work import work
from identity.actor import Actor, ActorKind
from management.access import require_sign_in
from management.models import Person, Place, Residence, ResidenceEnd
from management.people.persons import own_person
from management.people.residences import end_residence


async def move_out(
    actor: Actor, *, ends_on: date | None = None, whole_family: bool = False
) -> Residence:
    """End the actor's own residence on a day, today by default; they don't live there on it.

    ``whole_family``: those of the household who have no account of their own move out with them.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: nobody is known to be behind the account.
        WrongState: ``NOT_LIVING_ANYWHERE``: no residence is in force.
        InvalidInput: the day is to come, or before the residence began.
    """
    require_sign_in(actor)
    day = ends_on or today()
    async with work(actor) as unit:
        person = await own_person(actor) if actor.kind is ActorKind.ACCOUNT else None
        if person is None:
            raise NotFound
        seen = await Residence.filter(person_id=person.id, current=True).first()
        if seen is None:
            raise _nowhere()
        # The place before the person and the residence, as by everything that changes them.
        await Place.filter(id=seen.place_id).select_for_update().only("id")
        await Person.filter(id=person.id).select_for_update().only("id")
        residence = await Residence.filter(id=seen.id).select_for_update().get()
        if not residence.current:
            raise _nowhere()
        if not residence.starts_on <= day <= today():
            raise InvalidInput(
                field="input.endsOn",
                reason="ENDS_ON",
                zh="搬离日期应在入住日期与今天之间",
                en="The day lies between the first day and today",
            )
        leaving = [residence, *(await _family(residence) if whole_family else [])]
        for one in leaving:
            await end_residence(one, ends_on=max(day, one.starts_on), reason=ResidenceEnd.MOVED_OUT)
        unit.note("moveOut", "RESIDENCE", residence.id, people=len(leaving))
    return residence


async def _family(residence: Residence) -> list[Residence]:
    """The others of the household in the same room who can't say it themselves."""
    if residence.family is None:
        return []
    household = Q(room_id=residence.room_id, family=residence.family, current=True)
    return await (
        Residence.filter(household, person__account_id=None).exclude(id=residence.id).order_by("id")
    )


def _nowhere() -> WrongState:
    return WrongState(
        reason="NOT_LIVING_ANYWHERE",
        zh="您目前没有有效的居住登记",
        en="You are not registered as living anywhere",
    )
