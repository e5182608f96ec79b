"""The unit of work: one transaction that writes rows, audit entries and outgoing jobs together.

A use case opens ``async with work(actor) as unit`` and does everything inside. A use case that
calls another joins its unit. Nothing waits in memory for the commit: jobs and audit entries are
rows of the same transaction, so a crash at any moment leaves all of it or none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core import audit
from core.audit import Record
from core.clock import now
from core.database import connection
from core.errors import DomainError

T = TypeVar("T")


class Principal(Protocol):
    """Who acts, as far as the core needs to know."""

    @property
    def kind(self) -> str:
        """``ACCOUNT``, ``STAFF``, ``APP``, ``SYSTEM`` or ``ANONYMOUS``."""

    @property
    def id(self) -> UUID | None:
        """The actor's own id; ``None`` for those that have none."""


class Work:
    """What is happening in the running transaction."""

    def __init__(self, who: Principal, request_id: UUID | None = None) -> None:
        self.who = who
        self.request_id = request_id
        self._entries: list[Record] = []
        self._gathered: dict[Callable[[list[Any]], Awaitable[None]], list[Any]] = {}
        self.afterwards: list[Callable[[], object]] = []

    def note(
        self,
        action: str,
        subject_kind: str,
        subject_id: UUID | None,
        *,
        reason: str | None = None,
        **details: object,
    ) -> None:
        """Put one entry into the audit trail: ids, flags and codes only, never personal data."""
        self._entries.append(
            Record(
                at=now(),
                actor_kind=self.who.kind,
                actor_id=self.who.id,
                action=action,
                subject_kind=subject_kind,
                subject_id=subject_id,
                request_id=self.request_id,
                reason=reason,
                details=details,
            )
        )

    def gather(self, item: T, then: Callable[[list[T]], Awaitable[None]]) -> None:
        """Give ``then`` everything gathered for it, once, at the end of the transaction.

        For what is cheaper done together: a batch emits an event for each of its rows.
        """
        self._gathered.setdefault(then, []).append(item)

    async def finish(self) -> None:
        """Write what waited: the audit chain is locked last, and so for the shortest time."""
        while self._gathered:  # one may gather for another
            then = next(iter(self._gathered))
            await then(self._gathered.pop(then))
        if self._entries:
            await audit.append(connection(), self._entries)

    def committed(self) -> None:
        """Tell who waited for the commit."""
        for callback in self.afterwards:
            callback()


_running: ContextVar[Work | None] = ContextVar("running_work", default=None)


def current() -> Work:
    """The running unit of work.

    Raises:
        RuntimeError: outside of one; a programming error.
    """
    unit = _running.get()
    if unit is None:
        raise RuntimeError("this needs a running unit of work")
    return unit


def after_commit(callback: Callable[[], object]) -> None:
    """Run once everything is committed; at once, when no unit of work is running.

    For caches of this process, which a crash empties anyway. What must not be lost is a row or a
    job of the transaction instead.
    """
    unit = _running.get()
    if unit is None:
        callback()
    else:
        unit.afterwards.append(callback)


@asynccontextmanager
async def work(who: Principal, *, request_id: UUID | None = None) -> AsyncIterator[Work]:
    """One transaction; joins the one that runs already."""
    running = _running.get()
    if running is not None:
        yield running
        return
    async with in_transaction():
        unit = Work(who, request_id)
        reset = _running.set(unit)
        try:
            yield unit
            await unit.finish()
        finally:
            _running.reset(reset)
    unit.committed()


@asynccontextmanager
async def unless_taken(refusal: DomainError) -> AsyncIterator[None]:
    """A savepoint for what the database's own constraints decide: two requests can come at once.

    Raises:
        DomainError: ``refusal``, when a constraint says no. The transaction around it goes on.
    """
    try:
        async with in_transaction():
            yield
    except IntegrityError:
        raise refusal from None
