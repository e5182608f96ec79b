"""Many at once on the same room or house: nothing is let twice, nothing barred is public."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from itertools import chain
from uuid import UUID

import pytest

from core.audit import AuditEntry
from core.database import fetch
from core.errors import Conflict, StandardNotMet, WrongState
from identity.actor import Actor, Role
from identity.models import Account
from landlord.batches import create_listings
from landlord.listings import create_listing, update_listing
from landlord.models import Listing, ListingState
from landlord.publishing import publish_listing, withdraw_listing
from management.blocks import block_place, end_block
from management.claims import end_landlord
from management.models import Place, PlaceBlock, PlaceClaim, Room, RoomState
from management.places import close_place, update_place
from management.rooms import update_room
from tests import factories
from tests.management.support import OTHER_GRID, code_of, inside, jobs, outcomes, signed_in, staff

pytestmark = pytest.mark.usefixtures("committed_town")

SUPERVISOR = staff(Role.SUPERVISOR, "441900122/")
ROUNDS = 12


async def run_by(count: int) -> tuple[Place, list[Account], list[PlaceClaim]]:
    """A house that several people are known to run."""
    place = await factories.place()
    people = [await factories.account() for _ in range(count)]
    return place, people, [await factories.claim(who, place) for who in people]


async def drafts(place: Place, people: list[Account], rooms: int) -> list[tuple[Actor, UUID]]:
    """A draft of every room by everybody."""
    made = []
    for index in range(rooms):
        room = await factories.room(place, str(101 + index))
        for who in people:
            listing = await factories.listing(room, who, state=ListingState.DRAFT)
            made.append((signed_in(who), listing.id))
    return made


def publishing(made: list[tuple[Actor, UUID]]) -> list[asyncio.Task[Listing]]:
    return [
        asyncio.ensure_future(publish_listing(who, listing_id=listing_id))
        for who, listing_id in made
    ]


async def public_though_blocked() -> int:
    (row,) = await fetch(
        "SELECT count(*) AS count FROM listing l WHERE l.state = 'PUBLISHED' AND EXISTS"
        " (SELECT 1 FROM place_block b WHERE b.place_id = l.place_id AND b.ends_at IS NULL)"
    )
    return int(row["count"])


async def test_of_100_rooms_with_5_claimants_each_none_is_on_offer_twice() -> None:
    made = []
    for _ in range(10):  # ten houses of ten rooms
        place, people, _ = await run_by(5)
        made += await drafts(place, people, 10)
    answers = await outcomes(*publishing(made))
    assert Counter(type(answer) for answer in answers) == {Listing: 100, Conflict: 400}
    assert {answer.reason for answer in answers if isinstance(answer, Conflict)} == {
        "ROOM_ON_OFFER"
    }
    rooms = await Listing.filter(state=ListingState.PUBLISHED).values_list("room_id", flat=True)
    assert len(rooms) == len(set(rooms)) == await Room.all().count() == 100
    assert await AuditEntry.filter(action="publishListing").count() == 100
    assert len(await jobs()) == 100


async def test_drafts_of_one_room_at_once_are_one() -> None:
    place, people, _ = await run_by(2)
    room = await factories.room(place)
    actors = [signed_in(who) for who in people]
    values = {"title": "单间出租", "rent": Decimal(700)}
    answers = await outcomes(
        *(
            create_listing(who, room_id=room.id, values=values)
            if number % 2
            else create_listings(
                who, room_ids=[room.id], title="单间", values={"rent": Decimal(700)}
            )
            for who in actors
            for number in range(4)
        )
    )
    reasons = Counter(getattr(answer, "reason", None) for answer in answers)
    assert reasons[None] == 2
    assert set(reasons) <= {None, "DRAFT_EXISTS", "ITEMS"}
    drafted = await Listing.filter(room_id=room.id).values_list("landlord_id", flat=True)
    assert sorted(drafted) == sorted(who.id for who in people)


async def test_one_draft_published_by_five_requests_is_published_once() -> None:
    place, people, _ = await run_by(1)
    made = await drafts(place, people, 4)
    answers = await outcomes(*publishing(made * 5))
    assert Counter(type(answer) for answer in answers) == {Listing: 4, WrongState: 16}
    assert await Listing.filter(version=2).count() == 4


async def test_a_block_and_a_publication_at_once_leave_nothing_public() -> None:
    for _ in range(ROUNDS):
        place, people, _ = await run_by(1)
        made = await drafts(place, people, 3)
        blocking = block_place(SUPERVISOR, place_id=place.id, reason="测试原因")
        answers = await outcomes(*publishing(made[:2]), blocking, *publishing(made[2:]))
        assert all(isinstance(a, Listing | PlaceBlock | StandardNotMet) for a in answers)
        assert await public_though_blocked() == 0
        states = Counter(await Listing.filter(place_id=place.id).values_list("state", flat=True))
        published = sum(isinstance(answer, Listing) for answer in answers)
        assert states[ListingState.SUSPENDED] == published
        assert states[ListingState.DRAFT] == 3 - published


async def test_blocks_that_come_and_go_leave_listings_as_the_last_one_says() -> None:
    place, people, _ = await run_by(1)
    made = await drafts(place, people, 3)
    await outcomes(*publishing(made))
    blocks = [await block_place(SUPERVISOR, place_id=place.id, reason="测试原因") for _ in range(4)]
    await outcomes(
        *(end_block(SUPERVISOR, block_id=block.id) for block in blocks),
        *(block_place(SUPERVISOR, place_id=place.id, reason="测试原因") for _ in range(2)),
        withdraw_listing(made[0][0], listing_id=made[0][1]),
    )
    assert await public_though_blocked() == 0
    held = PlaceBlock.filter(place_id=place.id, ends_at=None)
    await outcomes(*(end_block(SUPERVISOR, block_id=block.id) for block in await held))
    states = Counter(await Listing.filter(place_id=place.id).values_list("state", flat=True))
    assert states == {ListingState.PUBLISHED: 2, ListingState.WITHDRAWN: 1}


async def test_a_closing_and_publications_at_once_leave_nothing_public() -> None:
    for _ in range(ROUNDS):
        place, people, _ = await run_by(2)
        made = await drafts(place, people, 4)
        closing = close_place(SUPERVISOR, place_id=place.id, expected_version=1, demolished=False)
        answers = await outcomes(*publishing(made[:5]), closing, *publishing(made[5:]))
        assert any(isinstance(answer, Place) for answer in answers)
        live = Listing.filter(place_id=place.id).exclude(state=ListingState.WITHDRAWN)
        assert await live.count() == 0


async def test_who_is_struck_off_while_publishing_has_nothing_public() -> None:
    for _ in range(ROUNDS):
        place, people, claims = await run_by(2)
        made = await drafts(place, people[:1], 4)
        ending = end_landlord(SUPERVISOR, claim_id=claims[0].id)
        answers = await outcomes(*publishing(made[:2]), ending, *publishing(made[2:]))
        assert any(isinstance(answer, PlaceClaim) for answer in answers)
        assert not await Listing.filter(
            landlord_id=people[0].id, state=ListingState.PUBLISHED
        ).exists()


async def test_everything_at_once_ends_without_a_deadlock() -> None:
    """What waits for what has one order: the place, then its claims and listings."""
    longitude, latitude = await inside(code_of(OTHER_GRID))
    for _ in range(ROUNDS):
        place, people, claims = await run_by(3)
        made = await drafts(place, people, 4)
        block = await block_place(SUPERVISOR, place_id=place.id, reason="测试原因")
        room = await Room.filter(place_id=place.id).first()
        assert room is not None
        await outcomes(
            *publishing(made),
            end_block(SUPERVISOR, block_id=block.id),
            end_landlord(SUPERVISOR, claim_id=claims[0].id),
            update_place(
                SUPERVISOR,
                place_id=place.id,
                expected_version=1,
                values={"longitude": longitude, "latitude": latitude},
            ),
            block_place(SUPERVISOR, place_id=place.id, reason="测试原因"),
            update_room(SUPERVISOR, room_id=room.id, values={"state": RoomState.OUT_OF_USE}),
            *chain.from_iterable(
                (
                    create_listing(who, room_id=room.id, values={"title": "单间出租", "rent": 700}),
                    update_listing(
                        who, listing_id=listing_id, expected_version=1, values={"title": "新标题"}
                    ),
                )
                for who, listing_id in made[:4]
            ),
            close_place(SUPERVISOR, place_id=place.id, expected_version=2, demolished=False),
        )
        assert await public_though_blocked() == 0
        if (await Room.get(id=room.id)).state is RoomState.OUT_OF_USE:
            assert not await Listing.exists(room_id=room.id, state=ListingState.PUBLISHED)
        codes = await Listing.filter(place_id=place.id, state=ListingState.PUBLISHED).values_list(
            "community_code", flat=True
        )
        assert set(codes) <= {(await Place.get(id=place.id)).community_code}
