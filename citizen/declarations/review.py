"""Wardens look at doubtful declarations, several at once if they like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from tortoise.transactions import in_transaction

from citizen.declarations.access import access_declaration
from citizen.declarations.parties import join_family, require_place
from citizen.declarations.record import add_papers, begin, stepped
from citizen.events import DeclarationDecided, DeclarationWithdrawn
from citizen.models import (
    Declaration,
    DeclarationAction,
    DeclarationState,
    LandlordAnswer,
    Relation,
)
from core.audit import AuditEntry
from core.clock import now, today
from core.crypto import reveal, seal
from core.errors import Conflict, DomainError, InvalidInput, NotFound, WrongState
from core.events import emit
from core.ids import uuid7
from core.text import clean
from core.work import current, work
from identity.actor import Actor, ActorKind, Permission
from management.access import require_sign_in
from management.models import (
    Person,
    Place,
    Residence,
    ResidenceCheck,
    ResidenceEnd,
    ResidenceSource,
    Room,
    TaskKind,
)
from management.people.persons import bind_account
from management.people.residences import end_residence
from management.rules import rules
from management.tasks.core import cancel_task_of, finish_task_of

LONGEST_WORDS: Final = 500
_DECIDING: Final = "DECIDING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one declaration.

    ``reason`` is read by who declared. ``new_name``: the name that was claimed is right, and the
    one on record is not.
    """

    declaration_id: UUID
    confirm: bool
    reason: str = ""
    new_name: bool = False


