"""Correcting what is held about oneself (PIPL article 46).

A name that contradicts the one on record is looked at by a warden, because it decides who somebody
is: it becomes a declaration that is held, and so a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from citizen.declarations.record import Statement, record, stepped
from citizen.models import Declaration, DeclarationAction, DeclarationState, Doubt
from citizen.my_data.seeing import CORRECTABLE, Subject, subjects
from core.crypto import reveal
from core.errors import InvalidInput, NotFound, WrongState
from core.privacy import registry
from core.work import work
from identity.actor import Actor
from management.models import Person, Place, Residence, ResidenceSource, Room
from management.people.persons import read_name, same_name

_PERSON: Final = "person.id"


@dataclass(frozen=True, slots=True)
class Correction:
    """What became of it: ``id`` is the corrected row, or the declaration that is held for it."""

    id: UUID


async def correct(
    actor: Actor, *, section: str, row_id: UUID, changes: Mapping[str, str]
) -> Correction:
    """Set fields of a row that is one's own.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: no such row, or somebody else's.
        InvalidInput: an unknown section; a field that can't be corrected here, or a value that it
            can't take.
        Conflict: ``HELD``: an earlier correction of the name waits for a warden.
        WrongState: ``NO_RESIDENCE``: a name is corrected where somebody lives.
    """
    own = await subjects(actor)
    _check(section, changes)
    async with work(actor) as unit:
        if section == _PERSON and "name" in changes:
            await _owns(own, row_id)
            name = read_name(changes["name"], field="input.items")
            held = await _hold(actor, row_id, name) if await _differs(row_id, name) else None
            if held is not None:
                if set(changes) != {"name"}:
                    raise InvalidInput(
                        field="input.items",
                        reason="NAME_ALONE",
                        zh="更正姓名需要核实，请单独提交",
                        en="A name is looked at by a warden: correct it by itself",
                    )
                unit.note("correctMyData", "DECLARATION", held.id, section=section)
                return Correction(held.id)
        for subject in own:
            if any(one.name == section for one in registry.holdings(subject.kind)):
                await _set(section, subject.id, row_id, changes)
                unit.note("correctMyData", "MY_DATA", row_id, section=section)
                return Correction(row_id)
    raise NotFound


async def waits_for_warden(correction_id: UUID) -> bool:
    """Whether a correction became a declaration that a warden looks at, rather than done."""
    return await Declaration.exists(id=correction_id)


def _check(section: str, changes: Mapping[str, str]) -> None:
    allowed = CORRECTABLE.get(section)
    if allowed is None:
        raise InvalidInput(
            field="input.section",
            reason="NOT_CORRECTABLE",
            zh="这一项不能在这里更正，请联系社区网格办",
            en="This can't be corrected here; ask at your wardens' office",
        )
    if not changes:
        raise InvalidInput(field="input.items", reason="EMPTY", zh="没有要更正的内容", en="Nothing")
    for name in changes:
        if name not in allowed:
            raise InvalidInput(
                field="input.items",
                reason="NOT_CORRECTABLE",
                zh="这一项不能在这里更正，请带证件到社区网格办",
                en="This can't be corrected here; bring your document to your wardens' office",
            )


async def _set(section: str, subject_id: UUID, row_id: UUID, changes: Mapping[str, str]) -> None:
    try:
        await registry.correct(section, subject_id, row_id, dict(changes))
    except InvalidInput as refusal:
        refusal.field = "input.items"  # where the caller wrote the column
        raise


async def _owns(own: list[Subject], row_id: UUID) -> None:
    if row_id not in {subject.id for subject in own if subject.kind == "person"}:
        raise NotFound


async def _differs(person_id: UUID, name: str) -> bool:
    person = await Person.get(id=person_id)
    return not same_name(reveal(person, "name") or "", name)


async def _hold(actor: Actor, person_id: UUID, name: str) -> Declaration:
    home = await Residence.filter(person_id=person_id, current=True).first()
    if home is None:
        raise WrongState(
            reason="NO_RESIDENCE",
            zh="您现在没有居住登记，请带证件到社区网格办更正姓名",
            en="You are not registered anywhere now; bring your document to your wardens' office",
        )
    place = await Place.filter(id=home.place_id).select_for_update().get()
    person = await Person.filter(id=person_id).select_for_update().get()
    said = Statement(
        person=person,
        place=place,
        room=await Room.get(id=home.room_id),
        document_kind=person.document_kind,
        source=ResidenceSource.SELF,
        starts_on=home.starts_on,
        doubts=[Doubt.NAME_CONFLICT],
        claimed_name=name,
        ask=False,
    )
    held = await record(actor, said)
    assert held.state is DeclarationState.HELD
    await stepped(held, DeclarationAction.CORRECT, by=actor)
    return held
