"""Where messages may go: never into the network that the service itself stands in (SSRF).

An app chooses the address, so a name may lead anywhere, and elsewhere at the next look. Form and
numbers are checked when the address is given; what a name leads to is checked at every
connection, and the connection goes to the address that was checked.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

from core.errors import InvalidInput

LONGEST: Final = 500

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

_PRINTABLE: Final = re.compile(r"[!-~]+", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]", re.ASCII)

# Beside what `is_global` refuses in every Python: addresses that carry another one inside (6to4,
# Teredo, NAT64), relays, documentation, and where clouds tell machines their secrets.
_NEVER: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
        "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


class AddressRefused(Exception):
    """A name leads where messages may not go."""


class UnknownHost(Exception):
    """A name leads nowhere."""


def may_go_to(address: Address, *, loopback: bool) -> bool:
    """Whether messages may go to an address; ``loopback``: to this machine too."""
    inside = getattr(address, "ipv4_mapped", None) or address
    if inside.is_loopback:
        return loopback
    return inside.is_global and not any(
        inside in net for net in _NEVER if net.version == inside.version
    )


def checked_url(text: str, *, loopback: bool) -> str:
    """The address of an endpoint: ``https`` with a host that is public, as far as one can see.

    ``loopback``, for development: ``http`` and this machine too.

    Raises:
        InvalidInput: with a reason for each rule.
    """
    url = text.strip()
    if not _PRINTABLE.fullmatch(url) or len(url) > LONGEST:
        raise _refused("URL", "地址格式不正确", "Not an address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused("URL", "地址格式不正确", "Not an address") from None
    if parts.scheme not in ({"https", "http"} if loopback else {"https"}):
        raise _refused("HTTPS", "地址须以 https:// 开头", "It must begin with https://")
    if "@" in parts.netloc:
        raise _refused(
            "USER_INFO", "地址不能带用户名或密码", "It may hold no user name or password"
        )
    shown = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(shown) or len(host) > 253 or port == 0 or parts.fragment:
        raise _refused("URL", "地址格式不正确", "Not an address")
    number = _number(host)
    if number is not None and not may_go_to(number, loopback=loopback):
        raise _refused("ADDRESS", "不能使用内部网络地址", "It must not be in a private network")
    return url


def _number(host: str) -> Address | None:
    """The address that a host spells out, in any of the ways in which systems read numbers."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host.removesuffix(".")))
    except OSError:
        return None


def _refused(reason: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(field="input.url", reason=reason, zh=zh, en=en)


async def resolve(host: str, port: int) -> list[str]:
    """Where a name leads, as the system says.

    Raises:
        UnknownHost: nowhere.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
    except OSError:
        raise UnknownHost from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that it has checked, and to no other."""

    def __init__(self, *, loopback: bool, resolve: Resolve = resolve) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._loopback = loopback
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of the host that answers.

        Raises:
            AddressRefused: one of its addresses is out of bounds: none is tried then.
            UnknownHost: it has none.
            httpcore.ConnectError, httpcore.ConnectTimeout: none answers.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(await self._checked(host, port), port)
        except TimeoutError:
            raise httpcore.ConnectTimeout from None

    async def _checked(self, host: str, port: int) -> list[str]:
        found = await self._resolve(host.strip("[]"), port)
        if not found:
            raise UnknownHost
        for text in found:
            if not may_go_to(ip_address(text.partition("%")[0]), loopback=self._loopback):
                raise AddressRefused
        return found

    async def _connect(self, addresses: list[str], port: int) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError()
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port)
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: apps are not on this machine.

        Raises:
            AddressRefused: always.
        """
        raise AddressRefused

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore does between attempts."""
        await self._inner.sleep(seconds)
