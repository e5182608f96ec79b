"""Claims: landlords make them, wardens decide them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.keyset import Page
from identity.actor import Permission
from management.access import visible_claims
from management.claims import (
    ClaimFilter,
    Statement,
    claim_place,
    count_claims,
    decide_claim,
    hand_over_place,
    list_claims,
    withdraw_claim,
)
from management.models import ClaimRole, ClaimState
from schema.access import ACCOUNT, holds
from schema.connections import After, Before, First, Last, counted, wanted_nodes
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
from schema.ids import row_id, row_ids
from schema.once import Requested, run_once
from schema.selection import Selection
from schema.types.claims import (
    CLAIMS,
    PlaceClaim,
    PlaceClaimConnection,
    claim_columns,
    shape_claims,
)

_DECIDE = holds(Permission.CLAIMS_DECIDE)


@gql_input_named("ClaimFilter")
class ClaimFilterInput:
    """Narrows a list of claims."""

    state: ClaimState | None = given(
        "How far they are: those that wait, unless said otherwise; `null`: all.",
        default=ClaimState.PENDING,
    )
    grid_code: str | None = given("On places in this grid of any level.", default=None)


async def claim_row(info: Info, want: Selection, claim_id: UUID) -> dict[str, Any] | None:
    """One claim that the actor may see, ready for the schema."""
    claims = visible_claims(info.context.actor).filter(id=claim_id)
    rows = await shape_claims(list(await claims.values(*claim_columns(want))), want, info.context)
    return rows[0] if rows else None


@root_type
class ClaimQueries:
    """Claims."""

    @query(PlaceClaimConnection, access=_DECIDE)
    async def claims(
        self,
        info: Info,
        filter: Annotated[
            ClaimFilterInput | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Claims on houses of your grids, the oldest first: what waits for you (待核实的认领)."""
        actor, want = info.context.actor, selected(info)
        nodes = wanted_nodes(want)
        wanted = ClaimFilter(**vars(filter)) if filter else ClaimFilter()
        page = await list_claims(
            actor,
            filter_by=wanted,
            page=Page.of(first, after, last, before),
            columns=claim_columns(nodes),
        )
        await shape_claims(page.rows, nodes, info.context)
        return await counted(page, want, lambda: count_claims(actor, filter_by=wanted))


@gql_input
class ClaimPlaceInput(Requested):
    """A house that you run, and what proves it."""

    plate_token: str = given("Token of the plate in use at the house, or at one of its rooms.")
    role: ClaimRole = given("As what you run it.")
    photo_ids: list[strawberry.ID] = given(
        "Pictures, uploaded for `CLAIM`, that prove it: at least one; 9 with those of `authority…`."
    )
    authority_photo_ids: list[strawberry.ID] = given(
        "Of a sub-landlord or agent: pictures of the authority given to them.", default_factory=list
    )
    lease_from: date | None = given("Of a sub-landlord: first day of the head lease.", default=None)
    lease_until: date | None = given(
        "Of a sub-landlord: its last day, which may not be over.", default=None
    )
    acts_for: ClaimRole | None = given(
        "Of an agent: for the verified owner, or for the sub-landlord; who lets, when left out.",
        default=None,
    )
    takes_over: bool = given(
        "Whether you take the house over from who is known to run it in this role.", default=False
    )


@gql_input
class DecideClaimInput(Requested):
    """What becomes of a claim."""

    claim_id: strawberry.ID = given("The claim.")
    verify: bool = given("Whether it is right.")
    reason: str = given("Why not, 2 to 200 characters: the claimant will read it.", default="")


@gql_input
class HandOverPlaceInput(Requested):
    """Who takes a house over from you."""

    place_id: strawberry.ID = given("A house that you run.")
    phone: str = given("Mobile number of the successor.")


@gql_input
class WithdrawClaimInput(Requested):
    """Which claim is taken back, or which house you leave."""

    claim_id: strawberry.ID = given("Your claim, or that of the successor whom you named.")


@gql_type(access=CLAIMS)
class PlaceClaimPayload:
    """The claim."""

    claim: PlaceClaim = attr("The claim as it is now.")


async def _payload(info: Info, claim_id: UUID) -> dict[str, Any]:
    claim = await claim_row(info, selected(info)["claim"], claim_id)
    if claim is None:
        raise NotFound
    return {"claim": claim}


@root_type
class ClaimMutations:
    """Claims."""

    @mutation(PlaceClaimPayload, access=ACCOUNT)
    async def claim_place(
        self,
        info: Info,
        input: Annotated[ClaimPlaceInput, strawberry.argument(description="The house.")],
    ) -> dict[str, Any]:
        """Claim a house that you run (认领房屋), standing at its plate; a warden looks at it."""
        claim_id = await run_once(
            info,
            input,
            lambda: claim_place(
                info.context.actor, plate_token=input.plate_token, statement=_statement(input)
            ),
        )
        return await _payload(info, claim_id)

    @mutation(PlaceClaimPayload, access=_DECIDE)
    async def decide_claim(
        self,
        info: Info,
        input: Annotated[DecideClaimInput, strawberry.argument(description="What.")],
    ) -> dict[str, Any]:
        """Verify a claim, or refuse it with a reason. One that takes over hands the house over."""
        claim_id = row_id(input.claim_id, "PlaceClaim", field="input.claimId")
        await run_once(
            info,
            input,
            lambda: decide_claim(
                info.context.actor, claim_id=claim_id, verify=input.verify, reason=input.reason
            ),
        )
        return await _payload(info, claim_id)

    @mutation(PlaceClaimPayload, access=ACCOUNT)
    async def hand_over_place(
        self,
        info: Info,
        input: Annotated[HandOverPlaceInput, strawberry.argument(description="To whom.")],
    ) -> dict[str, Any]:
        """Hand a house over to a successor; you run it until a warden has verified them."""
        place_id = row_id(input.place_id, "Place", field="input.placeId")
        claim_id = await run_once(
            info,
            input,
            lambda: hand_over_place(info.context.actor, place_id=place_id, phone=input.phone),
        )
        return await _payload(info, claim_id)

    @mutation(PlaceClaimPayload, access=ACCOUNT)
    async def withdraw_claim(
        self,
        info: Info,
        input: Annotated[WithdrawClaimInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Take a claim back, or leave a house that you run: what you offer there is withdrawn."""
        claim_id = row_id(input.claim_id, "PlaceClaim", field="input.claimId")
        await run_once(info, input, lambda: withdraw_claim(info.context.actor, claim_id=claim_id))
        return await _payload(info, claim_id)


def _statement(input: ClaimPlaceInput) -> Statement:
    return Statement(
        role=input.role,
        photo_ids=row_ids(input.photo_ids, "Photo", field="input.photoIds"),
        authority_photo_ids=row_ids(
            input.authority_photo_ids, "Photo", field="input.authorityPhotoIds"
        ),
        lease_from=input.lease_from,
        lease_until=input.lease_until,
        acts_for=input.acts_for,
        takes_over=input.takes_over,
    )
