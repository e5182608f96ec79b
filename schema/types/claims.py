"""Claims: that somebody runs a house, and how far a warden is with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import strawberry

from core.crypto import ring
from core.errors import Language
from core.masking import mask_phone
from identity.actor import ActorKind, Permission
from management.claims import papers_of
from management.models import ClaimEnd, ClaimPaper, ClaimRole, ClaimState
from media.photos import PHOTO_COLUMNS
from schema.access import holds_or_account
from schema.connections import CountedConnection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node
from schema.types.listings import (
    Photo,
    PublicPlace,
    add_public_places,
    photo_row,
    public_place_columns,
)

CLAIMS: Final = holds_or_account(Permission.CLAIMS_DECIDE)


@gql_type(access=CLAIMS)
class Claimant:
    """Who claims a house."""

    display_name: str = attr("What they call themselves.")
    phone: str | None = attr("Their phone, such as 138****0000.")


@gql_type(access=CLAIMS)
class ClaimPhoto:
    """A picture of a paper that proves a claim."""

    paper: ClaimPaper = attr("What it proves.")
    photo: Photo = attr("The picture.")


@gql_type(access=CLAIMS)
class PlaceClaim(Node):
    """That somebody runs a house (认领)."""

    role: ClaimRole = attr("As what.")
    state: ClaimState = attr("How far it is.")
    reason: str | None = attr("Why it was refused or ended.")
    place: PublicPlace = attr("The house.", needs=("place_id",))
    claimant: Claimant | None = attr(
        "Who claims it: for themselves and for the warden.",
        needs=("account_id", "account__display_name", "account__phone"),
    )
    lease_from: date | None = attr("Of a sub-landlord: first day of the head lease.")
    lease_until: date | None = attr("Of a sub-landlord: its last day.")
    acts_for: ClaimRole | None = attr(
        "Of an agent: for the owner, or for the sub-landlord.", needs=("acts_for__role",)
    )
    takes_over: bool = attr(
        "Whether it takes the place of another in the same role.", needs=("takes_over_id",)
    )
    handed_over: bool = attr(
        "Whether who ran the house vouches for it, so that it needs no papers.", needs=("vouched",)
    )
    papers: list[ClaimPhoto] = attr(
        "Pictures of papers; they go 90 days after the claim was refused or ended.",
        needs=(),
        size=3,
    )
    created_at: datetime = attr("When it was made.")
    decided_at: datetime | None = attr("When it was last decided, or ended.")


@strawberry.type(name="PlaceClaimConnection", description="One page of claims.")
class PlaceClaimConnection(CountedConnection[PlaceClaim]):
    """One page of claims."""


_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    field.python_name: field.metadata["needs"]
    for field in PlaceClaim.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}

_ENDS: Final[Mapping[str, tuple[str, str]]] = {
    ClaimEnd.WITHDRAWN: ("认领人撤回", "Taken back"),
    ClaimEnd.LEFT: ("本人不再管理", "They left the house"),
    ClaimEnd.TAKEN_OVER: ("已由他人接管", "Somebody else took the house over"),
    ClaimEnd.LEASE_OVER: ("承租期已满", "The head lease was over"),
    ClaimEnd.PRINCIPAL_ENDED: ("委托人不再管理", "Whom they acted for no longer runs the house"),
    ClaimEnd.ACCOUNT_CLOSED: ("账号已注销", "The account was closed"),
    ClaimEnd.MERGED: (
        "账号合并，由另一份认领代替",
        "Two accounts became one; another claim stands",
    ),
}


def claim_columns(want: Selection) -> list[str]:
    """The columns of claims that a selection needs."""
    columns = want.columns(_NEEDS, "id")
    if "place" in want:
        columns += public_place_columns(want["place"])
    return list(dict.fromkeys(columns))


async def shape_claims(rows: Rows, want: Selection, context: Context) -> Rows:
    """Claims as read, ready for the schema: papers come in one query."""
    if not rows:
        return rows
    papers = await papers_of([row["id"] for row in rows]) if "papers" in want else {}
    if "place" in want:
        await add_public_places(rows, want["place"], context)
    for row in rows:
        if "claimant" in want:
            row["claimant"] = _claimant(row, context)
        if "reason" in want:
            row["reason"] = _words(row["reason"], context.language)
        if "papers" in want:
            row["papers"] = [_paper(paper, context.language) for paper in papers[row["id"]]]
        row["acts_for"] = row.get("acts_for__role")
        row["takes_over"] = row.get("takes_over_id") is not None
        row["handed_over"] = row.get("vouched")
        row["id"] = global_id("PlaceClaim", row["id"])
    return rows


def _claimant(row: Mapping[str, Any], context: Context) -> dict[str, Any] | None:
    actor, account_id = context.actor, row["account_id"]
    if actor.kind is ActorKind.ACCOUNT and account_id != actor.id:
        return None  # who hands a house over learns nothing about the successor
    return {
        "display_name": row["account__display_name"],
        "phone": _phone(row["account__phone"], account_id),
    }


def _phone(sealed: str | None, account_id: UUID) -> str | None:
    if sealed is None:
        return None
    return mask_phone(ring().decrypt(sealed, table="account", column="phone", row=account_id))


def _words(reason: str, language: Language) -> str | None:
    zh, en = _ENDS.get(reason, (reason, reason))
    return (en if language == "en" else zh) or None


def _paper(row: Mapping[str, Any], language: Language) -> dict[str, Any]:
    photo = {name: row[f"photo__{name}"] for name in PHOTO_COLUMNS}
    return {"paper": row["paper"], "photo": photo_row(photo, language)}
