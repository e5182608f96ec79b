"""What can be asked of a room with yes or no, as codes in one column."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from landlord.models import LetBy
from management.models import EBikeCharging, RiskClass


class SafetyFact(StrEnum):
    """What the file of the house, or of the room, says about safety."""

    EXTINGUISHERS = "EXTINGUISHERS"
    TWO_EXITS = "TWO_EXITS"
    NO_INDOOR_CHARGING = "NO_INDOOR_CHARGING"
    NO_GAS_BOTTLES = "NO_GAS_BOTTLES"
    ESCAPE_WINDOW = "ESCAPE_WINDOW"
    NOT_KEY_RISK = "NOT_KEY_RISK"


RENT_BANDS: Final = (0, 400, 600, 800, 1000, 1500, 2000, 3000)
AREA_BANDS: Final = (0, 10, 15, 20, 25, 30, 45, 60, 90)
"""Where bands of rent (yuan) and area (m²) begin."""


def features_of(source: Mapping[str, Any]) -> set[str]:
    """Every code that holds for a listing, given with its place and room."""
    holds = {
        SafetyFact.EXTINGUISHERS: (source["extinguishers"] or 0) >= 1,
        SafetyFact.TWO_EXITS: (source["exits"] or 0) >= 2,
        SafetyFact.NO_INDOOR_CHARGING: source["e_bike_charging"]
        in (EBikeCharging.NONE, EBikeCharging.OUTDOOR),
        SafetyFact.NO_GAS_BOTTLES: source["gas_bottles"] == 0,
        SafetyFact.ESCAPE_WINDOW: source["escape_window"] is True,
        SafetyFact.NOT_KEY_RISK: source["risk_class"] != RiskClass.KEY,
    }
    facts = {fact.value for fact, true in holds.items() if true}
    bands = {f"RENT_{band_of(source['rent'], RENT_BANDS)}"}
    if source["area"] is not None:
        bands.add(f"AREA_{band_of(source['area'], AREA_BANDS)}")
    let_by = let_code(LetBy(source["let_by"]))
    return {*source["facilities"], *facts, *bands, let_by, community(source["community_code"])}


def let_code(let_by: LetBy) -> str:
    """The code of a way of letting."""
    return f"LET_{let_by.value}"


def community(code: str) -> str:
    """The code for a community."""
    return f"IN_{code}"


def band_of(value: Decimal, bands: tuple[int, ...]) -> int:
    """Where the band of a value begins."""
    return max(start for start in bands if start <= value)


def bands_between(
    low: Decimal | None, high: Decimal | None, bands: tuple[int, ...], prefix: str
) -> list[str]:
    """Codes of the bands that a range touches; none when it has no end."""
    if low is None and high is None:
        return []
    ends = (*bands[1:], None)
    return [
        f"{prefix}_{start}"
        for start, end in zip(bands, ends, strict=True)
        if (high is None or start <= high) and (low is None or end is None or end > low)
    ]
