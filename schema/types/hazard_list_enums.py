"""The enums of lists of hazards, with the words for each value."""

from __future__ import annotations

from management.hazards.lists import HazardOrder
from management.hazards.public import Progress
from schema.fields import gql_enum

gql_enum(
    HazardOrder,
    "In which order hazards are listed.",
    {"NEWEST": "最新 the newest first", "DUE": "按期限 what is due next first"},
)
gql_enum(
    Progress,
    "How far a hazard is, as the public sees it.",
    {"OPEN": "处理中 being dealt with", "CLOSED": "已销号 put right and closed lately"},
    name="HazardProgress",
)
