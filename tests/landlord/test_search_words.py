"""Texts into tokens and queries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landlord.search.words import canonical, lacking, literal, loose, spoken, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("３房", "3房"),
        ("两房一厅", "2房1厅"),
        ("WiFi", "wi-fi"),
        ("Ａ栋", "a栋"),
        ("38 号", "38号"),
        ("20平方", "20㎡"),
        ("十二巷", "12巷"),
        ("二十三楼", "23楼"),
    ],
)
def test_what_is_read_alike_is_written_alike(one: str, other: str) -> None:
    assert canonical(one).split() == canonical(other).split()


@pytest.mark.parametrize("text", ["十十号", "百二十一亿", "一", "十", "〇"])
def test_numerals_that_are_none_stay(text: str) -> None:
    assert tokens(text, singles=True)


def test_chinese_gives_pairs_and_titles_single_characters_too() -> None:
    assert tokens("厚街大道") == {"厚街", "街大", "大道"}
    assert {"厚", "道"} <= tokens("厚街大道", singles=True)
    assert tokens("厚街 38号") == {"厚街", "38", "38号"}


def test_a_run_must_be_found_whole_and_a_facility_by_any_name() -> None:
    assert str(literal("厚街大道 38号")) == "('厚街' & '街大' & '大道') & ('38号')"
    assert str(literal("近地铁")) == "('近地' & '地铁' & !'LACKS_METRO_NEARBY' | 'METRO_NEARBY')"
    assert str(literal("床")) == "('床' & !'LACKS_BED' | 'BED')"


def test_what_is_nothing_but_known_words_is_cut_at_once() -> None:
    both = "('单间' | 'LAYOUT_SINGLE') & ('阳台' & !'LACKS_BALCONY' | 'BALCONY')"
    assert str(literal("单间的阳台")) == both
    assert str(literal("厚街单间", {"厚街"})) == "('厚街') & ('单间' | 'LAYOUT_SINGLE')"
    assert str(literal("厚街大道", {"厚街"})) == "('厚街' & '街大' & '大道')"
    assert str(literal("楼下单间")) == "('楼下' & '下单' & '单间')"


def test_what_a_room_is_called_is_found_by_its_words_alone() -> None:
    assert str(literal("单间").named()) == "('n-单间')"
    assert str(literal("电梯").named()) == "('n-电梯' & !'LACKS_LIFT')"


def test_a_loose_query_is_cut_at_known_words() -> None:
    assert str(loose("三屯单间", {"三屯"})) == "('三屯') & ('单间' | 'LAYOUT_SINGLE')"
    assert str(loose("便宜的单间")) == "('单间' | 'LAYOUT_SINGLE')"
    assert str(loose("出租")) == "('出租')"  # with nothing else, it is what was asked


def test_titles_speak_of_what_there_is_not_of_what_there_is_not() -> None:
    assert "LIFT" in spoken("电梯两房")
    assert "LAYOUT_2" in spoken("电梯两房")
    for title in ("无电梯", "没电梯", "没有电梯"):
        assert "LIFT" not in spoken(title)
    assert "LAYOUT_1" not in spoken("11房1厅")
    assert lacking("没有阳台的单间，无电梯") == ["LACKS_BALCONY", "LACKS_LIFT"]
    assert lacking("有阳台，电梯房") == []


@given(st.text(max_size=80))
def test_tokens_of_any_text_are_letters_and_digits(text: str) -> None:
    found = tokens(text, singles=True)
    for query in (literal(text), loose(text)):
        found |= {token for term in query.terms for token in term.tokens}
    for token in found:
        assert token
        assert not set(token) & set(" '\"\\&|!<>:*()\0")


@given(st.text("单间厚街近地铁大道示例38号三房wifi，。 ", min_size=1, max_size=30))
def test_a_text_finds_itself(text: str) -> None:
    """Every term of a query made of a title is among the title's own tokens."""
    own = tokens(text, singles=True)
    for term in literal(text).terms:
        assert set(term.tokens) <= own
