"""What is known before somebody declares, so that two fields are all that they type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from citizen.declarations.access import own_phone
from citizen.models import Declaration, Relation
from citizen.scanning import ScannedPlate, scan
from core.errors import NotFound
from identity.actor import Actor, ActorKind
from management.access import require_sign_in
from management.claims import claims_at
from management.models import (
    ClaimState,
    ConsentPurpose,
    Person,
    PlateState,
    Residence,
    Room,
    RoomState,
)
from management.people.consents import ConsentText, missing
from management.people.persons import own_person

_ASKED: Final = frozenset({ConsentPurpose.DOCUMENT_NUMBER, ConsentPurpose.MINOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """Somebody with whom the person was declared before."""

    person: Person
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A declaration before it is made: what the plate, the account and earlier ones say."""

    scanned: ScannedPlate
    rooms: list[dict[str, Any]]
    phone: str | None
    person: Person | None
    family: list[Kin]
    landlord_known: bool
    living_here: bool
    consents: list[ConsentText]


async def draft(actor: Actor, *, plate_token: str) -> Draft:
    """What is known of a declaration at a plate.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not an account; no such plate in use.
        RateLimited: too many plates that don't exist.
    """
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    scanned = await scan(actor, plate_token)
    if scanned is None or scanned.state is not PlateState.ACTIVE:
        raise NotFound
    place_id, room_id = scanned.row["place_id"], scanned.row["room_id"]
    person = await own_person(actor)
    home = None
    if person is not None:
        home = await Residence.filter(person_id=person.id, current=True).first()
    claims = await claims_at(place_id)
    return Draft(
        scanned=scanned,
        rooms=await _rooms(place_id, room_id),
        phone=await own_phone(actor),
        person=person,
        family=await _family(person) if person is not None else [],
        landlord_known=any(claim.state is ClaimState.VERIFIED for claim in claims),
        consents=await missing(tuple(_ASKED), account_id=actor.id),
        living_here=home is not None
        and home.place_id == place_id
        and room_id in {None, home.room_id},
    )


async def _rooms(place_id: UUID, room_id: UUID | None) -> list[dict[str, Any]]:
    """The room of the plate, or those of the house in which somebody may live."""
    rooms = Room.filter(place_id=place_id)
    chosen = (
        rooms.filter(id=room_id)
        if room_id is not None
        else rooms.filter(state__not=RoomState.OUT_OF_USE)
    )
    return list(await chosen.order_by("number").values())


async def _family(person: Person) -> list[Kin]:
    """Those who were in the household of the person's latest residence; as they were declared."""
    latest = (
        await Residence.filter(person_id=person.id, family__isnull=False).order_by("-id").first()
    )
    if latest is None:
        return []
    others = (
        await Residence.filter(family=latest.family, person__erased_at=None)
        .exclude(person_id=person.id)
        .order_by("id")
        .select_related("person")
    )
    people = {one.person_id: one.person for one in others}
    relations = dict(
        await Declaration.filter(
            person_id__in=list(people), account_id=person.account_id, account_id__isnull=False
        )
        .order_by("id")
        .values_list("person_id", "relation")
    )
    return [
        Kin(person=one, relation=Relation(relations.get(key, Relation.OTHER)))
        for key, one in people.items()
    ]
