"""Many listings at once: by the rules of one, all or nothing, statements that don't grow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from core.clock import now
from core.errors import InvalidInput, NotFound, Unauthenticated, WrongState
from identity.actor import Actor, Role
from identity.models import Account
from landlord import content_check
from landlord.batches import (
    NewRent,
    change_rents,
    common,
    create_listings,
    drafted_with,
    publish_listings,
    refresh_listings,
    withdraw_listings,
)
from landlord.content_check import Verdict, Words
from landlord.models import (
    LetBy,
    Listing,
    ListingPhoto,
    ListingSnapshot,
    ListingState,
    ReportState,
    Reservation,
    ReservationState,
    SnapshotOccasion,
)
from landlord.search.projection import reconcile, reindex
from landlord.workflow import ListingAction, find
from management.models import Place, PlaceBlockKind, Room, RoomState
from media.models import Photo
from tests import factories
from tests.management.support import VISITOR, entries, jobs, refused, signed_in, staff
from tests.schema.counting import statements

DRAFT, PUBLISHED = ListingState.DRAFT, ListingState.PUBLISHED


class House(NamedTuple):
    """A house with three rooms and a draft of each, and who runs it."""

    place: Place
    rooms: list[Room]
    drafts: list[Listing]
    owner: Account
    landlord: Actor

    @property
    def ids(self) -> list[Any]:
        return [draft.id for draft in self.drafts]


async def a_house(owner: Account, *numbers: str, state: ListingState = DRAFT) -> House:
    place = await factories.place()
    await factories.claim(owner, place)
    rooms = [await factories.room(place, number) for number in numbers]
    drafts = [await factories.listing(room, owner, state=state) for room in rooms]
    return House(place, rooms, drafts, owner, signed_in(owner))


@pytest.fixture
async def house(town: None) -> House:
    return await a_house(await factories.account(), "301", "302", "303")


async def asking(house: House, *rents: Decimal | None) -> dict[Any, NewRent]:
    """Rents for the listings of a house as they are now; none, to be given with a percentage."""
    versions = dict(await Listing.filter(id__in=house.ids).values_list("id", "version"))
    wanted = rents or [None] * len(house.ids)
    return {
        key: NewRent(expected_version=versions[key], rent=rent)
        for key, rent in zip(house.ids, wanted, strict=True)
    }


async def states(house: House) -> list[ListingState]:
    return [(await Listing.get(id=key)).state for key in house.ids]


def named(error: Any) -> list[tuple[str, str]]:
    return [(item["room"], item["reason"]) for item in error.params["items"]]


async def test_drafts_become_public_with_their_evidence_and_their_trail(house: House) -> None:
    await Room.filter(id=house.rooms[0].id).update(state=RoomState.LET)
    done = await publish_listings(house.landlord, listing_ids=house.ids[::-1])
    assert [listing.id for listing in done] == house.ids[::-1]
    for key in house.ids:
        listing = await Listing.get(id=key)
        assert (listing.state, listing.version) == (PUBLISHED, 2)
        assert listing.published_at == listing.refreshed_at is not None
        (kept,) = await ListingSnapshot.filter(listing_id=key)
        assert (kept.version, kept.occasion) == (2, SnapshotOccasion.PUBLISHED)
        assert kept.content["listing"]["published_at"] == listing.published_at.isoformat()
        assert [entry.action for entry in await entries(key)] == ["publishListing"]
    assert (await Room.get(id=house.rooms[0].id)).state is RoomState.VACANT
    told = dict(await jobs())
    assert set(told) == {"rooms_updated", "listings_published"}
    assert sorted(told["listings_published"]["listing_ids"]) == sorted(map(str, house.ids))
    vacated = {"place_id": str(house.place.id), "room_ids": [str(house.rooms[0].id)]}
    assert told["rooms_updated"] == vacated


async def test_each_room_at_fault_is_named_and_none_is_public(house: House) -> None:
    await factories.listing(house.rooms[0], await factories.account())
    await Room.filter(id=house.rooms[1].id).update(state=RoomState.OUT_OF_USE)
    await Listing.filter(id=house.ids[2]).update(state=ListingState.LET)
    fine = await a_house(house.owner, "101")
    attempt = publish_listings(house.landlord, listing_ids=[*house.ids, *fine.ids])
    error = await refused(WrongState, attempt, reason="ITEMS")
    assert named(error) == [("301", "ROOM_ON_OFFER"), ("302", "OUT_OF_USE"), ("303", "LET")]
    assert {item["code"] for item in error.params["items"]} == {room.code for room in house.rooms}


async def test_a_house_below_the_standard_keeps_the_rooms_of_the_others_back(house: House) -> None:
    other = await a_house(house.owner, "101", "102")
    await factories.block(other.place, kind=PlaceBlockKind.MEASURE)
    attempt = publish_listings(house.landlord, listing_ids=house.ids + other.ids)
    error = await refused(WrongState, attempt, reason="ITEMS")
    assert named(error) == [("101", "STANDARD_NOT_MET"), ("102", "STANDARD_NOT_MET")]
    assert error.params["items"][0]["missing"] == ["BLOCKED_MEASURE"]


async def test_two_drafts_of_one_room_are_not_both_public(house: House) -> None:
    second = await factories.listing(house.rooms[0], house.owner, state=DRAFT)
    attempt = publish_listings(house.landlord, listing_ids=[house.ids[0], second.id])
    error = await refused(WrongState, attempt, reason="ITEMS")
    assert named(error) == [("301", "ROOM_ON_OFFER")]


async def test_words_that_staff_read_first_hold_up_their_own_listing_only(house: House) -> None:
    await Listing.filter(id=house.ids[1]).update(description="加微信 13800000000")
    await publish_listings(house.landlord, listing_ids=house.ids)
    assert await states(house) == [PUBLISHED, ListingState.IN_REVIEW, PUBLISHED]
    assert not await ListingSnapshot.filter(listing_id=house.ids[1]).exists()


async def test_words_that_may_not_be_published_keep_all_back(house: House) -> None:
    await Listing.filter(id=house.ids[1]).update(title="不能发布的话")

    async def checker(words: Words) -> Verdict:
        return Verdict.RISKY if words.title == "不能发布的话" else Verdict.PASS

    content_check.configure(checker)
    try:
        attempt = publish_listings(house.landlord, listing_ids=house.ids)
        error = await refused(WrongState, attempt, reason="ITEMS")
    finally:
        content_check.configure(None)
    assert named(error) == [("302", "RISKY_CONTENT")]


async def test_a_room_whose_offer_was_taken_down_is_read_by_staff_first(house: House) -> None:
    over = await factories.listing(house.rooms[0], house.owner, state=ListingState.WITHDRAWN)
    report = await factories.report(over, await factories.account())
    decided = now() + timedelta(seconds=1)
    await type(report).filter(id=report.id).update(state=ReportState.UPHELD, decided_at=decided)
    await publish_listings(house.landlord, listing_ids=house.ids)
    assert await states(house) == [ListingState.IN_REVIEW, PUBLISHED, PUBLISHED]


async def test_offers_begin_their_days_again(town: None) -> None:
    house = await a_house(await factories.account(), "301", "302", state=PUBLISHED)
    old = now() - timedelta(days=29)
    await Listing.filter(id__in=house.ids).update(refreshed_at=old, warned_at=old)
    await refresh_listings(house.landlord, listing_ids=house.ids)
    for key in house.ids:
        listing = await Listing.get(id=key)
        assert listing.refreshed_at is not None
        assert listing.refreshed_at > old
        assert (listing.warned_at, listing.state, listing.version) == (None, PUBLISHED, 2)
        assert [entry.action for entry in await entries(key)] == ["refreshListing"]


async def test_offers_are_taken_back_and_who_held_a_suspended_one_is_told(town: None) -> None:
    house = await a_house(await factories.account(), "301", "302", state=PUBLISHED)
    held = await factories.listing(
        await factories.room(house.place, "303"),
        house.owner,
        state=ListingState.SUSPENDED,
        state_before=ListingState.RESERVED,
    )
    kept = await factories.reservation(held, await factories.account())
    await withdraw_listings(house.landlord, listing_ids=[*house.ids, held.id])
    for key in (*house.ids, held.id):
        listing = await Listing.get(id=key)
        assert (listing.state, listing.state_before) == (ListingState.WITHDRAWN, None)
    assert (await Reservation.get(id=kept.id)).state is ReservationState.RELEASED


async def test_rents_change_each_by_its_own_or_all_by_a_share(house: House) -> None:
    await Listing.filter(id=house.ids[1]).update(
        state=PUBLISHED, published_at=now(), refreshed_at=now()
    )
    wanted = await asking(house, *map(Decimal, ("900", "910.50", "850")))
    await change_rents(house.landlord, rents=wanted)
    rows = [await Listing.get(id=key) for key in house.ids]
    assert [row.rent for row in rows] == [Decimal(900), Decimal("910.50"), Decimal(850)]
    # The third costs what it did: it is the same offer still.
    assert [row.version for row in rows] == [2, 2, 1]
    (kept,) = await ListingSnapshot.filter(listing_id__in=house.ids)
    assert (kept.listing_id, kept.occasion) == (house.ids[1], SnapshotOccasion.CHANGED)
    assert kept.content["listing"]["rent"] == "910.50"

    await change_rents(house.landlord, rents=await asking(house), percent=Decimal(-5))
    rents = [(await Listing.get(id=key)).rent for key in house.ids]
    assert rents == [Decimal(855), Decimal(865), Decimal(808)]


@pytest.mark.parametrize(
    ("rents", "percent", "field", "reason"),
    [
        ((None, None), None, "input.items", "RENT_OR_PERCENT"),
        ((Decimal(1), None), None, "input.items", "RENT_OR_PERCENT"),
        ((Decimal(1), None), Decimal(5), "input.items", "RENT_OR_PERCENT"),
        ((None, None), Decimal(51), "input.percent", "OUT_OF_RANGE"),
        ((None, None), Decimal("NaN"), "input.percent", None),
        ((Decimal(900), Decimal(0)), None, "input.items.1.rent", "OUT_OF_RANGE"),
    ],
)
async def test_a_rent_each_or_one_share_for_all(
    house: House, rents: Any, percent: Any, field: str, reason: str | None
) -> None:
    wanted = await asking(house._replace(drafts=house.drafts[:2]), *rents)
    attempt = change_rents(house.landlord, rents=wanted, percent=percent)
    await refused(InvalidInput, attempt, field=field, reason=reason)


async def test_what_may_not_change_and_what_would_cost_nothing_is_named(house: House) -> None:
    await Listing.filter(id=house.ids[0]).update(state=ListingState.IN_REVIEW)
    await Listing.filter(id=house.ids[1]).update(rent=Decimal("0.50"))
    attempt = change_rents(house.landlord, rents=await asking(house), percent=Decimal(-50))
    error = await refused(WrongState, attempt, reason="ITEMS")
    assert named(error) == [("301", "IN_REVIEW"), ("302", "OUT_OF_RANGE")]


@pytest.mark.parametrize("percent", [None, Decimal(-5)])
async def test_a_rent_is_changed_from_what_the_landlord_saw(
    house: House, percent: Decimal | None
) -> None:
    seen = await asking(house, *[Decimal(900) if percent is None else None] * 3)
    changed = {house.ids[1]: NewRent(expected_version=1, rent=Decimal(1000))}
    await change_rents(house.landlord, rents=changed)
    attempt = change_rents(house.landlord, rents=seen, percent=percent)
    error = await refused(WrongState, attempt, reason="ITEMS")
    assert error.params["items"] == [
        {
            "room": "302",
            "code": house.rooms[1].code,
            "reason": "STALE_VERSION",
            "version": 2,
        }
    ]
    rows = [await Listing.get(id=key) for key in house.ids]
    assert [(row.rent, row.version) for row in rows] == [
        (Decimal(850), 1), (Decimal(1000), 2), (Decimal(850), 1),
    ]  # fmt: skip


async def test_a_share_is_not_taken_twice_by_who_asks_again(house: House) -> None:
    seen = await asking(house)
    await change_rents(house.landlord, rents=seen, percent=Decimal(-5))
    again = change_rents(house.landlord, rents=seen, percent=Decimal(-5))
    error = await refused(WrongState, again, reason="ITEMS")
    assert named(error) == [(number, "STALE_VERSION") for number in ("301", "302", "303")]
    assert {(await Listing.get(id=key)).rent for key in house.ids} == {Decimal(808)}


async def ask_another_rent(of: House) -> Any:
    rents = await asking(of, *[Decimal(901)] * len(of.drafts))
    return await change_rents(of.landlord, rents=rents)


ACTS: dict[ListingAction, Callable[[House], Awaitable[Any]]] = {
    ListingAction.PUBLISH: lambda of: publish_listings(of.landlord, listing_ids=of.ids),
    ListingAction.REFRESH: lambda of: refresh_listings(of.landlord, listing_ids=of.ids),
    ListingAction.WITHDRAW: lambda of: withdraw_listings(of.landlord, listing_ids=of.ids),
    ListingAction.UPDATE: lambda of: ask_another_rent(of),
}


@pytest.mark.parametrize("state", list(ListingState))
@pytest.mark.parametrize("action", list(ACTS))
async def test_only_the_moves_of_the_table(
    town: None, action: ListingAction, state: ListingState
) -> None:
    house = await a_house(await factories.account(), "301", state=state)
    await reindex(listing_ids=house.ids)
    row = find(state, house.drafts[0].state_before, action)
    if row is None:
        error = await refused(WrongState, ACTS[action](house), reason="ITEMS")
        assert named(error) == [("301", state.value)]
    else:
        await ACTS[action](house)
        assert (await states(house))[0] in row.to
        assert await reconcile() == 0


@pytest.mark.parametrize("action", list(ACTS))
async def test_one_of_somebody_else_and_all_are_absent(house: House, action: ListingAction) -> None:
    other = await a_house(await factories.account(), "301")
    mixed = house._replace(drafts=[*house.drafts, *other.drafts])
    await refused(NotFound, ACTS[action](mixed))
    for actor in (signed_in(await factories.account()), staff(Role.SUPERVISOR)):
        await refused(NotFound, ACTS[action](house._replace(landlord=actor)))
    await refused(Unauthenticated, ACTS[action](house._replace(landlord=VISITOR)))


@pytest.mark.parametrize("action", list(ACTS))
async def test_none_too_many_and_one_twice_are_refused(
    house: House, action: ListingAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refused(InvalidInput, ACTS[action](house._replace(drafts=[])), reason="COUNT")
    fewer = common.rules().model_copy(update={"batch_rooms": 2})
    monkeypatch.setattr(common, "rules", lambda: fewer)
    await refused(InvalidInput, ACTS[action](house), reason="COUNT")
    if action is not ListingAction.UPDATE:  # a mapping has each once
        twice = house._replace(drafts=[house.drafts[0]] * 2)
        await refused(InvalidInput, ACTS[action](twice), reason="TWICE")


async def test_rooms_are_drafted_with_their_numbers_areas_rents_and_the_same_pictures(
    town: None,
) -> None:
    house = await a_house(await factories.account(), "301")
    rooms = [
        await factories.room(house.place, "401", rent=Decimal(700), area=Decimal(12)),
        await factories.room(house.place, "402", rent=Decimal(800), area=Decimal(15)),
    ]
    photo = await Photo.create(owner_id=house.owner.id, width=720, height=540)
    made = await create_listings(
        house.landlord,
        room_ids=[room.id for room in rooms],
        title="{number} 房 {other}",
        values={"deposit": Decimal(500), "facilities": []},
        photo_ids=[photo.id],
    )
    rows = [await Listing.get(id=listing.id) for listing in made]
    assert [row.title for row in rows] == ["401 房 {other}", "402 房 {other}"]
    assert [(row.rent, row.area, row.deposit) for row in rows] == [
        (Decimal(700), Decimal(12), Decimal(500)),
        (Decimal(800), Decimal(15), Decimal(500)),
    ]
    assert {row.state for row in rows} == {DRAFT}
    for row in rows:
        assert await ListingPhoto.filter(listing_id=row.id).values_list("photo_id", flat=True) == [
            photo.id
        ]
        assert [entry.action for entry in await entries(row.id)] == ["createListing"]
    again = await drafted_with(
        house.landlord, listing_id=rows[0].id, room_ids=[room.id for room in rooms]
    )
    assert again == [row.id for row in rows]


async def test_rooms_that_cannot_be_drafted_are_named_each_and_none_is_drafted(
    house: House,
) -> None:
    lost = await factories.room(house.place, "401", state=RoomState.OUT_OF_USE)
    free = await factories.room(house.place, "402", rent=None)
    small = await factories.room(house.place, "403", rent=Decimal(700))
    rooms = [house.rooms[0].id, lost.id, free.id, small.id]
    attempt = create_listings(house.landlord, room_ids=rooms, title="{number} 房", values={})
    error = await refused(WrongState, attempt, reason="ITEMS")
    assert ("401", "OUT_OF_USE") in named(error)
    assert ("402", "RENT_UNKNOWN") in named(error)
    assert "403" not in dict(named(error))
    by_bed = {"rent": Decimal(300), "let_by": LetBy.BED, "beds": 2}
    attempt = create_listings(house.landlord, room_ids=[small.id], title="床位", values=by_bed)
    error = await refused(WrongState, attempt, reason="ITEMS")
    assert named(error) == [("403", "NOT_DORMITORY")]
    attempt = create_listings(
        house.landlord, room_ids=rooms[:1], title="单间", values={"rent": Decimal(700)}
    )
    error = await refused(WrongState, attempt, reason="ITEMS")
    assert named(error) == [("301", "DRAFT_EXISTS")]


async def test_drafts_are_made_of_ones_own_rooms_with_ones_own_pictures(house: House) -> None:
    room = await factories.room(house.place, "401")
    foreign = await factories.room(await factories.place(), "401")
    values = {"rent": Decimal(700)}

    def drafting(actor: Actor, *rooms: Room, **more: Any) -> Awaitable[Any]:
        ids = [of.id for of in rooms]
        return create_listings(actor, room_ids=ids, title="单间", values=values, **more)

    await refused(NotFound, drafting(house.landlord, room, foreign))
    await refused(NotFound, drafting(staff(Role.SUPERVISOR), room))
    await refused(Unauthenticated, drafting(VISITOR, room))
    await refused(InvalidInput, drafting(house.landlord), reason="COUNT")
    await refused(InvalidInput, drafting(house.landlord, room, room), reason="TWICE")
    theirs = await Photo.create(owner_id=(await factories.account()).id, width=720, height=540)
    await refused(NotFound, drafting(house.landlord, room, photo_ids=[theirs.id]))


async def test_the_statements_do_not_grow_with_the_rooms(town: None) -> None:
    owner = await factories.account()
    costs: list[list[int]] = []
    for size in (2, 40):
        place = await factories.place()
        await factories.claim(owner, place)
        rooms = [
            await factories.room(place, str(number), state=RoomState.LET)
            for number in range(301, 301 + size)
        ]
        actor, cost = signed_in(owner), []
        photo = await Photo.create(owner_id=owner.id, width=720, height=540)
        async with statements() as seen:
            made = await create_listings(
                actor,
                room_ids=[room.id for room in rooms],
                title="{number}",
                values={"rent": Decimal(700)},
                photo_ids=[photo.id],
            )
        cost.append(len(seen))
        house = House(place, rooms, made, owner, actor)
        for action in ACTS:
            async with statements() as seen:
                await ACTS[action](house)
            cost.append(len(seen))
            if action is ListingAction.WITHDRAW:
                await Listing.filter(id__in=house.ids).update(state=DRAFT)
        costs.append(cost)
    assert costs[0] == costs[1]
    assert max(costs[0]) <= 30
