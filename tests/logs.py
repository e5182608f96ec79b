"""Logging as a test found it, after it changed what is the whole process's."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

_NAMES = (
    "uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access", "tortoise",
    "tortoise.db_client", "procrastinate", "asyncio", "httpx", "httpcore",
)  # fmt: skip


def _state(logger: logging.Logger) -> tuple[list[logging.Handler], int, bool, bool]:
    return list(logger.handlers), logger.level, logger.propagate, logger.disabled


@contextmanager
def restored() -> Iterator[None]:
    """What is changed in here is put back at the end: handlers, levels, hooks, structlog."""
    loggers = [logging.getLogger(), *map(logging.getLogger, _NAMES)]
    states = [_state(logger) for logger in loggers]
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    configured = structlog.get_config()
    try:
        yield
    finally:
        structlog.configure(**configured)
        structlog.contextvars.clear_contextvars()
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        for logger, (handlers, level, propagate, disabled) in zip(loggers, states, strict=True):
            logger.handlers[:] = handlers
            logger.setLevel(level)
            logger.propagate, logger.disabled = propagate, disabled
