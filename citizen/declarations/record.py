"""The rows of a declaration and its history: what every way of declaring writes.

All of it runs in the unit of work of what happened, with the place and the person locked. The
number of a step is the version that the declaration has with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from citizen.events import DeclarationHeld, TenantDeclared
from citizen.models import (
    Declaration,
    DeclarationAction,
    DeclarationPhoto,
    DeclarationState,
    DeclarationStep,
    Doubt,
    Relation,
)
from core.clock import now
from core.crypto import seal
from core.errors import Conflict, InvalidInput
from core.events import emit
from core.ids import uuid7
from core.work import Principal, current, unless_taken
from identity.actor import Actor, ActorKind, Role
from management.models import (
    ClaimState,
    DocumentKind,
    Person,
    Place,
    PlaceClaim,
    ResidenceCheck,
    ResidenceSource,
    Room,
    TaskKind,
)
from management.people.residences import begin_residence
from management.rules import rules
from management.tasks.core import Where, raise_task
from media.access import require_photos
from media.models import Purpose

REVIEW: Final = "REVIEW"
"""Step of a task: a declaration is held until a warden has looked."""
DENIED: Final = "DENIED"
"""Step of a task: the landlord says that somebody does not live there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """That a person lives in a room from a day on, as somebody said it.

    ``person`` and the room's place are locked. ``claimed_name`` is a name that contradicts the
    one on record. ``family`` is the same for one household, ``batch`` for what was said together.
    ``on_behalf``: who asked staff to declare, in words. ``ask`` the landlord, if there is one.
    """

    person: Person
    place: Place
    room: Room
    document_kind: DocumentKind
    source: ResidenceSource
    starts_on: date
    relation: Relation = Relation.SELF
    batch: UUID = field(default_factory=uuid7)
    family: UUID | None = None
    household: bool = False
    doubts: Collection[Doubt] = ()
    welfare: bool = False
    claimed_name: str | None = None
    on_behalf: str | None = None
    signed_on: date | None = None
    lease_until: date | None = None
    ask: bool = True


async def record(actor: Actor, said: Statement) -> Declaration:
    """Write a declaration: in force at once with its residence, or held when it is doubtful.

    Tells of either; a held one becomes a task for the wardens of the grid, and not for who
    declared it.

    Raises:
        Conflict: ``HELD``: the same person's declaration for this room waits for a warden.
    """
    held = bool(said.doubts)
    row = Declaration(
        account_id=actor.id if actor.kind is ActorKind.ACCOUNT else None,
        staff_id=actor.id if actor.kind is ActorKind.STAFF else None,
        person_id=said.person.id,
        place_id=said.place.id,
        room_id=said.room.id,
        source=said.source,
        relation=said.relation,
        batch=said.batch,
        household=said.household,
        document_kind=said.document_kind,
        starts_on=said.starts_on,
        signed_on=said.signed_on,
        lease_until=said.lease_until,
        state=DeclarationState.HELD if held else DeclarationState.IN_FORCE,
        doubts=sorted(doubt.value for doubt in said.doubts),
        welfare=said.welfare,
        version=2 if held else 1,
    )
    seal(row, "claimed_name", said.claimed_name)
    seal(row, "on_behalf", said.on_behalf)
    if not held:
        await begin(row, said.person, said.room, family=said.family)
        if said.ask and await landlord_to_ask(said.place.id, row.account_id):
            row.asked_landlord_at, row.question_open = now(), True
    await _insert(row)
    await _write(row, 1, DeclarationAction.DECLARE, by=actor)
    if held:
        await _write(row, 2, DeclarationAction.HOLD, by=actor)
        await hand_to_wardens(row, said.place, step=REVIEW)
        await emit(DeclarationHeld(declaration_id=row.id, place_id=row.place_id))
    else:
        await emit(TenantDeclared(declaration_id=row.id, place_id=row.place_id))
    if said.welfare:
        await raise_task(
            TaskKind.WELFARE_VISIT,
            where=Where.of(said.place),
            role=Role.WARDEN,
            subject_id=row.id,
            due_at=now() + timedelta(hours=rules().declaration_hours),
        )
    return row


