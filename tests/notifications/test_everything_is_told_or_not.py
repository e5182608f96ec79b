"""No event is forgotten: somebody is told of it, or there is a reason why nobody is."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import pytest

from citizen import events as of_citizen
from core import events as wiring
from core.events import Event
from identity import events as of_identity
from landlord import events as of_landlord
from management import events as of_management
from notifications import recipients
from notifications.recipients import UNTOLD
from notifications.shipped import shipped
from notifications.topics import RULES, Topic


def events_of(module: ModuleType) -> set[type[Event]]:
    return {
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Event) and kind.__module__ == module.__name__
    }


ALL = (
    events_of(of_identity)
    | events_of(of_management)
    | events_of(of_landlord)
    | events_of(of_citizen)
)


def told() -> set[type[Event]]:
    """Events with a handler among the recipients."""
    return {
        kind
        for kinds in (wiring._at_once, wiring._at_the_end)
        for kind, handlers in kinds.items()
        if any(one.__module__.startswith(recipients.__name__ + ".") for one in handlers)
    }


@pytest.mark.parametrize("kind", sorted(ALL, key=lambda kind: kind.__name__))
def test_somebody_is_told_or_there_is_a_reason(kind: type[Event]) -> None:
    assert (kind in told()) != (kind in UNTOLD)
    assert len(UNTOLD.get(kind, "a reason")) > 5


def test_there_are_events_to_look_at() -> None:
    assert len(ALL) > 50
    assert set(UNTOLD) <= ALL


ELSEWHERE = {Topic.NOTICE, Topic.AREA_ALERT}
"""Told by who sends notices, not by an event of these packages."""


def test_every_topic_is_told_by_somebody() -> None:
    folder = Path(recipients.__file__).parent
    code = "".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    silent = {topic for topic in Topic if f"Topic.{topic.name}" not in code}
    assert silent == ELSEWHERE
    assert set(shipped()) == set(RULES)


def test_the_table_of_topics_in_the_papers_is_that_of_the_code() -> None:
    paper = (Path(__file__).parents[2] / "docs/notifications.md").read_text("utf-8")
    rows = [line for line in paper.splitlines() if line.startswith("| `") and line.count("|") == 6]
    expected = []
    for topic, rule in RULES.items():
        channels = ", ".join(rule.channels) or "inbox only"
        form = f"`{rule.form}`" if rule.form else ""
        params = ", ".join(f"`{name}`" for name in sorted(rule.params))
        expected.append(f"| `{topic}` | `{rule.group}` | {channels} | {form} | {params} |")
    assert rows == expected
