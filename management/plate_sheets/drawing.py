"""The PDF of a sheet: labels in order, drawn as vectors, the words as text in a font of ours."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from management.plate_sheets.design import Box, check_address, design
from management.plate_sheets.fitting import LEADING, Fitted, fit
from management.plate_sheets.labels import Label, Report
from management.plate_sheets.sizes import PAGE_HEIGHT, PAGE_WIDTH, SHEETS, PlateSize
from management.plate_sheets.symbols import QUIET_ZONE, Symbol

FONT: Final = "PlateSans"
FONT_FILE: Final = Path(__file__).parent / "fonts/PlateSans.ttf"

_PURPOSE: Final = "扫码看房 · 办理登记 · 报告隐患"
_READ_ALOUD: Final = "紧急求助时，请报此编号"
_COMPANION: Final = "微信扫一扫，打开小程序"
_EMERGENCY: Final = "火警 119　　报警 110"
_MISSING: Final = "□"
_INK: Final = 0x111827
_GREY: Final = 0x5B6472
_LINE: Final = 0xC3C9D1
_RED: Final = 0xB42318  # of safety signs, darker: it stays readable when printed in grey
_BASELINE: Final = 0.88  # of the letters' height, from the top of the line
_MOST_NOTES: Final = 200


@cache
def _font() -> TTFont:
    font = TTFont(FONT, str(FONT_FILE))
    pdfmetrics.registerFont(font)
    return font


@cache
def glyphs() -> frozenset[int]:
    """The code points that the font can write."""
    return frozenset(_font().face.charToGlyph)


def _measure(text: str) -> float:
    width: float = pdfmetrics.stringWidth(text, FONT, 1)
    return width


class SheetWriter:
    """Writes labels into a PDF; nothing is at the path before :meth:`finish`."""

    def __init__(self, path: Path, size: PlateSize, *, title: str, note: str = "") -> None:
        """Begin. ``note`` stands at the foot of each page, beside its number."""
        _font()
        self.report = Report()
        self._sheet = SHEETS[size]
        self._size = size
        self._corners = list(self._sheet.corners())
        self._note = note
        self._canvas: Any = Canvas(
            str(path), pagesize=(PAGE_WIDTH * mm, PAGE_HEIGHT * mm), pageCompression=1
        )
        self._canvas.setTitle(title)
        self._canvas.setCreator("Houjie")
        # Printers that scale to fit would make the labels miss the paper's cuts.
        self._canvas.setViewerPreference("PrintScaling", "None")

    def add(self, labels: Iterable[Label]) -> None:
        """Draw labels onto the next places.

        Raises:
            TooLong: an address does not fit on this size.
        """
        for label in labels:
            place = self.report.labels % self._sheet.labels
            if place == 0:
                self._begin_page()
            self._draw(label, *self._corners[place])
            self.report.labels += 1

    def finish(self) -> Report:
        """Write the file."""
        self._canvas.save()
        return self.report

    def _begin_page(self) -> None:
        if self.report.pages:
            self._canvas.showPage()
        self.report.pages += 1
        if self._sheet.marks:
            self._cut_marks()
        foot = f"第 {self.report.pages} 页 · {self._note} · 请按实际大小（100%）打印"
        words = Fitted(2.3, (self._legible(foot, ""),))
        self._write(words, Box(10, PAGE_HEIGHT - 6.4, PAGE_WIDTH - 20, 3), _GREY, centred=True)

    def _cut_marks(self) -> None:
        """Short lines outside the corners of each label, where the knife goes."""
        path = self._canvas.beginPath()
        apart, long = 1.0, 3.0
        for x, y in self._corners:
            for edge, way in ((x, -1), (x + self._sheet.width, 1)):
                for line in (y, y + self._sheet.height):
                    path.moveTo((edge + way * apart) * mm, _up(line))
                    path.lineTo((edge + way * long) * mm, _up(line))
            for edge, way in ((y, -1), (y + self._sheet.height, 1)):
                for line in (x, x + self._sheet.width):
                    path.moveTo(line * mm, _up(edge + way * apart))
                    path.lineTo(line * mm, _up(edge + way * long))
        self._canvas.setLineWidth(0.3)
        self._canvas.setStrokeColor(_colour(_GREY))
        self._canvas.drawPath(path)

    def _draw(self, label: Label, x: float, y: float) -> None:
        parts = design(self._sheet, with_room=bool(label.room))
        unit, centred = parts.unit, parts.centred

        def at(box: Box) -> Box:
            return Box(x + box.x, y + box.y, box.width, box.height)

        self._frame(x, y, at(parts.emergency), unit)
        self._symbol(check_address(label.url, self._size), at(parts.symbol))
        self._words(label.community, label, at(parts.community), _GREY, 2.2, 1.5, unit)
        largest = 3.6 if centred else 4.6
        self._words(label.name, label, at(parts.name), _INK, largest, 1.5, unit, bold=True)
        if label.room:
            box = at(parts.room)
            self._words(
                label.room, label, box, _INK, 6.0, 1.6, unit, bold=True, right=parts.centred
            )
        code = at(parts.code)
        self._words(label.code, label, code, _INK, 4.3, 1.6, unit, bold=True, centred=centred)
        self._words(_READ_ALOUD, label, at(parts.hint), _GREY, 1.75, 1.4, unit, centred=centred)
        self._words(_PURPOSE, label, at(parts.purpose), _INK, 2.1, 1.4, unit, centred=centred)
        if parts.companion is not None and parts.companion_hint is not None:
            self._picture(label.companion, at(parts.companion))
            hint = at(parts.companion_hint)
            self._words(_COMPANION, label, hint, _GREY, 2.1, 1.4, unit, centred=True)

    def _frame(self, x: float, y: float, strip: Box, unit: float) -> None:
        """A thin red line above whom to call; the edge that is cut, in grey."""
        canvas = self._canvas
        canvas.setFillColor(_colour(_RED))
        inset = 2.6 * unit
        canvas.rect(
            (strip.x + inset) * mm,
            _up(strip.y + 0.25 * unit),
            (strip.width - 2 * inset) * mm,
            0.25 * unit * mm,
            stroke=0,
            fill=1,
        )
        size = strip.height * 0.56
        words = Fitted(size, (_EMERGENCY,))
        line = Box(strip.x, strip.y + strip.height * 0.26, strip.width, size)
        self._write(words, line, _RED, centred=True, bold=True)
        if self._sheet.marks:
            canvas.setLineWidth(0.25)
            canvas.setStrokeColor(_colour(_LINE))
            canvas.rect(
                x * mm,
                _up(y + self._sheet.height),
                self._sheet.width * mm,
                self._sheet.height * mm,
                fill=0,
            )

    def _symbol(self, symbol: Symbol, box: Box) -> None:
        """One path of squares; a path has no seams between them."""
        canvas = self._canvas
        module = box.width / (symbol.side + 2 * QUIET_ZONE) * mm
        path = canvas.beginPath()
        for column, row, length in symbol.bars():
            path.rect(column, -row - 1, length, 1)
        canvas.saveState()
        canvas.translate(box.x * mm + QUIET_ZONE * module, _up(box.y) - QUIET_ZONE * module)
        canvas.scale(module, module)
        canvas.setFillColor(_colour(0))
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.restoreState()

    def _picture(self, encoded: str, box: Box) -> None:
        """The picture as WeChat drew it: its round codes can't be drawn by anybody else."""
        picture = ImageReader(BytesIO(b64decode(encoded)))
        at = (box.x * mm, _up(box.y + box.height), box.width * mm, box.height * mm)
        self._canvas.drawImage(picture, *at, mask=None)

    def _words(
        self,
        text: str,
        label: Label,
        box: Box,
        colour: int,
        largest: float,
        smallest: float,
        unit: float,
        *,
        bold: bool = False,
        centred: bool = False,
        right: bool = False,
    ) -> None:
        words = fit(
            self._legible(text, label.code),
            _measure,
            width=box.width,
            height=box.height,
            largest=largest * unit,
            smallest=smallest * unit,
        )
        if words.cut and len(self.report.cut) < _MOST_NOTES and label.code not in self.report.cut:
            self.report.cut.append(label.code)
        self._write(words, box, colour, bold=bold, centred=centred, right=right)

    def _write(
        self,
        words: Fitted,
        box: Box,
        colour: int,
        *,
        bold: bool = False,
        centred: bool = False,
        right: bool = False,
    ) -> None:
        canvas = self._canvas
        canvas.setFillColor(_colour(colour))
        canvas.setStrokeColor(_colour(colour))
        for number, line in enumerate(words.lines):
            free = box.width - _measure(line) * words.size
            shift = free if right else free / 2 if centred else 0.0
            text = canvas.beginText(
                (box.x + shift) * mm,
                _up(box.y + words.size * (_BASELINE + number * LEADING)),
            )
            text.setFont(FONT, words.size * mm)
            if bold:  # the font has one weight; an outline of its own colour makes it heavier
                canvas.setLineWidth(words.size * mm * 0.022)
                canvas.setLineJoin(1)
                text.setTextRenderMode(2)
            text.textOut(line)
            if bold:
                text.setTextRenderMode(0)
            canvas.drawText(text)

    def _legible(self, text: str, code: str) -> str:
        """The text with a box for each character that the font lacks, which the report names."""
        known = glyphs()
        if all(ord(letter) in known for letter in text):
            return text
        for letter in text:
            if ord(letter) not in known and len(self.report.missing) < _MOST_NOTES:
                where = self.report.missing.setdefault(letter, [])
                if code not in where and len(where) < 3:
                    where.append(code)
        return "".join(letter if ord(letter) in known else _MISSING for letter in text)


def write_sheet(
    path: Path, size: PlateSize, labels: Iterable[Label], *, title: str, note: str = ""
) -> Report:
    """Write a whole sheet at once."""
    writer = SheetWriter(path, size, title=title, note=note)
    writer.add(labels)
    return writer.finish()


def _up(y: float) -> float:
    """PDF counts from the bottom, in points."""
    return (PAGE_HEIGHT - y) * mm


@cache
def _colour(rgb: int) -> Any:
    return HexColor(rgb)
