"""A landlord registers a tenant within three working days, or the house lets nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.clock import now, today
from core.work import work
from identity.actor import SYSTEM, Actor, Role
from landlord.batches import set_room_states
from landlord.models import Listing, ListingState
from landlord.publishing import relist_listing
from landlord.reservations import mark_listing_let
from management.blocks import end_block, kinds_in_force
from management.claims import decide_claim, end_landlord, hand_over_place
from management.leases import record_lease
from management.models import (
    ClaimRole,
    ClaimState,
    DutyState,
    Place,
    PlaceBlock,
    PlaceBlockKind,
    PlaceClaim,
    ResidenceSource,
    Room,
    RoomState,
    TenantDuty,
)
from management.people import duties
from management.people.duties import (
    Said,
    begin_duties,
    block_for_tenant_duties,
    remind_of_tenant_duties,
)
from management.people.residences import begin_residence
from management.places import close_place
from management.rooms import update_room
from management.rules import rules
from management.working_days import after_working_days
from notifications.models import Notification
from notifications.topics import Topic
from tests import factories
from tests.management.support import COMMUNITY, entries, signed_in, staff

LONG_AGO = timedelta(days=60)
OVERDUE = PlaceBlockKind.TENANT_REGISTRATION_OVERDUE


@dataclass
class House:
    """A house with a landlord and one room on offer."""

    place: Place
    room: Room
    landlord: Actor
    offer: Listing

    async def offer_now(self) -> Listing:
        return await Listing.get(id=self.offer.id)

    async def duty(self) -> TenantDuty:
        return await TenantDuty.get(room_id=self.room.id)

    async def let(self, on: date | None = None) -> TenantDuty:
        await mark_listing_let(self.landlord, listing_id=self.offer.id, let_on=on)
        return await self.duty()


@pytest.fixture
async def house(town: None) -> House:
    place = await factories.place(name="样例楼")
    room = await factories.room(place, "302")
    landlord = await factories.account()
    await factories.claim(landlord, place, role=ClaimRole.OWNER)
    return House(place, room, signed_in(landlord), await factories.listing(room, landlord))


async def registered(room: Room) -> None:
    """Somebody is registered in the room from today."""
    person = await factories.person()
    async with work(SYSTEM):
        await Place.filter(id=room.place_id).select_for_update().get()
        await begin_residence(
            person=person,
            room=await Room.get(id=room.id),
            source=ResidenceSource.LANDLORD,
            starts_on=today(),
        )


async def lives_in(room: Room) -> None:
    """Somebody has been registered in the room for long."""
    await factories.residence(await factories.person(), room, starts_on=today() - LONG_AGO)


async def blocks(place: Place) -> list[PlaceBlockKind]:
    return (await kinds_in_force([place.id])).get(place.id, [])


async def told(topic: Topic) -> set[UUID]:
    rows = await Notification.filter(topic=topic)
    return {row.account_id for row in rows if row.account_id is not None}


# How a duty begins


async def test_who_lets_a_room_has_three_working_days(house: House) -> None:
    duty = await house.let()
    assert duty.state is DutyState.OPEN
    assert duty.signed_on == today()
    assert duty.due_on == after_working_days(today(), 3)
    assert duty.account_id == house.landlord.id
    assert rules().tenant_registration_days == 3


async def test_the_term_counts_from_the_day_of_letting(house: House) -> None:
    day = today() - timedelta(days=20)
    duty = await house.let(day)
    assert (duty.signed_on, duty.due_on) == (day, after_working_days(day, 3))


async def test_the_duty_is_of_whom_an_agent_acts_for(house: House) -> None:
    agent = await factories.account("测试代管人")
    owner = await PlaceClaim.get(place_id=house.place.id)
    await factories.claim(agent, house.place, role=ClaimRole.AGENT, acts_for_id=owner.id)
    other = await factories.room(house.place, "303")
    offer = await factories.listing(other, agent)
    await mark_listing_let(signed_in(agent), listing_id=offer.id)
    duty = await TenantDuty.get(room_id=other.id)
    assert duty.account_id == house.landlord.id
    assert await told(Topic.TENANT_DUTY_DUE) == {house.landlord.id}


async def test_a_tenant_who_was_faster_has_fulfilled_it(house: House) -> None:
    await registered(house.room)
    assert (await Room.get(id=house.room.id)).state is RoomState.LET
    duty = await house.let()
    assert duty.state is DutyState.DONE
    assert (await house.offer_now()).state is ListingState.LET


async def test_the_tenant_before_does_not_fulfil_it(house: House) -> None:
    await lives_in(house.room)
    assert (await house.let()).state is DutyState.OPEN


async def test_a_lease_on_record_begins_it_for_who_has_the_use(house: House) -> None:
    tenant_landlord = await factories.account("测试二房东")
    await factories.claim(tenant_landlord, house.place, role=ClaimRole.SUBLANDLORD)
    day = today() - timedelta(days=2)
    await record_lease(
        staff(), place_id=house.place.id, room_id=house.room.id, number="测0001", filed_on=day
    )
    duty = await house.duty()
    assert (duty.account_id, duty.signed_on) == (tenant_landlord.id, day)
    assert await told(Topic.TENANT_DUTY_DUE) == {tenant_landlord.id}


@pytest.mark.parametrize(
    "lease",
    [
        {"filed_on": today() - timedelta(days=31)},
        {"filed_on": today() - timedelta(days=20), "until": today() - timedelta(days=1)},
        {"filed_on": today(), "room_id": None},
    ],
    ids=["of long ago", "over", "of the whole house"],
)
async def test_a_lease_that_is_history_begins_none(house: House, lease: Mapping[str, Any]) -> None:
    values = {"room_id": house.room.id, **lease}
    await record_lease(staff(), place_id=house.place.id, number="测0002", **values)
    assert not await TenantDuty.exists()


async def test_nobody_has_a_duty_where_nobody_is_known_to_run_the_house(house: House) -> None:
    await PlaceClaim.all().update(state=ClaimState.ENDED)
    await record_lease(
        staff(), place_id=house.place.id, room_id=house.room.id, number="测0003", filed_on=today()
    )
    assert not await TenantDuty.exists()


async def test_an_open_duty_keeps_its_day(house: House) -> None:
    first = await house.let(today() - timedelta(days=5))
    await record_lease(
        staff(), place_id=house.place.id, room_id=house.room.id, number="测0004", filed_on=today()
    )
    assert (await house.duty()).due_on == first.due_on


async def test_rooms_that_are_noted_as_let_begin_it_where_nobody_is_registered(
    house: House,
) -> None:
    rooms = [await factories.room(house.place, number) for number in ("401", "402", "403")]
    await lives_in(rooms[1])
    await Room.filter(id=rooms[2].id).update(state=RoomState.LET)
    states = {room.id: RoomState.LET for room in rooms}
    await set_room_states(house.landlord, place_id=house.place.id, states=states)
    assert [duty.room_id for duty in await TenantDuty.all()] == [rooms[0].id]


# How it ends


async def test_whoever_registers_a_tenant_fulfils_it(house: House) -> None:
    await house.let()
    await registered(house.room)
    duty = await house.duty()
    assert duty.state is DutyState.DONE
    assert duty.ended_at is not None
    (entry,) = [one for one in await entries(house.place.id) if one.action == "endTenantDuty"]
    assert entry.details["state"] == "DONE"


async def test_a_tenant_of_another_room_does_not(house: House) -> None:
    await house.let()
    await registered(await factories.room(house.place, "505"))
    assert (await house.duty()).state is DutyState.OPEN


async def test_after_its_last_day_it_is_done_late(house: House) -> None:
    await house.let(today() - timedelta(days=20))
    await registered(house.room)
    assert (await house.duty()).state is DutyState.DONE_LATE


async def test_what_was_said_in_time_is_not_late(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = today() - timedelta(days=20)

    async def in_time(since: Mapping[UUID, date]) -> dict[UUID, Said]:
        assert since == {house.room.id: signed - timedelta(days=rules().tenant_early_days)}
        return {house.room.id: Said(signed, waits=True)}

    await house.let(signed)
    monkeypatch.setattr(duties, "_hearings", [in_time])
    await block_for_tenant_duties()
    assert await blocks(house.place) == []  # what waits for wardens is not the landlord's delay
    await registered(house.room)
    assert (await house.duty()).state is DutyState.DONE


@pytest.mark.parametrize("state", [RoomState.VACANT, RoomState.OUT_OF_USE])
async def test_a_room_that_is_no_longer_let_ends_it(house: House, state: RoomState) -> None:
    await house.let(today() - timedelta(days=20))
    await block_for_tenant_duties()
    assert await blocks(house.place) == [OVERDUE]
    await update_room(staff(), room_id=house.room.id, values={"state": state})
    assert (await house.duty()).state is DutyState.CANCELLED
    assert await blocks(house.place) == []


async def test_what_else_changes_of_a_room_leaves_it(house: House) -> None:
    await record_lease(
        staff(), place_id=house.place.id, room_id=house.room.id, number="测0005", filed_on=today()
    )
    await update_room(staff(), room_id=house.room.id, values={"floor": 4})
    assert (await house.duty()).state is DutyState.OPEN


async def test_an_offer_that_is_put_up_again_ends_it(house: House) -> None:
    await house.let()
    copy = await relist_listing(house.landlord, listing_id=house.offer.id)
    assert (await house.duty()).state is DutyState.OPEN
    await set_room_states(
        house.landlord, place_id=house.place.id, states={house.room.id: RoomState.VACANT}
    )
    assert copy.state is ListingState.DRAFT
    assert (await house.duty()).state is DutyState.CANCELLED


async def test_a_closed_house_ends_it(house: House) -> None:
    await house.let()
    supervisor = staff(Role.SUPERVISOR, COMMUNITY)
    await close_place(supervisor, place_id=house.place.id, expected_version=1, demolished=False)
    assert (await house.duty()).state is DutyState.CANCELLED


async def test_who_no_longer_runs_the_house_has_it_no_more(house: House) -> None:
    await house.let(today() - timedelta(days=20))
    await block_for_tenant_duties()
    claim = await PlaceClaim.get(place_id=house.place.id)
    await end_landlord(staff(), claim_id=claim.id, reason="测试原因")
    assert (await house.duty()).state is DutyState.CANCELLED
    assert await blocks(house.place) == []


async def test_a_successor_takes_it_over_with_its_day(house: House) -> None:
    before = await house.let(today() - timedelta(days=20))
    await block_for_tenant_duties()
    claim = await hand_over_place(house.landlord, place_id=house.place.id, phone="19711112222")
    await decide_claim(staff(), claim_id=claim.id, verify=True)
    duty = await house.duty()
    assert (duty.state, duty.due_on) == (DutyState.OPEN, before.due_on)
    assert duty.account_id == claim.account_id
    assert await blocks(house.place) == [OVERDUE]


# When the term passes


async def test_on_the_last_day_nothing_is_overdue(house: House) -> None:
    await house.let()
    await TenantDuty.all().update(signed_on=today() - timedelta(days=3), due_on=today())
    await block_for_tenant_duties()
    assert await blocks(house.place) == []


async def test_an_overdue_duty_suspends_the_listings_until_it_is_done(house: House) -> None:
    other = await factories.room(house.place, "303")
    offer = await factories.listing(other, await factories.account())
    await house.let(today() - timedelta(days=20))
    await block_for_tenant_duties()
    await block_for_tenant_duties()
    duty = await house.duty()
    (block,) = await PlaceBlock.filter(place_id=house.place.id)
    assert (block.kind, block.source, duty.block_id) == (OVERDUE, f"duty:{duty.id}", block.id)
    assert (await Listing.get(id=offer.id)).state is ListingState.SUSPENDED
    assert await told(Topic.TENANT_DUTY_OVERDUE) == {house.landlord.id}
    assert await told(Topic.LETTING_SUSPENDED) == set()

    await registered(house.room)
    assert await blocks(house.place) == []
    assert (await Listing.get(id=offer.id)).state is ListingState.PUBLISHED
    assert await told(Topic.LETTING_RESTORED) == {house.landlord.id}


async def test_one_block_stands_for_all_overdue_duties_and_ends_with_the_last(
    house: House,
) -> None:
    rooms = [house.room, await factories.room(house.place, "303")]
    late = await factories.room(house.place, "304")
    day, owner = today() - timedelta(days=20), house.landlord.id
    assert owner is not None
    async with work(SYSTEM):
        await begin_duties(rooms, account_id=owner, signed_on=day)
    await block_for_tenant_duties()
    async with work(SYSTEM):
        await begin_duties([late], account_id=owner, signed_on=day)
    await block_for_tenant_duties()
    assert await PlaceBlock.all().count() == 1
    for room in (*rooms, late):
        assert await blocks(house.place) == [OVERDUE]
        await registered(room)
    assert await blocks(house.place) == []


async def test_a_block_that_staff_lifted_does_not_come_back_for_the_same_duty(
    house: House,
) -> None:
    await house.let(today() - timedelta(days=20))
    await block_for_tenant_duties()
    block = await PlaceBlock.get(place_id=house.place.id)
    await end_block(staff(Role.SUPERVISOR, COMMUNITY), block_id=block.id)
    await block_for_tenant_duties()
    assert await blocks(house.place) == []
    await registered(house.room)
    assert (await house.duty()).state is DutyState.DONE_LATE


# Reminders


async def test_the_landlord_is_reminded_once_the_day_before(house: House) -> None:
    await house.let()
    await remind_of_tenant_duties()
    assert await told(Topic.TENANT_DUTY_DUE) == set()
    await TenantDuty.all().update(due_on=today() + timedelta(days=1))
    await remind_of_tenant_duties()
    await remind_of_tenant_duties()
    (row,) = await Notification.filter(topic=Topic.TENANT_DUTY_DUE)
    assert row.account_id == house.landlord.id
    assert row.params["rooms"] == "302"
    assert (await house.duty()).reminded_at is not None


async def test_nobody_is_reminded_of_what_is_done_or_over(house: House) -> None:
    await house.let()
    await TenantDuty.all().update(
        due_on=today() + timedelta(days=1), state=DutyState.CANCELLED, ended_at=now()
    )
    await remind_of_tenant_duties()
    assert await told(Topic.TENANT_DUTY_DUE) == set()
