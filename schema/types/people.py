"""People, where they live, what they agreed to, who looked, and the way to a residence permit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import strawberry

from core.errors import Language
from core.privacy import Basis
from identity.actor import Actor, ActorKind, Permission, Role
from management.models import (
    Consent,
    ConsentPurpose,
    DocumentKind,
    ResidenceCheck,
    ResidenceEnd,
    ResidenceSource,
)
from management.models import ResidenceCertificate as Certificate
from management.people.certificates import CertificateState, download_address, state_of
from management.people.consents import ConsentText as Text
from management.people.looks import names_of_staff
from management.people.permits import PermitCount
from management.people.persons import PERSON_COLUMNS, SEALED, shown
from management.territory import territory
from schema.access import ACCOUNT, PUBLIC, Access, holds, holds_or_account
from schema.connections import CountedConnection
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node
from schema.types.listings import PublicPlace, add_public_places, public_place_columns

PEOPLE: Final = holds_or_account(Permission.PEOPLE_READ)
STAFF_READS: Final = holds(Permission.PEOPLE_READ)
REVEALS: Final = holds(Permission.PEOPLE_REVEAL)

_CLOSE: Final = Access(
    "oneself, and staff with people:read where they live",
    lambda actor: actor.kind is ActorKind.ACCOUNT or bool(actor.paths(Permission.PEOPLE_READ)),
    lambda actor, row: bool(row["own"]) or actor.kind is ActorKind.STAFF,
)
_OWN: Final = Access(
    "oneself",
    lambda actor: actor.kind is ActorKind.ACCOUNT,
    lambda actor, row: bool(row["own"]),
)


@gql_type(access=PEOPLE)
class Person:
    """Somebody who lives in the town (人员). In clear for themselves, masked for everybody else."""

    id: strawberry.ID = attr("Global id, opaque.")
    name: str | None = attr("Name, such as 张*; empty when it was erased.")
    document_kind: DocumentKind | None = attr("Kind of the document.", access=_CLOSE)
    number: str | None = attr(
        "Of the document, such as 4419**********1234; not for who runs the house.", access=_CLOSE
    )
    born: str | None = attr("Day of birth, such as 1990-**-**.", access=_CLOSE)
    phone: str | None = attr("Phone, such as 138****0000.", access=_CLOSE)
    has_account: bool | None = attr(
        "Whether an account is known to be theirs; not for who runs the house.", access=_CLOSE
    )
    own: bool = attr("Whether it is you.")


@gql_type(access=PEOPLE)
class Residence(Node):
    """That a person lives in a room, from a day up to, not including, another (居住登记)."""

    person: Person = attr("Who.", needs=("person_id",))
    place: PublicPlace = attr("The house.", needs=("place_id",))
    room_number: str = attr("The room.", needs=("room__number",))
    source: ResidenceSource = attr("Who said so.")
    check_state: ResidenceCheck = attr("Whether somebody else has looked at it.")
    household: bool = attr("Whether it is one of a family's.", needs=("family",))
    starts_on: date = attr("The first day.")
    ends_on: date | None = attr("The day from which on it no longer holds.")
    end_reason: ResidenceEnd | None = attr("Why it is over.")
    current: bool = attr("Whether it holds.")
    confirmed_on: date = attr("The day on which it was last said that it is so.")
    asked_at: datetime | None = attr(
        "When you were asked whether you still live there; empty once you answered.", access=_OWN
    )


@strawberry.type(name="ResidenceConnection", description="One page of residences.")
class ResidenceConnection(CountedConnection[Residence]):
    """One page of residences."""


@gql_type(access=ACCOUNT)
class PersonLook:
    """Somebody read your data in clear (查阅记录)."""

    id: strawberry.ID = attr("Global id, opaque.")
    at: datetime = attr("When.")
    by: str = attr("Name of the member of staff; of an app or a former one, what it was.")
    role: Role | None = attr("As what.", needs=("office",))
    grid: str | None = attr("For which grid.", needs=("office",))
    reason: str = attr("Why, in their words.")
    fields: list[str] = attr(
        "What was shown: `name`, `number`, `phone`, `born`, `claimed_name`.",
        needs=("what",),
        size=4,
    )


@strawberry.type(name="PersonLookConnection", description="One page of looks.")
class PersonLookConnection(CountedConnection[PersonLook]):
    """One page of looks."""


@gql_type(access=ACCOUNT)
class ResidencePermit:
    """How far you are toward a residence permit (居住证), by what is registered here."""

    days: int = attr("Registered days in a row that count.")
    needed_days: int = attr("How many are needed: half a year.")
    eligible_on: date | None = attr(
        "When they are, or were, enough; empty while you aren't registered and they aren't."
    )
    endorse_by: date | None = attr("The day by which your permit must be endorsed (签注).")


@gql_type(access=ACCOUNT)
class ResidenceCertificate:
    """A certificate of where you live (居住登记凭证) that anybody can check by its code."""

    id: strawberry.ID = attr("Global id, opaque.")
    number: str = attr("Its number, such as JZ2026-000001.")
    state: CertificateState = attr("Whether it holds.")
    issued_at: datetime = attr("When you drew it.")
    valid_until: date = attr("Its last day; it ends earlier when you move out.")
    download_url: str | None = attr(
        "Where the PDF is fetched, for ten minutes; ask again for a new address."
    )


@gql_type(access=PUBLIC)
class ConsentText:
    """What is asked of you apart from everything else (单独同意), in words."""

    purpose: ConsentPurpose = attr("What for.")
    version: str = attr("Goes with your answer: to which words you agreed.")
    title: str = attr("In a few words.")
    body: str = attr("In full.")
    by_duty: bool = attr(
        "Whether the processing itself rests on a legal duty, so that withdrawing ends only"
        " what it makes easier."
    )


@gql_type(access=ACCOUNT)
class GivenConsent:
    """Something that you agreed to."""

    purpose: ConsentPurpose = attr("What for.")
    version: str = attr("To which words.")
    given_at: datetime = attr("When.")
    withdrawn_at: datetime | None = attr("When you took it back.")


_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    field.python_name: field.metadata["needs"]
    for field in Residence.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}
OF_PERSON: Final = (*PERSON_COLUMNS, "document_kind", "account_id")
"""The columns of a person that :func:`person_row` needs."""


def residence_columns(want: Selection) -> list[str]:
    """The columns of residences that a selection needs."""
    columns = want.columns(_NEEDS, "id", "person__account_id")
    if "person" in want:
        columns += [f"person__{name}" for name in OF_PERSON]
    if "place" in want:
        columns += public_place_columns(want["place"])
    return list(dict.fromkeys(columns))


async def shape_residences(rows: Rows, want: Selection, context: Context) -> Rows:
    """Residences as read, ready for the schema."""
    if not rows:
        return rows
    if "place" in want:
        await add_public_places(rows, want["place"], context)
    for row in rows:
        row["own"] = _is_own(row["person__account_id"], context.actor)
        if "person" in want:
            row["person"] = _person(row, "person__", own=row["own"])
        row["room_number"] = row.get("room__number")
        row["household"] = row.get("family") is not None
        row["id"] = global_id("Residence", row["id"])
    return rows


def person_row(row: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """A person read with :data:`OF_PERSON`, ready for the schema."""
    return _person(row, "", own=_is_own(row["account_id"], actor))


async def shape_looks(rows: Rows, language: Language) -> Rows:
    """Looks as read, ready for the schema: names of staff come in one query."""
    names = await names_of_staff({row["staff_id"] for row in rows if row.get("staff_id")})
    grids = (await territory()).by_code
    for row in rows:
        role, _, code = row.get("office", "").partition(" ")
        grid = grids.get(code)
        row["by"] = names.get(row["staff_id"], role) if row.get("staff_id") else role
        row["role"] = role if role in set(Role) else None
        row["grid"] = grid["name_en" if language == "en" else "name_zh"] if grid else None
        row["fields"] = row.get("what", [])
        row["id"] = global_id("PersonLook", row["id"])
    return rows


LOOK_COLUMNS: Final = ("id", "at", "office", "reason", "what", "staff_id")


def permit_row(count: PermitCount) -> dict[str, Any]:
    """A day count, ready for the schema."""
    return {
        "days": count.days,
        "needed_days": count.needed,
        "eligible_on": count.eligible_on,
        "endorse_by": count.endorse_by,
    }


def consent_text_row(text: Text, language: Language) -> dict[str, Any]:
    """A text in the language of the reader, ready for the schema."""
    english = language == "en"
    return {
        "purpose": text.purpose,
        "version": text.version,
        "title": text.title_en if english else text.title_zh,
        "body": text.body_en if english else text.body_zh,
        "by_duty": text.basis is Basis.STATUTORY_DUTY,
    }


def certificate_row(certificate: Certificate) -> dict[str, Any]:
    """A certificate, ready for the schema. Only for the person."""
    return {
        "id": global_id("ResidenceCertificate", certificate.id),
        "number": certificate.number,
        "state": state_of(certificate),
        "issued_at": certificate.issued_at,
        "valid_until": certificate.valid_until,
        "download_url": download_address(certificate),
    }


def consent_row(consent: Consent) -> dict[str, Any]:
    """A consent, ready for the schema."""
    return {
        "purpose": consent.purpose,
        "version": consent.version,
        "given_at": consent.given_at,
        "withdrawn_at": consent.withdrawn_at,
    }


def _is_own(account_id: UUID | None, actor: Actor) -> bool:
    return actor.kind is ActorKind.ACCOUNT and account_id == actor.id


def _person(row: Mapping[str, Any], prefix: str, *, own: bool) -> dict[str, Any]:
    return {
        **dict.fromkeys(SEALED),
        **shown(row, clear=own, prefix=prefix),
        "id": global_id("Person", row[f"{prefix}id"]),
        "document_kind": row[f"{prefix}document_kind"],
        "has_account": row[f"{prefix}account_id"] is not None,
        "own": own,
    }
