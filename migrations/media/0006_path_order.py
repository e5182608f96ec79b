"""Grid paths compare byte by byte: ranges of an index, the same order everywhere."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("media", "0005_redaction")]

    operations = [
        ops.RunSQL(
            'ALTER TABLE photo_redaction ALTER COLUMN grid_path TYPE varchar(200) COLLATE "C"',
            "ALTER TABLE photo_redaction ALTER COLUMN grid_path TYPE varchar(200)",
        ),
    ]
