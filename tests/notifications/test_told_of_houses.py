"""What who runs a house, who follows it and who works there hear; and accounts of themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import now, today
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM, Role
from identity.events import AccountsMerged
from identity.models import GridPost, StaffMember
from identity.sessions import open_session
from landlord.events import ListingSentToReview, SelfCheckDue
from landlord.models import Listing, ListingState, ReportReason
from landlord.reports import report_listing
from landlord.self_checks import remind_of_self_checks
from management.blocks import block_place, end_block
from management.claims import (
    assign_landlord,
    claim_place,
    decide_claim,
    end_landlord,
    end_over_leases,
    hand_over_place,
    withdraw_claim,
)
from management.events import ClaimDropped, ClaimMade, LandlordEnded, PlaceBlocked
from management.models import ClaimRole, ClaimState, PlaceBlockKind, PlaceClaim
from management.posts import post_to_grid
from notifications.models import Notification
from notifications.topics import RULES, Group, Topic
from tests import factories
from tests.management.claims_support import statement
from tests.management.support import COMMUNITY, GRID, OTHER_GRID, TOWN, employee, signed_in
from tests.notifications.newsworthy import (
    CANARY,
    World,
    again,
    counted,
    ids,
    make_world,
    news,
    officer,
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


async def claimed(world: World, **values: object) -> PlaceClaim:
    """A claim of the seeker's on the house, which waits; its wardens have heard of it."""
    plate = await factories.plate(world.place)
    said = await statement(world.seeker, takes_over=True, **values)
    return await claim_place(world.seeker, plate_token=plate.token, statement=said)


# Claims


async def test_the_wardens_of_the_grid_hear_of_a_claim(world: World) -> None:
    second, elsewhere = await officer(Role.WARDEN), await officer(Role.WARDEN, OTHER_GRID)
    claim = await claimed(world)
    assert await told() == {Topic.CLAIM_TO_DECIDE: ids(world.warden, second)}
    assert elsewhere.id not in ids(world.warden, second)
    async with quiet():
        await again(world.seeker, ClaimMade(claim_id=claim.id, place_id=world.place.id))


async def test_where_no_warden_is_posted_the_next_level_hears(world: World) -> None:
    await GridPost.filter(staff_id=world.warden.id).update(ends_on=today())
    await claimed(world)
    assert await told() == {Topic.CLAIM_TO_DECIDE: ids(world.supervisor)}


async def test_who_left_and_whose_post_has_not_begun_hear_nothing(world: World) -> None:
    await officer(Role.WARDEN, starts_on=today() + timedelta(days=1))
    gone = await officer(Role.WARDEN)
    await StaffMember.filter(id=gone.id).update(left_at=now())
    await claimed(world)
    assert await told() == {Topic.CLAIM_TO_DECIDE: ids(world.warden)}


async def test_a_verified_claim_is_told_once(world: World) -> None:
    other = await factories.place(name="样例别墅")
    claim = await factories.claim(
        await world.account(world.seeker), other, state=ClaimState.PENDING
    )
    await decide_claim(world.warden, claim_id=claim.id, verify=True)
    assert await told() == {Topic.CLAIM_VERIFIED: ids(world.seeker)}


async def test_who_staff_note_as_landlord_hears_of_it(world: World) -> None:
    other = await factories.place(name="样例别墅")
    made = await assign_landlord(
        world.warden, place_id=other.id, phone="19711110000", role=ClaimRole.OWNER
    )
    assert await told() == {Topic.CLAIM_VERIFIED: {made.account_id}}


async def test_a_refused_claim_is_told_without_the_words_of_the_warden(world: World) -> None:
    claim = await claimed(world)
    await Notification.all().delete()
    await decide_claim(world.warden, claim_id=claim.id, verify=False, reason=WHY)
    assert await told() == {Topic.CLAIM_REFUSED: ids(world.seeker)}


