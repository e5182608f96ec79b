"""``POST /oauth/token``: client credentials of third-party apps (RFC 6749 § 4.4)."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.context import hashed_address
from core.clock import now
from core.errors import DomainError, InvalidInput, RateLimited, Unauthenticated
from identity.actor import anonymous
from identity.apps import app_token

_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def token(request: Request) -> Response:
    """A short-lived token for an app that shows its secret (Basic or in the form)."""
    try:
        form = await request.form(max_files=0, max_fields=10)
    except HTTPException as refused:
        if refused.status_code != 400:  # too large or too slow: the edge's own answer
            raise
        return _refused("invalid_request", 400)
    fields = {key: value for key, value in form.items() if isinstance(value, str)}
    if len(form.multi_items()) != len(form) or (
        "client_secret" in fields and _basic(request) is not None
    ):
        return _refused("invalid_request", 400)  # RFC 6749 § 2.3, § 3.2
    if fields.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", 400)
    client_id, secret = _credentials(request) or (
        fields.get("client_id", ""),
        fields.get("client_secret", ""),
    )
    scope = fields.get("scope", "").split()
    try:
        made = await app_token(
            anonymous(hashed_address(request)),
            client_id=client_id,
            secret=secret,
            scopes=scope or None,
        )
    except Unauthenticated:
        return _refused("invalid_client", 401, {"WWW-Authenticate": 'Basic realm="houjie"'})
    except InvalidInput:
        return _refused("invalid_scope", 400)
    except RateLimited as limited:
        return _refused("slow_down", 429, {"Retry-After": str(limited.params["retryAfter"])})
    except DomainError:
        return _refused("temporarily_unavailable", 503)
    return JSONResponse(
        {
            "access_token": made.access.text,
            "token_type": "Bearer",
            "expires_in": int((made.access.expires_at - now()).total_seconds()),
            "scope": " ".join(sorted(made.scopes)),
        },
        headers=_NOT_STORED,
    )


def _credentials(request: Request) -> tuple[str, str] | None:
    """Client id and secret from HTTP Basic, each form-encoded (RFC 6749 § 2.3.1)."""
    encoded = _basic(request)
    if encoded is None:
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)


def _basic(request: Request) -> str | None:
    """What follows ``Basic`` in the ``Authorization`` header; ``None`` without one."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    return encoded if scheme.lower() == "basic" else None


def _refused(error: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error}, status, headers={**_NOT_STORED, **(headers or {})})


routes = [Route("/oauth/token", token, methods=["POST"])]
