"""Listings, one use case after the other: what is written, what is refused."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from core.errors import Conflict, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import SYSTEM, Actor, Permission, Role
from landlord.access import visible_listings
from landlord.listings import create_listing, update_listing
from landlord.models import Listing, ListingState
from landlord.publishing import publish_listing, withdraw_listing
from landlord.workflow import WAITING
from management.blocks import block_place, end_block
from management.claims import end_landlord
from management.models import Place, PlaceClaim, Room, RoomState
from management.places import close_place, update_place
from tests import factories
from tests.management.support import (
    BAD_NUMBERS,
    COMMUNITY,
    HOSTILE,
    OTHER_COMMUNITY,
    OTHER_GRID,
    SIBLING,
    VISITOR,
    app,
    code_of,
    entries,
    holding,
    inside,
    jobs,
    refused,
    refused_input,
    signed_in,
    staff,
)


class House(NamedTuple):
    """A house with one room and who runs it."""

    place: Place
    room: Room
    landlord: Actor
    claim: PlaceClaim


@pytest.fixture
async def house(town: None) -> House:
    place, who = await factories.place(), await factories.account()
    claim = await factories.claim(who, place)
    return House(place, await factories.room(place), signed_in(who), claim)


def values(**given: Any) -> dict[str, Any]:
    return {"title": "采光好的单间", "rent": Decimal(850), **given}


def creating(house: House, actor: Actor | None = None, **given: Any) -> Awaitable[Listing]:
    return create_listing(actor or house.landlord, room_id=house.room.id, values=values(**given))


def updating(actor: Actor, listing: Listing, **given: Any) -> Awaitable[Listing]:
    version = given.pop("expected_version", listing.version)
    return update_listing(actor, listing_id=listing.id, expected_version=version, values=given)


async def published_and_drafted(house: House) -> tuple[Listing, Listing]:
    """What is on offer of a room, and what is to be offered next."""
    published = await creating(house)
    await publish_listing(house.landlord, listing_id=published.id)
    return published, await creating(house)


async def fresh(listing: Listing) -> Listing:
    return await Listing.get(id=listing.id)


# Creating


async def test_a_landlord_drafts_an_offer_of_a_room_of_theirs(house: House) -> None:
    made = await fresh(
        await creating(
            house,
            title=" 采光好的单间 ",
            description="第一行\r\n第二行",
            deposit=Decimal(1700),
            available_from=date(2026, 12, 1),
        )
    )
    assert (made.state, made.version, made.published_at) == (ListingState.DRAFT, 1, None)
    assert (made.room_id, made.place_id) == (house.room.id, house.place.id)
    assert made.landlord_id == house.landlord.id
    assert made.community_code == house.place.community_code
    assert (made.title, made.description) == ("采光好的单间", "第一行\n第二行")
    assert (made.rent, made.deposit) == (Decimal("850.00"), Decimal("1700.00"))
    assert made.area == house.room.area
    (entry,) = await entries(made.id)
    assert (entry.action, entry.actor_id) == ("createListing", house.landlord.id)
    assert entry.details == {"room": str(house.room.id)}
    assert await jobs() == []


async def test_a_given_area_is_kept_also_none(house: House) -> None:
    assert (await creating(house, area=Decimal("12.34"))).area == Decimal("12.34")
    other = house._replace(room=await factories.room(house.place, "303"))
    assert (await creating(other, area=None)).area is None


@pytest.mark.parametrize("state", [ListingState.DRAFT, ListingState.IN_REVIEW])
async def test_a_landlord_has_one_draft_of_a_room(house: House, state: ListingState) -> None:
    first = await creating(house)
    await Listing.filter(id=first.id).update(state=state)
    await refused(Conflict, creating(house), reason="DRAFT_EXISTS")
    await refused_input(creating(house, rent=Decimal(0)), "input.rent", "OUT_OF_RANGE")
    assert await Listing.filter(room_id=house.room.id).count() == 1
    partner = await factories.account()
    await factories.claim(partner, house.place)
    assert (await creating(house, signed_in(partner))).state is ListingState.DRAFT


@pytest.mark.parametrize("state", [s for s in ListingState if s not in WAITING])
async def test_what_was_public_once_stands_in_no_drafts_way(
    house: House, state: ListingState
) -> None:
    who = await PlaceClaim.get(id=house.claim.id).select_related("account")
    await factories.listing(house.room, who.account, state=state)
    assert (await creating(house)).state is ListingState.DRAFT


@pytest.mark.parametrize("field", ["title", "description"])
@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_put_up_nowhere(house: House, field: str, text: str) -> None:
    await refused_input(creating(house, **{field: text}), f"input.{field}")
    draft = await creating(house)
    await refused_input(updating(house.landlord, draft, **{field: text}), f"input.{field}")


@pytest.mark.parametrize("title", [None, "", " ", "单", "一" * 61, "两\n行"])
async def test_a_title_is_one_line_of_2_to_60_characters(house: House, title: str | None) -> None:
    await refused_input(creating(house, title=title), "input.title")
    draft = await creating(house)
    await refused_input(updating(house.landlord, draft, title=title), "input.title")


@pytest.mark.parametrize("field", ["rent", "deposit", "area"])
@pytest.mark.parametrize("bad", BAD_NUMBERS)
async def test_impossible_numbers_are_refused(house: House, field: str, bad: Decimal) -> None:
    await refused_input(creating(house, **{field: bad}), f"input.{field}", "OUT_OF_RANGE")
    draft = await creating(house)
    await refused_input(updating(house.landlord, draft, **{field: bad}), f"input.{field}")


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("rent", Decimal(0)),
        ("rent", Decimal("0.99")),
        ("rent", Decimal("100000.01")),
        ("rent", None),
        ("deposit", Decimal("1200000.01")),
        ("area", Decimal("0.99")),
        ("area", Decimal("2000.01")),
        ("available_from", date(1999, 12, 31)),
        ("available_from", date(2101, 1, 1)),
    ],
)
async def test_values_lie_within_their_ends(house: House, field: str, bad: Any) -> None:
    path = "availableFrom" if field == "available_from" else field
    await refused_input(creating(house, **{field: bad}), f"input.{path}")
    draft = await creating(house)
    await refused_input(updating(house.landlord, draft, **{field: bad}), f"input.{path}")


async def test_a_room_out_of_use_is_not_put_up(house: House) -> None:
    await Room.filter(id=house.room.id).update(state=RoomState.OUT_OF_USE)
    await refused(WrongState, creating(house), reason="OUT_OF_USE")


# Whose


async def test_only_who_runs_the_house_puts_up_its_rooms(house: House) -> None:
    claimant, former = await factories.account(), await factories.account()
    await factories.claim(claimant, house.place, state="PENDING")
    await factories.claim(former, house.place, state="ENDED")
    nowhere = house._replace(room=Room(id=uuid7()))
    for actor in (signed_in(claimant), signed_in(former), signed_in(await factories.account()),
                  staff(Role.SUPERVISOR), app(Permission.PLACES_WRITE), SYSTEM):  # fmt: skip
        there = await refused(NotFound, creating(house, actor))
        absent = await refused(NotFound, creating(nowhere, actor))
        assert there.extensions() == absent.extensions()
    for where in (house, nowhere):
        await refused(Unauthenticated, creating(where, VISITOR))


async def test_a_listing_is_its_landlords_alone(house: House) -> None:
    partner = await factories.account()
    await factories.claim(partner, house.place)
    draft = await creating(house)
    absent = Listing(id=uuid7(), version=1)
    steps = (
        lambda actor, listing: updating(actor, listing, title="别人的标题"),
        lambda actor, listing: publish_listing(actor, listing_id=listing.id),
        lambda actor, listing: withdraw_listing(actor, listing_id=listing.id),
    )
    same_id = Actor(kind=staff().kind, id=house.landlord.id)
    for step in steps:
        for actor in (signed_in(partner), staff(Role.SUPERVISOR), same_id, SYSTEM):
            there = await refused(NotFound, step(actor, draft))
            nowhere = await refused(NotFound, step(actor, absent))
            assert there.extensions() == nowhere.extensions()
        for listing in (draft, absent):
            await refused(Unauthenticated, step(VISITOR, listing))


async def test_a_draft_is_seen_by_its_landlord_and_the_staff_of_its_grid(house: House) -> None:
    draft = await creating(house)
    other = await factories.account()
    reviewer = holding(Permission.LISTINGS_REVIEW)
    sees = {
        VISITOR: False,
        signed_in(other): False,
        house.landlord: True,
        reviewer: True,
        holding(Permission.LISTINGS_REVIEW, paths=[SIBLING]): False,
        holding(Permission.PLACES_READ): False,
        SYSTEM: True,
    }
    for actor, seen in sees.items():
        assert await visible_listings(actor).filter(id=draft.id).exists() == seen
    await publish_listing(house.landlord, listing_id=draft.id)
    for actor in sees:
        assert await visible_listings(actor).filter(id=draft.id).exists()


# Updating


async def test_an_update_changes_what_is_given_and_counts_up(house: House) -> None:
    draft = await creating(house, deposit=Decimal(850))
    changed = await fresh(await updating(house.landlord, draft, rent=Decimal(900), deposit=None))
    assert (changed.rent, changed.deposit, changed.version) == (Decimal(900), None, 2)
    assert changed.title == draft.title
    entry = (await entries(draft.id))[-1]
    assert (entry.action, entry.details) == ("updateListing", {"fields": ["deposit", "rent"]})
    assert await jobs() == []


async def test_a_stale_version_changes_nothing(house: House) -> None:
    draft = await creating(house)
    await updating(house.landlord, draft, title="新的标题")
    for stale in (0, 1, 3, -1, 10**9):
        error = await refused(
            Conflict,
            updating(house.landlord, draft, title="更新的标题", expected_version=stale),
            reason="STALE_VERSION",
        )
        assert error.params == {"version": 2}


@pytest.mark.parametrize("state", ListingState)
async def test_what_is_let_withdrawn_reserved_or_in_review_stays_as_it_is(
    house: House, state: ListingState
) -> None:
    who = await PlaceClaim.get(id=house.claim.id).select_related("account")
    listing = await factories.listing(house.room, who.account, state=state)
    attempt = updating(house.landlord, listing, title="新的标题")
    if state in {ListingState.DRAFT, ListingState.PUBLISHED, ListingState.SUSPENDED}:
        assert (await attempt).state is state
    else:
        await refused(WrongState, attempt, reason=state.value)


# Publishing and withdrawing


async def test_a_published_offer_is_public_and_told_of(house: House) -> None:
    draft = await creating(house)
    published = await fresh(await publish_listing(house.landlord, listing_id=draft.id))
    assert (published.state, published.version) == (ListingState.PUBLISHED, 2)
    assert published.published_at is not None
    entry = (await entries(draft.id))[-1]
    assert (entry.action, entry.details) == ("publishListing", {"place": str(house.place.id)})
    ids = {"listing_id": str(draft.id), "place_id": str(house.place.id)}
    assert await jobs() == [("listing_published", ids)]


async def test_a_withdrawn_offer_is_public_no_more(house: House) -> None:
    draft = await creating(house)
    await publish_listing(house.landlord, listing_id=draft.id)
    withdrawn = await withdraw_listing(house.landlord, listing_id=draft.id)
    assert (withdrawn.state, withdrawn.version) == (ListingState.WITHDRAWN, 3)
    assert (await entries(draft.id))[-1].action == "withdrawListing"
    assert not await visible_listings(VISITOR).exists()


@pytest.mark.parametrize("state", sorted(set(ListingState) - {ListingState.DRAFT}))
async def test_only_a_draft_is_published(house: House, state: ListingState) -> None:
    who = await PlaceClaim.get(id=house.claim.id).select_related("account")
    listing = await factories.listing(house.room, who.account, state=state)
    await refused(
        WrongState, publish_listing(house.landlord, listing_id=listing.id), reason=state.value
    )


@pytest.mark.parametrize(
    "state", sorted(set(ListingState) - {ListingState.PUBLISHED, ListingState.SUSPENDED})
)
async def test_only_what_is_on_offer_is_withdrawn(house: House, state: ListingState) -> None:
    who = await PlaceClaim.get(id=house.claim.id).select_related("account")
    listing = await factories.listing(house.room, who.account, state=state)
    await refused(
        WrongState, withdraw_listing(house.landlord, listing_id=listing.id), reason=state.value
    )


@pytest.mark.parametrize(
    "state", [ListingState.PUBLISHED, ListingState.RESERVED, ListingState.SUSPENDED]
)
async def test_a_room_is_on_offer_once_also_by_two_who_run_the_house(
    house: House, state: ListingState
) -> None:
    partner = await factories.account()
    await factories.claim(partner, house.place)
    await factories.listing(house.room, partner, state=state)
    draft = await creating(house)
    await refused(
        Conflict, publish_listing(house.landlord, listing_id=draft.id), reason="ROOM_ON_OFFER"
    )


# What happens to the place


async def test_a_block_suspends_the_offers_of_its_place_only(house: House) -> None:
    draft = await creating(house)
    await publish_listing(house.landlord, listing_id=draft.id)
    second = await creating(house._replace(room=await factories.room(house.place, "303")))
    _, _, (elsewhere,) = await factories.house_with_offers(1)
    supervisor = staff(Role.SUPERVISOR)
    first_block = await block_place(supervisor, place_id=house.place.id, reason="测试原因")
    assert (await fresh(draft)).state is ListingState.SUSPENDED
    assert (await fresh(second)).state is ListingState.DRAFT
    assert (await Listing.get(id=elsewhere)).state is ListingState.PUBLISHED
    second_block = await block_place(supervisor, place_id=house.place.id, reason="测试原因")
    await end_block(supervisor, block_id=first_block.id)
    assert (await fresh(draft)).state is ListingState.SUSPENDED
    await end_block(supervisor, block_id=second_block.id)
    back = await fresh(draft)
    assert (back.state, back.version) == (ListingState.PUBLISHED, 4)


async def test_an_offer_withdrawn_while_suspended_does_not_come_back(house: House) -> None:
    draft = await creating(house)
    await publish_listing(house.landlord, listing_id=draft.id)
    block = await block_place(staff(Role.SUPERVISOR), place_id=house.place.id, reason="测试原因")
    await withdraw_listing(house.landlord, listing_id=draft.id)
    await end_block(staff(Role.SUPERVISOR), block_id=block.id)
    assert (await fresh(draft)).state is ListingState.WITHDRAWN


@pytest.mark.parametrize("demolished", [False, True])
async def test_a_closed_place_lets_nothing(house: House, demolished: bool) -> None:
    published, draft = await published_and_drafted(house)
    await close_place(staff(), place_id=house.place.id, expected_version=1, demolished=demolished)
    for listing in (published, draft):
        assert (await fresh(listing)).state is ListingState.WITHDRAWN


async def test_who_no_longer_runs_a_house_lets_nothing_there(house: House) -> None:
    partner = await factories.account()
    await factories.claim(partner, house.place)
    other_room = await factories.room(house.place, "303")
    theirs = await factories.listing(other_room, partner)
    elsewhere = await factories.place()
    who = await PlaceClaim.get(id=house.claim.id).select_related("account")
    kept = await factories.listing(await factories.room(elsewhere), who.account)
    published, draft = await published_and_drafted(house)
    await end_landlord(staff(), claim_id=house.claim.id)
    for listing in (published, draft):
        assert (await fresh(listing)).state is ListingState.WITHDRAWN
    for listing in (theirs, kept):
        assert (await fresh(listing)).state is ListingState.PUBLISHED


async def test_listings_move_with_their_place_to_another_community(house: House) -> None:
    published, draft = await published_and_drafted(house)
    longitude, latitude = await inside(code_of(OTHER_GRID))
    await update_place(
        staff(Role.SUPERVISOR, "441900122/"),
        place_id=house.place.id,
        expected_version=1,
        values={"longitude": longitude, "latitude": latitude},
    )
    for listing in (published, draft):
        assert (await fresh(listing)).community_code == code_of(OTHER_COMMUNITY)


async def test_an_update_of_the_file_leaves_listings_alone(house: House) -> None:
    draft = await creating(house)
    await update_place(
        staff(), place_id=house.place.id, expected_version=1, values={"name": "新名称"}
    )
    kept = await fresh(draft)
    assert (kept.version, kept.updated_at) == (draft.version, draft.updated_at)
    assert kept.community_code == code_of(COMMUNITY)
