"""The audit trail's chains begin; the database itself refuses to change entries."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from core.audit import CHAINS_SQL, DROP_TRIGGERS_SQL, TRIGGERS_SQL


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        ops.RunSQL(CHAINS_SQL, "DELETE FROM audit_chain"),
        ops.RunSQL(TRIGGERS_SQL, DROP_TRIGGERS_SQL),
    ]
