"""What follows from an attempt: sent, once more later, or the end on this channel. No database.

```mermaid
stateDiagram-v2
  PLANNED --> SENDING: a worker claims it
  PLANNED --> SKIPPED: the way is closed
  SENDING --> SENT: taken
  SENDING --> PLANNED: later again
  SENDING --> FAILED: refused, or tried too often
  SENT --> FAILED: the provider says that it did not arrive
```
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifications.models import AttemptOutcome, DeliveryState

MOST_ATTEMPTS: Final = 6
"""Attempts on one channel: a little less than an hour, then the next channel."""
MOST_IN_EMERGENCY: Final = 2
"""The same when it can't wait."""
MOST_UNKNOWN: Final = 2
"""Attempts without an answer: each of them may have arrived, so there is one repeat at most."""

PAUSES: Final = (20.0, 60.0, 180.0, 600.0, 1800.0)
"""Seconds after the first, second, … attempt."""
JITTER: Final = 0.2
"""So far a pause is shortened or lengthened, so that what failed together does not come back so."""

GAVE_UP: Final = "GAVE_UP"
NO_ANSWER: Final = "NO_ANSWER"
PAUSED: Final = "PAUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one attempt went. ``reason``: why the delivery failed if this was the end of it."""

    outcome: AttemptOutcome
    code: str = ""
    reason: str = ""
    after: float = 0.0
    """Seconds before which a repeat makes no sense."""
    paused_until: datetime | None = None
    """The channel as a whole takes nothing before that."""
    ref: str | None = None
    """The provider's id of the message."""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of the delivery; ``attempts`` are those that count against the limit."""

    state: DeliveryState
    attempts: int
    reason: str = ""
    due_at: datetime | None = None


def following(
    verdict: Verdict, *, attempts: int, unknown: int, at: datetime, emergency: bool = False
) -> Step:
    """What follows from the verdict on the attempt after ``attempts`` others.

    ``unknown``: how many of those others went without an answer.
    """
    made = attempts + 1
    match verdict.outcome:
        case AttemptOutcome.SENT:
            return Step(DeliveryState.SENT, made)
        case AttemptOutcome.REFUSED:
            return Step(DeliveryState.FAILED, made, verdict.reason or verdict.code)
        case AttemptOutcome.UNKNOWN if unknown + 1 >= MOST_UNKNOWN:
            return Step(DeliveryState.FAILED, made, NO_ANSWER)
    if verdict.paused_until is not None:
        # It was not this message's fault: the attempt does not count.
        if emergency:
            return Step(DeliveryState.SKIPPED, attempts, PAUSED)
        return Step(DeliveryState.PLANNED, attempts, due_at=max(at, verdict.paused_until))
    if made >= (MOST_IN_EMERGENCY if emergency else MOST_ATTEMPTS):
        return Step(DeliveryState.FAILED, made, GAVE_UP)
    seconds = max(pause_after(made), verdict.after)
    return Step(DeliveryState.PLANNED, made, due_at=at + timedelta(seconds=seconds))


def pause_after(made: int) -> float:
    """Seconds to wait after so many attempts, with jitter."""
    pause = PAUSES[min(made, len(PAUSES)) - 1]
    return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - nothing secret
