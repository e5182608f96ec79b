"""Who is concerned: accounts and posts, without who acts. Each answer is one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from core.clock import today
from core.crypto import ring
from core.database import fetch
from core.work import current
from identity.actor import ROLE_PERMISSIONS, Permission
from identity.phone_sign_in import phone_indexes
from notifications.telling import Recipient


def accounts(ids: Iterable[UUID | None]) -> list[Recipient]:
    """These accounts but for who acts: nobody is told of what they did themselves."""
    me = current().who.id
    return [Recipient(account_id=one) for one in dict.fromkeys(ids) if one not in {None, me}]


def staff(ids: Iterable[UUID]) -> list[Recipient]:
    """These members of staff but for who acts."""
    me = current().who.id
    return [Recipient(staff_id=one) for one in dict.fromkeys(ids) if one != me]


async def landlords(place_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The accounts known to run each place, as owner, sub-landlord or agent."""
    answer: dict[UUID, list[UUID]] = {place_id: [] for place_id in place_ids}
    for row in await fetch(_LANDLORDS, list(place_ids)):
        answer[row["place_id"]].append(row["account_id"])
    return answer


async def accounts_of(person_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The account of each person, or those with their phone while none is known as theirs.

    An account that is known to be somebody else's is not told of them.
    """
    answer: dict[UUID, list[UUID]] = {}
    unknown: dict[str, list[UUID]] = {}
    for row in await fetch(_PERSONS, list(person_ids)):
        if row["account_id"] is not None:
            answer[row["id"]] = [row["account_id"]]
        elif row["phone"] is not None:
            phone = ring().decrypt(row["phone"], table="person", column="phone", row=row["id"])
            for index in phone_indexes(phone):
                unknown.setdefault(index, []).append(row["id"])
    for row in await fetch(_BY_PHONE, list(unknown)) if unknown else ():
        for person_id in unknown[row["phone_index"]]:
            answer.setdefault(person_id, []).append(row["id"])
    return answer


async def officers(paths: Collection[str], permission: Permission) -> dict[str, list[UUID]]:
    """For each grid path who answers there for what the permission is for, leads first.

    Those posted at the nearest level that has anybody: where a grid has a warden, the
    community's and the town's officers are not told.
    """
    roles = [role.value for role, held in ROLE_PERMISSIONS.items() if permission in held]
    wanted = {path: _levels(path) for path in paths}
    known = [level for levels in wanted.values() for level in levels]
    at: dict[str, list[UUID]] = {}
    for row in await fetch(_OFFICERS, known, roles, today()):
        at.setdefault(row["grid_path"], []).append(row["staff_id"])
    return {
        path: next((at[level] for level in levels if level in at), [])
        for path, levels in wanted.items()
    }


def _levels(path: str) -> list[str]:
    """The path and those above it, the nearest first."""
    codes = path.rstrip("/").split("/")
    return ["".join(f"{code}/" for code in codes[:count]) for count in range(len(codes), 0, -1)]


_LANDLORDS: Final = """
SELECT place_id, account_id FROM place_claim
WHERE place_id = ANY($1::uuid[]) AND state = 'VERIFIED' ORDER BY id
"""

_PERSONS: Final = "SELECT id, account_id, phone FROM person WHERE id = ANY($1::uuid[])"
_BY_PHONE: Final = """
SELECT a.id, a.phone_index FROM account a WHERE a.phone_index = ANY($1::text[])
  AND NOT EXISTS (SELECT 1 FROM person p WHERE p.account_id = a.id)
"""
_OFFICERS: Final = """
SELECT g.grid_path, g.staff_id FROM grid_post g JOIN staff_member s ON s.id = g.staff_id
WHERE g.grid_path = ANY($1::text[]) AND g.role = ANY($2::text[]) AND s.left_at IS NULL
  AND g.starts_on <= $3 AND (g.ends_on IS NULL OR g.ends_on > $3)
ORDER BY g.lead DESC, g.id
"""
