"""What plates say, and what became of a sheet of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Label:
    """What one plate says. ``room`` is empty on the plate of the house itself.

    ``companion`` is the picture of its mini-program code in base64, for sizes that have one.
    """

    url: str
    code: str
    name: str
    community: str
    room: str = ""
    companion: str = ""


@dataclass(slots=True)
class Report:
    """What became of a sheet, for who ordered it."""

    pages: int = 0
    labels: int = 0
    missing: dict[str, list[str]] = field(default_factory=dict)
    """Characters that the font lacks, and the first place codes where they stood."""
    cut: list[str] = field(default_factory=list)
    """Place codes whose name did not fit even in the smallest letters."""

    def as_json(self) -> dict[str, Any]:
        """For a row of the database."""
        return asdict(self)
