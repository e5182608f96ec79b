"""Hazards as the pages show them: kinds with their questions, and what is reported already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from api.pages.addresses import short
from api.pages.words import Words, day
from core.clock import SHANGHAI
from core.errors import Language
from management.hazards.categories import CATEGORIES, Category
from management.hazards.nearby import Nearby
from management.models import Severity


@dataclass(frozen=True, slots=True)
class ChoiceShown:
    """One of several answers."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class QuestionShown:
    """A question in the reader's language."""

    code: str
    kind: str
    words: str
    unit: str
    choices: tuple[ChoiceShown, ...]


@dataclass(frozen=True, slots=True)
class CategoryShown:
    """A kind of hazard in the reader's language."""

    code: str
    words: str
    urgent: bool
    call: str
    steps: tuple[str, ...]
    questions: tuple[QuestionShown, ...]


@dataclass(frozen=True, slots=True)
class GroupShown:
    """Kinds of hazard that people look for together."""

    code: str
    words: str
    categories: tuple[CategoryShown, ...]


@cache
def category_shown(kind: Category, language: Language) -> CategoryShown:
    """A kind of hazard, in a language."""
    return CategoryShown(
        code=kind.code,
        words=kind.words.of(language),
        urgent=kind.severity is Severity.URGENT,
        call=kind.call,
        steps=tuple(step.of(language) for step in kind.first_steps),
        questions=tuple(
            QuestionShown(
                code=question.code,
                kind=question.kind.value,
                words=question.words.of(language),
                unit=question.unit.of(language) if question.unit else "",
                choices=tuple(
                    ChoiceShown(choice.code, choice.words.of(language))
                    for choice in question.choices
                ),
            )
            for question in kind.questions
        ),
    )


@cache
def categories_shown(language: Language) -> tuple[GroupShown, ...]:
    """Every kind of hazard, group by group."""
    groups: dict[str, list[CategoryShown]] = {}
    names: dict[str, str] = {}
    for kind in CATEGORIES.values():
        names[kind.group.code] = kind.group.words.of(language)
        groups.setdefault(kind.group.code, []).append(category_shown(kind, language))
    return tuple(GroupShown(code, names[code], tuple(kinds)) for code, kinds in groups.items())


def nearby_shown(found: Iterable[Nearby], t: Words) -> list[dict[str, str]]:
    """What is reported nearby already: nothing of who reported it, nor of their words."""
    return [
        {
            "short": short(one.row["id"]),
            "state": one.row["state"],
            "where": _where(one, t),
            "since": day(one.row["created_at"].astimezone(SHANGHAI).date(), t.language),
        }
        for one in found
    ]


def _where(one: Nearby, t: Words) -> str:
    if one.same_place or one.metres is None:
        return t("report_nearby_here")
    return t("report_nearby_metres", n=max(5, round(one.metres / 5) * 5))
