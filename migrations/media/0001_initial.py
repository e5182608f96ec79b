from tortoise import migrations
from tortoise.migrations import operations as ops
from core.ids import token, uuid7
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Photo',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('key', fields.CharField(default=token, description='several photos may share files', max_length=32)),
                ('owner', fields.ForeignKeyField('identity.Account', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='photos', on_delete=OnDelete.SET_NULL)),
                ('width', fields.SmallIntField(description='pixels of the largest variant')),
                ('height', fields.SmallIntField(description='pixels of the largest variant')),
                ('alt_zh', fields.CharField(default='', description='what is seen', max_length=80)),
                ('alt_en', fields.CharField(default='', max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'photo', 'app': 'media', 'pk_attr': 'id', 'table_description': 'A stored picture. Its files are ``KEY-WIDTH.webp`` and ``KEY-WIDTH.jpg``.'},
            bases=['Model'],
        ),
    ]
