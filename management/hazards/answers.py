"""What people answer to the questions of a kind of hazard, checked by the kind of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from core.errors import InvalidInput
from core.text import clean
from management.hazards.categories import Category, Question, QuestionKind

LONGEST: Final = 200
_FIELD: Final = "input.answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: the one that fits the kind of question is given, the others are ``None``."""

    question: str
    yes: bool | None = None
    number: float | None = None
    choice: str | None = None
    text: str | None = None

    def given(self) -> dict[QuestionKind, Any]:
        """What was given, by kind."""
        all_of_it = {
            QuestionKind.BOOL: self.yes,
            QuestionKind.NUMBER: self.number,
            QuestionKind.CHOICE: self.choice,
            QuestionKind.TEXT: self.text,
        }
        return {kind: value for kind, value in all_of_it.items() if value is not None}


def checked_answers(kind: Category, answers: Sequence[Answer]) -> Mapping[str, Any]:
    """The answers by code of their question. Nobody has to answer.

    Raises:
        InvalidInput: a question that is not asked of this kind, or answered twice; an answer of
            another kind, out of range, or not among the choices.
    """
    asked = {question.code: question for question in kind.questions}
    found: dict[str, Any] = {}
    for index, answer in enumerate(answers):
        path = f"{_FIELD}.{index}"
        question = asked.get(answer.question)
        if question is None:
            raise InvalidInput(
                field=f"{path}.question",
                reason="UNKNOWN_QUESTION",
                zh="这个类别没有这个问题",
                en="That is not asked of this kind of hazard",
            )
        if question.code in found:
            raise InvalidInput(
                field=path, reason="TWICE", zh="同一个问题回答了两次", en="It is answered twice"
            )
        found[question.code] = _checked(question, answer, path)
    return found


def _checked(question: Question, answer: Answer, path: str) -> Any:
    given = answer.given()
    if set(given) != {question.kind}:
        raise InvalidInput(
            field=path,
            reason="ANSWER_KIND",
            params={"kind": question.kind.value},
            zh="回答的形式不对",
            en="The answer is not of the kind that is asked for",
        )
    value = given[question.kind]
    if question.kind is QuestionKind.NUMBER:
        return _in_range(question, value, path)
    if question.kind is QuestionKind.CHOICE:
        if value not in {choice.code for choice in question.choices}:
            raise InvalidInput(
                field=f"{path}.choice", reason="CHOICE", zh="没有这个选项", en="No such choice"
            )
    elif question.kind is QuestionKind.TEXT:
        return clean(value, field=f"{path}.text", longest=LONGEST, shortest=1, multiline=True)
    return value


def _in_range(question: Question, value: float, path: str) -> float:
    least = None if question.least is None else float(question.least)
    most = None if question.most is None else float(question.most)
    low = least is not None and value < least
    if not isfinite(value) or low or (most is not None and value > most):
        raise InvalidInput(
            field=f"{path}.number",
            reason="OUT_OF_RANGE",
            params={"minimum": least, "maximum": most},
            zh="应在 {minimum} 到 {maximum} 之间",
            en="It lies between {minimum} and {maximum}",
        )
    return value
