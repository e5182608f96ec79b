"""Results as server-sent events, in the form of graphql-sse's distinct connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from strawberry.types.execution import ExecutionResult

from api.graphql.connections import Connections

HEARTBEAT_SECONDS = 15.0
_HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}


class EventStream(StreamingResponse):
    """A response that gives results until they end, the client goes, or it is closed.

    Raises (when made):
        RateLimited: the caller has too many connections open.
    """

    def __init__(
        self,
        results: AsyncGenerator[ExecutionResult, None],
        encode: Callable[[ExecutionResult], bytes],
        *,
        connections: Connections,
        address: str,
        context: Any,
    ) -> None:
        self._closed = asyncio.Event()
        self._connection = connections.open(address, self.close)
        self._connection.identify(context)
        self._text = _events(results, encode, self._closed)
        super().__init__(self._text, headers=_HEADERS, media_type="text/event-stream")

    async def close(self, code: int, reason: str) -> None:
        """End the stream after the event that is being sent."""
        self._closed.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._connection:
            async with aclosing(self._text):
                await super().__call__(scope, receive, send)


async def _events(
    results: AsyncGenerator[ExecutionResult, None],
    encode: Callable[[ExecutionResult], bytes],
    closed: asyncio.Event,
) -> AsyncGenerator[bytes, None]:
    closing = asyncio.ensure_future(closed.wait())
    step: asyncio.Future[ExecutionResult] | None = None
    async with aclosing(results):
        try:
            while True:
                step = step or asyncio.ensure_future(anext(results))
                waited: set[asyncio.Future[Any]] = {step, closing}
                done, _ = await asyncio.wait(
                    waited, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    yield b": ping\n\n"
                    continue
                if closing in done:
                    break
                try:
                    result = step.result()
                except StopAsyncIteration:
                    break
                finally:
                    step = None
                yield b"event: next\ndata: " + encode(result) + b"\n\n"
            yield b"event: complete\ndata:\n\n"
        finally:
            for task in (step, closing):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError, StopAsyncIteration):
                        await task
