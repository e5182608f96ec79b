from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("landlord", "0004_letting_constraints")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Enquiry",
            name="viewing_from_landlord",
            field=fields.BooleanField(
                null=True, description="who named the time; the other one confirms it"
            ),
        ),
    ]
