from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('identity', '0003_path_order'), ('management', '0003_path_order'), ('media', '0001_initial')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Place',
            name='photo',
            field=fields.ForeignKeyField('media.Photo', source_field='photo_id', null=True, db_constraint=True, to_field='id', related_name='places', on_delete=OnDelete.SET_NULL),
        ),
    ]
