"""Legal entities and their unified social credit codes (GB 32100-2015)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.work import work
from identity.actor import SYSTEM
from management.models import Organisation
from management.organisations import (
    check_character,
    checked_credit_code,
    organisation_by_credit_code,
)
from tests.management.support import HOSTILE, outcomes, refused_input

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# The example of the standard, and codes that large companies print on everything they send.
PUBLISHED = (
    "91350100M000100Y43",
    "91110108551385082Q",
    "91330100799655058B",
    "914403001922038216",
    "91440300708461136T",
    "9144030071526726XG",
)
first_17 = st.text(CHARACTERS, min_size=17, max_size=17)


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_are_right(code: str) -> None:
    assert check_character(code[:17]) == code[17]
    assert checked_credit_code(f" {code.lower()} ") == code


@given(first_17, st.integers(0, 16), st.sampled_from(CHARACTERS))
def test_one_wrong_character_is_always_noticed(start: str, at: int, other: str) -> None:
    assume(start[at] != other)
    code = start + check_character(start)
    assert checked_credit_code(code) == code
    with pytest.raises(InvalidInput):
        checked_credit_code(code[:at] + other + code[at + 1 :])


@given(first_17, st.integers(0, 15))
def test_two_swapped_characters_are_always_noticed(start: str, at: int) -> None:
    assume(start[at] != start[at + 1])
    code = start + check_character(start)
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    with pytest.raises(InvalidInput):
        checked_credit_code(swapped)


@given(st.text(max_size=24))
def test_no_text_is_anything_but_a_right_code_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        code = checked_credit_code(text)
        assert check_character(code[:17]) == code[17]


@pytest.mark.parametrize("letter", "IOSVZ")
def test_letters_that_look_like_digits_are_refused(letter: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_credit_code("9135010" + letter + "M000100Y43")
    assert refusal.value.reason == "CREDIT_CODE"


async def test_an_organisation_is_made_once_and_keeps_its_name(db: None) -> None:
    first = await organisation_by_credit_code(PUBLISHED[0], "  测试有限公司 ")
    again = await organisation_by_credit_code(PUBLISHED[0].lower(), "别的名称")
    without_name = await organisation_by_credit_code(PUBLISHED[0], None)
    assert first is not None
    assert first == again == without_name
    assert [(o.credit_code, o.name) for o in await Organisation.all()] == [
        (PUBLISHED[0], "测试有限公司")
    ]


async def test_without_a_code_there_is_no_organisation(db: None) -> None:
    assert await organisation_by_credit_code(None, "测试有限公司") is None
    assert await organisation_by_credit_code("", "测试有限公司") is None


@pytest.mark.parametrize("name", [None, "", "   ", *HOSTILE])
async def test_a_new_organisation_needs_a_usable_name(db: None, name: str | None) -> None:
    await refused_input(organisation_by_credit_code(PUBLISHED[0], name), "input.organisationName")


async def test_two_who_name_a_new_organisation_at_once_get_the_same(committed_db: None) -> None:
    async def name_it() -> Organisation | None:
        async with work(SYSTEM):
            return await organisation_by_credit_code(PUBLISHED[1], "测试有限公司")

    made = await outcomes(*(name_it() for _ in range(8)))
    assert len({organisation.id for organisation in made}) == 1
    assert await Organisation.all().count() == 1
