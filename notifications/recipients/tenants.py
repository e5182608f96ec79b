"""What is told about registering tenants: landlords of their duties, tenants of what they said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from citizen.events import TenantDeclared
from core.database import fetch
from core.events import together
from management.events import (
    ResidenceEnded,
    TenantDutyBegan,
    TenantDutyDue,
    TenantDutyOverdue,
)
from notifications.recipients.offers import moment, rooms
from notifications.recipients.people import accounts, accounts_of, landlords
from notifications.telling import Message, Subject, tell_each
from notifications.topics import Topic


@together(TenantDutyBegan)
async def tell_of_new_duties(events: list[TenantDutyBegan]) -> None:
    """Who has to register tenants, when somebody else put that on record."""
    await _tell_of_term([event.duty_id for event in events], "began")


@together(TenantDutyDue)
async def remind_of_duties(events: list[TenantDutyDue]) -> None:
    """Who has to register tenants, while there is a day left."""
    await _tell_of_term([event.duty_id for event in events], "due")


@together(TenantDutyOverdue)
async def tell_of_overdue_duties(events: list[TenantDutyOverdue]) -> None:
    """Everybody who runs the house: its rooms may not be let meanwhile."""
    rows = await fetch(_DUTIES, [event.duty_id for event in events])
    known = await landlords({row["place_id"] for row in rows})
    await tell_each(
        Topic.TENANT_DUTY_OVERDUE,
        [
            Message(
                recipient,
                str(at[0]["id"]),
                {**_where(at), **moment()},
                Subject("Place", place_id),
            )
            for place_id, at in _by(rows, "place_id")
            for recipient in accounts(known[place_id])
        ],
    )


@together(TenantDeclared)
async def tell_declared_tenants(events: list[TenantDeclared]) -> None:
    """Whom a landlord registered: if they don't live there, they say so.

    Whom others declared hears of that in words of its own; so does whose declaration is held.
    """
    rows = await fetch(_DECLARED, [event.declaration_id for event in events])
    await _tell_persons(Topic.DECLARED_BY_LANDLORD, rows, "Declaration")


@together(ResidenceEnded)
async def tell_tenants_who_are_out(events: list[ResidenceEnded]) -> None:
    """Who has moved out, as the landlord says: if they still live there, they say so."""
    rows = await fetch(_OUT, [event.residence_id for event in events])
    await _tell_persons(Topic.DECLARED_OUT, rows, "Residence")


async def _tell_persons(topic: Topic, rows: Sequence[dict[str, Any]], kind: str) -> None:
    if not rows:
        return
    known = await accounts_of({row["person_id"] for row in rows})
    await tell_each(
        topic,
        [
            Message(
                recipient,
                str(row["id"]),
                {"place": row["name"], "rooms": row["number"], **moment()},
                Subject(kind, row["id"]),
            )
            for row in rows
            for recipient in accounts(known.get(row["person_id"], ()))
        ],
    )


async def _tell_of_term(duty_ids: Collection[UUID], what: str) -> None:
    """One message for the rooms of a house that one landlord registers by one day."""
    rows = await fetch(_DUTIES, list(duty_ids))
    await tell_each(
        Topic.TENANT_DUTY_DUE,
        [
            Message(
                recipient,
                f"{what}:{at[0]['id']}",
                {**_where(at), "until": at[0]["due_on"].isoformat(), **moment()},
                Subject("Place", at[0]["place_id"]),
            )
            for _, at in _by(rows, "place_id", "account_id", "due_on")
            for recipient in accounts([at[0]["account_id"]])
        ],
    )


def _where(duties: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {"place": duties[0]["name"], "rooms": rooms([row["number"] for row in duties])}


def _by(rows: Sequence[dict[str, Any]], *names: str) -> list[tuple[Any, list[dict[str, Any]]]]:
    def key(row: dict[str, Any]) -> Any:
        return row[names[0]] if len(names) == 1 else tuple(row[name] for name in names)

    return [(which, list(found)) for which, found in groupby(rows, key=key)]


_DUTIES: Final = """
SELECT d.id, d.place_id, d.account_id, d.due_on, r.number, p.name
FROM tenant_duty d JOIN room r ON r.id = d.room_id JOIN place p ON p.id = d.place_id
WHERE d.id = ANY($1::uuid[]) ORDER BY d.place_id, d.account_id, d.due_on, r.number, d.id
"""
_DECLARED: Final = """
SELECT d.id, d.person_id, p.name, r.number
FROM declaration d JOIN place p ON p.id = d.place_id JOIN room r ON r.id = d.room_id
WHERE d.id = ANY($1::uuid[]) AND d.source = 'LANDLORD' AND d.staff_id IS NULL ORDER BY d.id
"""
_OUT: Final = """
SELECT e.id, e.person_id, p.name, r.number
FROM residence e JOIN place p ON p.id = e.place_id JOIN room r ON r.id = e.room_id
WHERE e.id = ANY($1::uuid[]) AND e.end_reason = 'LANDLORD_SAID' ORDER BY e.id
"""
