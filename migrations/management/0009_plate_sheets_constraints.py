from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_initial_constraints'), ('identity', '0003_path_order'), ('management', '0001_initial'), ('management', '0002_initial_constraints'), ('management', '0003_path_order'), ('management', '0004_place_photo'), ('management', '0005_plan_may_close'), ('management', '0006_letting'), ("management", "0008_plate_sheets"), ('media', '0001_initial'), ('media', '0002_uploads'), ('media', '0003_uploads_constraints'), ('media', '0004_letting')]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name='PlateSheet',
            constraint=CheckConstraint(check='done >= 0 AND done <= total', name='plate_sheet_progress'),
        ),
        ops.AddConstraint(
            model_name='PlateSheet',
            constraint=CheckConstraint(check="(state IN ('QUEUED', 'RUNNING')) = (finished_at IS NULL)", name='plate_sheet_end'),
        ),
    ]
