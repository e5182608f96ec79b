from tortoise import migrations
from tortoise.migrations import operations as ops
from core.crypto import EncryptedField
from core.ids import token, uuid7
from management.models.places import ClaimPaper, ClaimRole, ClaimState, EBikeCharging, Lifecycle, PlaceBlockKind, PlaceKind, RiskClass, RoomState
from management.models.plate_sheets import PlateDoors, PlateSheetState
from management.models.plates import PlateEndReason, PlateState
from management.models.territory import GridLevel
from management.plate_sheets.sizes import PlateSize
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

# Tortoise writes no SQL for the constraints of a table that it creates.
CONSTRAINTS = """
ALTER TABLE place
    ADD CONSTRAINT place_completeness_percent CHECK (completeness BETWEEN 0 AND 100),
    ADD CONSTRAINT place_whole_point CHECK ((longitude IS NULL) = (latitude IS NULL)),
    ADD CONSTRAINT place_filed CHECK ((lifecycle <> 'PLANNED' OR filed_at IS NULL) AND (lifecycle <> 'ACTIVE' OR filed_at IS NOT NULL)),
    ADD CONSTRAINT place_ended CHECK ((lifecycle IN ('CLOSED', 'DEMOLISHED')) = (ended_at IS NOT NULL));
ALTER TABLE place_block
    ADD CONSTRAINT place_block_period CHECK (ends_at IS NULL OR ends_at >= starts_at);
ALTER TABLE place_claim
    ADD CONSTRAINT place_claim_lease CHECK (lease_until IS NULL OR lease_until >= lease_from);
ALTER TABLE plate
    ADD CONSTRAINT plate_end CHECK ((state = 'ACTIVE') = (ended_at IS NULL)),
    ADD CONSTRAINT plate_replacement CHECK ((state = 'REPLACED') = (replaced_by_id IS NOT NULL));
ALTER TABLE plate_sheet
    ADD CONSTRAINT plate_sheet_progress CHECK (done >= 0 AND done <= total),
    ADD CONSTRAINT plate_sheet_end CHECK ((state IN ('QUEUED', 'RUNNING')) = (finished_at IS NULL));
ALTER TABLE room
    ADD CONSTRAINT room_area CHECK (area > 0);
CREATE UNIQUE INDEX place_claim_once ON place_claim (place_id, account_id)
    WHERE state IN ('PENDING', 'VERIFIED');
CREATE UNIQUE INDEX place_claim_one_of_role ON place_claim (place_id, role)
    WHERE state = 'VERIFIED' AND role IN ('OWNER', 'SUBLANDLORD');
CREATE UNIQUE INDEX plate_one_of_place ON plate (place_id)
    WHERE state = 'ACTIVE' AND room_id IS NULL;
CREATE UNIQUE INDEX plate_one_of_room ON plate (room_id)
    WHERE state = 'ACTIVE' AND room_id IS NOT NULL
"""

# Grid paths and codes compare byte by byte: "beneath this grid" is a range of an index.
BYTEWISE = """
ALTER TABLE grid ALTER path TYPE varchar(140) COLLATE "C";
ALTER TABLE place
    ALTER grid_path TYPE varchar(140) COLLATE "C",
    ALTER code TYPE varchar(24) COLLATE "C"
"""


