"""The checks of a listing as rows: what must be asked, and what is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from core.clock import now
from core.database import fetch
from identity.actor import Actor, ActorKind, Permission
from landlord.models import ContentCheck, ContentKind, ContentState, Listing, ListingPhoto
from management.access import in_scope


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
    scope = in_scope(actor, Permission.LISTINGS_REVIEW, "place__")
    allowed = await Listing.filter(scope, id__in=list(listing_ids)).values_list("id", flat=True)
    rows = await fetch(
        "SELECT c.id, c.listing_id, c.kind, c.state, c.label, c.photo_id, c.asked_at,"
        " c.answered_at FROM content_check c JOIN listing l ON l.id = c.listing_id"
        " AND l.version = c.listing_version WHERE l.id = ANY($1::uuid[])"
        " ORDER BY c.listing_id, c.id",
        list(allowed),
    )
    answer: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        answer.setdefault(row["listing_id"], []).append(row)
    return answer
