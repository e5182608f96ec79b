"""Structured logs that can't hold personal data.

A log line is a set of known keys, each with a known shape; whatever else a caller passes is left
out and only its key is named in ``dropped``. Exceptions are reduced to types and places in the
code, because their messages quote values. Lines of other libraries go the same way: of their
text only a constant of their source code is shown, never what was filled in.

``event`` is a dotted lower-case name (``request.finished``); values belong into keys.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import PurePath
from types import CodeType, FrameType, TracebackType
from typing import Any, Final, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_NAME: Final = r"[a-z][a-z_]*"
_NUMBER_LIMIT: Final = 10**10  # a mobile number read as a number has eleven digits
_FRAMES: Final = 30
_CAUSES: Final = 5
_KEY_LENGTH: Final = 32

WITHHELD: Final = "withheld"


def _text(pattern: str, longest: int = 80) -> Callable[[Any], bool]:
    form = re.compile(pattern)
    return lambda value: (
        isinstance(value, str) and len(value) <= longest and form.fullmatch(value) is not None
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < _NUMBER_LIMIT


_dotted = _text(rf"_?{_NAME}\d?(?:\._?{_NAME}\d?)*")
_uuid = _text(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_version = _text(r"\d{1,4}(?:\.\d{1,4}){1,3}(?:[a-z]{1,4}\d{0,3})?")

ALLOWED: Final[Mapping[str, Callable[[Any], bool]]] = {
    "event": _dotted,
    "level": _text(r"[a-z]+", 10),
    "timestamp": _text(r"[0-9T:.Z-]+", 32),
    "logger": _dotted,
    "request_id": _uuid,
    "incident": _uuid,
    "method": _text(r"[A-Z]{3,7}"),
    # A template, not the address that was called: tokens and ids stand as {names}.
    "route": _text(r"(?:/(?:[a-z][a-z._-]{0,23}|\{[a-z_]{1,24}(?::[a-z]+)?\}(?:\.[a-z]{2,4})?)?)+"),
    "operation": _text(r"(?:query|mutation|subscription)"),
    "field": _text(r"[a-z][A-Za-z]{0,39}"),
    "code": _text(r"[A-Z][A-Z_]{1,39}"),
    "actor_kind": _text(r"[A-Za-z]{1,20}"),
    # A call to an outside service by our name for it, and the number it answered with.
    "call": _dotted,
    "errcode": _number,
    "task": _dotted,
    "queue": _dotted,
    "attempt": _number,
    "job": _number,
    "status": _number,
    "ms": _number,
    "bytes": _number,
    "count": _number,
    "port": _number,
    "pid": _number,
    "version": _version,
}
"""Key → whether a value has the shape that key stands for."""


def configure(
    *,
    production: bool,
    level: int = logging.INFO,
    stream: TextIO | None = None,
    trusted: Collection[str] = (),
) -> None:
    """Send every log line of this process through the rules above, to standard error by default.

    Production writes JSON lines, otherwise lines for a terminal. ``trusted`` names the loggers
    whose own words are shown with everything filled in: for a development tool that shows a
    one-time code, never in production.

    Give uvicorn ``log_config=None``. Its access lines are switched off, because addresses hold
    tokens; so are the statements of the database client.

    Raises:
        ValueError: trusted loggers in production.
    """
    if production and trusted:
        raise ValueError("no logger is trusted with free text in production")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                _Rules(frozenset(trusted)),
                *(_JSON if production else _terminal(handler.stream)),
            ],
            # The text is put together here, if at all: %-formatting would quote the arguments.
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _quieten()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def catch_uncaught() -> None:
    """Log what ends the process, a thread or a finaliser, instead of printing its message."""
    log = structlog.get_logger("core.logging")

    def process(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("process.failed", exc_info=error)

    def thread(failure: threading.ExceptHookArgs) -> None:
        log.error("thread.failed", exc_info=failure.exc_value)

    def finaliser(failure: sys.UnraisableHookArgs) -> None:
        log.error("finaliser.failed", exc_info=failure.exc_value)

    sys.excepthook = process
    threading.excepthook = thread
    sys.unraisablehook = finaliser


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as type, places in the code and causes: no message, no source, no locals.

    ``frames`` are ``file:line:function`` from the outermost call to the innermost, at most 30;
    ``sqlstate`` is PostgreSQL's code when there is one.
    """
    return _describe(error, _CAUSES)


