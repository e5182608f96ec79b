"""Grid paths compare byte by byte: ranges of an index, the same order everywhere."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_letters_constraints")]

    operations = [
        ops.RunSQL(
            'ALTER TABLE notice ALTER COLUMN grid_path TYPE varchar(200) COLLATE "C"',
            "ALTER TABLE notice ALTER COLUMN grid_path TYPE varchar(200)",
        ),
    ]
