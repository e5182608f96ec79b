"""One attempt: a POST that is bounded in time, goes only where it may, and keeps no words.

Nothing that a receiver answers is kept but the status and how long it took. Redirects are not
followed: the app changes its address instead.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Final

import httpcore
import httpx

from core.clock import now
from core.settings import settings
from notifications.webhooks.addresses import (
    AddressRefused,
    CheckedBackend,
    Resolve,
    UnknownHost,
    resolve,
)
from notifications.webhooks.schedule import pause

CONNECT_SECONDS: Final = 2.0
TOTAL_SECONDS: Final = 15.0
"""The standard recommends 15 to 30 s; a worker's place is taken for as long."""


class Fault(StrEnum):
    """Why an attempt got no answer."""

    TIMEOUT = "TIMEOUT"
    UNKNOWN_HOST = "UNKNOWN_HOST"
    ADDRESS_REFUSED = "ADDRESS_REFUSED"
    NO_CONNECTION = "NO_CONNECTION"
    TLS = "TLS"
    BROKEN_OFF = "BROKEN_OFF"
    INTERRUPTED = "INTERRUPTED"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: a status of HTTP or a fault, and how long it took."""

    milliseconds: int
    status: int | None = None
    fault: Fault | None = None
    pause: timedelta | None = None


class Sender:
    """Posts to endpoints. ``loopback``, for development: to this machine too."""

    def __init__(
        self,
        *,
        loopback: bool,
        connect: float = CONNECT_SECONDS,
        total: float = TOTAL_SECONDS,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.loopback = loopback
        self._total = total
        self._timeouts = {"connect": connect, "read": total, "write": total, "pool": total}
        self._backend = CheckedBackend(loopback=loopback, resolve=resolve)
        self._tls = tls or httpx.create_ssl_context(trust_env=False)

    async def post(self, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """One attempt; never raises for what the receiver does."""
        began = time.perf_counter()
        status, retry_after, fault = None, None, None
        try:
            async with asyncio.timeout(self._total):
                status, retry_after = await self._ask(url, headers, body)
        except AddressRefused:
            fault = Fault.ADDRESS_REFUSED
        except UnknownHost:
            fault = Fault.UNKNOWN_HOST
        except (TimeoutError, httpcore.TimeoutException):
            fault = Fault.TIMEOUT
        except httpcore.ConnectError as error:
            # The pool cuts the chain; what httpcore made its own of is the argument.
            tls = bool(error.args) and isinstance(error.args[0], ssl.SSLError)
            fault = Fault.TLS if tls else Fault.NO_CONNECTION
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            fault = Fault.BROKEN_OFF
        taken = round((time.perf_counter() - began) * 1000)
        return Answer(taken, status, fault, pause(status, retry_after, now()))

    async def _ask(
        self, url: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> tuple[int, str | None]:
        # A connection for each attempt: apps hear seldom, and an idle one would outlive its check.
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_keepalive_connections=0,
                network_backend=self._backend,
            ) as pool,
            pool.stream(
                "POST",
                url,
                headers=[
                    ("content-type", "application/json"),
                    ("user-agent", "leye-webhooks/1"),
                    ("connection", "close"),
                    *headers,
                ],
                content=body,
                extensions={"timeout": self._timeouts},
            ) as response,
        ):
            found = [value for name, value in response.headers if name.lower() == b"retry-after"]
            return response.status, found[0].decode("latin-1") if found else None


_replaced: Sender | None = None


def sender() -> Sender:
    """The sender of this process."""
    return _replaced or _default(loopback=not settings().production)


def use(other: Sender | None) -> Sender | None:
    """Put another in its place, and answer the one before."""
    global _replaced
    before, _replaced = _replaced, other
    return before


@cache
def _default(*, loopback: bool) -> Sender:
    return Sender(loopback=loopback)
