"""For the tests of every field and mutation: hazards as they are reported."""

from __future__ import annotations

from tests.schema.case import Case

_HAZARD = 'hazard(id: "$hazard") '
_CLOSED = 'hazard(id: "$closedHazard") '
_TAKEN = 'hazard(id: "$takenHazard") '
_KINDS = "hazardCategories "
_NEAR = '(categoryCode: "EXIT_BLOCKED", plateToken: "$token") '
_AT_PLATE = '{ requestId: "$requestId", categoryCode: "GAS_SMELL", plateToken: "$token" }'
_READ = "hazard { id state severity category { code } place { code } myReport { words } }"

# As in tests/schema/role_ways.py.
TYPES: dict[str, str] = {
    "Hazard": _HAZARD + "{ F }",
    "HazardCategory": _KINDS + "{ F }",
    "HazardCategoryGroup": _KINDS + "{ group { F } }",
    "HazardQuestion": _KINDS + "{ questions { F } }",
    "HazardChoice": _KINDS + "{ questions { choices { F } } }",
    "HazardPicture": _HAZARD + "{ photos { F } }",
    "HazardReport": _HAZARD + "{ report { F } }",
    "HazardAnswer": _HAZARD + "{ report { answers { F } } }",
    "OwnHazardReport": _HAZARD + "{ myReport { F } }",
    "HazardConnection": "myHazards { F }",
    "HazardEdge": "myHazards { edges { F } }",
    "NearbyHazard": f"hazardsNearby{_NEAR}{{ F }}",
    "HazardReportCheck": f"hazardReportCheck{_NEAR}{{ F }}",
    "HazardFollowUp": 'hazardFollowUp(token: "$hazardToken") { F }',
}
FIELDS: dict[str, str] = {
    "Hazard.closedAt": _CLOSED + "{ F }",
    "Hazard.closedHow": _CLOSED + "{ F }",
    "Hazard.rating": _CLOSED + "{ F }",
    "Hazard.duplicateOf": 'hazard(id: "$doubleHazard") { F }',
    "HazardReport.app": _TAKEN + "{ report { F } }",
    "HazardReport.phone": _TAKEN + "{ report { F } }",
    "HazardReport.takenBy": _TAKEN + "{ report { F } }",
    "Query.hazard": _HAZARD + "{ id }",
    "Query.hazardCategories": _KINDS + "{ code }",
    "Query.hazardFollowUp": 'hazardFollowUp(token: "$hazardToken") { hazard { id } }',
    "Query.hazardReportCheck": f"hazardReportCheck{_NEAR}{{ pointsAtYou }}",
    "Query.hazardsNearby": f"hazardsNearby{_NEAR}{{ id }}",
    "Query.myHazards": "myHazards { nodes { id } }",
}
MUTATIONS: dict[str, str] = {
    "reportHazard": _AT_PLATE,
    "reportHazardFor": (
        '{ requestId: "$requestId", source: WARDEN, categoryCode: "TREE", placeId: "$place" }'
    ),
    "supplementHazard": '{ requestId: "$requestId", hazardId: "$hazard", words: "又多了" }',
    "followHazard": '{ requestId: "$requestId", hazardId: "$hazard" }',
    "unfollowHazard": '{ requestId: "$requestId", hazardId: "$hazard" }',
    "markHazardDuplicate": (
        '{ requestId: "$requestId", hazardId: "$newHazard", originalId: "$hazard" }'
    ),
    "moderateHazard": '{ requestId: "$requestId", hazardId: "$hazard", summary: "楼梯被堵" }',
    "redactHazardPhoto": (
        '{ requestId: "$requestId", photoId: "$hazardPhoto", reason: "测试原因",'
        " areas: [{ x: 0, y: 0, width: 0.5, height: 0.5 }] }"
    ),
    "revealHazardCaller": (
        '{ requestId: "$requestId", hazardId: "$takenHazard", reason: "测试原因" }'
    ),
}
PAYLOADS: dict[str, tuple[str, str]] = {
    "HazardPayload": ("followHazard", "{ F }"),
    "ReportHazardPayload": ("reportHazard", "{ F }"),
    "RedactHazardPhotoPayload": ("redactHazardPhoto", "{ F }"),
    "RevealHazardCallerPayload": ("revealHazardCaller", "{ F }"),
    "HazardCaller": ("revealHazardCaller", "{ caller { F } }"),
}
# Who runs the house and staff who are not asked have nothing to do with one that was accepted.
EMPTY_HERE: frozenset[str] = frozenset({"Hazard.availableActions"})

# As in tests/schema/mutation_cases.py.
NEWS: frozenset[str] = frozenset()
CASES: list[Case] = [
    Case(
        "reportHazard", "resident",
        {
            "categoryCode": "EXIT_BLOCKED", "plateToken": "$token", "words": "堆满纸箱",
            "photoIds": ["$hazardUpload"], "answers": [{"question": "PASSABLE", "yes": False}],
        },
        _READ + " firstSteps call followUpToken pointsAtYou", {"words": "别的话"},
        stranger="warden 1", unnamed=True,
    ),
    Case(
        "reportHazardFor", "warden 1",
        {
            "source": "WARDEN", "categoryCode": "EXIT_BLOCKED", "placeId": "$place",
            "words": "堆满纸箱", "answers": [{"question": "PASSABLE", "yes": True}],
        },
        "hazard { id state report { words takenBy } }", {"words": "别的话"},
    ),
    Case(
        "supplementHazard", "resident",
        {"hazardId": "$hazard", "words": "又多了", "photoIds": ["$hazardUpload"]},
        "hazard { id version photos { role } }", {"words": "别的话"}, stranger="landlord A",
    ),
    Case(
        "followHazard", "landlord B", {"hazardId": "$hazard"}, "hazard { id state }",
        {"hazardId": "$newHazard"}, stranger="warden 1",
    ),
    Case(
        "unfollowHazard", "resident", {"hazardId": "$hazard"}, "hazard { id state }",
        {"hazardId": "$closedHazard"}, stranger="landlord B",
    ),
    Case(
        "markHazardDuplicate", "warden 1",
        {"hazardId": "$newHazard", "originalId": "$hazard"}, "hazard { id state duplicateOf }",
        {"originalId": "$takenHazard"}, stranger="warden 2",
    ),
    Case(
        "moderateHazard", "supervisor 1",
        {"hazardId": "$hazard", "summary": "楼梯口被堵", "shownPhotoIds": ["$hazardPhoto"]},
        "hazard { id summary photos { shown } }", {"summary": "别的话"}, stranger="warden 1",
    ),
    Case(
        "redactHazardPhoto", "supervisor 1",
        {
            "photoId": "$hazardPhoto", "reason": "照片里有人脸",
            "areas": [{"x": 0.25, "y": 0.5, "width": 0.125, "height": 0.25}],
        },
        "photo { id url } redactionId", {"reason": "另一个原因"}, stranger="warden 1",
        told=frozenset({"media.remove_files"}),
    ),
    Case(
        "revealHazardCaller", "service desk",
        {"hazardId": "$takenHazard", "reason": "回访"}, "caller { name phone }",
        {"reason": "另一个原因"}, stranger="warden 1", read_again=True,
    ),
]  # fmt: skip
