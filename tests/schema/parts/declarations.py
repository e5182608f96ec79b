"""For the tests of every field and mutation: declarations."""

from __future__ import annotations

from management.models import ConsentPurpose
from management.people.consents import text_in_force
from tests import factories
from tests.schema.case import Case

_HELD = 'declaration(id: "$heldDeclaration") '
_OBJECTED = 'declaration(id: "$objectedDeclaration") '
_WAITING = 'heldDeclarations(filter: { gridCode: "$gridCode" }) '
_OBJECTIONS = 'residenceObjections(gridCode: "$gridCode") '
_DRAFT = 'declarationDraft(plateToken: "$token") '
# Who is not known yet has none of it; that differs from a plate that is no plate.
_DRAFT_OF = _DRAFT.replace("(", "( # for whom it is: $gridCode \n")
_AGREED = [
    {"purpose": purpose.value, "version": text_in_force(purpose).version}
    for purpose in (ConsentPurpose.DOCUMENT_NUMBER,)
]
_CONSENTS = f'consents: [{{ purpose: DOCUMENT_NUMBER, version: "{_AGREED[0]["version"]}" }}]'
_NUMBERS = [factories.document_number() for _ in range(4)]
_SPOUSE = {"relation": "SPOUSE", "name": "测试家人", "documentNumber": _NUMBERS[0]}
_ONE = "declaration { id state version steps { action } }"
_PARTY = (
    "declaration { id state relation living person { name number } }"
    " family { relation state person { name } }"
)

# As in tests/schema/role_ways.py.
TYPES: dict[str, str] = {
    "Declaration": _HELD + "{ F }",
    "DeclaredPerson": _HELD + "{ person { F } }",
    "DeclarationStep": _HELD + "{ steps { F } }",
    "DeclarationConnection": _WAITING + "{ F }",
    "DeclarationEdge": _WAITING + "{ edges { F } }",
    "ResidenceObjection": _OBJECTIONS + "{ nodes { F } }",
    "ResidenceObjectionConnection": _OBJECTIONS + "{ F }",
    "ResidenceObjectionEdge": _OBJECTIONS + "{ edges { F } }",
    "OwnDeclarationConnection": "myDeclarations { F }",
    "DeclarationDraft": _DRAFT + "{ F }",
    "DraftIdentity": _DRAFT_OF + "{ person { F } }",
    "DraftRelative": _DRAFT_OF + "{ family { F } }",
    "DraftConsent": _DRAFT + "{ consents { F } }",
}
FIELDS: dict[str, str] = {
    "Declaration.objection": _OBJECTED + "{ F }",
    "DeclaredPerson.phone": _OBJECTED + "{ person { F } }",
    "Query.declaration": _HELD + "{ id }",
    "Query.declarationDraft": _DRAFT + "{ daysBack }",
    "Query.myDeclarations": "myDeclarations { nodes { id } }",
    "Query.tenantQuestions": "tenantQuestions { nodes { id } }",
    "Query.heldDeclarations": _WAITING + "{ nodes { id } }",
    "Query.residenceObjections": _OBJECTIONS + "{ nodes { id } }",
}
MUTATIONS: dict[str, str] = {
    # Let in, and told that oneself is no relative.
    "declareResidence": (
        '{ requestId: "$requestId", plateToken: "$token", family: [{ relation: SELF }] }'
    ),
    "supplementDeclaration": (
        '{ requestId: "$requestId", declarationId: "$heldDeclaration", words: "补充说明" }'
    ),
    "withdrawDeclaration": '{ requestId: "$requestId", declarationId: "$heldDeclaration" }',
    "answerTenant": (
        '{ requestId: "$requestId", declarationId: "$openDeclaration", answer: CONFIRMED }'
    ),
    "objectToResidence": (
        '{ requestId: "$requestId", declarationId: "$landlordDeclaration", words: "没有住过" }'
    ),
    "moveOut": '{ requestId: "$requestId" }',
    "declareFor": (
        '{ requestId: "$requestId", roomId: "$room", onBehalf: "本人", name: "测试住户",'
        f' documentNumber: "{_NUMBERS[1]}", {_CONSENTS}, family: [{{ relation: SPOUSE,'
        f' name: "测试家人", documentNumber: "{_NUMBERS[2]}" }}] }}'
    ),
    "decideDeclarations": (
        '{ requestId: "$requestId", items: [{ declarationId: "$heldDeclaration", confirm: true }] }'
    ),
    "revealDeclared": (
        '{ requestId: "$requestId", declarationId: "$heldDeclaration", reason: "测试原因" }'
    ),
    "decideObjection": (
        '{ requestId: "$requestId", objectionId: "$objection", uphold: true, reason: "属实" }'
    ),
}
PAYLOADS: dict[str, tuple[str, str]] = {
    "DeclarationPayload": ("supplementDeclaration", "{ F }"),
    "DeclareResidencePayload": ("declareFor", "{ F }"),
    "MoveOutPayload": ("moveOut", "{ F }"),
    "DecideDeclarationsPayload": ("decideDeclarations", "{ F }"),
    "DeclarationDecision": ("decideDeclarations", "{ results { F } }"),
    "RevealedDeclaration": ("revealDeclared", "{ F }"),
    "ResidenceObjectionPayload": ("decideObjection", "{ F }"),
}
EMPTY_HERE: frozenset[str] = frozenset(
    {
        "Declaration.decidedAt",
        "Declaration.landlordAnswer",
        "Declaration.leaseUntil",
        "Declaration.onBehalf",
        "Declaration.reason",
        "DeclarationDecision.refusal",
        "DeclarationDraft.family",  # of who is not known yet
        "DeclarationDraft.person",
        "OwnDeclarationConnection.edges",  # of who declared nothing
        "OwnDeclarationConnection.nodes",
        "ResidenceObjection.decidedAt",
        "ResidenceObjection.reason",
    }
)

