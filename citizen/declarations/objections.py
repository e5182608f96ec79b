"""Somebody was declared by others and says that they don't live there (异议)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from citizen.declarations.access import access_declaration, access_objection, own_persons
from citizen.declarations.record import stepped
from citizen.events import ObjectionDecided, ResidenceDisputed
from citizen.models import (
    Declaration,
    DeclarationAction,
    DeclarationState,
    ObjectionState,
    ResidenceObjection,
)
from core.clock import now, today
from core.crypto import seal
from core.errors import Conflict, NotFound, WrongState
from core.events import emit
from core.text import clean
from core.work import unless_taken, work
from identity.actor import Actor, ActorKind, Role
from management.models import (
    Lifecycle,
    Person,
    Place,
    Residence,
    ResidenceCheck,
    ResidenceEnd,
    Room,
    TaskKind,
)
from management.people.residences import begin_residence, end_residence
from management.rules import rules
from management.tasks.core import Where, cancel_task_of, finish_task_of, raise_task


async def object_to_residence(
    actor: Actor, *, declaration_id: UUID, words: str
) -> ResidenceObjection:
    """Say that one does not live where somebody else declared one.

    The residence is marked as doubted; a warden who had no part in it decides.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not about the actor, or declared by themself.
        InvalidInput: no words.
        WrongState: it is over, or the objection was decided before.
        Conflict: ``OBJECTED``: it is being looked at.
    """
    text = clean(words, field="input.words", longest=500, shortest=2, multiline=True)
    async with work(actor) as unit:
        place, row = await access_declaration(actor, declaration_id=declaration_id)
        if (
            actor.kind is not ActorKind.ACCOUNT
            or row.account_id == actor.id
            or row.person_id not in await own_persons(actor)
        ):
            raise NotFound
        await _require_open(row)
        objection = ResidenceObjection(declaration_id=row.id, account_id=actor.id)
        seal(objection, "words", text)
        await _insert(objection)
        await stepped(row, DeclarationAction.OBJECT, by=actor)
        await Residence.filter(id=row.residence_id, current=True).update(
            check_state=ResidenceCheck.DOUBTED
        )
        await raise_task(
            TaskKind.OBJECTION,
            where=Where.of(place),
            role=Role.WARDEN,
            subject_id=objection.id,
            not_for=row.staff_id,
            due_at=now() + timedelta(hours=rules().declaration_hours),
        )
        unit.note("objectToResidence", "DECLARATION", row.id, objection=objection.id)
        await emit(ResidenceDisputed(objection_id=objection.id, declaration_id=row.id))
    return objection


async def decide_objection(
    actor: Actor, *, objection_id: UUID, uphold: bool, reason: str
) -> ResidenceObjection:
    """Uphold an objection, which ends the residence, or dismiss it.

    Where the declaration had ended an earlier residence, upheld gives that back without a gap.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or out of the scope in which the actor decides.
        InvalidInput: no reason.
        WrongState: decided already; ``OWN_DECLARATION``: the actor declared it.
    """
    why = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        await _hold_places(objection_id)
        _, row, objection = await access_objection(actor, objection_id=objection_id)
        if row.staff_id is not None and row.staff_id == actor.id:
            raise WrongState(
                reason="OWN_DECLARATION",
                zh="这是您代为申报的，须由其他网格员处理",
                en="You declared it: somebody else decides",
            )
        if objection.state is not ObjectionState.OPEN:
            raise WrongState(
                reason=objection.state.value, zh="已经处理过", en="It is decided already"
            )
        objection.state = ObjectionState.UPHELD if uphold else ObjectionState.DISMISSED
        objection.decided_by_id, objection.decided_at = actor.id, now()
        seal(objection, "reason", why)
        await objection.save()
        if uphold:
            await _uphold(row)
        else:
            await Residence.filter(id=row.residence_id, current=True).update(
                check_state=ResidenceCheck.CONFIRMED
            )
        action = (
            DeclarationAction.OBJECTION_UPHELD if uphold else DeclarationAction.OBJECTION_DISMISSED
        )
        await stepped(row, action, by=actor, words=why)
        await finish_task_of(
            TaskKind.OBJECTION, objection.id, by=actor, outcome=objection.state.value
        )
        if uphold:
            await cancel_task_of(TaskKind.DECLARATION, row.id, by=actor)
        unit.note("decideObjection", "DECLARATION", row.id, objection=objection.id, upheld=uphold)
        await emit(ObjectionDecided(objection_id=objection.id, declaration_id=row.id))
    return objection


async def _require_open(row: Declaration) -> None:
    over = row.state not in {DeclarationState.IN_FORCE, DeclarationState.HELD} or (
        row.residence_id is not None
        and not await Residence.exists(id=row.residence_id, current=True)
    )
    if over:
        raise WrongState(
            reason="OVER",
            zh="这份居住登记已经结束，不需要再提异议",
            en="It is over: there is nothing left to object to",
        )
    if await ResidenceObjection.exists(
        declaration_id=row.id, state__in=[ObjectionState.UPHELD, ObjectionState.DISMISSED]
    ):
        raise WrongState(
            reason="DECIDED",
            zh="此前的异议已处理，如仍有疑问请联系社区网格办",
            en="Your objection was decided; ask your wardens' office if it is not right",
        )


async def _insert(objection: ResidenceObjection) -> None:
    taken = Conflict(reason="OBJECTED", zh="您已提出异议，正在处理", en="You objected already")
    async with unless_taken(taken):
        await objection.save(force_create=True)


async def _hold_places(objection_id: UUID) -> None:
    """Lock the place, and that of the residence which the declaration had ended, in one order."""
    seen = await ResidenceObjection.get_or_none(id=objection_id).select_related("declaration")
    if seen is None:
        return
    earlier = await _before(seen.declaration)
    ids = {seen.declaration.place_id} | ({earlier.place_id} if earlier else set())
    await Place.filter(id__in=list(ids)).order_by("id").select_for_update().only("id")


async def _before(row: Declaration) -> Residence | None:
    """The residence that ended when this declaration took effect; None where there was none.

    Only the beginning of the next residence ends one as moved on.
    """
    if row.residence_id is None:
        return None
    one = (
        await Residence.filter(person_id=row.person_id, id__lt=row.residence_id)
        .order_by("-id")
        .first()
    )
    moved_on = one is not None and one.end_reason is ResidenceEnd.MOVED_ON
    return one if moved_on else None


async def _uphold(row: Declaration) -> None:
    row.state = DeclarationState.REFUSED
    seal(row, "claimed_name", None)
    if row.residence_id is None:
        return
    residence = await Residence.get(id=row.residence_id)
    if not residence.current:
        return
    # Before the residence ends, which would close it with a step of its own.
    await Declaration.filter(id=row.id).update(question_open=False)
    row.question_open = False
    await end_residence(residence, ends_on=today(), reason=ResidenceEnd.OBJECTION_UPHELD)
    earlier = await _before(row)
    if earlier is None or earlier.ends_on is None:
        return
    place = await Place.get(id=earlier.place_id)
    if place.lifecycle is Lifecycle.ACTIVE:
        await begin_residence(
            person=await Person.get(id=row.person_id),
            room=await Room.get(id=earlier.room_id),
            source=earlier.source,
            starts_on=earlier.ends_on,
            check=earlier.check_state,
        )
