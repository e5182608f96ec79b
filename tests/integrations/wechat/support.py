"""What the tests of WeChat share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx

from integrations.wechat.client import Config
from integrations.wechat.emulator import APP_ID, APP_SECRET, PERSONAS, Running
from integrations.wechat.transport import Limits

TENANT = PERSONAS["tenant"]
STABLE = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/subscribe/send"


def config_for(emulator: Running | str, **limits: float) -> Config:
    url = emulator if isinstance(emulator, str) else emulator.url
    return Config(APP_ID, APP_SECRET, url, limits=Limits(**limits))


@dataclass
class Helper:
    """The control routes, through HTTP like anybody's."""

    http: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str) -> AsyncIterator[Self]:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            yield cls(http)

    async def post(self, path: str, /, **body: Any) -> Any:
        answer = await self.http.post(f"/_ctl/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def get(self, path: str) -> Any:
        return (await self.http.get(f"/_ctl/{path}")).json()

    async def code(self, persona: str = "tenant", kind: str = "login") -> str:
        return str((await self.post("codes", persona=persona, kind=kind))["code"])

    async def calls(self, path: str = STABLE) -> int:
        return int((await self.get("state"))["calls"].get(path, 0))
