"""Numbers that people type: checked the same way everywhere."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from core.errors import InvalidInput

N = TypeVar("N", int, Decimal)


def within(value: N | None, low: N | int, high: N | int, *, field: str) -> N | None:
    """The number, when it lies between both ends (included) or is absent.

    Raises:
        InvalidInput: outside, or not a finite number.
    """
    if value is not None and not (Decimal(value).is_finite() and low <= value <= high):
        raise InvalidInput(
            field=field,
            reason="OUT_OF_RANGE",
            params={"minimum": str(low), "maximum": str(high)},
            zh="应在 {minimum} 到 {maximum} 之间",
            en="It must be {minimum} to {maximum}",
        )
    return value
