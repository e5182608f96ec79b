"""The kinds of hazard as data: whole, in both languages, and led by departments that exist."""

from __future__ import annotations

import pytest

from identity.departments import DEPARTMENTS
from management.hazards.categories import CATEGORIES, Category, QuestionKind, public_categories

EVERY = pytest.mark.parametrize("kind", CATEGORIES.values(), ids=lambda kind: kind.code)


def test_there_are_many_in_some_groups() -> None:
    assert len(CATEGORIES) >= 45
    assert len({kind.group.code for kind in CATEGORIES.values()}) >= 9


@EVERY
def test_each_has_words_a_department_and_questions_that_can_be_answered(kind: Category) -> None:
    assert kind.words.zh
    assert kind.words.en
    assert kind.department in {code for code, _, _ in DEPARTMENTS}
    asked = {question.code: question for question in kind.questions}
    assert len(asked) == len(kind.questions)
    for question in kind.questions:
        assert bool(question.choices) == (question.kind is QuestionKind.CHOICE)
        assert (question.unit is not None) == (question.kind is QuestionKind.NUMBER)
    for rule in kind.raises:
        question = asked[rule.question]
        codes = {choice.code for choice in question.choices}
        assert question.kind is not QuestionKind.CHOICE or codes.issuperset(rule.values)


def test_what_would_invite_theft_is_not_public() -> None:
    hidden = {"EXIT_LOCKED", "BARRED_WINDOW", "ROOF_DOOR_LOCKED", "LOCK_BAD"}
    assert not hidden & set(public_categories())


def test_a_smell_of_gas_says_what_to_do_first() -> None:
    gas = CATEGORIES["GAS_SMELL"]
    assert gas.call == "119"
    assert len(gas.first_steps) >= 3
