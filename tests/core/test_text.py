"""Text that people type: cleaned alike everywhere, refused with a reason."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.text import clean, phone_number


def reason(value: str, *, longest: int = 40, shortest: int = 0, multiline: bool = False) -> str:
    with pytest.raises(InvalidInput) as refusal:
        clean(value, field="input.name", longest=longest, shortest=shortest, multiline=multiline)
    assert refusal.value.field == "input.name"
    return str(refusal.value.reason)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  厚街 ", "厚街"),
        ("\u3000厚街\u3000", "厚街"),
        ("e\u0301cole", "école"),
        ("", ""),
        ("𠮷野家", "𠮷野家"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_what_is_typed_is_normalised(typed: str, kept: str) -> None:
    assert clean(typed, field="f", longest=40) == kept


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_lines_end_in_one_way(end: str) -> None:
    assert clean(f"一{end}二", field="f", longest=40, multiline=True) == "一\n二"


@pytest.mark.parametrize("value", ["a\0b", "a\x07b", "a\x1bb", "a\x7fb", "a\x85b", "a\ud800b"])
@pytest.mark.parametrize("multiline", [False, True])
def test_control_characters_are_refused(value: str, multiline: bool) -> None:
    assert reason(value, multiline=multiline) == "CONTROL_CHARACTER"


@pytest.mark.parametrize("value", ["a\nb", "a\tb", "a\r\nb", "a\u2028b", "a\u2029b"])
def test_one_line_stays_one_line(value: str) -> None:
    assert reason(value) == "CONTROL_CHARACTER"
    clean(value, field="f", longest=40, multiline=True)


@pytest.mark.parametrize("code", [0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2069, 0x061C])
def test_what_turns_the_direction_of_text_is_refused(code: int) -> None:
    assert reason(f"a{chr(code)}b") == "BIDI_CONTROL"


def test_length_is_counted_after_cleaning() -> None:
    assert clean(" " + "字" * 40 + " ", field="f", longest=40) == "字" * 40
    assert clean("e\u0301" * 40, field="f", longest=40) == "é" * 40
    assert reason("字" * 41) == "TOO_LONG"
    assert reason("字", shortest=2) == "TOO_SHORT"


@pytest.mark.parametrize("value", ["", "  ", "\u3000", "\u200b\u200b\u200b", "\ufeff\u2060"])
def test_nothing_to_see_is_nothing(value: str) -> None:
    assert reason(value, shortest=1) == "EMPTY"


def test_both_bounds_are_told_in_both_languages() -> None:
    with pytest.raises(InvalidInput) as refusal:
        clean("字" * 3, field="f", longest=2)
    assert refusal.value.params == {"maximum": 2}
    assert refusal.value.message("zh-CN") == "最多 2 个字"
    assert refusal.value.message("en") == "At most 2 characters"


def test_a_hostile_run_of_combining_marks_costs_nothing() -> None:
    """Normalising half a million marks would take minutes."""
    begun = time.process_time()
    assert reason("a" + "\u0315\u0300" * 250_000) == "TOO_LONG"
    assert time.process_time() - begun < 0.5


@given(st.text())
def test_what_is_kept_is_normal_bounded_and_stays_as_it_is(value: str) -> None:
    try:
        kept = clean(value, field="f", longest=20, multiline=True)
    except InvalidInput:
        return
    assert len(kept) <= 20
    assert unicodedata.is_normalized("NFC", kept)
    assert "\0" not in kept
    assert "\r" not in kept
    assert clean(kept, field="f", longest=20, multiline=True) == kept


@pytest.mark.parametrize(
    "number", ["0769-00000000", "+86 138 0000 0000", "+852-0000-0000", "110 0000", ""]
)
def test_phone_numbers_of_any_country_pass(number: str) -> None:
    assert phone_number(number, field="f") == number.replace(" ", "")


@pytest.mark.parametrize(
    "number",
    [
        "110",
        "1380000000x",
        "０７６９00000000",
        "+",
        "++",
        "-------",
        "0" * 21,
        "1;2345678",
        "٠١٢٣٤٥٦٧",
    ],
)
def test_what_is_no_phone_number_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput):
        phone_number(number, field="f")
