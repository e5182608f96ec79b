"""Two accounts of one person that became one, as staff see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from identity.access import access_merge
from identity.actor import Actor, Permission
from schema.access import holds
from schema.connections import Connection
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection


@gql_type(access=holds(Permission.ACCOUNTS_LOCK))
class AccountMerge:
    """Two accounts of one person that became one (账号合并)."""

    id: strawberry.ID = attr("Global id, opaque.")
    kept_id: strawberry.ID = attr("The account that was kept: the one that had the phone.")
    merged_id: strawberry.ID = attr("The account that went into it, closed since.")
    merged_at: datetime = attr("When.")
    rows: int = attr("How many rows changed hands or were changed.", needs=("moved",))
    undone_at: datetime | None = attr("Since when the two are parted again.")


@strawberry.type(name="AccountMergeConnection", description="One page of account merges.")
class AccountMergeConnection(Connection[AccountMerge]):
    """One page of account merges."""


_NEEDS = {
    field.python_name: field.metadata["needs"]
    for field in AccountMerge.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}


def merge_columns(want: Selection) -> list[str]:
    """The columns of merges that a selection needs."""
    return want.columns(_NEEDS, "id")


def shape_merges(rows: Rows, want: Selection) -> Rows:
    """Merges as read, ready for the schema."""
    for row in rows:
        if "rows" in want:
            row["rows"] = sum(map(len, row["moved"].values()))
        row["id"] = global_id("AccountMerge", row["id"])
        for side in ("kept_id", "merged_id"):
            if side in want:
                row[side] = global_id("Account", row[side])
    return rows


async def merge_row(actor: Actor, merge_id: UUID, want: Selection) -> dict[str, Any]:
    """One merge, ready for the schema.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor may not lock accounts.
    """
    found = await access_merge(actor, merge_id=merge_id)
    return shape_merges([{name: getattr(found, name) for name in merge_columns(want)}], want)[0]
