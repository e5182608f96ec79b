"""The emulator as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.settings import settings
from integrations.wechat.emulator.control import Control
from integrations.wechat.emulator.endpoints import ENDPOINTS, Answer, Endpoint
from integrations.wechat.emulator.faults import Dropped, Faults, answer_of
from integrations.wechat.emulator.pushes import Pushes
from integrations.wechat.emulator.world import Refusal, World


def make_app(world: World | None = None) -> Starlette:
    """An emulator with a memory of its own; it must be started (lifespan) to send pushes.

    Raises:
        RuntimeError: in production.
    """
    if settings().production:
        raise RuntimeError("the WeChat emulator lets anybody sign in as anybody")
    world = world or World()
    faults, pushes = Faults(), Pushes(world)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with pushes.sending():
            yield

    routes = [
        Route(path, _Calling(world, faults, path, run, token=token), methods=[method])
        for path, (method, run, token) in ENDPOINTS.items()
    ]
    app = Starlette(routes=[*routes, *Control(world, faults, pushes).routes()], lifespan=lifespan)
    app.state.world, app.state.pushes = world, pushes
    return app


class _Calling:
    """One endpoint behind faults, token and counters, in WeChat's order."""

    def __init__(
        self, world: World, faults: Faults, path: str, run: Endpoint, *, token: bool
    ) -> None:
        self._world, self._faults, self._path, self._run = world, faults, path, run
        self._token = token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        await request.body()  # before any delay: what has arrived is carried out
        fault = self._faults.take(self._path)
        if fault is not None and (instead := await answer_of(fault)) is not None:
            self._world.counts[self._path] += 1
            return instead
        answer = await self._carried_out(request)
        return Dropped() if fault is not None and fault.kind == "lost" else answer

    async def _carried_out(self, request: Request) -> Response:
        try:
            self._world.count(self._path)
            if self._token:
                self._world.check_token(request.query_params.get("access_token"))
            return _response(self._run(self._world, request.query_params, await _body(request)))
        except Refusal as refusal:
            return JSONResponse(
                {
                    "errcode": refusal.errcode,
                    "errmsg": f"{refusal.errmsg} rid: 0e3012a7-00000000-00000000",
                }
            )


async def _body(request: Request) -> dict[str, Any]:
    if request.method != "POST":
        return {}
    try:
        found = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise Refusal(47001, "data format error") from None
    if not isinstance(found, dict):
        raise Refusal(47001, "data format error")
    return found


def _response(answer: Answer) -> Response:
    if isinstance(answer, bytes):
        return Response(answer, media_type="image/png")
    return JSONResponse(answer)
