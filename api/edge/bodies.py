"""How large a body may be, and how long it may take."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class BodyRule:
    """``bytes`` at most, complete within ``seconds``."""

    bytes: int = 1_048_576
    seconds: float = 10.0


class BodyRefused(HTTPException):
    """A body that is too large (413), too slow (408) or of a length that is no number (400)."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason, headers={"Connection": "close"})


Refused = Callable[[Request, BodyRefused], Response]


class BodyLimit:
    """Raises ``BodyRefused`` out of the application's ``receive``, or answers for it.

    Args:
        rule: for every path.
        paths: other rules: for paths that begin so, such as ``{"/uploads/": BodyRule(...)}``, or
            that are of a form, such as ``{"/q/*/report": ..., "/report": ...}``; ``*`` is one part.
        refused: what answers for a body that is refused; one line of text when nothing does.
    """

    def __init__(
        self,
        app: ASGIApp,
        rule: BodyRule | None = None,
        paths: Mapping[str, BodyRule] | None = None,
        refused: Refused | None = None,
    ) -> None:
        self._app = app
        self._rule = rule or BodyRule()
        self._paths = [(_pattern(path), rule) for path, rule in (paths or {}).items()]
        self._refused = refused or _line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a bounded body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            body = _Body(self._rule_for(scope["path"]), receive)
            body.check_length(scope)
            await self._app(scope, body.receive, watched)
        except BodyRefused as refused:
            if started:
                raise
            await self._refused(Request(scope), refused)(scope, receive, send)

    def _rule_for(self, path: str) -> BodyRule:
        for pattern, rule in self._paths:
            if pattern.fullmatch(path):
                return rule
        return self._rule


def _pattern(path: str) -> re.Pattern[str]:
    parts = "[^/]+".join(map(re.escape, path.split("*")))
    return re.compile(parts + (".*" if path.endswith("/") else ""), re.DOTALL)


def _line(request: Request, refused: BodyRefused) -> Response:
    return PlainTextResponse(refused.detail, refused.status_code, refused.headers)


class _Body:
    def __init__(self, rule: BodyRule, receive: Receive) -> None:
        self._rule = rule
        self._receive = receive
        self._left = rule.bytes
        self._complete = False
        self._deadline: float | None = None

    def check_length(self, scope: Scope) -> None:
        for name, value in scope["headers"]:
            if name == b"content-length":
                if not value.isdigit():
                    raise BodyRefused(400, "BODY_LENGTH")
                if int(value[:20]) > self._rule.bytes:
                    raise BodyRefused(413, "BODY_TOO_LARGE")

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._deadline = self._deadline or now + self._rule.seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused(408, "BODY_TOO_SLOW") from None
        self._complete = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise BodyRefused(413, "BODY_TOO_LARGE")
        return message
