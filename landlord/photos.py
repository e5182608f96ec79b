"""Pictures of a listing: the landlord's own, in the order they give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from core.database import fetch
from core.errors import InvalidInput
from identity.actor import Actor
from landlord.models import Listing, ListingPhoto
from media.access import require_photos
from media.models import Purpose

MOST_PHOTOS: Final = 9
_FIELD: Final = "input.photoIds"


async def photos_of(listing_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Photos by listing, in the landlord's order: one query for all."""
    answer: dict[UUID, list[dict[str, Any]]] = {}
    rows = await fetch(
        "SELECT lp.listing_id, p.id, p.key, p.purpose, p.width, p.height, p.alt_zh, p.alt_en"
        " FROM listing_photo lp JOIN photo p ON p.id = lp.photo_id"
        " WHERE lp.listing_id = ANY($1::uuid[]) ORDER BY lp.listing_id, lp.position",
        list(listing_ids),
    )
    for row in rows:
        answer.setdefault(row["listing_id"], []).append(row)
    return answer


async def hang_photos(actor: Actor, listing: Listing, photo_ids: Sequence[UUID]) -> None:
    """Show these photos, in this order, in place of those that are shown.

    In a running unit of work, with the listing locked or new.

    Raises:
        InvalidInput: too many, or one of them twice.
        NotFound: one is not the actor's own, or not meant for listings.
    """
    await require_listing_photos(actor, photo_ids)
    await ListingPhoto.filter(listing_id=listing.id).delete()
    await hang_on_new([listing.id], photo_ids)


async def require_listing_photos(actor: Actor, photo_ids: Sequence[UUID]) -> None:
    """Make sure that a listing can show these photos; hold them until the commit.

    Raises:
        InvalidInput: too many, or one of them twice.
        NotFound: one is not the actor's own, or not meant for listings.
    """
    if len(photo_ids) > MOST_PHOTOS:
        raise InvalidInput(
            field=_FIELD,
            reason="TOO_MANY",
            params={"maximum": MOST_PHOTOS},
            zh="最多 {maximum} 张图片",
            en="{maximum} pictures at most",
        )
    if len(set(photo_ids)) != len(photo_ids):
        raise InvalidInput(
            field=_FIELD,
            reason="TWICE",
            zh="同一张图片只能用一次",
            en="A picture is there twice",
        )
    await require_photos(actor, photo_ids=photo_ids, purpose=Purpose.LISTING, field=_FIELD)


async def hang_on_new(listing_ids: Sequence[UUID], photo_ids: Sequence[UUID]) -> None:
    """Show these photos, in this order, at each of some listings that show none yet."""
    if photo_ids:
        await ListingPhoto.bulk_create(
            ListingPhoto(listing_id=listing_id, photo_id=photo_id, position=position)
            for listing_id in listing_ids
            for position, photo_id in enumerate(photo_ids)
        )
