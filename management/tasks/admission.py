"""The admission list (准入清单): what may be sent down to wardens, and what work costs them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from management.models import TaskKind

_FILE: Final = Path(__file__).with_name("admission.toml")


@dataclass(frozen=True, slots=True)
class Admitted:
    """One kind of work that these departments may send down, and its minutes."""

    code: str
    zh: str
    en: str
    departments: frozenset[str]
    minutes: int


@dataclass(frozen=True, slots=True)
class Admission:
    """``kinds``: what may be sent, by code. ``own``: minutes of what follows by itself."""

    kinds: Mapping[str, Admitted]
    own: Mapping[TaskKind, int]


@cache
def admission() -> Admission:
    """The list as it comes with the program.

    Raises:
        ValueError: a kind of task has no minutes, or an entry is not whole.
    """
    read = tomllib.loads(_FILE.read_text("utf-8"))
    kinds = {code: _admitted(code, entry) for code, entry in read["kinds"].items()}
    own = {TaskKind(name): int(minutes) for name, minutes in read["own"].items()}
    if set(own) != set(TaskKind):
        raise ValueError("every kind of task needs its minutes")
    return Admission(MappingProxyType(kinds), MappingProxyType(own))


def _admitted(code: str, entry: Mapping[str, object]) -> Admitted:
    departments, minutes = entry["departments"], entry["minutes"]
    if not isinstance(departments, list) or not isinstance(minutes, int) or len(code) > 30:
        raise ValueError(f"{code}: a list of departments, and minutes")
    return Admitted(
        code, str(entry["zh"]), str(entry["en"]), frozenset(map(str, departments)), minutes
    )
