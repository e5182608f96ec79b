"""What is held about somebody: read from the register of personal data, said in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.errors import Unauthenticated
from core.privacy import Exported, registry
from identity.actor import Actor, ActorKind
from management.people.persons import own_person

ROWS_SHOWN: Final = 50
"""Rows of a section that are shown; a copy (``requestDataExport``) holds all."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom data is about: the account itself, or the person that its holder is."""

    kind: str
    id: UUID


def own_account(actor: Actor) -> UUID:
    """The id of the account that acts.

    Raises:
        Unauthenticated: no account is signed in.
    """
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise Unauthenticated
    return actor.id


async def subjects(actor: Actor) -> list[Subject]:
    """Whom the actor may ask about: the account, and its person where one is known.

    Raises:
        Unauthenticated: no account is signed in.
    """
    found = [Subject("account", own_account(actor))]
    person = await own_person(actor)
    if person is not None:
        found.append(Subject("person", person.id))
    return found


async def my_data(actor: Actor, *, most: int | None = ROWS_SHOWN) -> list[Exported]:
    """What is held about the actor, section by section; of each the newest rows.

    Nothing is masked: it is their own.

    Raises:
        Unauthenticated: no account is signed in.
    """
    return await everything_about(await subjects(actor), most=most)


async def everything_about(about: list[Subject], *, most: int | None = None) -> list[Exported]:
    """All sections that say something, in the order of registration."""
    found = []
    for subject in about:
        found += await registry.export(subject.kind, subject.id, most=most)
    return [section for section in found if section.total]


def correctable(section: Exported) -> tuple[str, ...]:
    """Which fields of a section may be corrected by the person."""
    return CORRECTABLE.get(section.holding.name, ())


CORRECTABLE: Final[dict[str, tuple[str, ...]]] = {
    "account.id": ("display_name",),
    "person.id": ("name", "phone"),
}
