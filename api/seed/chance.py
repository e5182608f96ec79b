"""Chance that can be repeated: the same number and stream give the same draws everywhere."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


class Chance:
    """Draws for one part of a town. Each part has a stream of its own, so that a change in one
    leaves the others as they were."""

    def __init__(self, number: int, stream: str) -> None:
        self._draw = random.Random(f"{number}/{stream}")  # noqa: S311 - synthetic on purpose

    def uuid7(self, moment: datetime) -> UUID:
        """An id of version 7 (RFC 9562) that sorts with the moment, its other bits drawn."""
        bits = self._draw.getrandbits(74)
        milliseconds = int(moment.timestamp() * 1000)
        value = milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62
        return UUID(int=value | bits & (1 << 62) - 1)

    def token(self) -> str:
        """In the form of :func:`core.ids.token`; guessable, so good for synthetic towns only."""
        return base64.urlsafe_b64encode(self._draw.randbytes(16)).decode().rstrip("=")

    def moment(self, start: datetime, end: datetime) -> datetime:
        """A moment between two, to the second."""
        return (start + (end - start) * self._draw.random()).replace(microsecond=0)

    def happens(self, share: float) -> bool:
        """True in this share of the cases."""
        return self._draw.random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._draw.randint(low, high)

    def amount(self, low: float, high: float) -> float:
        """A number between two."""
        return self._draw.uniform(low, high)

    def one_of(self, options: Sequence[T]) -> T:
        """One of the options."""
        return self._draw.choice(options)

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """One of the options, by weight."""
        return self._draw.choices(options, weights)[0]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """So many different ones of the options; all of them when there are fewer."""
        return self._draw.sample(options, min(count, len(options)))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in another order."""
        return self._draw.sample(options, len(options))