def waits(row: Declaration) -> bool:
    """Whether a warden has to decide: it is held, or the landlord denies what is in force."""
    denied = row.landlord_answer is LandlordAnswer.DENIED and row.decided_at is None
    return row.state is DeclarationState.HELD or (row.state is DeclarationState.IN_FORCE and denied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """Several decisions made at once, and why some of them were not: codes by declaration.

    The trail of audit keeps it, so that a repeat of the request answers the same.
    """

    id: UUID = field(default_factory=uuid7)
    refused: dict[UUID, str]


async def decide_declarations(actor: Actor, *, decisions: Sequence[Decision]) -> Deciding:
    """Confirm or refuse declarations; each gets an answer of its own.

    A confirmed one takes effect, a refused one does not; when the landlord had denied one that
    was in force, to refuse it ends the residence.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor decides nowhere.
        InvalidInput: none, too many, one twice; refused without a reason.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.STAFF or not actor.paths(Permission.DECLARATIONS_DECIDE):
        raise NotFound
    decisions = _checked(decisions)
    refused: dict[UUID, str] = {}
    async with work(actor) as unit:
        # In one order, so that two who decide the same ones wait for each other.
        for one in sorted(decisions, key=lambda one: one.declaration_id):
            try:
                async with in_transaction():
                    await _decide(actor, one)
            except DomainError as refusal:
                refused[one.declaration_id] = refusal.reason or refusal.code.value
        deciding = Deciding(refused=refused)
        unit.note(
            "decideDeclarations",
            _DECIDING,
            deciding.id,
            asked=len(decisions),
            refused=list(refused),
            reasons=list(refused.values()),
        )
    return deciding


async def undecided(actor: Actor, deciding_id: UUID) -> dict[UUID, str]:
    """Which of the decisions that the actor made at once were refused, and why: codes."""
    entry = await AuditEntry.filter(
        subject_kind=_DECIDING, subject_id=deciding_id, actor_id=actor.id
    ).get()
    refused = zip(entry.details["refused"], entry.details["reasons"], strict=True)
    return {UUID(key): reason for key, reason in refused}


async def _decide(actor: Actor, one: Decision) -> None:
    place, row = await access_declaration(
        actor, declaration_id=one.declaration_id, permission=Permission.DECLARATIONS_DECIDE
    )
    if row.staff_id is not None and row.staff_id == actor.id:
        raise WrongState(
            reason="OWN_DECLARATION",
            zh="这是您代为申报的，须由其他网格员核实",
            en="You declared it: somebody else decides",
        )
    if not waits(row):
        raise WrongState(
            reason="DECIDED" if row.decided_at else row.state.value,
            zh="已经处理过，或已撤回",
            en="It is decided already, or was taken back",
        )
    action = DeclarationAction.CONFIRM if one.confirm else DeclarationAction.REFUSE
    # Before the residence ends, which would cancel it.
    await finish_task_of(TaskKind.DECLARATION, row.id, by=actor, outcome=action.value)
    if one.confirm:
        await _confirm(place, row, one)
    else:
        await _refuse(row)
    row.decided_by_id, row.decided_at = actor.id, now()
    seal(row, "claimed_name", None)
    seal(row, "reason", one.reason or None)
    await stepped(row, action, by=actor, words=one.reason)
    await emit(DeclarationDecided(declaration_id=row.id, place_id=row.place_id))
    current().note(
        "decideDeclaration", "DECLARATION", row.id, place=row.place_id, confirmed=one.confirm
    )


async def _confirm(place: Place, row: Declaration, one: Decision) -> None:
    if row.state is DeclarationState.IN_FORCE:
        await Residence.filter(id=row.residence_id).update(check_state=ResidenceCheck.CONFIRMED)
        return
    require_place(place)
    person = await Person.filter(id=row.person_id).select_for_update().get()
    newer = Residence.filter(person_id=person.id, current=True, created_at__gt=row.created_at)
    if await newer.exclude(room_id=row.room_id).exists():
        raise WrongState(
            reason="SUPERSEDED",
            zh="此人之后已在别处登记居住，请退回并说明",
            en="They were registered elsewhere since then; refuse it and say so",
        )
    claimed = reveal(row, "claimed_name")
    if claimed is not None and one.new_name:
        seal(person, "name", claimed)
        person.version += 1
        await person.save(update_fields=["name", "version", "updated_at"])
    family = row.batch if row.household else None
    if family is not None:
        await join_family(person.id, row.room_id, family)
    room = await Room.get(id=row.room_id)
    await begin(row, person, room, family=family, check=ResidenceCheck.CONFIRMED)
    if row.source is ResidenceSource.SELF and row.relation is Relation.SELF and row.account_id:
        await _bind(person, row.account_id)


async def _bind(person: Person, account_id: UUID) -> None:
    """The account is theirs, unless it or the person has become somebody else's meanwhile."""
    try:
        await bind_account(person, account_id)
    except Conflict:
        current().note("leaveAccountUnbound", "PERSON", person.id)


async def _refuse(row: Declaration) -> None:
    if row.state is DeclarationState.IN_FORCE:
        residence = await Residence.get(id=row.residence_id)
        if residence.current:
            await end_residence(residence, ends_on=today(), reason=ResidenceEnd.STAFF_FOUND)
    row.state = DeclarationState.REFUSED


async def withdraw_declaration(actor: Actor, *, declaration_id: UUID) -> Declaration:
    """Take a held declaration back.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or somebody else declared it.
        WrongState: it is not held any more.
    """
    async with work(actor) as unit:
        _, row = await _own_held(actor, declaration_id)
        row.state = DeclarationState.WITHDRAWN
        seal(row, "claimed_name", None)
        await stepped(row, DeclarationAction.WITHDRAW, by=actor)
        await cancel_task_of(TaskKind.DECLARATION, row.id, by=actor)
        await cancel_task_of(TaskKind.WELFARE_VISIT, row.id, by=actor)
        unit.note("withdrawDeclaration", "DECLARATION", row.id, place=row.place_id)
        await emit(DeclarationWithdrawn(declaration_id=row.id, place_id=row.place_id))
    return row


async def supplement_declaration(
    actor: Actor, *, declaration_id: UUID, words: str = "", photo_ids: Sequence[UUID] = ()
) -> Declaration:
    """Add words or pictures to a declaration while it waits for a warden.

    By who declared, and by staff who decide there: what they saw at the door.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not the actor's; a picture that is not the actor's.
        InvalidInput: neither words nor pictures; too many pictures, or one used before.
        WrongState: nobody waits for it any more.
    """
    text = clean(
        words,
        field="input.words",
        longest=LONGEST_WORDS,
        shortest=0 if photo_ids else 2,
        multiline=True,
    )
    async with work(actor) as unit:
        if actor.kind is ActorKind.STAFF:
            _, row = await access_declaration(
                actor, declaration_id=declaration_id, permission=Permission.DECLARATIONS_DECIDE
            )
        else:
            _, row = await access_declaration(actor, declaration_id=declaration_id)
            if row.account_id != actor.id:
                raise NotFound
        if not waits(row):
            raise _not_held(row)
        step = await stepped(row, DeclarationAction.CORRECT, by=actor, words=text)
        if photo_ids:
            await add_papers(actor, row, step, photo_ids, field="input.photoIds")
        unit.note("supplementDeclaration", "DECLARATION", row.id, pictures=len(photo_ids))
    return row


async def _own_held(actor: Actor, declaration_id: UUID) -> tuple[Place, Declaration]:
    place, row = await access_declaration(actor, declaration_id=declaration_id)
    if actor.kind is not ActorKind.ACCOUNT or row.account_id != actor.id:
        raise NotFound
    if row.state is not DeclarationState.HELD:
        raise _not_held(row)
    return place, row


def _not_held(row: Declaration) -> WrongState:
    return WrongState(
        reason=row.state.value,
        zh="申报已处理，不能再改",
        en="It is decided: it can't be changed any more",
    )


def _checked(decisions: Sequence[Decision]) -> list[Decision]:
    most = rules().declarations_per_request
    if not 1 <= len(decisions) <= most:
        raise InvalidInput(
            field="input.items",
            reason="COUNT",
            params={"maximum": most},
            zh="一次可处理 1 到 {maximum} 份",
            en="Decide 1 to {maximum} at a time",
        )
    if len({one.declaration_id for one in decisions}) < len(decisions):
        raise InvalidInput(
            field="input.items", reason="TWICE", zh="同一份申报出现两次", en="One comes twice"
        )

    return [
        replace(
            one,
            reason=clean(
                one.reason,
                field="input.items",
                longest=200,
                shortest=0 if one.confirm else 2,
            ),
        )
        for one in decisions
    ]
