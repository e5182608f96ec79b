"""The words for the enums of what is done with hazards."""

from __future__ import annotations

from management.hazards.documents.issuing import Serving
from management.models import HazardDocumentKind
from schema.fields import gql_enum

gql_enum(
    HazardDocumentKind,
    "What kind of document about a hazard.",
    {
        "NOTICE": "隐患告知书, by a warden",
        "RECTIFICATION_ORDER": "责令限期整改通知书, by a department only",
        "MAJOR_FINDING": "重大火灾隐患认定书, by a department only",
    },
)
gql_enum(
    Serving,
    "How a document was handed over.",
    {
        "OWNER": "当面交业主 to the owner",
        "SUBLANDLORD": "当面交二手房东 to the sub-landlord",
        "AGENT": "当面交代理人 to who acts for them",
        "ON_SITE": "交现场负责人 to who was in charge there",
        "LEFT_THERE": "留置送达 left at the place",
        "BY_POST": "邮寄送达 by post",
        "ELECTRONIC": "电子送达 electronically",
    },
    name="DocumentServing",
)
