from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_letters'), ('identity', '0003_letters_constraints'), ('identity', '0004_pushes'), ('landlord', '0002_content_checks'), ('management', '0001_initial'), ('media', '0001_initial')]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name='ContentCheck',
            constraint=UniqueConstraint(fields=('listing_id', 'listing_version'), name='content_check_one_text', condition="kind = 'TEXT'"),
        ),
        ops.AddConstraint(
            model_name='ContentCheck',
            constraint=UniqueConstraint(fields=('listing_id', 'listing_version', 'photo_id'), name='content_check_one_photo'),
        ),
        ops.AddConstraint(
            model_name='ContentCheck',
            constraint=CheckConstraint(check="(kind = 'PHOTO') = (photo_id IS NOT NULL)", name='content_check_photo'),
        ),
        ops.AddConstraint(
            model_name='ContentCheck',
            constraint=CheckConstraint(check="(state = 'WAITING') = (answered_at IS NULL)", name='content_check_answered'),
        ),
    ]
