from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import structlog

from core.logging import ALLOWED, WITHHELD, catch_uncaught, configure, describe
from tests.logs import restored

DOCUMENT = "441900199001011234"
PHONE = "13800138000"
TOKEN = "Zx9-canary_Qm4TtPw7aLk2"
NAME = "张三丰"
CANARIES = (DOCUMENT, PHONE, TOKEN, NAME)
PERSONAL = f"{NAME} {DOCUMENT} {PHONE} {TOKEN}"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """What these tests change is the whole process's."""
    with restored():
        yield


@pytest.fixture
def out() -> io.StringIO:
    stream = io.StringIO()
    configure(production=True, stream=stream)
    return stream


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def fail(words: str) -> None:
    kept_in_a_local = words
    raise ValueError(f"cannot read {kept_in_a_local}")


def test_known_keys_of_the_right_shape_pass(out: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id=UUID(int=7))
    structlog.get_logger("api.edge").info(
        "request.finished", method="POST", route="/q/{token}", status=200, ms=1.5, code="NOT_FOUND",
        actor_kind="STAFF", task="media.variants", queue="default", port=8000, version="0.1.0",
    )  # fmt: skip
    [line] = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request.finished",
        "level": "info",
        "logger": "api.edge",
        "request_id": str(UUID(int=7)),
        "method": "POST",
        "route": "/q/{token}",
        "status": 200,
        "ms": 1.5,
        "code": "NOT_FOUND",
        "actor_kind": "STAFF",
        "task": "media.variants",
        "queue": "default",
        "port": 8000,
        "version": "0.1.0",
    }


def test_unknown_keys_are_named_without_their_values(out: io.StringIO) -> None:
    structlog.get_logger().info("a.b", phone=PHONE, status=PERSONAL, **{TOKEN: 1, "ID" * 20: 2})
    [line] = lines(out)
    assert line["dropped"] == ["?", "phone", "status"]


@pytest.mark.parametrize("canary", [*CANARIES, PERSONAL, int(PHONE), int(DOCUMENT)])
@pytest.mark.parametrize("key", sorted(ALLOWED))
def test_no_known_key_carries_a_persons_value(
    out: io.StringIO, key: str, canary: str | int
) -> None:
    if key == "event":
        structlog.get_logger().info(canary)
    elif key == "level":
        structlog.get_logger().info("a.b", **{"level ": canary})
    else:
        structlog.get_logger().info("a.b", **{key: canary})
    assert str(canary) not in out.getvalue()
    assert len(lines(out)) == 1


def _structlog_calls() -> list[Callable[[], object]]:
    log = structlog.get_logger("core.sample")
    return [
        lambda: log.info(f"user.{PHONE}"),
        lambda: log.info("user %s", PERSONAL),
        lambda: log.info("a.b", values={"phone": PHONE}, count=[DOCUMENT]),
        lambda: log.bind(token=TOKEN).info("a.b"),
        lambda: log.info("a.b", route=f"/q/{TOKEN}"),
        lambda: log.info("a.b", route="/q/zxcanaryqmttpwalkzxcanaryqm"),
        lambda: log.info("a.b", exc_info=ValueError(PERSONAL)),
        lambda: log.info(
            "a.b", error=PERSONAL, exception=PERSONAL, stack=PERSONAL, stack_info=True
        ),
        lambda: log.info("a.b", dropped=[PERSONAL], positional_args=(PERSONAL,)),
    ]


def _stdlib_calls() -> list[Callable[[], object]]:
    names = ["uvicorn.error", "uvicorn.access", "tortoise", "procrastinate", "asyncio", "elsewhere"]
    calls: list[Callable[[], object]] = []
    for log in map(logging.getLogger, names):
        calls += [
            lambda log=log: log.error("hello %s", PERSONAL),
            lambda log=log: log.error("hello %(who)s", {"who": PERSONAL}),
            lambda log=log: log.error(f"hello {PERSONAL}"),
            lambda log=log: log.error("hello " + PERSONAL),
            lambda log=log: log.error("hello {}".format(PERSONAL)),  # noqa: UP032 - the case
            lambda log=log: log.error(PERSONAL),
            lambda log=log: log.error(ValueError(PERSONAL)),
            lambda log=log: log.error("hello", extra={"token": TOKEN, "status": DOCUMENT}),
            lambda log=log: log.error("hello", extra={TOKEN: 1}),
            lambda log=log: log.error("hello", exc_info=ValueError(PERSONAL)),
            lambda log=log: log.error("hello", stack_info=True),
            lambda log=log: log.error("hello %d %s", PERSONAL),  # does not even fit its format
        ]
    return calls


def test_a_canary_in_any_position_never_comes_out(out: io.StringIO) -> None:
    configure(production=True, stream=out)  # alone: pytest's own handler raises on a bad format
    for call in [*_structlog_calls(), *_stdlib_calls()]:
        call()
    text = out.getvalue()
    assert [canary for canary in CANARIES if canary in text] == []
    assert "zxcanary" not in text
    assert len(lines(out)) > 60


