"""People who are declared together: who they are, what speaks against it, and what becomes of it.

Every way of declaring (oneself and family, by staff, by a landlord) ends in :func:`declare_party`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from citizen.declarations.doubts import Party, doubts_of
from citizen.declarations.record import Statement, record
from citizen.models import Declaration, Doubt, Relation
from core.clock import today
from core.crypto import reveal
from core.errors import InvalidInput, WrongState
from core.ids import uuid7
from identity.actor import Actor
from management.models import (
    DocumentKind,
    Lifecycle,
    Person,
    Place,
    Residence,
    ResidenceSource,
    Room,
)
from management.people.documents import Document, age, read_document
from management.people.persons import Known, find_or_add, read_name
from management.rules import rules

_KIN: Final = frozenset({Relation.SELF, Relation.SPOUSE, Relation.CHILD, Relation.PARENT})
_GROWN: Final = 18
"""Civil Code article 17: of age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is, as it stands on their document; cleaned by :func:`read_identity`."""

    name: str = field(repr=False)
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of those who are declared; ``name`` as it was said.

    ``doubts`` is what speaks against them besides what is asked of everybody.
    """

    known: Known
    relation: Relation
    name: str = field(repr=False)
    doubts: frozenset[Doubt] = frozenset()

    @property
    def born(self) -> date | None:
        """What the document says; a passport says nothing."""
        return born(self.known.person)


def born(person: Person) -> date | None:
    """The day of birth that a person's document says."""
    day = reveal(person, "born")
    return date.fromisoformat(day) if day else None


def read_identity(
    name: str | None, kind: DocumentKind, number: str | None, *, prefix: str = "input"
) -> Identity:
    """Name and number as people write them.

    Raises:
        InvalidInput: one is missing or can't be; ``field`` is ``PREFIX.name`` or
            ``PREFIX.documentNumber``.
    """
    for given, key in ((name, "name"), (number, "documentNumber")):
        if not given:
            raise InvalidInput(
                field=f"{prefix}.{key}", reason="EMPTY", zh="不能为空", en="It must not be empty"
            )
    return Identity(
        name=read_name(name or "", field=f"{prefix}.name"),
        document=read_document(kind, number or "", name=f"{prefix}.documentNumber"),
    )


async def find_people(
    people: Sequence[tuple[Identity, str | None]],
) -> list[Known]:
    """The persons of these documents, locked; those who are not known are added.

    Each comes with the phone that is said to be theirs. They are locked in one order, so that two
    who declare the same people wait for each other.

    Raises:
        InvalidInput: ``DOCUMENT_TWICE``: two of them have the same document.
    """
    keys = [(who.document.kind.value, who.document.number) for who, _ in people]
    if len(set(keys)) < len(keys):
        raise InvalidInput(
            field="input.family",
            reason="DOCUMENT_TWICE",
            zh="两个人填了同一个证件号码",
            en="Two people have the same document",
        )
    found: dict[int, Known] = {}
    for index in sorted(range(len(people)), key=keys.__getitem__):
        who, phone = people[index]
        found[index] = await find_or_add(who.document, name=who.name, phone=phone)
    return [found[index] for index in range(len(people))]


async def declare_party(
    actor: Actor,
    *,
    place: Place,
    room: Room,
    members: Sequence[Member],
    source: ResidenceSource,
    starts_on: date,
    on_behalf: str | None = None,
    counted_for: UUID | None = None,
) -> list[Declaration]:
    """Declare people who live in a room together; place and persons are locked.

    What is clean takes effect at once; what is doubtful is held for a warden. ``counted_for``:
    the account whose declarations of the day count.

    Raises:
        InvalidInput: ``STARTS_ON``: the day is to come, or too long ago.
        WrongState: ``PLACE_GONE``: the place is closed or demolished.
        Conflict: the same declaration is held already.
    """
    require_day(starts_on)
    require_place(place)
    batch = uuid7()
    kin = [one for one in members if one.relation in _KIN]
    household = len(kin) > 1
    if household:
        await join_family(kin[0].known.person.id, room.id, batch)
    all_kin = household and len(kin) == len(members)
    doubts = await doubts_of(
        Party(
            place=place,
            room=room,
            known=[one.known for one in members],
            family=batch if all_kin else None,
            account_id=counted_for,
        )
    )
    made = []
    for one, against in zip(members, doubts, strict=True):
        related = household and one.relation in _KIN
        statement = Statement(
            person=one.known.person,
            place=place,
            room=room,
            document_kind=one.known.person.document_kind,
            source=source,
            starts_on=starts_on,
            relation=one.relation,
            batch=batch,
            family=batch if related else None,
            household=related,
            doubts=against | one.doubts,
            welfare=await alone(one, members, room),
            claimed_name=one.name if Doubt.NAME_CONFLICT in against else None,
            on_behalf=on_behalf,
        )
        made.append(await record(actor, statement))
    return made


async def alone(one: Member, members: Sequence[Member], room: Room) -> bool:
    """Whether a child would live there without anybody grown up of their family.

    A passport says nothing of its holder's age: nobody is taken for a child by it.
    """
    day = one.born
    if day is None or age(day) >= rules().welfare_age:
        return False
    for other in members:
        if other is not one and other.relation in _KIN and _grown(other.born):
            return False
    here = await Residence.filter(
        room_id=room.id, current=True, person_id=one.known.person.id
    ).first()
    if here is None or here.family is None:
        return True
    with_them = (
        await Residence.filter(room_id=room.id, current=True, family=here.family)
        .exclude(person_id=one.known.person.id)
        .select_related("person")
    )
    return not any(_grown(born(each.person)) for each in with_them)


def require_day(starts_on: date, *, field: str = "input.startsOn") -> None:
    """Refuse a first day that can't be declared.

    Raises:
        InvalidInput: it is to come, or too long ago.
    """
    most = rules().declaration_days_back
    if not today() - timedelta(days=most) <= starts_on <= today():
        raise InvalidInput(
            field=field,
            reason="STARTS_ON",
            params={"maximum": most},
            zh="入住日期应在最近 {maximum} 天之内，不能是以后的日期",
            en="The first day lies within the last {maximum} days, not ahead",
        )


def require_place(place: Place) -> None:
    """Refuse a place that is no more.

    Raises:
        WrongState: it is closed or demolished.
    """
    if place.lifecycle in {Lifecycle.CLOSED, Lifecycle.DEMOLISHED}:
        raise WrongState(
            reason="PLACE_GONE",
            zh="该房屋已停用，不能申报居住",
            en="The house is out of use: nobody can be declared there",
        )


async def join_family(person_id: UUID, room_id: UUID, family: UUID) -> None:
    """Who lives there already with their family is one household with those who come."""
    here = await Residence.filter(person_id=person_id, room_id=room_id, current=True).first()
    if here is not None and here.family is not None:
        await Residence.filter(room_id=room_id, current=True, family=here.family).update(
            family=family
        )


def _grown(day: date | None) -> bool:
    return day is None or age(day) >= _GROWN
