"""What a landlord writes in a self-check is sealed, as all free words of people are.

No version was released in which it was not: what a development database has is dropped.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

from core.crypto import EncryptedField


class Migration(migrations.Migration):
    dependencies = [("landlord", "0007_search")]

    initial = False

    operations = [
        ops.AlterField(
            model_name="SelfCheckItem",
            name="words",
            field=EncryptedField(null=True, unique=False),
        ),
        ops.RunSQL(
            "UPDATE self_check_item SET words = NULL", "UPDATE self_check_item SET words = ''"
        ),
    ]
