"""Reading in clear who was declared, for staff who have to decide: with a reason, on record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from citizen.declarations.access import access_declaration
from citizen.models import Declaration, DeclarationState
from core.crypto import reveal
from core.errors import NotFound
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from management.people.looks import Revealed, also_known_at, reveal_person, revealed_again

CLAIMED_NAME: Final = "claimed_name"


@dataclass(frozen=True, slots=True)
class RevealedDeclaration:
    """Who was declared, in clear; ``claimed_name`` while it contradicts the one on record."""

    person: Revealed
    claimed_name: str | None = field(repr=False)

    @property
    def id(self) -> UUID:
        """The look's."""
        return self.person.id


@also_known_at
async def held_at(person_id: UUID) -> list[str]:
    """The grids in which a declaration about somebody waits for a warden."""
    held = Declaration.filter(person_id=person_id, state=DeclarationState.HELD)
    return [str(path) for path in await held.values_list("place__grid_path", flat=True)]


async def reveal_declared(
    actor: Actor, *, declaration_id: UUID, reason: str
) -> RevealedDeclaration:
    """The person of a declaration and the name that was claimed for them, both in clear.

    One look, kept as :func:`management.people.looks.reveal_person` keeps it; the person sees it.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: out of the scope in which the actor may reveal; or it is decided, and the person
            does not live there.
        InvalidInput: no reason.
    """
    async with work(actor):
        row = await _access(actor, declaration_id)
        claimed = reveal(row, CLAIMED_NAME)
        person = await reveal_person(
            actor,
            person_id=row.person_id,
            reason=reason,
            besides=[CLAIMED_NAME] if claimed is not None else [],
        )
    return RevealedDeclaration(person, claimed)


async def declared_again(
    actor: Actor, *, declaration_id: UUID, look_id: UUID
) -> RevealedDeclaration:
    """The same for a repeated request; the claimed name only while it is still held.

    Raises:
        NotFound: somebody else's look, or the actor may no longer reveal this person.
    """
    async with work(actor):
        row = await _access(actor, declaration_id)
        person = await revealed_again(actor, look_id=look_id)
    return RevealedDeclaration(person, reveal(row, CLAIMED_NAME))


async def _access(actor: Actor, declaration_id: UUID) -> Declaration:
    _, row = await access_declaration(
        actor, declaration_id=declaration_id, permission=Permission.PEOPLE_REVEAL
    )
    if actor.kind is not ActorKind.STAFF:
        raise NotFound
    return row
