from tortoise import migrations
from tortoise.migrations import operations as ops
from core.ids import uuid7
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("identity", "0002_initial_constraints"),
        ("identity", "0003_path_order"),
        ("media", "0001_initial"),
        ("media", "0002_uploads"),
        ("media", "0003_uploads_constraints"),
        ("media", "0004_letting"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="Redaction",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "photo",
                    fields.ForeignKeyField(
                        "media.Photo",
                        source_field="photo_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="redactions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "original_key",
                    fields.CharField(description="the photo's key before", max_length=32),
                ),
                (
                    "areas",
                    fields.JSONField(
                        description="painted over; fractions", encoder=JSON_DUMPS, decoder=loads
                    ),
                ),
                (
                    "staff",
                    fields.ForeignKeyField(
                        "identity.StaffMember",
                        source_field="staff_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="redactions",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("reason", fields.CharField(max_length=200)),
                (
                    "grid_path",
                    fields.CharField(
                        description="where the picture hung: who may see this", max_length=200
                    ),
                ),
                (
                    "kept_until",
                    fields.DatetimeField(
                        description="the picture as it was goes then",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "gone_at",
                    fields.DatetimeField(
                        null=True,
                        description="since when it is no longer there",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "photo_redaction",
                "app": "media",
                "indexes": [
                    Index(fields=["photo_id", "id"], name="photo_redaction_photo"),
                    Index(fields=["kept_until"], name="photo_redaction_kept"),
                ],
                "pk_attr": "id",
                "table_description": "Parts of a picture were painted over; the picture as it was is kept under lock for a time.",
            },
            bases=["Model"],
        ),
    ]
