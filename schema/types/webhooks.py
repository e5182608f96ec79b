"""Webhooks: an app's endpoints, what was sent to them, and every attempt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from notifications.models import WebhookState
from notifications.webhooks import messages
from notifications.webhooks.access import may_have_webhooks
from notifications.webhooks.endpoints import DisabledReason
from notifications.webhooks.lists import attempts_of
from notifications.webhooks.sending import Fault
from schema.access import Access
from schema.connections import Connection
from schema.fields import attr, gql_enum, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection

WEBHOOKS = Access("an app, or who manages apps", may_have_webhooks)

gql_enum(
    WebhookState,
    "How far a message to an app is.",
    {
        "PENDING": "waits for its next attempt, or is under way 投递中",
        "DELIVERED": "the receiver answered 2xx 已送达",
        "FAILED": "given up; it can be sent anew 投递失败",
    },
)
gql_enum(
    Fault,
    "Why an attempt got no answer (无应答原因).",
    {
        "TIMEOUT": "took longer than 2 s to connect, or 15 s in all 超时",
        "UNKNOWN_HOST": "the name leads nowhere 域名无法解析",
        "ADDRESS_REFUSED": "the name leads into a private network 指向内部网络",
        "NO_CONNECTION": "nobody listens there 无法连接",
        "TLS": "the certificate is not good for the name 证书无效",
        "BROKEN_OFF": "the receiver broke off 连接中断",
        "INTERRUPTED": "the service stopped meanwhile: it may have arrived 服务中断，可能已送达",
    },
)
gql_enum(
    DisabledReason,
    "Why nothing is sent to an endpoint.",
    {
        "BY_HAND": "somebody disabled it 人工停用",
        "GONE": "it answered 410 接收方已注销",
        "FAILING": "it answered nothing well for five days 连续失败五天",
    },
)


@gql_type(access=WEBHOOKS)
class Webhook:
    """An address (回调地址) at which an app hears of events in its grid, by Standard Webhooks."""

    id: strawberry.ID = attr("Global id, opaque.")
    app_id: strawberry.ID = attr("Whose it is.")
    url: str = attr("Where messages go.")
    kinds: list[str] = attr("What it hears of, such as `place.filed`.")
    created_at: datetime = attr("Since when.")
    disabled_at: datetime | None = attr("Since when nothing is sent there.")
    disabled_reason: DisabledReason | None = attr("Why nothing is.")
    failing_since: datetime | None = attr("When it failed first since it last answered well.")
    paused_until: datetime | None = attr("Until when it asked to be left alone (`Retry-After`).")
    earlier_until: datetime | None = attr("Until when the secret before the last one signs too.")


@gql_type(access=WEBHOOKS)
class WebhookAttempt:
    """One attempt to hand a message over (投递记录)."""

    number: int = attr("1 and up.")
    at: datetime = attr("When it began.")
    milliseconds: int | None = attr("How long it took; empty: it is under way, or was never ended.")
    status: int | None = attr("What the receiver answered, as in HTTP.")
    fault: Fault | None = attr("Why there was no answer.")


@gql_type(access=WEBHOOKS)
class WebhookMessage:
    """What happened, for one endpoint (回调消息)."""

    id: strawberry.ID = attr("Global id, opaque; the receiver sees it as `webhook-id`.")
    webhook_id: strawberry.ID = attr("The endpoint.", needs=("endpoint_id",))
    kind: str = attr("What happened, such as `place.filed`.")
    body: str = attr("What is sent, as JSON.", needs=("kind", "created_at", "payload"))
    test: bool = attr("Whether it was sent to try the endpoint.")
    state: WebhookState = attr("How far it is.")
    created_at: datetime = attr("When it happened.")
    due_at: datetime | None = attr(
        "While it waits: when it is tried next.", needs=("due_at", "state")
    )
    delivered_at: datetime | None = attr("When it arrived.")
    attempts: list[WebhookAttempt] = attr(
        "The last twenty attempts, oldest first.", needs=(), size=3
    )


@strawberry.type(name="WebhookMessageConnection", description="One page of messages.")
class WebhookMessageConnection(Connection[WebhookMessage]):
    """One page of messages."""


def _needs(kind: Any) -> dict[str, tuple[str, ...]]:
    fields = kind.__strawberry_definition__.fields
    return {
        field.python_name: field.metadata["needs"] for field in fields if "needs" in field.metadata
    }


_MESSAGE_NEEDS = _needs(WebhookMessage)


def webhook_columns(want: Selection) -> list[str]:
    """The columns of endpoints that a selection needs."""
    return want.columns({}, "id")


def shape_webhooks(rows: Rows, want: Selection) -> Rows:
    """Endpoints as read, ready for the schema."""
    for row in rows:
        row["id"] = global_id("Webhook", row["id"])
        if "app_id" in want:
            row["app_id"] = global_id("App", row["app_id"])
        if "disabled_reason" in want:
            reason = row["disabled_reason"]
            row["disabled_reason"] = DisabledReason(reason) if reason else None
    return rows


def message_columns(want: Selection) -> list[str]:
    """The columns of messages that a selection needs."""
    return want.columns(_MESSAGE_NEEDS, "id")


async def shape_messages(rows: Rows, want: Selection) -> Rows:
    """Messages as read, ready for the schema: attempts come in one query."""
    attempts: Mapping[UUID, Rows] = {}
    if "attempts" in want and rows:
        attempts = await attempts_of([row["id"] for row in rows])
    for row in rows:
        if "webhook_id" in want:
            row["webhook_id"] = global_id("Webhook", row["endpoint_id"])
        if "body" in want:
            row["body"] = messages.text(row["kind"], row["created_at"], row["payload"]).decode()
        if "due_at" in want and row["state"] is not WebhookState.PENDING:
            row["due_at"] = None
        if "attempts" in want:
            row["attempts"] = [_attempt(each) for each in attempts.get(row["id"], ())]
        row["id"] = messages.public_id(row["id"])
    return rows


def _attempt(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "fault": Fault(row["error"]) if row["error"] else None}
