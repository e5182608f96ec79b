"""Sheets of plates, rendered by another program and read as a phone reads them."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData, lost_point

from core.ids import token
from management.plate_sheets.design import LEAST_MODULE, design, most_modules, sizes_for
from management.plate_sheets.drawing import glyphs, write_sheet
from management.plate_sheets.fitting import LEADING, fit
from management.plate_sheets.labels import Label
from management.plate_sheets.sizes import PAGE_HEIGHT, PAGE_WIDTH, SHEETS, PlateSize
from management.plate_sheets.symbols import QUIET_ZONE, TooLong, draw
from tests.management import sheets
from tests.management.sheets import (
    MINI,
    URL,
    all_codes,
    codes,
    for_size,
    labels,
    page_image,
    page_text,
    two_pages,
)

EVERY_SIZE = pytest.mark.parametrize("size", PlateSize)


# Codes


@EVERY_SIZE
@pytest.mark.parametrize("dpi", [150, 300])
def test_every_code_of_every_page_reads_as_its_address(
    tmp_path: Path, size: PlateSize, dpi: int
) -> None:
    file, wanted = tmp_path / "sheet.pdf", two_pages(size)
    report = write_sheet(file, size, wanted, title="门牌")
    assert (report.pages, report.labels) == (sheets.pages(file), len(wanted)) == (2, len(wanted))
    read = [code for page in range(2) for code in codes(page_image(file, page, dpi), dpi)]
    assert [code.text for code in read] == [label.url for label in wanted]
    assert {code.level for code in read} <= {"Q", "M", "H"}


def test_the_mini_programs_code_stands_beside_the_address_and_apart_from_it(tmp_path: Path) -> None:
    file, wanted, dpi = tmp_path / "sheet.pdf", two_pages(PlateSize.TWIN), 150
    write_sheet(file, PlateSize.TWIN, wanted, title="门牌")
    read = [code for page in range(2) for code in all_codes(page_image(file, page, dpi), dpi)]
    assert [code.text for code in read] == [
        text for label in wanted for text in (label.url, f"{MINI}{label.url[-22:]}")
    ]
    for address, beside in zip(read[::2], read[1::2], strict=True):
        assert beside.box[0] - address.box[2] > 30  # mm: a camera sees one at a time
    assert page_text(file).count("微信扫一扫") == SHEETS[PlateSize.TWIN].labels


@EVERY_SIZE
def test_modules_are_large_enough_and_nothing_is_printed_in_the_quiet_zone(
    tmp_path: Path, size: PlateSize
) -> None:
    file, dpi = tmp_path / "sheet.pdf", 300
    wanted = two_pages(size)
    write_sheet(file, size, wanted, title="门牌")
    image = page_image(file, 0, dpi)
    for label, code in zip(wanted, codes(image, dpi), strict=False):
        side = draw(label.url, most_modules=most_modules(size)).side
        left, top, right, bottom = code.box
        module = (right - left) / side
        assert module >= LEAST_MODULE * 0.97  # the reader's corners are of whole pixels
        quiet = QUIET_ZONE * module
        for box in (
            (left - quiet, top - quiet, right + quiet, top),
            (left - quiet, bottom, right + quiet, bottom + quiet),
            (left - quiet, top, left, bottom),
            (right, top, right + quiet, bottom),
        ):
            inner = _shrunk(box, module * 0.6)
            pixels = [round(value * dpi / 25.4) for value in inner]
            assert image.crop(tuple(pixels)).getextrema() == (255, 255), label


def _shrunk(box: tuple[float, ...], by: float) -> tuple[float, ...]:
    left, top, right, bottom = box
    return (left + by, top + by, right - by, bottom - by)


def test_a_code_is_the_librarys_under_the_mask_that_is_easiest_to_read() -> None:
    for _ in range(20):
        text = f"{URL}/q/{token()}"
        drawn = []
        for mask in range(8):
            code = QRCode(error_correction=ERROR_CORRECT_Q, border=0, mask_pattern=mask)
            code.add_data(QRData(text.encode(), mode=MODE_8BIT_BYTE), optimize=0)
            code.make(fit=True)
            drawn.append(code.modules)
        best = min(drawn, key=lost_point)
        ours = draw(text, most_modules=len(best))
        assert ours.rows == tuple(int("".join("01"[bool(dark)] for dark in row), 2) for row in best)


def test_a_longer_address_takes_a_lower_level_then_a_larger_label_then_is_refused() -> None:
    def address(length: int) -> str:
        return "https://" + "a" * (length - 8)

    assert sizes_for(address(60)) == list(PlateSize)
    largest = most_modules(PlateSize.SMALL)
    levels = set()
    for length in range(40, 400):
        try:
            assert draw(address(length), most_modules=largest).side <= largest
        except TooLong:
            break
        levels.add(length)
    else:
        pytest.fail("nothing is too long for the smallest label")
    assert PlateSize.SMALL not in sizes_for(address(length))
    assert PlateSize.LARGE in sizes_for(address(length))
    assert sizes_for(address(3000)) == []
    with pytest.raises(TooLong):
        draw(address(3000), most_modules=177)


# Words


@EVERY_SIZE
def test_the_words_are_text_that_can_be_searched(tmp_path: Path, size: PlateSize) -> None:
    file = tmp_path / "sheet.pdf"
    wanted = for_size(size, labels(3))
    write_sheet(file, size, wanted, title="门牌", note="测试")
    text = re.sub(r"\s", "", page_text(file))
    for label in wanted:
        for words in (label.name, label.code, label.community, label.room):
            assert words.replace(" ", "") in text
    for words in ("扫码看房", "办理登记", "报告隐患", "119", "110", "请报此编号", "100%"):
        assert text.count(words) >= 1


@EVERY_SIZE
@pytest.mark.parametrize(
    "name",
    ["长" * 80, "W" * 80, "Very Long Name Of A House " * 3, "一", "字" * 20, "甲 " * 40],
)
def test_names_of_any_length_stay_in_their_box(tmp_path: Path, size: PlateSize, name: str) -> None:
    """Ink beyond the label would show in the gap, ink on the code in what is read."""
    file, dpi = tmp_path / "sheet.pdf", 150
    wanted = [
        Label(f"{URL}/q/{token()}", f"122002-00001-{room}"[:40], name, "社" * 30, room)
        for room in ("", "302", "十二个字的房间编号一二三")
    ]
    wanted = for_size(size, wanted)
    write_sheet(file, size, wanted, title="门牌")
    image = page_image(file, 0, dpi)
    assert [code.text for code in codes(image, dpi)] == [label.url for label in wanted]
    sheet = SHEETS[size]
    for x, y in list(sheet.corners())[:3]:
        outside = (x + sheet.width + 0.4, y + 4, x + sheet.width + 0.9, y + sheet.height - 4)
        right_edge = tuple(round(value * dpi / 25.4) for value in outside)
        if sheet.gap[0] > 2:
            assert image.crop(right_edge).getextrema() == (255, 255)


def test_a_name_that_must_be_cut_is_reported(tmp_path: Path) -> None:
    long, short = labels(2)
    long = Label(long.url, long.code, "长" * 80, long.community, long.room)
    report = write_sheet(tmp_path / "a.pdf", PlateSize.SMALL, [long, short], title="门牌")
    assert report.cut == [long.code]
    report = write_sheet(tmp_path / "b.pdf", PlateSize.LARGE, [short], title="门牌")
    assert report.cut == []


def test_characters_that_the_font_lacks_become_boxes_and_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "sheet.pdf"
    (label,) = labels(1)
    rare = Label(label.url, label.code, "𬇹岗楼😀", label.community)
    report = write_sheet(file, PlateSize.DOOR, [rare, rare], title="门牌")
    assert report.missing == {"𬇹": [label.code], "😀": [label.code]}
    assert "□岗楼□" in page_text(file)


def test_the_font_has_the_characters_of_the_town() -> None:
    pairs = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    ordinary = {letter for pair in pairs for letter in pair.decode("gb2312", errors="ignore")}
    assert len(ordinary) == 6763
    assert not {letter for letter in ordinary | set("滘塱埗磡冚氹") if ord(letter) not in glyphs()}


@pytest.mark.parametrize("text", ["", " ", "一", "字" * 100, "a" * 100, "two words " * 20])
def test_fitted_words_keep_within_their_box(text: str) -> None:
    def measure(words: str) -> float:
        return float(sum(0.5 if letter.isascii() else 1.0 for letter in words))

    fitted = fit(text, measure, width=30, height=9, largest=4, smallest=2)
    assert 2 <= fitted.size <= 4
    assert len(fitted.lines) * fitted.size * LEADING <= max(9, fitted.size * LEADING) + 1e-6
    assert all(measure(line) * fitted.size <= 30 + 1e-6 for line in fitted.lines)
    whole = "".join(text.split())
    written = "".join("".join(fitted.lines).split())
    assert written == whole or (fitted.cut and whole.startswith(written.removesuffix("…")))


# Geometry


@EVERY_SIZE
def test_labels_lie_on_the_page_and_not_on_each_other(size: PlateSize) -> None:
    sheet = SHEETS[size]
    boxes = [(x, y, x + sheet.width, y + sheet.height) for x, y in sheet.corners()]
    assert len(boxes) == sheet.labels
    margin = 4.0  # mm that office printers leave white
    for left, top, right, bottom in boxes:
        assert margin <= left
        assert margin <= top
        assert right <= PAGE_WIDTH - margin
        assert bottom <= PAGE_HEIGHT - 8  # the foot of the page
    for one, other in combinations(boxes, 2):
        apart = (
            one[2] <= other[0] + 1e-9
            or other[2] <= one[0] + 1e-9
            or one[3] <= other[1] + 1e-9
            or other[3] <= one[1] + 1e-9
        )
        assert apart


@EVERY_SIZE
@pytest.mark.parametrize("with_room", [False, True])
def test_the_parts_of_a_label_lie_within_it_and_not_on_each_other(
    size: PlateSize, with_room: bool
) -> None:
    sheet, parts = SHEETS[size], design(SHEETS[size], with_room=with_room)
    named = {
        name: getattr(parts, name)
        for name in (
            "community", "name", "room", "symbol", "code", "hint", "purpose", "emergency",
        )
    }  # fmt: skip
    for name, box in named.items():
        assert box.x >= 0, name
        assert box.y >= 0, name
        assert box.x + box.width <= sheet.width + 1e-9, name
        assert box.y + box.height <= sheet.height + 1e-9, name
    for (one, a), (other, b) in combinations(named.items(), 2):
        if not (a.width * a.height and b.width * b.height):
            continue
        apart = (
            a.x + a.width <= b.x + 1e-9
            or b.x + b.width <= a.x + 1e-9
            or a.y + a.height <= b.y + 1e-9
            or b.y + b.height <= a.y + 1e-9
        )
        assert apart, (one, other)


@EVERY_SIZE
def test_a_sheet_without_labels_is_still_a_document(tmp_path: Path, size: PlateSize) -> None:
    assert write_sheet(tmp_path / "sheet.pdf", size, [], title="门牌").pages == 0
