from tortoise import fields, migrations
from tortoise.migrations import operations as ops

_BEFORE = "made when it was last sent anew"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_inbox")]

    initial = False

    operations = [
        ops.AddField(
            model_name="WebhookEndpoint",
            name="paused_until",
            field=fields.DatetimeField(
                null=True, description="the receiver asked for it (Retry-After)"
            ),
        ),
        ops.AddField(
            model_name="WebhookMessage",
            name="attempts_before",
            field=fields.IntField(default=0, db_default=0, description=_BEFORE),
        ),
        ops.AlterField(
            model_name="WebhookMessage",
            name="attempts_before",
            field=fields.IntField(default=0, description=_BEFORE),
        ),
    ]
