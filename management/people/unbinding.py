"""An account that was taken for a person's own by mistake is parted from them again."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.crypto import seal
from core.errors import NotFound, WrongState
from core.events import emit
from core.masking import mask_text
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind, Permission
from management.events import PersonUnbound
from management.models import Person
from management.people.looks import access_person
from management.people.persons import holds_phone

_CHANGED: Final = ("account_id", "phone", "phone_index", "version", "updated_at")


async def unbind_person(actor: Actor, *, person_id: UUID, reason: str) -> Person:
    """Part a person from the account that was taken for theirs.

    The account no longer speaks for the person, and its phone is no longer theirs: it would lead
    back. Residences, declarations and the account's sessions stay as they are. Numbers in the
    reason are masked; it is kept in the audit trail. The account is told.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: known nowhere in the scope in which the actor may compare people with their
            documents.
        InvalidInput: no reason.
        WrongState: ``NOT_BOUND``: no account is theirs.
    """
    why = mask_text(clean(reason, field="input.reason", longest=200, shortest=2))
    async with work(actor) as unit:
        seen = await access_person(actor, person_id=person_id, permission=Permission.PEOPLE_REVEAL)
        if actor.kind is not ActorKind.STAFF:
            raise NotFound
        person = await Person.filter(id=seen.id).select_for_update().get()
        account_id = person.account_id
        if account_id is None:
            raise WrongState(
                reason="NOT_BOUND", zh="此人没有绑定账号", en="No account is known to be theirs"
            )
        if await holds_phone(account_id, person):
            seal(person, "phone", None)
            person.phone_index = None
        person.account_id = None
        person.version += 1
        await person.save(update_fields=_CHANGED)
        unit.note("unbindPerson", "PERSON", person.id, account=account_id, reason=why)
        await emit(PersonUnbound(person_id=person.id, account_id=account_id))
    return person
