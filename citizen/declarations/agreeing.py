"""What people agree to when they declare: to their document's number, and for their children."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from citizen.declarations.parties import Member
from core.errors import InvalidInput
from identity.actor import Actor, ActorKind
from management.models import ConsentPurpose
from management.people.consents import (
    GUARDIAN_UNDER,
    ConsentText,
    Given,
    missing,
    note_consents,
    text_in_force,
)
from management.people.documents import age

_FIELD: Final = "input.consents"


async def note_agreed(
    actor: Actor, given: Sequence[Given], members: Sequence[Member], *, numbers: bool
) -> None:
    """Keep what was agreed to, in a running unit of work with the persons locked.

    ``numbers``: whether somebody's document was typed. A guardian agrees for each child under 14
    (PIPL article 31); staff note that those before them agreed.

    Raises:
        InvalidInput: ``CONSENT_NEEDED``: ``params`` name the text that has to be agreed to;
            ``CONSENT_VERSION``: the text has changed.
    """
    children = [one for one in members if _child(one)]
    needed = [ConsentPurpose.DOCUMENT_NUMBER] if numbers else []
    of_adults = [one for one in given if one.purpose is not ConsentPurpose.MINOR]
    of_guardians = [one for one in given if one.purpose is ConsentPurpose.MINOR]
    if actor.kind is ActorKind.ACCOUNT and actor.id is not None:
        await note_consents(of_adults, account_id=actor.id, field=_FIELD)
        _require(await missing(needed, account_id=actor.id))
        for child in children:
            person_id = child.known.person.id
            await note_consents(
                of_guardians, account_id=actor.id, person_id=person_id, field=_FIELD
            )
            _require(
                await missing([ConsentPurpose.MINOR], account_id=actor.id, person_id=person_id)
            )
        return
    said = {one.purpose for one in given}
    wanted = {*needed, *([ConsentPurpose.MINOR] if children else [])}
    _require([text_in_force(one) for one in ConsentPurpose if one in wanted - said])
    for member in members:
        await note_consents(
            [*of_adults, *(of_guardians if member in children else [])],
            account_id=None,
            person_id=member.known.person.id,
            staff_id=actor.id,
            field=_FIELD,
        )


def _child(one: Member) -> bool:
    return one.born is not None and age(one.born) < GUARDIAN_UNDER


def _require(texts: Collection[ConsentText]) -> None:
    for text in texts:
        raise InvalidInput(
            field=_FIELD,
            reason="CONSENT_NEEDED",
            params={"purpose": text.purpose.value, "version": text.version},
            zh="请先阅读并同意：" + text.title_zh,
            en="Read and agree first: " + text.title_en,
        )
