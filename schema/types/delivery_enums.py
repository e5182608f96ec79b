"""The enums of deliveries with the words for each value."""

from __future__ import annotations

from notifications.models import AttemptOutcome, DeliveryState
from schema.fields import gql_enum

gql_enum(
    DeliveryState,
    "How far a message got on one channel (投递状态).",
    {
        "PLANNED": "待发 it waits until it is due",
        "SENDING": "发送中 a worker is sending it",
        "SENT": "已发出 the provider took it",
        "FAILED": "失败 the provider refused it, or it was tried too often",
        "SKIPPED": "未走此渠道 the channel was passed over",
    },
)
gql_enum(
    AttemptOutcome,
    "What became of one attempt (一次尝试).",
    {
        "STARTED": "进行中 it is under way",
        "SENT": "已发出 the provider took it",
        "RETRY": "稍后再试 it may pass later",
        "REFUSED": "被拒 it never will",
        "UNKNOWN": "结果不明 the answer was lost: it may have arrived",
    },
)
