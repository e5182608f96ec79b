"""Tencent Cloud SMS on loopback: checks the signature as its documents say, then answers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET_ID = "AKIDsample0000000000000000000000000"
SECRET_KEY = "sample-key-of-a-sub-user-0000000"

_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>[0-9-]{10})/sms/tc3_request, "
    r"SignedHeaders=content-type;host, Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class TencentSms:
    """What came, and what to answer next in the place of success."""

    url: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)
    next_status: list[str] = field(default_factory=list)
    next_error: list[str] = field(default_factory=list)
    next_raw: list[Response] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        if problem := self._problem(request, body):
            return _answer({"Error": {"Code": problem, "Message": "no"}})
        self.received.append(orjson.loads(body))
        if self.next_raw:
            return self.next_raw.pop(0)
        if self.next_error:
            return _answer({"Error": {"Code": self.next_error.pop(0), "Message": "no"}})
        code = self.next_status.pop(0) if self.next_status else "Ok"
        number = self.received[-1]["PhoneNumberSet"][0]
        status = {"SerialNo": f"5000:{len(self.received)}", "PhoneNumber": number, "Fee": 1}
        return _answer(
            {"SendStatusSet": [{**status, "Code": code, "Message": "", "IsoCode": "CN"}]}
        )

    def _problem(self, request: Request, body: bytes) -> str | None:
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if found is None:
            return "AuthFailure.InvalidAuthorization"
        if found["id"] != SECRET_ID:
            return "AuthFailure.SecretIdNotFound"
        canonical = "\n".join(
            (
                request.method,
                request.url.path,
                request.url.query,
                f"content-type:{request.headers['content-type']}",
                f"host:{request.headers['host']}",
                "",
                "content-type;host",
                hashlib.sha256(body).hexdigest(),
            )
        )
        scope = f"{found['day']}/sms/tc3_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"TC3-HMAC-SHA256\n{request.headers['x-tc-timestamp']}\n{scope}\n{digest}"
        key = f"TC3{SECRET_KEY}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        if expected != found["signature"]:
            return "AuthFailure.SignatureFailure"
        if request.headers["x-tc-action"] != "SendSms":
            return "InvalidAction"
        return None if request.headers["x-tc-version"] == "2021-01-11" else "NoSuchVersion"


def _answer(response: dict[str, Any]) -> Response:
    content = orjson.dumps({"Response": {**response, "RequestId": "sample"}})
    return Response(content, media_type="application/json")


@asynccontextmanager
async def running() -> AsyncIterator[TencentSms]:
    """The provider on a free port of 127.0.0.1."""
    sms = TencentSms()
    listening = socket.create_server(("127.0.0.1", 0))
    sms.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = Starlette(routes=[Route("/", sms.answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield sms
    finally:
        server.should_exit = True
        await serving
