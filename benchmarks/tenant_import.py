"""Taking in a list of tenants: all the rules and rows of a dry run, which keeps nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from citizen.importing import import_tenants
from core.database import connected, fetch

TENANTS: Final = 10_000
MOST_SECONDS: Final = 60.0

_ROOMS: Final = """
SELECT r.code FROM room r JOIN place p ON p.id = r.place_id
WHERE p.lifecycle = 'ACTIVE' AND p.kind = 'RENTAL_HOUSE' AND r.state <> 'OUT_OF_USE'
ORDER BY r.id LIMIT $1
"""
_HEADER: Final = "room_code,name,document_number,starts_on"
_FIRST_BORN: Final = date(1960, 1, 1)
_WEIGHTS: Final = tuple(pow(2, 17 - place, 11) for place in range(17))


@dataclass(frozen=True)
class Figures:
    """How long a list of :data:`TENANTS` took, and how many of them would be registered."""

    seconds: float
    registered: int

    @property
    def good(self) -> bool:
        """Whether the goal is met, and people were registered at all."""
        return self.seconds < MOST_SECONDS and self.registered > TENANTS // 2


async def measure(config: Mapping[str, Any]) -> Figures:
    """Two to a room of the town, as far as its rooms go."""
    async with connected(config):
        rooms = [row["code"] for row in await fetch(_ROOMS, TENANTS // 2)]
        data = _list(rooms)
        began = time.perf_counter()
        report = await import_tenants(data, given_by="measured", dry_run=True)
        seconds = time.perf_counter() - began
    if report.faults:
        raise RuntimeError(f"the list is wrong: {report.faults[0]}")
    return Figures(seconds, report.registered)


def _list(rooms: Sequence[str]) -> bytes:
    lines = (f"{rooms[at % len(rooms)]},样例租客,{number(at)},2026-01-05" for at in range(TENANTS))
    return "\n".join([_HEADER, *lines]).encode()


def number(at: int) -> str:
    """A mainland number of nobody, another for each place in the list (GB 11643)."""
    day, order = divmod(at, 500)
    born = _FIRST_BORN + timedelta(days=day)
    body = f"441900{born:%Y%m%d}{order + 500:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]