async def test_a_house_that_is_taken_over_is_told_to_both_sides_once(world: World) -> None:
    claim = await claimed(world)
    await Notification.all().delete()
    await decide_claim(world.warden, claim_id=claim.id, verify=True)
    assert await told() == {
        Topic.HOUSE_HANDED_OVER: ids(world.landlord),
        Topic.HOUSE_TAKEN_OVER: ids(world.seeker),
    }


async def test_who_no_longer_runs_a_house_hears_why_but_not_of_what_they_did(world: World) -> None:
    await world.offer()
    await end_landlord(world.warden, claim_id=world.claim.id, reason=WHY)
    assert await told() == {Topic.CLAIM_ENDED: ids(world.landlord)}
    assert (await params_of(Topic.CLAIM_ENDED))[0]["why"] == "STAFF_DECISION"
    async with quiet():
        await again(world.warden, LandlordEnded(claim_id=world.claim.id))


async def test_who_leaves_a_house_is_told_nothing(world: World) -> None:
    async with quiet():
        await withdraw_claim(world.landlord, claim_id=world.claim.id)


async def test_a_head_lease_that_is_over_is_told_with_its_reason(world: World) -> None:
    await factories.claim(
        await world.account(world.seeker),
        world.place,
        role=ClaimRole.SUBLANDLORD,
        lease_from=today() - timedelta(days=300),
        lease_until=today() - timedelta(days=1),
    )
    await end_over_leases()
    assert await told() == {Topic.CLAIM_ENDED: ids(world.seeker)}
    assert (await params_of(Topic.CLAIM_ENDED))[0]["why"] == "LEASE_OVER"


async def test_a_successor_hears_that_the_hand_over_was_taken_back(world: World) -> None:
    claim = await hand_over_place(world.landlord, place_id=world.place.id, phone="19711110001")
    assert await told() == {Topic.CLAIM_TO_DECIDE: ids(world.warden)}
    await Notification.all().delete()
    await withdraw_claim(world.landlord, claim_id=claim.id)
    assert await told() == {Topic.CLAIM_ENDED: {claim.account_id}}
    async with quiet():
        await again(world.landlord, ClaimDropped(claim_id=claim.id, place_id=world.place.id))


# Blocks


async def test_a_block_is_told_to_who_runs_the_place_and_who_follows_it(world: World) -> None:
    agent = await person("代管人")
    await factories.claim(agent, world.place, role=ClaimRole.AGENT)
    block = await block_place(world.supervisor, place_id=world.place.id, reason=WHY)
    assert await told() == {
        Topic.LETTING_SUSPENDED: {world.landlord.id, agent.id},
        Topic.FOLLOWED_PLACE_BLOCKED: ids(world.follower),
    }
    assert not any(row.emergency for row in await news())
    async with quiet():
        await again(world.supervisor, PlaceBlocked(place_id=world.place.id, block_id=block.id))


async def test_an_urgent_hazard_is_an_emergency_and_followers_read_no_more_than_they_need(
    world: World,
) -> None:
    await block_place(
        world.supervisor,
        place_id=world.place.id,
        kind=PlaceBlockKind.URGENT_HAZARD,
        reason=WHY,
    )
    assert all(row.emergency for row in await news())
    assert len(await news()) == 2


async def test_who_runs_a_place_and_follows_it_hears_once(world: World) -> None:
    await factories.claim(await world.account(world.follower), world.place, role=ClaimRole.AGENT)
    await block_place(world.supervisor, place_id=world.place.id, reason=WHY)
    assert await told() == {Topic.LETTING_SUSPENDED: ids(world.landlord, world.follower)}


async def test_only_the_end_of_the_last_block_is_told(world: World) -> None:
    first = await block_place(world.supervisor, place_id=world.place.id, reason=WHY)
    second = await block_place(
        world.supervisor, place_id=world.place.id, kind=PlaceBlockKind.MEASURE, reason=WHY
    )
    async with quiet():
        await end_block(world.supervisor, block_id=first.id)
    await Notification.all().delete()
    await end_block(world.supervisor, block_id=second.id)
    assert await told() == {
        Topic.LETTING_RESTORED: ids(world.landlord),
        Topic.FOLLOWED_PLACE_CLEARED: ids(world.follower),
    }


