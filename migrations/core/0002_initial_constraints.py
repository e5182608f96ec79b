from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial')]

    initial = False

    operations = [
        ops.RemoveField(model_name='AuditChain', name='chain'),
        ops.AddField(
            model_name='AuditChain',
            name='chain',
            field=fields.SmallIntField(primary_key=True, unique=True, db_index=True),
        ),
        ops.AddIndex(
            model_name='AuditChain',
            index=Index(fields=['chain']),
        ),
    ]
