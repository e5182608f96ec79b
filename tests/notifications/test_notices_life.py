"""The life of notices as a whole: any steps in any order, and what must hold after each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.clock import now
from core.database import execute
from core.errors import DomainError
from notifications.models import Audience, Notice, NoticeState, Notification
from notifications.notices.audiences import Part, people
from notifications.notices.drafting import change_notice, draft_notice
from notifications.notices.planning import plan_group, plan_notice
from notifications.notices.reading import announcement
from notifications.notices.sending import begin_due, cancel_notice, send_notice
from tests import factories
from tests.notifications.notices_support import announcement as announced
from tests.notifications.notices_support import follower, sender, words

DRAFT, SCHEDULED, SENDING, SENT, CANCELLED = NoticeState
# Written here again: what the code does is held against this, not against itself.
STEPS = {
    (DRAFT, SCHEDULED),
    (DRAFT, SENDING),
    (DRAFT, SENT),
    (DRAFT, CANCELLED),
    (SCHEDULED, SENDING),
    (SCHEDULED, SENT),
    (SCHEDULED, CANCELLED),
    (SENDING, SENT),
    (SENDING, CANCELLED),
}
PEOPLE = 7
R = TypeVar("R")
WHICH = st.integers(0, 1)


class Telling(RuleBasedStateMachine):
    """A notice and an announcement, seven people, a worker that may stop after any group."""

    loop: asyncio.AbstractEventLoop

    def run(self, step: Awaitable[R]) -> R:
        async def wait() -> R:
            return await step

        return asyncio.run_coroutine_threadsafe(wait(), self.loop).result(30)

    def attempt(self, step: Awaitable[R]) -> None:
        with suppress(DomainError):
            self.run(step)

    @initialize()
    def town(self) -> None:
        self.states: dict[UUID, NoticeState] = {}
        self.told: dict[UUID, int] = {}
        self.run(self._town())

    async def _town(self) -> None:
        place = await factories.place()
        for _ in range(PEOPLE):
            await follower(place)
        self.actor = await sender()
        to_residents = frozenset({Audience.RESIDENTS})
        self.ids = [
            (await draft_notice(self.actor, words(audience=to_residents))).id,
            (await draft_notice(self.actor, announced())).id,
        ]
        self.states = dict.fromkeys(self.ids, DRAFT)
        self.told = dict.fromkeys(self.ids, 0)
        self.everybody = await people(
            await Notice.get(id=self.ids[0]), Part.ACCOUNTS, after=None, most=10_000
        )

    def _version(self, which: int) -> int:
        return self.run(Notice.get(id=self.ids[which])).version

    @rule(which=WHICH, stale=st.booleans())
    def change(self, which: int, stale: bool) -> None:
        draft = announced() if which else words(audience=frozenset({Audience.RESIDENTS}))
        version = self._version(which) - stale
        self.attempt(
            change_notice(
                self.actor, notice_id=self.ids[which], expected_version=version, draft=draft
            )
        )

    @rule(which=WHICH, later=st.booleans())
    def send(self, which: int, later: bool) -> None:
        self.attempt(
            send_notice(
                self.actor,
                notice_id=self.ids[which],
                expected_version=self._version(which),
                send_at=now() + timedelta(hours=1) if later else None,
            )
        )

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        self.attempt(cancel_notice(self.actor, notice_id=self.ids[which]))

    @rule()
    def time_comes(self) -> None:
        self.run(
            execute("UPDATE notice SET send_at = now() - interval '1 s' WHERE state = 'SCHEDULED'")
        )

    @rule()
    def each_minute(self) -> None:
        self.run(begin_due())

    @rule(size=st.integers(1, 4))
    def a_worker_dies_after_a_group(self, size: int) -> None:
        self.run(self._one_group(size))

    async def _one_group(self, size: int) -> None:
        notice = await Notice.get(id=self.ids[0])
        if notice.state is not SENDING or notice.planned_part != Part.ACCOUNTS:
            return
        group = await people(notice, Part.ACCOUNTS, after=notice.planned_up_to, most=size)
        if group:
            await plan_group(notice, group)

    @rule(which=WHICH)
    def a_worker_plans_it(self, which: int) -> None:
        self.run(plan_notice(1, str(self.ids[which])))

    @invariant()
    def rules_hold(self) -> None:
        self.run(self._rules_hold())

    async def _rules_hold(self) -> None:
        for notice in await Notice.filter(id__in=self.ids):
            before, self.states[notice.id] = self.states[notice.id], notice.state
            assert before is notice.state or (before, notice.state) in STEPS
            told = await Notification.filter(notice_id=notice.id).values_list(
                "account_id", flat=True
            )
            assert len(told) == len(set(told)) == notice.recipients >= self.told[notice.id]
            if notice.state in {DRAFT, SCHEDULED}:
                assert not told
            if before is notice.state and notice.state in {SENT, CANCELLED}:
                assert len(told) == self.told[notice.id]
            if notice.state is SENT and notice.audience:
                assert set(told) >= set(self.everybody)
            self.told[notice.id] = len(told)
            shown = await announcement(notice.id, ["id"])
            until = notice.shown_until
            assert (shown is not None) == (
                notice.state is SENT and until is not None and until > now()
            )


async def test_whatever_is_done_in_whatever_order_notices_keep_their_rules(db: None) -> None:
    await factories.town()
    Telling.loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        run_state_machine_as_test,
        Telling,
        settings=settings(max_examples=25, stateful_step_count=20, deadline=None, print_blob=True),
    )
