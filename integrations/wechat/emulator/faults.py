"""Faults on order: the next calls of a path go wrong in the way that was queued."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any, Final, Literal

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

Kind = Literal["errcode", "http", "delay", "drop", "lost", "malformed"]
KINDS: Final = ("errcode", "http", "delay", "drop", "lost", "malformed")


@dataclass
class Fault:
    """One way to go wrong, for the next ``times`` calls; 0 is for ever."""

    kind: Kind
    errcode: int = -1
    errmsg: str = "system error"
    status: int = 502
    seconds: float = 10.0
    times: int = 1


class Faults:
    """Queues by path; the path ``*`` is for every call."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, path: str, fault: Fault) -> None:
        """Queue a fault."""
        self._queues[path].append(fault)

    def clear(self) -> None:
        """Forget all of them."""
        self._queues.clear()

    def listing(self) -> dict[str, list[dict[str, Any]]]:
        """What is queued."""
        return {path: [vars(one) for one in queue] for path, queue in self._queues.items() if queue}

    def take(self, path: str) -> Fault | None:
        """The fault of this call."""
        for queue in (self._queues[path], self._queues["*"]):
            if queue:
                fault = queue[0]
                if fault.times == 1:
                    queue.popleft()
                elif fault.times > 1:
                    fault.times -= 1
                return fault
        return None


async def answer_of(fault: Fault) -> Response | None:
    """What is answered in the place of the call; None: it is carried out, perhaps later."""
    match fault.kind:
        case "errcode":
            return JSONResponse({"errcode": fault.errcode, "errmsg": fault.errmsg})
        case "http":
            return PlainTextResponse("<html>Bad Gateway</html>", fault.status)
        case "malformed":
            return PlainTextResponse('{"errcode": 0, "access_tok', media_type="application/json")
        case "drop":
            return Dropped()
        case "delay":
            await asyncio.sleep(fault.seconds)
    return None


class Dropped(Response):
    """An answer that breaks off: the server closes the connection on it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin an answer and say that more comes."""
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"err', "more_body": True})
