from tortoise import migrations
from tortoise.migrations import operations as ops
from core.crypto import EncryptedField
from core.ids import uuid7
from landlord.models.listings import LetBy, ListingState, SnapshotOccasion
from landlord.models.seeking import (
    EnquiryState,
    ReportReason,
    ReportState,
    ReservationState,
    ViewingState,
)
from landlord.models.self_checks import CheckResult
from orjson import loads
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index, PartialIndex
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("identity", "0002_initial_constraints"),
        ("identity", "0003_path_order"),
        ("landlord", "0002_initial_constraints"),
        ("management", "0005_plan_may_close"),
        ("media", "0003_uploads_constraints"),
        ("management", "0006_letting"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="Enquiry",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "listing",
                    fields.ForeignKeyField(
                        "landlord.Listing",
                        source_field="listing_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="enquiries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "seeker",
                    fields.ForeignKeyField(
                        "identity.Account",
                        source_field="seeker_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="enquiries",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=EnquiryState.OPEN,
                        description="OPEN: OPEN\nANSWERED: ANSWERED\nCLOSED: CLOSED",
                        enum_type=EnquiryState,
                        max_length=10,
                    ),
                ),
                ("viewing_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "viewing_state",
                    fields.CharEnumField(
                        null=True,
                        description="PROPOSED: PROPOSED\nCONFIRMED: CONFIRMED\nDECLINED: DECLINED\nCANCELLED: CANCELLED",
                        enum_type=ViewingState,
                        max_length=10,
                    ),
                ),
                (
                    "phone_shared_at",
                    fields.DatetimeField(
                        null=True,
                        description="when the landlord let the seeker see their number",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                (
                    "seeker_phone_shared_at",
                    fields.DatetimeField(
                        null=True,
                        description="when the seeker let the landlord see theirs",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("last_words_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "enquiry",
                "app": "landlord",
                "unique_together": (("listing_id", "seeker_id"),),
                "indexes": [
                    Index(fields=["seeker_id", "last_words_at", "id"], name="enquiry_seeker"),
                    Index(fields=["listing_id", "last_words_at", "id"], name="enquiry_listing"),
                ],
                "pk_attr": "id",
                "table_description": "A conversation of one seeker with the landlord about one listing, with its viewing.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EnquiryMessage",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "enquiry",
                    fields.ForeignKeyField(
                        "landlord.Enquiry",
                        source_field="enquiry_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="messages",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("from_landlord", fields.BooleanField()),
                ("words", EncryptedField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "enquiry_message",
                "app": "landlord",
                "indexes": [Index(fields=["enquiry_id", "id"], name="enquiry_message_order")],
                "pk_attr": "id",
                "table_description": "What one of the two said.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ListingReport",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "listing",
                    fields.ForeignKeyField(
                        "landlord.Listing",
                        source_field="listing_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reports",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "reporter",
                    fields.ForeignKeyField(
                        "identity.Account",
                        source_field="reporter_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="listing_reports",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "reason",
                    fields.CharEnumField(
                        description="NOT_REAL: NOT_REAL\nWRONG_PRICE: WRONG_PRICE\nWRONG_PHOTOS: WRONG_PHOTOS\nALREADY_LET: ALREADY_LET\nFEE_FIRST: FEE_FIRST\nUNSAFE: UNSAFE\nOTHER: OTHER",
                        enum_type=ReportReason,
                        max_length=14,
                    ),
                ),
                ("words", EncryptedField(null=True, unique=False)),
                (
                    "state",
                    fields.CharEnumField(
                        default=ReportState.OPEN,
                        description="OPEN: OPEN\nUPHELD: UPHELD\nDISMISSED: DISMISSED",
                        enum_type=ReportState,
                        max_length=10,
                    ),
                ),
                ("decided_by", fields.UUIDField(null=True)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "decision",
                    fields.CharField(
                        default="", description="why, in the words of staff", max_length=200
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "listing_report",
                "app": "landlord",
                "indexes": [
                    Index(fields=["state", "id"], name="listing_report_queue"),
                    Index(fields=["listing_id", "state"], name="listing_report_listing"),
                ],
                "pk_attr": "id",
                "table_description": "Somebody says that a listing is not what it seems; staff decide.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ListingSnapshot",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "listing",
                    fields.ForeignKeyField(
                        "landlord.Listing",
                        source_field="listing_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="snapshots",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("version", fields.IntField(description="of the listing")),
                (
                    "occasion",
                    fields.CharEnumField(
                        description="PUBLISHED: PUBLISHED\nCHANGED: CHANGED\nRESERVED: RESERVED\nLET: LET\nREPORTED: REPORTED",
                        enum_type=SnapshotOccasion,
                        max_length=12,
                    ),
                ),
                (
                    "content",
                    fields.JSONField(
                        description="the offer as the public saw it",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                (
                    "digest",
                    fields.CharField(description="SHA-256 of the content, in hex", max_length=64),
                ),
                ("taken_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "listing_snapshot",
                "app": "landlord",
                "unique_together": (("listing_id", "version", "occasion"),),
                "pk_attr": "id",
                "table_description": "What was on offer at a moment, word for word: evidence, never changed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "listing",
                    fields.ForeignKeyField(
                        "landlord.Listing",
                        source_field="listing_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reservations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "seeker",
                    fields.ForeignKeyField(
                        "identity.Account",
                        source_field="seeker_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reservations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=ReservationState.HELD,
                        description="HELD: HELD\nRELEASED: RELEASED\nEXPIRED: EXPIRED\nLET: LET",
                        enum_type=ReservationState,
                        max_length=10,
                    ),
                ),
                ("until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "reservation",
                "app": "landlord",
                "indexes": [
                    Index(fields=["seeker_id", "created_at"], name="reservation_seeker"),
                    Index(fields=["state", "until"], name="reservation_until"),
                ],
                "pk_attr": "id",
                "table_description": "A seeker holds a room until a moment; two can't hold the same.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SavedListing",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "identity.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="saved_listings",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "listing",
                    fields.ForeignKeyField(
                        "landlord.Listing",
                        source_field="listing_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="saved_by",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "saved_listing",
                "app": "landlord",
                "unique_together": (("account_id", "listing_id"),),
                "pk_attr": "id",
                "table_description": "A listing that somebody keeps an eye on.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SelfCheck",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "place",
                    fields.ForeignKeyField(
                        "management.Place",
                        source_field="place_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="self_checks",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "identity.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="self_checks",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("month", fields.DateField(description="its first day")),
                (
                    "checklist",
                    fields.CharField(description="version of the list of points", max_length=12),
                ),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "self_check",
                "app": "landlord",
                "unique_together": (("place_id", "month"),),
                "pk_attr": "id",
                "table_description": "One house, one month (自查): made by who runs it, once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SelfCheckItem",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "check",
                    fields.ForeignKeyField(
                        "landlord.SelfCheck",
                        source_field="check_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="items",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("point", fields.CharField(description="code of the point", max_length=30)),
                (
                    "result",
                    fields.CharEnumField(
                        description="FINE: FINE\nFOUND: FOUND\nFIXED: FIXED",
                        enum_type=CheckResult,
                        max_length=6,
                    ),
                ),
                ("words", fields.CharField(default="", max_length=200)),
                (
                    "photo",
                    fields.ForeignKeyField(
                        "media.Photo",
                        source_field="photo_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="self_check_items",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "fixed_photo",
                    fields.ForeignKeyField(
                        "media.Photo",
                        source_field="fixed_photo_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="self_check_fixes",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("fixed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "self_check_item",
                "app": "landlord",
                "unique_together": (("check_id", "point"),),
                "pk_attr": "id",
                "table_description": "One point of a self-check, with pictures of it as found and as fixed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SnapshotPhoto",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "snapshot",
                    fields.ForeignKeyField(
                        "landlord.ListingSnapshot",
                        source_field="snapshot_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="photos",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "photo",
                    fields.ForeignKeyField(
                        "media.Photo",
                        source_field="photo_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="snapshots",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.SmallIntField()),
            ],
            options={
                "table": "listing_snapshot_photo",
                "app": "landlord",
                "unique_together": (("snapshot_id", "position"),),
                "pk_attr": "id",
                "table_description": "A picture as a snapshot shows it.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Listing",
            name="beds",
            field=fields.SmallIntField(null=True, description="on offer, when let by the bed"),
        ),
        ops.AddField(
            model_name="Listing",
            name="electricity_price",
            field=fields.DecimalField(
                null=True, description="yuan per kWh", max_digits=6, decimal_places=2
            ),
        ),
        ops.AddField(
            model_name="Listing",
            name="facilities",
            field=ArrayField(null=True, description="as in Facility", element_type="TEXT"),
        ),
        ops.RunSQL("UPDATE listing SET facilities = '{}'", ""),
        ops.AlterField(
            model_name="Listing",
            name="facilities",
            field=ArrayField(default=list, description="as in Facility", element_type="TEXT"),
        ),
        ops.AddField(
            model_name="Listing",
            name="let_by",
            field=fields.CharEnumField(
                default=LetBy.ROOM,
                db_default=LetBy.ROOM,
                description="ROOM: ROOM\nBED: BED",
                enum_type=LetBy,
                max_length=4,
            ),
        ),
        ops.AlterField(
            model_name="Listing",
            name="let_by",
            field=fields.CharEnumField(
                default=LetBy.ROOM,
                description="ROOM: ROOM\nBED: BED",
                enum_type=LetBy,
                max_length=4,
            ),
        ),
        ops.AddField(
            model_name="Listing",
            name="management_fee",
            field=fields.DecimalField(
                null=True,
                description="yuan a month beside the rent",
                max_digits=9,
                decimal_places=2,
            ),
        ),
        ops.AddField(
            model_name="Listing",
            name="refreshed_at",
            field=fields.DatetimeField(
                null=True,
                description="when the landlord last said that it is still to let",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="Listing",
            name="review_reason",
            field=fields.CharField(
                default="", db_default="", description="why review refused it", max_length=200
            ),
        ),
        ops.AlterField(
            model_name="Listing",
            name="review_reason",
            field=fields.CharField(default="", description="why review refused it", max_length=200),
        ),
        ops.AddField(
            model_name="Listing",
            name="state_before",
            field=fields.CharEnumField(
                null=True,
                description="of a suspended one: to come back to",
                enum_type=ListingState,
                max_length=12,
            ),
        ),
        ops.AddField(
            model_name="Listing",
            name="warned_at",
            field=fields.DatetimeField(
                null=True,
                description="when the landlord was told that it will be withdrawn",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="Listing",
            name="water_price",
            field=fields.DecimalField(
                null=True, description="yuan per m³", max_digits=6, decimal_places=2
            ),
        ),
        ops.AddIndex(
            model_name="Listing",
            index=PartialIndex(
                fields=["refreshed_at", "id"],
                name="listing_public_refreshed",
                condition={"state": "PUBLISHED"},
            ),
        ),
        ops.AddIndex(
            model_name="Listing",
            index=Index(fields=["place_id", "state"], name="listing_place_state"),
        ),
        # Until now only what was public could be suspended; and what is public was last said to be
        # to let when it was published.
        ops.RunSQL(
            "UPDATE listing SET state_before = 'PUBLISHED' WHERE state = 'SUSPENDED';"
            "UPDATE listing SET refreshed_at = now() WHERE published_at IS NOT NULL",
            "",
        ),
        ops.AddConstraint(
            model_name="Listing",
            constraint=CheckConstraint(
                check="(state = 'SUSPENDED') = (state_before IS NOT NULL)",
                name="listing_state_before",
            ),
        ),
        ops.AddConstraint(
            model_name="Listing",
            constraint=CheckConstraint(
                check="state_before IS NULL OR state_before IN ('PUBLISHED', 'RESERVED')",
                name="listing_suspendable",
            ),
        ),
        ops.AddConstraint(
            model_name="Listing",
            constraint=CheckConstraint(
                check="(let_by = 'BED') = (beds IS NOT NULL)", name="listing_beds"
            ),
        ),
    ]
