from tortoise import migrations
from tortoise.migrations import operations as ops
from core.create_models import CreateModels
from core.crypto import BlindIndexField, EncryptedField
from core.ids import uuid7
from identity.actor import Role
from identity.models import DutyGroup, SessionEnd
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

# Tortoise writes no SQL for the constraints of a table that it creates.
CONSTRAINTS = """
ALTER TABLE account
    ADD CONSTRAINT account_phone_indexed CHECK ((phone IS NULL) = (phone_index IS NULL));
ALTER TABLE app
    ADD CONSTRAINT app_rate CHECK (rate_per_minute BETWEEN 1 AND 6000),
    ADD CONSTRAINT app_path CHECK (grid_path ~ '^([0-9A-Za-z-]+/)+$');
ALTER TABLE grid_post
    ADD CONSTRAINT grid_post_path CHECK (grid_path ~ '^([0-9A-Za-z-]+/)+$'),
    ADD CONSTRAINT grid_post_period CHECK (ends_on IS NULL OR ends_on >= starts_on),
    ADD CONSTRAINT grid_post_department CHECK ((role IN ('DEPARTMENT', 'ENFORCEMENT')) <= (department_id IS NOT NULL));
ALTER TABLE session
    ADD CONSTRAINT session_of_one CHECK ((account_id IS NULL) <> (staff_id IS NULL)),
    ADD CONSTRAINT session_end_has_a_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL));
ALTER TABLE sms_code
    ADD CONSTRAINT sms_code_tries CHECK (tries BETWEEN 0 AND 5);
ALTER TABLE staff_member
    ADD CONSTRAINT staff_member_user_name_lower CHECK (user_name = lower(user_name)),
    ADD CONSTRAINT staff_member_totp_confirmed CHECK ((totp_secret IS NULL) = (totp_confirmed_at IS NULL));
CREATE UNIQUE INDEX refresh_token_one_unused ON refresh_token (session_id)
    WHERE used_at IS NULL
"""

# Grid paths and codes compare byte by byte: "beneath this grid" is a range of an index.
BYTEWISE = """
ALTER TABLE grid_post ALTER grid_path TYPE varchar(200) COLLATE "C";
ALTER TABLE app ALTER grid_path TYPE varchar(200) COLLATE "C"
"""


