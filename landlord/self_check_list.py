"""What a landlord looks at in a self-check (自查), as data.

A change of the points is a new :data:`VERSION`; earlier checks keep theirs. The points follow the
fire-safety rules for rental houses (出租屋消防安全) that the town's wardens inspect by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CheckPoint:
    """One point: its code, what to look at, and what is right."""

    code: str
    zh: str
    en: str


VERSION: Final = "2026-1"
POINTS: Final = (
    CheckPoint(
        "STAIRS_AND_EXITS",
        "楼梯、走道和出口畅通，没有堆放杂物",
        "Stairs, passages and exits are clear",
    ),
    CheckPoint(
        "ROOF_DOOR", "天台门可以从里面直接打开", "The door to the roof opens from the inside"
    ),
    CheckPoint(
        "ESCAPE_WINDOWS",
        "防盗网有可以从里面打开的逃生口",
        "Bars have escape windows that open from the inside",
    ),
    CheckPoint("EXTINGUISHERS", "灭火器齐全，在有效期内", "Extinguishers are there and in date"),
    CheckPoint(
        "WIRING",
        "电线没有老化、裸露和私拉乱接",
        "No wire is worn, bare or laid without leave",
    ),
    CheckPoint(
        "E_BIKES",
        "室内和楼道没有停放电动自行车或充电",
        "No e-bike stands or is charged indoors",
    ),
    CheckPoint(
        "GAS_BOTTLES",
        "煤气瓶放在通风处，软管没有老化",
        "Gas bottles stand in fresh air, their hoses are sound",
    ),
    CheckPoint("SMOKE_ALARMS", "烟雾报警器正常发声", "Smoke alarms sound when they are tested"),
    CheckPoint(
        "LOCKS",
        "大门和房门从里面不用钥匙就能打开",
        "House and room doors open from the inside without a key",
    ),
    CheckPoint(
        "OCCUPANCY",
        "每间房的居住人数没有超过规定",
        "No room holds more people than it may",
    ),
)
CODES: Final = frozenset(point.code for point in POINTS)
