"""How messages fare, for an operator: docs/operations.md says what to watch."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

from notifications.models import Channel

ATTEMPTS: Final = Counter(
    "leye_deliveries",
    "Attempts to bring a message to somebody, and what was passed over, by channel",
    ("channel", "outcome", "reason"),
    registry=None,
)
OLDEST: Final = Gauge(
    "leye_delivery_oldest_seconds",
    "How long the message has been due that waits longest on a channel that is not paused",
    registry=None,
)
WAITING: Final = Gauge(
    "leye_deliveries_waiting", "Messages that are due and not sent", registry=None
)
COLLECTORS: Final = (ATTEMPTS, OLDEST, WAITING)


def note(channel: Channel, outcome: str, reason: str) -> None:
    """Count one attempt. Reasons are codes of ours: nobody can grow the label sets."""
    ATTEMPTS.labels(channel, str(outcome), str(reason)).inc()
