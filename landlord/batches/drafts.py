"""Drafts of many rooms at once, with what they share said once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from core.clock import now
from core.errors import DomainError, InvalidInput
from core.ids import uuid7
from core.work import work
from identity.actor import Actor
from landlord.access import access_own_rooms
from landlord.batches.common import check_once, fault, lock_places, refuse
from landlord.models import Listing
from landlord.photos import hang_on_new, require_listing_photos
from landlord.publishing import draft_exists, rooms_with_draft
from landlord.values import checked, require_bed_rule, require_in_use
from management.models import Place, Room

NUMBER: Final = "{number}"
_ROOMS: Final = "input.roomIds"


async def create_listings(
    actor: Actor,
    *,
    room_ids: Sequence[UUID],
    title: str,
    values: Mapping[str, Any],
    photo_ids: Sequence[UUID] = (),
) -> list[Listing]:
    """Draft an offer of each room of houses that the landlord is known to run, all or none.

    ``{number}`` in ``title`` stands for the room number. ``values`` are those of
    ``create_listing`` but the title; without a rent each room has that of its file, without an
    area too. All show the same photos.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: a room is not in a house of this landlord, or a photo not theirs.
        InvalidInput: none, too many, one twice; a value that can't be used.
        WrongState: some rooms can't be drafted; ``params.items`` names each with its reason.
    """
    check_once(room_ids, _ROOMS)
    rent: Decimal | None = values.get("rent")
    # A rent that is not said is the room's, which its file has checked.
    shared = checked({"description": "", **values, "rent": Decimal(1) if rent is None else rent})
    shared["rent"] = rent
    template: str = checked({"title": title})["title"]
    async with work(actor) as unit:
        seen = await access_own_rooms(actor, room_ids=room_ids)
        places = await lock_places({room.place_id for room in seen})
        # As they are now that nobody can change them.
        rooms = {room.id: room for room in await access_own_rooms(actor, room_ids=room_ids)}
        drafted = await rooms_with_draft(actor.id, room_ids)
        made, faults, moment = [], [], now()
        for room_id in room_ids:
            room = rooms[room_id]
            try:
                draft = _draft(actor, places[room.place_id], room, template, shared)
                if room.id in drafted:
                    raise draft_exists()
            except DomainError as error:
                faults.append(fault(room, error))
            else:
                draft.created_at = moment
                made.append(draft)
        refuse(faults)
        await require_listing_photos(actor, photo_ids)
        await Listing.bulk_create(made)
        await hang_on_new([draft.id for draft in made], photo_ids)
        for draft in made:
            unit.note("createListing", "LISTING", draft.id, room=draft.room_id, batch=True)
    return made


async def drafted_with(actor: Actor, *, listing_id: UUID, room_ids: Sequence[UUID]) -> list[UUID]:
    """The listings of a batch by one of them, in the order of its rooms: for a repeat."""
    first = await Listing.filter(id=listing_id, landlord_id=actor.id).values("created_at")
    same = await Listing.filter(
        landlord_id=actor.id,
        room_id__in=list(room_ids),
        created_at__in=[row["created_at"] for row in first],
    ).values_list("room_id", "id")
    by_room: dict[UUID, UUID] = dict(same)
    return [by_room[room_id] for room_id in room_ids if room_id in by_room]


def _draft(
    actor: Actor, place: Place, room: Room, title: str, shared: Mapping[str, Any]
) -> Listing:
    require_in_use(room)
    rent = room.rent if shared["rent"] is None else shared["rent"]
    if rent is None:
        raise InvalidInput(
            field="input.rent",
            reason="RENT_UNKNOWN",
            zh="房间档案没有租金，请填写租金",
            en="The room's file has no rent; give one",
        )
    named = checked({"title": title.replace(NUMBER, room.number)})
    draft = Listing(
        id=uuid7(),
        room_id=room.id,
        place_id=place.id,
        landlord_id=actor.id,
        community_code=place.community_code,
        **{"area": room.area, **shared, **named, "rent": rent},
    )
    require_bed_rule(draft, room, given=True)
    return draft
