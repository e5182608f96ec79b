"""Where the parts of a label lie, and which addresses its code can hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from management.plate_sheets.sizes import SHEETS, PlateSize, Sheet
from management.plate_sheets.symbols import QUIET_ZONE, Symbol, TooLong, draw

LEAST_MODULE: Final = 0.5  # mm: six dots at 300 dpi, which phones of ten years ago still read


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in mm, y downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Design:
    """Where the parts of a label lie, from its top left corner."""

    unit: float  # grows with the label; letters are given in it
    community: Box
    name: Box
    room: Box
    symbol: Box
    code: Box
    hint: Box
    purpose: Box
    emergency: Box
    centred: bool
    companion: Box | None = None
    companion_hint: Box | None = None


def design(sheet: Sheet, *, with_room: bool) -> Design:
    """The parts of a label of a sheet; those of a room have its number beside the name."""
    if sheet.companion:
        return _twin(sheet, with_room)
    return (_wide if sheet.width > 1.2 * sheet.height else _upright)(sheet, with_room)


def _twin(sheet: Sheet, with_room: bool) -> Design:
    """A wide label with the mini-program's code far to the right: a camera sees one at a time."""
    left = _wide(replace(sheet, width=sheet.width - sheet.companion, companion=0), with_room)
    unit = left.unit
    edge = 2.6 * unit
    side = sheet.companion - 2 * edge
    x, hint = sheet.width - edge - side, 3.2 * unit
    room = left.emergency.y - edge * 0.6
    top = (room - side - hint) / 2 + edge * 0.3
    return replace(
        left,
        emergency=replace(left.emergency, width=sheet.width),
        companion=Box(x, top, side, side),
        companion_hint=Box(x, top + side + 0.6 * unit, side, 2.4 * unit),
    )


def _upright(sheet: Sheet, with_room: bool) -> Design:
    unit = min(sheet.width, sheet.height * 0.75) / 50 if sheet.height > sheet.width else 0
    unit = unit or sheet.width / 50
    pad = 2.6 * unit
    inner = sheet.width - 2 * pad
    room = inner * 0.36 if with_room else 0
    strip = 4.2 * unit
    foot = sheet.height - strip
    purpose, hint, code = foot - 3.2 * unit, foot - 5.5 * unit, foot - 10.2 * unit
    top = 9.8 * unit
    side = min(code - top, sheet.width - pad)
    return Design(
        unit,
        community=Box(pad, 1.8 * unit, inner - room, 2.4 * unit),
        name=Box(pad, 4.6 * unit, inner - room - (unit if room else 0), 5.0 * unit),
        room=Box(pad + inner - room, 2.2 * unit, room, 7 * unit),
        symbol=Box((sheet.width - side) / 2, top + (code - top - side) / 2, side, side),
        code=Box(pad, code, inner, 4.6 * unit),
        hint=Box(pad, hint, inner, 2.1 * unit),
        purpose=Box(pad, purpose, inner, 2.6 * unit),
        emergency=Box(0, foot, sheet.width, strip),
        centred=True,
    )


def _wide(sheet: Sheet, with_room: bool) -> Design:
    unit = sheet.height / 50
    pad, strip = 2.6 * unit, 5.2 * unit
    foot = sheet.height - strip
    side = min(foot - 1.2 * pad, sheet.width * 0.5)
    left = pad * 0.6 + side
    inner = sheet.width - left - pad
    room = 8.6 * unit if with_room else 0
    return Design(
        unit,
        community=Box(left, 3.2 * unit, inner, 2.6 * unit),
        name=Box(left, 6.6 * unit, inner, 14.0 * unit - room * 0.5),
        room=Box(left, 20.8 * unit - room * 0.5, inner, room),
        symbol=Box(pad * 0.6, (foot - side) / 2, side, side),
        code=Box(left, foot - 15.4 * unit, inner, 5.2 * unit),
        hint=Box(left, foot - 9.8 * unit, inner, 2.3 * unit),
        purpose=Box(left, foot - 6.6 * unit, inner, 2.8 * unit),
        emergency=Box(0, foot, sheet.width, strip),
        centred=False,
    )


def most_modules(size: PlateSize) -> int:
    """How many modules a side a code may have on this label, quiet zone not counted."""
    boxes = (design(SHEETS[size], with_room=room).symbol for room in (False, True))
    return int(min(box.width for box in boxes) / LEAST_MODULE + 1e-9) - 2 * QUIET_ZONE


def check_address(url: str, size: PlateSize) -> Symbol:
    """The code of an address, if it can be read from a label of this size.

    Raises:
        TooLong: the modules would be smaller than half a millimetre.
    """
    return draw(url, most_modules=most_modules(size))


def sizes_for(url: str) -> list[PlateSize]:
    """The sizes on which the code of an address can be read."""
    fitting = []
    for size in PlateSize:
        try:
            check_address(url, size)
        except TooLong:
            continue
        fitting.append(size)
    return fitting
