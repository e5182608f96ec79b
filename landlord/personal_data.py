"""What is held about landlords, declared for the register of personal data."""

from __future__ import annotations

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from core.privacy import Basis, Holding, Retention, Words, register
from landlord.models import Listing, ListingPhoto, ListingState


async def _blank(rows: QuerySet[Listing]) -> None:
    """Take listings back and drop what was written and shown; that a room was let stays."""
    ids = list(await rows.values_list("id", flat=True))
    await ListingPhoto.filter(listing_id__in=ids).delete()
    await Listing.filter(id__in=ids).update(title="", description="", version=F("version") + 1)
    live = Listing.filter(id__in=ids).exclude(state=ListingState.LET)
    await live.update(state=ListingState.WITHDRAWN)


register(
    Holding(
        model=Listing,
        kind="account",
        subject="landlord_id",
        title=Words("您发布的房源", "Rooms you put up"),
        basis=Basis.CONTRACT,
        retention=Retention(Words("账号存续期间", "As long as the account is open")),
        export=(
            "id",
            "state",
            "title",
            "description",
            "rent",
            "deposit",
            "area",
            "available_from",
            "published_at",
            "created_at",
        ),
        erase=_blank,
    ),
)
