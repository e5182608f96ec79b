"""Staff declare for others; wardens look at doubtful declarations and at objections."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from citizen.declarations import revealing
from citizen.declarations.declaring import Who, declare_for
from citizen.declarations.lists import (
    OBJECTION_COLUMNS,
    ReviewFilter,
    count_held,
    held_declarations,
    objection_by_id,
    open_objections,
)
from citizen.declarations.objections import decide_objection
from citizen.declarations.review import Deciding, Decision, decide_declarations, undecided
from citizen.models import Doubt
from core.errors import NotFound
from core.keyset import Page
from identity.actor import Permission
from management.models import DocumentKind
from schema.access import holds
from schema.connections import After, Before, First, Last, connection, counted, wanted_nodes
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_input_named,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import global_id, row_id
from schema.once import Requested, run_once
from schema.roots.declarations import (
    AgreedInput,
    DeclareResidencePayload,
    FamilyMemberInput,
    agreed,
    party_payload,
    relatives,
)
from schema.roots.people import RevealedPerson, revealed_row
from schema.types.declarations import (
    Declaration,
    DeclarationConnection,
    ResidenceObjection,
    ResidenceObjectionConnection,
    declaration_columns,
    declaration_rows,
    objection_row,
    shape_declarations,
)
from schema.types.people import REVEALS

_DECIDE = holds(Permission.DECLARATIONS_DECIDE)
_FILE = holds(Permission.DECLARATIONS_FILE)


@gql_input_named("HeldDeclarationFilter")
class HeldDeclarationFilterInput:
    """Narrows the wardens' queue of declarations."""

    grid_code: str | None = given("In this grid of any level.", default=None)
    doubt: Doubt | None = given("Held for this.", default=None)


