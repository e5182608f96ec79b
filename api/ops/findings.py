"""What an examination finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended; only ``FAILURE`` makes the whole examination fail."""

    GOOD = "GOOD"
    WARNING = "WARNING"
    FAILURE = "FAILURE"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Finding:
    """One thing that was checked; ``remedy`` says what to do about it."""

    name: str
    state: State
    says: str
    remedy: str = ""


Tell = Callable[[Finding], None]
"""Hears each finding as it is made."""


def good(name: str, says: str) -> Finding:
    """All is well."""
    return Finding(name, State.GOOD, says)


def warning(name: str, says: str, remedy: str) -> Finding:
    """Works, but wants looking at."""
    return Finding(name, State.WARNING, says, remedy)


def failure(name: str, says: str, remedy: str) -> Finding:
    """Does not work, or is not safe."""
    return Finding(name, State.FAILURE, says, remedy)


def skipped(name: str, says: str) -> Finding:
    """Could not be checked."""
    return Finding(name, State.SKIPPED, says)
