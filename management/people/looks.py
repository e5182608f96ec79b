"""Who may read about a person, and the record of who read a person's data in clear."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q

from core.clock import now
from core.database import fetch
from core.errors import NotFound
from core.events import emit
from core.keyset import NOTHING, Order, Page, Slice, take
from core.masking import mask_text
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from management.access import require_sign_in
from management.events import PersonRead
from management.models import Person, PersonLook, Residence
from management.people.persons import SEALED, own_person, shown
from management.people.residences import LANDLORD_SEES
from management.posts import posts_of_staff

_NEWEST: Final = Order("looks", "id", descending=True)
_PROGRAM: Final = "SYSTEM"

Whereabouts = Callable[[UUID], Awaitable[Collection[str]]]
_elsewhere: list[Whereabouts] = []


@dataclass(frozen=True, slots=True)
class Revealed:
    """A person in clear. ``id`` is the look's."""

    id: UUID
    person_id: UUID
    name: str | None = field(repr=False)
    number: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    born: str | None = field(repr=False)


def also_known_at(find: Whereabouts) -> Whereabouts:
    """Register where else a person is known, as grid paths: packages above hold declarations."""
    _elsewhere.append(find)
    return find


async def paths_of(person_id: UUID) -> set[str]:
    """The grids in which staff deal with a person: where they live, or have lived lately."""
    lately = Q(current=True) | Q(ended_at__gte=now() - LANDLORD_SEES)
    paths = set(
        map(
            str,
            await Residence.filter(lately, person_id=person_id).values_list(
                "place__grid_path", flat=True
            ),
        )
    )
    for find in _elsewhere:
        paths |= set(await find(person_id))
    return paths


async def access_person(
    actor: Actor, *, person_id: UUID, permission: Permission = Permission.PEOPLE_READ
) -> Person:
    """One person, for staff with the permission in a grid where the person is known.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, erased, or known nowhere in the actor's scope.
    """
    require_sign_in(actor)
    person = await Person.filter(id=person_id, erased_at=None).first()
    if person is None or not actor.paths(permission):
        raise NotFound
    if not any(actor.may(permission, path) for path in await paths_of(person.id)):
        raise NotFound
    return person


async def reveal_person(
    actor: Actor, *, person_id: UUID, reason: str, besides: Collection[str] = ()
) -> Revealed:
    """A person in clear. Who read it, as what and why is kept, and the person sees it.

    Document and phone numbers in the reason are masked: it is read by others. ``besides``: what
    else of them the caller shows, for the record.

    Raises:
        NotFound: known nowhere in the scope in which the actor may reveal.
        InvalidInput: no reason.
    """
    why = mask_text(clean(reason, field="input.reason", longest=200, shortest=2))
    async with work(actor) as unit:
        person = await access_person(
            actor, person_id=person_id, permission=Permission.PEOPLE_REVEAL
        )
        found = shown(person, clear=True)
        what = [*(column for column in SEALED if found[column] is not None), *besides]
        look = await PersonLook.create(
            person_id=person.id,
            staff_id=actor.id if actor.kind is ActorKind.STAFF else None,
            app_id=actor.id if actor.kind is ActorKind.APP else None,
            office=await _office(actor, await paths_of(person.id)),
            reason=why,
            what=what,
            at=now(),
        )
        unit.note("revealPerson", "PERSON", person.id, look=look.id, fields=what)
        await emit(PersonRead(look_id=look.id, person_id=person.id))
    return Revealed(id=look.id, person_id=person.id, **found)


async def revealed_again(actor: Actor, *, look_id: UUID) -> Revealed:
    """What a look showed, for who looked and still may: the answer to a repeated request.

    Raises:
        NotFound: somebody else's look, or the actor may no longer reveal this person.
    """
    async with work(actor) as unit:
        look = await PersonLook.get(id=look_id)
        if actor.id not in {look.staff_id, look.app_id}:
            raise NotFound
        person = await access_person(
            actor, person_id=look.person_id, permission=Permission.PEOPLE_REVEAL
        )
        unit.note("revealPersonAgain", "PERSON", person.id, look=look.id)
    return Revealed(id=look.id, person_id=person.id, **shown(person, clear=True))


async def own_looks(actor: Actor, *, page: Page, columns: Collection[str]) -> Slice:
    """Who read the actor's own data in clear, the latest first."""
    person = await own_person(actor)
    if person is None:
        return NOTHING
    return await take(PersonLook.filter(person_id=person.id), _NEWEST, page, list(columns))


async def count_own_looks(actor: Actor) -> int:
    """How many looks :func:`own_looks` has."""
    person = await own_person(actor)
    return await PersonLook.filter(person_id=person.id).count() if person else 0


async def names_of_staff(ids: Collection[UUID]) -> dict[UUID, str]:
    """What members of staff are called: one query for all."""
    rows = await fetch("SELECT id, name FROM staff_member WHERE id = ANY($1::uuid[])", list(ids))
    return {row["id"]: row["name"] for row in rows}


async def _office(actor: Actor, paths: Collection[str]) -> str:
    """As what somebody looks: the role and grid of the post that lets them."""
    if actor.kind is not ActorKind.STAFF:
        return _PROGRAM
    posts: list[dict[str, Any]] = await posts_of_staff(actor.id)
    fitting = [post for post in posts if any(path.startswith(post["grid_path"]) for path in paths)]
    for post in fitting or posts:
        return f"{post['role']} {post['grid_code']}"
    return actor.kind.value
