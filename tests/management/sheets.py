"""Sheets of plates as others see them: pages as pixels and words, by PDFium and ZXing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image
from qrcode.main import QRCode

from core.ids import token
from management.plate_sheets.labels import Label
from management.plate_sheets.sizes import SHEETS, PlateSize

URL = "https://leye.example.gov.cn"
MINI = "mini-program:"


@dataclass(frozen=True)
class Code:
    """A QR code that was read from a page; the box in mm from its top left corner."""

    text: str
    level: str
    box: tuple[float, float, float, float]


def labels(count: int, *, url: str = URL) -> list[Label]:
    """Labels of made-up houses and rooms."""
    names = ("阳光公寓", "道滘河畔出租屋", "Sunshine Garden Apartments", "三屯村大道北一百二十八号")
    rooms = ("", "302", "A-1203")
    return [
        Label(
            url=f"{url}/q/{token()}",
            code=f"122002-{index:05d}" + (f"-{room}" if (room := rooms[index % 3]) else ""),
            name=names[index % len(names)],
            community="厚街镇 宝屯社区",
            room=room,
        )
        for index in range(count)
    ]


def two_pages(size: PlateSize) -> list[Label]:
    """One label more than a page holds, with mini-program codes where the size has them."""
    return for_size(size, labels(SHEETS[size].labels + 1))


def for_size(size: PlateSize, wanted: list[Label]) -> list[Label]:
    """The labels with mini-program codes, where the size has them."""
    if not SHEETS[size].companion:
        return wanted
    return [replace(one, companion=companion(f"{MINI}{one.url[-22:]}")) for one in wanted]


def companion(text: str) -> str:
    """A picture in the place of WeChat's: a QR code that any reader reads."""
    picture = BytesIO()
    code: QRCode[Any] = QRCode(box_size=8)
    code.add_data(text)
    code.make_image().save(picture, "PNG")
    return b64encode(picture.getvalue()).decode()


@contextmanager
def opened(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """The document, closed afterwards."""
    document = pypdfium2.PdfDocument(path)
    try:
        yield document
    finally:
        document.close()


def page_image(path: Path, page: int = 0, dpi: int = 150) -> Image.Image:
    """A page in pixels, grey."""
    with opened(path) as document:
        image: Image.Image = document[page].render(scale=dpi / 72).to_pil().convert("L")
        return image


def page_text(path: Path, page: int = 0) -> str:
    """The words of a page as a search would find them."""
    with opened(path) as document:
        words: str = document[page].get_textpage().get_text_bounded()
        return words


def pages(path: Path) -> int:
    """How many there are."""
    with opened(path) as document:
        return len(document)


def codes(image: Image.Image, dpi: int) -> list[Code]:
    """Every QR code of a page that leads to an address, row by row."""
    return [code for code in all_codes(image, dpi) if not code.text.startswith(MINI)]


def all_codes(image: Image.Image, dpi: int) -> list[Code]:
    """Every QR code of a page, row by row."""
    found = []
    for barcode in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode):
        corners = barcode.position
        xs = [corner.x * 25.4 / dpi for corner in _four(corners)]
        ys = [corner.y * 25.4 / dpi for corner in _four(corners)]
        box = (min(xs), min(ys), max(xs), max(ys))
        found.append(Code(barcode.text, str(barcode.ec_level), box))
    return sorted(found, key=lambda code: (round(code.box[1] / 5), code.box[0]))


def _four(position: zxingcpp.Position) -> tuple[zxingcpp.Point, ...]:
    return (
        position.top_left,
        position.top_right,
        position.bottom_left,
        position.bottom_right,
    )
