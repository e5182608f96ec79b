from tortoise import migrations
from tortoise.migrations import operations as ops
from citizen.models import DeclarationAction, DeclarationState, LandlordAnswer, ObjectionState, Relation
from citizen.my_data.models import DataExportState
from core.create_models import CreateModels
from core.crypto import EncryptedField
from core.ids import uuid7
from identity.actor import ActorKind
from management.models.people import DocumentKind, ResidenceSource
from orjson import loads
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

# Tortoise writes no SQL for the constraints of a table that it creates.
CONSTRAINTS = """
ALTER TABLE data_export
    ADD CONSTRAINT data_export_ready CHECK ((state = 'READY') = (content IS NOT NULL) AND (state = 'READY') = (drawn IS NOT NULL) AND (state = 'READY') = (expires_at IS NOT NULL)),
    ADD CONSTRAINT data_export_finished CHECK ((state = 'QUEUED') = (finished_at IS NULL));
ALTER TABLE declaration
    ADD CONSTRAINT declaration_in_force CHECK (state <> 'IN_FORCE' OR residence_id IS NOT NULL),
    ADD CONSTRAINT declaration_doubted CHECK (state <> 'HELD' OR cardinality(doubts) > 0);
CREATE UNIQUE INDEX declaration_one_held ON declaration (person_id, room_id)
    WHERE state = 'HELD';
CREATE UNIQUE INDEX residence_objection_open ON residence_objection (declaration_id)
    WHERE state = 'OPEN'
"""


