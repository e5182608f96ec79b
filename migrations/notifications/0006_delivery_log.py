"""What failed is found in the log without reading what was sent."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_webhook_pauses")]

    operations = [
        ops.AddIndex(
            model_name="Delivery",
            index=Index(fields=["state", "created_at", "id"], name="delivery_log_of_state"),
        ),
    ]
