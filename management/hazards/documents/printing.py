"""The PDF of a document, drawn from what it says, on A4."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from core.clock import SHANGHAI
from management.plate_sheets.drawing import FONT, FONT_FILE, glyphs

_MISSING: Final = "□"
_LEFT, _RIGHT = 25 * mm, A4[0] - 25 * mm
_TOP, _BOTTOM = A4[1] - 28 * mm, 30 * mm
_LETTER, _LINE = 12, 21
_LABEL_WIDTH: Final = 26 * mm

_ROWS: Final = (
    ("告知对象", "addressee"),
    ("地址", "address"),
    ("房间", "room"),
    ("隐患编号", "hazard"),
    ("隐患类别", "category"),
    ("初步等级", "severity"),
    ("存在问题", "facts"),
    ("依据", "basis"),
    ("整改要求", "requirements"),
    ("整改期限", "deadline"),
)


def draw(content: dict[str, Any], *, number: str, issued_at: datetime) -> bytes:
    """The PDF of a document. What the font lacks is drawn as a square, never left out."""
    pdfmetrics.registerFont(TTFont(FONT, str(FONT_FILE)))
    target = BytesIO()
    page = _Page(Canvas(target, pagesize=A4, pageCompression=1))
    page.canvas.setTitle(f"{content['title']} {number}")
    page.canvas.setCreator("Houjie")
    page.centred(content["title"], size=22, gap=34)
    page.centred(number, size=12, gap=30)
    place = " ".join(filter(None, (content["place"], content["place_code"])))
    said = {**content, "addressee": f"{place}（经营管理人）" if place else ""}
    for label, name in _ROWS:
        if said[name]:
            page.row(label, str(said[name]))
    page.gap(24)
    at = issued_at.astimezone(SHANGHAI)
    page.row("签发", " ".join(filter(None, (content["department"], content["issuer"]))))
    page.row("签发日期", f"{at.year}年{at.month}月{at.day}日")
    if content["phone"]:
        page.row("咨询电话", content["phone"])
    page.gap(24)
    page.row("签收", "")
    page.row("签收日期", "")
    page.canvas.save()
    return target.getvalue()


class _Page:
    """Writes rows down a page, and goes on to the next one."""

    def __init__(self, canvas: Any) -> None:
        self.canvas = canvas
        self._y = _TOP

    def centred(self, text: str, *, size: int, gap: int) -> None:
        self.canvas.setFont(FONT, size)
        self.canvas.drawCentredString(A4[0] / 2, self._y, _written(text))
        self._y -= gap

    def gap(self, points: float) -> None:
        self._y -= points

    def row(self, label: str, text: str) -> None:
        lines = _lines(_written(text), _RIGHT - _LEFT - _LABEL_WIDTH) or [""]
        for at, line in enumerate(lines):
            if self._y < _BOTTOM:
                self.canvas.showPage()
                self._y = _TOP
            self.canvas.setFont(FONT, _LETTER)
            if at == 0:
                self.canvas.drawString(_LEFT, self._y, f"{label}：")
            self.canvas.drawString(_LEFT + _LABEL_WIDTH, self._y, line)
            self._y -= _LINE


def _written(text: str) -> str:
    known = glyphs()
    return "".join(one if one == "\n" or ord(one) in known else _MISSING for one in text)


def _lines(text: str, width: float) -> list[str]:
    """Broken where a line is full: Chinese may break anywhere."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for one in part:
            if line and pdfmetrics.stringWidth(line + one, FONT, _LETTER) > width:
                lines.append(line)
                line = ""
            line += one
        lines.append(line)
    return lines
