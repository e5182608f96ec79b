"""One line in the log, one number in the metrics and one id for every request."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.lifecycle import Lifecycle
from api.edge.metrics import Metrics
from core.ids import uuid7

log = structlog.get_logger("api.access")

NO_ROUTE = "/{unmatched}"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
# Asked every few seconds by machines; counted, not logged.
QUIET = frozenset({"/live", "/ready", "/metrics"})


class Observe:
    """Counts, times and logs requests and sockets, and tracks those in flight.

    Logs the route's template, never the address that was called: addresses hold plate tokens and
    queries hold people's words. The id is our own, also behind a proxy, and goes back in
    ``X-Request-Id``.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, lifecycle: Lifecycle) -> None:
        self._app = app
        self._metrics = metrics
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and watch it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = str(uuid7())
        status = 500 if scope["type"] == "http" else 101

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", [])
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            elif message["type"] == "websocket.close" and "code" in message:
                status = message["code"]
            await send(message)

        start = time.perf_counter()
        self._lifecycle.in_flight += 1
        try:
            with structlog.contextvars.bound_contextvars(request_id=request_id):
                try:
                    await self._app(scope, receive, watched)
                finally:
                    self._note(scope, status, time.perf_counter() - start)
        finally:
            self._lifecycle.in_flight -= 1

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or NO_ROUTE
        if scope["type"] == "websocket":
            self._metrics.requests.labels("WEBSOCKET", route, str(status)).inc()
            log.info("socket.closed", route=route, status=status, ms=round(seconds * 1000, 1))
            return
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if route not in QUIET:
            log.info(
                "request.finished",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
            )
