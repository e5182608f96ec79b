"""Parts that are gone are "unavailable", everything else is an incident."""

from __future__ import annotations

import errno
import ssl
import uuid

import asyncpg
import pytest
from redis import exceptions as redis
from structlog.testing import capture_logs
from tortoise import exceptions as tortoise

from api.faults import as_refusal, incident_message, report_incident
from core.errors import Conflict, Unavailable


def wrapped(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


GONE = [
    ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('10.0.0.5', 5432)"),
    OSError("Multiple exceptions: [Errno 111] ..., [Errno 111] ..."),
    FileNotFoundError(errno.ENOENT, "No such file or directory"),  # as of a socket's address
    TimeoutError(),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.AdminShutdownError("terminating connection"),
    asyncpg.CrashShutdownError("crash"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    asyncpg.ConnectionDoesNotExistError("connection was closed"),
    asyncpg.QueryCanceledError("statement timeout"),
    asyncpg.DiskFullError("no space left on device"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InterfaceError("pool is closing"),
    asyncpg.InterfaceError("connection has been released back to the pool"),
    tortoise.DBConnectionError("Can't establish connection"),
    wrapped(tortoise.OperationalError("x"), asyncpg.AdminShutdownError("x")),
    wrapped(tortoise.OperationalError("x"), wrapped(RuntimeError(), TimeoutError())),
    ExceptionGroup("x", [ValueError(), ConnectionResetError()]),
    redis.ConnectionError("refused"),
    redis.TimeoutError("timeout"),
    redis.BusyLoadingError("loading"),
    redis.MaxConnectionsError("too many"),
]
OTHERS = [
    RuntimeError("x"),
    ValueError("x"),
    FileNotFoundError(errno.ENOENT, "No such file or directory", "picture.webp"),
    ssl.SSLError(1, "x"),
    asyncpg.UniqueViolationError("duplicate key"),
    asyncpg.InterfaceError("the server expects 1 argument for this query"),
    tortoise.OperationalError("syntax"),
    tortoise.IntegrityError("duplicate"),
    redis.ResponseError("WRONGTYPE"),
]


@pytest.mark.parametrize("error", GONE, ids=lambda e: f"{type(e).__name__} {e}"[:50])
def test_a_part_that_is_gone_is_unavailable(error: BaseException) -> None:
    with capture_logs():
        assert isinstance(as_refusal(error), Unavailable)


@pytest.mark.parametrize("error", OTHERS, ids=lambda e: f"{type(e).__name__} {e}"[:50])
def test_our_own_mistakes_are_not_called_unavailable(error: BaseException) -> None:
    assert as_refusal(error) is None


def test_a_refusal_stays_itself() -> None:
    refusal = Conflict()
    assert as_refusal(refusal) is refusal


def test_a_cause_that_goes_round_ends() -> None:
    first, second = RuntimeError(), RuntimeError()
    first.__cause__, second.__cause__ = second, first
    assert as_refusal(first) is None


def test_an_incident_has_a_number_in_the_log_and_in_both_languages() -> None:
    error = RuntimeError("secret")
    with capture_logs() as logs:
        incident = report_incident(error)
    assert uuid.UUID(incident)
    assert logs == [
        {
            "event": "incident",
            "log_level": "error",
            "incident": incident,
            "code": "INTERNAL",
            "exc_info": error,
        }
    ]
    for language in ("zh-CN", "en"):
        assert incident in incident_message(incident, language)
