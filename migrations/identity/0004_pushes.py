from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('identity', '0003_letters_constraints'), ('core', '0001_initial')]

    initial = False

    operations = [
        ops.AddField(
            model_name='WeChatPush',
            name='trace_id',
            field=fields.CharField(null=True, description='of the content check that it is about', max_length=128),
        ),
        ops.AddIndex(
            model_name='WeChatPush',
            index=Index(fields=['trace_id'], name='wechat_push_trace'),
        ),
    ]