# Self-checks


async def test_who_runs_a_house_is_reminded_once_a_month(world: World) -> None:
    other = await factories.place(name="样例别墅")
    await factories.claim(await world.account(world.seeker), other)
    async with counted() as jobs:
        await remind_of_self_checks()
    assert await told() == {Topic.SELF_CHECK_DUE: ids(world.landlord, world.seeker)}
    assert len(jobs) == 1
    async with quiet():
        await remind_of_self_checks()
        await again(SYSTEM, SelfCheckDue(place_id=world.place.id, month=f"{today():%Y-%m}"))
    await again(SYSTEM, SelfCheckDue(place_id=world.place.id, month="2031-01"))
    assert len(await news()) == 3


# Staff


async def sent_to_review(world: World, *listings: Listing) -> None:
    events = [ListingSentToReview(listing_id=one.id, place_id=one.place_id) for one in listings]
    await again(world.landlord, *events)


async def test_who_reads_offers_nearest_hears_once_for_the_rooms_of_a_house(world: World) -> None:
    desk = await officer(Role.SERVICE_DESK, COMMUNITY)
    await officer(Role.SUPERVISOR, TOWN)
    listings = [
        await world.offer(number, state=ListingState.IN_REVIEW) for number in ("301", "303")
    ]
    async with counted() as jobs:
        await sent_to_review(world, *listings)
    assert await told() == {Topic.LISTING_TO_REVIEW: ids(world.supervisor, desk)}
    assert len(jobs) == 1
    assert (await params_of(Topic.LISTING_TO_REVIEW))[0]["rooms"] == "301,303"
    async with quiet():
        await sent_to_review(world, *listings)


async def test_of_reports_of_one_listing_the_first_is_told(world: World) -> None:
    listing = await world.offer()
    await report_listing(world.seeker, listing_id=listing.id, reason=ReportReason.NOT_REAL)
    assert await told() == {Topic.REPORT_TO_DECIDE: ids(world.supervisor)}
    async with quiet():
        await report_listing(world.saver, listing_id=listing.id, reason=ReportReason.NOT_REAL)


async def test_who_is_posted_hears_where_and_as_what(world: World) -> None:
    newcomer = await employee(f"{CANARY}新人")
    await post_to_grid(
        SYSTEM, staff_id=newcomer.id, grid_code=GRID.split("/")[-2], role=Role.WARDEN
    )
    assert await told() == {Topic.POSTED: {newcomer.id}}
    (params,) = await params_of(Topic.POSTED)
    assert params["role"] == "WARDEN"
    assert params["since"] == today().isoformat()


async def test_news_of_work_reaches_staff_alone_and_other_news_no_staff(world: World) -> None:
    listing = await world.offer()
    await report_listing(world.seeker, listing_id=listing.id, reason=ReportReason.NOT_REAL)
    await block_place(world.supervisor, place_id=world.place.id, reason=WHY)
    for row in await news():
        assert (RULES[Topic(row.topic)].group is Group.WORK) == (row.staff_id is not None)


# Accounts


async def test_a_new_device_is_told_whoever_it_was_and_the_first_is_none(world: World) -> None:
    account = await world.account(world.seeker)
    for device in (f"{CANARY}的手机", f"{CANARY}的手机"):
        async with quiet(), work(signed_in(account)):
            await open_session(account, device=device)
    async with work(signed_in(account)):
        await open_session(account, device=f"{CANARY}的平板")
    assert await told() == {Topic.SIGN_IN_NEW_DEVICE: ids(world.seeker)}


async def test_whose_accounts_became_one_hears_of_it_though_they_did_it(world: World) -> None:
    kept, merged = world.seeker.id, world.saver.id
    assert kept is not None
    assert merged is not None
    event = AccountsMerged(merge_id=uuid7(), kept_id=kept, merged_id=merged)
    await again(world.seeker, event, event)
    assert await told() == {Topic.ACCOUNTS_MERGED: {kept}}
