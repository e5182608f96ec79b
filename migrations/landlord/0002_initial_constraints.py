from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("landlord", "0001_initial"),
        ("management", "0001_initial"),
        ("media", "0001_initial"),
        ("management", "0002_initial_constraints"),
    ]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name="Listing",
            constraint=UniqueConstraint(
                fields=("room_id",),
                name="listing_one_on_offer",
                condition="state IN ('PUBLISHED', 'RESERVED', 'SUSPENDED')",
            ),
        ),
        ops.AddConstraint(
            model_name="Listing",
            constraint=CheckConstraint(check="rent > 0", name="listing_rent"),
        ),
        ops.AddConstraint(
            model_name="Listing",
            constraint=CheckConstraint(
                check="state <> 'PUBLISHED' OR published_at IS NOT NULL", name="listing_published"
            ),
        ),
    ]
