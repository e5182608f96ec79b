"""Residents declare where they live (自主申报), landlords answer, who was declared objects."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from citizen.declarations.answers import answer_tenant
from citizen.declarations.declaring import Relative, Who, declare_residence
from citizen.declarations.drafting import draft
from citizen.declarations.lists import my_declarations, tenant_questions
from citizen.declarations.moving_out import move_out
from citizen.declarations.objections import object_to_residence
from citizen.declarations.review import supplement_declaration, withdraw_declaration
from citizen.models import Declaration as DeclarationModel
from citizen.models import LandlordAnswer, Relation
from core.errors import NotFound
from core.keyset import Page
from management.models import ConsentPurpose, DocumentKind, Residence
from management.people.consents import Given
from schema.access import ACCOUNT, PERSON
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import optional_row_id, row_id, row_ids
from schema.once import Requested, run_once
from schema.types.declaration_drafts import DeclarationDraft, shape_draft
from schema.types.declarations import (
    READERS,
    Declaration,
    OwnDeclarationConnection,
    declaration_columns,
    declaration_row,
    declaration_rows,
    shape_declarations,
)


@root_type
class DeclarationQueries:
    """Residents declare where they live (自主申报)."""

    @query(DeclarationDraft, access=ACCOUNT)
    async def declaration_draft(
        self,
        info: Info,
        plate_token: Annotated[str, strawberry.argument(description="Token of a scanned plate.")],
    ) -> dict[str, Any]:
        """What is known already of your declaration at a plate: house, room, family, landlord."""
        found = await draft(info.context.actor, plate_token=plate_token)
        return await shape_draft(found, selected(info), info.context)

    @query(Declaration | None, access=READERS)
    async def declaration(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id.")],
    ) -> dict[str, Any] | None:
        """A declaration (自主申报) with its history; `null` when there is none for you to see."""
        return await declaration_row(info, selected(info), row_id(id, "Declaration", field="id"))

    @query(OwnDeclarationConnection, access=ACCOUNT)
    async def my_declarations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What you declared, and what others declared about you (我的申报); the newest first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await my_declarations(
            info.context.actor,
            page=Page.of(first, after, last, before),
            columns=declaration_columns(nodes),
        )
        await shape_declarations(page.rows, nodes, info.context)
        return connection(page, want)

    @query(OwnDeclarationConnection, access=ACCOUNT)
    async def tenant_questions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Tenants at houses that you run, about whom you are asked (待房东确认); oldest first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await tenant_questions(
            info.context.actor,
            page=Page.of(first, after, last, before),
            columns=declaration_columns(nodes),
        )
        await shape_declarations(page.rows, nodes, info.context)
        return connection(page, want)


@gql_input
class FamilyMemberInput:
    """Somebody who lives there with you."""

    relation: Relation = given("What they are to you: `SPOUSE`, `CHILD`, `PARENT` or `OTHER`.")
    person_id: strawberry.ID | None = given(
        "From the draft, for who was declared with you before: nothing else is needed.",
        default=None,
    )
    name: str | None = given("As on the document.", default=None)
    document_kind: DocumentKind = given("Kind of the document.", default=DocumentKind.MAINLAND_ID)
    document_number: str | None = given("Of the document.", default=None)


@gql_input
class AgreedInput:
    """A text that was shown, and agreed to."""

    purpose: ConsentPurpose = given("What for.")
    version: str = given("Of the text, as the draft gave it.")


@gql_input
class DeclareResidenceInput(Requested):
    """That you live somewhere. Who is known already types neither name nor number."""

    plate_token: str = given("Token of the plate in use at the room, or at its house.")
    room_id: strawberry.ID | None = given(
        "The room, at the plate of the house; that of a room says which.", default=None
    )
    name: str | None = given("Your name as on the document.", default=None)
    document_kind: DocumentKind = given("Kind of the document.", default=DocumentKind.MAINLAND_ID)
    document_number: str | None = given("Its number.", default=None)
    starts_on: date | None = given("First day; today when left out.", default=None)
    family: list[FamilyMemberInput] = given("Who lives there with you.", default_factory=list)
    consents: list[AgreedInput] = given(
        "Texts of the draft that you agree to.", default_factory=list
    )
    photo_ids: list[strawberry.ID] = given(
        "Pictures, uploaded for `DECLARATION`, that speak for it, such as the lease; at most 6.",
        default_factory=list,
    )


@gql_input
class DeclarationInput(Requested):
    """Which declaration."""

    declaration_id: strawberry.ID = given("The declaration.")


@gql_input
class SupplementDeclarationInput(DeclarationInput):
    """What is added to a declaration while it waits."""

    words: str = given("In words, up to 500 characters.", default="")
    photo_ids: list[strawberry.ID] = given(
        "Pictures, uploaded for `DECLARATION`.", default_factory=list
    )


@gql_input
class AnswerTenantInput(DeclarationInput):
    """What you as who runs the house say."""

    answer: LandlordAnswer = given("Whether they live there.")
    words: str = given("For the wardens: when they don't, why; 2 to 200 characters.", default="")


@gql_input
class ObjectToResidenceInput(DeclarationInput):
    """Why you don't live there."""

    words: str = given("What happened, 2 to 500 characters.")