def test_an_exception_is_told_by_types_and_places_only(out: io.StringIO) -> None:
    try:
        try:
            fail(PERSONAL)
        except ValueError as error:
            raise KeyError(PHONE) from error
    except KeyError:
        structlog.get_logger().exception("job.failed", job=7)
    [line] = lines(out)
    assert line["error"]["type"] == "builtins.KeyError"
    assert line["error"]["frames"][0].startswith("tests/core/test_logging.py:")
    cause = line["error"]["cause"]
    assert cause["type"] == "builtins.ValueError"
    assert cause["frames"][-1].endswith(":fail")
    assert not [canary for canary in CANARIES if canary in out.getvalue()]


def test_a_group_of_exceptions_and_a_database_error_say_what_they_can() -> None:
    refused = RuntimeError(PERSONAL)
    refused.sqlstate = "23505"  # type: ignore[attr-defined]  # as asyncpg's errors have
    told = describe(ExceptionGroup(PERSONAL, [refused, ValueError(PHONE)]))
    assert [member["type"] for member in told["members"]] == [
        "builtins.RuntimeError",
        "builtins.ValueError",
    ]
    assert told["members"][0]["sqlstate"] == "23505"
    assert PHONE not in json.dumps(told)


def test_a_chain_of_exceptions_that_bites_its_tail_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert len(json.dumps(describe(first))) < 2_000


def test_of_a_librarys_text_only_a_constant_of_its_source_is_shown(out: io.StringIO) -> None:
    log = logging.getLogger("elsewhere")
    log.warning("Started %s of %d", PHONE, 2)
    log.warning(f"Started {PHONE}")
    logging.getLogger("uvicorn.error").info("Stopped\n", extra={"color_message": PHONE})
    assert [line["event"] for line in lines(out)] == ["Started %s of %d", WITHHELD, "Stopped"]
    assert "dropped" not in lines(out)[-1]


def test_extra_keys_of_a_library_pass_the_same_rules(out: io.StringIO) -> None:
    logging.getLogger("procrastinate.worker").info(
        "Job done", extra={"queue": "default", "job": {"args": PHONE}}
    )
    [line] = lines(out)
    assert (line["queue"], line["dropped"]) == ("default", ["job"])


def test_access_lines_and_statements_are_off(out: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /q/%s", TOKEN)
    logging.getLogger("tortoise.db_client").debug("SELECT 1")
    logging.getLogger("httpx").info("GET %s", TOKEN)
    configure(production=False, level=logging.DEBUG, stream=out)
    logging.getLogger("uvicorn.access").critical("GET /q/%s", TOKEN)
    logging.getLogger("tortoise.db_client").debug("SELECT 1")
    logging.getLogger("httpx").info("GET %s", TOKEN)
    assert out.getvalue() == ""


def test_levels_below_the_chosen_one_are_left_out(out: io.StringIO) -> None:
    structlog.get_logger().debug("a.b")
    logging.getLogger("elsewhere").debug("x")
    assert out.getvalue() == ""


def test_what_ends_a_process_or_a_thread_is_logged_without_its_message(out: io.StringIO) -> None:
    catch_uncaught()
    try:
        fail(PERSONAL)
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
        sys.unraisablehook(SimpleNamespace(exc_value=error))
    thread = threading.Thread(target=fail, args=(PERSONAL,))
    thread.start()
    thread.join()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert [line["event"] for line in lines(out)] == [
        "process.failed",
        "finaliser.failed",
        "thread.failed",
    ]
    assert not [canary for canary in CANARIES if canary in out.getvalue()]


async def test_what_a_task_nobody_awaited_raised_is_logged_without_its_message(
    out: io.StringIO,
) -> None:
    async def broken() -> None:
        fail(PERSONAL)

    task = asyncio.create_task(broken())
    await asyncio.wait([task])
    asyncio.get_running_loop().call_exception_handler(
        {"message": f"never retrieved {PHONE}", "exception": task.exception(), "future": task}
    )
    [line] = lines(out)
    assert line["event"] == WITHHELD
    assert line["error"]["type"] == "builtins.ValueError"
    assert not [canary for canary in CANARIES if canary in out.getvalue()]


def test_a_line_that_can_not_be_written_does_not_quote_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            if "failed" not in text:
                raise OSError(28, "No space left")
            return super().write(text)

    stream = Full()
    configure(production=True, stream=stream)
    logging.getLogger("elsewhere").error("hello %s", PERSONAL)
    printed = capsys.readouterr()
    assert json.loads(stream.getvalue()) == {"event": "logging.failed", "type": "OSError"}
    assert not [canary for canary in CANARIES if canary in printed.err + printed.out]


def test_on_a_terminal_the_same_rules_hold_and_places_can_be_read() -> None:
    stream = io.StringIO()
    configure(production=False, stream=stream)
    with contextlib.suppress(ValueError):
        try:
            fail(PERSONAL)
        except ValueError:
            structlog.get_logger().exception("job.failed", phone=PHONE)
            raise
    text = stream.getvalue()
    assert "job.failed" in text
    assert "builtins.ValueError\n" in text
    assert ":fail" in text
    assert not [canary for canary in CANARIES if canary in text]


def test_a_trusted_logger_speaks_freely_but_never_in_production() -> None:
    stream = io.StringIO()
    configure(production=False, stream=stream, trusted=["sample.code"])
    logging.getLogger("sample.code").info("code %s for you", "123456")
    logging.getLogger("sample.other").info("code %s for you", "123456")
    assert stream.getvalue().count("123456") == 1
    with pytest.raises(ValueError, match="production"):
        configure(production=True, stream=stream, trusted=["sample.code"])
