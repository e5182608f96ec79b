"""A wire to a real Redis that can be cut and joined again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Wire:
    """A wire to Redis that can be cut."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.open = True
        self.url = ""

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.open:
            writer.close()
            return
        there_reader, there_writer = await asyncio.open_connection(*self._there)
        self._ends |= {writer, there_writer}
        for source, target in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(self._pass_on(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(4096):
                target.write(data)
        target.close()

    def cut(self) -> None:
        self.open = False
        for end in self._ends:
            end.close()
        self._ends.clear()


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[Wire]:
    """A relay to the Redis of a URL, at a URL of its own."""
    parts = urlsplit(url)
    made = Wire(parts.hostname or "127.0.0.1", parts.port or 6379)
    relay = await asyncio.start_server(made.connect, "127.0.0.1", 0)
    made.url = f"redis://127.0.0.1:{relay.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        made.cut()
        relay.close()
