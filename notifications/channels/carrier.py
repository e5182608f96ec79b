"""What a channel must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from notifications.attempts import Verdict
from notifications.deliveries import Claim, Settled
from notifications.standing import Obstacle, Standing, Ways


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that may go out now."""

    claim: Claim
    standing: Standing


Message = Any
"""What a carrier makes for itself: it alone looks into it."""


class Carrier(Protocol):
    """One channel."""

    async def prepare(self, dues: Sequence[Due], ways: Ways) -> Mapping[UUID, Message | Obstacle]:
        """The message of each delivery, or what turned out to be in its way. In a transaction."""

    async def send(self, message: Message) -> Verdict:
        """Hand one message over. Outside of any transaction.

        Raises nothing that tells how it went: that is the verdict.
        """

    async def after(self, results: Sequence[Settled], messages: Mapping[UUID, Message]) -> None:
        """Draw conclusions from the verdicts, by delivery. In the transaction of settling."""
