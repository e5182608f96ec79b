from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('management', '0001_initial'), ('media', '0001_initial')]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name='Place',
            constraint=CheckConstraint(check='completeness BETWEEN 0 AND 100', name='place_completeness_percent'),
        ),
        ops.AddConstraint(
            model_name='Place',
            constraint=CheckConstraint(check='(longitude IS NULL) = (latitude IS NULL)', name='place_whole_point'),
        ),
        ops.AddConstraint(
            model_name='Place',
            constraint=CheckConstraint(check="(lifecycle = 'PLANNED') = (filed_at IS NULL)", name='place_filed'),
        ),
        ops.AddConstraint(
            model_name='Place',
            constraint=CheckConstraint(check="(lifecycle IN ('CLOSED', 'DEMOLISHED')) = (ended_at IS NOT NULL)", name='place_ended'),
        ),
        ops.AddConstraint(
            model_name='PlaceBlock',
            constraint=CheckConstraint(check='ends_at IS NULL OR ends_at >= starts_at', name='place_block_period'),
        ),
        ops.AddConstraint(
            model_name='PlaceClaim',
            constraint=UniqueConstraint(fields=('place_id', 'account_id'), name='place_claim_once', condition="state IN ('PENDING', 'VERIFIED')"),
        ),
        ops.AddConstraint(
            model_name='Plate',
            constraint=UniqueConstraint(fields=('place_id',), name='plate_one_of_place', condition="state = 'ACTIVE' AND room_id IS NULL"),
        ),
        ops.AddConstraint(
            model_name='Plate',
            constraint=UniqueConstraint(fields=('room_id',), name='plate_one_of_room', condition="state = 'ACTIVE' AND room_id IS NOT NULL"),
        ),
        ops.AddConstraint(
            model_name='Plate',
            constraint=CheckConstraint(check="(state = 'ACTIVE') = (ended_at IS NULL)", name='plate_end'),
        ),
        ops.AddConstraint(
            model_name='Plate',
            constraint=CheckConstraint(check="(state = 'REPLACED') = (replaced_by_id IS NOT NULL)", name='plate_replacement'),
        ),
        ops.AddConstraint(
            model_name='Room',
            constraint=CheckConstraint(check='area > 0', name='room_area'),
        ),
    ]
