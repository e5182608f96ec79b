from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_initial_constraints'), ('identity', '0003_path_order'), ('media', '0002_uploads')]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name='Upload',
            constraint=CheckConstraint(check='num_nonnulls(owner_id, staff_id) = 1', name='upload_one_owner'),
        ),
        ops.AddConstraint(
            model_name='Upload',
            constraint=CheckConstraint(check="state NOT IN ('READY', 'COMPLETED') OR (width > 0 AND height > 0)", name='upload_ready'),
        ),
    ]
