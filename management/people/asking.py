"""Old residences: asked after (还住在这里吗), and looked at when nobody answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from core.clock import now, today
from core.database import fetch
from core.errors import NotFound, WrongState
from core.events import emit, on
from core.jobs import periodic
from core.work import current, work
from identity.actor import SYSTEM, Actor, ActorKind, Permission, Role
from management.access import access_place, require_sign_in
from management.events import PlaceClosed, ResidenceAsked, ResidenceEnded
from management.models import (
    Person,
    Place,
    Residence,
    ResidenceCheck,
    ResidenceEnd,
    Task,
    TaskKind,
)
from management.people.residences import end_residence, end_residences_at, visible_residences
from management.rules import rules
from management.tasks.core import (
    Where,
    cancel_task_of,
    finish_task_of,
    live_task_of,
    raise_task,
)
from management.tasks.finishing import Effect, TaskOutcome, acts_on

SILENT: Final = "SILENT"
"""Step of a task that was raised because nobody answered."""

_BATCH: Final = 100


@periodic("management.ask_after_residences", cron="37 1 * * *")
async def ask_after_residences() -> None:
    """In the morning: who has lived somewhere for long is asked; who was silent is looked after."""
    while await _ask_some():
        pass
    while await _look_after_some():
        pass


async def confirm_residence(actor: Actor, *, residence_id: UUID) -> Residence:
    """Say that one still lives there.

    Raises:
        NotFound: absent, or somebody else's.
        WrongState: it has ended.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    async with work(actor) as unit:
        residence = await _locked(residence_id)
        if residence is None or not await Person.exists(
            id=residence.person_id, account_id=actor.id
        ):
            raise NotFound
        _require_current(residence)
        task = (await live_task_of(TaskKind.RESIDENCE, [residence.id])).get(residence.id)
        # What a landlord or a warden doubts is not settled by the tenant's word alone.
        if task is not None and task.step == SILENT:
            await cancel_task_of(TaskKind.RESIDENCE, residence.id, by=actor)
            residence.check_state = ResidenceCheck.UNCHECKED
        await _confirm(residence)
        unit.note("confirmResidence", "RESIDENCE", residence.id)
    return residence


async def verify_residence(actor: Actor, *, residence_id: UUID, still_there: bool) -> Residence:
    """Note what a member of staff found: the person lives there, or no longer does.

    Raises:
        NotFound: absent, or out of the scope in which the actor decides.
        WrongState: it has ended.
    """
    require_sign_in(actor)
    async with work(actor):
        seen = await visible_residences(actor).filter(id=residence_id).first()
        if seen is None or actor.kind is not ActorKind.STAFF:
            raise NotFound
        await access_place(
            actor, place_id=seen.place_id, permission=Permission.DECLARATIONS_DECIDE, lock=True
        )
        residence = await Residence.filter(id=seen.id).select_for_update().get()
        _require_current(residence)
        outcome = TaskOutcome.STILL_HERE if still_there else TaskOutcome.MOVED_OUT
        # Before the residence ends, which would cancel it.
        await finish_task_of(TaskKind.RESIDENCE, residence.id, by=actor, outcome=outcome.value)
        await _found(residence, still_there=still_there)
    return residence


@acts_on(TaskKind.RESIDENCE)
async def hold_residence(residence_id: UUID) -> Effect:
    """What a warden found at the door holds for the residence; not met leaves it in doubt."""
    residence = await _locked(residence_id)

    async def effect(task: Task) -> None:
        met = task.outcome != TaskOutcome.NOT_MET
        if residence is not None and residence.current and met:
            await _found(residence, still_there=task.outcome == TaskOutcome.STILL_HERE)

    return effect


@on(ResidenceEnded)
async def look_no_more(event: ResidenceEnded) -> None:
    """Nobody has to look whether somebody still lives where they have left."""
    await cancel_task_of(TaskKind.RESIDENCE, event.residence_id, by=current().who)


@on(PlaceClosed)
async def end_with_the_place(event: PlaceClosed) -> None:
    """Nobody lives in a place that is closed or demolished."""
    await end_residences_at(event.place_id, ends_on=today(), reason=ResidenceEnd.PLACE_CLOSED)


async def _locked(residence_id: UUID) -> Residence | None:
    seen = await Residence.get_or_none(id=residence_id)
    if seen is None:
        return None
    # The place first, as by everything that ends residences.
    await Place.filter(id=seen.place_id).select_for_update().only("id").get()
    return await Residence.filter(id=residence_id).select_for_update().get()


def _require_current(residence: Residence) -> None:
    if not residence.current:
        raise WrongState(reason="ENDED", zh="该居住登记已经结束", en="It has ended already")


async def _found(residence: Residence, *, still_there: bool) -> None:
    """What a member of staff found, for a locked residence."""
    if still_there:
        residence.check_state = ResidenceCheck.CONFIRMED
        await _confirm(residence)
    else:
        await end_residence(residence, ends_on=today(), reason=ResidenceEnd.STAFF_FOUND)
    current().note("verifyResidence", "RESIDENCE", residence.id, stillThere=still_there)


async def _confirm(residence: Residence) -> None:
    residence.confirmed_on = today()
    residence.asked_at = None
    await residence.save(update_fields=["confirmed_on", "asked_at", "check_state"])


async def _ask_some() -> bool:
    async with work(SYSTEM):
        rows = await fetch(
            "UPDATE residence SET asked_at = $1 WHERE id IN (SELECT id FROM residence"
            " WHERE current AND confirmed_on <= $2 AND asked_at IS NULL"
            " ORDER BY confirmed_on LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id, person_id",
            now(),
            today() - timedelta(days=rules().residence_ask_days),
            _BATCH,
        )
        for row in rows:
            await emit(ResidenceAsked(residence_id=row["id"], person_id=row["person_id"]))
    return bool(rows)


async def _look_after_some() -> bool:
    """Who did not answer: a warden goes and looks."""
    moment = now()
    async with work(SYSTEM):
        rows = await fetch(
            "UPDATE residence SET check_state = 'DOUBTED' WHERE id IN (SELECT id FROM residence"
            " WHERE current AND confirmed_on <= $1 AND asked_at <= $2"
            " AND check_state <> 'DOUBTED'"
            " ORDER BY confirmed_on LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id, place_id",
            today() - timedelta(days=rules().residence_ask_days),
            moment - timedelta(days=rules().residence_answer_days),
            _BATCH,
        )
        places = {
            place.id: place
            for place in await Place.filter(id__in={row["place_id"] for row in rows})
        }
        for row in rows:
            await raise_task(
                TaskKind.RESIDENCE,
                where=Where.of(places[row["place_id"]]),
                role=Role.WARDEN,
                subject_id=row["id"],
                step=SILENT,
                due_at=moment + timedelta(days=rules().residence_visit_days),
            )
    return bool(rows)
