"""Grid paths and codes compare byte by byte: ranges of an index, the same order everywhere."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("management", "0002_initial_constraints")]

    operations = [
        ops.RunSQL(
            'ALTER TABLE grid ALTER COLUMN path TYPE varchar(140) COLLATE "C";'
            'ALTER TABLE place ALTER COLUMN grid_path TYPE varchar(140) COLLATE "C",'
            ' ALTER COLUMN code TYPE varchar(24) COLLATE "C"',
            "ALTER TABLE grid ALTER COLUMN path TYPE varchar(140);"
            "ALTER TABLE place ALTER COLUMN grid_path TYPE varchar(140),"
            " ALTER COLUMN code TYPE varchar(24)",
        ),
    ]
