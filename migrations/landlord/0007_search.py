from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.contrib.postgres.fields import ArrayField, TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


OPTIONS = {
    "table": "listing_search",
    "app": "landlord",
    "indexes": [
        Index(fields=["rank", "listing_id"], name="listing_search_rank"),
        Index(fields=["published_at", "listing_id"], name="listing_search_new"),
        Index(fields=["rent", "listing_id"], name="listing_search_rent"),
        Index(fields=["area", "listing_id"], name="listing_search_area"),
        Index(fields=["place_id"], name="listing_search_place"),
        GinIndex(fields=["words", "features"], name="listing_search_words"),
        GinIndex(fields=["heading", "features"], name="listing_search_heading"),
    ],
    "pk_attr": "listing_id",
    "table_description": "A listing as it is searched; written by :mod:`landlord.search.projection` alone.",
}


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0001_initial"),
        ("identity", "0002_initial_constraints"),
        ("identity", "0003_path_order"),
        ("landlord", "0006_lifecycle"),
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
        ops.CreateModel(
            name="ListingSearch",
            fields=[
                (
                    "listing",
                    fields.OneToOneField(
                        "landlord.Listing",
                        source_field="listing_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="search",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("place_id", fields.UUIDField()),
                ("community_code", fields.CharField(max_length=40)),
                (
                    "rent",
                    fields.DecimalField(description="yuan a month", max_digits=9, decimal_places=2),
                ),
                (
                    "area",
                    fields.DecimalField(
                        description="usable m²; 0 when not known", max_digits=7, decimal_places=2
                    ),
                ),
                ("available_from", fields.DateField(description="1970-01-01 when free already")),
                ("east", fields.FloatField(null=True, description="metres, spherical Mercator")),
                ("north", fields.FloatField(null=True, description="metres, spherical Mercator")),
                ("published_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "quality",
                    fields.SmallIntField(description="points for what the offer says and shows"),
                ),
                ("rank", fields.IntField(description="days since 2020, later for a better offer")),
                (
                    "features",
                    ArrayField(
                        description="codes of all that can be asked for", element_type="TEXT"
                    ),
                ),
                (
                    "heading",
                    TSVectorField(
                        description="title, address, community, codes",
                        source_fields=(),
                        stored=False,
                    ),
                ),
                (
                    "words",
                    TSVectorField(
                        description="the same and the description", source_fields=(), stored=False
                    ),
                ),
                (
                    "digest",
                    fields.CharField(
                        description="of everything above, to find what differs", max_length=32
                    ),
                ),
            ],
            options=OPTIONS,
            bases=["Model"],
        ),
        # Creating takes the key for the name of the relation.
        ops.AlterModelOptions(name="ListingSearch", options=OPTIONS),
        # Tortoise writes no index on an expression. What is searched is read at once, so the GIN
        # indexes keep no list of what is still to be sorted in. The targets of statistics hold the
        # frequencies by which a way is chosen (landlord.search.frequencies).
        ops.RunSQL(
            "CREATE INDEX listing_search_point ON listing_search USING gist (point(east, north));"
            "ALTER INDEX listing_search_words SET (fastupdate = off);"
            "ALTER INDEX listing_search_heading SET (fastupdate = off);"
            "ALTER TABLE listing_search ALTER words SET STATISTICS 300,"
            " ALTER heading SET STATISTICS 300, ALTER features SET STATISTICS 300;"
            "CREATE FUNCTION listing_search_leave() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN DELETE FROM listing_search WHERE listing_id = NEW.id; RETURN NULL; END $$;"
            "CREATE TRIGGER listing_search_leave AFTER UPDATE OF state ON listing FOR EACH ROW"
            " WHEN (OLD.state = 'PUBLISHED' AND NEW.state <> 'PUBLISHED')"
            " EXECUTE FUNCTION listing_search_leave()",
            "DROP TRIGGER listing_search_leave ON listing;DROP FUNCTION listing_search_leave()",
        ),
    ]
