"""The life of a hazard as docs/hazards.md shows it: made from ``loop.toml``, compared by a test."""

from __future__ import annotations

from management.hazards.loop import ENDS
from management.hazards.table import ActionRule, StateRule, table
from management.models import HazardState, Severity


def markdown() -> str:
    """The table of states, the table of actions and the diagram."""
    return "\n".join([*_states(), "", *_actions(), "", *_diagram()])


def _states() -> list[str]:
    lines = [
        "| state | 状态 | whose task | GENERAL / SERIOUS / URGENT | when that is over |",
        "|---|---|---|---|---|",
    ]
    for rule in table().states.values():
        hours = " / ".join(f"{rule.hours[one]} h" for one in Severity) if rule.hours else "-"
        clock = f"`{rule.clock.value}`" if rule.clock else "-"
        lines.append(f"| `{rule.code.value}` | {rule.zh} | {_pool(rule)} | {hours} | {clock} |")
    return lines


def _pool(rule: StateRule) -> str:
    if rule.to_assignee:
        return "who it was dispatched to"
    return f"`{rule.pool.value}`" if rule.pool else "-"


def _actions() -> list[str]:
    lines = ["| action | 动作 | in | next | who |", "|---|---|---|---|---|"]
    for rule in table().actions.values():
        states = ", ".join(f"`{one.value}`" for one in rule.states)
        to = ", ".join(f"`{one.value}`" for one in rule.to) or "stays"
        if set(HazardState) == set(rule.states):
            states = "all"
        lines.append(f"| `{rule.code.value}` | {rule.zh} | {states} | {to} | {_who(rule)} |")
    return lines


def _who(rule: ActionRule) -> str:
    who = [*sorted(rule.people), *(f"`{one.value}`" for one in rule.permissions)]
    more = ["not who put it right"] * rule.apart + ["with a reason"] * rule.reason
    return ", ".join([*who, *more])


def _diagram() -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2", "  [*] --> REPORTED: REPORT"]
    for rule in table().actions.values():
        for before in rule.states:
            lines += [f"  {before.value} --> {to.value}: {rule.code.value}" for to in rule.to]
    lines += [f"  {end.value} --> [*]" for end in HazardState if end in ENDS]
    return [*lines, "```"]
