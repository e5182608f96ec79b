"""wechatpy's client with another way to talk: asynchronous, bounded, with a shared token.

``await client.wxa.code2session(code)``; the calls are in :mod:`integrations.wechat.api`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import orjson
from wechatpy.client import WeChatClient

from core.settings import Settings
from integrations.wechat.api import Wxa
from integrations.wechat.errors import STALE_TOKEN, BadAnswer, TookTooLong, WeChatError
from integrations.wechat.metrics import call_name, measured
from integrations.wechat.results import Version
from integrations.wechat.tokens import Fetched, TokenStore
from integrations.wechat.transport import Limits, Wire, read_image, read_json


@dataclass(frozen=True)
class Config:
    """Which mini-program this is and where WeChat answers."""

    app_id: str
    secret: str = field(repr=False)
    api_url: str
    version: Version = Version.RELEASE
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """What the settings say; None without a mini-program."""
        if settings.wechat_app_id is None or settings.wechat_app_secret is None:
            return None
        return cls(
            settings.wechat_app_id,
            settings.wechat_app_secret.get_secret_value(),
            settings.wechat_api_url,
            Version(settings.wechat_version),
        )


class Client(WeChatClient):
    """One mini-program's calls.

    No properties: wechatpy reads every attribute before ``__init__`` has run.
    """

    API_BASE_URL = ""
    wxa = Wxa()

    def __init__(self, config: Config) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # wechatpy has no types
            config.app_id, config.secret, auto_retry=False
        )
        self._http.close()  # requests' session, of no use here
        self.version = config.version
        self._limits = config.limits
        self._wire = Wire(config.api_url, config.limits)
        self._tokens = TokenStore(config.app_id, self._fetch_token)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    def fetch_access_token(self) -> None:
        """Not here: wechatpy's own way blocks the loop and takes no turns.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("tokens come from the token store")

    async def _request(self, method: str, url_or_endpoint: str, **given: Any) -> Any:
        """Carry out one call; where wechatpy's methods end up.

        Raises:
            WeChatError: whatever went wrong, within the time limit of a call.
        """
        endpoint = _endpoint(url_or_endpoint, given.pop("api_base_url", ""))
        call = call_name(endpoint)
        asking = _Asking(call, method.upper(), endpoint, given)
        with measured(call):
            try:
                async with asyncio.timeout(self._limits.total):
                    return await self._ask(asking)
            except TimeoutError:
                pass
            raise TookTooLong(call)

    async def _ask(self, asking: _Asking) -> Any:
        if not asking.with_token:
            return await asking.of(self._wire)
        token = await self._tokens.get()
        try:
            return await asking.of(self._wire, token)
        except WeChatError as error:
            if error.errcode not in STALE_TOKEN:
                raise
        await self._tokens.drop(token)
        return await asking.of(self._wire, await self._tokens.get(instead_of=token))

    async def _fetch_token(self, *, force: bool) -> Fetched:
        body = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
            "force_refresh": force,
        }
        asking = _Asking(
            "stable_token",
            "POST",
            "cgi-bin/stable_token",
            {"data": body, "result_processor": _fetched},
        )
        with measured("stable_token"):
            answer: Fetched = await asking.of(self._wire)
            return answer


class _Asking:
    """One call, which may be made twice."""

    def __init__(self, call: str, method: str, endpoint: str, given: dict[str, Any]) -> None:
        self.call, self.method, self.endpoint = call, method, endpoint
        self.with_token: bool = given.pop("with_token", True)
        self._image: bool = given.pop("image", False)
        self._process: Callable[[dict[str, Any]], Any] | None = given.pop("result_processor", None)
        self._query: Mapping[str, Any] = given.pop("params", None) or {}
        data = given.pop("data", None)
        self._body = orjson.dumps(data) if isinstance(data, dict) else data
        self._files = given.pop("files", None)
        given.pop("timeout", None)  # the client's own limits hold
        if given:
            raise TypeError(f"{call} takes no {', '.join(sorted(given))}")

    async def of(self, wire: Wire, token: str | None = None) -> Any:
        query = {key: str(value) for key, value in self._query.items() if value is not None}
        if token is not None:
            query["access_token"] = token
        content = await wire.ask(
            self.call, self.method, self.endpoint, query, body=self._body, files=self._files
        )
        if self._image:
            return read_image(self.call, content)
        answer = read_json(self.call, content)
        return answer if self._process is None else self._processed(answer)

    def _processed(self, answer: dict[str, Any]) -> Any:
        assert self._process is not None
        try:
            return self._process(answer)
        except (LookupError, TypeError, ValueError, AttributeError):
            pass  # its words may quote the answer
        raise BadAnswer(self.call)


def _endpoint(given: str, base: str) -> str:
    """The path on our host; wechatpy's hard-coded hosts are left out."""
    if given.startswith(("http://", "https://")):
        raise ValueError("only calls of WeChat's API host can be made")
    return (urlsplit(base).path if base else "").strip("/") + "/" + given.lstrip("/")


def _fetched(answer: dict[str, Any]) -> Fetched:
    return Fetched(str(answer["access_token"]), int(answer["expires_in"]))
