"""A receiver of webhooks on loopback that answers as told: well, badly, late or not at all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """A request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and how to answer: a status with headers, or ``None`` to break off."""

    port: int = 0
    came: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]] | None] = field(default_factory=list)
    usual: tuple[int, dict[str, str]] | None = (204, {})
    hold: asyncio.Event | None = None
    """Answers wait for it."""
    more: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def will(self, status: int, **headers: str) -> None:
        """Answer the next request with this status."""
        self.answers.append((status, {k.replace("_", "-"): v for k, v in headers.items()}))

    async def until(self, count: int) -> None:
        """Wait until so many requests came."""
        async with asyncio.timeout(20), self.more:
            await self.more.wait_for(lambda: len(self.came) >= count)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection with one request."""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers: dict[str, str] = {}
        for line in head[1:-2]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers["content-length"]))
        async with self.more:
            self.came.append(Received(head[0].split(" ")[1], headers, body))
            self.more.notify_all()
        answer = self.answers.pop(0) if self.answers else self.usual
        if self.hold is not None:
            await self.hold.wait()
        if answer is None:
            return
        status, more = answer
        lines = [f"HTTP/1.1 {status} Said", "content-length: 5"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write("\r\n".join([*lines, "", "words"]).encode())
        await writer.drain()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver for as long as the block runs."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0, ssl=tls)
    sockets: Any = server.sockets
    receiver.port = sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
