"""Grid paths compare byte by byte, so that "beneath this grid" is a range of an index."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_initial_constraints")]

    operations = [
        ops.RunSQL(
            'ALTER TABLE grid_post ALTER COLUMN grid_path TYPE varchar(200) COLLATE "C";'
            'ALTER TABLE app ALTER COLUMN grid_path TYPE varchar(200) COLLATE "C"',
            "ALTER TABLE grid_post ALTER COLUMN grid_path TYPE varchar(200);"
            "ALTER TABLE app ALTER COLUMN grid_path TYPE varchar(200)",
        ),
    ]
