from tortoise import migrations
from tortoise.migrations import operations as ops
from core.audit import CHAINS_SQL, DROP_TRIGGERS_SQL, TRIGGERS_SQL
from core.create_models import CreateModels
from core.ids import uuid7
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        CreateModels(
            ops.CreateModel(
                name='AuditChain',
                fields=[
                    ('chain', fields.SmallIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                    ('seq', fields.BigIntField(description='number of the last entry; 0 before the first')),
                    ('head', fields.BinaryField(description='hash of the last entry')),
                    ('base_seq', fields.BigIntField(default=0, description='number of the last pruned entry, or 0')),
                    ('base', fields.BinaryField(description="hash of that entry, or of the chain's beginning")),
                ],
                options={'table': 'audit_chain', 'app': 'core', 'pk_attr': 'chain', 'table_description': 'The end of one chain, and where it begins since older entries were pruned.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='AuditEntry',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('chain', fields.SmallIntField()),
                    ('seq', fields.BigIntField(description='place in its chain, from 1 without gaps')),
                    ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                    ('actor_kind', fields.CharField(max_length=40)),
                    ('actor_id', fields.UUIDField(null=True)),
                    ('action', fields.CharField(description='name of the use case, such as `publishListing`', max_length=64)),
                    ('subject_kind', fields.CharField(max_length=40)),
                    ('subject_id', fields.UUIDField(null=True)),
                    ('request_id', fields.UUIDField(null=True)),
                    ('reason', fields.TextField(null=True, unique=False)),
                    ('details', fields.JSONField(description='ids, flags, codes and names of fields', encoder=JSON_DUMPS, decoder=loads)),
                    ('payload', fields.TextField(description='canonical JSON of the columns: what was hashed', unique=False)),
                    ('hash', fields.BinaryField(description='SHA-256 of the hash before it and the payload')),
                ],
                options={'table': 'audit_entry', 'app': 'core', 'unique_together': (('chain', 'seq'),), 'indexes': [Index(fields=['subject_id', 'id']), Index(fields=['actor_id', 'id'])], 'pk_attr': 'id', 'table_description': 'One thing that somebody did, or looked at with a reason.'},
                bases=['Model'],
            ),
            ops.CreateModel(
                name='RequestClaim',
                fields=[
                    ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                    ('actor_id', fields.UUIDField(description='the all-zero id for the anonymous')),
                    ('request_id', fields.UUIDField()),
                    ('mutation', fields.CharField(max_length=80)),
                    ('payload_hash', fields.BinaryField(description='keyed hash: the payload may hold personal data')),
                    ('result_id', fields.UUIDField(null=True)),
                    ('created_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=True)),
                ],
                options={'table': 'request_claim', 'app': 'core', 'unique_together': (('actor_id', 'request_id'),), 'pk_attr': 'id', 'table_description': 'One mutation that was asked for, by whom and with what, so that a repeat is recognised.'},
                bases=['Model'],
            ),
        ),
        ops.RunSQL(CHAINS_SQL, "DELETE FROM audit_chain"),
        ops.RunSQL(TRIGGERS_SQL, DROP_TRIGGERS_SQL),
    ]
