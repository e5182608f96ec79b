"""Refusals: stable codes, two languages, words that never fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import errors
from core.errors import Code, Conflict, DomainError, InvalidInput, RateLimited, require_version

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, DomainError) and kind is not DomainError
]


def test_every_code_but_the_masked_one_has_its_refusal() -> None:
    assert sorted(kind.code for kind in KINDS) == sorted(set(Code) - {Code.INTERNAL})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_refusal_speaks_both_languages(kind: type[DomainError]) -> None:
    refusal = kind()
    zh, en = refusal.message(), refusal.message("en")
    assert refusal.message("zh-CN") == zh
    assert any("\u4e00" <= character <= "\u9fff" for character in zh)
    assert en.isascii()
    assert str(refusal) == en
    assert refusal.extensions() == {"code": kind.code.value}


def test_extensions_hold_code_field_and_params_with_the_reason() -> None:
    refusal = InvalidInput(field="input.rent", reason="OUT_OF_RANGE", params={"minimum": 1})
    assert refusal.extensions() == {
        "code": "INVALID_INPUT",
        "field": "input.rent",
        "params": {"minimum": 1, "reason": "OUT_OF_RANGE"},
    }
    assert json.loads(json.dumps(refusal.extensions())) == refusal.extensions()


def test_a_reason_alone_stands_in_the_params() -> None:
    assert Conflict(reason="TAKEN").extensions() == {
        "code": "CONFLICT",
        "params": {"reason": "TAKEN"},
    }


def test_words_of_their_own_take_params() -> None:
    refusal = RateLimited(
        params={"retryAfter": 60}, zh="{retryAfter} 秒后再试", en="In {retryAfter} s"
    )
    assert (refusal.message(), refusal.message("en")) == ("60 秒后再试", "In 60 s")


def test_one_language_may_keep_the_general_words() -> None:
    assert Conflict(zh="已经登记过").message("en") == Conflict.default_en


def test_params_given_are_copied() -> None:
    params: dict[str, Any] = {"minimum": 1}
    refusal = InvalidInput(reason="X", params=params)
    refusal.extensions()["params"]["minimum"] = 2
    params["minimum"] = 3
    assert refusal.params == {"minimum": 1}


@pytest.mark.parametrize(
    "words",
    ["{absent}", "{", "}", "{0}", "{}", "{minimum.real.none}", "{minimum[x]}", "{minimum:q}"],
)
def test_words_that_do_not_fit_the_params_are_shown_as_they_are(words: str) -> None:
    refusal = InvalidInput(params={"minimum": 1}, zh=words, en=words)
    assert (refusal.message(), refusal.message("en"), str(refusal)) == (words, words, words)


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_putting_a_refusal_into_words_never_fails(words: str, params: dict[str, str]) -> None:
    refusal = InvalidInput(params=params, zh=words, en=words)
    for message in (refusal.message(), refusal.message("en")):
        assert isinstance(message, str)


def test_what_a_caller_typed_is_never_a_template() -> None:
    refusal = InvalidInput(
        params={"given": "{minimum}", "minimum": 7}, en="Not {given}", zh="{given}"
    )
    assert refusal.message("en") == "Not {minimum}"


@pytest.mark.parametrize("seen", [1, 3])
def test_what_has_another_version_than_was_seen_is_not_changed(seen: int) -> None:
    require_version(2, 2)
    with pytest.raises(Conflict) as refusal:
        require_version(2, seen)
    assert refusal.value.extensions() == {
        "code": "CONFLICT",
        "field": "input.expectedVersion",
        "params": {"reason": "STALE_VERSION", "version": 2},
    }
