"""Whether the process is stopping, and what must happen first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("api.lifecycle")


class Lifecycle:
    """Shared by the server, ``/ready`` and whoever holds connections open."""

    def __init__(self) -> None:
        self.stopping = False
        self.in_flight = 0
        self._callbacks: list[Callable[[], Awaitable[None]]] = []

    def on_stop(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Have the callback run when the process is asked to stop."""
        self._callbacks.append(callback)

    async def stop(self) -> None:
        """Run the callbacks; one that fails doesn't keep the others from running."""
        self.stopping = True
        log.info("server.stopping", count=self.in_flight)
        for callback in self._callbacks:
            try:
                await callback()
            except Exception as error:
                log.warning("server.stop_failed", exc_info=error)