class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial')]

    initial = True

    operations = [
        CreateModels(
            ops.CreateModel(
                name='Account',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('phone', EncryptedField(null=True, unique=False)),
                    ('phone_index', BlindIndexField(null=True, unique=True)),
                    ('display_name', fields.CharField(default='', max_length=60)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('locked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'account', 'app': 'identity', 'constraints': [CheckConstraint(check='(phone IS NULL) = (phone_index IS NULL)', name='account_phone_indexed')], 'pk_attr': 'id', 'table_description': 'A member of the public who signs in: resident, landlord, operator.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='App',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('client_id', fields.CharField(unique=True, max_length=40)),
                    ('name', fields.CharField(max_length=80)),
                    ('secret_hash', fields.CharField(description='SHA-256 of 256 random bits, hexadecimal', max_length=64)),
                    ('scopes', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                    ('grid_path', fields.CharField(max_length=200)),
                    ('contact', EncryptedField(description='whom to reach about it', unique=False)),
                    ('rate_per_minute', fields.IntField()),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'app', 'app': 'identity', 'constraints': [CheckConstraint(check='rate_per_minute BETWEEN 1 AND 6000', name='app_rate'), CheckConstraint(check="grid_path ~ '^([0-9A-Za-z-]+/)+$'", name='app_path')], 'pk_attr': 'id', 'table_description': "A program of somebody else's that uses the API on its own behalf."},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Department',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('code', fields.CharField(unique=True, max_length=40)),
                    ('name_zh', fields.CharField(max_length=40)),
                    ('name_en', fields.CharField(max_length=80)),
                ],
                options={'table': 'department', 'app': 'identity', 'pk_attr': 'id', 'table_description': 'A department of the town (部门): data, so that a reform needs no new version.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='SmsCode',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('phone_index', BlindIndexField()),
                    ('phone', EncryptedField(null=True, description='until sent', unique=False)),
                    ('code', EncryptedField(null=True, description='until sent', unique=False)),
                    ('code_hash', fields.CharField(description='keyed hash, hexadecimal', max_length=64)),
                    ('created_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                    ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('tries', fields.IntField(default=0)),
                    ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'sms_code', 'app': 'identity', 'constraints': [CheckConstraint(check='tries BETWEEN 0 AND 5', name='sms_code_tries')], 'indexes': [Index(fields=['phone_index', 'created_at'])], 'pk_attr': 'id', 'table_description': 'A one-time code sent to a phone; number and code are wiped once it is on its way.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='StaffMember',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('user_name', fields.CharField(unique=True, description='lower case', max_length=40)),
                    ('name', fields.CharField(max_length=60)),
                    ('password_hash', fields.CharField(description='argon2id in PHC form', max_length=200)),
                    ('totp_secret', EncryptedField(null=True, unique=False)),
                    ('totp_pending_secret', EncryptedField(null=True, description='shown, not yet confirmed', unique=False)),
                    ('totp_confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('totp_last_step', fields.BigIntField(default=0, description='30 s steps since 1970; no replay')),
                    ('second_factor_waived', fields.BooleanField(default=False, description='development only')),
                    ('failures', fields.IntField(default=0, description='failed sign-ins since the last good one')),
                    ('locked_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('joined_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('left_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'staff_member', 'app': 'identity', 'constraints': [CheckConstraint(check='user_name = lower(user_name)', name='staff_member_user_name_lower'), CheckConstraint(check='(totp_secret IS NULL) = (totp_confirmed_at IS NULL)', name='staff_member_totp_confirmed')], 'pk_attr': 'id', 'table_description': 'Somebody who works for the town.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='GridPost',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', db_constraint=True, to_field='id', related_name='posts', on_delete=OnDelete.RESTRICT)),
                    ('grid_code', fields.CharField(max_length=40)),
                    ('grid_path', fields.CharField(description='codes from the top down, each with a slash', max_length=200)),
                    ('role', fields.CharEnumField(description='WARDEN: WARDEN\nSUPERVISOR: SUPERVISOR\nDEPARTMENT: DEPARTMENT\nENFORCEMENT: ENFORCEMENT\nSERVICE_DESK: SERVICE_DESK\nAUDITOR: AUDITOR\nADMIN: ADMIN', enum_type=Role, max_length=20)),
                    ('duty_group', fields.CharEnumField(null=True, description='INFORMATION: INFORMATION\nINSPECTION: INSPECTION\nRECTIFICATION: RECTIFICATION\nSERVICE_DESK: SERVICE_DESK', enum_type=DutyGroup, max_length=20)),
                    ('department', fields.ForeignKeyField('identity.Department', source_field='department_id', null=True, db_constraint=True, to_field='id', related_name='posts', on_delete=OnDelete.RESTRICT)),
                    ('lead', fields.BooleanField(default=False, description='lead warden (网格长)')),
                    ('deputy_of', fields.ForeignKeyField('identity.GridPost', source_field='deputy_of_id', null=True, db_constraint=True, to_field='id', related_name='deputies', on_delete=OnDelete.RESTRICT)),
                    ('starts_on', fields.DateField()),
                    ('ends_on', fields.DateField(null=True)),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'grid_post', 'app': 'identity', 'constraints': [CheckConstraint(check="grid_path ~ '^([0-9A-Za-z-]+/)+$'", name='grid_post_path'), CheckConstraint(check='ends_on IS NULL OR ends_on >= starts_on', name='grid_post_period'), CheckConstraint(check="(role IN ('DEPARTMENT', 'ENFORCEMENT')) <= (department_id IS NOT NULL)", name='grid_post_department')], 'indexes': [Index(fields=['staff_id']), Index(fields=['grid_path', 'id']), Index(fields=['grid_code']), Index(fields=['deputy_of_id'])], 'pk_attr': 'id', 'table_description': 'Who is posted to which grid, with which duty (定格定人定责).'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='RecoveryCode',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', db_constraint=True, to_field='id', related_name='recovery_codes', on_delete=OnDelete.CASCADE)),
                    ('code_hash', fields.CharField(description='keyed hash, hexadecimal', max_length=64)),
                    ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'recovery_code', 'app': 'identity', 'unique_together': (('staff', 'code_hash'),), 'pk_attr': 'id', 'table_description': 'A code that stands in for the second factor, once.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='Session',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                    ('staff', fields.ForeignKeyField('identity.StaffMember', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                    ('device', fields.CharField(default='', description='label that the person recognises', max_length=80)),
                    ('enrolling', fields.BooleanField(default=False, description='may only set up the second factor')),
                    ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                    ('last_seen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('expires_at', fields.DatetimeField(description='no refresh goes beyond', auto_now=False, auto_now_add=False)),
                    ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                    ('end_reason', fields.CharEnumField(null=True, description='SIGNED_OUT: SIGNED_OUT\nSIGNED_OUT_EVERYWHERE: SIGNED_OUT_EVERYWHERE\nTOKEN_REPLAYED: TOKEN_REPLAYED\nPASSWORD_CHANGED: PASSWORD_CHANGED\nLOCKED: LOCKED\nCLOSED: CLOSED\nLEFT: LEFT\nEXPIRED: EXPIRED', enum_type=SessionEnd, max_length=30)),
                ],
                options={'table': 'session', 'app': 'identity', 'constraints': [CheckConstraint(check='(account_id IS NULL) <> (staff_id IS NULL)', name='session_of_one'), CheckConstraint(check='(ended_at IS NULL) = (end_reason IS NULL)', name='session_end_has_a_reason')], 'indexes': [Index(fields=['account_id', 'created_at']), Index(fields=['staff_id', 'created_at']), Index(fields=['ended_at'])], 'pk_attr': 'id', 'table_description': 'One sign-in on one device, of an account or of a member of staff.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='RefreshToken',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('session', fields.ForeignKeyField('identity.Session', source_field='session_id', db_constraint=True, to_field='id', related_name='refresh_tokens', on_delete=OnDelete.CASCADE)),
                    ('token_hash', fields.CharField(unique=True, description='SHA-256, hexadecimal', max_length=64)),
                    ('issued_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                    ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ],
                options={'table': 'refresh_token', 'app': 'identity', 'constraints': [UniqueConstraint(fields=('session_id',), name='refresh_token_one_unused', condition='used_at IS NULL')], 'indexes': [Index(fields=['session_id'])], 'pk_attr': 'id', 'table_description': 'A token that continues a session, once; using it twice ends the session.'},
                bases=['Model'],
            ),
        ),
        ops.RunSQL(CONSTRAINTS, ""),
        ops.RunSQL(BYTEWISE, ""),
    ]
