from tortoise import migrations
from tortoise.migrations import operations as ops
from identity.models import SessionEnd
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_letters'), ('identity', '0003_letters_constraints'), ('identity', '0004_pushes'), ('core', '0001_initial')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='Session',
            name='end_reason',
            field=fields.CharEnumField(null=True, description='SIGNED_OUT: SIGNED_OUT\nSIGNED_OUT_EVERYWHERE: SIGNED_OUT_EVERYWHERE\nTOKEN_REPLAYED: TOKEN_REPLAYED\nPASSWORD_CHANGED: PASSWORD_CHANGED\nLOCKED: LOCKED\nCLOSED: CLOSED\nLEFT: LEFT\nPARTED: PARTED\nEXPIRED: EXPIRED', enum_type=SessionEnd, max_length=30),
        ),
    ]
