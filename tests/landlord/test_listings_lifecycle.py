"""The life of listings as a whole: any steps in any order, and what must hold after each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
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
    precondition,
    rule,
    run_state_machine_as_test,
)
from tortoise.exceptions import IntegrityError

from core.audit import AuditEntry
from core.errors import Conflict, DomainError, NotFound, StandardNotMet, WrongState
from core.ids import uuid7
from identity.actor import Actor, Role
from landlord.listings import create_listing, update_listing
from landlord.models import Listing, ListingState
from landlord.publishing import publish_listing, withdraw_listing
from management.blocks import block_place, end_block
from management.claims import end_landlord
from management.models import ClaimState, Lifecycle, Place, PlaceClaim, Room
from management.places import close_place
from tests import factories
from tests.management.support import jobs, signed_in, staff

DRAFT, PUBLISHED = ListingState.DRAFT, ListingState.PUBLISHED
SUSPENDED, WITHDRAWN = ListingState.SUSPENDED, ListingState.WITHDRAWN

# Every step that a listing may take here: the landlord's, and those of block, closing and
# striking off.
STEPS = {
    (DRAFT, PUBLISHED), (DRAFT, WITHDRAWN),
    (PUBLISHED, SUSPENDED), (PUBLISHED, WITHDRAWN),
    (SUSPENDED, PUBLISHED), (SUSPENDED, WITHDRAWN),
}  # fmt: skip
SUPERVISOR = staff(Role.SUPERVISOR)
# Rules come equally often; what ends everything should not.
SELDOM = st.integers(0, 9).map(lambda number: number == 7)
R = TypeVar("R")


class Letting(RuleBasedStateMachine):
    """Two landlords, two rooms, one house; ``states`` is what the listings should be."""

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
        self.states: dict[UUID, ListingState] = {}
        self.versions: dict[UUID, int] = {}
        self.entries: dict[UUID, int] = {}
        self.barred: set[UUID] = set()
        self.closed = False
        self.run(self._house())

    async def _house(self) -> None:
        self.place = await factories.place()
        self.rooms = [await factories.room(self.place, number) for number in ("101", "102")]
        people = [await factories.account() for _ in range(2)]
        self.claims = [await factories.claim(who, self.place) for who in people]
        self.people = [signed_in(who) for who in people]
        self.known = [True, True]

    def _owner(self, listing: Listing) -> int:
        return next(i for i, who in enumerate(self.people) if who.id == listing.landlord_id)

    def _changed(self, listing: Listing, state: ListingState | None = None) -> None:
        if state is not None:
            assert (self.states[listing.id], state) in STEPS
            self.states[listing.id] = state
        self.versions[listing.id] += 1

    # The landlord's steps

    @rule(target=listings, who=st.integers(0, 1), room=st.integers(0, 1))
    def create(self, who: int, room: int) -> Any:
        step = create_listing(
            self.people[who],
            room_id=self.rooms[room].id,
            values={"title": "采光好的单间", "rent": Decimal(850)},
        )
        made = self.attempt(step)
        if not self.known[who]:
            assert isinstance(made, NotFound)
            return Listing(id=uuid7(), version=1)
        assert isinstance(made, Listing)
        self.states[made.id], self.versions[made.id], self.entries[made.id] = DRAFT, 1, 1
        return made

    @rule(target=listings, who=st.integers(0, 1), room=st.integers(0, 1))
    def put_up(self, who: int, room: int) -> Any:
        made: Listing = self.create(who, room)
        self.publish(made)
        return made

    def _steps(self, listing: Listing) -> tuple[Actor, ListingState | None]:
        if listing.id not in self.states:
            return self.people[0], None
        return self.people[self._owner(listing)], self.states[listing.id]

    @rule(listing=listings, stale=st.booleans())
    def update(self, listing: Listing, stale: bool) -> None:
        who, state = self._steps(listing)
        version = self.versions.get(listing.id, 1) - stale
        answer = self.attempt(
            update_listing(
                who, listing_id=listing.id, expected_version=version, values={"rent": Decimal(900)}
            )
        )
        if state is None:
            assert isinstance(answer, NotFound)
        elif stale:
            assert isinstance(answer, Conflict)
        elif state is WITHDRAWN:
            assert isinstance(answer, WrongState)
        else:
            assert isinstance(answer, Listing)
            self._changed(listing)
            self.entries[listing.id] += 1

    @rule(listing=listings)
    def publish(self, listing: Listing) -> None:
        who, state = self._steps(listing)
        answer = self.attempt(publish_listing(who, listing_id=listing.id))
        if state is None:
            assert isinstance(answer, NotFound)
            return
        missing = {
            "NOT_FILED": self.closed,
            "CLAIM": not self.known[self._owner(listing)],
            "BLOCKED_STAFF_DECISION": bool(self.barred),
        }
        taken = self.run(
            Listing.filter(room_id=listing.room_id, state__in=[PUBLISHED, SUSPENDED]).exists()
        )
        if state is not DRAFT:
            assert isinstance(answer, WrongState)
        elif any(missing.values()):
            assert isinstance(answer, StandardNotMet)
            assert answer.params["missing"] == [point for point, is_so in missing.items() if is_so]
        elif isinstance(answer, Conflict):
            assert taken
        else:
            assert isinstance(answer, Listing)
            self._changed(listing, PUBLISHED)
            self.entries[listing.id] += 1

    @rule(listing=listings)
    def withdraw(self, listing: Listing) -> None:
        who, state = self._steps(listing)
        answer = self.attempt(withdraw_listing(who, listing_id=listing.id))
        if state is None:
            assert isinstance(answer, NotFound)
        elif state in {PUBLISHED, SUSPENDED}:
            assert isinstance(answer, Listing)
            self._changed(listing, WITHDRAWN)
            self.entries[listing.id] += 1
        else:
            assert isinstance(answer, WrongState)

    # What happens to the place

    def _move(self, states: set[ListingState], to: ListingState, who: int | None = None) -> None:
        for row in self.run(Listing.filter(id__in=list(self.states)).only("id", "landlord_id")):
            if self.states[row.id] in states and who in (None, self._owner(row)):
                self._changed(row, to)
                self.entries[row.id] += 1

    @rule(target=blocks)
    def block(self) -> UUID:
        made = self.run(block_place(SUPERVISOR, place_id=self.place.id, reason="测试原因"))
        self.barred.add(made.id)
        self._move({PUBLISHED}, SUSPENDED)
        return made.id

    @rule(block=blocks)
    def unblock(self, block: UUID) -> None:
        answer = self.attempt(end_block(SUPERVISOR, block_id=block))
        if block not in self.barred:
            assert isinstance(answer, WrongState)
            return
        self.barred.remove(block)
        if not self.barred:
            self._move({SUSPENDED}, PUBLISHED)

    @rule()
    def block_for_a_while(self) -> None:
        block = self.block()
        self.holds()
        self.unblock(block)

    @rule(who=st.integers(0, 1), sure=SELDOM)
    def strike_off(self, who: int, sure: bool) -> None:
        if not sure:
            return
        answer = self.attempt(end_landlord(SUPERVISOR, claim_id=self.claims[who].id))
        if not self.known[who]:
            assert isinstance(answer, WrongState)
            return
        self.known[who] = False
        self._move({DRAFT, PUBLISHED, SUSPENDED}, WITHDRAWN, who)

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
            self._move({DRAFT, PUBLISHED, SUSPENDED}, WITHDRAWN)

    # What holds after each step

    @invariant()
    def holds(self) -> None:
        rows = self.run(Listing.filter(place_id=self.place.id))
        assert {row.id: row.state for row in rows} == self.states
        assert {row.id: row.version for row in rows} == self.versions
        offered = [row.room_id for row in rows if row.state in {PUBLISHED, SUSPENDED}]
        assert len(offered) == len(set(offered)), "a room is on offer twice"
        for row in rows:
            assert row.state is not (PUBLISHED if self.barred else SUSPENDED)
            assert (row.published_at is not None) or row.state in {DRAFT, WITHDRAWN}

    def teardown(self) -> None:
        if not hasattr(self, "states"):
            return
        for listing_id, count in self.entries.items():
            assert self.run(AuditEntry.filter(subject_id=listing_id).count()) == count
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
        settings=settings(max_examples=40, stateful_step_count=30, deadline=None),
    )


async def test_the_database_itself_keeps_a_room_from_being_offered_twice(town: None) -> None:
    place, who = await factories.place(), await factories.account()
    room: Room = await factories.room(place)
    await factories.listing(room, who)
    made = await factories.listing(room, who, state=DRAFT)
    made.state = ListingState.RESERVED
    with pytest.raises(IntegrityError, match="listing_one_on_offer"):
        await made.save()
