from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.masking import mask_document, mask_name, mask_phone, mask_text


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("欧阳明月", "欧***"),
        ("张", "*"),
        ("", ""),
        ("  张三 ", "张*"),
        ("阿依努尔·买买提", "阿***·***"),
        ("Ana Lima", "A** ****"),
        ("E\u0301va", "É**"),
        ("𠮷田", "𠮷*"),
    ],
)
def test_a_name_keeps_its_first_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("441900199001011234", "4419**********1234"),
        ("44190019900101123X", "4419**********123X"),
        ("441900900101123", "4419*******1123"),
        ("E12345678", "E1*****78"),
        ("H1234567", "H1****67"),
        ("123456", "1****6"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_a_document_keeps_its_ends(number: str, masked: str) -> None:
    assert mask_document(number) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13800138000", "138****8000"),
        ("+86 138 0013 8000", "+86 138 **** 8000"),
        ("0769-85012345", "0769-****2345"),
        ("+85291234567", "+852****4567"),
        ("1234567", "***4567"),
        ("110", "***"),
        ("", ""),
    ],
)
def test_a_phone_number_loses_the_four_digits_before_the_last_four(
    number: str, masked: str
) -> None:
    assert mask_phone(number) == masked


@given(st.text(max_size=40))
def test_masking_keeps_the_length_and_shows_less_than_half_of_a_document(number: str) -> None:
    text = number.strip()
    masked = mask_document(number)
    assert len(masked) == len(text)
    shown = sum(a == b and a != "*" for a, b in zip(text, masked, strict=True))
    assert shown <= max(8, len(text) // 2)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("来电13800138000核实", "来电138****8000核实"),
        ("打了 138-0013-8000 两次", "打了 138-****-8000 两次"),
        ("tel +8613800138000", "tel +86138****8000"),
        ("身份证44190019900101123X有误", "身份证4419**********123X有误"),
        ("工单 20261121000123 号", "工单 20261121000123 号"),
        ("3 楼 2 户", "3 楼 2 户"),
    ],
)
def test_numbers_of_people_in_free_text_are_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked
