"""What an unexpected exception becomes for a caller: a typed refusal, or a masked incident."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import asyncpg
import structlog
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from tortoise.exceptions import DBConnectionError

from core.errors import Code, DomainError, Language, Unavailable

log = structlog.get_logger("api.faults")

_UNREACHABLE: tuple[type[BaseException], ...] = (
    ConnectionError,
    TimeoutError,
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting, query cancelled
    asyncpg.TransactionRollbackError,  # a deadlock chose this one: the same request may win next
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
    asyncpg.exceptions.InternalClientError,  # the connection broke in the middle of an answer
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
)
_POOL_GONE = ("connection is closed", "pool is clos", "released back to the pool", "not connected")
_INCIDENT = {
    "zh-CN": "系统出错了，请稍后再试。事故编号：{incident}",
    "en": "Something went wrong on our side. Incident number: {incident}",
}


def as_refusal(error: BaseException) -> DomainError | None:
    """The refusal that an exception stands for: itself, ``Unavailable``, or none.

    A part that can't be reached (PostgreSQL, Redis, a socket that timed out) is ``Unavailable``,
    also when a library wrapped the error.
    """
    if isinstance(error, DomainError):
        return error
    if any(_is_unreachable(cause) for cause in _causes(error)):
        log.warning("part.unreachable", exc_info=error)
        return Unavailable()
    return None


def report_incident(error: BaseException) -> str:
    """Log an unexpected exception (types and places, no values) and give its incident number."""
    incident = str(uuid.uuid4())
    log.error("incident", incident=incident, code=Code.INTERNAL.value, exc_info=error)
    return incident


def incident_message(incident: str, language: Language) -> str:
    """What a person reads instead of the error."""
    return _INCIDENT[language].format(incident=incident)


def _causes(error: BaseException, deepest: int = 8) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None and deepest:
        yield current
        if isinstance(current, BaseExceptionGroup):
            for member in current.exceptions:
                yield from _causes(member, deepest - 1)
        current, deepest = current.__cause__, deepest - 1


def _is_unreachable(error: BaseException) -> bool:
    if isinstance(error, _UNREACHABLE):
        return True
    if isinstance(error, asyncpg.exceptions.InterfaceError):
        return any(words in str(error) for words in _POOL_GONE)
    if isinstance(error, FileNotFoundError):
        return error.filename is None  # a server's socket that is not there; files have names
    if isinstance(error, RedisError):
        return False
    # Several addresses that all refuse become one plain OSError without a number.
    return type(error) is OSError and error.errno is None