class Migration(migrations.Migration):
    dependencies = [('identity', '0005_session_parted'), ('management', '0001_initial')]

    initial = True

    operations = [
        CreateModels(
            ops.CreateModel(
                name='DataErasure',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='data_erasures', on_delete=OnDelete.RESTRICT)),
                    ('closed', fields.BooleanField(description='the account was closed with it')),
                    ('parts', fields.JSONField(description='name of the holding, rows erased, rows kept, until when', encoder=JSON_DUMPS, decoder=loads)),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'data_erasure', 'app': 'citizen', 'indexes': [Index(fields=['account_id', 'id'], name='data_erasure_account')], 'pk_attr': 'id', 'table_description': "What was erased at somebody's wish, and what was kept: names of holdings and counts."},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='DataExport',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='data_exports', on_delete=OnDelete.RESTRICT)),
                    ('state', fields.CharEnumField(default=DataExportState.QUEUED, description='QUEUED: QUEUED\nREADY: READY\nFAILED: FAILED', enum_type=DataExportState, max_length=8)),
                    ('attempts', fields.SmallIntField(default=0)),
                    ('content', EncryptedField(null=True, description='JSON', unique=False)),
                    ('drawn', EncryptedField(null=True, description='PDF in base64', unique=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'data_export', 'app': 'citizen', 'constraints': [CheckConstraint(check="(state = 'READY') = (content IS NOT NULL) AND (state = 'READY') = (drawn IS NOT NULL) AND (state = 'READY') = (expires_at IS NOT NULL)", name='data_export_ready'), CheckConstraint(check="(state = 'QUEUED') = (finished_at IS NULL)", name='data_export_finished')], 'indexes': [Index(fields=['account_id', 'id'], name='data_export_account')], 'pk_attr': 'id', 'table_description': 'A copy of everything that is held about somebody, made by a job; the row goes with it.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Declaration',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='declarations', on_delete=OnDelete.SET_NULL)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='declarations', on_delete=OnDelete.SET_NULL)),
                    ('on_behalf', EncryptedField(null=True, description='who asked staff to declare, in words', unique=False)),
                    ('person', fields.ForeignKeyField('management.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='declarations', on_delete=OnDelete.RESTRICT)),
                    ('place', fields.ForeignKeyField('management.Place', source_field='place_id', db_constraint=True, to_field='id', related_name='declarations', on_delete=OnDelete.RESTRICT)),
                    ('room', fields.ForeignKeyField('management.Room', source_field='room_id', db_constraint=True, to_field='id', related_name='declarations', on_delete=OnDelete.RESTRICT)),
                    ('residence', fields.ForeignKeyField('management.Residence', source_field='residence_id', null=True, db_constraint=True, to_field='id', related_name='declarations', on_delete=OnDelete.SET_NULL)),
                    ('source', fields.CharEnumField(description='SELF: SELF\nLANDLORD: LANDLORD\nWARDEN: WARDEN\nDESK: DESK\nCARD_READER: CARD_READER', enum_type=ResidenceSource, max_length=12)),
                    ('relation', fields.CharEnumField(default=Relation.SELF, description='SELF: SELF\nSPOUSE: SPOUSE\nCHILD: CHILD\nPARENT: PARENT\nOTHER: OTHER\nTENANT: TENANT', enum_type=Relation, max_length=8)),
                    ('batch', fields.UUIDField(description='the same for those declared together')),
                    ('household', fields.BooleanField(default=False, description='a family, exempt from capacity')),
                    ('document_kind', fields.CharEnumField(description='MAINLAND_ID: MAINLAND_ID\nRESIDENCE_PERMIT_HMT: RESIDENCE_PERMIT_HMT\nPERMANENT_RESIDENCE: PERMANENT_RESIDENCE\nPASSPORT: PASSPORT', enum_type=DocumentKind, max_length=24)),
                    ('claimed_name', EncryptedField(null=True, unique=False)),
                    ('starts_on', fields.DateField()),
                    ('signed_on', fields.DateField(null=True, description='of the lease, by a landlord')),
                    ('lease_until', fields.DateField(null=True, description='its last day')),
                    ('state', fields.CharEnumField(description='IN_FORCE: IN_FORCE\nHELD: HELD\nREFUSED: REFUSED\nWITHDRAWN: WITHDRAWN', enum_type=DeclarationState, max_length=10)),
                    ('doubts', ArrayField(description='codes of Doubt', element_type='TEXT')),
                    ('welfare', fields.BooleanField(default=False, description='somebody under 16 alone')),
                    ('asked_landlord_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('landlord_answer', fields.CharEnumField(null=True, description='CONFIRMED: CONFIRMED\nDENIED: DENIED', enum_type=LandlordAnswer, max_length=10)),
                    ('answered_by', fields.ForeignKeyField('identity.Account', source_field='answered_by_id', null=True, db_constraint=True, to_field='id', related_name='tenant_answers', on_delete=OnDelete.SET_NULL)),
                    ('question_open', fields.BooleanField(default=False, description='the landlord may answer')),
                    ('decided_by', fields.ForeignKeyField('identity.StaffMember', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='decided', on_delete=OnDelete.SET_NULL)),
                    ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('reason', EncryptedField(null=True, description='why refused, for who declared', unique=False)),
                    ('version', fields.IntField(default=1)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'declaration', 'app': 'citizen', 'constraints': [UniqueConstraint(fields=('person_id', 'room_id'), name='declaration_one_held', condition="state = 'HELD'"), CheckConstraint(check="state <> 'IN_FORCE' OR residence_id IS NOT NULL", name='declaration_in_force'), CheckConstraint(check="state <> 'HELD' OR cardinality(doubts) > 0", name='declaration_doubted')], 'indexes': [Index(fields=['account_id', 'id'], name='declaration_account'), Index(fields=['person_id', 'id'], name='declaration_person'), Index(fields=['place_id', 'id'], name='declaration_place'), Index(fields=['residence_id'], name='declaration_residence'), PartialIndex(fields=['id'], name='declaration_held', condition={'state': 'HELD'}), PartialIndex(fields=['asked_landlord_at'], name='declaration_asked', condition={'question_open': True})], 'pk_attr': 'id', 'table_description': "Somebody's statement that a person lives in a room (自主申报), from a day."},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='DeclarationStep',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('declaration', fields.ForeignKeyField('citizen.Declaration', source_field='declaration_id', db_constraint=True, to_field='id', related_name='steps', on_delete=OnDelete.CASCADE)),
                    ('number', fields.IntField(description="1, 2, 3 … as the declaration's version")),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('by_kind', fields.CharEnumField(description='ANONYMOUS: ANONYMOUS\nACCOUNT: ACCOUNT\nSTAFF: STAFF\nAPP: APP\nSYSTEM: SYSTEM', enum_type=ActorKind, max_length=10)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='declared_steps', on_delete=OnDelete.SET_NULL)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='declared_steps', on_delete=OnDelete.SET_NULL)),
                    ('action', fields.CharEnumField(description='DECLARE: DECLARE\nHOLD: HOLD\nLANDLORD_CONFIRM: LANDLORD_CONFIRM\nLANDLORD_DENY: LANDLORD_DENY\nQUESTION_CLOSED: QUESTION_CLOSED\nCONFIRM: CONFIRM\nREFUSE: REFUSE\nWITHDRAW: WITHDRAW\nOBJECT: OBJECT\nOBJECTION_UPHELD: OBJECTION_UPHELD\nOBJECTION_DISMISSED: OBJECTION_DISMISSED\nCORRECT: CORRECT', enum_type=DeclarationAction, max_length=20)),
                    ('words', EncryptedField(null=True, unique=False)),
                ],
                options={'table': 'declaration_step', 'app': 'citizen', 'unique_together': (('declaration_id', 'number'),), 'pk_attr': 'id', 'table_description': 'What was done with a declaration, when and by whom: its history.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='DeclarationPhoto',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('declaration', fields.ForeignKeyField('citizen.Declaration', source_field='declaration_id', db_constraint=True, to_field='id', related_name='papers', on_delete=OnDelete.CASCADE)),
                    ('photo', fields.OneToOneField('media.Photo', source_field='photo_id', db_constraint=True, to_field='id', related_name='declaration', on_delete=OnDelete.RESTRICT)),
                    ('step', fields.ForeignKeyField('citizen.DeclarationStep', source_field='step_id', db_constraint=True, to_field='id', related_name='papers', on_delete=OnDelete.CASCADE)),
                    ('position', fields.SmallIntField()),
                ],
                options={'table': 'declaration_photo', 'app': 'citizen', 'unique_together': (('declaration_id', 'position'),), 'pk_attr': 'id', 'table_description': 'A picture that speaks for or against a declaration; for staff, and who sent it.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='ResidenceObjection',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('declaration', fields.ForeignKeyField('citizen.Declaration', source_field='declaration_id', db_constraint=True, to_field='id', related_name='objections', on_delete=OnDelete.CASCADE)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='objections', on_delete=OnDelete.SET_NULL)),
                    ('words', EncryptedField(null=True, unique=False)),
                    ('state', fields.CharEnumField(default=ObjectionState.OPEN, description='OPEN: OPEN\nUPHELD: UPHELD\nDISMISSED: DISMISSED', enum_type=ObjectionState, max_length=10)),
                    ('decided_by', fields.ForeignKeyField('identity.StaffMember', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='objections', on_delete=OnDelete.SET_NULL)),
                    ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('reason', EncryptedField(null=True, unique=False)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'residence_objection', 'app': 'citizen', 'constraints': [UniqueConstraint(fields=('declaration_id',), name='residence_objection_open', condition="state = 'OPEN'")], 'indexes': [Index(fields=['account_id', 'id'], name='residence_objection_account')], 'pk_attr': 'id', 'table_description': "A person says that they don't live where somebody else declared them (异议)."},
                bases=['Model'],
            ),
        ),
        ops.RunSQL(CONSTRAINTS, ""),
    ]
