"""Reservations, freshness and snapshots: held once, let once, kept word for word."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from core.audit import AuditEntry
from core.clock import now
from core.database import execute
from core.errors import Conflict, InvalidInput, NotFound, RateLimited, WrongState
from core.privacy import registry
from identity.accounts import close_account
from identity.actor import Role
from identity.models import Account
from landlord.freshness import refresh_listing, tend_listings
from landlord.listings import create_listing, update_listing
from landlord.models import (
    LetBy,
    Listing,
    ListingSnapshot,
    ListingState,
    Reservation,
    ReservationState,
    SnapshotPhoto,
)
from landlord.publishing import decide_listing, publish_listing, relist_listing, withdraw_listing
from landlord.reservations import (
    expire_reservations,
    mark_listing_let,
    release_reservation,
    reserve_listing,
)
from landlord.snapshots import SHOWN, digest_of, snapshots_of
from management.blocks import block_place, end_block
from management.models import Place, Room, RoomState
from management.places import close_place
from management.rooms import update_room
from media.models import Photo
from tests import factories
from tests.management.support import entries, outcomes, refused, refused_input, signed_in, staff

SUPERVISOR = staff(Role.SUPERVISOR)


async def offer(**values: object) -> tuple[Listing, Account]:
    place, who = await factories.place(), await factories.account()
    await factories.claim(who, place)
    return await factories.listing(await factories.room(place), who, **values), who


async def state_of(listing: Listing) -> ListingState:
    return (await Listing.get(id=listing.id)).state


async def overdue(listing: Listing) -> None:
    await Reservation.filter(listing_id=listing.id).update(until=now() - timedelta(seconds=1))


async def test_of_five_who_reserve_each_of_100_rooms_one_holds_it(committed_town: None) -> None:
    place, landlord = await factories.place(), await factories.account()
    offers = [
        await factories.listing(await factories.room(place, str(101 + i)), landlord)
        for i in range(100)
    ]
    claims = [
        reserve_listing(signed_in(await factories.account()), listing_id=one.id)
        for one in offers
        for _ in range(5)
    ]
    answers = await outcomes(*claims)
    assert Counter(type(a) for a in answers) == {Reservation: 100, Conflict: 400}
    assert await Reservation.filter(state=ReservationState.HELD).count() == 100
    assert await ListingSnapshot.all().count() == 100


async def test_one_seeker_holds_one_room_also_when_asking_twice_at_once(
    committed_town: None,
) -> None:
    (first, _), (second, _) = await offer(), await offer()
    seeker = signed_in(await factories.account())
    answers = await outcomes(
        *(reserve_listing(seeker, listing_id=one.id) for one in (first, second))
    )
    assert Counter(type(a) for a in answers) == {Reservation: 1, Conflict: 1}


async def test_a_seeker_reserves_three_times_a_week_and_never_their_own(town: None) -> None:
    listing, landlord = await offer()
    agent = await factories.account()
    await factories.claim(agent, await Place.get(id=listing.place_id))
    for owner in (landlord, agent):
        own = reserve_listing(signed_in(owner), listing_id=listing.id)
        await refused(WrongState, own, reason="OWN_LISTING")
    seeker = signed_in(await factories.account())
    for _ in range(3):
        await reserve_listing(seeker, listing_id=listing.id)
        await release_reservation(seeker, listing_id=listing.id)
    await refused(RateLimited, reserve_listing(seeker, listing_id=listing.id))
    await refused(NotFound, release_reservation(seeker, listing_id=listing.id))
    await refused(WrongState, release_reservation(signed_in(landlord), listing_id=listing.id))


async def test_a_reservation_ends_by_itself_late_or_twice(town: None) -> None:
    listing, _ = await offer()
    await reserve_listing(signed_in(await factories.account()), listing_id=listing.id)
    await expire_reservations()
    assert await state_of(listing) is ListingState.RESERVED
    await overdue(listing)
    await expire_reservations()
    await expire_reservations()
    assert await state_of(listing) is ListingState.PUBLISHED
    assert [e.action for e in await entries(listing.id)] == ["reserveListing", "expireReservation"]


@pytest.mark.parametrize("expires", [True, False])
async def test_a_block_leaves_a_reservation_running(town: None, expires: bool) -> None:
    listing, _ = await offer()
    await reserve_listing(signed_in(await factories.account()), listing_id=listing.id)
    block = await block_place(SUPERVISOR, place_id=listing.place_id, reason="测试原因")
    if expires:
        await overdue(listing)
        await expire_reservations()
    assert await state_of(listing) is ListingState.SUSPENDED
    await end_block(SUPERVISOR, block_id=block.id)
    expected = ListingState.PUBLISHED if expires else ListingState.RESERVED
    assert await state_of(listing) is expected


async def test_what_is_let_is_let_once_and_comes_back_as_a_draft(town: None) -> None:
    listing, who = await offer()
    landlord = signed_in(who)
    await reserve_listing(signed_in(await factories.account()), listing_id=listing.id)
    await mark_listing_let(landlord, listing_id=listing.id)
    assert (await Room.get(id=listing.room_id)).state is RoomState.LET
    assert (await Reservation.get()).state is ReservationState.LET
    await refused(WrongState, mark_listing_let(landlord, listing_id=listing.id), reason="LET")
    copy = await relist_listing(landlord, listing_id=listing.id)
    assert (copy.state, copy.title, copy.rent) == (ListingState.DRAFT, listing.title, listing.rent)
    await refused(Conflict, relist_listing(landlord, listing_id=listing.id), reason="DRAFT_EXISTS")
    await publish_listing(landlord, listing_id=copy.id)
    assert (await Room.get(id=listing.room_id)).state is RoomState.VACANT
    await Room.filter(id=listing.room_id).update(state=RoomState.LET)
    await refused(WrongState, mark_listing_let(landlord, listing_id=copy.id), reason="ROOM_LET")


async def test_who_holds_a_room_that_goes_out_of_use_loses_it(town: None) -> None:
    listing, _ = await offer()
    await reserve_listing(signed_in(await factories.account()), listing_id=listing.id)
    await update_room(staff(), room_id=listing.room_id, values={"state": RoomState.OUT_OF_USE})
    assert await state_of(listing) is ListingState.WITHDRAWN
    assert (await Reservation.get()).state is ReservationState.RELEASED


@pytest.mark.parametrize("blocked", [False, True])
async def test_who_closes_their_account_holds_no_room(town: None, blocked: bool) -> None:
    listing, _ = await offer()
    seeker, other = await factories.account(), await factories.account()
    await reserve_listing(signed_in(seeker), listing_id=listing.id)
    if blocked:
        block = await block_place(SUPERVISOR, place_id=listing.place_id, reason="测试原因")
    await close_account(signed_in(seeker))
    assert (await Reservation.get()).state is ReservationState.RELEASED
    assert [e.action for e in await entries(listing.id)][-1] == "releaseReservation"
    if blocked:
        assert await state_of(listing) is ListingState.SUSPENDED
        await end_block(SUPERVISOR, block_id=block.id)
    assert await state_of(listing) is ListingState.PUBLISHED
    await reserve_listing(signed_in(other), listing_id=listing.id)


@pytest.mark.parametrize("blocked", [False, True])
async def test_who_holds_a_room_of_a_house_that_closes_loses_it(town: None, blocked: bool) -> None:
    listing, _ = await offer()
    seeker = signed_in(await factories.account())
    await reserve_listing(seeker, listing_id=listing.id)
    if blocked:
        await block_place(SUPERVISOR, place_id=listing.place_id, reason="测试原因")
    place = await Place.get(id=listing.place_id)
    await close_place(
        SUPERVISOR, place_id=place.id, expected_version=place.version, demolished=False
    )
    assert await state_of(listing) is ListingState.WITHDRAWN
    assert (await Reservation.get()).state is ReservationState.RELEASED
    await refused(NotFound, release_reservation(seeker, listing_id=listing.id))
    another, _ = await offer()
    await reserve_listing(seeker, listing_id=another.id)


async def test_late_jobs_that_run_twice_at_once_end_everything_once(committed_town: None) -> None:
    place, landlord = await factories.place(), await factories.account()
    moment = now()
    for number in range(120):  # more than either job takes at a time
        room = await factories.room(place, str(101 + number))
        listing = await factories.listing(room, landlord, state=ListingState.RESERVED)
        who = await factories.account()
        await factories.reservation(listing, who, until=moment - timedelta(days=9))
    await asyncio.gather(expire_reservations(), expire_reservations())
    assert await Reservation.filter(state=ReservationState.EXPIRED).count() == 120
    assert await Listing.filter(state=ListingState.PUBLISHED, version=2).count() == 120
    assert await AuditEntry.filter(action="expireReservation").count() == 120
    await Listing.all().update(refreshed_at=moment - timedelta(days=90), warned_at=None)
    await asyncio.gather(tend_listings(), tend_listings())
    assert await AuditEntry.filter(action="warnListing").count() == 120
    await Listing.all().update(warned_at=moment - timedelta(days=60))
    await asyncio.gather(tend_listings(), tend_listings())
    assert await Listing.filter(state=ListingState.WITHDRAWN, version=3).count() == 120
    assert await AuditEntry.filter(action="expireListing").count() == 120


async def test_of_many_snapshots_the_newest_are_shown(town: None) -> None:
    listing, who = await offer()
    for version in range(1, SHOWN + 4):
        await Listing.filter(id=listing.id).update(version=version)
        await factories.snapshot(await Listing.get(id=listing.id))
    seen = (await snapshots_of(signed_in(who), [listing.id]))[listing.id]
    assert [one["version"] for one in seen] == list(range(SHOWN + 3, 3, -1))


async def test_nobody_is_withdrawn_without_a_warning_of_five_days(town: None) -> None:
    listing, who = await offer(refreshed_at=now() - timedelta(days=40))
    await tend_listings()
    warned = await Listing.get(id=listing.id)
    assert (warned.state, warned.warned_at is not None) == (ListingState.PUBLISHED, True)
    await tend_listings()
    assert await state_of(listing) is ListingState.PUBLISHED
    await Listing.filter(id=listing.id).update(warned_at=now() - timedelta(days=5))
    await refresh_listing(signed_in(who), listing_id=listing.id)
    await tend_listings()
    assert await state_of(listing) is ListingState.PUBLISHED
    await Listing.filter(id=listing.id).update(
        warned_at=now() - timedelta(days=5), refreshed_at=now() - timedelta(days=30)
    )
    await tend_listings()
    await tend_listings()
    assert await state_of(listing) is ListingState.WITHDRAWN
    actions = [entry.action for entry in await entries(listing.id)]
    assert actions == ["warnListing", "refreshListing", "expireListing"]


async def test_a_refresh_and_the_expiry_at_once_end_in_one_of_two_ways(
    committed_town: None,
) -> None:
    past = {"warned_at": now() - timedelta(days=6), "refreshed_at": now() - timedelta(days=31)}
    for _ in range(8):
        listing, who = await offer(**past)
        answers = await outcomes(
            refresh_listing(signed_in(who), listing_id=listing.id), tend_listings()
        )
        refreshed = isinstance(answers[0], Listing)
        left = await Listing.get(id=listing.id)
        assert left.state is (ListingState.PUBLISHED if refreshed else ListingState.WITHDRAWN)


@pytest.mark.parametrize(
    "words",
    ["电话138 0013 8000", "一三八零零一三八零零零", "加V看房", "www.example.com", "先交定金"],
)
async def test_what_asks_for_contact_or_money_is_read_by_staff_first(
    town: None, words: str
) -> None:
    listing, who = await offer(state=ListingState.DRAFT, description=words)
    await publish_listing(signed_in(who), listing_id=listing.id)
    assert await state_of(listing) is ListingState.IN_REVIEW
    await refused(NotFound, decide_listing(staff(), listing_id=listing.id, approve=True))
    refusing = decide_listing(SUPERVISOR, listing_id=listing.id, approve=False)
    await refused_input(refusing, "input.reason")
    await decide_listing(SUPERVISOR, listing_id=listing.id, approve=False, reason="含联系方式")
    assert await state_of(listing) is ListingState.DRAFT
    await publish_listing(signed_in(who), listing_id=listing.id)
    await decide_listing(SUPERVISOR, listing_id=listing.id, approve=True)
    assert await state_of(listing) is ListingState.PUBLISHED


async def test_words_changed_in_public_are_checked_again(town: None) -> None:
    listing, who = await offer()
    values = {"description": "加微信详谈"}
    await update_listing(signed_in(who), listing_id=listing.id, expected_version=1, values=values)
    assert await state_of(listing) is ListingState.IN_REVIEW


async def test_beds_are_let_in_dormitories_only(town: None) -> None:
    listing, who = await offer(state=ListingState.WITHDRAWN)
    values = {"title": "床位出租", "rent": Decimal(300), "let_by": LetBy.BED, "beds": 2}

    def make(**more: object) -> object:
        return create_listing(signed_in(who), room_id=listing.room_id, values={**values, **more})

    await refused(InvalidInput, make(), reason="NOT_DORMITORY", field="input.letBy")  # type: ignore[arg-type]
    await update_room(staff(), room_id=listing.room_id, values={"dormitory": True})
    await refused(InvalidInput, make(beds=4), reason="OVER_CAPACITY", field="input.beds")  # type: ignore[arg-type]
    made = await make(beds=3)  # type: ignore[misc]
    await publish_listing(signed_in(who), listing_id=made.id)
    await update_room(staff(), room_id=listing.room_id, values={"dormitory": False})
    assert await state_of(made) is ListingState.WITHDRAWN


@pytest.mark.parametrize("name", ["water_price", "electricity_price", "management_fee"])
@pytest.mark.parametrize("bad", [Decimal(0), Decimal(10**9), Decimal(-1)])
async def test_prices_lie_within_their_ends(town: None, name: str, bad: Decimal) -> None:
    listing, who = await offer(state=ListingState.DRAFT)
    first, *rest = name.split("_")
    field = "input." + first + "".join(map(str.capitalize, rest))
    attempt = update_listing(
        signed_in(who), listing_id=listing.id, expected_version=1, values={name: bad}
    )
    await refused_input(attempt, field, "OUT_OF_RANGE")


async def test_a_snapshot_is_kept_as_it_is_and_its_digest_says_so(town: None) -> None:
    listing, who = await offer()
    await factories.photo(listing, owner_id=who.id)
    seeker = signed_in(await factories.account())
    await reserve_listing(seeker, listing_id=listing.id)
    kept = await ListingSnapshot.get()
    assert kept.digest == digest_of(kept.content)
    assert kept.content["listing"]["rent"] == "850.00"
    for actor, seen in (
        (signed_in(who), 1), (seeker, 1), (SUPERVISOR, 1),
        (staff(), 0), (signed_in(await factories.account()), 0),
    ):  # fmt: skip
        assert len((await snapshots_of(actor, [listing.id])).get(listing.id, [])) == seen
    for sql in (
        "UPDATE listing_snapshot SET digest = ''",
        "DELETE FROM listing_snapshot",
        "DELETE FROM listing_snapshot_photo",
        "UPDATE listing_snapshot_photo SET position = 3",
    ):
        with pytest.raises((IntegrityError, OperationalError), match="refused"):
            async with in_transaction():
                await execute(sql)


async def test_an_erased_landlord_leaves_the_pictures_that_a_snapshot_shows(town: None) -> None:
    listing, who = await offer()
    shown = await factories.photo(listing, owner_id=who.id)
    await reserve_listing(signed_in(await factories.account()), listing_id=listing.id)
    other = await Photo.create(owner_id=who.id, width=720, height=540)
    result = {one.holding.name: one for one in await registry.erase("account", who.id)}
    snapshots = result["listing_snapshot.listing__landlord_id"]
    assert (snapshots.erased, snapshots.kept, snapshots.until is not None) == (0, 1, True)
    assert await Photo.exists(id=shown.id)
    assert (result["photo.owner_id"].erased, result["photo.owner_id"].kept) == (1, 1)
    assert not await Photo.exists(id=other.id)
    assert await state_of(listing) is ListingState.WITHDRAWN
    assert (await Reservation.get()).state is ReservationState.RELEASED


async def test_a_snapshot_goes_with_its_pictures_when_its_term_is_over(
    committed_town: None,
) -> None:
    listing, who = await offer()
    await factories.photo(listing, owner_id=who.id)
    kept = await factories.snapshot(listing)
    async with in_transaction():
        await execute("SET LOCAL session_replication_role = replica")
        await execute(
            "UPDATE listing_snapshot SET taken_at = taken_at - interval '1099 days' WHERE id = $1",
            kept.id,
        )
    await registry.enforce_retention()
    assert await ListingSnapshot.all().count() == await SnapshotPhoto.all().count() == 0


async def test_a_withdrawal_and_a_reservation_at_once_leave_nothing_held(
    committed_town: None,
) -> None:
    for _ in range(8):
        listing, who = await offer()
        seeker = signed_in(await factories.account())
        await outcomes(
            withdraw_listing(signed_in(who), listing_id=listing.id),
            reserve_listing(seeker, listing_id=listing.id),
            asyncio.sleep(0),
        )
        held = await Reservation.exists(listing_id=listing.id, state=ReservationState.HELD)
        assert held == (await state_of(listing) is ListingState.RESERVED)
