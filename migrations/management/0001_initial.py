from tortoise import migrations
from tortoise.migrations import operations as ops
from core.create_models import CreateModels
from core.crypto import BlindIndexField, EncryptedField
from core.ids import token, uuid7
from identity.actor import ActorKind, Role
from management.models.hazards import FollowReason, HazardAction, HazardClosure, HazardDocumentKind, HazardPhotoRole, HazardSource, HazardState, Severity
from management.models.people import ConsentPurpose, DocumentKind, DutyState, ResidenceCheck, ResidenceEnd, ResidenceSource
from management.models.places import ClaimPaper, ClaimRole, ClaimState, EBikeCharging, Lifecycle, PlaceBlockKind, PlaceKind, RiskClass, RoomState
from management.models.plate_sheets import PlateDoors, PlateSheetState
from management.models.plates import PlateEndReason, PlateState
from management.models.tasks import TaskAction, TaskKind, TaskState
from management.models.territory import GridLevel
from management.plate_sheets.sizes import PlateSize
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

# Tortoise writes no SQL for the constraints of a table that it creates.
CONSTRAINTS = """
ALTER TABLE consent
    ADD CONSTRAINT consent_withdrawn_after CHECK (withdrawn_at IS NULL OR withdrawn_at >= given_at);
ALTER TABLE hazard
    ADD CONSTRAINT hazard_whole_point CHECK ((longitude IS NULL) = (latitude IS NULL)),
    ADD CONSTRAINT hazard_somewhere CHECK (place_id IS NOT NULL OR longitude IS NOT NULL),
    ADD CONSTRAINT hazard_open CHECK (open = (state NOT IN ('CLOSED', 'REJECTED', 'DUPLICATE'))),
    ADD CONSTRAINT hazard_closed CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL) AND (state = 'CLOSED') = (closed_how IS NOT NULL)),
    ADD CONSTRAINT hazard_duplicate CHECK ((state = 'DUPLICATE') = (duplicate_of_id IS NOT NULL)),
    ADD CONSTRAINT hazard_rating CHECK (rating BETWEEN 1 AND 5);
ALTER TABLE person
    ADD CONSTRAINT person_whole_or_erased CHECK ((erased_at IS NULL) = (number IS NOT NULL) AND (number IS NULL) = (number_index IS NULL) AND (number IS NULL) = (name IS NULL)),
    ADD CONSTRAINT person_phone_indexed CHECK ((phone IS NULL) = (phone_index IS NULL));
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
ALTER TABLE residence
    ADD CONSTRAINT residence_period CHECK (ends_on IS NULL OR ends_on >= starts_on),
    ADD CONSTRAINT residence_end CHECK (current = (ended_at IS NULL) AND (ends_on IS NULL) = (ended_at IS NULL) AND (ends_on IS NULL) = (end_reason IS NULL));
ALTER TABLE room
    ADD CONSTRAINT room_area CHECK (area > 0);
ALTER TABLE task
    ADD CONSTRAINT task_taken_by_somebody CHECK ((state <> 'OPEN' OR assignee_id IS NULL) AND (state <> 'TAKEN' OR assignee_id IS NOT NULL)),
    ADD CONSTRAINT task_end CHECK ((state IN ('DONE', 'CANCELLED')) = (ended_at IS NOT NULL));
ALTER TABLE tenant_duty
    ADD CONSTRAINT tenant_duty_end CHECK ((state = 'OPEN') = (ended_at IS NULL)),
    ADD CONSTRAINT tenant_duty_term CHECK (due_on > signed_on);
CREATE UNIQUE INDEX hazard_external ON hazard (source, external_no)
    WHERE external_no IS NOT NULL;
CREATE UNIQUE INDEX person_one_of_account ON person (account_id)
    WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX place_claim_once ON place_claim (place_id, account_id)
    WHERE state IN ('PENDING', 'VERIFIED');
CREATE UNIQUE INDEX place_claim_one_of_role ON place_claim (place_id, role)
    WHERE state = 'VERIFIED' AND role IN ('OWNER', 'SUBLANDLORD');
CREATE UNIQUE INDEX plate_one_of_place ON plate (place_id)
    WHERE state = 'ACTIVE' AND room_id IS NULL;
CREATE UNIQUE INDEX plate_one_of_room ON plate (room_id)
    WHERE state = 'ACTIVE' AND room_id IS NOT NULL;
CREATE UNIQUE INDEX residence_one_in_force ON residence (person_id)
    WHERE current;
CREATE UNIQUE INDEX task_one_live ON task (kind, subject_id)
    WHERE state IN ('OPEN', 'TAKEN') AND subject_id IS NOT NULL;
CREATE UNIQUE INDEX tenant_duty_one_open ON tenant_duty (room_id)
    WHERE state = 'OPEN'
"""

