"""Words into a box: smaller first, then on more lines, and cut only when nothing else helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[str], float]
"""The width of a text, in the size of the letters."""

LEADING = 1.18  # from line to line, in the size of the letters
_STEPS = 12
_MORE = "…"


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines of one size, in the unit of the box; ``cut`` when words are missing."""

    size: float
    lines: tuple[str, ...]
    cut: bool = False


def fit(
    text: str,
    measure: Measure,
    *,
    width: float,
    height: float,
    largest: float,
    smallest: float,
) -> Fitted:
    """The largest way to write a text in a box."""
    for step in range(_STEPS + 1):
        size = largest - (largest - smallest) * step / _STEPS
        room = max(1, int(height / (size * LEADING) + 1e-9))
        lines = _lines(text, measure, width / size)
        if len(lines) <= room:
            return Fitted(size, tuple(lines))
    kept = lines[:room]
    while kept[-1] and measure(kept[-1] + _MORE) > width / smallest:
        kept[-1] = kept[-1][:-1]
    kept[-1] += _MORE
    return Fitted(smallest, tuple(kept), cut=True)


def _lines(text: str, measure: Measure, width: float) -> list[str]:
    """Broken where it must be: Chinese may break anywhere, Latin words between them if it helps."""
    lines, line = [], ""
    for letter in text:
        if line and measure(line + letter) > width:
            head, rest = _broken(line, letter)
            lines.append(head)
            line = rest
        line = (line + letter) if line else letter.lstrip()
    return [*lines, line] if line else lines or [""]


def _broken(line: str, following: str) -> tuple[str, str]:
    """Where a full line ends, and what of it begins the next."""
    space = line.rfind(" ")
    inside = line[-1:].isascii() and line[-1:].isalnum() and following.isascii()
    if inside and following.isalnum() and space > 0:
        return line[:space], line[space + 1 :]
    return line.rstrip(), ""
