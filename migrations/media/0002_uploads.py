from tortoise import migrations
from tortoise.migrations import operations as ops
from core.ids import token, uuid7
from media.models import ContentType, Purpose, UploadState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_initial_constraints'), ('identity', '0003_path_order'), ('media', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Upload',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('key', fields.CharField(default=token, max_length=32)),
                ('owner', fields.ForeignKeyField('identity.Account', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.CASCADE)),
                ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.CASCADE)),
                ('purpose', fields.CharEnumField(description='LISTING: LISTING\nPLACE: PLACE', enum_type=Purpose, max_length=12)),
                ('content_type', fields.CharEnumField(description='JPEG: image/jpeg\nPNG: image/png\nWEBP: image/webp', enum_type=ContentType, max_length=20)),
                ('size', fields.IntField(description='bytes, as announced')),
                ('state', fields.CharEnumField(default=UploadState.REQUESTED, description='REQUESTED: REQUESTED\nSTORED: STORED\nREADY: READY\nCOMPLETED: COMPLETED\nREFUSED: REFUSED', enum_type=UploadState, max_length=12)),
                ('refusal', fields.CharField(default='', description='why it was refused: a reason code', max_length=24)),
                ('width', fields.SmallIntField(null=True, description='of the largest variant')),
                ('height', fields.SmallIntField(null=True, description='of the largest variant')),
                ('photo', fields.ForeignKeyField('media.Photo', source_field='photo_id', null=True, db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.SET_NULL)),
                ('expires_at', fields.DatetimeField(description='the original must have come by then', auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'upload', 'app': 'media', 'indexes': [Index(fields=['owner_id', 'created_at'], name='upload_owner'), Index(fields=['staff_id', 'created_at'], name='upload_staff'), Index(fields=['created_at'], name='upload_age')], 'pk_attr': 'id', 'table_description': 'A picture on its way in: announced, received, made into variants, then a photo.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Photo',
            name='purpose',
            field=fields.CharEnumField(default=Purpose.LISTING, db_default=Purpose.LISTING, description='LISTING: LISTING\nPLACE: PLACE', enum_type=Purpose, max_length=12),
        ),
        # The default of the database was for the photos that were there already.
        ops.AlterField(
            model_name='Photo',
            name='purpose',
            field=fields.CharEnumField(default=Purpose.LISTING, description='LISTING: LISTING\nPLACE: PLACE', enum_type=Purpose, max_length=12),
        ),
        ops.AddField(
            model_name='Photo',
            name='staff',
            field=fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='photos', on_delete=OnDelete.SET_NULL),
        ),
        ops.AddField(
            model_name='Photo',
            name='unused_since',
            field=fields.DatetimeField(null=True, description='the night it was first found that nothing shows it', auto_now=False, auto_now_add=False),
        ),
    ]
