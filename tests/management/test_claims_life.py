"""The life of claims as a whole: any steps in any order, and what must hold after each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tortoise.exceptions import IntegrityError

from core import redis
from core.audit import AuditEntry
from core.clock import today
from core.errors import DomainError
from core.work import work
from identity.actor import SYSTEM
from identity.models import Account
from identity.phone_sign_in import account_for_phone
from management.claims import (
    assign_landlord,
    decide_claim,
    end_landlord,
    end_over_leases,
    hand_over_place,
    withdraw_claim,
)
from management.claims.life import MOVES
from management.models import ClaimRole, ClaimState, PlaceClaim
from tests import factories
from tests.management.claims_support import claiming
from tests.management.support import signed_in, staff

OWNER, SUBLANDLORD, AGENT = ClaimRole
PENDING, VERIFIED, REFUSED, ENDED = ClaimState
# Written here again: what the code does is held against this, not against itself.
STEPS = {(PENDING, VERIFIED), (PENDING, REFUSED), (PENDING, ENDED), (VERIFIED, ENDED)}
WARDEN = staff()
R = TypeVar("R")

WHO = st.integers(0, 3)
PHONES = [f"1360000000{index}" for index in range(4)]
# Entries that change nothing: that a hand-over was asked for, and that it was done.
CHANGES = ["claimPlace", "decideClaim", "assignLandlord", "endLandlord", "withdrawClaim"]


@pytest.fixture(autouse=True)
async def limits() -> AsyncIterator[None]:
    async with redis.connected(None):
        yield


def test_the_table_of_moves_is_the_one_that_was_decided() -> None:
    assert {(one, other) for one, ways in MOVES.items() for other in ways} == STEPS


class Claiming(RuleBasedStateMachine):
    """Four people and one house; ``states`` is what the claims were after the last step."""

    loop: asyncio.AbstractEventLoop

    def run(self, step: Awaitable[R]) -> R:
        async def wait() -> R:
            return await step

        return asyncio.run_coroutine_threadsafe(wait(), self.loop).result(30)

    def attempt(self, step: Awaitable[R]) -> None:
        with suppress(DomainError):
            self.run(step)

    @initialize()
    def house(self) -> None:
        self.states: dict[UUID, ClaimState] = {}
        self.moves = 0
        self.run(self._house())

    async def _house(self) -> None:
        self.place = await factories.place()
        self.people: list[Account] = []
        async with work(SYSTEM):
            for phone in PHONES:
                self.people.append(await account_for_phone(phone))

    def _live(self, who: int, *states: ClaimState) -> UUID | None:
        claim = self.run(
            PlaceClaim.filter(
                place_id=self.place.id, account_id=self.people[who].id, state__in=states
            )
            .order_by("-id")
            .first()
        )
        return claim.id if claim else None

    @rule(who=WHO, role=st.sampled_from(ClaimRole), takes_over=st.booleans())
    def claim(self, who: int, role: ClaimRole, takes_over: bool) -> None:
        actor = signed_in(self.people[who])
        over = takes_over and role is not AGENT
        self.attempt(claiming(actor, self.place, role, takes_over=over))

    @rule(who=WHO, verify=st.integers(0, 3).map(bool))
    def decide(self, who: int, verify: bool) -> None:
        if claim := self._live(who, PENDING, REFUSED, ENDED):
            self.attempt(decide_claim(WARDEN, claim_id=claim, verify=verify, reason="看不清"))

    @rule(who=WHO)
    def withdraw(self, who: int) -> None:
        if claim := self._live(who, *ClaimState):
            self.attempt(withdraw_claim(signed_in(self.people[who]), claim_id=claim))

    @rule(who=WHO, to=WHO)
    def hand_over(self, who: int, to: int) -> None:
        actor = signed_in(self.people[who])
        self.attempt(hand_over_place(actor, place_id=self.place.id, phone=PHONES[to]))

    @rule(who=WHO, role=st.sampled_from(ClaimRole))
    def assign(self, who: int, role: ClaimRole) -> None:
        given = {"place_id": self.place.id, "phone": PHONES[who], "role": role}
        self.attempt(assign_landlord(WARDEN, **given))  # type: ignore[arg-type]  # as given

    @rule(who=WHO)
    def strike_off(self, who: int) -> None:
        if claim := self._live(who, *ClaimState):
            self.attempt(end_landlord(WARDEN, claim_id=claim))

    @rule(who=WHO)
    def lease_over(self, who: int) -> None:
        past = today() - timedelta(days=1)
        rows = PlaceClaim.filter(account_id=self.people[who].id, role=SUBLANDLORD)
        self.run(rows.update(lease_from=past, lease_until=past))
        self.run(end_over_leases())

    @invariant()
    def holds(self) -> None:
        rows = self.run(PlaceClaim.filter(place_id=self.place.id))
        for row in rows:
            before = self.states.get(row.id)
            if before is None:
                assert row.state in {PENDING, VERIFIED}
                self.moves += 1
            elif before is not row.state:
                assert (before, row.state) in STEPS
                self.moves += 1
            assert (row.state is PENDING) == (row.decided_at is None)
            assert row.state is not REFUSED or row.reason
            self.states[row.id] = row.state
        live = [row for row in rows if row.state in {PENDING, VERIFIED}]
        assert len({row.account_id for row in live}) == len(live)
        known = [row.role for row in live if row.state is VERIFIED and row.role is not AGENT]
        assert len(known) == len(set(known))
        verified = {row.id for row in live if row.state is VERIFIED}
        assert all(row.acts_for_id in verified for row in live if row.role is AGENT)
        entries = AuditEntry.filter(subject_id=self.place.id)
        asked = entries.filter(action="handOverPlace", details__contains={"asked": True})
        noted = self.run(entries.filter(action__in=CHANGES).count()) + self.run(asked.count())
        assert noted == self.moves, "each change of a state has its entry"


async def test_whatever_is_done_in_whatever_order_claims_keep_their_rules(town: None) -> None:
    Claiming.loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        run_state_machine_as_test,
        Claiming,
        settings=settings(max_examples=30, stateful_step_count=25, deadline=None),
    )


@pytest.mark.parametrize("role", [OWNER, SUBLANDLORD])
async def test_the_database_itself_keeps_a_house_from_two_landlords(
    town: None, role: ClaimRole
) -> None:
    place = await factories.place()
    await factories.claim(await factories.account(), place, role=role)
    with pytest.raises(IntegrityError, match="place_claim_one_of_role"):
        await factories.claim(await factories.account(), place, role=role)
