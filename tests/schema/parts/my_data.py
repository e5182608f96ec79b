"""For the tests of every field and mutation: my data."""

from __future__ import annotations

from tests.schema.case import Case

_EXPORT = 'dataExport(id: "$dataExport") '

# As in tests/schema/role_ways.py.
TYPES: dict[str, str] = {
    "MyData": "myData { F }",
    "MyDataSection": "myData { sections { F } }",
    "MyDataRow": "myData { sections { rows { F } } }",
    "MyDataFact": "myData { sections { rows { facts { F } } } }",
    "DataExport": _EXPORT + "{ F }",
}
FIELDS: dict[str, str] = {
    "Query.myData": "myData { sections { name } }",
    "Query.dataExport": _EXPORT + "{ id }",
    "Query.dataExports": "dataExports { id }",
}
MUTATIONS: dict[str, str] = {
    "requestDataExport": '{ requestId: "$requestId" }',
    "correctMyData": (
        '{ requestId: "$requestId", section: "account.id", rowId: "$dataRow",'
        ' items: [{ field: "display_name", value: "测试" }] }'
    ),
    "eraseMyData": '{ requestId: "$requestId", sections: ["account.id"] }',
}
PAYLOADS: dict[str, tuple[str, str]] = {
    "DataExportPayload": ("requestDataExport", "{ F }"),
    "CorrectMyDataPayload": ("correctMyData", "{ F }"),
    "EraseMyDataPayload": ("eraseMyData", "{ F }"),
    "DataErasure": ("eraseMyData", "{ erasure { F } }"),
    "ErasedSection": ("eraseMyData", "{ erasure { sections { F } } }"),
}
EMPTY_HERE: frozenset[str] = frozenset({"ErasedSection.until"})

_ERASED = "erasure { id erasedAt sections { name title erased kept why until } }"

# As in tests/schema/mutation_cases.py.
NEWS: frozenset[str] = frozenset()
CASES: list[Case] = [
    Case(
        "requestDataExport", "landlord A", {}, "dataExport { id state requestedAt }", {},
        stranger="warden 1", told=frozenset({"citizen.make_data_export"}),
    ),
    Case(
        "correctMyData", "landlord A",
        {
            "section": "account.id", "rowId": "$dataRow",
            "items": [{"field": "display_name", "value": "新名字"}],
        },
        "corrected", {"items": [{"field": "display_name", "value": "旧名字"}]},
        stranger="landlord B",
    ),
    Case(
        "eraseMyData", "resident", {}, _ERASED, {"sections": ["saved_listing.account_id"]},
        stranger="warden 1", told=frozenset({"media.remove_files"}),
    ),
]  # fmt: skip
