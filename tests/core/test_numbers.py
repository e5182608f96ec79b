"""Numbers that people type."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import InvalidInput
from core.numbers import within


@pytest.mark.parametrize("value", [None, 1, 50, 100])
def test_both_ends_are_included_and_absence_is_fine(value: int | None) -> None:
    assert within(value, 1, 100, field="f") == value


@pytest.mark.parametrize("value", [0, 101, -1, 2**70])
def test_what_lies_outside_is_refused_with_both_ends(value: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        within(value, 1, 100, field="input.floors")
    assert (refusal.value.field, refusal.value.reason) == ("input.floors", "OUT_OF_RANGE")
    assert refusal.value.params == {"minimum": "1", "maximum": "100"}
    assert refusal.value.message("zh-CN") == "应在 1 到 100 之间"


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+1000000", "0.001"])
def test_a_sum_is_a_finite_number_within_its_bounds(text: str) -> None:
    with pytest.raises(InvalidInput):
        within(Decimal(text), Decimal("0.01"), Decimal(100_000), field="input.rent")


def test_a_sum_stays_exact() -> None:
    assert within(Decimal("850.10"), Decimal(1), 100_000, field="f") == Decimal("850.10")
