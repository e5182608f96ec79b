"""The emulator on a loopback port of its own, in the running event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog
import uvicorn

from integrations.wechat.emulator.app import make_app
from integrations.wechat.emulator.pushes import Pushes
from integrations.wechat.emulator.world import World

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Running:
    """An emulator that answers at ``url``."""

    url: str
    world: World
    pushes: Pushes


class _Quiet(uvicorn.Server):
    """Leaves the process' signals to whom they belong, and stops when told, not at a tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told = asyncio.Event()

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        await self.told.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def running(world: World | None = None, *, port: int = 0) -> AsyncIterator[Running]:
    """Serve the emulator on loopback while the block runs; port 0 is any that is free.

    Raises:
        RuntimeError: in production, or it did not start.
        OSError: the port is taken.
    """
    app = make_app(world)
    listener = socket.create_server(("127.0.0.1", port), backlog=2048)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1
    )
    server = _Quiet(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if task.done():
                raise RuntimeError("the WeChat emulator did not start")
            await asyncio.sleep(0.005)
        where = listener.getsockname()[1]
        log.info("wechat.emulator_started", port=where)
        yield Running(f"http://127.0.0.1:{where}", app.state.world, app.state.pushes)
    finally:
        server.told.set()
        await task
        listener.close()
