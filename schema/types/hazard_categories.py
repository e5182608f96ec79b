"""Kinds of hazard, as everybody may read them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from core.errors import Language
from management.hazards.categories import CATEGORIES, Category, Question, QuestionKind
from management.models import Severity
from schema.access import PUBLIC
from schema.fields import attr, gql_type


@gql_type(access=PUBLIC)
class HazardCategoryGroup:
    """Kinds of hazard that people look for together."""

    code: str = attr("Its code.")
    name: str = attr("Its name.")


@gql_type(access=PUBLIC)
class HazardChoice:
    """One of several answers."""

    code: str = attr("What is given as the answer.")
    name: str = attr("What it says.")


@gql_type(access=PUBLIC)
class HazardQuestion:
    """What is asked of a kind of hazard; nobody has to answer."""

    code: str = attr("Its code: give it with the answer.")
    kind: QuestionKind = attr("What an answer is.")
    words: str = attr("What is asked.")
    unit: str | None = attr("Of a number: its unit.")
    least: float | None = attr("Of a number: the least.")
    most: float | None = attr("Of a number: the most.")
    choices: list[HazardChoice] = attr("What can be chosen.", size=4)


@gql_type(access=PUBLIC)
class HazardCategory:
    """A kind of hazard (隐患类别)."""

    code: str = attr("Its code, which never changes.")
    name: str = attr("Its name.")
    group: HazardCategoryGroup = attr("Where people look for it.")
    severity: Severity = attr("How bad it usually is; answers can make it worse.")
    call: str | None = attr("A number to call at once.")
    first_steps: list[str] = attr("What to do now, before anything else.", size=3)
    questions: list[HazardQuestion] = attr("What is asked of it.", size=2)


@cache
def category_row(code: str, language: Language) -> dict[str, Any]:
    """A kind of hazard by its code, ready for the schema.

    One that this version of the data does not know (from a newer program) goes by its code.
    """
    found = CATEGORIES.get(code)
    if found is None:
        group = {"code": "OTHER", "name": "OTHER"}
        return {"code": code, "name": code, "group": group, "severity": Severity.GENERAL,
                "call": None, "first_steps": [], "questions": []}  # fmt: skip
    return _category(found, language)


def category_rows(language: Language) -> list[dict[str, Any]]:
    """All kinds of hazard, ready for the schema."""
    return [category_row(code, language) for code in CATEGORIES]


def answer_rows(
    kind: Category | None, answers: Mapping[str, Any], language: Language
) -> list[dict[str, Any]]:
    """Answers in words, ready for the schema; those to questions no longer asked by their codes."""
    asked = {question.code: question for question in kind.questions} if kind else {}
    return [
        {
            "question": code,
            "words": asked[code].words.of(language) if code in asked else code,
            "value": _answer(asked.get(code), value, language),
        }
        for code, value in answers.items()
    ]


def _answer(question: Question | None, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return {"zh-CN": ("否", "是"), "en": ("No", "Yes")}[language][value]
    if isinstance(value, float | int):
        unit = question.unit.of(language) if question and question.unit else ""
        return f"{value:g} {unit}".strip()
    choices = {choice.code: choice.words for choice in question.choices} if question else {}
    return choices[value].of(language) if value in choices else str(value)


def _category(found: Category, language: Language) -> dict[str, Any]:
    return {
        "code": found.code,
        "name": found.words.of(language),
        "group": {"code": found.group.code, "name": found.group.words.of(language)},
        "severity": found.severity,
        "call": found.call or None,
        "first_steps": [step.of(language) for step in found.first_steps],
        "questions": [_question(question, language) for question in found.questions],
    }


def _question(question: Question, language: Language) -> dict[str, Any]:
    return {
        "code": question.code,
        "kind": question.kind,
        "words": question.words.of(language),
        "unit": question.unit and question.unit.of(language),
        "least": None if question.least is None else float(question.least),
        "most": None if question.most is None else float(question.most),
        "choices": [
            {"code": choice.code, "name": choice.words.of(language)} for choice in question.choices
        ],
    }
