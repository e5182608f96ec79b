"""Results one after the other in one HTTP answer.

As server-sent events in the form of graphql-sse's distinct connections, or as
``multipart/mixed`` with ``subscriptionSpec=1.0``, which Apollo's clients speak.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from strawberry.types.execution import ExecutionResult

from api.graphql.accept import EVENTS, MULTIPART
from api.graphql.connections import Connections


@dataclass(frozen=True, slots=True)
class Framing:
    """How results are wrapped on the wire, and how often a silent stream shows that it lives."""

    media_type: str
    start: bytes
    before: bytes
    after: bytes
    heartbeat: bytes
    complete: bytes
    heartbeat_seconds: float


_PART = b"\r\ncontent-type: application/json\r\n\r\n"
FRAMINGS = {
    EVENTS: Framing(
        media_type=EVENTS,
        start=b"",
        before=b"event: next\ndata: ",
        after=b"\n\n",
        heartbeat=b": ping\n\n",
        complete=b"event: complete\ndata:\n\n",
        heartbeat_seconds=15.0,
    ),
    MULTIPART: Framing(
        media_type=f'{MULTIPART}; boundary="graphql"; subscriptionSpec=1.0',
        start=b"--graphql",
        before=_PART + b'{"payload":',
        after=b"}\r\n--graphql",
        heartbeat=_PART + b"{}\r\n--graphql",
        complete=b"--\r\n",
        heartbeat_seconds=5.0,
    ),
}
_HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}


class ResultStream(StreamingResponse):
    """A response that gives results until they end, the client goes, or it is closed.

    Raises (when made):
        RateLimited: the caller has too many connections open.
    """

    def __init__(
        self,
        results: AsyncGenerator[ExecutionResult, None],
        encode: Callable[[ExecutionResult], bytes],
        framing: Framing,
        *,
        connections: Connections,
        address: str,
        context: Any,
    ) -> None:
        self._closed = asyncio.Event()
        self._connection = connections.open(address, self.close)
        self._connection.identify(context)
        self._text = _framed(results, encode, framing, self._closed)
        super().__init__(self._text, headers=_HEADERS, media_type=framing.media_type)

    async def close(self, code: int, reason: str) -> None:
        """End the stream after the event that is being sent."""
        self._closed.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._connection:
            async with aclosing(self._text):
                await super().__call__(scope, receive, send)


async def _framed(
    results: AsyncGenerator[ExecutionResult, None],
    encode: Callable[[ExecutionResult], bytes],
    framing: Framing,
    closed: asyncio.Event,
) -> AsyncGenerator[bytes, None]:
    closing = asyncio.ensure_future(closed.wait())
    step: asyncio.Future[ExecutionResult] | None = None
    async with aclosing(results):
        try:
            yield framing.start
            while True:
                step = step or asyncio.ensure_future(anext(results))
                waited: set[asyncio.Future[Any]] = {step, closing}
                done, _ = await asyncio.wait(
                    waited,
                    timeout=framing.heartbeat_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if not done:
                    yield framing.heartbeat
                    continue
                if closing in done:
                    break
                try:
                    result = step.result()
                except StopAsyncIteration:
                    break
                finally:
                    step = None
                yield framing.before + encode(result) + framing.after
            yield framing.complete
        finally:
            for task in (step, closing):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError, StopAsyncIteration):
                        await task