@gql_input
class MoveOutInput(Requested):
    """That you leave."""

    ends_on: date | None = given(
        "The first day on which you don't live there; today.", default=None
    )
    whole_family: bool = given(
        "Whether those of your family who have no account leave with you.", default=False
    )


@gql_type(access=READERS)
class DeclarationPayload:
    """The declaration."""

    declaration: Declaration = attr("The declaration as it is now.")


@gql_type(access=READERS)
class DeclareResidencePayload:
    """What was declared."""

    declaration: Declaration = attr("Of the person themselves.")
    family: list[Declaration] = attr("Of those who were declared with them.", size=3)


@gql_type(access=ACCOUNT)
class MoveOutPayload:
    """What has ended."""

    ends_on: date = attr("The first day on which you don't live there.")
    people: int = attr("How many were registered out.")


async def declaration_payload(info: Info, declaration_id: UUID) -> dict[str, Any]:
    """One declaration as it is now."""
    row = await declaration_row(info, selected(info)["declaration"], declaration_id)
    if row is None:
        raise NotFound
    return {"declaration": row}


async def party_payload(info: Info, declaration_id: UUID) -> dict[str, Any]:
    """A declaration and those made with it."""
    want = selected(info)
    made = await DeclarationModel.get(id=declaration_id)
    ids = (
        await DeclarationModel.filter(batch=made.batch).order_by("id").values_list("id", flat=True)
    )
    others = [one for one in ids if one != declaration_id]
    row = await declaration_row(info, want["declaration"], declaration_id)
    if row is None:
        raise NotFound
    family = await declaration_rows(info, want["family"], others) if "family" in want else []  # type: ignore[arg-type]
    return {"declaration": row, "family": family}


def relatives(family: list[FamilyMemberInput]) -> list[Relative]:
    """The family as it was typed."""
    return [
        Relative(
            relation=one.relation,
            person_id=optional_row_id(one.person_id, "Person", field="input.family"),
            who=Who(name=one.name, kind=one.document_kind, number=one.document_number),
        )
        for one in family
    ]


def agreed(consents: list[AgreedInput]) -> list[Given]:
    """What was agreed to."""
    return [Given(one.purpose, one.version) for one in consents]