@root_type
class DeclarationReviewQueries:
    """Wardens look at doubtful declarations and at objections."""

    @query(DeclarationConnection, access=_DECIDE)
    async def held_declarations(
        self,
        info: Info,
        filter: Annotated[
            HeldDeclarationFilterInput | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Declarations of your grids that wait for you (待核实的申报), the oldest first.

        Those that are held, and those in force that the landlord denies.
        """
        actor, want = info.context.actor, selected(info)
        nodes = wanted_nodes(want)
        wanted = ReviewFilter(**vars(filter)) if filter else ReviewFilter()
        page = await held_declarations(
            actor,
            filter_by=wanted,
            page=Page.of(first, after, last, before),
            columns=declaration_columns(nodes),
        )
        await shape_declarations(page.rows, nodes, info.context)
        return await counted(page, want, lambda: count_held(actor, filter_by=wanted))

    @query(ResidenceObjectionConnection, access=_DECIDE)
    async def residence_objections(
        self,
        info: Info,
        grid_code: Annotated[
            str | None, strawberry.argument(description="In this grid of any level.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Objections of your grids that wait for a decision (待处理的异议), the oldest first."""
        actor, want = info.context.actor, selected(info)
        page = await open_objections(
            actor,
            grid_code=grid_code,
            page=Page.of(first, after, last, before),
            columns=OBJECTION_COLUMNS,
        )
        page.rows[:] = [objection_row(row, actor) for row in page.rows]
        return connection(page, want)


@gql_input
class DeclareForInput(Requested):
    """That somebody lives somewhere, as they told you."""

    room_id: strawberry.ID = given("The room.")
    on_behalf: str = given("Who asked you to, in words, 2 to 100 characters.")
    name: str = given("Name as on the document.")
    document_kind: DocumentKind = given("Kind of the document.", default=DocumentKind.MAINLAND_ID)
    document_number: str = given("Its number.")
    phone: str | None = given("Their phone, when they have one.", default=None)
    starts_on: date | None = given("First day; today when left out.", default=None)
    family: list[FamilyMemberInput] = given("Who lives there with them.", default_factory=list)
    consents: list[AgreedInput] = given(
        "Texts that they agreed to before you: `DOCUMENT_NUMBER`, for a child `MINOR`.",
        default_factory=list,
    )


@gql_input
class DeclarationDecisionInput:
    """What becomes of one declaration."""

    declaration_id: strawberry.ID = given("The declaration.")
    confirm: bool = given("Whether it is right.")
    reason: str = given("Why not, 2 to 200 characters: who declared reads it.", default="")
    new_name: bool = given(
        "Whether the name that was claimed is right, and the one on record is corrected.",
        default=False,
    )


@gql_input
class DecideDeclarationsInput(Requested):
    """What becomes of declarations."""

    items: list[DeclarationDecisionInput] = given("1 to 50 decisions.")


@gql_input
class DecideObjectionInput(Requested):
    """What becomes of an objection."""

    objection_id: strawberry.ID = given("The objection.")
    uphold: bool = given("Whether they are right: the residence is over then.")
    reason: str = given("Why, 2 to 200 characters: who objected reads it.")


@gql_input
class RevealDeclaredInput(Requested):
    """Whose declaration to read in clear."""

    declaration_id: strawberry.ID = given("The declaration.")
    reason: str = given("Why, 2 to 200 characters: it goes on record, and the person reads it.")


@gql_type(access=REVEALS)
class RevealedDeclaration:
    """Who was declared, in clear."""

    person: RevealedPerson = attr("The person of the document, as they are on record.")
    claimed_name: str | None = attr(
        "The name that contradicts the one on record, until it is decided."
    )


@gql_type(access=_DECIDE)
class DeclarationDecision:
    """What became of one declaration."""

    declaration_id: strawberry.ID = attr("Global id of the declaration.")
    decided: bool = attr("Whether it was decided as asked.")
    refusal: str | None = attr(
        "Why not: `NOT_FOUND`, `OWN_DECLARATION`, `SUPERSEDED`, `PLACE_GONE` or its state."
    )
    declaration: Declaration | None = attr("The declaration as it is now.")


@gql_type(access=_DECIDE)
class DecideDeclarationsPayload:
    """What became of each."""

    results: list[DeclarationDecision] = attr("In the order asked for.")


@gql_type(access=_DECIDE)
class ResidenceObjectionPayload:
    """The objection."""

    objection: ResidenceObjection = attr("The objection as it is now.")


@root_type
class DeclarationReviewMutations:
    """Wardens look at doubtful declarations and at objections."""

    @mutation(DeclareResidencePayload, access=_FILE)
    async def declare_for(
        self,
        info: Info,
        input: Annotated[DeclareForInput, strawberry.argument(description="Who and where.")],
    ) -> dict[str, Any]:
        """Declare for somebody who asked you to (代为申报); both of you are on record."""
        declaration_id = await run_once(
            info,
            input,
            lambda: declare_for(
                info.context.actor,
                room_id=row_id(input.room_id, "Room", field="input.roomId"),
                who=Who(name=input.name, kind=input.document_kind, number=input.document_number),
                phone=input.phone,
                on_behalf=input.on_behalf,
                starts_on=input.starts_on,
                family=relatives(input.family),
                consents=agreed(input.consents),
            ),
        )
        return await party_payload(info, declaration_id)

    @mutation(DecideDeclarationsPayload, access=_DECIDE)
    async def decide_declarations(
        self,
        info: Info,
        input: Annotated[DecideDeclarationsInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Confirm or refuse declarations, up to 50 at once; each gets an answer of its own."""
        decisions = [
            Decision(
                declaration_id=row_id(one.declaration_id, "Declaration", field="input.items"),
                confirm=one.confirm,
                reason=one.reason,
                new_name=one.new_name,
            )
            for one in input.items
        ]

        async def act() -> Deciding:
            return await decide_declarations(info.context.actor, decisions=decisions)

        deciding_id = await run_once(info, input, act)
        refusals = await undecided(info.context.actor, deciding_id)
        want = selected(info).under("results", "declaration")
        ids = [one.declaration_id for one in decisions]
        rows = {row["id"]: row for row in await declaration_rows(info, want, ids)}
        if any(global_id("Declaration", one) not in rows for one in ids if one not in refusals):
            raise NotFound  # by now none of the actor's
        return {"results": [_result(one, refusals, rows) for one in ids]}

    @mutation(RevealedDeclaration, access=REVEALS)
    async def reveal_declared(
        self,
        info: Info,
        input: Annotated[RevealDeclaredInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """Who was declared, in clear (查看申报人完整信息), to decide: on record, and told to them.

        While it is held, or the person lives there, as `revealPerson`.
        """
        actor = info.context.actor
        declaration_id = row_id(input.declaration_id, "Declaration", field="input.declarationId")
        read: list[revealing.RevealedDeclaration] = []

        async def disclose() -> revealing.RevealedDeclaration:
            read.append(
                await revealing.reveal_declared(
                    actor, declaration_id=declaration_id, reason=input.reason
                )
            )
            return read[-1]

        look_id = await run_once(info, input, disclose)
        found = (
            read[-1]
            if read
            else await revealing.declared_again(
                actor, declaration_id=declaration_id, look_id=look_id
            )
        )
        return {"person": revealed_row(found.person), "claimed_name": found.claimed_name}

    @mutation(ResidenceObjectionPayload, access=_DECIDE)
    async def decide_objection(
        self,
        info: Info,
        input: Annotated[DecideObjectionInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Uphold an objection to a residence, which ends it, or dismiss it (处理异议)."""
        objection_id = row_id(input.objection_id, "ResidenceObjection", field="input.objectionId")
        await run_once(
            info,
            input,
            lambda: decide_objection(
                info.context.actor,
                objection_id=objection_id,
                uphold=input.uphold,
                reason=input.reason,
            ),
        )
        row = await objection_by_id(info.context.actor, objection_id)
        if row is None:
            raise NotFound
        return {"objection": objection_row(row, info.context.actor)}


def _result(
    declaration_id: UUID, refusals: dict[UUID, str], rows: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    key = global_id("Declaration", declaration_id)
    return {
        "declaration_id": key,
        "decided": declaration_id not in refusals,
        "refusal": refusals.get(declaration_id),
        "declaration": rows.get(key),
    }
