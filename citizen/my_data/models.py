"""Copies of personal data that people asked for, and what was erased at their wish."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.crypto import EncryptedField
from core.ids import uuid7
from identity.models import Account


class DataExportState(StrEnum):
    """How far a copy is."""

    QUEUED = "QUEUED"
    READY = "READY"
    FAILED = "FAILED"


class DataExport(Model):
    """A copy of everything that is held about somebody, made by a job; the row goes with it."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="data_exports"
    )
    account_id: UUID
    state = fields.CharEnumField(DataExportState, max_length=8, default=DataExportState.QUEUED)
    attempts = fields.SmallIntField(default=0)
    content: str | None = EncryptedField(null=True, description="JSON")
    drawn: str | None = EncryptedField(null=True, description="PDF in base64")
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at: datetime | None = fields.DatetimeField(null=True)
    expires_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "data_export"
        indexes = (Index(fields=("account_id", "id"), name="data_export_account"),)
        constraints = (
            CheckConstraint(
                "(state = 'READY') = (content IS NOT NULL)"
                " AND (state = 'READY') = (drawn IS NOT NULL)"
                " AND (state = 'READY') = (expires_at IS NOT NULL)",
                "data_export_ready",
            ),
            CheckConstraint("(state = 'QUEUED') = (finished_at IS NULL)", "data_export_finished"),
        )


class DataErasure(Model):
    """What was erased at somebody's wish, and what was kept: names of holdings and counts."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="data_erasures"
    )
    account_id: UUID
    closed = fields.BooleanField(description="the account was closed with it")
    parts: list[dict[str, Any]] = fields.JSONField(
        description="name of the holding, rows erased, rows kept, until when"
    )
    at: datetime = fields.DatetimeField()

    class Meta:
        table = "data_erasure"
        indexes = (Index(fields=("account_id", "id"), name="data_erasure_account"),)
