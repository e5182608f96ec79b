"""Kinds of hazard, as data of ``categories.toml``: what is asked of each, and what to do at once.

A code never changes its meaning and is never used again: hazards name it for good.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from core.errors import InvalidInput, Language
from management.models import Severity

_ORDER: Final = tuple(Severity)


class QuestionKind(StrEnum):
    """What an answer is."""

    BOOL = "BOOL"
    NUMBER = "NUMBER"
    CHOICE = "CHOICE"
    TEXT = "TEXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What people read, in both languages."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """In one language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several answers."""

    code: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a kind of hazard; numbers with their unit and range, both ends included."""

    code: str
    kind: QuestionKind
    words: Words
    unit: Words | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """An answer that makes a hazard worse than its kind usually is.

    ``values`` are the answers that do; of a number, everything from ``at_least`` on.
    """

    question: str
    to: Severity
    values: tuple[Any, ...] = ()
    at_least: Decimal | None = None

    def holds(self, answer: Any) -> bool:
        """Whether an answer does."""
        if self.at_least is not None:
            return bool(answer >= self.at_least)
        return answer in self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Kinds of hazard that people look for together."""

    code: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A kind of hazard.

    ``department``: who usually leads (codes of :mod:`identity.departments`). ``public``: whether
    the public map may show it; not what would invite theft. ``call``: a number to call at once.
    """

    code: str
    group: Group
    words: Words
    severity: Severity
    department: str
    public: bool
    call: str
    first_steps: tuple[Words, ...]
    questions: tuple[Question, ...]
    raises: tuple[Raise, ...]

    def judged(self, answers: Mapping[str, Any]) -> Severity:
        """The first judgement: as usual, or worse by what was answered."""
        found = [rule.to for rule in self.raises
                 if rule.question in answers and rule.holds(answers[rule.question])]  # fmt: skip
        return max((self.severity, *found), key=_ORDER.index)


def _words(row: Mapping[str, Any], prefix: str = "") -> Words:
    return Words(zh=row[f"{prefix}zh"], en=row[f"{prefix}en"])


def _question(row: Mapping[str, Any]) -> Question:
    return Question(
        code=row["code"],
        kind=QuestionKind(row["kind"]),
        words=_words(row),
        unit=_words(row, "unit_") if "unit_zh" in row else None,
        least=Decimal(str(row["least"])) if "least" in row else None,
        most=Decimal(str(row["most"])) if "most" in row else None,
        choices=tuple(
            Choice(code=code, words=Words(zh=zh, en=en)) for code, zh, en in row.get("choices", ())
        ),
    )


def _raise(question: Mapping[str, Any]) -> list[Raise]:
    found = []
    for to, when in question.get("raises", {}).items():
        number = isinstance(when, int | float) and not isinstance(when, bool)
        found.append(
            Raise(
                question=question["code"],
                to=Severity(to),
                at_least=Decimal(str(when)) if number else None,
                values=() if number else tuple(when) if isinstance(when, list) else (when,),
            )
        )
    return found


def _category(group: Group, row: Mapping[str, Any]) -> Category:
    questions = row.get("question", ())
    steps = row.get("first_steps", ())
    return Category(
        code=row["code"],
        group=group,
        words=_words(row),
        severity=Severity(row.get("severity", "GENERAL")),
        department=row["department"],
        public=row.get("public", True),
        call=row.get("call", ""),
        first_steps=tuple(Words(zh=zh, en=en) for zh, en in steps),
        questions=tuple(_question(question) for question in questions),
        raises=tuple(rule for question in questions for rule in _raise(question)),
    )


def _loaded() -> tuple[str, Mapping[str, Category]]:
    text = (resources.files("management.hazards") / "categories.toml").read_text("utf-8")
    data = tomllib.loads(text)
    found: dict[str, Category] = {}
    for part in data["group"]:
        group = Group(code=part["code"], words=_words(part))
        for row in part["category"]:
            if row["code"] in found:
                raise ValueError(f"{row['code']} is there twice")
            found[row["code"]] = _category(group, row)
    return data["version"], MappingProxyType(found)


_LOADED: Final = _loaded()
VERSION: Final = _LOADED[0]
CATEGORIES: Final = _LOADED[1]
"""Every kind of hazard by its code, in the order in which people are shown them."""


@cache
def public_categories() -> tuple[str, ...]:
    """Codes of those that the public map may show."""
    return tuple(code for code, one in CATEGORIES.items() if one.public)


def category(code: str, *, field: str = "input.categoryCode") -> Category:
    """A kind of hazard by its code.

    Raises:
        InvalidInput: there is none.
    """
    found = CATEGORIES.get(code)
    if found is None:
        raise InvalidInput(
            field=field,
            reason="UNKNOWN_CATEGORY",
            zh="没有这个隐患类别",
            en="There is no such kind of hazard",
        )
    return found
