"""What follows from an attempt, as a state machine: notifications/attempts.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from notifications.attempts import (
    GAVE_UP,
    JITTER,
    MOST_ATTEMPTS,
    MOST_IN_EMERGENCY,
    MOST_UNKNOWN,
    NO_ANSWER,
    PAUSES,
    Verdict,
    following,
    pause_after,
)
from notifications.models import AttemptOutcome, DeliveryState

AT = datetime(2026, 1, 31, 4, tzinfo=UTC)
RETRY = Verdict(outcome=AttemptOutcome.RETRY)
LOST = Verdict(outcome=AttemptOutcome.UNKNOWN)


@given(st.integers(1, 50))
def test_pauses_stay_within_their_jitter(made: int) -> None:
    base = PAUSES[min(made, len(PAUSES)) - 1]
    assert base * (1 - JITTER) <= pause_after(made) <= base * (1 + JITTER)


@given(st.floats(0, 300))
def test_attempts_end_after_about_an_hour(after: float) -> None:
    verdict, at, attempts = Verdict(outcome=AttemptOutcome.RETRY, after=after), AT, 0
    while (step := following(verdict, attempts=attempts, unknown=0, at=at)).due_at is not None:
        assert step.due_at >= at + timedelta(seconds=after)
        at, attempts = step.due_at, step.attempts
    assert (step.state, step.reason) == (DeliveryState.FAILED, GAVE_UP)
    assert step.attempts == MOST_ATTEMPTS
    assert timedelta(minutes=35) < at - AT < timedelta(minutes=75)


def test_an_emergency_does_not_wait_that_long() -> None:
    step = following(RETRY, attempts=MOST_IN_EMERGENCY - 1, unknown=0, at=AT, emergency=True)
    assert (step.state, step.reason) == (DeliveryState.FAILED, GAVE_UP)


def test_a_used_up_quota_counts_against_nobody() -> None:
    quota = Verdict(outcome=AttemptOutcome.RETRY, paused_until=AT + timedelta(hours=12))
    for attempts in range(MOST_ATTEMPTS):
        step = following(quota, attempts=attempts, unknown=0, at=AT)
        assert step.state is DeliveryState.PLANNED
        assert (step.attempts, step.due_at) == (attempts, quota.paused_until)


class OneDelivery(RuleBasedStateMachine):
    """Any verdicts in any order: a delivery comes to an end and never goes on after it."""

    def __init__(self) -> None:
        super().__init__()
        self.begin()

    def begin(self) -> None:
        self.attempts = self.unknown = self.made = self.sent = 0
        self.state = DeliveryState.PLANNED
        self.at = AT
        self.reason = ""

    def take(self, verdict: Verdict) -> None:
        self.made += verdict.paused_until is None
        step = following(verdict, attempts=self.attempts, unknown=self.unknown, at=self.at)
        self.unknown += verdict.outcome is AttemptOutcome.UNKNOWN
        self.sent += verdict.outcome is AttemptOutcome.SENT
        self.attempts, self.state, self.reason = step.attempts, step.state, step.reason
        if step.due_at is not None:
            assert step.due_at > self.at
            self.at = step.due_at

    def waits(self) -> bool:
        return self.state is DeliveryState.PLANNED

    @precondition(lambda self: not self.waits())
    @rule()
    def another(self) -> None:
        self.begin()

    @precondition(waits)
    @rule(
        outcome=st.sampled_from([one for one in AttemptOutcome if one != AttemptOutcome.STARTED]),
        after=st.floats(0, 300),
    )
    def attempt(self, outcome: AttemptOutcome, after: float) -> None:
        self.take(Verdict(outcome=outcome, code="X", reason="REFUSED", after=after))

    @precondition(waits)
    @rule(hours=st.integers(1, 24))
    def quota(self, hours: int) -> None:
        until = self.at + timedelta(hours=hours)
        self.take(Verdict(outcome=AttemptOutcome.RETRY, paused_until=until))

    @invariant()
    def attempts_are_bounded(self) -> None:
        assert self.made == self.attempts <= MOST_ATTEMPTS
        assert self.unknown <= MOST_UNKNOWN

    @invariant()
    def what_was_sent_is_sent(self) -> None:
        assert (self.state is DeliveryState.SENT) == (self.sent == 1)

    @invariant()
    def two_lost_answers_are_the_end(self) -> None:
        if self.unknown == MOST_UNKNOWN:
            assert (self.state, self.reason) == (DeliveryState.FAILED, NO_ANSWER)

    @invariant()
    def only_what_waits_has_no_reason(self) -> None:
        assert (self.state is DeliveryState.FAILED) == bool(self.reason)


TestOneDelivery: Any = OneDelivery.TestCase
