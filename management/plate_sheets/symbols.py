"""QR codes of plates: thousands of them in seconds, by ISO/IEC 18004."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData

QUIET_ZONE: Final = 4  # light modules on each side, by the standard
# A quarter of the code may be scratched; 15 % when the address is too long for that.
LEVELS: Final = (ERROR_CORRECT_Q, ERROR_CORRECT_M)
_MASKS: Final = 8
_SAMPLE: Final = "A"


class TooLong(ValueError):
    """The address needs more modules than fit at a size that phones can read."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR code: ``side`` modules each way, the rows from the top as bits, left is the highest."""

    side: int
    rows: tuple[int, ...]

    def bars(self) -> Iterator[tuple[int, int, int]]:
        """Dark runs of the rows: column, row, length."""
        for number, row in enumerate(self.rows):
            text = f"{row:0{self.side}b}"
            start = text.find("1")
            while start >= 0:
                end = text.find("0", start)
                end = self.side if end < 0 else end
                yield start, number, end - start
                start = text.find("1", end)


def draw(text: str, *, most_modules: int) -> Symbol:
    """The code of a text in at most so many modules a side, quiet zone not counted.

    Raises:
        TooLong: it needs more.
    """
    level, version = _fitting(len(text.encode()), most_modules)
    plain = _matrix(text, level, version, 0)
    side = 17 + 4 * version
    masked = (plain ^ other for other in _differences(level, version))
    best = min(masked, key=lambda matrix: _penalty(matrix, side))
    return Symbol(side, _rows(best, side))


@lru_cache(64)
def _fitting(length: int, most_modules: int) -> tuple[int, int]:
    """The best level at which a text fits, and its version."""
    for level in LEVELS:
        code: Any = QRCode(error_correction=level, border=0, mask_pattern=0)
        code.add_data(QRData(_SAMPLE * length, mode=MODE_8BIT_BYTE), optimize=0)
        try:
            code.make(fit=True)
        except ValueError:  # longer than any code
            continue
        if code.modules_count <= most_modules:
            return level, code.version
    raise TooLong(length)


def _matrix(text: str, level: int, version: int, mask: int) -> int:
    """The whole code as one number, row by row."""
    code: Any = QRCode(version=version, error_correction=level, border=0, mask_pattern=mask)
    code.add_data(QRData(text.encode(), mode=MODE_8BIT_BYTE), optimize=0)
    code.make(fit=False)
    dark = "".join("1" if module else "0" for row in code.modules for module in row)
    return int(dark, 2)


@lru_cache(32)
def _differences(level: int, version: int) -> tuple[int, ...]:
    """What tells each mask's code from that of mask 0: the same whatever the text.

    Masks and the bits that name them are exclusive-ored onto the code, so that the library need
    not draw each code eight times.
    """
    first = _matrix(_SAMPLE, level, version, 0)
    return tuple(first ^ _matrix(_SAMPLE, level, version, mask) for mask in range(_MASKS))


def _rows(matrix: int, side: int) -> tuple[int, ...]:
    row = (1 << side) - 1
    return tuple(matrix >> side * (side - 1 - number) & row for number in range(side))


def _penalty(matrix: int, side: int) -> int:
    """How hard a code is to read: section 7.8.3 of the standard, over all rows at once."""
    rows = _rows(matrix, side)
    columns = _turned(rows, side)
    dark = matrix.bit_count() * 100 / side**2
    return (
        _runs(rows, side)
        + _runs(columns, side)
        + _blocks(rows, side)
        + _finders(rows, side)
        + _finders(columns, side)
        + 10 * int(abs(dark - 50) // 5)
    )


def _turned(rows: tuple[int, ...], side: int) -> tuple[int, ...]:
    lines = [f"{row:0{side}b}" for row in rows]
    return tuple(int("".join(column), 2) for column in zip(*lines, strict=True))


def _joined(rows: tuple[int, ...], side: int, gap: int) -> int:
    """The rows behind each other with light modules between, so that shifts mix none of them."""
    width = side + gap
    return int("".join(f"{row:0{side}b}".ljust(width, "0") for row in rows), 2)


def _runs(rows: tuple[int, ...], side: int) -> int:
    """3 for five alike in a line, 1 for each one more."""
    full = (1 << side) - 1
    points = 0
    for lines in (rows, tuple(row ^ full for row in rows)):
        dark = _joined(lines, side, 1)
        five = dark & dark >> 1 & dark >> 2 & dark >> 3 & dark >> 4
        # Each run of n leaves n - 4 bits: one point each, and two more for its first.
        points += five.bit_count() + 2 * (five & ~(five << 1)).bit_count()
    return points


def _blocks(rows: tuple[int, ...], side: int) -> int:
    """3 for each square of two by two alike."""
    full, inner = (1 << side) - 1, (1 << side - 1) - 1
    points = 0
    for above, below in pairwise(rows):
        same = ~(above ^ below) & full
        alike = ~(above ^ above >> 1) & inner
        points += 3 * (same & same >> 1 & alike).bit_count()
    return points


def _finders(rows: tuple[int, ...], side: int) -> int:
    """40 for each 1:1:3:1:1 with four light modules on either side."""
    dark = _joined(rows, side, 4)
    width = side + 4
    light = int("".join(f"{row ^ (1 << side) - 1:0{side}b}0000" for row in rows), 2)
    points = 0
    for pattern in ("10111010000", "00001011101"):
        hits = (1 << width * side) - 1
        for place, module in enumerate(reversed(pattern)):
            hits &= (dark if module == "1" else light) >> place
        points += 40 * hits.bit_count()
    return points
