"""Words for the enums of what is held about the viewer."""

from __future__ import annotations

from citizen.my_data.models import DataExportState
from core.privacy import Basis
from schema.fields import gql_enum

gql_enum(
    Basis,
    "Why data may be processed (处理依据, PIPL article 13).",
    {
        "STATUTORY_DUTY": "A duty by law (履行法定职责).",
        "CONTRACT": "To serve the person, as they asked (提供服务).",
        "CONSENT": "Their consent, which can be withdrawn (同意).",
    },
    name="ProcessingBasis",
)
gql_enum(
    DataExportState,
    "How far a copy of somebody's data is.",
    {
        "QUEUED": "Being made (生成中).",
        "READY": "Can be fetched (可下载).",
        "FAILED": "It could not be made; ask again (生成失败).",
    },
)
