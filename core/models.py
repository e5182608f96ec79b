"""The core's own tables (the audit trail's are in :mod:`core.audit`)."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from core.ids import uuid7


class RequestClaim(Model):
    """One mutation that was asked for, by whom and with what, so that a repeat is recognised."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    actor_id = fields.UUIDField(description="the all-zero id for the anonymous")
    request_id = fields.UUIDField()
    mutation = fields.CharField(80)
    payload_hash = fields.BinaryField(description="keyed hash: the payload may hold personal data")
    result_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True, db_index=True)

    class Meta:
        app = "core"
        table = "request_claim"
        unique_together = (("actor_id", "request_id"),)
