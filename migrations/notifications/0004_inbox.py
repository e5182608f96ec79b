"""Unread notifications are found by indexes of their own; a language may be left open."""

from tortoise import fields, migrations
from tortoise.indexes import PartialIndex
from tortoise.migrations import operations as ops

_UNREAD = {"(read_at IS NULL)": True}


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_path_order")]

    operations = [
        ops.RemoveIndex(model_name="Notification", name="notification_unread"),
        ops.AddIndex(
            model_name="Notification",
            index=PartialIndex(
                fields=["account_id", "created_at", "id"],
                name="notification_unread_account",
                condition=_UNREAD,
            ),
        ),
        ops.AddIndex(
            model_name="Notification",
            index=PartialIndex(
                fields=["staff_id", "created_at", "id"],
                name="notification_unread_staff",
                condition=_UNREAD,
            ),
        ),
        ops.AlterField(
            model_name="RecipientSettings",
            name="language",
            field=fields.CharField(
                null=True,
                description=(
                    "zh-CN or en; nothing: zh-CN, where no request says otherwise"
                ),
                max_length=5,
            ),
        ),
    ]
