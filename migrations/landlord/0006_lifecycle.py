"""The queue of staff has its order; the database itself refuses to change snapshots."""

from tortoise import migrations
from tortoise.indexes import PartialIndex
from tortoise.migrations import operations as ops

from landlord.snapshots import DROP_TRIGGERS_SQL, TRIGGERS_SQL


class Migration(migrations.Migration):
    dependencies = [("landlord", "0005_viewing_from")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Listing",
            index=PartialIndex(
                fields=["updated_at", "id"],
                name="listing_in_review",
                condition={"state": "IN_REVIEW"},
            ),
        ),
        ops.RunSQL(TRIGGERS_SQL, DROP_TRIGGERS_SQL),
    ]
