"""Snapshots: what the public was shown, kept word for word as evidence.

Taken in the transaction of what they follow from. The database itself refuses to change them
(:data:`TRIGGERS_SQL`) or to delete them before their term is over; the digest lets anybody who
kept it see that the content is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q, Subquery

from core.clock import now
from core.database import fetch
from core.ids import uuid7
from identity.actor import Actor, ActorKind, Permission
from identity.models import Account
from landlord.models import Listing, ListingSnapshot, Reservation, SnapshotOccasion, SnapshotPhoto
from landlord.photos import photos_of
from management.access import in_scope
from management.models import Place, Room

# A claim from a lease can be brought for three years (Civil Code, article 188).
KEPT_FOR: Final = timedelta(days=3 * 366)
SHOWN: Final = 50

TRIGGERS_SQL: Final = f"""
CREATE FUNCTION listing_snapshot_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: snapshots are evidence', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION listing_snapshot_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.taken_at < now() - interval '{KEPT_FOR.days} days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'DELETE of listing_snapshot is refused: its term is not over'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION listing_snapshot_photo_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM listing_snapshot WHERE id = OLD.snapshot_id
               AND taken_at >= now() - interval '{KEPT_FOR.days} days') THEN
        RAISE EXCEPTION 'DELETE of listing_snapshot_photo is refused: its term is not over'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER listing_snapshot_update BEFORE UPDATE ON listing_snapshot
    FOR EACH ROW EXECUTE FUNCTION listing_snapshot_refuse();
CREATE TRIGGER listing_snapshot_delete BEFORE DELETE ON listing_snapshot
    FOR EACH ROW EXECUTE FUNCTION listing_snapshot_delete();
CREATE TRIGGER listing_snapshot_photo_update BEFORE UPDATE ON listing_snapshot_photo
    FOR EACH ROW EXECUTE FUNCTION listing_snapshot_refuse();
CREATE TRIGGER listing_snapshot_photo_delete BEFORE DELETE ON listing_snapshot_photo
    FOR EACH ROW EXECUTE FUNCTION listing_snapshot_photo_delete();
"""  # noqa: S608 - the one value is a constant of this module
DROP_TRIGGERS_SQL: Final = """
DROP TRIGGER listing_snapshot_photo_delete ON listing_snapshot_photo;
DROP TRIGGER listing_snapshot_photo_update ON listing_snapshot_photo;
DROP TRIGGER listing_snapshot_delete ON listing_snapshot;
DROP TRIGGER listing_snapshot_update ON listing_snapshot;
DROP FUNCTION listing_snapshot_photo_delete();
DROP FUNCTION listing_snapshot_delete();
DROP FUNCTION listing_snapshot_refuse();
"""

_LISTING: Final = (
    "id", "version", "title", "description", "rent", "deposit", "area", "let_by", "beds",
    "water_price", "electricity_price", "management_fee", "facilities", "available_from",
    "published_at",
)  # fmt: skip
_ROOM: Final = ("id", "number", "code", "floor", "area", "dormitory")
_PLACE: Final = (
    "id", "code", "name", "kind", "street", "door_number", "community_code", "risk_class",
    "longitude", "latitude", "staircases", "exits", "extinguishers", "e_bike_charging",
)  # fmt: skip
_PHOTO: Final = ("id", "key", "width", "height", "alt_zh", "alt_en")

Row = Mapping[str, Any]


async def take_snapshot(
    listing: Listing,
    occasion: SnapshotOccasion,
    *,
    place: Place | None = None,
    room: Room | None = None,
) -> ListingSnapshot:
    """Keep what a listing shows now. In a running unit of work, after the listing is saved.

    ``place`` and ``room`` are the listing's, when the caller has them already.
    """
    (snapshot,) = await take_snapshots(
        [listing],
        occasion,
        places={place.id: place} if place else None,
        rooms={room.id: room} if room else None,
    )
    return snapshot


async def take_snapshots(
    listings: Sequence[Listing],
    occasion: SnapshotOccasion,
    *,
    places: Mapping[UUID, Place] | None = None,
    rooms: Mapping[UUID, Room] | None = None,
) -> list[ListingSnapshot]:
    """As :func:`take_snapshot`, of several in a fixed number of statements."""
    if not listings:
        return []
    places = places or await Place.in_bulk({listing.place_id for listing in listings}, "id")
    rooms = rooms or await Room.in_bulk({listing.room_id for listing in listings}, "id")
    landlords = await Account.in_bulk({listing.landlord_id for listing in listings}, "id")
    photos = await photos_of([listing.id for listing in listings])
    taken, shown = [], []
    for listing in listings:
        pictures = photos.get(listing.id, [])
        content = content_of(
            vars(listing),
            vars(rooms[listing.room_id]),
            vars(places[listing.place_id]),
            pictures,
            landlord=landlords[listing.landlord_id].display_name,
        )
        snapshot = ListingSnapshot(
            id=uuid7(),
            listing_id=listing.id,
            version=listing.version,
            occasion=occasion,
            content=content,
            digest=digest_of(content),
            taken_at=now(),
        )
        taken.append(snapshot)
        shown += [
            SnapshotPhoto(snapshot_id=snapshot.id, photo_id=photo["id"], position=position)
            for position, photo in enumerate(pictures)
        ]
    await ListingSnapshot.bulk_create(taken)
    if shown:
        await SnapshotPhoto.bulk_create(shown)
    return taken


def content_of(
    listing: Row, room: Row, place: Row, photos: Sequence[Row], *, landlord: str
) -> dict[str, Any]:
    """What the public sees of an offer, as values that JSON knows; sums stay exact as text."""
    return {
        "form": 1,
        "listing": _plain(listing, _LISTING),
        "landlord": landlord,
        "room": _plain(room, _ROOM),
        "place": _plain(place, _PLACE),
        "photos": [_plain(photo, _PHOTO) for photo in photos],
    }


def canonical(content: Row) -> str:
    """The one text of a content: keys sorted, no spaces, no escapes but those JSON needs."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(content: Row) -> str:
    """SHA-256 over the canonical text in UTF-8, in hex."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


async def snapshots_of(
    actor: Actor, listing_ids: Collection[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    """The newest snapshots by listing, at most :data:`SHOWN` of each, newest first.

    For the landlord, for seekers who reserved the listing, and for staff who review it; of other
    listings there are none.
    """
    if actor.kind is ActorKind.ACCOUNT:
        held = Reservation.filter(seeker_id=actor.id).values("listing_id")
        whose = Q(landlord_id=actor.id) | Q(id__in=Subquery(held))
    elif actor.paths(Permission.LISTINGS_REVIEW):
        whose = in_scope(actor, Permission.LISTINGS_REVIEW, "place__")
    else:
        return {}
    allowed = await Listing.filter(whose, id__in=list(listing_ids)).values_list("id", flat=True)
    answer: dict[UUID, list[dict[str, Any]]] = {}
    rows = await fetch(
        "SELECT s.id, s.listing_id, s.version, s.occasion, s.content, s.digest, s.taken_at"
        " FROM unnest($1::uuid[]) wanted (listing_id), LATERAL (SELECT * FROM listing_snapshot"
        " WHERE listing_snapshot.listing_id = wanted.listing_id ORDER BY version DESC, id DESC"
        " LIMIT $2) s",
        list(allowed),
        SHOWN,
    )
    for row in rows:
        row["content"] = canonical(json.loads(row["content"]))
        answer.setdefault(row["listing_id"], []).append(row)
    return answer


def _plain(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: _value(row[name]) for name in names}


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, UUID | float):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list):
        return [_value(item) for item in value]
    return value
