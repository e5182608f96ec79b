"""Who asks: the GraphQL context of a request or socket."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from starlette.requests import HTTPConnection

from api.edge.proxies import network_of
from api.language import preferred_language
from core.settings import settings
from identity.actor import Actor, anonymous
from identity.authentication import actor_from_token
from schema.context import Context

_LONGEST_TOKEN = 4096


async def make_context(connection: HTTPConnection, init: dict[str, Any] | None) -> Context:
    """The context of a request, or of a socket from the payload of its ``connection_init``.

    Raises:
        Unauthenticated: a token was given and is not good.
    """
    given = connection.headers if init is None else {str(key).lower(): init[key] for key in init}
    language = given.get("accept-language") or connection.headers.get("accept-language")
    return Context(
        actor=await actor_of(connection, given.get("authorization")),
        language=preferred_language(str(language) if language else None),
        device=connection.headers.get("user-agent", "")[:80],
        by_get=connection.scope.get("method") == "GET",
    )


async def actor_of(connection: HTTPConnection, authorization: object) -> Actor:
    """The actor behind an ``Authorization`` header; anonymous without one.

    Raises:
        Unauthenticated: the token is not good.
    """
    address = hashed_address(connection)
    if not isinstance(authorization, str) or not authorization:
        return anonymous(address)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return anonymous(address)
    return await actor_from_token(token.strip()[:_LONGEST_TOKEN], address=address)


def hashed_address(connection: HTTPConnection) -> str:
    """The caller's network address, hashed: good for limits, no use for anything else."""
    host = network_of(connection.client.host) if connection.client else ""
    key = settings().derived_key("network addresses")
    return hmac.new(key, host.encode(), hashlib.sha256).hexdigest()[:32]
