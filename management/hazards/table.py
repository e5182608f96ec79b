"""The life of a hazard as it stands in ``loop.toml``: states, actions, who, and how long."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from identity.actor import Permission, Role
from management.models import HazardAction, HazardState, Severity

ASSIGNEE: Final = "assignee"
LANDLORD: Final = "landlord"
REPORTER: Final = "reporter"
CLOCK: Final = "clock"
_PEOPLE: Final = frozenset({ASSIGNEE, LANDLORD, REPORTER, CLOCK})


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRule:
    """One state. ``pool`` is whose task it is; ``None`` where nobody has one.

    ``to_assignee``: the task is of who the hazard was dispatched to. ``hours``: the limit by
    severity, empty without one. ``clock``: what happens when it is over.
    """

    code: HazardState
    zh: str
    en: str
    pool: Role | None
    to_assignee: bool
    hours: Mapping[Severity, int]
    clock: HazardAction | None

    def limit(self, severity: Severity) -> timedelta | None:
        """How long a hazard of this severity may stand here."""
        hours = self.hours.get(severity)
        return None if hours is None else timedelta(hours=hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRule:
    """One action. ``to`` is empty where the state stays as it is."""

    code: HazardAction
    zh: str
    en: str
    states: tuple[HazardState, ...]
    to: tuple[HazardState, ...]
    people: frozenset[str]
    permissions: tuple[Permission, ...]
    apart: bool
    reason: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The whole file."""

    states: Mapping[HazardState, StateRule]
    actions: Mapping[HazardAction, ActionRule]
    reopen: timedelta


@cache
def table() -> Table:
    """The file, read once.

    Raises:
        ValueError: it names something unknown, or leaves a state or an action out.
    """
    said = tomllib.loads((resources.files(__package__) / "loop.toml").read_text("utf-8"))
    states = {rule.code: rule for rule in map(_state, said["states"])}
    actions = {rule.code: rule for rule in map(_action, said["actions"])}
    missing = (set(HazardState) - set(states)) | (
        set(HazardAction) - set(actions) - {HazardAction.REPORT}
    )
    if missing:
        raise ValueError(f"loop.toml leaves out {sorted(missing)}")
    return Table(
        states=MappingProxyType(states),
        actions=MappingProxyType(actions),
        reopen=timedelta(hours=said["reopen_hours"]),
    )


def _state(said: dict[str, Any]) -> StateRule:
    pool = said.get("pool")
    hours = {Severity(code): int(hours) for code, hours in said.get("hours", {}).items()}
    if hours and set(hours) != set(Severity):
        raise ValueError(f"{said['code']} has hours for some severities only")
    return StateRule(
        code=HazardState(said["code"]),
        zh=said["zh"],
        en=said["en"],
        pool=None if pool in {None, "ASSIGNEE"} else Role(pool),
        to_assignee=pool == "ASSIGNEE",
        hours=MappingProxyType(hours),
        clock=HazardAction(said["clock"]) if "clock" in said else None,
    )


def _action(said: dict[str, Any]) -> ActionRule:
    who = list(said["who"])
    return ActionRule(
        code=HazardAction(said["code"]),
        zh=said["zh"],
        en=said["en"],
        states=tuple(HazardState(code) for code in said["in"]),
        to=tuple(HazardState(code) for code in said.get("to", [])),
        people=frozenset(one for one in who if one in _PEOPLE),
        permissions=tuple(Permission(one) for one in who if one not in _PEOPLE),
        apart=said.get("apart", False),
        reason=said.get("reason", False),
    )
