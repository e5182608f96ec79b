"""Tortoise's engine for PostgreSQL, with one defect mended.

Its transactions take a connection from the pool and then begin. When beginning fails, because the
server has ended the connection, or is given up, because a request's time is over, Tortoise 1.1
never gives the connection back, and what runs next in the same task believes itself in that
transaction. As many such moments as the pool has room for, and the process answers nobody any more.
"""

from __future__ import annotations

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections


class _Transaction(TransactionContextPooled):
    async def __aenter__(self) -> TransactionalDBClient:
        try:
            return await super().__aenter__()
        except BaseException:
            await self._undo()
            raise

    async def _undo(self) -> None:
        if hasattr(self, "token"):
            get_connections().reset(self.token)
        taken = self.client._connection  # noqa: SLF001 - there is no other way to them
        pool = self.client._parent._pool  # noqa: SLF001
        if taken is not None and pool is not None:
            # Whether the server has begun is not known: a new connection costs less than to ask.
            taken.terminate()
            await pool.release(taken)


class Client(AsyncpgDBClient):
    """A pool of connections, whose transactions leave none behind."""

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(TransactionWrapper(self), self._pool_init_lock)


client_class = Client
"""Where Tortoise looks for it."""
