"""The words that come with the program: one file for each group of topics, and those of codes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from notifications.topics import ParamKind, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a template says, as :class:`notifications.models.MessageTemplate` keeps it."""

    topic: str
    title_zh: str
    body_zh: str
    title_en: str
    body_en: str
    form_values: Mapping[str, str] = field(default_factory=dict)


@cache
def shipped() -> Mapping[Topic, Words]:
    """The words of every topic, in the order of the topics."""
    found = {
        Topic(name): Words(topic=name, form_values=said.pop("form", {}), **said)
        for file in _files()
        for name, said in _read(file).items()
    }
    return {topic: found[topic] for topic in Topic}


@cache
def codes() -> Mapping[ParamKind, Mapping[str, tuple[str, str]]]:
    """Kind of param → code → its words in zh-CN and en."""
    return {
        ParamKind(kind): {code: (words[0], words[1]) for code, words in said.items()}
        for kind, said in _read("codes.toml").items()
    }


def _files() -> list[str]:
    names = (file.name for file in resources.files(__name__).iterdir())
    return sorted(name for name in names if name.endswith(".toml") and name != "codes.toml")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(__name__) / name).read_text("utf-8"))
