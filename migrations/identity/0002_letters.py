from tortoise import migrations
from tortoise.migrations import operations as ops
from core.crypto import BlindIndexField, EncryptedField
from core.ids import uuid7
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('core', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AccountMerge',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('kept', fields.ForeignKeyField('identity.Account', source_field='kept_id', db_constraint=True, to_field='id', related_name='merges_kept', on_delete=OnDelete.RESTRICT)),
                ('merged', fields.ForeignKeyField('identity.Account', source_field='merged_id', db_constraint=True, to_field='id', related_name='merges_merged', on_delete=OnDelete.RESTRICT)),
                ('moved', fields.JSONField(description='table and column → ids of the rows that changed hands', encoder=JSON_DUMPS, decoder=loads)),
                ('merged_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('undone_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account_merge', 'app': 'identity', 'indexes': [Index(fields=['merged_at', 'id']), Index(fields=['kept_id'])], 'pk_attr': 'id', 'table_description': 'Two accounts of one person became one; ``moved`` is what it takes to part them again.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WeChatPush',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, description='over the content', max_length=32)),
                ('kind', fields.CharField(description="WeChat's name of the event", max_length=60)),
                ('openid', EncryptedField(description='whom it is about', unique=False)),
                ('openid_index', BlindIndexField(description='as of wechat_user')),
                ('content', fields.JSONField(description='verdict or subscriptions: ids and codes only', encoder=JSON_DUMPS, decoder=loads)),
                ('happened_at', fields.DatetimeField(description="by WeChat's clock", auto_now=False, auto_now_add=False)),
                ('received_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'wechat_push', 'app': 'identity', 'pk_attr': 'id', 'table_description': 'What WeChat pushed to us, once: a repeat has the same ``key``.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WeChatUser',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='wechat_users', on_delete=OnDelete.CASCADE)),
                ('app_id', fields.CharField(max_length=32)),
                ('openid', EncryptedField(unique=False)),
                ('openid_index', BlindIndexField()),
                ('unionid', EncryptedField(null=True, description='the same in all apps of one owner', unique=False)),
                ('unionid_index', BlindIndexField(null=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('last_seen_at', fields.DatetimeField(description='last sign-in; content checks ask for it', auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'wechat_user', 'app': 'identity', 'unique_together': (('app_id', 'openid_index'),), 'indexes': [Index(fields=['account_id', 'last_seen_at']), Index(fields=['unionid_index'])], 'pk_attr': 'id', 'table_description': 'An account as one mini-program knows it. Sealed: an openid follows a person for good.'},
            bases=['Model'],
        ),
    ]
