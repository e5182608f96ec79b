"""Sockets and event streams that stay open: how many for whom, and until when.

An open connection outlives the request that was checked, so it is checked again: every second,
and at once when the identity layer calls :meth:`Connections.recheck`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self

import structlog

from api.edge.proxies import network_of
from core.errors import RateLimited

log = structlog.get_logger("api.connections")

SIGNED_OUT = 4401
TRY_AGAIN_LATER = 1013
GOING_AWAY = 1001

Close = Callable[[int, str], Awaitable[None]]


def too_many_connections(limit: int) -> RateLimited:
    """The refusal for one connection more than allowed."""
    return RateLimited(
        reason="CONNECTIONS",
        params={"limit": limit},
        zh="同时打开的连接太多，上限 {limit} 个",
        en="Too many open connections, at most {limit}",
    )


class Connection:
    """One open socket or stream; leaving the ``with`` block takes it off the books."""

    def __init__(self, connections: Connections, key: str, close: Close) -> None:
        self._connections = connections
        self.key = key
        self.close = close
        self.context: Any = None
        self.person: str | None = None
        self.doubted = 0

    def identify(self, context: Any) -> None:
        """Say who it belongs to, once that is known.

        Raises:
            RateLimited: they have as many open as one may have.
        """
        self._connections.identify(self, context)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connections.forget(self)


class Connections:
    """All open connections of this process.

    Args:
        person: names the account behind a context; None for an anonymous caller, who is
            counted by address.
        count: counts an operation on an open socket against what the caller may ask for; raises
            a ``DomainError`` when it is one too many.
        still_good: whether a context's session may go on. An exception means "can't tell": the
            connection is kept for ``patience`` checks and then closed with 1013.
        per_person: how many one account, or one anonymous address, may have open.
        waiting_per_address: how many sockets of one address may be open before they said who
            they are; larger, because a whole village may share an address.
        interval: seconds between checks.
    """

    def __init__(
        self,
        *,
        person: Callable[[Any], str | None],
        still_good: Callable[[Any], Awaitable[bool]],
        count: Callable[[Any], Awaitable[None]] | None = None,
        per_person: int = 10,
        waiting_per_address: int = 100,
        interval: float = 1.0,
        patience: int = 10,
    ) -> None:
        self._person = person
        self._still_good = still_good
        self._count = count
        self._per_person = per_person
        self._waiting_per_address = waiting_per_address
        self._interval = interval
        self._patience = patience
        self._open: dict[str, set[Connection]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def open(self, address: str, close: Close) -> Connection:
        """Book a connection whose caller is not known yet.

        Raises:
            RateLimited: the address has too many of those.
        """
        connection = Connection(self, f"waiting {network_of(address)}", close)
        self._book(connection, self._waiting_per_address)
        return connection

    def identify(self, connection: Connection, context: Any) -> None:
        """Move a connection to the account (or anonymous address) it belongs to."""
        address = connection.key.removeprefix("waiting ")
        self.forget(connection)
        connection.context = context
        connection.person = self._person(context)
        connection.key = (
            f"person {connection.person}" if connection.person else f"address {address}"
        )
        self._book(connection, self._per_person)

    async def count(self, context: Any) -> None:
        """Count an operation that somebody asks for on an open socket.

        Raises:
            RateLimited: it is one too many.
        """
        if self._count is not None:
            await self._count(context)

    def forget(self, connection: Connection) -> None:
        """Take a connection off the books; does nothing the second time."""
        group = self._open.get(connection.key, set())
        group.discard(connection)
        if not group:
            self._open.pop(connection.key, None)

    def _book(self, connection: Connection, limit: int) -> None:
        group = self._open.setdefault(connection.key, set())
        if len(group) >= limit:
            raise too_many_connections(limit)
        group.add(connection)

    async def recheck(self, person: str | None = None) -> None:
        """Check the connections of one account now, or of everybody.

        The identity layer calls this when a session is revoked or rights change.
        """
        known = [
            connection
            for connection in self._all()
            if connection.person is not None and person in (None, connection.person)
        ]
        await asyncio.gather(*map(self._check, known))

    async def _check(self, connection: Connection) -> None:
        try:
            good = await self._still_good(connection.context)
            connection.doubted = 0
        except Exception as error:
            connection.doubted += 1
            if connection.doubted == 1:
                log.warning("connection.unchecked", exc_info=error)
            if connection.doubted >= self._patience:
                await self._end(connection, TRY_AGAIN_LATER, "Try again later")
            return
        if not good:
            await self._end(connection, SIGNED_OUT, "Signed out")

    async def _end(self, connection: Connection, code: int, reason: str) -> None:
        self.forget(connection)
        try:
            await connection.close(code, reason)
        except Exception as error:
            # The peer may be gone already; the other connections must still be closed.
            log.info("connection.close_failed", exc_info=error)

    async def watch(self) -> None:
        """Check everybody again and again, until cancelled: the process's background task."""
        while True:
            await asyncio.sleep(self._interval)
            await self.recheck()

    async def close_all(self) -> None:
        """End every connection because the process stops."""
        await asyncio.gather(*(self._end(c, GOING_AWAY, "Going away") for c in self._all()))

    def _all(self) -> Iterable[Connection]:
        return [connection for group in self._open.values() for connection in group]
