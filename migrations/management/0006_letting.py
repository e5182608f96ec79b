from tortoise import migrations
from tortoise.migrations import operations as ops
from core.ids import uuid7
from management.models.places import ClaimPaper
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("identity", "0002_initial_constraints"),
        ("identity", "0003_path_order"),
        ("management", "0005_plan_may_close"),
        ("media", "0003_uploads_constraints"),
        ("media", "0004_letting"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="ClaimPhoto",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "claim",
                    fields.ForeignKeyField(
                        "management.PlaceClaim",
                        source_field="claim_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="papers",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "photo",
                    fields.ForeignKeyField(
                        "media.Photo",
                        source_field="photo_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="claim_papers",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "paper",
                    fields.CharEnumField(
                        description="PROOF: PROOF\nOWNER_AUTHORITY: OWNER_AUTHORITY",
                        enum_type=ClaimPaper,
                        max_length=16,
                    ),
                ),
                ("position", fields.SmallIntField()),
            ],
            options={
                "table": "claim_photo",
                "app": "management",
                "unique_together": (("claim_id", "position"),),
                "pk_attr": "id",
                "table_description": "A picture of a paper that proves a claim; shown to who decides, and to who sent it.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="PlaceClaim",
            name="acts_for",
            field=fields.ForeignKeyField(
                "management.PlaceClaim",
                source_field="acts_for_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="agents",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="PlaceClaim",
            name="lease_from",
            field=fields.DateField(null=True, description="of a sub-landlord's head lease"),
        ),
        ops.AddField(
            model_name="PlaceClaim",
            name="lease_until",
            field=fields.DateField(null=True, description="its last day"),
        ),
        ops.AddField(
            model_name="PlaceClaim",
            name="reason",
            field=fields.CharField(
                default="", db_default="", description="why it was refused or ended", max_length=200
            ),
        ),
        ops.AlterField(
            model_name="PlaceClaim",
            name="reason",
            field=fields.CharField(
                default="", description="why it was refused or ended", max_length=200
            ),
        ),
        ops.AddField(
            model_name="PlaceClaim",
            name="takes_over",
            field=fields.ForeignKeyField(
                "management.PlaceClaim",
                source_field="takes_over_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="successors",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddConstraint(
            model_name="PlaceClaim",
            constraint=CheckConstraint(
                check="lease_until IS NULL OR lease_until >= lease_from", name="place_claim_lease"
            ),
        ),
    ]
