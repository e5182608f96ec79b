"""What residents hear of where they live and of their own data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from core.database import fetch
from core.events import on, together
from management.events import (
    PermitEndorsementDue,
    PersonRead,
    PersonUnbound,
    ResidenceAsked,
    ResidenceEnded,
)
from management.models import ResidenceEnd
from notifications.recipients.offers import moment
from notifications.recipients.people import accounts
from notifications.telling import Message, Subject, tell, tell_each
from notifications.topics import Topic

_FOUND: Final = frozenset({ResidenceEnd.STAFF_FOUND, ResidenceEnd.PLACE_CLOSED})
"""Ends that nobody else tells of: the others follow from what somebody declared or decided."""


@on(PersonRead)
async def tell_of_look(event: PersonRead) -> None:
    """Whose data was read."""
    (row,) = await fetch("SELECT account_id FROM person WHERE id = $1", event.person_id)
    await tell(
        Topic.PERSON_READ,
        accounts([row["account_id"]]),
        key=str(event.look_id),
        params=moment(),
        about=Subject("Person", event.person_id),
    )


@on(PersonUnbound)
async def tell_of_unbinding(event: PersonUnbound) -> None:
    """Whose account was taken for that of somebody else."""
    (row,) = await fetch("SELECT version FROM person WHERE id = $1", event.person_id)
    await tell(
        Topic.PERSON_UNBOUND,
        accounts([event.account_id]),
        key=f"{event.person_id}:{row['version']}",
        params=moment(),
        about=Subject("Account", event.account_id),
    )


@together(ResidenceAsked)
async def ask(events: list[ResidenceAsked]) -> None:
    """Who has lived somewhere for long; again only when they are asked again."""
    rows = await _residences([event.residence_id for event in events])
    await _tell(Topic.RESIDENCE_ASKED, rows)


@together(ResidenceEnded)
async def tell_of_end(events: list[ResidenceEnded]) -> None:
    """Who lived there, when a warden found them gone or the place closed."""
    rows = await _residences([event.residence_id for event in events])
    await _tell(Topic.RESIDENCE_ENDED, [row for row in rows if row["end_reason"] in _FOUND])


@together(PermitEndorsementDue)
async def remind_of_endorsement(events: list[PermitEndorsementDue]) -> None:
    """Whose permit it is; once for each endorsement."""
    rows = await fetch(_PERMITS, [event.person_id for event in events])
    await tell_each(
        Topic.PERMIT_ENDORSEMENT,
        [
            Message(
                recipient,
                f"{row['id']}:{row['permit_endorse_by']}",
                {"until": row["permit_endorse_by"].isoformat(), **moment()},
                Subject("Person", row["id"]),
            )
            for row in rows
            for recipient in accounts([row["account_id"]])
        ],
    )


async def _tell(topic: Topic, rows: Sequence[dict[str, Any]]) -> None:
    await tell_each(
        topic,
        [
            Message(
                recipient,
                f"{row['id']}:{row['asked_at'] or row['ended_at']}",
                {"place": row["name"], **moment()},
                Subject("Residence", row["id"]),
            )
            for row in rows
            for recipient in accounts([row["account_id"]])
        ],
    )


async def _residences(ids: list[UUID]) -> list[dict[str, Any]]:
    return await fetch(_RESIDENCES, ids)


_RESIDENCES: Final = """
SELECT r.id, r.asked_at, r.ended_at, r.end_reason, q.account_id, p.name
FROM residence r JOIN person q ON q.id = r.person_id JOIN place p ON p.id = r.place_id
WHERE r.id = ANY($1::uuid[]) ORDER BY r.id
"""
_PERMITS: Final = """
SELECT id, account_id, permit_endorse_by FROM person
WHERE id = ANY($1::uuid[]) AND permit_endorse_by IS NOT NULL ORDER BY id
"""
