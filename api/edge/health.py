"""``/live``, ``/ready`` and ``/metrics``: for load balancers and for Prometheus."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.edge.lifecycle import Lifecycle
from api.edge.metrics import CONTENT_TYPE, Metrics

log = structlog.get_logger("api.health")

_WRITTEN_BY_PROXIES = ("x-forwarded-for", "forwarded", "x-forwarded-host", "x-real-ip", "via")

Check = Callable[[], Awaitable[object]]


class Health:
    """The three routes.

    Args:
        checks: by name, what must answer for the process to be ready; each has ``seconds``.
        lifecycle: a process that stops isn't ready.
        metrics: what ``/metrics`` shows.
        metrics_token: lets others than loopback read the metrics, as a bearer token.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        lifecycle: Lifecycle,
        metrics: Metrics,
        *,
        metrics_token: str | None = None,
        seconds: float = 2.0,
    ) -> None:
        self._checks = dict(checks)
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._token = metrics_token
        self._seconds = seconds
        self._running: asyncio.Task[dict[str, str]] | None = None
        self._abandoned: set[asyncio.Task[object]] = set()

    def routes(self) -> list[Route]:
        """To be put beside the application's own."""
        return [
            Route("/live", self.live),
            Route("/ready", self.ready),
            Route("/metrics", self.metrics),
        ]

    async def live(self, request: Request) -> Response:
        """200 as long as the process answers at all; restarting it would help only otherwise."""
        return _said({"live": True}, 200)

    async def ready(self, request: Request) -> Response:
        """200 when everything it needs answers, 503 when not, or when the process stops."""
        if self._lifecycle.stopping:
            return _said({"ready": False, "stopping": True}, 503)
        # Many who ask at once share one round of checks.
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._check_all())
        results = await asyncio.shield(self._running)
        good = all(result == "ok" for result in results.values())
        return _said({"ready": good, "checks": results}, 200 if good else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus' text format; 404 for those who may not see it."""
        if not self._may_read(request):
            return Response(status_code=404)
        return Response(self._metrics.text(), media_type=CONTENT_TYPE)

    async def _check_all(self) -> dict[str, str]:
        tasks = {
            name: asyncio.ensure_future(_as_coroutine(check))
            for name, check in self._checks.items()
        }
        if tasks:
            await asyncio.wait(tasks.values(), timeout=self._seconds)
        return {name: self._result(task) for name, task in tasks.items()}

    def _result(self, task: asyncio.Task[object]) -> str:
        if not task.done():
            # A driver may take its time to be cancelled; nobody waits for that here.
            task.cancel()
            self._abandoned.add(task)
            task.add_done_callback(self._abandoned.discard)
            return "slow"
        error = task.exception()
        if error is not None:
            log.warning("check.failed", exc_info=error)
            return "failed"
        return "ok"

    def _may_read(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._token and hmac.compare_digest(given.encode(), self._token.encode()):
            return True
        # A proxy on this machine that nobody declared looks like loopback; its header tells.
        proxied = any(name in request.headers for name in _WRITTEN_BY_PROXIES)
        return not proxied and request.client is not None and _is_loopback(request.client.host)


async def _as_coroutine(check: Check) -> object:
    return await check()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _said(content: object, status: int) -> Response:
    return JSONResponse(content, status, {"Cache-Control": "no-store"})