def _describe(error: BaseException, causes: int) -> dict[str, Any]:
    kind = type(error)
    found: dict[str, Any] = {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "frames": _frames(error.__traceback__),
    }
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str) and re.fullmatch(r"[0-9A-Z]{5}", sqlstate):
        found["sqlstate"] = sqlstate
    if causes:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is not None:
            found["cause"] = _describe(cause, causes - 1)
        if isinstance(error, BaseExceptionGroup):
            found["members"] = [_describe(one, causes - 1) for one in error.exceptions[:_CAUSES]]
    return found


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        file = "/".join(PurePath(code.co_filename).parts[-3:])
        frames.append(f"{file}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return frames[-_FRAMES:]


class _Rules:
    """The last word on what a line may hold."""

    def __init__(self, trusted: frozenset[str]) -> None:
        self._trusted = trusted

    def __call__(self, _: WrappedLogger, __: str, given: EventDict) -> EventDict:
        record: logging.LogRecord = given.pop("_record")
        ours = given.pop("_from_structlog")
        given.pop("color_message", None)  # uvicorn's second copy of its text
        given["logger"] = record.name
        error = _error(given.pop("exc_info", None))
        words = None if ours else self._words(record, given.pop("event"), given)
        line, dropped = _allowed(given)
        if words is not None:
            line["event"] = words
        line.setdefault("event", WITHHELD)
        if error is not None:
            line["error"] = describe(error)
        if dropped:
            line["dropped"] = dropped
        return line

    def _words(self, record: logging.LogRecord, text: str, given: EventDict) -> str:
        """What may be shown of a library's text."""
        arguments = given.pop("positional_args", None)
        if record.name in self._trusted:
            return text % arguments if arguments else text
        return text.rstrip() if _is_constant(record, text) else WITHHELD


def _error(exc_info: Any) -> BaseException | None:
    """The exception behind the forms of ``exc_info`` that logging accepts."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _allowed(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The keys that may pass, and the names of those that may not."""
    line: dict[str, Any] = {}
    dropped: list[str] = []
    for key, value in given.items():
        allowed = ALLOWED.get(key)
        plain = str(value) if key in {"request_id", "incident"} else value
        if allowed is not None and allowed(plain):
            line[key] = plain
        elif value is not None or allowed is None:
            dropped.append(_key_name(key))
    return line, sorted(set(dropped))


def _key_name(key: str) -> str:
    # A key may come from data too, through ``**values``: only what looks like a name is shown.
    return key if len(key) <= _KEY_LENGTH and re.fullmatch(rf"_*{_NAME}", key) else "?"


def _is_constant(record: logging.LogRecord, text: str) -> bool:
    """Whether the text stands as it is in the source of the function that logged it.

    An f-string or a joined text does not, however harmless it looks.
    """
    return any(
        code.co_filename == record.pathname
        and code.co_name == record.funcName
        and text in code.co_consts
        for code in _callers()
    )


def _callers() -> Sequence[CodeType]:
    found = []
    # The logging module formats a record inside the call that made it.
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads files for every frame
    while frame is not None:
        found.append(frame.f_code)
        frame = frame.f_back
    return found


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; a failure to do so is said without quoting the record."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Name the type of the failure; never raise into the code that logs."""
        kind = sys.exc_info()[0]
        try:
            self.stream.write(f'{{"event":"logging.failed","type":"{kind and kind.__name__}"}}\n')
        except (OSError, ValueError):
            return


def _as_json(_: WrappedLogger, __: str, line: EventDict) -> str:
    return orjson.dumps(line).decode()


_JSON: Final[Sequence[Processor]] = (_as_json,)


def _terminal(stream: TextIO) -> Sequence[Processor]:
    return (_error_as_text, structlog.dev.ConsoleRenderer(colors=stream.isatty()))


def _error_as_text(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """The exception as indented text, the way :func:`describe` tells it."""
    error = line.pop("error", None)
    if error is not None:
        line["exception"] = "\n".join(_error_lines(error, 0))
    return line


def _error_lines(error: Mapping[str, Any], depth: int) -> list[str]:
    margin = "  " * depth
    state = f" [{error['sqlstate']}]" if "sqlstate" in error else ""
    lines = [f"{margin}{error['type']}{state}"]
    lines += [f"{margin}  at {frame}" for frame in error["frames"]]
    causes = [error["cause"]] if "cause" in error else []
    for inner in (*causes, *error.get("members", ())):
        lines += _error_lines(inner, depth + 1)
    return lines


def _quieten() -> None:
    """Bring the libraries' loggers under the root handler, and silence those that talk data."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access", "tortoise",
                 "procrastinate", "asyncio"):  # fmt: skip
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("tortoise.db_client", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
