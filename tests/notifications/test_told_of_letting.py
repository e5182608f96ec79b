"""What landlords and seekers hear of offers, rooms that are held, and each other."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.clock import SHANGHAI, now, today
from core.errors import DomainError
from core.work import work
from identity.accounts import close_account
from identity.actor import SYSTEM
from identity.models import GridPost
from landlord.batches import withdraw_listings
from landlord.enquiries import (
    ViewingAnswer,
    answer_enquiry,
    cancel_viewing,
    close_enquiry,
    send_enquiry,
    stop_sharing_phone,
)
from landlord.events import (
    EnquirySent,
    ListingExpired,
    ListingLet,
    ListingPublished,
    ListingRefused,
    ListingReserved,
    ListingsSuspended,
    ListingTakenDown,
    ListingWithdrawn,
    PhotoRedacted,
    ReservationReleased,
    ViewingDecided,
)
from landlord.freshness import refresh_listing, tend_listings
from landlord.models import (
    Listing,
    ListingPhoto,
    ListingState,
    ReportReason,
    Reservation,
    ReservationState,
)
from landlord.publishing import decide_listing, publish_listing, withdraw_listing
from landlord.reports import decide_listing_report, report_listing
from landlord.reservations import (
    expire_reservations,
    mark_listing_let,
    release_reservation,
    reserve_listing,
)
from management.blocks import block_place, end_block
from management.places import close_place
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.notifications.newsworthy import (
    CANARY,
    World,
    again,
    counted,
    ids,
    make_world,
    news,
    params_of,
    person,
    quiet,
    told,
)

pytestmark = pytest.mark.usefixtures("limits")

WHY = f"{CANARY}说的原因"


@pytest.fixture
async def world(town: None) -> World:
    return await make_world()


def a_time(days: int = 3) -> datetime:
    day = today() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, 15, 0, tzinfo=SHANGHAI)


# Offers


async def test_what_a_landlord_publishes_is_no_news_to_them(world: World) -> None:
    draft = await world.offer(state=ListingState.DRAFT)
    async with quiet():
        await publish_listing(world.landlord, listing_id=draft.id)
        await refresh_listing(world.landlord, listing_id=draft.id)


async def test_a_landlord_hears_that_staff_let_an_offer_public(world: World) -> None:
    waiting = await world.offer(state=ListingState.IN_REVIEW)
    await decide_listing(world.supervisor, listing_id=waiting.id, approve=True)
    assert await told() == {Topic.LISTING_APPROVED: ids(world.landlord)}
    (params,) = await params_of(Topic.LISTING_APPROVED)
    assert (params["place"], params["rooms"]) == ("样例楼", "302")
    async with quiet():
        event = ListingPublished(listing_id=waiting.id, place_id=world.place.id)
        await again(world.supervisor, event)


async def test_a_landlord_hears_of_a_refusal_and_reads_the_reason_elsewhere(world: World) -> None:
    waiting = await world.offer(state=ListingState.IN_REVIEW)
    await decide_listing(world.supervisor, listing_id=waiting.id, approve=False, reason=WHY)
    assert await told() == {Topic.LISTING_REFUSED: ids(world.landlord)}
    async with quiet():
        event = ListingRefused(listing_id=waiting.id, place_id=world.place.id)
        await again(world.supervisor, event)


async def test_the_same_offer_refused_a_second_time_is_told_a_second_time(world: World) -> None:
    waiting = await world.offer(state=ListingState.IN_REVIEW)
    for _ in range(2):
        await Listing.filter(id=waiting.id).update(state=ListingState.IN_REVIEW)
        await decide_listing(world.supervisor, listing_id=waiting.id, approve=False, reason=WHY)
    assert [row.topic for row in await news()] == [Topic.LISTING_REFUSED] * 2


async def test_rooms_of_a_house_that_expire_are_told_of_once(world: World) -> None:
    long_ago = now() - timedelta(days=26)
    for number in ("301", "303", "304", "305"):
        await world.offer(number, refreshed_at=long_ago)
    async with counted() as jobs:
        await tend_listings()
    assert await told() == {Topic.LISTING_EXPIRING: ids(world.landlord)}
    assert len(jobs) == 1
    (params,) = await params_of(Topic.LISTING_EXPIRING)
    assert params["rooms"] == "301,303,304,+1"
    assert params["until"] == (now() + timedelta(days=5)).astimezone(SHANGHAI).date().isoformat()


async def test_expired_offers_are_told_to_landlord_and_to_who_saved_them(world: World) -> None:
    listing = await world.offer(
        refreshed_at=now() - timedelta(days=40), warned_at=now() - timedelta(days=6)
    )
    await world.save(listing)
    await tend_listings()
    assert await told() == {
        Topic.LISTING_EXPIRED: ids(world.landlord),
        Topic.SAVED_LISTING_GONE: ids(world.saver),
    }
    async with quiet():
        await again(SYSTEM, ListingExpired(listing_id=listing.id, place_id=world.place.id))


async def test_who_saved_rooms_that_are_withdrawn_together_hears_once(world: World) -> None:
    offers = [await world.offer(number) for number in ("301", "303", "304")]
    for one in offers:
        await world.save(one)
    await world.save(offers[0], world.follower)
    async with counted() as jobs:
        await withdraw_listings(world.landlord, listing_ids=[one.id for one in offers])
    assert await told() == {Topic.SAVED_LISTING_GONE: ids(world.saver, world.follower)}
    assert len(jobs) == 1


async def test_a_listing_taken_down_is_told_to_landlord_saver_reporter_and_holder(
    world: World,
) -> None:
    listing = await world.offer()
    await world.save(listing)
    await report_listing(
        world.follower, listing_id=listing.id, reason=ReportReason.OTHER, words=WHY
    )
    await reserve_listing(world.seeker, listing_id=listing.id)
    await Notification.all().delete()
    report = (await listing.reports.all())[0]  # type: ignore[attr-defined]
    await decide_listing_report(world.supervisor, report_id=report.id, uphold=True, reason=WHY)
    assert await told() == {
        Topic.LISTING_TAKEN_DOWN: ids(world.landlord),
        Topic.SAVED_LISTING_GONE: ids(world.saver),
        Topic.LISTING_REPORT_DECIDED: ids(world.follower),
        Topic.RESERVATION_RELEASED: ids(world.seeker),
    }
    assert (await params_of(Topic.LISTING_TAKEN_DOWN))[0]["why"] == "REPORT_UPHELD"
    assert (await params_of(Topic.RESERVATION_RELEASED))[0]["why"] == "LISTING_OVER"
    assert (await params_of(Topic.LISTING_REPORT_DECIDED))[0]["result"] == "UPHELD"
    async with quiet():
        await again(
            world.supervisor, ListingTakenDown(listing_id=listing.id, place_id=world.place.id)
        )


async def test_a_report_that_is_dismissed_is_told_to_its_reporter_alone(world: World) -> None:
    listing = await world.offer()
    report = await factories.report(listing, await world.account(world.seeker))
    await decide_listing_report(world.supervisor, report_id=report.id, uphold=False, reason=WHY)
    assert await told() == {Topic.LISTING_REPORT_DECIDED: ids(world.seeker)}
    assert (await params_of(Topic.LISTING_REPORT_DECIDED))[0]["result"] == "DISMISSED"


async def test_the_landlord_of_a_closed_house_hears_that_offers_ended_once(world: World) -> None:
    for number in ("301", "303"):
        await world.offer(number)
    await world.offer("304", state=ListingState.DRAFT)
    await close_place(
        world.warden,
        place_id=world.place.id,
        demolished=False,
        expected_version=world.place.version,
    )
    assert await told() == {Topic.LISTING_TAKEN_DOWN: ids(world.landlord)}
    (params,) = await params_of(Topic.LISTING_TAKEN_DOWN)
    assert (params["rooms"], params["why"]) == ("301,303", "ROOM_OR_PLACE")


# Reservations


async def test_a_landlord_hears_that_somebody_holds_the_room(world: World) -> None:
    listing = await world.offer()
    held = await reserve_listing(world.seeker, listing_id=listing.id)
    assert await told() == {Topic.LISTING_RESERVED: ids(world.landlord)}
    async with quiet():
        await again(world.seeker, ListingReserved(listing_id=listing.id, reservation_id=held.id))


async def test_who_gives_a_reservation_up_is_not_told_the_other_is(world: World) -> None:
    listing = await world.offer()
    for who, other, why in (
        (world.seeker, world.landlord, "BY_SEEKER"),
        (world.landlord, world.seeker, "BY_LANDLORD"),
    ):
        held = await reserve_listing(world.seeker, listing_id=listing.id)
        await Notification.all().delete()
        await release_reservation(who, listing_id=listing.id)
        assert await told() == {Topic.RESERVATION_RELEASED: ids(other)}
        assert (await params_of(Topic.RESERVATION_RELEASED))[0]["why"] == why
        async with quiet():
            event = ReservationReleased(listing_id=listing.id, reservation_id=held.id)
            await again(who, event)


async def test_a_room_let_is_told_to_who_held_it_and_not_as_saved_too(world: World) -> None:
    listing = await world.offer()
    await world.save(listing)
    await world.save(listing, world.seeker)
    await reserve_listing(world.seeker, listing_id=listing.id)
    await Notification.all().delete()
    await mark_listing_let(world.landlord, listing_id=listing.id)
    assert await told() == {
        Topic.RESERVATION_RELEASED: ids(world.seeker),
        Topic.SAVED_LISTING_GONE: ids(world.saver),
    }
    assert (await params_of(Topic.RESERVATION_RELEASED))[0]["why"] == "LET"
    async with quiet():
        await again(world.landlord, ListingLet(listing_id=listing.id, place_id=world.place.id))


async def test_both_hear_that_the_time_of_a_reservation_is_over(world: World) -> None:
    listing = await world.offer()
    held = await reserve_listing(world.seeker, listing_id=listing.id)
    await Notification.all().delete()
    await Reservation.filter(id=held.id).update(until=now() - timedelta(seconds=1))
    await expire_reservations()
    assert await told() == {Topic.RESERVATION_EXPIRED: ids(world.seeker, world.landlord)}
    assert await Reservation.filter(id=held.id, state=ReservationState.EXPIRED).exists()


async def test_the_landlord_hears_that_who_held_the_room_closed_the_account(world: World) -> None:
    listing = await world.offer()
    await reserve_listing(world.seeker, listing_id=listing.id)
    await Notification.all().delete()
    await close_account(world.seeker)
    assert await told() == {Topic.RESERVATION_RELEASED: ids(world.landlord)}


async def test_who_holds_a_room_hears_of_its_suspension_and_of_its_return(world: World) -> None:
    listing = await world.offer()
    await reserve_listing(world.seeker, listing_id=listing.id)
    await Notification.all().delete()
    for round_ in (1, 2):
        block = await block_place(world.supervisor, place_id=world.place.id, reason=WHY)
        async with quiet():
            await again(world.supervisor, ListingsSuspended(place_id=world.place.id, count=1))
        await end_block(world.supervisor, block_id=block.id)
        of_the_holder = [row.topic for row in await news() if row.account_id == world.seeker.id]
        expected = [Topic.RESERVED_ROOM_SUSPENDED, Topic.RESERVED_ROOM_RESTORED]
        assert of_the_holder == expected * round_


async def test_a_suspended_offer_withdrawn_is_told_to_who_held_it(world: World) -> None:
    listing = await world.offer()
    await reserve_listing(world.seeker, listing_id=listing.id)
    await block_place(world.supervisor, place_id=world.place.id, reason=WHY)
    await Notification.all().delete()
    await withdraw_listing(world.landlord, listing_id=listing.id)
    assert await told() == {Topic.RESERVATION_RELEASED: ids(world.seeker)}
    async with quiet():
        await again(
            world.landlord, ListingWithdrawn(listing_id=listing.id, place_id=world.place.id)
        )


# Enquiries and viewings


async def test_words_are_told_to_the_other_side(world: World) -> None:
    listing = await world.offer()
    enquiry = await send_enquiry(world.seeker, listing_id=listing.id, words=f"{CANARY}您好")
    assert await told() == {Topic.ENQUIRY_RECEIVED: ids(world.landlord)}
    async with quiet():
        await again(world.seeker, EnquirySent(enquiry_id=enquiry.id))
    await answer_enquiry(world.landlord, enquiry_id=enquiry.id, words=f"{CANARY}在的")
    assert await told() == {
        Topic.ENQUIRY_RECEIVED: ids(world.landlord),
        Topic.ENQUIRY_ANSWERED: ids(world.seeker),
    }


async def test_more_words_are_told_once_the_earlier_are_read(world: World) -> None:
    listing = await world.offer()
    await send_enquiry(world.seeker, listing_id=listing.id, words="一")
    async with quiet():
        await send_enquiry(world.seeker, listing_id=listing.id, words="二")
    await Notification.all().update(read_at=now())
    await send_enquiry(world.seeker, listing_id=listing.id, words="三")
    assert len(await news()) == 2
    await Notification.all().update(created_at=now() - timedelta(hours=2))
    await send_enquiry(world.seeker, listing_id=listing.id, words="四")
    assert len(await news()) == 3


async def test_one_act_is_one_message_of_what_matters_most(world: World) -> None:
    listing = await world.offer()
    enquiry = await send_enquiry(
        world.seeker, listing_id=listing.id, words="看房", viewing_at=a_time(), share_phone=True
    )
    assert await told() == {Topic.VIEWING_PROPOSED: ids(world.landlord)}
    (params,) = await params_of(Topic.VIEWING_PROPOSED)
    assert datetime.fromisoformat(params["viewing_at"]) == a_time()
    await answer_enquiry(
        world.landlord,
        enquiry_id=enquiry.id,
        viewing=ViewingAnswer.DECLINE,
        propose_viewing_at=a_time(4),
    )
    assert [row.topic for row in await news()] == [Topic.VIEWING_PROPOSED] * 2
    assert (await news())[-1].account_id == world.seeker.id


async def test_a_viewing_is_followed_by_the_other_side(world: World) -> None:
    listing = await world.offer()
    enquiry = await send_enquiry(
        world.seeker, listing_id=listing.id, words="看房", viewing_at=a_time()
    )
    await Notification.all().delete()
    await answer_enquiry(world.landlord, enquiry_id=enquiry.id, viewing=ViewingAnswer.CONFIRM)
    assert await told() == {Topic.VIEWING_CONFIRMED: ids(world.seeker)}
    await cancel_viewing(world.seeker, enquiry_id=enquiry.id)
    assert (await told())[Topic.VIEWING_CANCELLED] == ids(world.landlord)
    async with quiet():
        await again(world.seeker, ViewingDecided(enquiry_id=enquiry.id, by_landlord=False))
    await Notification.all().delete()
    await send_enquiry(world.seeker, listing_id=listing.id, words="再约", viewing_at=a_time())
    await answer_enquiry(world.landlord, enquiry_id=enquiry.id, viewing=ViewingAnswer.DECLINE)
    assert (await told())[Topic.VIEWING_DECLINED] == ids(world.seeker)


async def test_the_same_time_called_off_twice_is_told_twice(world: World) -> None:
    listing = await world.offer()
    enquiry = await send_enquiry(
        world.seeker, listing_id=listing.id, words="看房", viewing_at=a_time()
    )
    for _ in range(2):
        await cancel_viewing(world.seeker, enquiry_id=enquiry.id)
        await answer_enquiry(world.landlord, enquiry_id=enquiry.id, propose_viewing_at=a_time())
    cancelled = [row for row in await news() if row.topic == Topic.VIEWING_CANCELLED]
    assert [row.account_id for row in cancelled] == [world.landlord.id] * 2


async def test_closing_a_conversation_calls_its_viewing_off(world: World) -> None:
    listing = await world.offer()
    enquiry = await send_enquiry(
        world.seeker, listing_id=listing.id, words="看房", viewing_at=a_time()
    )
    await Notification.all().delete()
    await close_enquiry(world.landlord, enquiry_id=enquiry.id)
    assert await told() == {Topic.VIEWING_CANCELLED: ids(world.seeker)}


async def test_a_number_that_is_shared_is_told_and_never_named(world: World) -> None:
    listing = await world.offer()
    enquiry = await send_enquiry(world.seeker, listing_id=listing.id, words="您好")
    await answer_enquiry(world.landlord, enquiry_id=enquiry.id, share_phone=True)
    assert (await told())[Topic.PHONE_SHARED] == ids(world.seeker)
    async with quiet():
        await stop_sharing_phone(world.landlord, enquiry_id=enquiry.id)


# Pictures


async def test_who_shows_a_picture_hears_that_it_was_painted_over(world: World) -> None:
    listing = await world.offer()
    photo = await factories.photo(listing)
    other = await person("别的房东")
    house = await factories.place(name="样例别墅")
    elsewhere = await factories.listing(await factories.room(house), other)
    await ListingPhoto.create(listing_id=elsewhere.id, photo_id=photo.id, position=0)
    made = await factories.redaction(photo, await GridPost.get(staff_id=world.supervisor.id))
    async with counted() as jobs:
        await again(world.supervisor, PhotoRedacted(redaction_id=made.id, photo_id=photo.id))
    assert await told() == {Topic.PHOTO_REDACTED: {world.landlord.id, other.id}}
    assert len(jobs) == 1
    async with quiet():
        await again(world.supervisor, PhotoRedacted(redaction_id=made.id, photo_id=photo.id))


# Nothing by halves


async def test_nothing_is_told_of_what_was_taken_back(world: World) -> None:
    listing = await world.offer()
    await world.save(listing)

    async def fail() -> None:
        async with work(world.landlord):
            await withdraw_listing(world.landlord, listing_id=listing.id)
            await block_place(world.supervisor, place_id=world.place.id, reason=WHY)
            raise ZeroDivisionError

    async with quiet(), counted() as jobs:
        with pytest.raises(ZeroDivisionError):
            await fail()
    assert jobs == []


async def test_nothing_is_told_of_what_was_refused(world: World) -> None:
    listing = await world.offer()
    async with quiet():
        with pytest.raises(DomainError):
            await reserve_listing(world.landlord, listing_id=listing.id)


async def test_locked_and_closed_accounts_are_told_nothing(world: World) -> None:
    listing = await world.offer()
    await world.save(listing)
    account = await world.account(world.saver)
    account.locked_at = now()
    await account.save(update_fields=["locked_at"])
    async with quiet():
        await withdraw_listing(world.landlord, listing_id=listing.id)
