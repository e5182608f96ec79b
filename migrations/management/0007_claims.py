from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("management", "0006_letting"),
        ("media", "0004_letting"),
    ]

    initial = False

    operations = [
        ops.AddField(
            model_name="PlaceClaim",
            name="vouched",
            field=fields.BooleanField(
                default=False,
                db_default=False,
                description="handed over by who ran the place, so it needs no papers",
            ),
        ),
        ops.AlterField(
            model_name="PlaceClaim",
            name="vouched",
            field=fields.BooleanField(
                default=False, description="handed over by who ran the place, so it needs no papers"
            ),
        ),
        ops.AddIndex(
            model_name="PlaceClaim",
            index=Index(fields=["state", "id"], name="place_claim_queue"),
        ),
        ops.AddIndex(
            model_name="PlaceClaim",
            index=Index(fields=["takes_over_id"], name="place_claim_takes_over"),
        ),
        ops.AddIndex(
            model_name="PlaceClaim",
            index=Index(fields=["acts_for_id"], name="place_claim_acts_for"),
        ),
        ops.AddConstraint(
            model_name="PlaceClaim",
            constraint=UniqueConstraint(
                fields=("place_id", "role"),
                name="place_claim_one_of_role",
                condition="state = 'VERIFIED' AND role IN ('OWNER', 'SUBLANDLORD')",
            ),
        ),
    ]
