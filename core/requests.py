"""Repeats: the same request twice does the work once and answers the same twice.

Clients retry when an answer got lost. Each mutation carries a ``requestId``; the first thing in
its transaction is to claim (actor, requestId). A concurrent repeat waits on the unique index
until the first commits, then answers with the first's result.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from core.clock import now
from core.database import execute, fetch
from core.errors import RequestIdReused
from core.ids import uuid7
from core.jobs import periodic
from core.settings import settings
from core.work import Principal, work

KEPT = timedelta(days=30)
NOBODY = UUID(int=0)


async def once(
    who: Principal,
    *,
    request_id: UUID,
    mutation: str,
    payload: Any,
    act: Callable[[], Awaitable[UUID]],
) -> UUID:
    """Run ``act`` once per (actor, ``request_id``); a repeat gets the id that it answered.

    Raises:
        RequestIdReused: the id came before with another mutation or payload.
    """
    digest = _digest(mutation, payload)
    async with work(who, request_id=request_id):
        claim = await fetch(
            "INSERT INTO request_claim"
            " (id, actor_id, request_id, mutation, payload_hash, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (actor_id, request_id) DO NOTHING"
            " RETURNING id",
            uuid7(),
            who.id or NOBODY,
            request_id,
            mutation,
            digest,
            now(),
        )
        if claim:
            result = await act()
            await execute(
                "UPDATE request_claim SET result_id = $2 WHERE id = $1",
                claim[0]["id"],
                result,
            )
            return result
    first = await _first(who, request_id)
    assert first is not None, "what kept the claim from being new"
    return _result_of(first, mutation, digest)


async def answered(who: Principal, *, request_id: UUID, mutation: str, payload: Any) -> UUID | None:
    """What the same request answered before; ``None`` when it is the first.

    For what asks somebody outside, before :func:`once`, in a way that serves once only.

    Raises:
        RequestIdReused: the id came before with another mutation or payload.
    """
    found = await _first(who, request_id)
    return _result_of(found, mutation, _digest(mutation, payload)) if found else None


async def _first(who: Principal, request_id: UUID) -> dict[str, Any] | None:
    rows = await fetch(
        "SELECT mutation, payload_hash, result_id FROM request_claim"
        " WHERE actor_id = $1 AND request_id = $2",
        who.id or NOBODY,
        request_id,
    )
    return rows[0] if rows else None


def _result_of(first: dict[str, Any], mutation: str, digest: bytes) -> UUID:
    if first["mutation"] != mutation or not hmac.compare_digest(first["payload_hash"], digest):
        raise RequestIdReused(field="input.requestId")
    result: UUID = first["result_id"]
    return result


def _digest(mutation: str, payload: Any) -> bytes:
    text = orjson.dumps([mutation, payload], option=orjson.OPT_SORT_KEYS, default=str)
    return hmac.digest(settings().derived_key("request claims"), text, hashlib.sha256)


@periodic("core.forget_requests", cron="41 19 * * *")
async def forget_requests() -> None:
    """Each night: claims older than 30 days go."""
    await execute("DELETE FROM request_claim WHERE created_at < $1", now() - KEPT)
