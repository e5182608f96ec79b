from tortoise import migrations
from tortoise.migrations import operations as ops
from core.create_models import CreateModels
from core.ids import token, uuid7
from media.models import ContentType, Purpose, UploadState
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

# Tortoise writes no SQL for the constraints of a table that it creates.
CONSTRAINTS = """
ALTER TABLE upload
    ADD CONSTRAINT upload_one_owner CHECK (num_nonnulls(owner_id, staff_id) = CASE WHEN anonymous THEN 0 ELSE 1 END),
    ADD CONSTRAINT upload_ready CHECK (state NOT IN ('READY', 'COMPLETED') OR (width > 0 AND height > 0))
"""

# Grid paths and codes compare byte by byte: "beneath this grid" is a range of an index.
BYTEWISE = """
ALTER TABLE photo_redaction ALTER grid_path TYPE varchar(200) COLLATE "C"
"""


class Migration(migrations.Migration):
    dependencies = [('identity', '0005_session_parted')]

    initial = True

    operations = [
        CreateModels(
            ops.CreateModel(
                name='Photo',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('key', fields.CharField(default=token, description='several photos may share files', max_length=32)),
                    ('owner', fields.ForeignKeyField('identity.Account', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='photos', on_delete=OnDelete.SET_NULL)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='photos', on_delete=OnDelete.SET_NULL)),
                    ('purpose', fields.CharEnumField(default=Purpose.LISTING, description='LISTING: LISTING\nPLACE: PLACE\nCLAIM: CLAIM\nSELF_CHECK: SELF_CHECK\nHAZARD: HAZARD\nDECLARATION: DECLARATION', enum_type=Purpose, max_length=12)),
                    ('width', fields.SmallIntField(description='pixels of the largest variant')),
                    ('height', fields.SmallIntField(description='pixels of the largest variant')),
                    ('alt_zh', fields.CharField(default='', description='what is seen', max_length=80)),
                    ('alt_en', fields.CharField(default='', max_length=200)),
                    ('unused_since', fields.DatetimeField(null=True, description='the night it was first found that nothing shows it', auto_now=False, auto_now_add=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'photo', 'app': 'media', 'pk_attr': 'id', 'table_description': 'A stored picture. Its files are ``KEY-WIDTH.webp`` and ``KEY-WIDTH.jpg``.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Redaction',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('photo', fields.ForeignKeyField('media.Photo', source_field='photo_id', db_constraint=True, to_field='id', related_name='redactions', on_delete=OnDelete.CASCADE)),
                    ('original_key', fields.CharField(description="the photo's key before", max_length=32)),
                    ('areas', fields.JSONField(description='painted over; fractions', encoder=JSON_DUMPS, decoder=loads)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='redactions', on_delete=OnDelete.SET_NULL)),
                    ('reason', fields.CharField(max_length=200)),
                    ('grid_path', fields.CharField(description='where the picture hung: who may see this', max_length=200)),
                    ('kept_until', fields.DatetimeField(description='the picture as it was goes then', auto_now=False, auto_now_add=False)),
                    ('gone_at', fields.DatetimeField(null=True, description='since when it is no longer there', auto_now=False, auto_now_add=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'photo_redaction', 'app': 'media', 'indexes': [Index(fields=['photo_id', 'id'], name='photo_redaction_photo'), Index(fields=['kept_until'], name='photo_redaction_kept')], 'pk_attr': 'id', 'table_description': 'Parts of a picture were painted over; the picture as it was is kept under lock for a time.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Upload',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('key', fields.CharField(default=token, max_length=32)),
                    ('owner', fields.ForeignKeyField('identity.Account', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.CASCADE)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='uploads', on_delete=OnDelete.CASCADE)),
                    ('anonymous', fields.BooleanField(default=False, description='of somebody who reports without a name')),
                    ('purpose', fields.CharEnumField(description='LISTING: LISTING\nPLACE: PLACE\nCLAIM: CLAIM\nSELF_CHECK: SELF_CHECK\nHAZARD: HAZARD\nDECLARATION: DECLARATION', enum_type=Purpose, max_length=12)),
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
                options={'table': 'upload', 'app': 'media', 'constraints': [CheckConstraint(check='num_nonnulls(owner_id, staff_id) = CASE WHEN anonymous THEN 0 ELSE 1 END', name='upload_one_owner'), CheckConstraint(check="state NOT IN ('READY', 'COMPLETED') OR (width > 0 AND height > 0)", name='upload_ready')], 'indexes': [Index(fields=['owner_id', 'created_at'], name='upload_owner'), Index(fields=['staff_id', 'created_at'], name='upload_staff'), Index(fields=['created_at'], name='upload_age')], 'pk_attr': 'id', 'table_description': 'A picture on its way in: announced, received, made into variants, then a photo.'},
                bases=['Model'],
            ),
        ),
        ops.RunSQL(CONSTRAINTS, ""),
        ops.RunSQL(BYTEWISE, ""),
    ]
