"""For the tests of every field and mutation: what is held about people."""

from __future__ import annotations

from datetime import timedelta

from core.clock import today
from tests.schema.case import Case

_RESIDENCE = 'residence(id: "$residence") '
_LIST = 'residences(filter: { gridCode: "$gridCode" }) '
_LOOKS = "viewer { dataLooks "
_ENDORSE = (today() + timedelta(days=100)).isoformat()

# As in tests/schema/role_ways.py.
TYPES: dict[str, str] = {
    "Residence": _RESIDENCE + "{ F }",
    "ResidenceConnection": _LIST + "{ F }",
    "ResidenceEdge": _LIST + "{ edges { F } }",
    "Person": _RESIDENCE + "{ person { F } }",
    "PersonLook": _LOOKS + "{ nodes { F } } }",
    "PersonLookConnection": _LOOKS + "{ F } }",
    "PersonLookEdge": _LOOKS + "{ edges { F } } }",
    "ResidencePermit": "viewer { residencePermit { F } }",
    "ConsentText": "consentTexts { F }",
    "ResidenceCertificate": "viewer { residenceCertificates { F } }",
    "GivenConsent": "viewer { consents { F } }",
}
FIELDS: dict[str, str] = {
    "Query.residence": _RESIDENCE + "{ id }",
    "Query.residences": _LIST + "{ nodes { id } }",
    "Query.consentTexts": "consentTexts { purpose }",
    "Residence.endsOn": _RESIDENCE + "{ F }",
}
MUTATIONS: dict[str, str] = {
    "unbindPerson": '{ requestId: "$requestId", personId: "$person", reason: "测试原因" }',
    "revealPerson": '{ requestId: "$requestId", personId: "$person", reason: "测试原因" }',
    "confirmResidence": '{ requestId: "$requestId", residenceId: "$residence" }',
    "verifyResidence": ('{ requestId: "$requestId", residenceId: "$residence", stillThere: true }'),
    "setPermitEndorsement": '{ requestId: "$requestId", endorseBy: "' + _ENDORSE + '" }',
    "drawResidenceCertificate": '{ requestId: "$requestId" }',
    "giveConsent": '{ requestId: "$requestId", purpose: LOCATION, version: "2026-1" }',
    "withdrawConsent": '{ requestId: "$requestId", purpose: DOCUMENT_NUMBER }',
}
PAYLOADS: dict[str, tuple[str, str]] = {
    "UnbindPersonPayload": ("unbindPerson", "{ F }"),
    "RevealedPerson": ("revealPerson", "{ F }"),
    "ResidencePayload": ("confirmResidence", "{ F }"),
    "ResidencePermitPayload": ("setPermitEndorsement", "{ F }"),
    "ResidenceCertificatePayload": ("drawResidenceCertificate", "{ F }"),
    "ConsentsPayload": ("giveConsent", "{ F }"),
}
EMPTY_HERE: frozenset[str] = frozenset({"Residence.endsOn", "Residence.endReason"})

# As in tests/schema/mutation_cases.py.
NEWS: frozenset[str] = frozenset({"revealPerson", "unbindPerson"})
CASES: list[Case] = [
    Case(
        "revealPerson", "warden 1", {"personId": "$person", "reason": "核对登记"},
        "name number phone born", {"reason": "别的原因"}, stranger="department",
        read_again=True,
    ),
    Case(
        "unbindPerson", "warden 1", {"personId": "$person", "reason": "证件不是本人的"},
        "person { id name phone hasAccount }", {"reason": "别的原因"}, stranger="department",
    ),
    Case(
        "confirmResidence", "resident", {"residenceId": "$residence"},
        "residence { id confirmedOn askedAt checkState }", {}, stranger="landlord A",
    ),
    Case(
        "verifyResidence", "warden 1", {"residenceId": "$residence", "stillThere": True},
        "residence { id current checkState confirmedOn }", {"stillThere": False},
        stranger="service desk",
    ),
    Case(
        "setPermitEndorsement", "resident", {"endorseBy": _ENDORSE},
        "residencePermit { days neededDays eligibleOn endorseBy }", {"endorseBy": None},
        stranger="landlord A",
    ),
    Case(
        "drawResidenceCertificate", "resident", {},
        "certificate { id number state issuedAt validUntil }", {}, stranger="warden 1",
    ),
    Case(
        "giveConsent", "landlord A", {"purpose": "LOCATION", "version": "2026-1"},
        "consents { purpose version }", {"purpose": "DOCUMENT_NUMBER"}, stranger="warden 1",
    ),
    Case(
        "withdrawConsent", "resident", {"purpose": "DOCUMENT_NUMBER"},
        "consents { purpose version }", {"purpose": "LOCATION"}, stranger="warden 1",
    ),
]  # fmt: skip
