"""Who the caller is, when the request came through proxies of ours."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
_MOST_HOPS = 20


class TrustedProxies:
    """Sets ``scope["client"]`` and ``scope["scheme"]`` from what our own proxies report.

    The list of hops is read from its end: every address that is a proxy of ours is skipped, and
    the first that is not is the caller, whatever stands before it. Without trusted networks, or
    when the peer isn't in one, nothing is believed.

    Args:
        networks: where our proxies are, such as ``127.0.0.1`` or ``10.0.0.0/8``.
        header: the one header our proxies write. Only one can be believed, for a proxy passes
            the other on as the caller wrote it.
    """

    def __init__(
        self,
        app: ASGIApp,
        networks: Iterable[str] = (),
        *,
        header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for",
    ) -> None:
        self._app = app
        self._networks = tuple(ip_network(network, strict=False) for network in networks)
        self._header = header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its caller set."""
        if self._networks and scope["type"] in ("http", "websocket") and scope.get("client"):
            self._believe(scope)
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope) -> None:
        peer = parse_address(scope["client"][0])
        if peer is None or not self._is_ours(peer):
            return
        headers = Headers(scope=scope)
        if self._header == "forwarded":
            hops = _forwarded(headers)
        else:
            hops = [(hop, "") for hop in _listed(headers, "x-forwarded-for")]
        scheme = (_listed(headers, "x-forwarded-proto") or [""])[-1]
        client = peer
        for text, hop_scheme in reversed(hops[-_MOST_HOPS:]):
            address = parse_address(text)
            if address is None:
                break  # hidden or garbled: the proxy that says so is the last we know
            client, scheme = address, hop_scheme or scheme
            if not self._is_ours(address):
                break
        if client != peer:
            scope["client"] = (str(client), 0)
        if scheme.lower() in ("http", "https"):
            secure = scheme.lower() == "https"
            plain, tls = ("ws", "wss") if scope["type"] == "websocket" else ("http", "https")
            scope["scheme"] = tls if secure else plain

    def _is_ours(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def parse_address(text: str) -> Address | None:
    """An address as proxies write it: bare, ``1.2.3.4:5678``, ``[::1]:5678``; None if it isn't.

    IPv4 addresses in IPv6 clothes become IPv4.
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def network_of(host: str) -> str:
    """What one caller is known by, for limits: the address.

    Of IPv6 the network of 64 bits: a single line has all the addresses in it.
    """
    address = parse_address(f"[{host}]" if ":" in host else host)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return host if address is None else str(address)


def _listed(headers: Headers, name: str) -> list[str]:
    return [part.strip() for part in ",".join(headers.getlist(name)).split(",") if part.strip()]


def _forwarded(headers: Headers) -> list[tuple[str, str]]:
    """(for, proto) of each element of ``Forwarded`` (RFC 7239, section 4)."""
    hops = []
    for element in _listed(headers, "forwarded"):
        pairs = [pair.partition("=") for pair in element.split(";")]
        values = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
        hops.append((values.get("for", ""), values.get("proto", "")))
    return hops
