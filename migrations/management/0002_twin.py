from tortoise import migrations
from tortoise.migrations import operations as ops
from management.plate_sheets.sizes import PlateSize
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('identity', '0004_pushes'), ('management', '0001_initial'), ('media', '0001_initial')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='PlateSheet',
            name='size',
            field=fields.CharEnumField(description='SMALL: SMALL\nMEDIUM: MEDIUM\nDOOR: DOOR\nLARGE: LARGE\nSTICKER: STICKER\nTWIN: TWIN', enum_type=PlateSize, max_length=10),
        ),
    ]
