"""What the public search reads: one narrow row per room on offer, derived from other tables."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField, TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.indexes import Index
from tortoise.models import Model

from landlord.models.listings import Listing


class ListingSearch(Model):
    """A listing as it is searched; written by :mod:`landlord.search.projection` alone.

    Holds what is on offer and nothing else: a trigger deletes the row of a listing whose state is
    no longer ``PUBLISHED``. Besides its indexes there is a GiST one on ``point(east, north)``.
    """

    listing: fields.OneToOneRelation[Listing] = fields.OneToOneField(
        "landlord.Listing", on_delete=fields.CASCADE, related_name="search", primary_key=True
    )
    listing_id: UUID
    place_id: UUID = fields.UUIDField()
    community_code = fields.CharField(40)
    rent: Decimal = fields.DecimalField(9, 2, description="yuan a month")
    area: Decimal = fields.DecimalField(7, 2, description="usable m²; 0 when not known")
    available_from: date = fields.DateField(description="1970-01-01 when free already")
    east: float | None = fields.FloatField(null=True, description="metres, spherical Mercator")
    north: float | None = fields.FloatField(null=True, description="metres, spherical Mercator")
    published_at: datetime = fields.DatetimeField()
    quality = fields.SmallIntField(description="points for what the offer says and shows")
    rank = fields.IntField(description="days since 2020, later for a better offer")
    features: list[str] = ArrayField("text", description="codes of all that can be asked for")
    heading = TSVectorField(description="title, address, community, codes")
    words = TSVectorField(description="the same and the description")
    digest = fields.CharField(32, description="of everything above, to find what differs")

    class Meta:
        table = "listing_search"
        indexes = (
            Index(fields=("rank", "listing_id"), name="listing_search_rank"),
            Index(fields=("published_at", "listing_id"), name="listing_search_new"),
            Index(fields=("rent", "listing_id"), name="listing_search_rent"),
            Index(fields=("area", "listing_id"), name="listing_search_area"),
            Index(fields=("place_id",), name="listing_search_place"),
            GinIndex(fields=("words", "features"), name="listing_search_words"),
            GinIndex(fields=("heading", "features"), name="listing_search_heading"),
        )
