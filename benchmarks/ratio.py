"""A use case against a transaction written by hand with the same rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """Milliseconds for one, at the median."""

    ours: float
    floor: float

    @property
    def ratio(self) -> float:
        """Our speed in that of the transaction by hand."""
        return self.floor / self.ours
