"""The life of listings as a whole: any steps in any order, and what must hold after each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tortoise.exceptions import IntegrityError

from core.audit import AuditEntry
from core.clock import now
from core.errors import (
    Conflict,
    DomainError,
    NotFound,
    RateLimited,
    StandardNotMet,
    WrongState,
)
from identity.accounts import close_account
from identity.actor import Role
from landlord.freshness import refresh_listing, tend_listings
from landlord.listings import create_listing, update_listing
from landlord.models import Listing, ListingReport, ListingSnapshot, ListingState, Reservation
from landlord.publishing import decide_listing, publish_listing, relist_listing, withdraw_listing
from landlord.reports import decide_listing_report
from landlord.reservations import (
    expire_reservations,
    mark_listing_let,
    release_reservation,
    reserve_listing,
)
from landlord.snapshots import digest_of
from management.blocks import block_place, end_block
from management.claims import end_landlord
from management.models import ClaimState, Lifecycle, Place, PlaceClaim, Room, RoomState
from management.places import close_place
from management.rooms import update_room
from tests import factories
from tests.management.support import jobs, signed_in, staff

DRAFT, IN_REVIEW = ListingState.DRAFT, ListingState.IN_REVIEW
PUBLISHED, RESERVED = ListingState.PUBLISHED, ListingState.RESERVED
SUSPENDED = ListingState.SUSPENDED
LET, WITHDRAWN = ListingState.LET, ListingState.WITHDRAWN
ON_OFFER = {PUBLISHED, RESERVED, SUSPENDED}
OVER = {LET, WITHDRAWN}

# Every step there may be, written down once more: the table of the code is no proof of itself.
STEPS = {
    (DRAFT, PUBLISHED), (DRAFT, IN_REVIEW), (DRAFT, WITHDRAWN),
    (IN_REVIEW, PUBLISHED), (IN_REVIEW, DRAFT), (IN_REVIEW, WITHDRAWN),
    (PUBLISHED, RESERVED), (PUBLISHED, IN_REVIEW), (PUBLISHED, LET),
    (PUBLISHED, SUSPENDED), (PUBLISHED, WITHDRAWN),
    (RESERVED, PUBLISHED), (RESERVED, LET), (RESERVED, SUSPENDED), (RESERVED, WITHDRAWN),
    (SUSPENDED, PUBLISHED), (SUSPENDED, RESERVED), (SUSPENDED, IN_REVIEW), (SUSPENDED, WITHDRAWN),
}  # fmt: skip
ENDINGS = (
    "WITHDRAWAL", "LET", "EXPIRY", "REPORT", "ROOM", "LANDLORD", "PLACE", "ACCOUNT", "RELEASE",
)  # fmt: skip
CLEAN, DUBIOUS = "近公交站", "看房请先加微信"
SUPERVISOR = staff(Role.SUPERVISOR)
SEEKERS = st.integers(0, 2)
# Rules come equally often; what ends everything should not.
SELDOM = st.integers(0, 9).map(lambda number: number == 7)
R = TypeVar("R")


@dataclass
class Offer:
    """What a listing should be. ``holder``: which seeker; ``shown``: how many snapshots."""

    owner: int
    room: int
    dubious: bool = False
    state: ListingState = DRAFT
    before: ListingState | None = None
    holder: int | None = None
    version: int = 1
    entries: int = 1
    shown: int = 0

    def step(self, to: ListingState) -> None:
        assert (self.state, to) in STEPS
        self.before = self.state if to is SUSPENDED else None
        self.state = to
        if RESERVED not in {to, self.before}:
            self.holder = None
        self.stay()

    def stay(self) -> None:
        self.version += 1
        self.entries += 1


class Letting(RuleBasedStateMachine):
    """Two landlords, two rooms, one house, three who look for a room."""

    loop: asyncio.AbstractEventLoop
    listings = Bundle("listings")
    blocks = Bundle("blocks")

    def run(self, step: Awaitable[R]) -> R:
        async def wait() -> R:
            return await step

        return asyncio.run_coroutine_threadsafe(wait(), self.loop).result(30)

    def attempt(self, step: Awaitable[R]) -> R | DomainError:
        try:
            return self.run(step)
        except DomainError as refusal:
            return refusal

    @initialize()
    def house(self) -> None:
        self.offers: dict[UUID, Offer] = {}
        self.kept: dict[UUID, tuple[Any, str]] = {}
        self.barred: set[UUID] = set()
        self.taken_down: set[tuple[int, int]] = set()
        self.closed = False
        self.out_of_use = [False, False]
        self.made = [0, 0, 0]
        self.run(self._house())

    async def _house(self) -> None:
        self.place = await factories.place()
        self.rooms = [await factories.room(self.place, number) for number in ("101", "102")]
        people = [await factories.account() for _ in range(2)]
        self.claims = [await factories.claim(who, self.place) for who in people]
        self.people = [signed_in(who) for who in people]
        self.known = [True, True]
        self.seekers = [signed_in(await factories.account()) for _ in range(3)]

    def _other(self, offer: Offer) -> bool:
        """Whether the room is on offer by another listing."""
        return any(
            one is not offer and one.room == offer.room and one.state in ON_OFFER
            for one in self.offers.values()
        )

    def _drafted(self, owner: int, room: int) -> bool:
        """Whether a landlord has a draft of the room, or one that staff read."""
        return any(
            (one.owner, one.room) == (owner, room) and one.state in {DRAFT, IN_REVIEW}
            for one in self.offers.values()
        )

    def _missing(self, owner: int) -> list[str]:
        points = {
            "NOT_FILED": self.closed,
            "CLAIM": not self.known[owner],
            "BLOCKED_STAFF_DECISION": bool(self.barred),
        }
        return [point for point, is_so in points.items() if is_so]

    # The landlord's steps

    @rule(target=listings, who=st.integers(0, 1), room=st.integers(0, 1), dubious=st.booleans())
    def create(self, who: int, room: int, dubious: bool) -> Any:
        made = self.attempt(
            create_listing(
                self.people[who],
                room_id=self.rooms[room].id,
                values={
                    "title": "采光好的单间",
                    "rent": Decimal(850),
                    "description": DUBIOUS if dubious else CLEAN,
                },
            )
        )
        if not self.known[who]:
            assert isinstance(made, NotFound)
        elif self.out_of_use[room]:
            assert isinstance(made, WrongState)
        elif self._drafted(who, room):
            assert isinstance(made, Conflict)
            assert made.reason == "DRAFT_EXISTS"
        else:
            assert isinstance(made, Listing)
            self.offers[made.id] = Offer(who, room, dubious)
            return made.id
        return multiple()

    @rule(target=listings, who=st.integers(0, 1), room=st.integers(0, 1))
    def put_up(self, who: int, room: int) -> Any:
        made = self.create(who, room, False)
        if isinstance(made, UUID):
            self.publish(made)
        return made

    @rule(
        target=listings,
        who=st.integers(0, 1),
        room=st.integers(0, 1),
        seeker=SEEKERS,
    )
    def put_up_and_reserve(self, who: int, room: int, seeker: int) -> Any:
        made = self.put_up(who, room)
        if isinstance(made, UUID):
            self.reserve(made, seeker)
        return made

    @rule(listing=listings, stale=st.booleans(), words=st.sampled_from([None, CLEAN, DUBIOUS]))
    def update(self, listing: UUID, stale: bool, words: str | None) -> None:
        offer = self.offers[listing]
        values = {"rent": Decimal(900)} if words is None else {"description": words}
        answer = self.attempt(
            update_listing(
                self.people[offer.owner],
                listing_id=listing,
                expected_version=offer.version - stale,
                values=values,
            )
        )
        if stale:
            assert isinstance(answer, Conflict)
        elif offer.state in OVER | {IN_REVIEW} or RESERVED in {offer.state, offer.before}:
            assert isinstance(answer, WrongState)
        else:
            assert isinstance(answer, Listing)
            offer.dubious = offer.dubious if words is None else words == DUBIOUS
            if words == DUBIOUS and offer.state is not DRAFT:
                offer.step(IN_REVIEW)
            else:
                offer.stay()
                offer.shown += offer.state is not DRAFT

    @rule(listing=listings)
    def publish(self, listing: UUID) -> None:
        offer = self.offers[listing]
        actor = self.people[offer.owner]
        answer = self.attempt(publish_listing(actor, listing_id=listing))
        if offer.state is not DRAFT:
            assert isinstance(answer, WrongState)
        elif missing := self._missing(offer.owner):
            assert isinstance(answer, StandardNotMet)
            assert answer.params["missing"] == missing
        elif offer.dubious or (offer.owner, offer.room) in self.taken_down:
            assert isinstance(answer, Listing)
            offer.step(IN_REVIEW)
        elif self._other(offer):
            assert isinstance(answer, Conflict)
        else:
            assert isinstance(answer, Listing)
            offer.step(PUBLISHED)
            offer.shown += 1

    @rule(listing=listings)
    def withdraw(self, listing: UUID) -> None:
        offer = self.offers[listing]
        actor = self.people[offer.owner]
        answer = self.attempt(withdraw_listing(actor, listing_id=listing))
        if offer.state in {PUBLISHED, SUSPENDED}:
            assert isinstance(answer, Listing)
            offer.step(WITHDRAWN)
        else:
            assert isinstance(answer, WrongState)

    @rule(listing=listings)
    def refresh(self, listing: UUID) -> None:
        offer = self.offers[listing]
        actor = self.people[offer.owner]
        answer = self.attempt(refresh_listing(actor, listing_id=listing))
        if offer.state is PUBLISHED:
            assert isinstance(answer, Listing)
            offer.stay()
        else:
            assert isinstance(answer, WrongState)

    @rule(listing=listings)
    def mark_let(self, listing: UUID) -> None:
        offer = self.offers[listing]
        actor = self.people[offer.owner]
        answer = self.attempt(mark_listing_let(actor, listing_id=listing))
        if offer.state in {PUBLISHED, RESERVED}:
            assert isinstance(answer, Listing)
            offer.step(LET)
            offer.shown += 1
        else:
            assert isinstance(answer, WrongState)

    @rule(target=listings, listing=listings)
    def relist(self, listing: UUID) -> Any:
        offer = self.offers[listing]
        actor = self.people[offer.owner]
        answer = self.attempt(relist_listing(actor, listing_id=listing))
        if offer.state not in OVER:
            assert isinstance(answer, WrongState)
        elif not self.known[offer.owner]:
            assert isinstance(answer, NotFound)
        elif self.out_of_use[offer.room]:
            assert isinstance(answer, WrongState)
        elif self._other(offer) or self._drafted(offer.owner, offer.room):
            assert isinstance(answer, Conflict)
        else:
            assert isinstance(answer, Listing)
            self.offers[answer.id] = Offer(offer.owner, offer.room, offer.dubious)
            return answer.id
        return multiple()

    # Seekers'

    @rule(listing=listings, seeker=SEEKERS)
    def reserve(self, listing: UUID, seeker: int) -> None:
        offer = self.offers[listing]
        answer = self.attempt(reserve_listing(self.seekers[seeker], listing_id=listing))
        if offer.state not in {PUBLISHED, RESERVED}:
            assert isinstance(answer, NotFound)
        elif offer.state is RESERVED:
            assert isinstance(answer, Conflict)
            assert answer.reason == "RESERVED"
        elif seeker in {one.holder for one in self.offers.values()}:
            assert isinstance(answer, Conflict)
            assert answer.reason == "HOLDS_ANOTHER"
        elif self.made[seeker] == 3:
            assert isinstance(answer, RateLimited)
        else:
            assert isinstance(answer, Reservation)
            offer.step(RESERVED)
            offer.holder = seeker
            offer.shown += 1
            self.made[seeker] += 1

    @rule(listing=listings, seeker=st.one_of(st.none(), SEEKERS))
    def release(self, listing: UUID, seeker: int | None) -> None:
        """By a seeker, or by the landlord."""
        offer = self.offers[listing]
        landlord = self.people[offer.owner]
        actor = landlord if seeker is None else self.seekers[seeker]
        answer = self.attempt(release_reservation(actor, listing_id=listing))
        if seeker is not None and seeker != offer.holder:
            assert isinstance(answer, NotFound)
        elif offer.holder is None:
            assert isinstance(answer, WrongState)
        else:
            assert isinstance(answer, Listing)
            self._freed(offer)

    def _freed(self, offer: Offer) -> None:
        if offer.state is RESERVED:
            offer.step(PUBLISHED)
        else:
            offer.before, offer.holder = PUBLISHED, None
            offer.stay()

    @rule(seeker=SEEKERS, sure=SELDOM)
    def close_the_account(self, seeker: int, sure: bool) -> None:
        if not sure:
            return
        self.run(close_account(self.seekers[seeker]))
        for offer in self.offers.values():
            if offer.holder == seeker:
                self._freed(offer)
        self.seekers[seeker] = signed_in(self.run(factories.account()))
        self.made[seeker] = 0

    # Staff's

    @rule(listing=listings, approve=st.booleans())
    def decide(self, listing: UUID, approve: bool) -> None:
        offer = self.offers[listing]
        reason = "" if approve else "请删去联系方式"
        answer = self.attempt(
            decide_listing(SUPERVISOR, listing_id=listing, approve=approve, reason=reason)
        )
        if offer.state is not IN_REVIEW:
            assert isinstance(answer, WrongState)
        elif approve and self._missing(offer.owner):
            assert isinstance(answer, StandardNotMet)
        elif approve and self._other(offer):
            assert isinstance(answer, Conflict)
        else:
            assert isinstance(answer, Listing)
            offer.step(PUBLISHED if approve else DRAFT)
            offer.shown += approve
            if approve:
                self.taken_down.discard((offer.owner, offer.room))

    @rule(listing=listings, approve=st.booleans())
    def read_and_decide(self, listing: UUID, approve: bool) -> None:
        self.update(listing, stale=False, words=DUBIOUS)
        self.publish(listing)
        self.decide(listing, approve)

    @rule(listing=listings, uphold=st.booleans(), sure=SELDOM)
    def decide_a_report(self, listing: UUID, uphold: bool, sure: bool) -> None:
        if not sure:
            return
        offer = self.offers[listing]
        self.run(self._decide_a_report(listing, uphold))
        offer.entries += 1
        if uphold:
            self.taken_down.add((offer.owner, offer.room))
        if uphold and offer.state not in OVER:
            offer.step(WITHDRAWN)
            offer.entries -= 1  # one entry tells both

    async def _decide_a_report(self, listing: UUID, uphold: bool) -> ListingReport:
        report = await factories.report(
            await Listing.get(id=listing), await factories.account("测试租客")
        )
        return await decide_listing_report(
            SUPERVISOR, report_id=report.id, uphold=uphold, reason="测试理由"
        )

    # What time does

    @rule(listing=listings)
    def time_is_over(self, listing: UUID) -> None:
        past = now() - timedelta(seconds=1)
        self.run(Reservation.filter(listing_id=listing, state="HELD").update(until=past))
        for _ in range(2):
            self.run(expire_reservations())
        offer = self.offers[listing]
        if offer.holder is not None:
            self._freed(offer)

    @rule(listing=listings, warned=st.booleans())
    def nobody_refreshes(self, listing: UUID, warned: bool) -> None:
        offer = self.offers[listing]
        if offer.state is PUBLISHED:
            moment = now()
            self.run(
                Listing.filter(id=listing).update(
                    refreshed_at=moment - timedelta(days=31 if warned else 26),
                    warned_at=moment - timedelta(days=6) if warned else None,
                )
            )
            if warned:
                offer.step(WITHDRAWN)
            else:
                offer.entries += 1
        for _ in range(2):
            self.run(tend_listings())

    # What happens to the place, its rooms and who lets them

    def _all(self, states: set[ListingState], to: ListingState, **where: int) -> None:
        for offer in self.offers.values():
            if offer.state in states and all(getattr(offer, k) == v for k, v in where.items()):
                offer.step(to)

    def _end(self, **where: int) -> None:
        self._all(set(ListingState) - OVER, WITHDRAWN, **where)

    @rule(target=blocks)
    def block(self) -> UUID:
        made = self.run(block_place(SUPERVISOR, place_id=self.place.id, reason="测试原因"))
        self.barred.add(made.id)
        self._all({PUBLISHED, RESERVED}, SUSPENDED)
        return made.id

    @rule(block=blocks)
    def unblock(self, block: UUID) -> None:
        answer = self.attempt(end_block(SUPERVISOR, block_id=block))
        if block not in self.barred:
            assert isinstance(answer, WrongState)
            return
        self.barred.remove(block)
        if self.barred:
            return
        for offer in self.offers.values():
            if offer.before is not None:
                offer.step(offer.before)

    @rule()
    def block_for_a_while(self) -> None:
        block = self.block()
        self.holds()
        self.unblock(block)

    @rule(room=st.integers(0, 1), sure=SELDOM)
    def use_no_more(self, room: int, sure: bool) -> None:
        if sure and self._room(room, RoomState.OUT_OF_USE):
            self.out_of_use[room] = True
            self._end(room=room)

    @precondition(lambda self: any(self.out_of_use))
    @rule()
    def use_again(self) -> None:
        room = self.out_of_use.index(True)
        if self._room(room, RoomState.VACANT):
            self.out_of_use[room] = False

    def _room(self, room: int, state: RoomState) -> bool:
        answer = self.attempt(
            update_room(SUPERVISOR, room_id=self.rooms[room].id, values={"state": state})
        )
        assert isinstance(answer, WrongState if self.closed else Room)
        return not self.closed

    @rule(who=st.integers(0, 1), sure=SELDOM)
    def strike_off(self, who: int, sure: bool) -> None:
        if not sure:
            return
        answer = self.attempt(end_landlord(SUPERVISOR, claim_id=self.claims[who].id))
        if not self.known[who]:
            assert isinstance(answer, WrongState)
            return
        self.known[who] = False
        self._end(owner=who)

    @precondition(lambda self: not all(self.known))
    @rule()
    def know_again(self) -> None:
        who = self.known.index(False)
        self.claims[who] = self.run(
            PlaceClaim.create(
                account_id=self.people[who].id,
                place_id=self.place.id,
                role=self.claims[who].role,
                state=ClaimState.VERIFIED,
            )
        )
        self.known[who] = True

    @rule(demolished=st.booleans(), sure=SELDOM)
    def close(self, demolished: bool, sure: bool) -> None:
        if not sure:
            return
        place = self.run(Place.get(id=self.place.id))
        answer = self.attempt(
            close_place(
                SUPERVISOR,
                place_id=place.id,
                expected_version=place.version,
                demolished=demolished,
            )
        )
        over = place.lifecycle is Lifecycle.DEMOLISHED or (self.closed and not demolished)
        assert isinstance(answer, WrongState if over else Place)
        if not over:
            self.closed = True
            self._end()

    @precondition(lambda self: any(one.holder is not None for one in self.offers.values()))
    @rule(how=st.sampled_from(ENDINGS), barred=st.booleans())
    def a_held_room_meets_an_end(self, how: str, barred: bool) -> None:
        """What comes seldom otherwise, with or without a block around it."""
        listing, offer = next((k, one) for k, one in self.offers.items() if one.holder is not None)
        block = self.block() if barred else None
        ends: dict[str, Callable[[], None]] = {
            "WITHDRAWAL": lambda: self.withdraw(listing),
            "LET": lambda: self.mark_let(listing),
            "EXPIRY": lambda: self.time_is_over(listing),
            "REPORT": lambda: self.decide_a_report(listing, uphold=True, sure=True),
            "ROOM": lambda: self.use_no_more(offer.room, sure=True),
            "LANDLORD": lambda: self.strike_off(offer.owner, sure=True),
            "PLACE": lambda: self.close(demolished=False, sure=True),
            "ACCOUNT": lambda: self.close_the_account(offer.holder, sure=True),
            "RELEASE": lambda: self.release(listing, None),
        }
        ends[how]()
        self.holds()
        if block is not None:
            self.unblock(block)

    # What holds after each step

    @invariant()
    def holds(self) -> None:
        self.run(self._holds())

    async def _holds(self) -> None:
        rows = await Listing.filter(place_id=self.place.id)
        assert {row.id: (row.state, row.state_before, row.version) for row in rows} == {
            key: (offer.state, offer.before, offer.version) for key, offer in self.offers.items()
        }
        offered = [row.room_id for row in rows if row.state in ON_OFFER]
        assert len(offered) == len(set(offered)), "a room is on offer twice"
        for row in rows:
            assert (row.state is SUSPENDED) == (row.state_before is not None)
            assert row.state not in ({PUBLISHED, RESERVED} if self.barred else {SUSPENDED})
            assert row.published_at is not None or row.state in {DRAFT, IN_REVIEW, WITHDRAWN}
        held = await Reservation.filter(listing__place_id=self.place.id, state="HELD")
        assert {row.listing_id: row.seeker_id for row in held} == {
            key: self.seekers[offer.holder].id
            for key, offer in self.offers.items()
            if offer.holder is not None
        }
        assert {row.listing_id for row in held} == {
            row.id for row in rows if RESERVED in {row.state, row.state_before}
        }
        await self._snapshots_hold()

    async def _snapshots_hold(self) -> None:
        rows = await ListingSnapshot.filter(listing__place_id=self.place.id)
        kept = {row.id: (row.content, row.digest) for row in rows}
        assert self.kept == {key: kept.get(key) for key in self.kept}, "a snapshot has changed"
        assert all(digest_of(content) == digest for content, digest in kept.values())
        for key, offer in self.offers.items():
            assert sum(row.listing_id == key for row in rows) == offer.shown
        self.kept = kept

    def teardown(self) -> None:
        if not hasattr(self, "offers"):
            return
        for listing_id, offer in self.offers.items():
            count = self.run(AuditEntry.filter(subject_id=listing_id).count())
            assert count == offer.entries
        published = {
            data["listing_id"] for name, data in self.run(jobs()) if name == "listing_published"
        }
        ever = self.run(
            Listing.filter(place_id=self.place.id, published_at__isnull=False).values_list(
                "id", flat=True
            )
        )
        assert {str(listing_id) for listing_id in ever} <= published


async def test_whatever_is_done_in_whatever_order_letting_keeps_its_rules(town: None) -> None:
    Letting.loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        run_state_machine_as_test,
        Letting,
        settings=settings(max_examples=80, stateful_step_count=30, deadline=None),
    )


async def test_the_database_itself_keeps_a_room_from_being_offered_twice(town: None) -> None:
    place, who = await factories.place(), await factories.account()
    room: Room = await factories.room(place)
    await factories.listing(room, who)
    made = await factories.listing(room, who, state=DRAFT)
    made.state = ListingState.RESERVED
    with pytest.raises(IntegrityError, match="listing_one_on_offer"):
        await made.save()
