"""For the tests of every field and mutation: landlords and their tenants."""

from __future__ import annotations

from tests import factories
from tests.schema.case import Case

# As in tests/schema/role_ways.py.
_TENANTS = 'tenants(placeId: "$place") '
_LEFT = 'tenants(placeId: "$place", left: true) '
_DUTIES = 'tenantDuties(filter: { placeId: "$place" }) '
_ENDED = 'tenantDuties(filter: { placeId: "$place", state: null }) '

NUMBER, ANOTHER = factories.document_number(), factories.document_number()
_GIVEN = f'{{ roomId: "$emptyRoom", name: "测试新租客", documentNumber: "{NUMBER}" }}'

TYPES: dict[str, str] = {
    "TenantConnection": _TENANTS + "{ F }",
    "TenantEdge": _TENANTS + "{ edges { F } }",
    "Tenant": _TENANTS + "{ nodes { F } }",
    "TenantRoom": _TENANTS + "{ nodes { room { F } } }",
    "TenantPerson": _TENANTS + "{ nodes { person { F } } }",
    "TenantDutyConnection": _DUTIES + "{ F }",
    "TenantDutyEdge": _DUTIES + "{ edges { F } }",
    "TenantDuty": _DUTIES + "{ nodes { F } }",
}
FIELDS: dict[str, str] = {
    "Query.tenants": _TENANTS + "{ nodes { id } }",
    "Query.tenantDuties": _DUTIES + "{ nodes { id } }",
    "Tenant.endsOn": _LEFT + "{ nodes { F } }",
    "TenantDuty.endedAt": _ENDED + "{ nodes { F } }",
}
MUTATIONS: dict[str, str] = {
    "declareTenant": f'{{ requestId: "$requestId", tenant: {_GIVEN} }}',
    "declareTenants": f'{{ requestId: "$requestId", items: [{_GIVEN}] }}',
    "declareTenantsFor": (
        f'{{ requestId: "$requestId", items: [{_GIVEN}], onBehalf: "测试公寓管理处" }}'
    ),
    "declareTenantsOut": '{ requestId: "$requestId", items: [{ tenantId: "$tenant" }] }',
    "objectToMoveOut": '{ requestId: "$requestId", residenceId: "$leftTenant" }',
}
PAYLOADS: dict[str, tuple[str, str]] = {
    "DeclaredTenantsPayload": ("declareTenants", "{ F }"),
    "DeclaredTenant": ("declareTenants", "{ tenants { F } }"),
    "TenantsOutPayload": ("declareTenantsOut", "{ F }"),
    "MoveOutObjectionPayload": ("objectToMoveOut", "{ F }"),
}
EMPTY_HERE: frozenset[str] = frozenset({"DeclaredTenant.doubts"})

# As in tests/schema/mutation_cases.py.
NEWS: frozenset[str] = frozenset({"declareTenantsFor", "objectToMoveOut"})
"""Who runs the house is asked."""

_MADE = "tenants { name state doubts room { number } }"


def _tenant(number: str = NUMBER) -> dict[str, str]:
    return {"roomId": "$emptyRoom", "name": "测试新租客", "documentNumber": number}


CASES: list[Case] = [
    Case(
        "declareTenant", "landlord A", {"tenant": _tenant()}, _MADE,
        {"tenant": _tenant(ANOTHER)}, stranger="landlord B",
        told=frozenset({"rooms_updated"}),
    ),
    Case(
        "declareTenants", "landlord A", {"items": [_tenant()]}, _MADE,
        {"items": [_tenant(ANOTHER)]}, stranger="landlord B",
        told=frozenset({"rooms_updated"}),
    ),
    Case(
        "declareTenantsFor", "warden 1",
        {"items": [_tenant()], "onBehalf": "测试公寓管理处"}, _MADE,
        {"onBehalf": "测试公寓服务台"}, stranger="warden 2",
        told=frozenset({"rooms_updated"}),
    ),
    Case(
        "declareTenantsOut", "landlord A", {"items": [{"tenantId": "$tenant"}]}, "ids",
        {"items": [{"tenantId": "$leftTenant"}]}, stranger="landlord B",
    ),
    Case(
        "objectToMoveOut", "landlord B", {"residenceId": "$leftTenant"}, "declarationId",
        {"residenceId": "$tenant"}, stranger="resident", told=frozenset({"room_updated"}),
    ),
]  # fmt: skip
