"""The room board: a house by floor, in a fixed number of statements."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import now
from core.errors import NotFound, Unauthenticated
from identity.actor import Role
from landlord.models import EnquiryState, ListingState, Reservation
from landlord.room_board import room_board
from management.models import RoomState
from management.rules import rules
from tests import factories
from tests.management.support import VISITOR, signed_in, staff
from tests.schema.counting import statements


async def test_each_room_says_what_is_offered_held_and_asked(town: None) -> None:
    house, owner = await factories.place(), await factories.account()
    await factories.claim(owner, house)
    agent = await factories.account()
    await factories.claim(agent, house)
    public = await factories.room(house, "301")
    held = await factories.room(house, "302", state=RoomState.VACANT)
    drafted = await factories.room(house, "201", floor=2)
    let = await factories.room(house, "202", floor=2, state=RoomState.LET)
    strange = await factories.room(house, "000", floor=None, state=RoomState.OUT_OF_USE)
    offer = await factories.listing(public, owner)
    await factories.listing(public, owner, state=ListingState.WITHDRAWN)
    await factories.listing(public, owner, state=ListingState.DRAFT)
    reserved = await factories.listing(held, agent, state=ListingState.RESERVED)
    until = now() + timedelta(hours=20)
    seeker = await factories.account()
    await Reservation.create(listing_id=reserved.id, seeker_id=seeker.id, until=until)
    await factories.listing(drafted, agent, state=ListingState.DRAFT)
    await factories.listing(let, owner, state=ListingState.LET)
    await factories.enquiry(offer, seeker)
    await factories.enquiry(offer, await factories.account(), state=EnquiryState.ANSWERED)
    await factories.enquiry(reserved, seeker)

    board = await room_board(signed_in(owner), place_id=house.id)
    assert [floor for floor, _ in board.floors] == [3, 2, None]
    rooms = {room["number"]: room for _, of in board.floors for room in of}
    assert [room["number"] for room in board.floors[0][1]] == ["301", "302"]
    assert (rooms["301"]["listing_id"], rooms["301"]["own"]) == (offer.id, True)
    assert offer.refreshed_at is not None
    over = offer.refreshed_at + timedelta(days=rules().listing_days)
    assert rooms["301"]["expires_at"] == over
    assert (rooms["302"]["listing_id"], rooms["302"]["own"]) == (reserved.id, False)
    assert rooms["302"]["reserved_until"] == until
    assert rooms["302"]["expires_at"] is None
    assert [rooms[number]["listing_id"] for number in ("201", "202", "000")] == [None] * 3
    assert [rooms[number]["open_enquiries"] for number in ("301", "302")] == [1, 0]
    assert [board.count(state) for state in RoomState] == [3, 1, 1]
    assert board.on_offer == 2
    assert strange.floor is None


async def test_an_offer_lasts_at_least_as_long_as_its_warning_allows(town: None) -> None:
    house, owner = await factories.place(), await factories.account()
    await factories.claim(owner, house)
    warned, long_ago = now(), now() - timedelta(days=40)
    await factories.listing(
        await factories.room(house), owner, refreshed_at=long_ago, warned_at=warned
    )
    (_, (room,)), *_ = (await room_board(signed_in(owner), place_id=house.id)).floors
    assert room["expires_at"] == warned + timedelta(days=rules().listing_warn_days)


async def test_two_statements_however_many_rooms(town: None) -> None:
    house, owner = await factories.place(), await factories.account()
    await factories.claim(owner, house)
    counts = []
    for first in (101, 201):
        for number in range(first, first + 20):
            offer = await factories.listing(await factories.room(house, str(number)), owner)
            await factories.enquiry(offer, await factories.account())
        async with statements() as seen:
            await room_board(signed_in(owner), place_id=house.id)
        counts.append(len(seen))
    assert counts == [2, 2]


async def test_only_who_runs_the_house_sees_it(town: None) -> None:
    house = await factories.place()
    for actor in (signed_in(await factories.account()), staff(Role.SUPERVISOR)):
        with pytest.raises(NotFound):
            await room_board(actor, place_id=house.id)
    with pytest.raises(Unauthenticated):
        await room_board(VISITOR, place_id=house.id)
