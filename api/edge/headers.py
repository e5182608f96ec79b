"""Headers that every answer carries."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Pages bring one small style sheet inside and nothing from outside.
PAGE_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
HSTS = "max-age=31536000; includeSubDomains"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=()",
}


class SecurityHeaders:
    """Adds what is missing; an application that sets one of these headers itself keeps its own.

    ``Referrer-Policy`` matters most here: addresses of plates hold tokens.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and dress the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                _dress(MutableHeaders(scope=message), secure=scope["scheme"] == "https")
            await send(message)

        await self._app(scope, receive, dressed)


def _dress(headers: MutableHeaders, *, secure: bool) -> None:
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    policy = PAGE_POLICY if _is_page(headers) else DATA_POLICY
    headers.setdefault("Content-Security-Policy", policy)
    if secure:
        headers.setdefault("Strict-Transport-Security", HSTS)


def _is_page(headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("text/html")
