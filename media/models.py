"""Tables of media."""

from __future__ import annotations

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from core.ids import token, uuid7
from identity.models import Account


class Photo(Model):
    """A stored picture. Its files are ``KEY-WIDTH.webp`` and ``KEY-WIDTH.jpg``.

    The key is random (128 bits): who was not shown a picture can't guess its address.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    key = fields.CharField(32, default=token, description="several photos may share files")
    owner: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.SET_NULL, related_name="photos"
    )
    owner_id: UUID | None
    width = fields.SmallIntField(description="pixels of the largest variant")
    height = fields.SmallIntField(description="pixels of the largest variant")
    alt_zh = fields.CharField(80, default="", description="what is seen")
    alt_en = fields.CharField(200, default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "photo"
