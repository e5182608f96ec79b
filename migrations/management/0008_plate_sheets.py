from tortoise import migrations
from tortoise.migrations import operations as ops
from core.ids import uuid7
from management.models.plate_sheets import PlateDoors, PlateSheetState
from management.models.plates import PlateEndReason
from management.plate_sheets.sizes import PlateSize
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_initial_constraints'), ('identity', '0003_path_order'), ('management', '0001_initial'), ('management', '0002_initial_constraints'), ('management', '0003_path_order'), ('management', '0004_place_photo'), ('management', '0005_plan_may_close'), ('management', '0006_letting'), ('management', '0007_claims'), ('media', '0001_initial'), ('media', '0002_uploads'), ('media', '0003_uploads_constraints'), ('media', '0004_letting')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PlateSheet',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('requested_by', fields.UUIDField(null=True, description='empty: command line')),
                ('grid_paths', fields.JSONField(description='who may have it holds all of these', encoder=JSON_DUMPS, decoder=loads)),
                ('selection', fields.JSONField(description='grid path, place ids or batch', encoder=JSON_DUMPS, decoder=loads)),
                ('size', fields.CharEnumField(description='SMALL: SMALL\nMEDIUM: MEDIUM\nDOOR: DOOR\nLARGE: LARGE\nSTICKER: STICKER', enum_type=PlateSize, max_length=10)),
                ('doors', fields.CharEnumField(description='HOUSES: HOUSES\nROOMS: ROOMS\nBOTH: BOTH', enum_type=PlateDoors, max_length=10)),
                ('only_unprinted', fields.BooleanField()),
                ('issue_missing', fields.BooleanField()),
                ('state', fields.CharEnumField(default=PlateSheetState.QUEUED, description='QUEUED: QUEUED\nRUNNING: RUNNING\nREADY: READY\nFAILED: FAILED\nEXPIRED: EXPIRED', enum_type=PlateSheetState, max_length=10)),
                ('chosen', fields.BooleanField(default=False, description='its plates are written down')),
                ('total', fields.IntField(description='plates; an estimate until they are chosen')),
                ('done', fields.IntField(default=0, description='plates drawn')),
                ('attempts', fields.SmallIntField(default=0)),
                ('pages', fields.IntField(null=True)),
                ('bytes', fields.IntField(null=True)),
                ('report', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('failure', fields.CharField(default='', description='code of what went wrong', max_length=40)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(null=True, description='of the file', auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'plate_sheet', 'app': 'management', 'indexes': [Index(fields=['state', 'expires_at'], name='plate_sheet_state')], 'pk_attr': 'id', 'table_description': 'A PDF of plates that somebody ordered (门牌打印).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PlatePrint',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('sheet', fields.ForeignKeyField('management.PlateSheet', source_field='sheet_id', db_constraint=True, to_field='id', related_name='prints', on_delete=OnDelete.CASCADE)),
                ('plate', fields.ForeignKeyField('management.Plate', source_field='plate_id', db_constraint=True, to_field='id', related_name='prints', on_delete=OnDelete.RESTRICT)),
                ('position', fields.IntField()),
                ('printed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'plate_print', 'app': 'management', 'unique_together': (('sheet_id', 'position'),), 'indexes': [Index(fields=['plate_id'], name='plate_print_plate')], 'pk_attr': 'id', 'table_description': 'A plate on a sheet; ``printed_at`` is set once the sheet is whole.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Plate',
            name='end_reason',
            field=fields.CharEnumField(null=True, description='LOST: LOST\nDAMAGED: DAMAGED\nSTOLEN: STOLEN\nMOVED: MOVED\nOTHER: OTHER', enum_type=PlateEndReason, max_length=10),
        ),
        ops.AddField(
            model_name='Plate',
            name='ended_by',
            field=fields.UUIDField(null=True),
        ),
        ops.AddIndex(
            model_name='Plate',
            index=Index(fields=['ended_at', 'id'], name='plate_ended'),
        ),
    ]
