"""Messages to apps (Standard Webhooks): where to, what, and every attempt."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.crypto import EncryptedField
from core.ids import uuid7
from identity.models import App


class WebhookState(StrEnum):
    """How far a message got."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class WebhookEndpoint(Model):
    """An address of an app that hears of kinds of events within the app's grid."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    app: fields.ForeignKeyRelation[App] = fields.ForeignKeyField(
        "identity.App", related_name="webhooks", on_delete=fields.CASCADE
    )
    app_id: UUID
    url = fields.CharField(500)
    kinds: fields.JSONField[list[str]] = fields.JSONField(description="kinds of events")
    secret = EncryptedField(description="shown once; signs every message")
    earlier_secret = EncryptedField(null=True, description="signs too, for a day after a change")
    earlier_until: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    disabled_at: datetime | None = fields.DatetimeField(null=True)
    disabled_reason = fields.CharField(40, default="", description="a code")
    failing_since: datetime | None = fields.DatetimeField(null=True)
    paused_until: datetime | None = fields.DatetimeField(
        null=True, description="the receiver asked for it (Retry-After)"
    )

    class Meta:
        app = "notifications"
        table = "webhook_endpoint"
        indexes = (Index(fields=("app_id", "created_at")),)
        constraints = (
            CheckConstraint(
                "(earlier_secret IS NULL) = (earlier_until IS NULL)", "webhook_endpoint_earlier"
            ),
        )


class WebhookMessage(Model):
    """One event for one endpoint; its id is the message id that the app sees."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    endpoint: fields.ForeignKeyRelation[WebhookEndpoint] = fields.ForeignKeyField(
        "notifications.WebhookEndpoint", related_name="messages", on_delete=fields.CASCADE
    )
    endpoint_id: UUID
    kind = fields.CharField(40)
    payload: fields.JSONField[dict[str, object]] = fields.JSONField(
        description="ids, codes and times: an app asks the API for more"
    )
    test = fields.BooleanField(default=False)
    state = fields.CharEnumField(WebhookState, max_length=10, default=WebhookState.PENDING)
    attempts = fields.IntField(default=0)
    attempts_before = fields.IntField(default=0, description="made when it was last sent anew")
    due_at = fields.DatetimeField()
    claimed_until: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    delivered_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        app = "notifications"
        table = "webhook_message"
        indexes = (
            Index(fields=("endpoint_id", "created_at", "id"), name="webhook_message_log"),
            PartialIndex(
                fields=("due_at",), name="webhook_message_open", condition={"state": "PENDING"}
            ),
            Index(fields=("created_at",), name="webhook_message_age"),
        )
        constraints = (
            CheckConstraint(
                "(state = 'DELIVERED') = (delivered_at IS NOT NULL)", "webhook_message_delivered"
            ),
        )


class WebhookAttempt(Model):
    """One attempt to hand a message over."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    message: fields.ForeignKeyRelation[WebhookMessage] = fields.ForeignKeyField(
        "notifications.WebhookMessage", related_name="log", on_delete=fields.CASCADE
    )
    message_id: UUID
    number = fields.IntField(description="1 and up")
    at = fields.DatetimeField()
    milliseconds = fields.IntField(null=True)
    status = fields.IntField(null=True, description="of HTTP; nothing: no answer")
    error = fields.CharField(40, default="", description="a code when there was no answer")

    class Meta:
        app = "notifications"
        table = "webhook_attempt"
        unique_together = (("message_id", "number"),)
