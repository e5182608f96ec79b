"""QR plates: the random tokens printed on houses and rooms."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import token, uuid7
from management.models.places import Place, Room


class PlateState(StrEnum):
    """Whether a plate still speaks for its place."""

    ACTIVE = "ACTIVE"
    REPLACED = "REPLACED"
    REVOKED = "REVOKED"


class PlateEndReason(StrEnum):
    """Why a plate was replaced or taken out of use."""

    LOST = "LOST"
    DAMAGED = "DAMAGED"
    STOLEN = "STOLEN"
    MOVED = "MOVED"
    OTHER = "OTHER"


class Plate(Model):
    """A QR plate (二维码门牌) of a place or of one of its rooms.

    The token is random (128 bits), never the database id or the code. At most one plate of a
    place, and of a room, is active.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    token = fields.CharField(32, unique=True, default=token)
    place: fields.ForeignKeyRelation[Place] = fields.ForeignKeyField(
        "management.Place", on_delete=fields.RESTRICT, related_name="plates"
    )
    place_id: UUID
    room: fields.ForeignKeyNullableRelation[Room] = fields.ForeignKeyField(
        "management.Room", null=True, on_delete=fields.RESTRICT, related_name="plates"
    )
    room_id: UUID | None
    batch: UUID = fields.UUIDField(db_index=True, description="of what was issued together")
    state = fields.CharEnumField(PlateState, max_length=10, default=PlateState.ACTIVE)
    issued_at = fields.DatetimeField(auto_now_add=True)
    ended_at: datetime | None = fields.DatetimeField(null=True)
    ended_by: UUID | None = fields.UUIDField(null=True)
    end_reason = fields.CharEnumField(PlateEndReason, max_length=10, null=True)
    replaced_by: fields.ForeignKeyNullableRelation[Plate] = fields.ForeignKeyField(
        "management.Plate", null=True, on_delete=fields.RESTRICT, related_name="replaces"
    )
    replaced_by_id: UUID | None

    class Meta:
        table = "plate"
        indexes = (
            Index(fields=("place_id", "state"), name="plate_place"),
            Index(fields=("room_id", "state"), name="plate_room"),
            Index(fields=("ended_at", "id"), name="plate_ended"),
        )
        constraints = (
            UniqueConstraint(
                ("place_id",), "plate_one_of_place", "state = 'ACTIVE' AND room_id IS NULL"
            ),
            UniqueConstraint(
                ("room_id",), "plate_one_of_room", "state = 'ACTIVE' AND room_id IS NOT NULL"
            ),
            CheckConstraint("(state = 'ACTIVE') = (ended_at IS NULL)", "plate_end"),
            CheckConstraint(
                "(state = 'REPLACED') = (replaced_by_id IS NOT NULL)", "plate_replacement"
            ),
        )
