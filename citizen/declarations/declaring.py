"""Declaring where one lives (自主申报): residents for themselves and family, staff for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from citizen.declarations.access import at_plate, own_phone
from citizen.declarations.agreeing import note_agreed
from citizen.declarations.doubts import hold_account, unproven
from citizen.declarations.parties import (
    Identity,
    Member,
    declare_party,
    find_people,
    read_identity,
)
from citizen.declarations.record import add_papers, require_few
from citizen.models import Declaration, DeclarationStep, Doubt, Relation
from core.clock import today
from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.rates import allow
from core.text import clean, phone_number
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from management.access import access_place, require_sign_in
from management.models import DocumentKind, Person, Place, Residence, ResidenceSource, Room
from management.people.consents import Given
from management.people.persons import Known, bind_account, note_phone, own_person
from management.rules import rules

FAMILY: Final = frozenset({Relation.SPOUSE, Relation.CHILD, Relation.PARENT, Relation.OTHER})
"""What somebody who is declared by another resident can be to them."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Name and document as they were typed; both None for who is known already."""

    name: str | None = field(default=None, repr=False)
    kind: DocumentKind = DocumentKind.MAINLAND_ID
    number: str | None = field(default=None, repr=False)

    @property
    def given(self) -> bool:
        """Whether anything was typed."""
        return bool(self.name or self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """Somebody of the family: known from an earlier declaration, or by name and document."""

    relation: Relation
    person_id: UUID | None = None
    who: Who = field(default_factory=Who)


async def declare_residence(
    actor: Actor,
    *,
    plate_token: str,
    room_id: UUID | None = None,
    who: Who | None = None,
    starts_on: date | None = None,
    family: Sequence[Relative] = (),
    consents: Sequence[Given] = (),
    photo_ids: Sequence[UUID] = (),
) -> Declaration:
    """Declare that the actor lives in the room at whose plate they stand, with their family.

    Name and document are needed once; later they are known. A clean declaration takes effect at
    once and ends the earlier residence; a doubtful one is held for a warden. Answers the actor's
    own declaration; those of the family have its ``batch``.

    Raises:
        Unauthenticated, NotFound, RateLimited, WrongState: as in :func:`at_plate`.
        WrongState: ``PHONE_NEEDED``: the account has no phone; ``PLACE_GONE``.
        InvalidInput: something that can't be used, or too many people; ``CONSENT_NEEDED``, as in
            :func:`citizen.declarations.agreeing.note_agreed`.
        Conflict: ``PERSON_TAKEN`` or ``ACCOUNT_TAKEN``, as in
            :func:`management.people.persons.bind_account`; ``HELD``: the same declaration waits.
        RateLimited: far more declarations in a day than one makes.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    identity = _identity(who)
    relatives = [_read(one, f"input.family.{index}") for index, one in enumerate(family)]
    require_family(len(family))
    require_few(len(photo_ids), field="input.photoIds")
    async with work(actor) as unit:
        await hold_account(actor.id)
        place, room = await at_plate(actor, token=plate_token, room_id=room_id)
        phone = await own_phone(actor)
        if phone is None:
            raise WrongState(
                reason="PHONE_NEEDED",
                zh="请先绑定手机号码，再申报居住",
                en="Add your phone first, then declare",
            )
        myself, known, unsure = await _people(actor, identity, relatives, phone, room)
        members = [
            Member(
                known=myself,
                relation=Relation.SELF,
                name=identity.name if identity else "",
                doubts=unsure,
            ),
            *known,
        ]
        typed = identity is not None or any(one.identity for one in relatives)
        await note_agreed(actor, consents, members, numbers=typed)
        made = await declare_party(
            actor,
            place=place,
            room=room,
            members=members,
            source=ResidenceSource.SELF,
            starts_on=starts_on or today(),
            counted_for=actor.id,
        )
        if photo_ids:
            step = await DeclarationStep.filter(declaration_id=made[0].id, number=1).get()
            await add_papers(actor, made[0], step, photo_ids, field="input.photoIds")
        await allow("declarations", str(actor.id), limit=rules().declarations_tried, window=_DAY)
        unit.note(
            "declareResidence",
            "DECLARATION",
            made[0].id,
            place=place.id,
            people=len(made),
            state=made[0].state.value,
        )
    return made[0]


async def declare_for(
    actor: Actor,
    *,
    room_id: UUID,
    who: Who,
    phone: str | None,
    on_behalf: str,
    starts_on: date | None = None,
    family: Sequence[Relative] = (),
    consents: Sequence[Given] = (),
) -> Declaration:
    """Declare on somebody's behalf: at the door, or at the service desk.

    Who asked for it (``on_behalf``) and who of the staff did it are both on record. What is
    doubtful goes to a warden who did not declare it.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: no such room where the actor may declare for others.
        InvalidInput, WrongState, Conflict: as in :func:`declare_residence`.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
    asked = clean(on_behalf, field="input.onBehalf", longest=100, shortest=2)
    number = phone_number(phone, field="input.phone") if phone else None
    identity = read_identity(who.name, who.kind, who.number)
    relatives = [_read(one, f"input.family.{index}") for index, one in enumerate(family)]
    require_family(len(family))
    for index, one in enumerate(relatives):
        if one.identity is None:
            raise InvalidInput(field=f"input.family.{index}.name", reason="EMPTY")
    async with work(actor) as unit:
        place, room = await _room_of_staff(actor, room_id)
        people = [(identity, number), *((one.identity, None) for one in relatives)]
        known = await find_people([(who, tel) for who, tel in people if who is not None])
        if number is not None:
            await note_phone(known[0], number)
        names = [identity.name, *(one.identity.name for one in relatives if one.identity)]
        relations = [Relation.SELF, *(one.relation for one in relatives)]
        members = [
            Member(known=one, relation=relation, name=name)
            for one, relation, name in zip(known, relations, names, strict=True)
        ]
        await note_agreed(actor, consents, members, numbers=True)
        made = await declare_party(
            actor,
            place=place,
            room=room,
            members=members,
            source=(
                ResidenceSource.WARDEN
                if actor.may(Permission.DECLARATIONS_DECIDE, place.grid_path)
                else ResidenceSource.DESK
            ),
            starts_on=starts_on or today(),
            on_behalf=asked,
        )
        unit.note(
            "declareFor",
            "DECLARATION",
            made[0].id,
            place=place.id,
            people=len(made),
            state=made[0].state.value,
        )
    return made[0]


def require_family(count: int) -> None:
    """Refuse more people than a family has.

    Raises:
        InvalidInput: ``TOO_MANY``.
    """
    most = rules().declaration_family
    if count > most:
        raise InvalidInput(
            field="input.family",
            reason="TOO_MANY",
            params={"maximum": most},
            zh="一次最多申报 {maximum} 名家人",
            en="At most {maximum} family members at a time",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    relation: Relation
    person_id: UUID | None
    identity: Identity | None


def _read(one: Relative, path: str) -> _Read:
    if one.relation not in FAMILY:
        raise InvalidInput(
            field=f"{path}.relation", reason="RELATION", zh="请选择与您的关系", en="Not a relation"
        )
    if one.person_id is not None and not one.who.given:
        return _Read(relation=one.relation, person_id=one.person_id, identity=None)
    who = read_identity(one.who.name, one.who.kind, one.who.number, prefix=path)
    return _Read(relation=one.relation, person_id=None, identity=who)


def _identity(who: Who | None) -> Identity | None:
    if who is None or not who.given:
        return None
    return read_identity(who.name, who.kind, who.number)


async def _people(
    actor: Actor, identity: Identity | None, relatives: Sequence[_Read], phone: str, room: Room
) -> tuple[Known, list[Member], frozenset[Doubt]]:
    """The actor as a person, with what speaks against that, and who comes with them; locked."""
    mine = await own_person(actor)
    if identity is None and mine is None:
        read_identity(None, DocumentKind.MAINLAND_ID, None)  # refuses
    named = [(one.identity, None) for one in relatives if one.identity is not None]
    wanted: list[tuple[Identity, str | None]] = [(identity, phone)] if identity else []
    found = await find_people([*wanted, *named])
    unsure: frozenset[Doubt] = frozenset()
    if identity is not None:
        myself = found.pop(0)
        unsure = await _bind(actor, mine, myself, room)
    else:
        assert mine is not None
        myself = Known(
            await Person.filter(id=mine.id).select_for_update().get(), new=False, same_name=True
        )
    kept = await _kept(myself.person, [one.person_id for one in relatives if one.person_id])
    members = [
        Member(
            known=found.pop(0) if one.identity else kept[one.person_id],  # type: ignore[index]
            relation=one.relation,
            name=one.identity.name if one.identity else "",
        )
        for one in relatives
    ]
    everybody = [myself.person.id, *(member.known.person.id for member in members)]
    if len(set(everybody)) < len(everybody):
        raise InvalidInput(
            field="input.family",
            reason="DOCUMENT_TWICE",
            zh="同一个人填了两次",
            en="The same person comes twice",
        )
    return myself, members, unsure


async def _bind(actor: Actor, mine: Person | None, myself: Known, room: Room) -> frozenset[Doubt]:
    """Note whose account it is, unless a warden has to say so: what is in doubt about that."""
    assert actor.id is not None
    if mine is not None and mine.id != myself.person.id:
        raise Conflict(
            field="input.documentNumber",
            reason="ACCOUNT_TAKEN",
            zh="此账号已登记为另一位居民，请核对证件号码",
            en="This account is another person's; compare the number",
        )
    if not myself.same_name:
        return frozenset()  # a doubt of everybody's
    if await unproven(myself, room):
        return frozenset({Doubt.ACCOUNT_UNPROVEN})
    await bind_account(myself.person, actor.id)
    return frozenset()


async def _kept(person: Person, wanted: Collection[UUID]) -> dict[UUID, Known]:
    """Family of an earlier declaration, by id and locked: nothing has to be typed again.

    Raises:
        NotFound: somebody who was never declared together with this person.
    """
    if not wanted:
        return {}
    families = await Residence.filter(person_id=person.id, family__isnull=False).values_list(
        "family", flat=True
    )
    allowed = set(
        await Residence.filter(family__in=list(families)).values_list("person_id", flat=True)
    )
    if not set(wanted) <= allowed:
        raise NotFound(field="input.family")
    rows = (
        await Person.filter(id__in=list(wanted), erased_at=None).order_by("id").select_for_update()
    )
    if len(rows) < len(set(wanted)):
        raise NotFound(field="input.family")
    return {row.id: Known(row, new=False, same_name=True) for row in rows}


async def _room_of_staff(actor: Actor, room_id: UUID) -> tuple[Place, Room]:
    seen = await Room.get_or_none(id=room_id)
    if seen is None:
        raise NotFound  # as what is out of scope
    place = await access_place(
        actor, place_id=seen.place_id, permission=Permission.DECLARATIONS_FILE, lock=True
    )
    return place, await Room.get(id=room_id)
