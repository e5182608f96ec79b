"""What is known of a declaration before it is made."""

from __future__ import annotations

from typing import Any

import strawberry

from citizen.declarations.drafting import Draft
from citizen.models import Relation
from core.masking import mask_phone
from management.models import ConsentPurpose, DocumentKind
from management.people.persons import shown
from management.rules import rules
from schema.access import ACCOUNT
from schema.context import Context
from schema.fields import attr, gql_type
from schema.ids import global_id
from schema.selection import Selection
from schema.types.listings import PublicPlace, PublicRoom, scanned_place


@gql_type(access=ACCOUNT)
class DraftIdentity:
    """Who you are known as; masked, as you know it yourself."""

    name: str | None = attr("Such as 张*.")
    number: str | None = attr("Of the document, such as 4419**********1234.")
    document_kind: DocumentKind = attr("Kind of the document.")


@gql_type(access=ACCOUNT)
class DraftRelative:
    """Somebody who was declared with you before: nothing has to be typed again."""

    person_id: strawberry.ID = attr("For `family` of the declaration: a global id, opaque.")
    name: str | None = attr("Masked, such as 张*.")
    relation: Relation = attr("What they were declared as.")


@gql_type(access=ACCOUNT)
class DraftConsent:
    """A text to agree to before you declare (单独同意)."""

    purpose: ConsentPurpose = attr(
        "What for: `DOCUMENT_NUMBER` when a document is typed, `MINOR` for a child under 14."
    )
    version: str = attr("Goes into `consents` of the declaration.")
    title: str = attr("In short.")
    body: str = attr("The text.")


@gql_type(access=ACCOUNT)
class DeclarationDraft:
    """A declaration (自主申报) before it is made: two fields are all that is missing."""

    place: PublicPlace = attr("The house.")
    rooms: list[PublicRoom] = attr(
        "The room of the plate; at the plate of the house, those to choose from.", size=20
    )
    person: DraftIdentity | None = attr("Who you are known as; empty: name and number are needed.")
    phone: str | None = attr("Your phone, masked; empty: add it to your account first.")
    family: list[DraftRelative] = attr("Your family, from earlier declarations.", size=3)
    landlord_known: bool = attr("Whether somebody is known to run the house: they are told.")
    living_here: bool = attr(
        "Whether you are registered here: to declare says that it is still so."
    )
    consents: list[DraftConsent] = attr("Texts that you have not agreed to yet.", size=2)
    days_back: int = attr("The first day may lie so many days back.")


async def shape_draft(found: Draft, want: Selection, context: Context) -> dict[str, Any]:
    """A draft, ready for the schema."""
    person, english = found.person, context.language == "en"
    return {
        "place": await scanned_place(found.scanned.row, want["place"], context),
        "rooms": [
            {
                **{name: room[name] for name in ("number", "floor", "area", "dormitory")},
                "id": global_id("Room", room["id"]),
            }
            for room in found.rooms
        ],
        "person": person
        and {
            **{name: shown(person, clear=False)[name] for name in ("name", "number")},
            "document_kind": person.document_kind,
        },
        "phone": mask_phone(found.phone) if found.phone else None,
        "family": [
            {
                "person_id": global_id("Person", one.person.id),
                "name": shown(one.person, clear=False)["name"],
                "relation": one.relation,
            }
            for one in found.family
        ],
        "landlord_known": found.landlord_known,
        "living_here": found.living_here,
        "consents": [
            {
                "purpose": one.purpose,
                "version": one.version,
                "title": one.title_en if english else one.title_zh,
                "body": one.body_en if english else one.body_zh,
            }
            for one in found.consents
        ],
        "days_back": rules().declaration_days_back,
    }