@root_type
class DeclarationMutations:
    """Residents declare where they live (自主申报)."""

    @mutation(DeclareResidencePayload, access=ACCOUNT)
    async def declare_residence(
        self,
        info: Info,
        input: Annotated[DeclareResidenceInput, strawberry.argument(description="Where.")],
    ) -> dict[str, Any]:
        """Declare that you live in the room at whose plate you stand (自主申报).

        It takes effect at once, and ends where you lived before; a doubtful one is looked at by a
        warden first.
        """
        declaration_id = await run_once(
            info,
            input,
            lambda: declare_residence(
                info.context.actor,
                plate_token=input.plate_token,
                room_id=optional_row_id(input.room_id, "Room", field="input.roomId"),
                who=Who(name=input.name, kind=input.document_kind, number=input.document_number),
                starts_on=input.starts_on,
                family=relatives(input.family),
                consents=agreed(input.consents),
                photo_ids=row_ids(input.photo_ids, "Photo", field="input.photoIds"),
            ),
        )
        return await party_payload(info, declaration_id)

    @mutation(DeclarationPayload, access=PERSON)
    async def supplement_declaration(
        self,
        info: Info,
        input: Annotated[SupplementDeclarationInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Add words or pictures to a declaration that waits for a warden (补充材料)."""
        declaration_id = row_id(input.declaration_id, "Declaration", field="input.declarationId")
        await run_once(
            info,
            input,
            lambda: supplement_declaration(
                info.context.actor,
                declaration_id=declaration_id,
                words=input.words,
                photo_ids=row_ids(input.photo_ids, "Photo", field="input.photoIds"),
            ),
        )
        return await declaration_payload(info, declaration_id)

    @mutation(DeclarationPayload, access=ACCOUNT)
    async def withdraw_declaration(
        self,
        info: Info,
        input: Annotated[DeclarationInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Take a declaration back that waits for a warden (撤回申报)."""
        declaration_id = row_id(input.declaration_id, "Declaration", field="input.declarationId")
        await run_once(
            info,
            input,
            lambda: withdraw_declaration(info.context.actor, declaration_id=declaration_id),
        )
        return await declaration_payload(info, declaration_id)

    @mutation(DeclarationPayload, access=ACCOUNT)
    async def answer_tenant(
        self,
        info: Info,
        input: Annotated[AnswerTenantInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Say as who runs the house whether a tenant lives there (房东答复).

        A no sends a warden to look; silence for seven days closes the question, nothing more.
        """
        declaration_id = row_id(input.declaration_id, "Declaration", field="input.declarationId")
        await run_once(
            info,
            input,
            lambda: answer_tenant(
                info.context.actor,
                declaration_id=declaration_id,
                answer=input.answer,
                words=input.words,
            ),
        )
        return await declaration_payload(info, declaration_id)

    @mutation(DeclarationPayload, access=ACCOUNT)
    async def object_to_residence(
        self,
        info: Info,
        input: Annotated[ObjectToResidenceInput, strawberry.argument(description="Why.")],
    ) -> dict[str, Any]:
        """Say that you don't live where somebody else declared you (居住登记异议)."""
        declaration_id = row_id(input.declaration_id, "Declaration", field="input.declarationId")
        await run_once(
            info,
            input,
            lambda: object_to_residence(
                info.context.actor, declaration_id=declaration_id, words=input.words
            ),
        )
        return await declaration_payload(info, declaration_id)

    @mutation(MoveOutPayload, access=ACCOUNT)
    async def move_out(
        self,
        info: Info,
        input: Annotated[MoveOutInput, strawberry.argument(description="When.")],
    ) -> dict[str, Any]:
        """Say that you move out (搬离): residence, door passes and reminders end with it."""
        residence_id = await run_once(
            info,
            input,
            lambda: move_out(
                info.context.actor, ends_on=input.ends_on, whole_family=input.whole_family
            ),
        )
        residence = await Residence.get(id=residence_id)
        together = Residence.filter(
            room_id=residence.room_id, family=residence.family, ended_at=residence.ended_at
        )
        people = await together.count() if residence.family else 1
        return {"ends_on": residence.ends_on, "people": people}
