"""``/wechat/push``: where WeChat tries the address out (GET) and posts its events.

What is not provably WeChat's is 400 without a word, whatever is wrong with it. What is WeChat's is
kept and acknowledged within a second; when it can't be kept, 503 has WeChat send it again.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.edge.bodies import BodyRule
from api.faults import as_refusal, report_incident
from identity.wechat.pushes import take_push
from integrations import wechat
from integrations.wechat.errors import NotConfigured
from integrations.wechat.metrics import PUSHES
from integrations.wechat.push import ANSWER, LARGEST_BODY, PushEvent, PushRefused

PATH: Final = "/wechat/push"
BODIES: Final = {PATH: BodyRule(bytes=LARGEST_BODY, seconds=5.0)}
PATIENCE: Final = 0.8
"""Seconds to keep a push in: WeChat waits five, and has its answer within one."""

_NOT_STORED: Final = {"Cache-Control": "no-store"}


async def push(request: Request) -> Response:
    """The echo to a GET, ``success`` to a POST that is kept."""
    try:
        keys = wechat.push_keys()
    except NotConfigured:
        return _nothing(404)
    query = dict(request.query_params)
    try:
        if request.method == "POST":
            return await _keep(keys.read(query, await request.body()))
        return PlainTextResponse(keys.echo(query), headers=_NOT_STORED)
    except PushRefused as refusal:
        PUSHES.labels(f"refused_{refusal.fault.lower()}").inc()
        return _nothing(400)
    except ClientDisconnect:
        return _nothing(400)  # nobody reads it


async def _keep(event: PushEvent) -> Response:
    keeping = asyncio.create_task(take_push(event))
    await asyncio.wait({keeping}, timeout=PATIENCE)
    # Whatever happened: a push that is not acknowledged comes again, and none is lost.
    if not keeping.done():
        # Nobody waits for the end of it: a server that hangs is slow to give up, too.
        keeping.add_done_callback(_forget)
        keeping.cancel()
        return _not_kept()
    if keeping.cancelled():
        return _not_kept()
    if (error := keeping.exception()) is not None:
        if as_refusal(error) is None:
            report_incident(error)
        return _not_kept()
    PUSHES.labels("accepted" if keeping.result() else "repeated").inc()
    return PlainTextResponse(ANSWER, headers=_NOT_STORED)


def _forget(keeping: asyncio.Task[bool]) -> None:
    if not keeping.cancelled():
        keeping.exception()


def _not_kept() -> Response:
    PUSHES.labels("unavailable").inc()
    return _nothing(503, {"Retry-After": "1"})


def _nothing(status: int, headers: dict[str, str] | None = None) -> Response:
    # What was not read of the body would be taken for the next request.
    return Response(
        status_code=status, headers={**_NOT_STORED, "Connection": "close", **(headers or {})}
    )


routes: Final = [Route(PATH, push, methods=["GET", "POST"])]
