"""Landlords declare tenants in and out; what they owe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from citizen.declarations.access import visible_declarations
from citizen.declarations.batches import batch_of
from citizen.declarations.landlords import (
    Tenant as TenantGiven,
)
from citizen.declarations.landlords import (
    declare_tenant,
    declare_tenants,
    declare_tenants_for,
    declare_tenants_out,
    object_to_move_out,
)
from citizen.declarations.tenant_lists import (
    DutyFilter,
    count_duties,
    count_tenants,
    list_duties,
    list_tenants,
)
from citizen.models import Declaration
from core.errors import InvalidInput, NotFound
from core.keyset import Page
from core.masking import mask_name
from identity.actor import Permission
from management.models import DocumentKind, DutyState, Residence
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
from schema.ids import global_id, optional_row_id, row_id
from schema.once import Requested, run_once
from schema.types.tenants import (
    DECLARED,
    OWN,
    DeclaredTenant,
    TenantConnection,
    TenantDutyConnection,
    duty_columns,
    shape_declared,
    shape_duties,
    shape_tenants,
    tenant_columns,
)

_FILE = holds(Permission.DECLARATIONS_FILE)


@gql_input_named("TenantDutyFilter")
class TenantDutyFilterInput:
    """Narrows a list of duties."""

    state: DutyState | None = given(
        "How they stand: open ones unless said otherwise; `null`: all.", default=DutyState.OPEN
    )
    overdue: bool | None = given("Only those whose last day is over, or not.", default=None)
    place_id: strawberry.ID | None = given("Of this house.", default=None)
    grid_code: str | None = given("Of houses in this grid of any level.", default=None)


@root_type
class TenantQueries:
    """Landlords declare tenants in and out; what they owe."""

    @query(TenantConnection, access=OWN)
    async def tenants(
        self,
        info: Info,
        place_id: Annotated[strawberry.ID, strawberry.argument(description="The house.")],
        left: Annotated[
            bool, strawberry.argument(description="Also who moved out in the last 30 days.")
        ] = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Who lives in a house that you run, or that lies in your grid (租客), by room; masked."""
        actor, want = info.context.actor, selected(info)
        nodes = wanted_nodes(want)
        place = row_id(place_id, "Place", field="placeId")
        page = await list_tenants(
            actor,
            place_id=place,
            left=left,
            page=Page.of(first, after, last, before),
            columns=tenant_columns(nodes),
        )
        await shape_tenants(page.rows, nodes)
        return await counted(page, want, lambda: count_tenants(actor, place_id=place, left=left))

    @query(TenantDutyConnection, access=OWN)
    async def tenant_duties(
        self,
        info: Info,
        filter: Annotated[
            TenantDutyFilterInput | None, strawberry.argument(description="Narrows the list.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Duties to register tenants (租客登记义务): of your houses, or in your grids.

        Those whose last day comes first."""
        actor, want = info.context.actor, selected(info)
        nodes = wanted_nodes(want)
        wanted = _filter(filter)
        page = await list_duties(
            actor,
            filter_by=wanted,
            page=Page.of(first, after, last, before),
            columns=duty_columns(nodes),
        )
        await shape_duties(page.rows, nodes, info.context)
        return await counted(page, want, lambda: count_duties(actor, filter_by=wanted))


@gql_input
class TenantInput:
    """A tenant, as on their document."""

    room_id: strawberry.ID = given("The room.")
    name: str = given("Name 姓名, as on the document.")
    document_kind: DocumentKind = given("Kind of document.", default=DocumentKind.MAINLAND_ID)
    document_number: str = given("Its number 证件号码.")
    phone: str | None = given("The tenant's own phone: they hear of it there.", default=None)
    starts_on: date | None = given("First day; today when left out.", default=None)
    signed_on: date | None = given("The day on which the lease was signed.", default=None)
    lease_until: date | None = given("Last day of the lease.", default=None)
    household: bool = given(
        "One family with the others of the room who are given here.", default=False
    )


@gql_input
class DeclareTenantInput(Requested):
    """One tenant of a house that you run."""

    tenant: TenantInput = given("The tenant.")


@gql_input
class DeclareTenantsInput(Requested):
    """Tenants of houses that you run."""

    items: list[TenantInput] = given("1 to 100 tenants, each once.")


@gql_input
class DeclareTenantsForInput(Requested):
    """Tenants whom somebody asked you to declare."""

    items: list[TenantInput] = given("1 to 100 tenants, each once.")
    on_behalf: str = given("Who asked you to, 2 to 100 characters.")


@gql_input
class LeavingInput:
    """A tenant who moved out."""

    tenant_id: strawberry.ID = given("The tenant, as `tenants` names them.")
    ends_on: date | None = given("The day on which they no longer live there.", default=None)


@gql_input
class DeclareTenantsOutInput(Requested):
    """Tenants who moved out of houses that you run."""

    items: list[LeavingInput] = given("1 to 100 tenants, each once.")


@gql_input
class ObjectToMoveOutInput(Requested):
    """A home that you have not left."""

    residence_id: strawberry.ID = given("Your residence that the landlord ended.")


@gql_type(access=OWN)
class DeclaredTenantsPayload:
    """What became of them."""

    tenants: list[DeclaredTenant] = attr("In the order in which they were given.", size=20)


@gql_type(access=ACCOUNT)
class TenantsOutPayload:
    """Who moved out."""

    ids: list[strawberry.ID] = attr("The tenants, in the order in which they were given.", size=20)


@gql_type(access=ACCOUNT)
class MoveOutObjectionPayload:
    """That you live there on."""

    declaration_id: strawberry.ID = attr("Your declaration, which the landlord is asked about.")


@root_type
class TenantMutations:
    """Landlords declare tenants in and out; what they owe."""

    @mutation(DeclaredTenantsPayload, access=ACCOUNT)
    async def declare_tenant(
        self,
        info: Info,
        input: Annotated[DeclareTenantInput, strawberry.argument(description="The tenant.")],
    ) -> dict[str, Any]:
        """Register a tenant of a house that you run (登记租客); the tenant hears of it."""
        actor, tenant = info.context.actor, _tenant(input.tenant, "input.tenant")
        made = await run_once(info, input, lambda: declare_tenant(actor, tenant=tenant))
        return await _payload(info, made, [input.tenant])

    @mutation(DeclaredTenantsPayload, access=ACCOUNT, cost=10)
    async def declare_tenants(
        self,
        info: Info,
        input: Annotated[DeclareTenantsInput, strawberry.argument(description="The tenants.")],
    ) -> dict[str, Any]:
        """Register many tenants of houses that you run (批量登记): all of them or none.

        A refusal names each item at fault in `params.items`."""
        actor, tenants = info.context.actor, _tenants(input.items)
        return await _many(info, input, lambda: declare_tenants(actor, tenants=tenants))

    @mutation(DeclaredTenantsPayload, access=_FILE, cost=10)
    async def declare_tenants_for(
        self,
        info: Info,
        input: Annotated[DeclareTenantsForInput, strawberry.argument(description="The tenants.")],
    ) -> dict[str, Any]:
        """Register many tenants whom somebody asked you to register (代为批量登记): all or none.

        Who asked and who did it are both on record."""
        actor, tenants = info.context.actor, _tenants(input.items)
        return await _many(
            info,
            input,
            lambda: declare_tenants_for(actor, tenants=tenants, on_behalf=input.on_behalf),
        )

    @mutation(TenantsOutPayload, access=ACCOUNT, cost=10)
    async def declare_tenants_out(
        self,
        info: Info,
        input: Annotated[DeclareTenantsOutInput, strawberry.argument(description="Who.")],
    ) -> dict[str, Any]:
        """Say that tenants moved out (登记搬离): all of them or none. They hear of it."""
        actor = info.context.actor
        leaving = {
            row_id(item.tenant_id, "Residence", field="input.items"): item.ends_on
            for item in input.items
        }
        if len(leaving) < len(input.items):
            raise InvalidInput(
                field="input.items", reason="TWICE", zh="有重复的项", en="One comes twice"
            )

        async def first() -> Residence:
            return (await declare_tenants_out(actor, leaving=leaving))[0]

        await run_once(info, input, first)
        return {"ids": [item.tenant_id for item in input.items]}

    @mutation(MoveOutObjectionPayload, access=ACCOUNT)
    async def object_to_move_out(
        self,
        info: Info,
        input: Annotated[ObjectToMoveOutInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Say that you still live where your landlord said that you moved out (异议：仍在住).

        You live there on without a gap; the landlord is asked."""
        residence = row_id(input.residence_id, "Residence", field="input.residenceId")
        made = await run_once(
            info,
            input,
            lambda: object_to_move_out(info.context.actor, residence_id=residence),
        )
        return {"declaration_id": global_id("Declaration", made)}


def _filter(given_: TenantDutyFilterInput | None) -> DutyFilter:
    if given_ is None:
        return DutyFilter()
    return DutyFilter(
        state=given_.state,
        overdue=given_.overdue,
        place_id=optional_row_id(given_.place_id, "Place", field="filter.placeId"),
        grid_code=given_.grid_code,
    )


def _tenants(items: Sequence[TenantInput]) -> list[TenantGiven]:
    return [_tenant(one, "input.items") for one in items]


def _tenant(one: TenantInput, field: str) -> TenantGiven:
    return TenantGiven(
        room_id=row_id(one.room_id, "Room", field=field),
        name=one.name,
        kind=one.document_kind,
        number=one.document_number,
        phone=one.phone,
        starts_on=one.starts_on,
        signed_on=one.signed_on,
        lease_until=one.lease_until,
        household=one.household,
    )


async def _many(
    info: Info, given_: Any, act: Callable[[], Awaitable[list[Declaration]]]
) -> dict[str, Any]:
    """Run a batch once; the id of its first declaration stands for all of them."""

    async def first() -> Declaration:
        return (await act())[0]

    return await _payload(info, await run_once(info, given_, first), given_.items)


async def _payload(info: Info, first: UUID, items: Sequence[TenantInput]) -> dict[str, Any]:
    """What became of a batch, with the names as they were given: nobody learns another.

    Raises:
        NotFound: the actor may no longer see it.
    """
    ids = await batch_of(first)
    visible = (await visible_declarations(info.context.actor)).filter(id__in=ids)
    rows = {row["id"]: row for row in await visible.values(*DECLARED)}
    if len(rows) < len(items):
        raise NotFound
    made = [
        {**rows[key], "name": mask_name(item.name)} for key, item in zip(ids, items, strict=True)
    ]
    return {"tenants": shape_declared(made)}
