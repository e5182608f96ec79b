from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("identity", "0002_initial_constraints"),
        ("identity", "0003_path_order"),
        ("landlord", "0003_letting"),
        ("management", "0001_initial"),
        ("management", "0002_initial_constraints"),
        ("management", "0003_path_order"),
        ("management", "0004_place_photo"),
        ("management", "0005_plan_may_close"),
        ("management", "0006_letting"),
        ("media", "0001_initial"),
        ("media", "0002_uploads"),
        ("media", "0003_uploads_constraints"),
        ("media", "0004_letting"),
    ]

    initial = False

    operations = [
        ops.AddConstraint(
            model_name="Enquiry",
            constraint=CheckConstraint(
                check="(viewing_at IS NULL) = (viewing_state IS NULL)", name="enquiry_viewing"
            ),
        ),
        ops.AddConstraint(
            model_name="ListingReport",
            constraint=UniqueConstraint(
                fields=("listing_id", "reporter_id"),
                name="listing_report_once",
                condition="state = 'OPEN'",
            ),
        ),
        ops.AddConstraint(
            model_name="ListingReport",
            constraint=CheckConstraint(
                check="(state = 'OPEN') = (decided_at IS NULL)", name="listing_report_end"
            ),
        ),
        ops.AddConstraint(
            model_name="Reservation",
            constraint=UniqueConstraint(
                fields=("listing_id",), name="reservation_one_held", condition="state = 'HELD'"
            ),
        ),
        ops.AddConstraint(
            model_name="Reservation",
            constraint=CheckConstraint(
                check="(state = 'HELD') = (ended_at IS NULL)", name="reservation_end"
            ),
        ),
        ops.AddConstraint(
            model_name="SelfCheckItem",
            constraint=CheckConstraint(
                check="(result = 'FIXED') = (fixed_at IS NOT NULL)", name="self_check_fixed"
            ),
        ),
    ]
