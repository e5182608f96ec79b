from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('identity', '0004_pushes'), ('landlord', '0001_initial'), ('management', '0001_initial'), ('media', '0001_initial')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Reservation',
            index=Index(fields=['listing_id'], name='reservation_listing'),
        ),
        ops.AddIndex(
            model_name='SavedListing',
            index=Index(fields=['listing_id'], name='saved_listing_listing'),
        ),
    ]
