from tortoise import migrations
from tortoise.migrations import operations as ops
from media.models import Purpose
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("identity", "0002_initial_constraints"),
        ("identity", "0003_path_order"),
        ("media", "0003_uploads_constraints"),
    ]

    initial = False

    operations = [
        ops.AlterField(
            model_name="Photo",
            name="purpose",
            field=fields.CharEnumField(
                default=Purpose.LISTING,
                description="LISTING: LISTING\nPLACE: PLACE\nCLAIM: CLAIM\nSELF_CHECK: SELF_CHECK",
                enum_type=Purpose,
                max_length=12,
            ),
        ),
        ops.AlterField(
            model_name="Upload",
            name="purpose",
            field=fields.CharEnumField(
                description="LISTING: LISTING\nPLACE: PLACE\nCLAIM: CLAIM\nSELF_CHECK: SELF_CHECK",
                enum_type=Purpose,
                max_length=12,
            ),
        ),
    ]
