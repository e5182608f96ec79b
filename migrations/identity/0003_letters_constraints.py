from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0002_letters'), ('core', '0001_initial')]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name='AccountMerge',
            constraint=UniqueConstraint(fields=('merged_id',), name='account_merge_once', condition='undone_at IS NULL'),
        ),
        ops.AddConstraint(
            model_name='AccountMerge',
            constraint=CheckConstraint(check='kept_id <> merged_id', name='account_merge_of_two'),
        ),
        ops.AddConstraint(
            model_name='WeChatUser',
            constraint=CheckConstraint(check='(unionid IS NULL) = (unionid_index IS NULL)', name='wechat_user_unionid_indexed'),
        ),
    ]
