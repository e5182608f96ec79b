"""A real uvicorn on loopback inside the test's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from api.edge.lifecycle import Lifecycle
from api.edge.server import Server, WireLimits, server_options


@dataclass
class Live:
    """A server that runs."""

    server: Server
    lifecycle: Lifecycle
    port: int
    task: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    app: ASGIApp,
    *,
    limits: WireLimits | None = None,
    lifecycle: Lifecycle | None = None,
    **options: object,
) -> AsyncIterator[Live]:
    """Serve the application until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    lifecycle = lifecycle or Lifecycle()
    settings = {**server_options(limits=limits), "lifespan": "off", **options}
    server = Server(uvicorn.Config(app, **settings), lifecycle)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    live = Live(server, lifecycle, listener.getsockname()[1], task)
    try:
        yield live
    finally:
        server.should_exit = True
        await task


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for a condition of the server, which has no event to wait for."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - polled on purpose
            await asyncio.sleep(0.005)