async def begin(
    row: Declaration,
    person: Person,
    room: Room,
    *,
    family: UUID | None,
    check: ResidenceCheck = ResidenceCheck.UNCHECKED,
) -> None:
    """Let a declaration take effect; not saved yet."""
    residence = await begin_residence(
        person=person,
        room=room,
        source=row.source,
        starts_on=row.starts_on,
        family=family,
        check=check,
    )
    row.state, row.residence_id = DeclarationState.IN_FORCE, residence.id


async def landlord_to_ask(place_id: UUID, account_id: UUID | None) -> bool:
    """Whether somebody else than who declares is known to run the place."""
    known = PlaceClaim.filter(place_id=place_id, state=ClaimState.VERIFIED)
    return await (known.exclude(account_id=account_id) if account_id else known).exists()


async def hand_to_wardens(row: Declaration, place: Place, *, step: str) -> None:
    """Raise the task to look at a declaration; not for who declared it on somebody's behalf."""
    await raise_task(
        TaskKind.DECLARATION,
        where=Where.of(place),
        role=Role.WARDEN,
        subject_id=row.id,
        step=step,
        not_for=row.staff_id,
        due_at=now() + timedelta(hours=rules().declaration_hours),
    )


async def stepped(
    row: Declaration, action: DeclarationAction, *, by: Principal, words: str | None = None
) -> DeclarationStep:
    """Save a locked declaration that took a step, with the step; ``words`` are sealed."""
    row.version += 1
    await row.save()
    return await _write(row, row.version, action, by=by, words=words)


async def add_papers(
    actor: Actor, row: Declaration, step: DeclarationStep, photo_ids: Sequence[UUID], *, field: str
) -> None:
    """Hang pictures on a step: the actor's own, meant for declarations, each used once.

    Raises:
        NotFound: a picture that is not the actor's, or not meant for this.
        InvalidInput: one comes twice or was used before; too many.
    """
    await require_photos(actor, photo_ids=photo_ids, purpose=Purpose.DECLARATION, field=field)
    before = await DeclarationPhoto.filter(declaration_id=row.id).count()
    require_few(len(photo_ids) + before, field=field)
    used = InvalidInput(
        field=field,
        reason="PHOTO_USED",
        zh="照片已经用过，请重新拍摄上传",
        en="A picture was used before; take a new one",
    )
    async with unless_taken(used):
        await DeclarationPhoto.bulk_create(
            DeclarationPhoto(
                declaration_id=row.id, photo_id=photo_id, step_id=step.id, position=position
            )
            for position, photo_id in enumerate(photo_ids, before)
        )


def require_few(count: int, *, field: str) -> None:
    """Refuse more pictures than a declaration may have.

    Raises:
        InvalidInput: ``TOO_MANY``.
    """
    if count > rules().declaration_photos:
        raise InvalidInput(
            field=field,
            reason="TOO_MANY",
            params={"maximum": rules().declaration_photos},
            zh="最多 {maximum} 张照片",
            en="At most {maximum} pictures",
        )


async def _insert(row: Declaration) -> None:
    if row.state is not DeclarationState.HELD:
        await row.save(force_create=True)
        return
    held = Conflict(
        reason="HELD",
        zh="同样的申报正在核实，请等待结果",
        en="The same declaration is being looked at",
    )
    async with unless_taken(held):
        await row.save(force_create=True)


async def _write(
    row: Declaration,
    number: int,
    action: DeclarationAction,
    *,
    by: Principal,
    words: str | None = None,
) -> DeclarationStep:
    current()
    step = DeclarationStep(
        declaration_id=row.id,
        number=number,
        at=now(),
        by_kind=ActorKind(by.kind),
        staff_id=by.id if by.kind == ActorKind.STAFF else None,
        account_id=by.id if by.kind == ActorKind.ACCOUNT else None,
        action=action,
    )
    seal(step, "words", words or None)
    await step.save(force_create=True)
    return step
