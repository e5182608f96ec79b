"""What follows from the offers of a synthetic town: who holds a room, and what was shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from api.seed.chance import Chance
from api.seed.people import Accounts
from api.seed.town import Row, Town
from landlord.models import ListingState, ReservationState, SnapshotOccasion
from landlord.snapshots import content_of, digest_of
from landlord.workflow import ON_OFFER_OR_HELD
from management.rules import rules

_JUST_NOW: Final = timedelta(minutes=10)
_VERSION_WHEN_PUBLISHED: Final = 2


def hold(town: Town, accounts: Accounts) -> None:
    """Somebody holds each reserved room, each another one; the demonstration's own its resident.

    Their time runs from the moment at which the town is made.
    """
    chance = town.chance("reservations")
    lasts = timedelta(hours=rules().reservation_hours)
    # Whoever came today has not had the time to look for a room.
    settled = [row["id"] for row in accounts.seekers if row["created_at"] < town.end - lasts]
    seekers = iter(chance.shuffled(settled))
    for listing in town.rows["listing"]:
        if listing["state"] is not ListingState.RESERVED:
            continue
        staged = listing["landlord_id"] == accounts.demo_landlord
        began = town.moment - (_JUST_NOW if staged else lasts * 0.8)
        made = chance.moment(max(began, listing["published_at"]), town.moment)
        listing["updated_at"] = made
        town.add(
            "reservation",
            id=chance.uuid7(made),
            listing_id=listing["id"],
            seeker_id=accounts.demo_resident if staged else next(seekers),
            state=ReservationState.HELD,
            until=made + lasts,
            created_at=made,
            ended_at=None,
        )


def keep(town: Town) -> None:
    """What is on offer as it became public, and as it was reserved."""
    chance = town.chance("snapshots")
    places, rooms, names, photos = (
        {row["id"]: row for row in town.rows[table]}
        for table in ("place", "room", "account", "photo")
    )
    shown: Mapping[UUID, list[Row]] = defaultdict(list)
    for row in town.rows["listing_photo"]:
        shown[row["listing_id"]].append(photos[row["photo_id"]])
    for listing in town.rows["listing"]:
        if listing["state"] not in ON_OFFER_OR_HELD:
            continue
        # As the service reads it: moments in UTC.
        seen = {**listing, "published_at": listing["published_at"].astimezone(UTC)}
        for occasion, version, moment in _occasions(listing):
            content = content_of(
                {**seen, "version": version},
                rooms[listing["room_id"]],
                places[listing["place_id"]],
                shown[listing["id"]],
                landlord=names[listing["landlord_id"]]["display_name"],
            )
            snapshot = town.add(
                "listing_snapshot",
                id=chance.uuid7(moment),
                listing_id=listing["id"],
                version=version,
                occasion=occasion,
                content=content,
                digest=digest_of(content),
                taken_at=moment,
            )
            _hang(town, chance, snapshot, shown[listing["id"]])


def _occasions(listing: Row) -> Iterator[tuple[SnapshotOccasion, int, datetime]]:
    """Why something was kept of it, the version that was, and when."""
    yield SnapshotOccasion.PUBLISHED, _VERSION_WHEN_PUBLISHED, listing["published_at"]
    if listing["state"] is ListingState.RESERVED:
        yield SnapshotOccasion.RESERVED, listing["version"], listing["updated_at"]


def _hang(town: Town, chance: Chance, snapshot: Row, photos: list[Row]) -> None:
    for position, photo in enumerate(photos):
        town.add(
            "listing_snapshot_photo",
            id=chance.uuid7(snapshot["taken_at"]),
            snapshot_id=snapshot["id"],
            photo_id=photo["id"],
            position=position,
        )
