"""Staff drive hazards to closure, step by step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from identity.actor import Permission
from management.hazards.accepting import accept_hazard, change_severity, reject_hazard
from management.hazards.dispatching import Order, dispatch_hazard
from management.hazards.rechecking import close_case, fail_hazard, pass_hazard
from management.hazards.rectifying import (
    ask_enforcement,
    extend_hazard,
    return_hazard,
    start_hazard,
    submit_hazard,
)
from management.models import Hazard as HazardRow
from management.models import Severity
from schema.access import holds, holds_or_account
from schema.context import Info
from schema.fields import given, gql_input, mutation, root_type
from schema.ids import row_id, row_ids
from schema.once import Requested
from schema.types.hazard_payloads import HazardStepPayload, step_payload

_ACCEPTS = holds(Permission.HAZARDS_ACCEPT)
_DISPATCHES = holds(Permission.HAZARDS_DISPATCH)
_RECTIFIES = holds(Permission.HAZARDS_RECTIFY)
_RECTIFIES_OR_RUNS = holds_or_account(Permission.HAZARDS_RECTIFY)
_RECHECKS = holds(Permission.HAZARDS_RECHECK)


@gql_input
class HazardStepInput(Requested):
    """A step of a hazard, with a remark."""

    hazard_id: strawberry.ID = given("The hazard.")
    words: str = given("A remark, up to 500 characters, for staff.", default="")


@gql_input
class HazardReasonInput(Requested):
    """A step of a hazard that needs a reason."""

    hazard_id: strawberry.ID = given("The hazard.")
    reason: str = given("Why, 2 to 500 characters.")


@gql_input
class AcceptHazardInput(Requested):
    """A report that is true."""

    hazard_id: strawberry.ID = given("The hazard.")
    summary: str | None = given(
        "What it is, up to 200 characters, in words that landlord and public may read.",
        default=None,
    )


@gql_input
class ChangeHazardSeverityInput(Requested):
    """How bad a hazard is, judged anew."""

    hazard_id: strawberry.ID = given("The hazard.")
    severity: Severity = given("How bad it is.")
    reason: str = given("Why, 2 to 500 characters.")


@gql_input
class DispatchHazardInput(Requested):
    """Who puts a hazard right, and by when."""

    hazard_id: strawberry.ID = given("The hazard.")
    department_code: str | None = given(
        "The department that leads; either this or `staffId`.", default=None
    )
    staff_id: strawberry.ID | None = given("The member of staff who leads.", default=None)
    assistants: list[str] = given("Codes of departments that help.", default_factory=list)
    deadline: datetime | None = given(
        "By when it is to be put right; left out, as its severity allows.", default=None
    )
    words: str = given("A remark, up to 500 characters.", default="")
    notice: bool = given("Whether the notice (隐患告知书) is issued with it.", default=True)


@gql_input
class ReturnHazardInput(Requested):
    """A hazard that is another department's."""

    hazard_id: strawberry.ID = given("The hazard.")
    department_code: str = given("The department whose work it is.")
    reason: str = given("Why, 2 to 500 characters.")


@gql_input
class SubmitHazardInput(Requested):
    """A hazard that was put right."""

    hazard_id: strawberry.ID = given("The hazard.")
    photo_ids: list[strawberry.ID] = given("1 to 6 pictures, uploaded for `HAZARD`.")
    words: str = given("A remark, up to 500 characters.", default="")


@gql_input
class ExtendHazardInput(Requested):
    """More time for a hazard."""

    hazard_id: strawberry.ID = given("The hazard.")
    deadline: datetime = given("Until when.")
    reason: str = given("Why, 2 to 500 characters.")


@gql_input
class PassHazardInput(Requested):
    """A hazard that is found put right."""

    hazard_id: strawberry.ID = given("The hazard.")
    photo_ids: list[strawberry.ID] = given(
        "Up to 6 pictures, uploaded for `HAZARD`.", default_factory=list
    )
    words: str = given("A remark, up to 500 characters.", default="")


@gql_input
class FailHazardInput(Requested):
    """A hazard that is found not put right."""

    hazard_id: strawberry.ID = given("The hazard.")
    reason: str = given("Why, 2 to 500 characters.")
    photo_ids: list[strawberry.ID] = given(
        "Up to 6 pictures, uploaded for `HAZARD`.", default_factory=list
    )


def hazard_of(input: Any) -> UUID:
    """The hazard that an input names."""
    return row_id(input.hazard_id, "Hazard", field="input.hazardId")


def photos_of(input: Any) -> list[UUID]:
    """The pictures that an input names."""
    return row_ids(input.photo_ids, "Photo", field="input.photoIds")


async def _stepped(
    info: Info, input: Any, act: Callable[..., Awaitable[HazardRow]], **more: Any
) -> dict[str, Any]:
    """Take the step of one hazard that an input names."""
    hazard_id = hazard_of(input)
    return await step_payload(
        info, input, lambda: act(info.context.actor, hazard_id=hazard_id, **more)
    )


@root_type
class HazardWorkQueries:
    """Staff drive hazards to closure."""


