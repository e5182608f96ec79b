"""For the tests of every field and mutation: what is done with hazards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.clock import now
from management.models import Hazard, HazardClosure, HazardState
from schema.ids import row_id
from tests.schema.case import Case

if TYPE_CHECKING:
    from tests.schema.support import World

_HELD = 'hazard(id: "$heldHazard") '
_ID = '{ requestId: "$requestId", hazardId: "$heldHazard" }'
_WHY = '{ requestId: "$requestId", hazardId: "$heldHazard", reason: "测试原因" }'
_TO = ' departmentCode: "FIRE" }'
_LATER = (now() + timedelta(days=2)).isoformat()
_MANY = '{ requestId: "$requestId", hazardIds: ["$heldHazard"] }'

# As in tests/schema/role_ways.py.
TYPES: dict[str, str] = {
    "HazardStep": _HELD + "{ steps { F } }",
    "HazardDocument": _HELD + "{ documents { F } }",
}
FIELDS: dict[str, str] = {
    "Hazard.assigneeName": _HELD + "{ F }",
    "Hazard.documents": _HELD + "{ F }",
    "Hazard.steps": _HELD + "{ F }",
}
MUTATIONS: dict[str, str] = {
    "acceptHazard": _ID,
    "rejectHazard": _WHY,
    "changeHazardSeverity": _WHY[:-1] + ", severity: GENERAL }",
    "dispatchHazard": _ID[:-1] + "," + _TO,
    "startHazard": _ID,
    "returnHazard": _WHY[:-1] + "," + _TO,
    "submitHazard": _ID[:-1] + ', photoIds: ["$evidence"] }',
    "askHazardEnforcement": _WHY,
    "extendHazard": _WHY[:-1] + f', deadline: "{_LATER}" }}',
    "passHazard": _ID,
    "failHazard": _WHY,
    "closeHazardCase": _ID,
    "confirmHazardFixed": _ID,
    "sayHazardNotFixed": _ID,
    "closeHazardUnreachable": _ID,
    "reopenHazard": _WHY,
    "rateHazard": _ID[:-1] + ", rating: 5 }",
    "issueHazardDocument": _ID[:-1] + ', kind: NOTICE, requirements: "请清理" }',
    "serveHazardDocument": (
        '{ requestId: "$requestId", documentId: "$hazardDocument", how: OWNER }'
    ),
    "acceptHazards": _MANY,
    "dispatchHazards": _MANY[:-1] + "," + _TO,
    "passHazards": _MANY,
}
PAYLOADS: dict[str, tuple[str, str]] = {
    "HazardStepPayload": ("changeHazardSeverity", "{ F }"),
    "HazardDocumentPayload": ("serveHazardDocument", "{ F }"),
    "HazardsPayload": ("acceptHazards", "{ F }"),
    "HazardOutcome": ("acceptHazards", "{ outcomes { F } }"),
    "HazardRefusal": ("acceptHazards", "{ outcomes { refusal { F } } }"),
}
EMPTY_HERE: frozenset[str] = frozenset(
    {
        "Hazard.departmentCode", "Hazard.assistants", "HazardStep.fromState", "HazardStep.words",
        "HazardStep.staffName", "HazardDocument.servedAt", "HazardDocument.servedHow",
    }
)  # fmt: skip

Prepare = Callable[["World"], Awaitable[None]]


def _brought_to(state: HazardState, **values: Any) -> Prepare:
    """The held hazard of tenant 1 stands elsewhere, as it would have come there."""

    async def prepare(world: World) -> None:
        hazard_id = row_id(world.tenants[0].more["heldHazard"], "Hazard", field="id")
        closed = state is HazardState.CLOSED
        await Hazard.filter(id=hazard_id).update(
            state=state,
            open=not closed,
            closed_at=now() if closed else None,
            closed_how=HazardClosure.CONFIRMED if closed else None,
            **values,
        )

    return prepare


_S = HazardState

# What goes before the good use of a mutation.
PREPARE: dict[str, Prepare] = {
    "acceptHazard": _brought_to(_S.REPORTED),
    "acceptHazards": _brought_to(_S.REPORTED),
    "rejectHazard": _brought_to(_S.REPORTED),
    "dispatchHazard": _brought_to(_S.ACCEPTED),
    "dispatchHazards": _brought_to(_S.ACCEPTED),
    "startHazard": _brought_to(_S.DISPATCHED),
    "returnHazard": _brought_to(_S.DISPATCHED),
    "passHazard": _brought_to(_S.SUBMITTED, assignee_id=None),
    "passHazards": _brought_to(_S.SUBMITTED, assignee_id=None),
    "failHazard": _brought_to(_S.SUBMITTED, assignee_id=None),
    "closeHazardCase": _brought_to(_S.ENFORCEMENT),
    "confirmHazardFixed": _brought_to(_S.FOLLOW_UP),
    "sayHazardNotFixed": _brought_to(_S.FOLLOW_UP),
    "closeHazardUnreachable": _brought_to(_S.FOLLOW_UP),
    "reopenHazard": _brought_to(_S.CLOSED),
    "rateHazard": _brought_to(_S.CLOSED),
}

_HAZARD = (
    "hazard { id state version severity dueAt deadline closedHow rating notFixed reopened"
    " steps { number action toState words } availableActions }"
)
_DOCUMENT = "document { id kind number title requirements servedAt servedHow }"
_OUTCOMES = "outcomes { hazardId hazard { id state version } refusal { code reason message } }"
_ONE = {"hazardId": "$heldHazard"}
_REASON = {**_ONE, "reason": "测试原因"}
_OTHER = {"words": "另一句话"}
_OTHERWISE = {"reason": "另一个原因"}
_SOME = {"hazardIds": ["$heldHazard"]}
_MORE = {"hazardIds": ["$heldHazard", "$hazard"]}
_LEAD = {"staffId": "$leadStaff"}

# As in tests/schema/mutation_cases.py.
NEWS: frozenset[str] = frozenset(
    {
        "acceptHazard", "acceptHazards", "rejectHazard", "dispatchHazard", "dispatchHazards",
        "submitHazard", "askHazardEnforcement", "passHazard", "passHazards", "failHazard",
        "confirmHazardFixed", "sayHazardNotFixed", "closeHazardUnreachable",
        "issueHazardDocument",
    }
)  # fmt: skip
CASES: list[Case] = [
    Case("acceptHazard", "warden 1", {**_ONE, "summary": "楼梯堵塞"}, _HAZARD, {"summary": "别的"}),
    Case("rejectHazard", "warden 1", _REASON, _HAZARD, _OTHERWISE),
    Case(
        "changeHazardSeverity", "supervisor 1", {**_REASON, "severity": "GENERAL"}, _HAZARD,
        _OTHERWISE,
    ),
    Case("dispatchHazard", "supervisor 1", {**_ONE, **_LEAD}, _HAZARD, _OTHER),
    Case("startHazard", "warden 1", _ONE, _HAZARD, _OTHER),
    Case("returnHazard", "warden 1", {**_REASON, "departmentCode": "FIRE"}, _HAZARD, _OTHERWISE),
    Case("submitHazard", "warden 1", {**_ONE, "photoIds": ["$evidence"]}, _HAZARD, _OTHER),
    Case("askHazardEnforcement", "warden 1", _REASON, _HAZARD, _OTHERWISE),
    Case("extendHazard", "warden 1", {**_REASON, "deadline": _LATER}, _HAZARD, _OTHERWISE),
    Case("passHazard", "warden 1", {**_ONE, "photoIds": ["$evidence"]}, _HAZARD, _OTHER),
    Case("failHazard", "warden 1", {**_REASON, "photoIds": ["$evidence"]}, _HAZARD, _OTHERWISE),
    Case("closeHazardCase", "enforcement", _ONE, _HAZARD, _OTHER),
    Case("confirmHazardFixed", "resident", _ONE, _HAZARD, _OTHER, stranger="landlord B"),
    Case("sayHazardNotFixed", "resident", _ONE, _HAZARD, _OTHER, stranger="landlord B"),
    Case("closeHazardUnreachable", "service desk", _ONE, _HAZARD, _OTHER),
    Case("reopenHazard", "resident", _REASON, _HAZARD, _OTHERWISE, stranger="landlord B"),
    Case("rateHazard", "resident", {**_ONE, "rating": 4}, _HAZARD, {"rating": 5},
         stranger="landlord B"),
    Case(
        "issueHazardDocument", "warden 1",
        {**_ONE, "kind": "NOTICE", "requirements": "请清理楼梯"}, _DOCUMENT, {"facts": "堵塞"},
    ),
    Case(
        "serveHazardDocument", "warden 1", {"documentId": "$hazardDocument", "how": "OWNER"},
        _DOCUMENT, {"how": "AGENT"},
    ),
    Case("acceptHazards", "warden 1", _SOME, _OUTCOMES, _MORE),
    Case("dispatchHazards", "supervisor 1", {**_SOME, **_LEAD}, _OUTCOMES, _OTHER),
    Case("passHazards", "warden 1", _SOME, _OUTCOMES, _MORE),
]  # fmt: skip
