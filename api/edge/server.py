"""uvicorn with the limits it lacks: time and size of request heads, and a rate of pings.

A connection that sends half a request costs a few kilobytes and no thread, so thousands of them
don't starve others; here they end after ten seconds. uvicorn's ``limit_concurrency`` is left off
on purpose: it counts such connections, and would answer 503 to everybody else.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from dataclasses import dataclass
from typing import Any, ClassVar

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.edge.lifecycle import Lifecycle
from api.edge.wire import MAX_FRAME, Allowance

GRACE_SECONDS = 10
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 15\r\nconnection: close\r\n\r\nRequest Timeout"
)


@dataclass(frozen=True, slots=True)
class WireLimits:
    """Bounds of one request on the wire.

    ``head_seconds`` from the opening of the connection, or from the first byte of a later
    request, to the end of the headers; ``request_seconds`` from there to the end of the body
    (slower than any picture that is being uploaded); ``head_bytes`` for request line and headers.
    """

    head_seconds: float = 10.0
    request_seconds: float = 120.0
    head_bytes: int = 32_768


async def _head_too_large(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 431, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class BoundedHttpProtocol(HttpToolsProtocol):
    """One HTTP connection whose requests must arrive in time."""

    limits: ClassVar[WireLimits] = WireLimits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = 0
        self._upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock at once: a connection that sends nothing counts too."""
        super().connection_made(transport)
        self._expect(self.limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; a head that grows past the limit ends the connection."""
        super().data_received(data)
        # What comes after a request for a socket belongs to the socket's protocol.
        if self._upgraded or self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes:
                self.transport.close()
                return
        # Blank lines between requests, or the rest of a body that nobody waits for: uvicorn has
        # stopped its keep-alive clock by now and won't start it again.
        if self._deadline is None and self.timeout_keep_alive_task is None and self._is_idle():
            self._expect(self.limits.head_seconds)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        if self._deadline is None:
            self._expect(self.limits.head_seconds)

    def on_url(self, url: bytes) -> None:
        """Part of the request line."""
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._head_bytes += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The application starts here, unless the head was too large."""
        self._in_head = False
        self._expect(self.limits.request_seconds)
        if self._head_bytes > self.limits.head_bytes:
            self.app = _head_too_large
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._stop_clock()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """The socket's protocol takes over, with limits of its own."""
        self._upgraded = True
        self._stop_clock()
        super().handle_websocket_upgrade()

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _expect(self, seconds: float) -> None:
        self._stop_clock()
        self._deadline = self.loop.call_later(seconds, self._late)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._in_head and self._is_idle():
            self.transport.write(_LATE)
        self.transport.close()


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket whose control frames come at a human rate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._control_frames = Allowance(rate=1, burst=20)

    def handle_ping(self) -> None:
        """Answer, or hang up on a flood."""
        if self._control_frames.take():
            super().handle_ping()
        else:
            self.transport.close()


def server_options(
    *, host: str = "127.0.0.1", port: int = 8000, limits: WireLimits | None = None
) -> dict[str, Any]:
    """Arguments for ``uvicorn.Config``, beside the application.

    Access lines and proxy headers are our middlewares' work (:mod:`api.edge.stack`); TLS is the
    reverse proxy's. Keep-alive outlasts nginx's 60 s, so that nginx never sends a request into a
    connection that is just being closed.
    """
    http = type("HttpProtocol", (BoundedHttpProtocol,), {"limits": limits or WireLimits()})
    return {
        "host": host,
        "port": port,
        "http": http,
        "ws": BoundedWebSocketProtocol,
        "ws_max_size": MAX_FRAME,
        "ws_per_message_deflate": False,
        "ws_ping_interval": 20.0,
        "ws_ping_timeout": 20.0,
        "backlog": 2048,
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "server_header": False,
        "proxy_headers": False,
        "access_log": False,
        "log_config": None,
        "lifespan": "on",
    }


class Server(uvicorn.Server):
    """A uvicorn server that tells the application before it stops.

    On SIGTERM ``/ready`` turns 503 and open sockets and streams are closed; after
    ``drain_seconds``, in which a load balancer notices, the listening socket closes; requests in
    flight have ten seconds to finish.
    """

    def __init__(
        self, config: uvicorn.Config, lifecycle: Lifecycle, *, drain_seconds: float = 0.0
    ) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop in order."""
        self._lifecycle.stopping = True
        await asyncio.sleep(self._drain_seconds)
        await self._lifecycle.stop()
        await super().shutdown(sockets)


def settle_memory() -> None:
    """Take what start-up made out of the garbage collector's sight.

    Call once when the application is assembled: a full collection over it takes 30–100 ms in
    the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()
