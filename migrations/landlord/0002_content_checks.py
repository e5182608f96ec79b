from tortoise import migrations
from tortoise.migrations import operations as ops
from core.ids import uuid7
from landlord.models.content_checks import ContentKind, ContentState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index, PartialIndex

class Migration(migrations.Migration):
    dependencies = [('identity', '0004_pushes'), ('landlord', '0001_initial'), ('management', '0001_initial'), ('media', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ContentCheck',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('listing', fields.ForeignKeyField('landlord.Listing', source_field='listing_id', db_constraint=True, to_field='id', related_name='content_checks', on_delete=OnDelete.CASCADE)),
                ('listing_version', fields.IntField(description='of the listing in review')),
                ('kind', fields.CharEnumField(description='TEXT: TEXT\nPHOTO: PHOTO', enum_type=ContentKind, max_length=8)),
                ('photo_id', fields.UUIDField(null=True, description='no reference: what was checked once keeps no picture')),
                ('trace_id', fields.CharField(null=True, unique=True, description="WeChat's, once asked", max_length=128)),
                ('state', fields.CharEnumField(default=ContentState.WAITING, description='WAITING: WAITING\nPASS: PASS\nREVIEW: REVIEW\nRISKY: RISKY\nUNKNOWN: UNKNOWN', enum_type=ContentState, max_length=8)),
                ('label', fields.IntField(null=True, description="WeChat's kind of offence")),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('asked_at', fields.DatetimeField(null=True, description='WeChat took it', auto_now=False, auto_now_add=False)),
                ('answered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('with_staff_since', fields.DatetimeField(null=True, description='since when staff are asked to read the listing', auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'content_check', 'app': 'landlord', 'indexes': [Index(fields=['listing_id', 'listing_version'], name='content_check_listing'), PartialIndex(fields=['photo_id'], name='content_check_passed', condition={'state': 'PASS'})], 'pk_attr': 'id', 'table_description': 'One check of the words or of one picture of a listing in review, as one version has them.'},
            bases=['Model'],
        ),
    ]
