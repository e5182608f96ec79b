"""A room out of use is on offer nowhere, and comes on offer by nobody."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal

import pytest

from core.errors import WrongState
from core.work import work
from identity.actor import Role
from landlord.listings import create_listing
from landlord.models import Listing, ListingState
from landlord.publishing import publish_listing
from management.blocks import block_place, end_block
from management.models import Room, RoomState
from management.rooms import set_states, update_room
from tests import factories
from tests.management.support import jobs, outcomes, refused, signed_in, staff

TAKEN_BACK = set(ListingState) - {ListingState.LET, ListingState.WITHDRAWN}


def out_of_use(room: Room) -> Awaitable[Room]:
    return update_room(staff(), room_id=room.id, values={"state": RoomState.OUT_OF_USE})


@pytest.mark.parametrize("state", ListingState)
async def test_what_is_or_could_come_on_offer_is_taken_back(
    town: None, state: ListingState
) -> None:
    place, who = await factories.place(), await factories.account()
    room, neighbour = await factories.room(place), await factories.room(place, "303")
    listing = await factories.listing(room, who, state=state)
    other = await factories.listing(neighbour, who, state=state)
    await out_of_use(room)
    left = await Listing.get(id=listing.id)
    if state in TAKEN_BACK:
        assert (left.state, left.version) == (ListingState.WITHDRAWN, 2)
        assert left.updated_at != listing.updated_at
    else:
        assert (left.state, left.version) == (state, 1)
    untouched = await Listing.get(id=other.id)
    assert (untouched.state, untouched.version) == (state, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"rent": Decimal(900)},
        {"state": RoomState.VACANT},
        {"state": RoomState.LET},
        {"dormitory": True, "escape_window": None},
    ],
)
async def test_another_change_of_the_room_leaves_its_offers(
    town: None, values: dict[str, object]
) -> None:
    room = await factories.room(await factories.place())
    listing = await factories.listing(room, await factories.account())
    await update_room(staff(), room_id=room.id, values=values)
    left = await Listing.get(id=listing.id)
    assert (left.state, left.version) == (ListingState.PUBLISHED, 1)


async def test_the_offers_of_everybody_who_runs_the_house_are_taken_back(town: None) -> None:
    room = await factories.room(await factories.place())
    for state in (ListingState.PUBLISHED, ListingState.DRAFT):
        await factories.listing(room, await factories.account(), state=state)
    await out_of_use(room)
    assert set(await Listing.all().values_list("state", flat=True)) == {ListingState.WITHDRAWN}


async def test_the_offers_of_rooms_that_change_at_once_are_taken_back_as_of_one(
    town: None,
) -> None:
    place, who = await factories.place(), await factories.account()
    rooms = [await factories.room(place, number) for number in ("301", "302", "303")]
    for room in rooms:
        await factories.listing(room, who)
    states = [RoomState.OUT_OF_USE, RoomState.OUT_OF_USE, RoomState.LET]
    async with work(staff()):
        assert await set_states(dict(zip(rooms, states, strict=True))) == 3
    assert [(await Room.get(id=room.id)).state for room in rooms] == states
    left = [(await Listing.get(room_id=room.id)).state for room in rooms]
    assert left == [ListingState.WITHDRAWN] * 2 + [ListingState.PUBLISHED]
    ((_, told),) = [job for job in await jobs() if job[0] == "rooms_updated"]
    assert told["room_ids"] == [str(room.id) for room in rooms]


async def test_what_was_taken_back_does_not_return_with_the_end_of_a_block(town: None) -> None:
    place, supervisor = await factories.place(), staff(Role.SUPERVISOR)
    room = await factories.room(place)
    listing = await factories.listing(room, await factories.account())
    block = await block_place(supervisor, place_id=place.id, reason="测试原因")
    await out_of_use(room)
    await end_block(supervisor, block_id=block.id)
    assert (await Listing.get(id=listing.id)).state is ListingState.WITHDRAWN


async def test_a_draft_of_a_room_out_of_use_is_not_published_until_it_is_used_again(
    town: None,
) -> None:
    place, who = await factories.place(), await factories.account()
    await factories.claim(who, place)
    room = await factories.room(place, state=RoomState.OUT_OF_USE)
    draft = await factories.listing(room, who, state=ListingState.DRAFT)
    landlord = signed_in(who)
    await refused(WrongState, publish_listing(landlord, listing_id=draft.id), reason="OUT_OF_USE")
    values = {"title": "单间出租", "rent": Decimal(700)}
    await refused(
        WrongState, create_listing(landlord, room_id=room.id, values=values), reason="OUT_OF_USE"
    )
    await update_room(staff(), room_id=room.id, values={"state": RoomState.VACANT})
    published = await publish_listing(landlord, listing_id=draft.id)
    assert published.state is ListingState.PUBLISHED


async def test_rooms_out_of_use_while_they_are_published_end_up_off_offer(
    committed_town: None,
) -> None:
    for _ in range(12):
        place, people = await factories.place(), [await factories.account() for _ in range(2)]
        for who in people:
            await factories.claim(who, place)
        rooms = [await factories.room(place, number) for number in ("101", "102", "103")]
        publishing = []
        for room in rooms:
            for who in people:
                draft = await factories.listing(room, who, state=ListingState.DRAFT)
                publishing.append(publish_listing(signed_in(who), listing_id=draft.id))
        steps = [*publishing[:3], out_of_use(rooms[0]), out_of_use(rooms[1]), *publishing[3:]]
        await outcomes(*steps)
        left = Listing.filter(place_id=place.id).exclude(state=ListingState.WITHDRAWN)
        assert set(await left.values_list("room_id", flat=True)) == {rooms[2].id}
        on_offer = left.filter(state=ListingState.PUBLISHED)
        assert await on_offer.count() == 1
