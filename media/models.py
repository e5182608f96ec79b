"""Tables of media."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.ids import token, uuid7
from identity.models import Account, StaffMember


class Purpose(StrEnum):
    """What a picture is for: it can be used for nothing else."""

    LISTING = "LISTING"
    PLACE = "PLACE"
    CLAIM = "CLAIM"
    SELF_CHECK = "SELF_CHECK"
    HAZARD = "HAZARD"
    DECLARATION = "DECLARATION"


class ContentType(StrEnum):
    """Kinds of picture that are taken in."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"


class UploadState(StrEnum):
    """How far an upload is; the moves are in :mod:`media.uploads`."""

    REQUESTED = "REQUESTED"
    STORED = "STORED"
    READY = "READY"
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"


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
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="photos"
    )
    staff_id: UUID | None
    purpose = fields.CharEnumField(Purpose, max_length=12, default=Purpose.LISTING)
    width = fields.SmallIntField(description="pixels of the largest variant")
    height = fields.SmallIntField(description="pixels of the largest variant")
    alt_zh = fields.CharField(80, default="", description="what is seen")
    alt_en = fields.CharField(200, default="")
    unused_since: datetime | None = fields.DatetimeField(
        null=True, description="the night it was first found that nothing shows it"
    )
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "photo"


class Upload(Model):
    """A picture on its way in: announced, received, made into variants, then a photo.

    Original and variants lie under the key of the photo to be.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    key = fields.CharField(32, default=token)
    owner: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "identity.Account", null=True, on_delete=fields.CASCADE, related_name="uploads"
    )
    owner_id: UUID | None
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.CASCADE, related_name="uploads"
    )
    staff_id: UUID | None
    anonymous = fields.BooleanField(
        default=False, description="of somebody who reports without a name"
    )
    purpose = fields.CharEnumField(Purpose, max_length=12)
    content_type = fields.CharEnumField(ContentType, max_length=20)
    size = fields.IntField(description="bytes, as announced")
    state = fields.CharEnumField(UploadState, max_length=12, default=UploadState.REQUESTED)
    refusal = fields.CharField(24, default="", description="why it was refused: a reason code")
    width: int | None = fields.SmallIntField(null=True, description="of the largest variant")
    height: int | None = fields.SmallIntField(null=True, description="of the largest variant")
    photo: fields.ForeignKeyNullableRelation[Photo] = fields.ForeignKeyField(
        "media.Photo", null=True, on_delete=fields.SET_NULL, related_name="uploads"
    )
    photo_id: UUID | None
    expires_at = fields.DatetimeField(description="the original must have come by then")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "upload"
        indexes = (
            Index(fields=("owner_id", "created_at"), name="upload_owner"),
            Index(fields=("staff_id", "created_at"), name="upload_staff"),
            Index(fields=("created_at",), name="upload_age"),
        )
        constraints = (
            CheckConstraint(
                "num_nonnulls(owner_id, staff_id) = CASE WHEN anonymous THEN 0 ELSE 1 END",
                "upload_one_owner",
            ),
            CheckConstraint(
                "state NOT IN ('READY', 'COMPLETED') OR (width > 0 AND height > 0)", "upload_ready"
            ),
        )


class Redaction(Model):
    """Parts of a picture were painted over; the picture as it was is kept under lock for a time.

    What is under lock lies under :attr:`locked_key`, sealed for this row.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    photo: fields.ForeignKeyRelation[Photo] = fields.ForeignKeyField(
        "media.Photo", on_delete=fields.CASCADE, related_name="redactions"
    )
    photo_id: UUID
    original_key = fields.CharField(32, description="the photo's key before")
    areas: list[dict[str, Any]] = fields.JSONField(description="painted over; fractions")
    staff: fields.ForeignKeyNullableRelation[StaffMember] = fields.ForeignKeyField(
        "identity.StaffMember", null=True, on_delete=fields.SET_NULL, related_name="redactions"
    )
    staff_id: UUID | None
    reason = fields.CharField(200)
    grid_path = fields.CharField(200, description="where the picture hung: who may see this")
    kept_until = fields.DatetimeField(description="the picture as it was goes then")
    gone_at: datetime | None = fields.DatetimeField(
        null=True, description="since when it is no longer there"
    )
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "photo_redaction"
        indexes = (
            Index(fields=("photo_id", "id"), name="photo_redaction_photo"),
            Index(fields=("kept_until",), name="photo_redaction_kept"),
        )

    @property
    def locked_key(self) -> str:
        """The key of the file under lock."""
        return self.id.hex
