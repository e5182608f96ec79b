from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("identity", "0002_initial_constraints"),
        ("identity", "0003_path_order"),
        ("management", "0004_place_photo"),
        ("media", "0001_initial"),
    ]

    initial = False

    operations = [
        ops.RemoveConstraint(
            model_name="Place",
            name="place_filed",
            fields=None,
        ),
        ops.AddConstraint(
            model_name="Place",
            constraint=CheckConstraint(
                check="(lifecycle <> 'PLANNED' OR filed_at IS NULL) AND (lifecycle <> 'ACTIVE' OR filed_at IS NOT NULL)",
                name="place_filed",
            ),
        ),
    ]
