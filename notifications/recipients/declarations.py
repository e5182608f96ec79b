"""Declarations: landlords are asked, who was declared by others hears of it, who declared learns
what became of it. Names of people are never among the params."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from citizen.events import (
    DeclarationDecided,
    DeclarationHeld,
    ObjectionDecided,
    TenantAnswered,
    TenantDeclared,
)
from citizen.models import DeclarationState, LandlordAnswer
from core.crypto import ring
from core.database import fetch
from core.events import on, together
from identity.phone_sign_in import phone_indexes
from management.models import ResidenceSource
from notifications.recipients.offers import moment
from notifications.recipients.people import accounts, accounts_of, landlords
from notifications.telling import Message, Subject, tell, tell_each
from notifications.topics import Topic


@together(TenantDeclared)
async def tell_of_declarations(events: list[TenantDeclared]) -> None:
    """Who runs the house, once for those declared together; and who was declared by others.

    Whom a landlord declares hears of that in words of its own.
    """
    rows = await fetch(_DECLARED, [event.declaration_id for event in events])
    said = [row for row in rows if row["source"] != ResidenceSource.LANDLORD]
    if not said:
        return
    asked = {(row["batch"], row["place_id"]): row for row in reversed(said) if row["question_open"]}
    known = await landlords({row["place_id"] for row in asked.values()})
    await tell_each(
        Topic.TENANT_DECLARED,
        [
            Message(recipient, str(row["id"]), _params(row), Subject("Declaration", row["id"]))
            for row in asked.values()
            for recipient in accounts(known[row["place_id"]])
            if recipient.account_id != row["account_id"]
        ],
    )
    persons = await accounts_of({row["person_id"] for row in said})
    await tell_each(
        Topic.DECLARED_FOR_YOU,
        [
            Message(
                recipient,
                f"{row['id']}:{row['version']}",
                _params(row),
                Subject("Declaration", row["id"]),
            )
            for row in said
            for recipient in accounts(persons.get(row["person_id"], ()))
            if recipient.account_id != row["account_id"]
        ],
    )


@on(DeclarationHeld)
async def tell_of_held(event: DeclarationHeld) -> None:
    """Who declared, and who it is about: a warden looks first."""
    row = await _declaration(event.declaration_id)
    # They see it in the answer as well, so who acts is told nothing.
    await _tell(Topic.DECLARATION_HELD, row, [row["account_id"], *await _of_person(row)])


@on(DeclarationDecided)
async def tell_of_decision(event: DeclarationDecided) -> None:
    """Who declared, and who it is about; why it was refused is read in the declaration."""
    row = await _declaration(event.declaration_id)
    in_force = row["state"] == DeclarationState.IN_FORCE
    await _tell(
        Topic.DECLARATION_DECIDED,
        row,
        [row["account_id"], *await _of_person(row)],
        result="CONFIRMED" if in_force else "REFUSED",
    )


@on(TenantAnswered)
async def tell_of_denial(event: TenantAnswered) -> None:
    """Who declared, and who it is about, when the landlord says no: a warden will come."""
    row = await _declaration(event.declaration_id)
    if row["landlord_answer"] == LandlordAnswer.DENIED:
        await _tell(Topic.TENANT_DENIED, row, [row["account_id"], *await _of_person(row)])


@on(ObjectionDecided)
async def tell_of_decided_objection(event: ObjectionDecided) -> None:
    """Who objected, and who had declared them."""
    row = await _declaration(event.declaration_id)
    (objection,) = await fetch(_OBJECTION, event.objection_id)
    await _tell(
        Topic.OBJECTION_DECIDED,
        row,
        [objection["account_id"], row["account_id"]],
        result=objection["state"],
    )


async def _tell(topic: Topic, row: dict[str, Any], people: list[UUID | None], **more: str) -> None:
    await tell(
        topic,
        accounts(people),
        key=f"{row['id']}:{row['version']}",
        params={**_params(row), **more},
        about=Subject("Declaration", row["id"]),
    )


async def _of_person(row: dict[str, Any]) -> list[UUID | None]:
    """The account of the person, or that of their phone while no account is known as theirs."""
    if row["person_account_id"] is not None:
        return [row["person_account_id"]]
    if row["phone"] is None:
        return []
    phone = ring().decrypt(row["phone"], table="person", column="phone", row=row["person_id"])
    found = await fetch(_BY_PHONE, phone_indexes(phone))
    return [one["id"] for one in found]


def _params(row: dict[str, Any]) -> dict[str, str]:
    return {"place": row["name"], "rooms": row["number"], **moment()}


async def _declaration(declaration_id: UUID) -> dict[str, Any]:
    (row,) = await fetch(_DECLARED, [declaration_id])
    return row


_DECLARED: Final = """
SELECT d.id, d.account_id, d.person_id, d.place_id, d.batch, d.source, d.state, d.version,
       d.question_open, d.landlord_answer, p.name, r.number, h.account_id AS person_account_id,
       h.phone
FROM declaration d JOIN place p ON p.id = d.place_id JOIN room r ON r.id = d.room_id
JOIN person h ON h.id = d.person_id
WHERE d.id = ANY($1::uuid[]) ORDER BY d.id
"""
_OBJECTION: Final = "SELECT account_id, state FROM residence_objection WHERE id = $1"
_BY_PHONE: Final = """
SELECT a.id FROM account a WHERE a.phone_index = ANY($1::text[])
  AND NOT EXISTS (SELECT 1 FROM person p WHERE p.account_id = a.id)
"""
