"""Refusals that take equally long, so that the time says nothing about the reason."""

from __future__ import annotations

import asyncio

# Longer than any path through a refusal takes when the service is not overloaded.
REFUSAL_SECONDS: float = 0.4


class Pace:
    """Started when a request arrives; waited for before it is refused."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._earliest = self._loop.time() + REFUSAL_SECONDS

    async def wait(self) -> None:
        """Return when the time for a refusal has come."""
        await asyncio.sleep(max(0.0, self._earliest - self._loop.time()))
