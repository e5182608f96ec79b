"""The copy of somebody's data as a PDF that people read: in Chinese, A4, large letters.

Knows neither database nor register: :mod:`citizen.my_data.draw_process` draws in a process of its
own what :mod:`citizen.my_data.exporting` has put in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate

from citizen.my_data.paper import PaperSection
from management.plate_sheets.drawing import FONT, FONT_FILE, glyphs

_LONGEST: Final = 1000
_MISSING: Final = "□"
_INK: Final = HexColor(0x1D2530)
_GREY: Final = HexColor(0x5B6472)
_ACCENT: Final = HexColor(0x0B6E5F)
_TITLE: Final = "我的个人信息副本"
_WORDS: Final = (
    "这里是出租屋管理服务保存的、与您有关的全部信息。您有权查阅、复制、更正、删除自己的信息"
    "（《个人信息保护法》第四十四条至第四十七条）。副本里有证件号码等敏感信息，请妥善保管，不要转发给他人。"
)


@cache
def _styles() -> dict[str, ParagraphStyle]:
    pdfmetrics.registerFont(TTFont(FONT, str(FONT_FILE)))
    base = ParagraphStyle(
        "base", fontName=FONT, fontSize=10.5, leading=16, textColor=_INK, wordWrap="CJK"
    )
    return {
        "base": base,
        "title": ParagraphStyle("title", base, fontSize=20, leading=28, spaceAfter=4),
        "section": ParagraphStyle(
            "section", base, fontSize=14, leading=20, textColor=_ACCENT, spaceBefore=14
        ),
        "rule": ParagraphStyle("rule", base, fontSize=9, leading=13, textColor=_GREY, spaceAfter=4),
        "row": ParagraphStyle("row", base, leftIndent=4 * mm, spaceAfter=5),
    }


def draw(made_at: str, sections: Sequence[PaperSection]) -> bytes:
    """The whole copy as a PDF."""
    file = BytesIO()
    document = SimpleDocTemplate(
        file, pagesize=A4, title=_TITLE, author="Houjie",
        leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=18 * mm,
    )  # fmt: skip
    document.build([*_parts(made_at, sections)], onFirstPage=_foot, onLaterPages=_foot)
    return file.getvalue()


def _parts(made_at: str, sections: Sequence[PaperSection]) -> Iterator[Any]:
    styles = _styles()
    yield Paragraph(_TITLE, styles["title"])
    yield Paragraph(f"生成时间：{_fit(made_at)}（北京时间）", styles["rule"])
    yield Paragraph(_WORDS, styles["base"])
    if _lacking(sections):
        yield Paragraph("个别生僻字以“□”代替，完整的文字见同时生成的 JSON 文件。", styles["rule"])
    for number, section in enumerate(sections, 1):
        yield Paragraph(f"{number}　{_fit(section.title)}", styles["section"])
        yield Paragraph(
            f"依据：{_fit(section.basis)}　　保留：{_fit(section.kept)}　　共 {section.total} 条",
            styles["rule"],
        )
        for row in section.rows:
            facts = (
                f"<font color='#5b6472'>{_fit(name)}：</font>{_fit(value)}" for name, value in row
            )
            yield Paragraph("　".join(facts), styles["row"])
        if section.total > len(section.rows):
            yield Paragraph(
                f"以上是最近 {len(section.rows)} 条，全部 {section.total} 条见 JSON 文件。",
                styles["rule"],
            )


def _foot(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont(FONT, 8.5)
    canvas.setFillColor(_GREY)
    canvas.drawCentredString(A4[0] / 2, 10 * mm, f"{_TITLE} · 第 {document.page} 页")
    canvas.restoreState()


def _fit(text: str) -> str:
    """Text for a paragraph: no markup, no letters that the font lacks, not too long for a page."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}……"
    known = glyphs()
    letters = (
        letter if ord(letter) in known else " " if letter.isspace() else _MISSING
        for letter in shown
    )
    return escape("".join(letters))


def _lacking(sections: Sequence[PaperSection]) -> bool:
    known = glyphs()
    return any(
        ord(letter) not in known and not letter.isspace()
        for section in sections
        for row in section.rows
        for fact in row
        for letter in fact[1]
    )
