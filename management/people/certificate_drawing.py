"""The PDF of a residence certificate: one page A4, words as text, the code as vectors.

Names hold characters that the embedded font lacks (it has GB 2312 and those of the region). They
are drawn in a font that readers of PDF bring along for Chinese, and a line says so; what that one
lacks too becomes a box.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from itertools import groupby
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from management.models import DocumentKind
from management.people.certificates import Printed
from management.plate_sheets.drawing import FONT, glyphs
from management.plate_sheets.symbols import QUIET_ZONE, draw

BESIDE: Final = "STSong-Light"
"""Not embedded: every reader of PDF with Chinese brings a font for it (Adobe-GB1)."""

_MISSING: Final = "□"
_BMP: Final = 0xFFFF
_MOST_MODULES: Final = 60
_INK, _GREY, _LINE = HexColor(0x111827), HexColor(0x5B6472), HexColor(0xC3C9D1)
_DOCUMENTS: Final = {
    DocumentKind.MAINLAND_ID: "居民身份证",
    DocumentKind.RESIDENCE_PERMIT_HMT: "港澳台居民居住证",
    DocumentKind.PERMANENT_RESIDENCE: "外国人永久居留身份证",
    DocumentKind.PASSPORT: "护照",
}
_LEFT: Final = 25.0
_VALUES: Final = 75.0


def certificate_pdf(certificate: Printed) -> bytes:
    """The certificate, drawn anew each time it is fetched."""
    target = BytesIO()
    canvas: Any = Canvas(target, pagesize=A4, pageCompression=1)
    canvas.setTitle(f"居住登记凭证 {certificate.number}")
    canvas.setCreator("Houjie")
    _centred(canvas, "居住登记凭证", 50, 9)
    _centred(canvas, "Certificate of registered residence", 60, 4.2, colour=_GREY)
    _line(canvas, 70)
    rows = [
        ("编号 No.", certificate.number),
        ("姓名 Name", certificate.name),
        ("证件 Document", f"{_DOCUMENTS[certificate.document_kind]} {certificate.document}"),
        ("居住地址 Address", f"{certificate.address} {certificate.place}"),
        ("房号 Room", f"{certificate.room}（编号 {certificate.place_code}-{certificate.room}）"),
        ("登记起始 Since", certificate.since.isoformat()),
        ("签发日期 Issued", certificate.issued_on.isoformat()),
        ("有效期至 Valid until", certificate.valid_until.isoformat()),
    ]
    y = 84.0
    for label, value in rows:
        _text(canvas, label, _LEFT, y, 3.6, _GREY)
        for part in _wrapped(value, A4[0] / mm - _VALUES - _LEFT, 4.4):
            _text(canvas, part, _VALUES, y, 4.4, _INK)
            y += 7.0
        y += 3.0
    _line(canvas, y)
    _code(canvas, certificate.url, _LEFT, y + 8, 42)
    notes = [
        "用手机扫一扫，核验真伪。以核验页显示的结果为准。",
        "Scan to verify. What the page says is what holds.",
        "凭证载明登记的情况；搬离后自动失效。",
        "It states what is registered and ends when the person moves out.",
    ]
    if any(ord(letter) not in glyphs() for _, value in rows for letter in value):
        notes.append("生僻字由阅读软件的字体显示，显示为方框时以登记信息为准。")
    for index, note in enumerate(notes):
        _text(canvas, note, _VALUES, y + 14 + index * 7, 3.4, _GREY)
    canvas.save()
    return target.getvalue()


def runs(text: str) -> list[tuple[str, str]]:
    """The text in pieces, each with the font that can write it."""
    return [
        (font, "".join(letter for _, letter in piece))
        for font, piece in groupby((_font_of(letter) for letter in text), key=lambda one: one[0])
    ]


def _font_of(letter: str) -> tuple[str, str]:
    if ord(letter) in glyphs():
        return FONT, letter
    if ord(letter) <= _BMP:
        return _beside(), letter
    return FONT, _MISSING


@cache
def _beside() -> str:
    pdfmetrics.registerFont(UnicodeCIDFont(BESIDE))
    return BESIDE


def _width(text: str, size: float) -> float:
    glyphs()  # registers the font
    width: float = sum(pdfmetrics.stringWidth(piece, font, size * mm) for font, piece in runs(text))
    return width / mm


def _wrapped(text: str, width: float, size: float) -> list[str]:
    lines = [""]
    for letter in text:
        if lines[-1] and _width(lines[-1] + letter, size) > width:
            lines.append("")
        lines[-1] += letter
    return lines


def _text(canvas: Any, text: str, x: float, y: float, size: float, colour: Any) -> None:
    canvas.setFillColor(colour)
    words = canvas.beginText(x * mm, A4[1] - y * mm)
    for font, piece in runs(text):
        words.setFont(font, size * mm)
        words.textOut(piece)
    canvas.drawText(words)


def _centred(canvas: Any, text: str, y: float, size: float, *, colour: Any = _INK) -> None:
    x = (A4[0] / mm - _width(text, size)) / 2
    _text(canvas, text, x, y, size, colour)


def _line(canvas: Any, y: float) -> None:
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.5)
    canvas.line(_LEFT * mm, A4[1] - y * mm, A4[0] - _LEFT * mm, A4[1] - y * mm)


def _code(canvas: Any, url: str, x: float, y: float, size: float) -> None:
    symbol = draw(url, most_modules=_MOST_MODULES)
    module = size / (symbol.side + 2 * QUIET_ZONE) * mm
    path = canvas.beginPath()
    for column, row, length in symbol.bars():
        path.rect(column, -row - 1, length, 1)
    canvas.saveState()
    canvas.translate(x * mm + QUIET_ZONE * module, A4[1] - y * mm - QUIET_ZONE * module)
    canvas.scale(module, module)
    canvas.setFillColor(HexColor(0))
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()
