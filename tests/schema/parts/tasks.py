"""For the tests of every field and mutation: tasks."""

from __future__ import annotations

from datetime import timedelta

from core.clock import now
from tests.schema.case import Case

_TASK = 'task(id: "$doneTask") '
_LIST = 'tasks(filter: { box: ALL, gridCode: "$gridCode" }) '
_LOADS = 'wardenLoads(gridCode: "$gridCode") '
_HAZARDS = 'hazards(filter: { gridCode: "$gridCode", openOnly: false }) '
_PUBLIC = 'publicHazards(filter: { gridCode: "$gridCode" }) '
_CLOSED = 'publicHazards(filter: { gridCode: "$gridCode", progress: CLOSED }) '
_SOON = (now() + timedelta(days=40)).isoformat()
_LATER = (now() + timedelta(days=50)).isoformat()
_READ = (
    "task { id state kind assigneeName words feedback outcome dueAt urges returns minutes"
    " availableActions steps { action words staffName } }"
)

# As in tests/schema/role_ways.py.
TYPES: dict[str, str] = {
    "AdmittedTask": "admissionList { F }",
    "PublicHazard": _PUBLIC + "{ nodes { F } }",
    "PublicHazardConnection": _PUBLIC + "{ F }",
    "PublicHazardEdge": _PUBLIC + "{ edges { F } }",
    "Task": _TASK + "{ F }",
    "TaskConnection": _LIST + "{ F }",
    "TaskEdge": _LIST + "{ edges { F } }",
    "TaskStep": _TASK + "{ steps { F } }",
    "WardenLoad": _LOADS + "{ F }",
}
FIELDS: dict[str, str] = {
    "PublicHazard.closedOn": _CLOSED + "{ nodes { F } }",
    "Query.admissionList": "admissionList { code }",
    "Query.hazards": _HAZARDS + "{ nodes { id } }",
    "Query.publicHazards": _PUBLIC + "{ nodes { id } }",
    "Query.task": _TASK + "{ id }",
    "Query.tasks": _LIST + "{ nodes { id } }",
    "Query.wardenLoads": _LOADS + "{ name }",
    "Task.availableActions": 'task(id: "$takenTask") { F }',
    "Task.department": 'task(id: "$departmentTask") { F }',
    "Task.subjectId": 'task(id: "$visit") { F }',
}
MUTATIONS: dict[str, str] = {
    "takeTask": '{ requestId: "$requestId", taskId: "$visit" }',
    "returnTask": '{ requestId: "$requestId", taskId: "$takenTask", reason: "测试原因" }',
    "assignTasks": '{ requestId: "$requestId", taskIds: ["$visit"], staffId: "$staff" }',
    "urgeTask": '{ requestId: "$requestId", taskId: "$takenTask" }',
    "extendTask": (
        '{ requestId: "$requestId", taskId: "$takenTask", dueAt: "' + _SOON + '",'
        ' reason: "测试原因" }'
    ),
    "cancelTask": '{ requestId: "$requestId", taskId: "$takenTask", reason: "测试原因" }',
    "finishTask": (
        '{ requestId: "$requestId", taskId: "$takenTask", outcome: DONE, feedback: "测试反馈" }'
    ),
    "sendTask": (
        '{ requestId: "$requestId", placeId: "$place", dueAt: "' + _SOON + '", words: "测试派单" }'
    ),
}
PAYLOADS: dict[str, tuple[str, str]] = {
    "TaskPayload": ("urgeTask", "{ F }"),
    "TasksPayload": ("assignTasks", "{ F }"),
}
EMPTY_HERE: frozenset[str] = frozenset()

# As in tests/schema/mutation_cases.py.
NEWS: frozenset[str] = frozenset(
    {
        "assignTasks", "cancelTask", "finishTask", "sendTask", "urgeTask",
        # What raises a task is told to its pool.
        "declareResidence", "objectToResidence", "reopenHazard", "reportHazard", "returnHazard",
    }
)  # fmt: skip
CASES: list[Case] = [
    Case(
        "takeTask", "warden 1", {"taskId": "$visit"}, _READ, {"taskId": "$takenTask"},
        stranger="warden 2",
    ),
    Case(
        "returnTask", "warden 1", {"taskId": "$takenTask", "reason": "今天请假"}, _READ,
        {"reason": "另一个原因"}, stranger="warden 2",
    ),
    Case(
        "assignTasks", "supervisor 1", {"taskIds": ["$visit"], "staffId": "$staff"},
        "tasks { id state assigneeName }", {"taskIds": ["$takenTask"]}, stranger="warden 2",
    ),
    Case(
        "urgeTask", "supervisor 1", {"taskId": "$takenTask"}, _READ, {"taskId": "$visit"},
        stranger="warden 2",
    ),
    Case(
        "extendTask", "supervisor 1",
        {"taskId": "$takenTask", "dueAt": _SOON, "reason": "住户要下周才在"}, _READ,
        {"dueAt": _LATER}, stranger="warden 2",
    ),
    Case(
        "cancelTask", "department", {"taskId": "$takenTask", "reason": "不需要了"}, _READ,
        {"reason": "另一个原因"}, stranger="warden 2",
    ),
    Case(
        "finishTask", "warden 1",
        {"taskId": "$takenTask", "outcome": "DONE", "feedback": "已逐户上门"}, _READ,
        {"feedback": "另一句"}, stranger="warden 2",
    ),
    Case(
        "sendTask", "supervisor 1",
        {"placeId": "$place", "dueAt": _SOON, "words": "逐户宣传用电安全"}, _READ,
        {"words": "另一件事"}, stranger="warden 1",
    ),
]  # fmt: skip