# Grid paths and codes compare byte by byte: "beneath this grid" is a range of an index.
BYTEWISE = """
ALTER TABLE grid ALTER path TYPE varchar(140) COLLATE "C";
ALTER TABLE place
    ALTER grid_path TYPE varchar(140) COLLATE "C",
    ALTER code TYPE varchar(24) COLLATE "C";
ALTER TABLE hazard ALTER grid_path TYPE varchar(140) COLLATE "C";
ALTER TABLE task ALTER grid_path TYPE varchar(140) COLLATE "C"
"""


class Migration(migrations.Migration):
    dependencies = [('identity', '0005_session_parted'), ('media', '0001_initial')]

    initial = True

    operations = [
        CreateModels(
            ops.CreateModel(
                name='DocumentNumber',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('series', fields.CharField(max_length=24)),
                    ('year', fields.SmallIntField()),
                    ('issued', fields.IntField(default=0, description='the last number given')),
                ],
                options={'table': 'document_number', 'app': 'management', 'unique_together': (('series', 'year'),), 'pk_attr': 'id', 'table_description': 'The next number of a kind of document in a year: without gaps, so the row is locked.'},
                bases=['Model'],
            ),
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
                name='Person',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='persons', on_delete=OnDelete.SET_NULL)),
                    ('document_kind', fields.CharEnumField(description='MAINLAND_ID: MAINLAND_ID\nRESIDENCE_PERMIT_HMT: RESIDENCE_PERMIT_HMT\nPERMANENT_RESIDENCE: PERMANENT_RESIDENCE\nPASSPORT: PASSPORT', enum_type=DocumentKind, max_length=24)),
                    ('number', EncryptedField(null=True, unique=False)),
                    ('number_index', BlindIndexField(null=True, unique=True)),
                    ('name', EncryptedField(null=True, unique=False)),
                    ('born', EncryptedField(null=True, description='ISO date; what the number says', unique=False)),
                    ('phone', EncryptedField(null=True, unique=False)),
                    ('phone_index', BlindIndexField(null=True, db_index=True)),
                    ('permit_endorse_by', fields.DateField(null=True, description='residence permit (居住证): the day by which it must be endorsed')),
                    ('permit_reminded_for', fields.DateField(null=True, description='the endorsement of which the person has been reminded')),
                    ('version', fields.IntField(default=1)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                    ('erased_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'person', 'app': 'management', 'constraints': [UniqueConstraint(fields=('account_id',), name='person_one_of_account', condition='account_id IS NOT NULL'), CheckConstraint(check='(erased_at IS NULL) = (number IS NOT NULL) AND (number IS NULL) = (number_index IS NULL) AND (number IS NULL) = (name IS NULL)', name='person_whole_or_erased'), CheckConstraint(check='(phone IS NULL) = (phone_index IS NULL)', name='person_phone_indexed')], 'indexes': [Index(fields=['permit_endorse_by'], name='person_endorsement')], 'pk_attr': 'id', 'table_description': 'A natural person, at most once by document. Erased: everything sealed is NULL.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Consent',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='consents', on_delete=OnDelete.SET_NULL)),
                    ('person', fields.ForeignKeyField('management.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='consents', on_delete=OnDelete.CASCADE)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='consents', on_delete=OnDelete.SET_NULL)),
                    ('purpose', fields.CharEnumField(description='DOCUMENT_NUMBER: DOCUMENT_NUMBER\nLOCATION: LOCATION\nMINOR: MINOR', enum_type=ConsentPurpose, max_length=16)),
                    ('version', fields.CharField(description='of the text that was shown', max_length=12)),
                    ('given_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('withdrawn_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'consent', 'app': 'management', 'constraints': [CheckConstraint(check='withdrawn_at IS NULL OR withdrawn_at >= given_at', name='consent_withdrawn_after')], 'indexes': [Index(fields=['account_id', 'purpose'], name='consent_account'), Index(fields=['person_id', 'purpose'], name='consent_person')], 'pk_attr': 'id', 'table_description': 'Somebody agreed to a text of a version; a guardian for a child under 14.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='PersonLook',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('person', fields.ForeignKeyField('management.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='looks', on_delete=OnDelete.CASCADE)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='looks', on_delete=OnDelete.SET_NULL)),
                    ('app', fields.ForeignKeyField('identity.App', source_field='app_id', null=True, db_constraint=True, to_field='id', related_name='looks', on_delete=OnDelete.SET_NULL)),
                    ('office', fields.CharField(description='as what: role, and grid or department', max_length=80)),
                    ('reason', fields.CharField(max_length=200)),
                    ('what', fields.JSONField(description='names of the fields that were shown', encoder=JSON_DUMPS, decoder=loads)),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'person_look', 'app': 'management', 'indexes': [Index(fields=['person_id', 'id'], name='person_look_person')], 'pk_attr': 'id', 'table_description': "Somebody read a person's data in clear: with the reason, which the person sees."},
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
                    ('size', fields.CharEnumField(description='SMALL: SMALL\nMEDIUM: MEDIUM\nDOOR: DOOR\nLARGE: LARGE\nSTICKER: STICKER\nTWIN: TWIN', enum_type=PlateSize, max_length=10)),
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
                name='Hazard',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('code', fields.CharField(unique=True, description='to say aloud: day and eight letters', max_length=16)),
                    ('place', fields.ForeignKeyField('management.Place', source_field='place_id', null=True, db_constraint=True, to_field='id', related_name='hazards', on_delete=OnDelete.RESTRICT)),
                    ('room', fields.ForeignKeyField('management.Room', source_field='room_id', null=True, db_constraint=True, to_field='id', related_name='hazards', on_delete=OnDelete.RESTRICT)),
                    ('grid_path', fields.CharField(description='COLLATE "C"', max_length=140)),
                    ('community_code', fields.CharField(max_length=40)),
                    ('grid_code', fields.CharField(max_length=40)),
                    ('longitude', fields.FloatField(null=True, description='degrees, CGCS2000')),
                    ('latitude', fields.FloatField(null=True, description='degrees, CGCS2000')),
                    ('category', fields.CharField(description='code in management/hazards/categories.toml', max_length=40)),
                    ('severity', fields.CharEnumField(description='GENERAL: GENERAL\nSERIOUS: SERIOUS\nURGENT: URGENT', enum_type=Severity, max_length=8)),
                    ('major', fields.BooleanField(default=False, description="a department's formal finding")),
                    ('source', fields.CharEnumField(description='RESIDENT: RESIDENT\nLANDLORD: LANDLORD\nWARDEN: WARDEN\nHOTLINE_12345: HOTLINE_12345\nOPEN311: OPEN311\nSAMPLING: SAMPLING\nCROSS_CHECK: CROSS_CHECK', enum_type=HazardSource, max_length=14)),
                    ('external_no', fields.CharField(null=True, description='of the hotline, or of another system', max_length=60)),
                    ('state', fields.CharEnumField(default=HazardState.REPORTED, description='REPORTED: REPORTED\nACCEPTED: ACCEPTED\nDISPATCHED: DISPATCHED\nRECTIFYING: RECTIFYING\nSUBMITTED: SUBMITTED\nFOLLOW_UP: FOLLOW_UP\nENFORCEMENT: ENFORCEMENT\nCLOSED: CLOSED\nREJECTED: REJECTED\nDUPLICATE: DUPLICATE', enum_type=HazardState, max_length=12)),
                    ('open', fields.BooleanField(default=True, description='not closed, rejected or a duplicate')),
                    ('state_since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('due_at', fields.DatetimeField(null=True, description='of this state', auto_now=False, auto_now_add=False)),
                    ('deadline', fields.DatetimeField(null=True, description='by which it is to be put right, as dispatched', auto_now=False, auto_now_add=False)),
                    ('department', fields.ForeignKeyField('identity.Department', source_field='department_id', null=True, db_constraint=True, to_field='id', related_name='hazards', on_delete=OnDelete.RESTRICT)),
                    ('assignee', fields.ForeignKeyField('identity.StaffMember', source_field='assignee_id', null=True, db_constraint=True, to_field='id', related_name='hazards', on_delete=OnDelete.RESTRICT)),
                    ('assistants', fields.JSONField(default=list, description='codes of departments that help', encoder=JSON_DUMPS, decoder=loads)),
                    ('summary', fields.CharField(default='', description='in words of staff: what landlord and public read', max_length=200)),
                    ('duplicate_of', fields.ForeignKeyField('management.Hazard', source_field='duplicate_of_id', null=True, db_constraint=True, to_field='id', related_name='duplicates', on_delete=OnDelete.RESTRICT)),
                    ('earlier', fields.ForeignKeyField('management.Hazard', source_field='earlier_id', null=True, db_constraint=True, to_field='id', related_name='later', on_delete=OnDelete.RESTRICT)),
                    ('extended', fields.BooleanField(default=False)),
                    ('enforced', fields.BooleanField(default=False, description='enforcement was asked for')),
                    ('not_fixed', fields.SmallIntField(default=0, description='how often "not fixed" was said')),
                    ('reopened', fields.SmallIntField(default=0)),
                    ('escalations', fields.SmallIntField(default=0, description='levels above the grid, in all')),
                    ('escalated_to', fields.CharField(default='', description='grid code of who is told now', max_length=40)),
                    ('closed_how', fields.CharEnumField(null=True, description='CONFIRMED: CONFIRMED\nSILENT: SILENT\nUNREACHABLE: UNREACHABLE\nNOBODY_TO_ASK: NOBODY_TO_ASK', enum_type=HazardClosure, max_length=14)),
                    ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('rating', fields.SmallIntField(null=True, description='1 to 5, by the reporter')),
                    ('version', fields.IntField(default=1)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ],
                options={'table': 'hazard', 'app': 'management', 'constraints': [UniqueConstraint(fields=('source', 'external_no'), name='hazard_external', condition='external_no IS NOT NULL'), CheckConstraint(check='(longitude IS NULL) = (latitude IS NULL)', name='hazard_whole_point'), CheckConstraint(check='place_id IS NOT NULL OR longitude IS NOT NULL', name='hazard_somewhere'), CheckConstraint(check="open = (state NOT IN ('CLOSED', 'REJECTED', 'DUPLICATE'))", name='hazard_open'), CheckConstraint(check="(state = 'CLOSED') = (closed_at IS NOT NULL) AND (state = 'CLOSED') = (closed_how IS NOT NULL)", name='hazard_closed'), CheckConstraint(check="(state = 'DUPLICATE') = (duplicate_of_id IS NOT NULL)", name='hazard_duplicate'), CheckConstraint(check='rating BETWEEN 1 AND 5', name='hazard_rating')], 'indexes': [Index(fields=['grid_path', 'id'], name='hazard_path'), Index(fields=['community_code', 'id'], name='hazard_community'), Index(fields=['grid_code', 'id'], name='hazard_grid'), Index(fields=['place_id', 'id'], name='hazard_place'), Index(fields=['duplicate_of_id'], name='hazard_duplicates'), Index(fields=['earlier_id'], name='hazard_later'), Index(fields=['assignee_id', 'id'], name='hazard_assignee'), PartialIndex(fields=['category', 'latitude', 'longitude'], name='hazard_near', condition={'open': True}), PartialIndex(fields=['latitude', 'longitude'], name='hazard_map', condition={'open': True}), PartialIndex(fields=['due_at', 'id'], name='hazard_due', condition={'open': True})], 'pk_attr': 'id', 'table_description': 'An unsafe condition (隐患) at a place, or at a point.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='HazardDocument',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('hazard', fields.ForeignKeyField('management.Hazard', source_field='hazard_id', db_constraint=True, to_field='id', related_name='documents', on_delete=OnDelete.RESTRICT)),
                    ('kind', fields.CharEnumField(description='NOTICE: NOTICE\nRECTIFICATION_ORDER: RECTIFICATION_ORDER\nMAJOR_FINDING: MAJOR_FINDING', enum_type=HazardDocumentKind, max_length=20)),
                    ('number', fields.CharField(unique=True, max_length=40)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', db_constraint=True, to_field='id', related_name='hazard_documents', on_delete=OnDelete.RESTRICT)),
                    ('content', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                    ('issued_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('served_at', fields.DatetimeField(null=True, description='handed over', auto_now=False, auto_now_add=False)),
                    ('served_how', fields.CharField(default='', description='how, and to whom by role', max_length=60)),
                ],
                options={'table': 'hazard_document', 'app': 'management', 'indexes': [Index(fields=['hazard_id', 'id'], name='hazard_document_hazard')], 'pk_attr': 'id', 'table_description': 'A numbered document about a hazard; ``content`` is what it says, for good.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='HazardFollower',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('hazard', fields.ForeignKeyField('management.Hazard', source_field='hazard_id', db_constraint=True, to_field='id', related_name='followers', on_delete=OnDelete.CASCADE)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='hazards_followed', on_delete=OnDelete.CASCADE)),
                    ('why', fields.CharEnumField(description='REPORTED: REPORTED\nFOLLOWS: FOLLOWS\nSAME_AS: SAME_AS', enum_type=FollowReason, max_length=8)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'hazard_follower', 'app': 'management', 'unique_together': (('hazard_id', 'account_id'),), 'indexes': [Index(fields=['account_id', 'id'], name='hazard_follower_account')], 'pk_attr': 'id', 'table_description': 'An account that hears of a hazard.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='HazardReport',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('hazard', fields.OneToOneField('management.Hazard', source_field='hazard_id', db_constraint=True, to_field='id', related_name='report', on_delete=OnDelete.CASCADE)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='hazard_reports', on_delete=OnDelete.SET_NULL)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='hazard_reports', on_delete=OnDelete.SET_NULL)),
                    ('app', fields.ForeignKeyField('identity.App', source_field='app_id', null=True, db_constraint=True, to_field='id', related_name='hazard_reports', on_delete=OnDelete.SET_NULL)),
                    ('caller_name', EncryptedField(null=True, unique=False)),
                    ('caller_phone', EncryptedField(null=True, unique=False)),
                    ('caller_index', BlindIndexField(null=True, db_index=True)),
                    ('words', EncryptedField(null=True, unique=False)),
                    ('answers', EncryptedField(null=True, description='JSON: question code → answer', unique=False)),
                    ('token_hash', fields.CharField(null=True, unique=True, description='SHA-256, hexadecimal', max_length=64)),
                    ('seen_at', fields.DatetimeField(description='when it was seen, by who reports', auto_now=False, auto_now_add=False)),
                    ('received_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'hazard_report', 'app': 'management', 'indexes': [Index(fields=['account_id', 'hazard_id'], name='hazard_report_account')], 'pk_attr': 'id', 'table_description': "Who reported a hazard, and their words: for the town's staff alone."},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='HazardStep',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('hazard', fields.ForeignKeyField('management.Hazard', source_field='hazard_id', db_constraint=True, to_field='id', related_name='steps', on_delete=OnDelete.CASCADE)),
                    ('number', fields.IntField(description="1, 2, 3 … as the hazard's version")),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('by_kind', fields.CharEnumField(description='ANONYMOUS: ANONYMOUS\nACCOUNT: ACCOUNT\nSTAFF: STAFF\nAPP: APP\nSYSTEM: SYSTEM', enum_type=ActorKind, max_length=10)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='hazard_steps', on_delete=OnDelete.SET_NULL)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='hazard_steps', on_delete=OnDelete.SET_NULL)),
                    ('action', fields.CharEnumField(description='REPORT: REPORT\nACCEPT: ACCEPT\nREJECT: REJECT\nMARK_DUPLICATE: MARK_DUPLICATE\nDISPATCH: DISPATCH\nSTART: START\nRETURN: RETURN\nSUBMIT: SUBMIT\nASK_ENFORCEMENT: ASK_ENFORCEMENT\nEXTEND: EXTEND\nPASS: PASS\nFAIL: FAIL\nCONFIRM_FIXED: CONFIRM_FIXED\nSAY_NOT_FIXED: SAY_NOT_FIXED\nCLOSE_UNREACHABLE: CLOSE_UNREACHABLE\nCLOSE_SILENT: CLOSE_SILENT\nCLOSE_CASE: CLOSE_CASE\nREOPEN: REOPEN\nRATE: RATE\nESCALATE: ESCALATE\nCHANGE_SEVERITY: CHANGE_SEVERITY\nMODERATE: MODERATE\nISSUE: ISSUE\nSUPPLEMENT: SUPPLEMENT', enum_type=HazardAction, max_length=18)),
                    ('from_state', fields.CharEnumField(null=True, description='REPORTED: REPORTED\nACCEPTED: ACCEPTED\nDISPATCHED: DISPATCHED\nRECTIFYING: RECTIFYING\nSUBMITTED: SUBMITTED\nFOLLOW_UP: FOLLOW_UP\nENFORCEMENT: ENFORCEMENT\nCLOSED: CLOSED\nREJECTED: REJECTED\nDUPLICATE: DUPLICATE', enum_type=HazardState, max_length=12)),
                    ('to_state', fields.CharEnumField(description='REPORTED: REPORTED\nACCEPTED: ACCEPTED\nDISPATCHED: DISPATCHED\nRECTIFYING: RECTIFYING\nSUBMITTED: SUBMITTED\nFOLLOW_UP: FOLLOW_UP\nENFORCEMENT: ENFORCEMENT\nCLOSED: CLOSED\nREJECTED: REJECTED\nDUPLICATE: DUPLICATE', enum_type=HazardState, max_length=12)),
                    ('words', EncryptedField(null=True, description='reason or remark, in clear to staff', unique=False)),
                    ('details', fields.JSONField(default=dict, description='codes and ids: department, deadline, severity before', encoder=JSON_DUMPS, decoder=loads)),
                ],
                options={'table': 'hazard_step', 'app': 'management', 'unique_together': (('hazard_id', 'number'),), 'pk_attr': 'id', 'table_description': 'One step: who, when, from, to, words, evidence. The history of a hazard.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='HazardPhoto',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('hazard', fields.ForeignKeyField('management.Hazard', source_field='hazard_id', db_constraint=True, to_field='id', related_name='photos', on_delete=OnDelete.CASCADE)),
                    ('photo', fields.OneToOneField('media.Photo', source_field='photo_id', db_constraint=True, to_field='id', related_name='hazard', on_delete=OnDelete.RESTRICT)),
                    ('step', fields.ForeignKeyField('management.HazardStep', source_field='step_id', null=True, db_constraint=True, to_field='id', related_name='photos', on_delete=OnDelete.SET_NULL)),
                    ('role', fields.CharEnumField(description='FOUND: FOUND\nEVIDENCE: EVIDENCE', enum_type=HazardPhotoRole, max_length=10)),
                    ('position', fields.SmallIntField()),
                    ('shown', fields.BooleanField(default=False, description='staff let others see it')),
                ],
                options={'table': 'hazard_photo', 'app': 'management', 'unique_together': (('hazard_id', 'role', 'position'),), 'pk_attr': 'id', 'table_description': 'A picture of a hazard; shown to others than staff once it was looked at.'},
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
            ops.CreateModel(
                name='Residence',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('person', fields.ForeignKeyField('management.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='residences', on_delete=OnDelete.RESTRICT)),
                    ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='residences', on_delete=OnDelete.RESTRICT)),
                    ('room', fields.ForeignKeyField('management.Room', source_field='room_id', db_constraint=True, to_field='id', related_name='residences', on_delete=OnDelete.RESTRICT)),
                    ('source', fields.CharEnumField(description='SELF: SELF\nLANDLORD: LANDLORD\nWARDEN: WARDEN\nDESK: DESK\nCARD_READER: CARD_READER', enum_type=ResidenceSource, max_length=12)),
                    ('check_state', fields.CharEnumField(default=ResidenceCheck.UNCHECKED, description='UNCHECKED: UNCHECKED\nCONFIRMED: CONFIRMED\nDOUBTED: DOUBTED', enum_type=ResidenceCheck, max_length=10)),
                    ('family', fields.UUIDField(null=True, description='the same for one household')),
                    ('starts_on', fields.DateField()),
                    ('ends_on', fields.DateField(null=True)),
                    ('end_reason', fields.CharEnumField(null=True, description='MOVED_OUT: MOVED_OUT\nMOVED_ON: MOVED_ON\nLANDLORD_SAID: LANDLORD_SAID\nSTAFF_FOUND: STAFF_FOUND\nOBJECTION_UPHELD: OBJECTION_UPHELD\nPLACE_CLOSED: PLACE_CLOSED', enum_type=ResidenceEnd, max_length=20)),
                    ('confirmed_on', fields.DateField(description='the day it was last said that it is so')),
                    ('asked_at', fields.DatetimeField(null=True, description='when "still here?" was asked; NULL once answered', auto_now=False, auto_now_add=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('ended_at', fields.DatetimeField(null=True, description='when that was noted', auto_now=False, auto_now_add=False)),
                    ('current', fields.BooleanField(default=True, description='not ended')),
                ],
                options={'table': 'residence', 'app': 'management', 'constraints': [UniqueConstraint(fields=('person_id',), name='residence_one_in_force', condition='current'), CheckConstraint(check='ends_on IS NULL OR ends_on >= starts_on', name='residence_period'), CheckConstraint(check='current = (ended_at IS NULL) AND (ends_on IS NULL) = (ended_at IS NULL) AND (ends_on IS NULL) = (end_reason IS NULL)', name='residence_end')], 'indexes': [Index(fields=['person_id', 'starts_on'], name='residence_person'), Index(fields=['place_id', 'id'], name='residence_place'), PartialIndex(fields=['room_id'], name='residence_room', condition={'current': True}), PartialIndex(fields=['confirmed_on'], name='residence_stale', condition={'current': True})], 'pk_attr': 'id', 'table_description': 'A person lives in a room from a day up to, not including, another (居住登记).'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='ResidenceCertificate',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('number', fields.CharField(unique=True, max_length=24)),
                    ('person', fields.ForeignKeyField('management.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='certificates', on_delete=OnDelete.CASCADE)),
                    ('residence', fields.ForeignKeyField('management.Residence', source_field='residence_id', db_constraint=True, to_field='id', related_name='certificates', on_delete=OnDelete.CASCADE)),
                    ('token_hash', fields.CharField(unique=True, description='SHA-256, hexadecimal', max_length=64)),
                    ('issued_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('valid_until', fields.DateField(description='its last day')),
                    ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'residence_certificate', 'app': 'management', 'indexes': [Index(fields=['person_id', 'id'], name='residence_certificate_person'), Index(fields=['residence_id'], name='residence_certificate_of')], 'pk_attr': 'id', 'table_description': 'A certificate of residence (居住登记凭证) that anybody can check by its code.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Task',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('kind', fields.CharEnumField(description='HAZARD: HAZARD\nDECLARATION: DECLARATION\nOBJECTION: OBJECTION\nWELFARE_VISIT: WELFARE_VISIT\nRESIDENCE: RESIDENCE\nAD_HOC: AD_HOC', enum_type=TaskKind, max_length=16)),
                    ('step', fields.CharField(default='', description='what its subject waits for', max_length=24)),
                    ('subject_id', fields.UUIDField(null=True, description='a row, by the kind')),
                    ('place', fields.ForeignKeyField('management.Place', source_field='place_id', null=True, db_constraint=True, to_field='id', related_name='tasks', on_delete=OnDelete.RESTRICT)),
                    ('grid_path', fields.CharField(description='COLLATE "C"', max_length=140)),
                    ('community_code', fields.CharField(max_length=40)),
                    ('grid_code', fields.CharField(max_length=40)),
                    ('role', fields.CharEnumField(description='WARDEN: WARDEN\nSUPERVISOR: SUPERVISOR\nDEPARTMENT: DEPARTMENT\nENFORCEMENT: ENFORCEMENT\nSERVICE_DESK: SERVICE_DESK\nAUDITOR: AUDITOR\nADMIN: ADMIN', enum_type=Role, max_length=20)),
                    ('department', fields.ForeignKeyField('identity.Department', source_field='department_id', null=True, db_constraint=True, to_field='id', related_name='tasks', on_delete=OnDelete.RESTRICT)),
                    ('state', fields.CharEnumField(default=TaskState.OPEN, description='OPEN: OPEN\nTAKEN: TAKEN\nDONE: DONE\nCANCELLED: CANCELLED', enum_type=TaskState, max_length=10)),
                    ('assignee', fields.ForeignKeyField('identity.StaffMember', source_field='assignee_id', null=True, db_constraint=True, to_field='id', related_name='tasks', on_delete=OnDelete.RESTRICT)),
                    ('not_for', fields.UUIDField(null=True, description='a member of staff who may not take it: who did what is checked')),
                    ('sent_by', fields.ForeignKeyField('identity.StaffMember', source_field='sent_by_id', null=True, db_constraint=True, to_field='id', related_name='tasks_sent', on_delete=OnDelete.RESTRICT)),
                    ('admission', fields.CharField(default='', description='ad hoc: code on the admission list', max_length=30)),
                    ('minutes', fields.SmallIntField(default=0, description='what it costs, by the admission list')),
                    ('words', EncryptedField(null=True, description='ad hoc: what is to be done', unique=False)),
                    ('feedback', EncryptedField(null=True, description='what came of it, in words', unique=False)),
                    ('outcome', fields.CharField(default='', description='what came of it: a code by the kind', max_length=24)),
                    ('due_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('overdue_at', fields.DatetimeField(null=True, description='when it was told that the deadline had passed', auto_now=False, auto_now_add=False)),
                    ('urged_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('urges', fields.SmallIntField(default=0)),
                    ('returns', fields.SmallIntField(default=0)),
                    ('version', fields.IntField(default=1)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('taken_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'task', 'app': 'management', 'constraints': [UniqueConstraint(fields=('kind', 'subject_id'), name='task_one_live', condition="state IN ('OPEN', 'TAKEN') AND subject_id IS NOT NULL"), CheckConstraint(check="(state <> 'OPEN' OR assignee_id IS NULL) AND (state <> 'TAKEN' OR assignee_id IS NOT NULL)", name='task_taken_by_somebody'), CheckConstraint(check="(state IN ('DONE', 'CANCELLED')) = (ended_at IS NOT NULL)", name='task_end')], 'indexes': [PartialIndex(fields=['grid_code', 'due_at', 'id'], name='task_pool', condition={'state': 'OPEN'}), PartialIndex(fields=['assignee_id', 'due_at', 'id'], name='task_mine', condition={'state': 'TAKEN'}), Index(fields=['grid_path', 'id'], name='task_path'), Index(fields=['community_code', 'id'], name='task_community'), Index(fields=['grid_code', 'id'], name='task_grid'), Index(fields=['subject_id', 'id'], name='task_subject'), Index(fields=['assignee_id', 'id'], name='task_assignee'), Index(fields=['sent_by_id', 'id'], name='task_sender')], 'pk_attr': 'id', 'table_description': 'One piece of work in one grid, with a deadline.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='TaskStep',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('task', fields.ForeignKeyField('management.Task', source_field='task_id', db_constraint=True, to_field='id', related_name='steps', on_delete=OnDelete.CASCADE)),
                    ('number', fields.IntField(description="1, 2, 3 … as the task's version")),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('by_kind', fields.CharEnumField(description='ANONYMOUS: ANONYMOUS\nACCOUNT: ACCOUNT\nSTAFF: STAFF\nAPP: APP\nSYSTEM: SYSTEM', enum_type=ActorKind, max_length=10)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='task_steps', on_delete=OnDelete.SET_NULL)),
                    ('action', fields.CharEnumField(description='RAISE: RAISE\nTAKE: TAKE\nASSIGN: ASSIGN\nRETURN: RETURN\nURGE: URGE\nEXTEND: EXTEND\nFINISH: FINISH\nCANCEL: CANCEL', enum_type=TaskAction, max_length=10)),
                    ('words', EncryptedField(null=True, unique=False)),
                ],
                options={'table': 'task_step', 'app': 'management', 'unique_together': (('task_id', 'number'),), 'pk_attr': 'id', 'table_description': 'What was done with a task, when and by whom: its history.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='TenantDuty',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='tenant_duties', on_delete=OnDelete.RESTRICT)),
                    ('room', fields.ForeignKeyField('management.Room', source_field='room_id', db_constraint=True, to_field='id', related_name='tenant_duties', on_delete=OnDelete.RESTRICT)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='tenant_duties', on_delete=OnDelete.RESTRICT)),
                    ('signed_on', fields.DateField()),
                    ('due_on', fields.DateField(description='its last day')),
                    ('state', fields.CharEnumField(default=DutyState.OPEN, description='OPEN: OPEN\nDONE: DONE\nDONE_LATE: DONE_LATE\nCANCELLED: CANCELLED', enum_type=DutyState, max_length=10)),
                    ('block', fields.ForeignKeyField('management.PlaceBlock', source_field='block_id', null=True, db_constraint=True, to_field='id', related_name='tenant_duties', on_delete=OnDelete.SET_NULL)),
                    ('reminded_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'tenant_duty', 'app': 'management', 'constraints': [UniqueConstraint(fields=('room_id',), name='tenant_duty_one_open', condition="state = 'OPEN'"), CheckConstraint(check="(state = 'OPEN') = (ended_at IS NULL)", name='tenant_duty_end'), CheckConstraint(check='due_on > signed_on', name='tenant_duty_term')], 'indexes': [Index(fields=['place_id', 'id'], name='tenant_duty_place'), Index(fields=['account_id', 'id'], name='tenant_duty_account'), PartialIndex(fields=['due_on'], name='tenant_duty_due', condition={'state': 'OPEN'})], 'pk_attr': 'id', 'table_description': 'A landlord signed with a tenant and has to register them within three working days.'},
                bases=['Model'],
            ),
        ),
        ops.RunSQL(CONSTRAINTS, ""),
        ops.RunSQL(BYTEWISE, ""),
    ]