class Migration(migrations.Migration):
    dependencies = [('media', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Grid',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('code', fields.CharField(unique=True, max_length=40)),
                ('division_code', fields.CharField(null=True, unique=True, description='statistical division code, where there is one', max_length=12)),
                ('level', fields.CharEnumField(description='TOWN: TOWN\nCOMMUNITY: COMMUNITY\nGRID: GRID', enum_type=GridLevel, max_length=10)),
                ('name_zh', fields.CharField(max_length=60)),
                ('name_en', fields.CharField(max_length=80)),
                ('parent', fields.ForeignKeyField('management.Grid', source_field='parent_id', null=True, db_constraint=True, to_field='id', related_name='children', on_delete=OnDelete.RESTRICT)),
                ('path', fields.CharField(unique=True, description='codes from the top down, "/" after each; COLLATE "C"', max_length=140)),
                ('boundary', fields.JSONField(description='GeoJSON geometry in CGCS2000', encoder=JSON_DUMPS, decoder=loads)),
                ('office_phone', fields.CharField(default='', description="of the wardens' office", max_length=20)),
                ('next_place_number', fields.IntField(default=1, description='of communities: the number the next filed place gets')),
            ],
            options={'table': 'grid', 'app': 'management', 'pk_attr': 'id', 'table_description': 'A unit of territory (网格). Its code is never changed and never reused.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Organisation',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('credit_code', fields.CharField(unique=True, max_length=18)),
                ('name', fields.CharField(max_length=120)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'organisation', 'app': 'management', 'pk_attr': 'id', 'table_description': 'A legal entity (法人) by its unified social credit code (统一社会信用代码, GB 32100).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Place',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('code', fields.CharField(unique=True, max_length=24)),
                ('kind', fields.CharEnumField(description='RENTAL_HOUSE: RENTAL_HOUSE\nSMALL_SHOP: SMALL_SHOP\nSMALL_WORKSHOP: SMALL_WORKSHOP\nSMALL_ENTERTAINMENT: SMALL_ENTERTAINMENT\nENTERPRISE: ENTERPRISE', enum_type=PlaceKind, max_length=20)),
                ('name', fields.CharField(max_length=80)),
                ('grid', fields.ForeignKeyField('management.Grid', source_field='grid_id', db_constraint=True, to_field='id', related_name='places', on_delete=OnDelete.RESTRICT)),
                ('grid_path', fields.CharField(description='as in the grid; COLLATE "C"', max_length=140)),
                ('community_code', fields.CharField(max_length=40)),
                ('grid_code', fields.CharField(max_length=40)),
                ('street', fields.CharField(default='', description='road or village lane', max_length=80)),
                ('door_number', fields.CharField(default='', description='number, building, unit', max_length=40)),
                ('longitude', fields.FloatField(null=True, description='degrees, CGCS2000')),
                ('latitude', fields.FloatField(null=True, description='degrees, CGCS2000')),
                ('floors', fields.SmallIntField(null=True)),
                ('area', fields.DecimalField(null=True, description='m²: of a shop in all, of a house or workshop per floor', max_digits=10, decimal_places=2)),
                ('operator_name', fields.CharField(default='', description='trade name or who runs it', max_length=60)),
                ('contact_name', EncryptedField(null=True, unique=False)),
                ('contact_phone', EncryptedField(null=True, unique=False)),
                ('organisation', fields.ForeignKeyField('management.Organisation', source_field='organisation_id', null=True, db_constraint=True, to_field='id', related_name='places', on_delete=OnDelete.RESTRICT)),
                ('photo', fields.ForeignKeyField('media.Photo', source_field='photo_id', null=True, db_constraint=True, to_field='id', related_name='places', on_delete=OnDelete.SET_NULL)),
                ('staircases', fields.SmallIntField(null=True)),
                ('exits', fields.SmallIntField(null=True)),
                ('extinguishers', fields.SmallIntField(null=True)),
                ('e_bike_charging', fields.CharEnumField(null=True, description='NONE: NONE\nOUTDOOR: OUTDOOR\nINDOOR: INDOOR', enum_type=EBikeCharging, max_length=10)),
                ('gas_bottles', fields.SmallIntField(null=True)),
                ('wiring_year', fields.SmallIntField(null=True, description='year of installation')),
                ('risk_class', fields.CharEnumField(default=RiskClass.ASSURED, description='SAFE: SAFE\nASSURED: ASSURED\nKEY: KEY', enum_type=RiskClass, max_length=10)),
                ('lifecycle', fields.CharEnumField(default=Lifecycle.ACTIVE, description='PLANNED: PLANNED\nACTIVE: ACTIVE\nCLOSED: CLOSED\nDEMOLISHED: DEMOLISHED', enum_type=Lifecycle, max_length=12)),
                ('filed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('completeness', fields.SmallIntField(description='percent of the fields its kind requires')),
                ('missing', fields.JSONField(description='names of required fields still empty', encoder=JSON_DUMPS, decoder=loads)),
                ('version', fields.IntField(default=1)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, description='closed or demolished', auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'place', 'app': 'management', 'constraints': [CheckConstraint(check='completeness BETWEEN 0 AND 100', name='place_completeness_percent'), CheckConstraint(check='(longitude IS NULL) = (latitude IS NULL)', name='place_whole_point'), CheckConstraint(check="(lifecycle <> 'PLANNED' OR filed_at IS NULL) AND (lifecycle <> 'ACTIVE' OR filed_at IS NOT NULL)", name='place_filed'), CheckConstraint(check="(lifecycle IN ('CLOSED', 'DEMOLISHED')) = (ended_at IS NOT NULL)", name='place_ended')], 'indexes': [Index(fields=['grid_path', 'id'], name='place_path'), Index(fields=['community_code', 'id'], name='place_community'), Index(fields=['community_code', 'kind', 'id'], name='place_community_kind'), Index(fields=['community_code', 'completeness', 'id'], name='place_comm_complete'), Index(fields=['grid_code', 'id'], name='place_grid'), Index(fields=['grid_code', 'kind', 'id'], name='place_grid_kind'), Index(fields=['grid_code', 'completeness', 'id'], name='place_grid_complete'), Index(fields=['kind', 'id'], name='place_kind'), Index(fields=['completeness', 'id'], name='place_completeness')], 'pk_attr': 'id', 'table_description': 'Anything under management that has a file (列管对象).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PlaceBlock',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='blocks', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(description='URGENT_HAZARD: URGENT_HAZARD\nMEASURE: MEASURE\nTENANT_REGISTRATION_OVERDUE: TENANT_REGISTRATION_OVERDUE\nSTAFF_DECISION: STAFF_DECISION', enum_type=PlaceBlockKind, max_length=30)),
                ('source', fields.CharField(description='what it follows from, as kind:id', max_length=80)),
                ('reason', fields.CharField(default='', max_length=200)),
                ('starts_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ends_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'place_block', 'app': 'management', 'unique_together': (('place_id', 'kind', 'source', 'starts_at'),), 'constraints': [CheckConstraint(check='ends_at IS NULL OR ends_at >= starts_at', name='place_block_period')], 'pk_attr': 'id', 'table_description': 'Why a place may not be let now. In force from ``starts_at`` until ``ends_at``.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PlaceClaim',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='claims', on_delete=OnDelete.RESTRICT)),
                ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='claims', on_delete=OnDelete.RESTRICT)),
                ('role', fields.CharEnumField(description='OWNER: OWNER\nSUBLANDLORD: SUBLANDLORD\nAGENT: AGENT', enum_type=ClaimRole, max_length=12)),
                ('state', fields.CharEnumField(default=ClaimState.PENDING, description='PENDING: PENDING\nVERIFIED: VERIFIED\nREFUSED: REFUSED\nENDED: ENDED', enum_type=ClaimState, max_length=10)),
                ('lease_from', fields.DateField(null=True, description="of a sub-landlord's head lease")),
                ('lease_until', fields.DateField(null=True, description='its last day')),
                ('acts_for', fields.ForeignKeyField('management.PlaceClaim', source_field='acts_for_id', null=True, db_constraint=True, to_field='id', related_name='agents', on_delete=OnDelete.RESTRICT)),
                ('takes_over', fields.ForeignKeyField('management.PlaceClaim', source_field='takes_over_id', null=True, db_constraint=True, to_field='id', related_name='successors', on_delete=OnDelete.RESTRICT)),
                ('vouched', fields.BooleanField(default=False, description='handed over by who ran the place, so it needs no papers')),
                ('reason', fields.CharField(default='', description='why it was refused or ended', max_length=200)),
                ('decided_by', fields.UUIDField(null=True)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'place_claim', 'app': 'management', 'constraints': [UniqueConstraint(fields=('place_id', 'account_id'), name='place_claim_once', condition="state IN ('PENDING', 'VERIFIED')"), UniqueConstraint(fields=('place_id', 'role'), name='place_claim_one_of_role', condition="state = 'VERIFIED' AND role IN ('OWNER', 'SUBLANDLORD')"), CheckConstraint(check='lease_until IS NULL OR lease_until >= lease_from', name='place_claim_lease')], 'indexes': [Index(fields=['account_id', 'state'], name='place_claim_account'), Index(fields=['place_id', 'state'], name='place_claim_place'), Index(fields=['state', 'id'], name='place_claim_queue'), Index(fields=['takes_over_id'], name='place_claim_takes_over'), Index(fields=['acts_for_id'], name='place_claim_acts_for')], 'pk_attr': 'id', 'table_description': 'Somebody runs a place: as owner, as sub-landlord, or for one of them.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ClaimPhoto',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('claim', fields.ForeignKeyField('management.PlaceClaim', source_field='claim_id', db_constraint=True, to_field='id', related_name='papers', on_delete=OnDelete.CASCADE)),
                ('photo', fields.ForeignKeyField('media.Photo', source_field='photo_id', db_constraint=True, to_field='id', related_name='claim_papers', on_delete=OnDelete.RESTRICT)),
                ('paper', fields.CharEnumField(description='PROOF: PROOF\nOWNER_AUTHORITY: OWNER_AUTHORITY', enum_type=ClaimPaper, max_length=16)),
                ('position', fields.SmallIntField()),
            ],
            options={'table': 'claim_photo', 'app': 'management', 'unique_together': (('claim_id', 'position'),), 'pk_attr': 'id', 'table_description': 'A picture of a paper that proves a claim; shown to who decides, and to who sent it.'},
            bases=['Model'],
        ),
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
            options={'table': 'plate_sheet', 'app': 'management', 'constraints': [CheckConstraint(check='done >= 0 AND done <= total', name='plate_sheet_progress'), CheckConstraint(check="(state IN ('QUEUED', 'RUNNING')) = (finished_at IS NULL)", name='plate_sheet_end')], 'indexes': [Index(fields=['state', 'expires_at'], name='plate_sheet_state')], 'pk_attr': 'id', 'table_description': 'A PDF of plates that somebody ordered (门牌打印).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Room',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='rooms', on_delete=OnDelete.RESTRICT)),
                ('number', fields.CharField(max_length=12)),
                ('code', fields.CharField(unique=True, max_length=40)),
                ('floor', fields.SmallIntField(null=True)),
                ('area', fields.DecimalField(null=True, description='usable m²', max_digits=7, decimal_places=2)),
                ('dormitory', fields.BooleanField(default=False, description='may be let by the bed')),
                ('escape_window', fields.BooleanField(null=True, description='window with an opening of at least 0.5 × 0.8 m')),
                ('rent', fields.DecimalField(null=True, description='yuan a month', max_digits=9, decimal_places=2)),
                ('state', fields.CharEnumField(default=RoomState.VACANT, description='VACANT: VACANT\nLET: LET\nOUT_OF_USE: OUT_OF_USE', enum_type=RoomState, max_length=12)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'room', 'app': 'management', 'unique_together': (('place_id', 'number'),), 'constraints': [CheckConstraint(check='area > 0', name='room_area')], 'pk_attr': 'id', 'table_description': "A room of a house; its code is the place's code and the room number."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LeaseFiling',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='lease_filings', on_delete=OnDelete.RESTRICT)),
                ('room', fields.ForeignKeyField('management.Room', source_field='room_id', null=True, db_constraint=True, to_field='id', related_name='lease_filings', on_delete=OnDelete.RESTRICT)),
                ('number', fields.CharField(unique=True, max_length=40)),
                ('filed_on', fields.DateField()),
                ('until', fields.DateField(null=True)),
            ],
            options={'table': 'lease_filing', 'app': 'management', 'indexes': [Index(fields=['place_id', 'filed_on'], name='lease_filing_place')], 'pk_attr': 'id', 'table_description': "A registered lease (房屋租赁登记备案): number, date, until. Apart from the place's file."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Plate',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('token', fields.CharField(default=token, unique=True, max_length=32)),
                ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='plates', on_delete=OnDelete.RESTRICT)),
                ('room', fields.ForeignKeyField('management.Room', source_field='room_id', null=True, db_constraint=True, to_field='id', related_name='plates', on_delete=OnDelete.RESTRICT)),
                ('batch', fields.UUIDField(db_index=True, description='of what was issued together')),
                ('state', fields.CharEnumField(default=PlateState.ACTIVE, description='ACTIVE: ACTIVE\nREPLACED: REPLACED\nREVOKED: REVOKED', enum_type=PlateState, max_length=10)),
                ('issued_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_by', fields.UUIDField(null=True)),
                ('end_reason', fields.CharEnumField(null=True, description='LOST: LOST\nDAMAGED: DAMAGED\nSTOLEN: STOLEN\nMOVED: MOVED\nOTHER: OTHER', enum_type=PlateEndReason, max_length=10)),
                ('replaced_by', fields.ForeignKeyField('management.Plate', source_field='replaced_by_id', null=True, db_constraint=True, to_field='id', related_name='replaces', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'plate', 'app': 'management', 'constraints': [UniqueConstraint(fields=('place_id',), name='plate_one_of_place', condition="state = 'ACTIVE' AND room_id IS NULL"), UniqueConstraint(fields=('room_id',), name='plate_one_of_room', condition="state = 'ACTIVE' AND room_id IS NOT NULL"), CheckConstraint(check="(state = 'ACTIVE') = (ended_at IS NULL)", name='plate_end'), CheckConstraint(check="(state = 'REPLACED') = (replaced_by_id IS NOT NULL)", name='plate_replacement')], 'indexes': [Index(fields=['place_id', 'state'], name='plate_place'), Index(fields=['room_id', 'state'], name='plate_room'), Index(fields=['ended_at', 'id'], name='plate_ended')], 'pk_attr': 'id', 'table_description': 'A QR plate (二维码门牌) of a place or of one of its rooms.'},
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
        ops.RunSQL(CONSTRAINTS, ""),
        ops.RunSQL(BYTEWISE, ""),
    ]