# As in tests/schema/mutation_cases.py.
NEWS: frozenset[str] = frozenset(
    {
        "answerTenant", "decideDeclarations", "decideObjection",
    }
)  # fmt: skip
# The room of the test is full, so what is declared there is held.
CASES: list[Case] = [
    Case(
        "declareResidence", "resident",
        {"plateToken": "$token", "family": [_SPOUSE], "consents": _AGREED},
        _PARTY, {"startsOn": "2020-01-01"}, stranger="warden 1",
    ),
    Case(
        "supplementDeclaration", "resident",
        {"declarationId": "$heldDeclaration", "words": "补充说明"}, _ONE, {"words": "另一句"},
        stranger="landlord B",
    ),
    Case(
        "withdrawDeclaration", "resident", {"declarationId": "$heldDeclaration"}, _ONE,
        {"declarationId": "$openDeclaration"}, stranger="landlord B",
    ),
    Case(
        "answerTenant", "landlord A",
        {"declarationId": "$openDeclaration", "answer": "DENIED", "words": "没有租给他"},
        "declaration { id landlordAnswer questionOpen person { name number } }",
        {"answer": "CONFIRMED"}, stranger="landlord B",
    ),
    Case(
        "objectToResidence", "resident",
        {"declarationId": "$landlordDeclaration", "words": "我没有住过这里"},
        "declaration { id objection { state words } }", {"words": "另一句"},
        stranger="landlord B",
    ),
    Case(
        "moveOut", "resident", {}, "endsOn people", {"wholeFamily": True}, stranger="warden 1",
    ),
    Case(
        "declareFor", "warden 1",
        {
            "roomId": "$room", "onBehalf": "本人", "name": "测试住户",
            "documentNumber": _NUMBERS[3], "family": [_SPOUSE], "consents": _AGREED,
        },
        _PARTY, {"name": "另一人"}, stranger="warden 2",
    ),
    Case(
        "decideDeclarations", "warden 1",
        {"items": [{"declarationId": "$heldDeclaration", "confirm": True}]},
        "results { declarationId decided refusal declaration { id state decidedAt } }",
        {"items": [{"declarationId": "$heldDeclaration", "confirm": False, "reason": "不属实"}]},
        stranger="service desk", told=frozenset({"room_updated"}),
    ),
    Case(
        "revealDeclared", "warden 1",
        {"declarationId": "$heldDeclaration", "reason": "核对姓名"},
        "claimedName person { name number phone born }", {"reason": "别的原因"},
        stranger="department", read_again=True,
    ),
    Case(
        "decideObjection", "warden 1",
        {"objectionId": "$objection", "uphold": True, "reason": "情况属实"},
        "objection { id state words reason }", {"uphold": False}, stranger="warden 2",
    ),
]  # fmt: skip
