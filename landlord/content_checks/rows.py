"""The checks of a listing as rows: what must be asked, and what is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import F

from core.clock import now
from identity.actor import Actor, ActorKind, Permission
from landlord.models import ContentCheck, ContentKind, ContentState, Listing, ListingPhoto
from management.access import in_scope

_SHOWN: Final = (
    "id", "listing_id", "kind", "state", "label", "photo_id", "asked_at", "answered_at",
)  # fmt: skip


async def unpassed(photo_ids: Iterable[UUID]) -> list[UUID]:
    """Of these pictures, those that never passed: a picture that did is not asked about again."""
    ids = list(photo_ids)
    if not ids:
        return []
    passed = ContentCheck.filter(photo_id__in=ids, state=ContentState.PASS)
    known = set(await passed.values_list("photo_id", flat=True))
    return [photo_id for photo_id in ids if photo_id not in known]


async def write_rows(listing: Listing) -> bool:
    """Write what must be asked about a locked listing in review; ``False``: that is done."""
    of_version = {"listing_id": listing.id, "listing_version": listing.version}
    if await ContentCheck.filter(**of_version).exists():
        return False
    shown = ListingPhoto.filter(listing_id=listing.id).order_by("position")
    photos = await unpassed(await shown.values_list("photo_id", flat=True))  # type: ignore[arg-type]  # flat
    common = {**of_version, "created_at": now()}
    rows = [ContentCheck(**common, kind=ContentKind.TEXT)]
    rows += [
        ContentCheck(**common, kind=ContentKind.PHOTO, photo_id=photo_id) for photo_id in photos
    ]
    await ContentCheck.bulk_create(rows)
    return True


async def content_checks_of(
    actor: Actor, listing_ids: Collection[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    """The checks of listings as they are now, words first; for staff who review them."""
    if actor.kind is not ActorKind.STAFF or not actor.paths(Permission.LISTINGS_REVIEW):
        return {}
    rows = (
        await ContentCheck.filter(
            in_scope(actor, Permission.LISTINGS_REVIEW, "listing__place__"),
            listing_id__in=list(listing_ids),
            listing_version=F("listing__version"),
        )
        .order_by("listing_id", "id")
        .values(*_SHOWN)
    )
    answer: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        answer.setdefault(row["listing_id"], []).append(dict(row))
    return answer
