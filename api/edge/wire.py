"""Bounds that the server and the GraphQL sockets share."""

from __future__ import annotations

import time

MAX_FRAME = 65_536
"""Bytes of one WebSocket message."""


class Allowance:
    """A token bucket: ``burst`` at once, then ``rate`` a second."""

    def __init__(self, *, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._left = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Use one up; False when there is none left."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
