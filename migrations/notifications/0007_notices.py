"""Notices say why they are an emergency and who sent them; public ones are found by one index."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

_WHY = "why it is an emergency"


class Migration(migrations.Migration):
    dependencies = [("identity", "0004_pushes"), ("notifications", "0006_delivery_log")]

    operations = [
        # Rows that are there already get the empty text from the database, later ones from us.
        ops.AddField(
            model_name="Notice",
            name="reason",
            field=fields.CharField(
                default="", db_default="", description=_WHY, max_length=200
            ),
        ),
        ops.AlterField(
            model_name="Notice",
            name="reason",
            field=fields.CharField(default="", description=_WHY, max_length=200),
        ),
        ops.AddField(
            model_name="Notice",
            name="sender",
            field=fields.ForeignKeyField(
                "identity.StaffMember",
                source_field="sender_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="notices_sent",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RemoveIndex(model_name="Notice", name="notice_public"),
        ops.AddIndex(
            model_name="Notice", index=Index(fields=["sent_at", "id"], name="notice_public")
        ),
        ops.AddIndex(
            model_name="Notice",
            index=Index(fields=["sender_id", "send_at"], name="notice_of_sender"),
        ),
        ops.AddConstraint(
            model_name="Notice",
            constraint=CheckConstraint("NOT emergency OR reason <> ''", "notice_emergency"),
        ),
    ]
