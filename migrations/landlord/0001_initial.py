from tortoise import migrations
from tortoise.migrations import operations as ops
from core.ids import uuid7
from landlord.models import ListingState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index, PartialIndex


class Migration(migrations.Migration):
    dependencies = [("management", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True),
                ),
                (
                    "room",
                    fields.ForeignKeyField(
                        "management.Room",
                        source_field="room_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="listings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "place",
                    fields.ForeignKeyField(
                        "management.Place",
                        source_field="place_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="listings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "landlord",
                    fields.ForeignKeyField(
                        "identity.Account",
                        source_field="landlord_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="listings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "community_code",
                    fields.CharField(
                        description="as of the place: search needs no join", max_length=40
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=ListingState.DRAFT,
                        description="DRAFT: DRAFT\nIN_REVIEW: IN_REVIEW\nPUBLISHED: PUBLISHED\nRESERVED: RESERVED\nSUSPENDED: SUSPENDED\nLET: LET\nWITHDRAWN: WITHDRAWN",
                        enum_type=ListingState,
                        max_length=12,
                    ),
                ),
                ("title", fields.CharField(max_length=60)),
                ("description", fields.CharField(default="", max_length=1000)),
                (
                    "rent",
                    fields.DecimalField(description="yuan a month", max_digits=9, decimal_places=2),
                ),
                (
                    "deposit",
                    fields.DecimalField(
                        null=True, description="yuan", max_digits=9, decimal_places=2
                    ),
                ),
                (
                    "area",
                    fields.DecimalField(
                        null=True, description="usable m²", max_digits=7, decimal_places=2
                    ),
                ),
                ("available_from", fields.DateField(null=True)),
                (
                    "published_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "listing",
                "app": "landlord",
                "indexes": [
                    Index(fields=["landlord_id", "id"], name="listing_landlord"),
                    PartialIndex(
                        fields=["place_id", "id"],
                        name="listing_public_place",
                        condition={"state": "PUBLISHED"},
                    ),
                    PartialIndex(
                        fields=["room_id", "id"],
                        name="listing_public_room",
                        condition={"state": "PUBLISHED"},
                    ),
                    PartialIndex(
                        fields=["community_code", "rent", "id"],
                        name="listing_public_comm_rent",
                        condition={"state": "PUBLISHED"},
                    ),
                    PartialIndex(
                        fields=["community_code", "published_at", "id"],
                        name="listing_public_comm_new",
                        condition={"state": "PUBLISHED"},
                    ),
                    PartialIndex(
                        fields=["rent", "id"],
                        name="listing_public_rent",
                        condition={"state": "PUBLISHED"},
                    ),
                    PartialIndex(
                        fields=["published_at", "id"],
                        name="listing_public_new",
                        condition={"state": "PUBLISHED"},
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One room put up to let (房源).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ListingPhoto",
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
                        related_name="listings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.SmallIntField()),
            ],
            options={
                "table": "listing_photo",
                "app": "landlord",
                "unique_together": (("listing_id", "position"),),
                "pk_attr": "id",
                "table_description": "A picture of a listing, in the order the landlord gave.",
            },
            bases=["Model"],
        ),
    ]