@root_type
class HazardWorkMutations:
    """Staff drive hazards to closure."""

    @mutation(HazardStepPayload, access=_ACCEPTS)
    async def accept_hazard(
        self,
        info: Info,
        input: Annotated[AcceptHazardInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Accept a report (受理): it is true, and somebody has to be sent."""
        return await _stepped(info, input, accept_hazard, summary=input.summary)

    @mutation(HazardStepPayload, access=_ACCEPTS)
    async def reject_hazard(
        self,
        info: Info,
        input: Annotated[HazardReasonInput, strawberry.argument(description="Why.")],
    ) -> dict[str, Any]:
        """Reject a report (不予受理), with a reason that who reported it reads."""
        return await _stepped(info, input, reject_hazard, reason=input.reason)

    @mutation(HazardStepPayload, access=_DISPATCHES)
    async def change_hazard_severity(
        self,
        info: Info,
        input: Annotated[ChangeHazardSeverityInput, strawberry.argument(description="How bad.")],
    ) -> dict[str, Any]:
        """Judge anew how bad a hazard is (调整等级): clock and block of its place follow."""
        return await _stepped(
            info, input, change_severity, severity=input.severity, reason=input.reason
        )

    @mutation(HazardStepPayload, access=_DISPATCHES)
    async def dispatch_hazard(
        self,
        info: Info,
        input: Annotated[DispatchHazardInput, strawberry.argument(description="To whom.")],
    ) -> dict[str, Any]:
        """Give an accepted hazard to one lead (派单), and issue the notice to the place."""
        return await _stepped(info, input, dispatch_hazard, order=order_of(input))

    @mutation(HazardStepPayload, access=_RECTIFIES)
    async def start_hazard(
        self,
        info: Info,
        input: Annotated[HazardStepInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Begin to put a hazard right (开始整改) that was given to you or your department."""
        return await _stepped(info, input, start_hazard, words=input.words)

    @mutation(HazardStepPayload, access=_RECTIFIES)
    async def return_hazard(
        self,
        info: Info,
        input: Annotated[ReturnHazardInput, strawberry.argument(description="To whom.")],
    ) -> dict[str, Any]:
        """Return a hazard (退回) that is another department's, naming it."""
        return await _stepped(
            info, input, return_hazard, department_code=input.department_code, reason=input.reason
        )

    @mutation(HazardStepPayload, access=_RECTIFIES_OR_RUNS)
    async def submit_hazard(
        self,
        info: Info,
        input: Annotated[SubmitHazardInput, strawberry.argument(description="With what.")],
    ) -> dict[str, Any]:
        """Say that a hazard is put right (提交整改结果); also for who runs the place."""
        photo_ids = photos_of(input)
        return await _stepped(info, input, submit_hazard, photo_ids=photo_ids, words=input.words)

    @mutation(HazardStepPayload, access=_RECTIFIES)
    async def ask_hazard_enforcement(
        self,
        info: Info,
        input: Annotated[HazardReasonInput, strawberry.argument(description="Why.")],
    ) -> dict[str, Any]:
        """Ask enforcement to act (提请执法) on a hazard that is not put right."""
        return await _stepped(info, input, ask_enforcement, reason=input.reason)

    @mutation(HazardStepPayload, access=_RECTIFIES)
    async def extend_hazard(
        self,
        info: Info,
        input: Annotated[ExtendHazardInput, strawberry.argument(description="Until when.")],
    ) -> dict[str, Any]:
        """Give a hazard more time (延期): once, and an urgent one never."""
        return await _stepped(
            info, input, extend_hazard, deadline=input.deadline, reason=input.reason
        )

    @mutation(HazardStepPayload, access=_RECHECKS)
    async def pass_hazard(
        self,
        info: Info,
        input: Annotated[PassHazardInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Find a hazard put right (复查通过), unless you did it: who reported it is asked."""
        photo_ids = photos_of(input)
        return await _stepped(info, input, pass_hazard, photo_ids=photo_ids, words=input.words)

    @mutation(HazardStepPayload, access=_RECHECKS)
    async def fail_hazard(
        self,
        info: Info,
        input: Annotated[FailHazardInput, strawberry.argument(description="Why.")],
    ) -> dict[str, Any]:
        """Find a hazard not put right (复查不通过), unless you did it: it goes back."""
        photo_ids = photos_of(input)
        return await _stepped(info, input, fail_hazard, photo_ids=photo_ids, reason=input.reason)

    @mutation(HazardStepPayload, access=holds(Permission.HAZARDS_ENFORCE))
    async def close_hazard_case(
        self,
        info: Info,
        input: Annotated[HazardStepInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Say that enforcement is done (执法结案): the hazard is rechecked next."""
        return await _stepped(info, input, close_case, words=input.words)


def order_of(input: Any) -> Order:
    """What an input dispatches, and to whom."""
    staff_id = None
    if input.staff_id is not None:
        staff_id = row_id(input.staff_id, "StaffMember", field="input.staffId")
    return Order(
        department_code=input.department_code,
        staff_id=staff_id,
        assistants=input.assistants,
        deadline=input.deadline,
        words=input.words,
        notice=input.notice,
    )
