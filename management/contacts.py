"""The contact of a place in clear: read with a reason, on record."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.crypto import reveal
from core.text import clean
from core.work import work
from identity.actor import Actor, Permission
from management.access import access_place
from management.models import Place

CONTACT = ("contact_name", "contact_phone")


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call about a place. ``id`` is the place's."""

    id: UUID
    name: str | None
    phone: str | None


async def reveal_contact(actor: Actor, *, place_id: UUID, reason: str) -> Contact:
    """The contact in clear. The reading and its reason go into the audit trail.

    Raises:
        NotFound: the place is out of the scope in which the actor may read contacts.
        InvalidInput: no reason.
    """
    why = clean(reason, field="input.reason", longest=200, shortest=2)
    async with work(actor) as unit:
        place = await access_place(actor, place_id=place_id, permission=Permission.PLACES_CONTACT)
        unit.note("revealPlaceContact", "PLACE", place.id, reason=why)
    return contact_of(place)


def contact_of(place: Place) -> Contact:
    """The contact, opened."""
    name, phone = (reveal(place, column) for column in CONTACT)
    return Contact(place.id, name, phone)
