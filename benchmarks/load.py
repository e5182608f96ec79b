"""Load from this machine to this machine: a few keep-alive connections, each asking in turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Round:
    """One round: how many answers, in how long, and how long each took (seconds)."""

    requests: int
    seconds: float
    latencies: Sequence[float]

    @property
    def per_second(self) -> float:
        """Throughput."""
        return self.requests / self.seconds

    @property
    def p99(self) -> float:
        """The 99th percentile of latency in milliseconds."""
        return quantiles(self.latencies, n=100)[98] * 1000

    @property
    def middle(self) -> float:
        """The median latency in milliseconds."""
        return median(self.latencies) * 1000


def request(port: int, path: str, body: bytes | None = None, token: str | None = None) -> bytes:
    """An HTTP/1.1 request as bytes."""
    lines = [
        f"{'POST' if body is not None else 'GET'} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: application/json",
    ]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


async def run(
    port: int, requests: Sequence[bytes], *, seconds: float, connections: int = 8
) -> Round:
    """Send requests for some seconds, each connection through the list from its own start.

    Raises:
        RuntimeError: an answer was not 200 or held errors: then nothing was measured.
    """
    latencies: list[float] = []
    until = time.perf_counter() + seconds
    began = time.perf_counter()

    async def connection(start: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        index = start
        while time.perf_counter() < until:
            sent = time.perf_counter()
            writer.write(requests[index % len(requests)])
            await _answer(reader)
            latencies.append(time.perf_counter() - sent)
            index += 1
        writer.close()

    starts = [number * len(requests) // connections for number in range(connections)]
    await asyncio.gather(*(connection(start) for start in starts))
    return Round(len(latencies), time.perf_counter() - began, latencies)


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    body = await reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))
    if (
        not head.startswith(b"HTTP/1.1 200")
        or body.startswith(b'{"errors"')
        or b'"errors":' in body
    ):
        raise RuntimeError(f"not measured: {head[:40]!r} {body[:300]!r}")
    return body
