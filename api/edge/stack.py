"""The middlewares round the application, in the order that makes sense of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from api.edge.bodies import BodyLimit, BodyRule, Refused
from api.edge.headers import SecurityHeaders
from api.edge.lifecycle import Lifecycle
from api.edge.metrics import Metrics
from api.edge.observe import Observe
from api.edge.proxies import TrustedProxies

CORS_REQUEST_HEADERS = ("Authorization", "Content-Type", "Accept-Language", "If-None-Match")
CORS_RESPONSE_HEADERS = ("ETag", "Retry-After", "X-Request-Id")


def guard(
    app: ASGIApp,
    *,
    lifecycle: Lifecycle,
    metrics: Metrics,
    trusted_proxies: Sequence[str] = (),
    cors_origins: Sequence[str] = (),
    body: BodyRule | None = None,
    bodies: Mapping[str, BodyRule] | None = None,
    body_refused: Refused | None = None,
) -> ASGIApp:
    """The application behind everything the edge does for all routes.

    From the outside in: the caller's address and scheme, id and log and metrics, headers, CORS
    (without cookies: sign-in is by bearer token), size and time of bodies.
    """
    app = BodyLimit(app, body, bodies, body_refused)
    if cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=cors_origins,
            allow_methods=("GET", "POST", "PUT"),
            allow_headers=CORS_REQUEST_HEADERS,
            expose_headers=CORS_RESPONSE_HEADERS,
            max_age=3600,
        )
    app = SecurityHeaders(app)
    app = Observe(app, metrics=metrics, lifecycle=lifecycle)
    return TrustedProxies(app, trusted_proxies)
