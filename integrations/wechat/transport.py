"""HTTP to WeChat: bounded in time and size, and nothing secret where it could be logged.

WeChat wants tokens, secrets and codes in the address. They are put there below httpx' client, so
that neither its log lines nor its exceptions hold them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from integrations.wechat.errors import (
    BadAnswer,
    TookTooLong,
    Unreachable,
    WeChatError,
    refusal,
)

LARGEST_ANSWER: Final = 2 * 1024 * 1024
_IMAGES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_NO_JSON: Final = object()


@dataclass(frozen=True)
class Limits:
    """Seconds for the connection, between two pieces of the answer, and for a whole call."""

    connect: float = 2.0
    read: float = 5.0
    total: float = 8.0


class _Below(httpx.AsyncBaseTransport):
    """Adds the query of ``extensions["query"]`` after everything that logs."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        extensions = dict(request.extensions)
        query = extensions.pop("query")
        return await self._inner.handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_merge_params(query),
                headers=request.headers,
                stream=request.stream,
                extensions=extensions,
            )
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class Wire:
    """The connections to one host."""

    def __init__(self, base_url: str, limits: Limits) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=httpx.Timeout(limits.read, connect=limits.connect),
            transport=_Below(
                httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=50), trust_env=False)
            ),
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(
        self,
        call: str,
        method: str,
        endpoint: str,
        query: Mapping[str, str],
        *,
        body: bytes | None = None,
        files: Any = None,
    ) -> bytes:
        """The body of an answer with status 200.

        Raises:
            Unavailable: none came, or too late, or with another status, or too large.
        """
        headers = {"content-type": "application/json"} if body is not None else None
        failure: WeChatError
        try:
            async with self._http.stream(
                method,
                "/" + endpoint.lstrip("/"),
                content=body,
                files=files,
                headers=headers,
                extensions={"query": dict(query)},
            ) as answer:
                if answer.status_code == httpx.codes.OK and (
                    content := await _within_limits(answer)
                ):
                    return content
                failure = BadAnswer(call, status=answer.status_code)
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            failure = TookTooLong.unsent(call)
        except httpx.TimeoutException:
            failure = TookTooLong(call)
        except httpx.ConnectError:
            failure = Unreachable.unsent(call)
        except httpx.DecodingError:
            failure = BadAnswer(call)
        except (httpx.HTTPError, OSError):
            failure = Unreachable(call)
        # Raised here, away from httpx' exception: it holds the request with its body.
        raise failure


async def _within_limits(answer: httpx.Response) -> bytes | None:
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > LARGEST_ANSWER:
            return None
    return bytes(content)


def read_json(call: str, content: bytes) -> dict[str, Any]:
    """The answer as WeChat's JSON.

    Raises:
        BadAnswer: it is none.
        WeChatError: it is a refusal.
    """
    found = _loaded(content)
    if not isinstance(found, dict):
        raise BadAnswer(call)
    if (code := found.get("errcode", 0)) in {0, "0"} and not isinstance(code, bool):
        return found
    number = _number(code)
    if number is None:
        raise BadAnswer(call)
    raise refusal(call, number, found.get("errmsg"))


def read_image(call: str, content: bytes) -> bytes:
    """The answer as a PNG or JPEG; an error comes as JSON in its place.

    Raises:
        BadAnswer: it is neither.
        WeChatError: it is a refusal.
    """
    if content.startswith(_IMAGES):
        return content
    read_json(call, content)
    raise BadAnswer(call)


def _loaded(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:  # holds the document: never chained
        return _NO_JSON


def _number(code: Any) -> int | None:
    if isinstance(code, bool):
        return None
    try:
        return int(code) if isinstance(code, int | str) else None
    except ValueError:
        return None
