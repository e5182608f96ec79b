"""Who reported a hazard has the last word; the desk asks them; documents; many at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import DomainError, InvalidInput, NotFound
from identity.actor import Permission
from management.hazards.access import visible_hazards
from management.hazards.bulk import (
    Batch,
    accept_hazards,
    dispatch_hazards,
    outcomes,
    pass_hazards,
)
from management.hazards.documents.content import Statement
from management.hazards.documents.issuing import (
    Serving,
    documents_of,
    issue_document,
    serve_document,
)
from management.hazards.following_up import (
    close_unreachable,
    confirm_fixed,
    rate_hazard,
    reopen_hazard,
    say_not_fixed,
)
from management.models import Hazard as HazardRow
from management.models import HazardAction, HazardDocumentKind
from management.models import HazardDocument as DocumentRow
from schema.access import PUBLIC, STAFF, holds
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, root_type, selected
from schema.ids import global_id, row_id, row_ids
from schema.once import Requested, run_once
from schema.roots.hazard_work import HazardStepInput, hazard_of, order_of
from schema.types.hazard_payloads import HazardStepPayload, step_payload
from schema.types.hazard_work import HazardDocument, document_row
from schema.types.hazards import Hazard, hazard_columns, shape_hazards

_INSTEAD = "In place of `hazardId`: the token that an anonymous report was answered with."


@gql_input
class HazardVerdictInput(Requested):
    """What who reported a hazard says of it, or the service desk for them."""

    hazard_id: strawberry.ID | None = given("The hazard.", default=None)
    follow_up_token: str | None = given(_INSTEAD, default=None)
    words: str = given("A remark, up to 500 characters, for staff.", default="")


@gql_input
class ReopenHazardInput(Requested):
    """A closed hazard that is there again, or still."""

    hazard_id: strawberry.ID | None = given("The hazard.", default=None)
    follow_up_token: str | None = given(_INSTEAD, default=None)
    reason: str = given("Why, 2 to 500 characters.")


@gql_input
class RateHazardInput(Requested):
    """How a hazard was handled."""

    hazard_id: strawberry.ID | None = given("The hazard.", default=None)
    follow_up_token: str | None = given(_INSTEAD, default=None)
    rating: int = given("1 to 5.")
    words: str = given("A remark, up to 500 characters, for staff.", default="")


@gql_input
class IssueHazardDocumentInput(Requested):
    """What a document says."""

    hazard_id: strawberry.ID = given("The hazard.")
    kind: HazardDocumentKind = given("Which kind.")
    requirements: str = given("What is to be done, 2 to 500 characters; no names of residents.")
    facts: str = given("What was found, up to 500 characters; else the summary.", default="")
    basis: str = given("The law it rests on; of an order or finding 2 to 300.", default="")
    deadline: datetime | None = given("By when; else the hazard's deadline.", default=None)


@gql_input
class ServeHazardDocumentInput(Requested):
    """How a document was handed over."""

    document_id: strawberry.ID = given("The document.")
    how: Serving = given("How, and to whom by their role.")
    served_at: datetime | None = given("When; now, when left out.", default=None)


@gql_input
class HazardsInput(Requested):
    """Several hazards."""

    hazard_ids: list[strawberry.ID] = given("1 to 50 hazards, each once.")


@gql_input
class DispatchHazardsInput(Requested):
    """Who puts several hazards right, and by when."""

    hazard_ids: list[strawberry.ID] = given("1 to 50 hazards, each once.")
    department_code: str | None = given(
        "The department that leads; either this or `staffId`.", default=None
    )
    staff_id: strawberry.ID | None = given("The member of staff who leads.", default=None)
    assistants: list[str] = given("Codes of departments that help.", default_factory=list)
    deadline: datetime | None = given(
        "By when they are to be put right; left out, as their severity allows.", default=None
    )
    words: str = given("A remark, up to 500 characters.", default="")
    notice: bool = given("Whether notices (隐患告知书) are issued with it.", default=True)


@gql_type(access=STAFF)
class HazardDocumentPayload:
    """The document."""

    document: HazardDocument = attr("The document.")


@gql_type(access=STAFF)
class HazardRefusal:
    """Why one of several hazards was left as it is."""

    code: str = attr("As `extensions.code` of an error.")
    reason: str | None = attr("As `extensions.params.reason` of an error.")
    message: str = attr("In words.")


@gql_type(access=STAFF)
class HazardOutcome:
    """What became of one of several hazards."""

    hazard_id: strawberry.ID = attr("The hazard that was asked for.")
    hazard: Hazard | None = attr("As it is now; nothing when you don't see it.")
    refusal: HazardRefusal | None = attr("Why it was left as it is; nothing when it was not.")


@gql_type(access=STAFF)
class HazardsPayload:
    """What became of several hazards."""

    outcomes: list[HazardOutcome] = attr("Of each, in the order asked for.", size=10)


async def _answered(
    info: Info, input: Any, act: Callable[..., Awaitable[HazardRow]], **more: Any
) -> dict[str, Any]:
    """Take the step of the hazard that an input names, by id or token."""
    token = input.follow_up_token
    if (input.hazard_id is None) == (token is None):
        raise InvalidInput(
            field="input.hazardId",
            reason="ONE",
            zh="请提供隐患编号或查询码，二者选一",
            en="Name the hazard, or give its token: one of the two",
        )
    hazard_id = None if token is not None else hazard_of(input)
    return await step_payload(
        info,
        input,
        lambda: act(info.context.actor, hazard_id=hazard_id, token=token, **more),
        by_token=token is not None,
    )


async def _document_payload(info: Info, document_id: UUID) -> dict[str, Any]:
    row = await DocumentRow.get(id=document_id)
    readable = await documents_of(info.context.actor, [row.hazard_id])
    for one in readable.get(row.hazard_id, []):
        if one["id"] == document_id:
            return {"document": document_row(one)}
    raise NotFound


async def _batch_payload(
    info: Info, input: Any, action: HazardAction, act: Callable[..., Awaitable[Batch]], **more: Any
) -> dict[str, Any]:
    actor = info.context.actor
    ids = row_ids(input.hazard_ids, "Hazard", field="input.hazardIds")
    batch_id = await run_once(info, input, lambda: act(actor, hazard_ids=ids, **more))
    found = await outcomes(actor, batch_id, action, ids)
    rows = await _rows(info, ids)
    if not rows:
        raise NotFound
    return {
        "outcomes": [
            {
                "hazard_id": global_id("Hazard", one.hazard_id),
                "hazard": rows.get(one.hazard_id),
                "refusal": one.refusal and _refusal(one.refusal, info),
            }
            for one in found
        ]
    }


async def _rows(info: Info, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    want = selected(info)["outcomes"]["hazard"]
    query = visible_hazards(info.context.actor).filter(id__in=list(ids))
    rows = list(await query.values(*hazard_columns(want)))
    keys = [row["id"] for row in rows]
    return dict(zip(keys, await shape_hazards(rows, want, info.context), strict=True))


def _refusal(error: DomainError, info: Info) -> dict[str, Any]:
    return {
        "code": error.code.value,
        "reason": error.reason,
        "message": error.message(info.context.language),
    }


@root_type
class HazardAnswerMutations:
    """The last word, documents, many at once."""

    @mutation(HazardStepPayload, access=PUBLIC)
    async def confirm_hazard_fixed(
        self,
        info: Info,
        input: Annotated[HazardVerdictInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Say that a hazard is fixed (确认已整改), as who reported it, or for whom you called."""
        return await _answered(info, input, confirm_fixed, words=input.words)

    @mutation(HazardStepPayload, access=PUBLIC)
    async def say_hazard_not_fixed(
        self,
        info: Info,
        input: Annotated[HazardVerdictInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Say that a hazard is not fixed (反映未整改): it goes back, and that is counted."""
        return await _answered(info, input, say_not_fixed, words=input.words)

    @mutation(HazardStepPayload, access=holds(Permission.HAZARDS_FOLLOW_UP))
    async def close_hazard_unreachable(
        self,
        info: Info,
        input: Annotated[HazardStepInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Close a hazard whose reporter can't be reached (联系不上，销号)."""
        hazard_id = hazard_of(input)
        return await step_payload(
            info,
            input,
            lambda: close_unreachable(info.context.actor, hazard_id=hazard_id, words=input.words),
        )

    @mutation(HazardStepPayload, access=PUBLIC)
    async def reopen_hazard(
        self,
        info: Info,
        input: Annotated[ReopenHazardInput, strawberry.argument(description="Why.")],
    ) -> dict[str, Any]:
        """Reopen a closed hazard (重新打开): within 72 hours who reported it, or a supervisor."""
        return await _answered(info, input, reopen_hazard, reason=input.reason)

    @mutation(HazardStepPayload, access=PUBLIC)
    async def rate_hazard(
        self,
        info: Info,
        input: Annotated[RateHazardInput, strawberry.argument(description="How well.")],
    ) -> dict[str, Any]:
        """Rate how a hazard that you reported was handled (评价), once."""
        return await _answered(info, input, rate_hazard, rating=input.rating, words=input.words)

    @mutation(HazardDocumentPayload, access=STAFF)
    async def issue_hazard_document(
        self,
        info: Info,
        input: Annotated[IssueHazardDocumentInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Issue a numbered document (出具文书): a notice, or as a department an order."""
        hazard_id = hazard_of(input)
        said = Statement(
            facts=input.facts,
            requirements=input.requirements,
            basis=input.basis,
            deadline=input.deadline,
        )
        document_id = await run_once(
            info,
            input,
            lambda: issue_document(
                info.context.actor, hazard_id=hazard_id, kind=input.kind, said=said
            ),
        )
        return await _document_payload(info, document_id)

    @mutation(HazardDocumentPayload, access=STAFF)
    async def serve_hazard_document(
        self,
        info: Info,
        input: Annotated[ServeHazardDocumentInput, strawberry.argument(description="How.")],
    ) -> dict[str, Any]:
        """Note that a document was handed over (送达)."""
        document_id = row_id(input.document_id, "HazardDocument", field="input.documentId")
        await run_once(
            info,
            input,
            lambda: serve_document(
                info.context.actor,
                document_id=document_id,
                how=input.how,
                served_at=input.served_at,
            ),
        )
        return await _document_payload(info, document_id)

    @mutation(HazardsPayload, access=holds(Permission.HAZARDS_ACCEPT))
    async def accept_hazards(
        self,
        info: Info,
        input: Annotated[HazardsInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Accept several reports (批量受理); each has a result of its own."""
        return await _batch_payload(info, input, HazardAction.ACCEPT, accept_hazards)

    @mutation(HazardsPayload, access=holds(Permission.HAZARDS_DISPATCH))
    async def dispatch_hazards(
        self,
        info: Info,
        input: Annotated[DispatchHazardsInput, strawberry.argument(description="To whom.")],
    ) -> dict[str, Any]:
        """Dispatch several hazards alike (批量派单); each has a result of its own."""
        order = order_of(input)
        return await _batch_payload(
            info, input, HazardAction.DISPATCH, dispatch_hazards, order=order
        )

    @mutation(HazardsPayload, access=holds(Permission.HAZARDS_RECHECK))
    async def pass_hazards(
        self,
        info: Info,
        input: Annotated[HazardsInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Pass several hazards (批量复查通过); each has a result of its own."""
        return await _batch_payload(info, input, HazardAction.PASS, pass_hazards)
