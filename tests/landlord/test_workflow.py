"""The table of moves: what the docs show is what the code does, and nothing goes round it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from core.errors import WrongState
from landlord.models import Listing, ListingState
from landlord.workflow import TABLE, ListingAction, Move, Who, actions_open, find, move, require

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "schema", "notifications", "citizen", "landlord", "management", "media")
SET = re.compile(
    r"UPDATE listing\b[^;]{0,20}?SET (?:(?!WHERE|FROM)[^;])*?\bstate\b\s*=", re.IGNORECASE
)


def row_of(row: Move) -> str:
    before = f" (was `{row.before.value}`)" if row.before else ""
    to = ", ".join(f"`{state.value}`" for state in row.to)
    who = ", ".join(one.value.lower() for one in row.who)
    return f"| `{row.state.value}`{before} | `{row.action.value}` | {to} | {who} |"


def test_the_docs_show_the_table() -> None:
    text = (ROOT / "docs/rules.md").read_text("utf-8")
    shown = [line for line in text.splitlines() if re.match(r"\| `[A-Z_]+`( \(was| \|)", line)]
    wanted = [row_of(row) for row in TABLE]
    assert [line for line in shown if line in wanted] == wanted
    states = {state.value for state in ListingState}
    strays = [line for line in shown if line not in wanted and line.split("`")[1] in states]
    assert strays == []


def sources() -> list[Path]:
    return [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def test_nothing_else_changes_the_state_of_a_listing() -> None:
    workflow = ROOT / "landlord/workflow.py"
    for path in sources():
        text = path.read_text("utf-8")
        if path != workflow:
            joined = re.sub(r'"\s*\n\s*f?"', "", text)
            assert not SET.search(joined), path
        if path == workflow or path.parts[-2] != "landlord":
            continue
        for node in ast.walk(ast.parse(text)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            flat = [item for t in targets for item in (t.elts if isinstance(t, ast.Tuple) else [t])]
            names = {
                item.attr
                for item in flat
                if isinstance(item, ast.Attribute)
                and isinstance(item.value, ast.Name)
                and item.value.id in {"listing", "old", "copy", "seen"}
            }
            assert not {"state", "state_before"} & names, f"{path}:{node.lineno}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("state", ListingState)
@pytest.mark.parametrize("action", ListingAction)
def test_an_action_outside_the_table_is_refused_and_changes_nothing(
    state: ListingState, action: ListingAction
) -> None:
    before = ListingState.PUBLISHED if state is ListingState.SUSPENDED else None
    listing = Listing(state=state, state_before=before, version=3)
    row = find(state, before, action)
    if row is None:
        with pytest.raises(WrongState) as refusal:
            move(listing, action)
        assert refusal.value.reason == state.value
    else:
        assert require(listing, action) is row
    if row is None or row.copies or Who.SYSTEM in row.who:
        assert (listing.state, listing.state_before, listing.version) == (state, before, 3)


def test_a_move_follows_its_row_and_counts_up() -> None:
    listing = Listing(state=ListingState.DRAFT, version=1)
    move(listing, ListingAction.PUBLISH, ListingState.IN_REVIEW)
    assert (listing.state, listing.version) == (ListingState.IN_REVIEW, 2)
    with pytest.raises(ValueError, match="does not lead"):
        move(listing, ListingAction.APPROVE, ListingState.DRAFT)


def test_what_expires_while_suspended_comes_back_as_public() -> None:
    listing = Listing(state=ListingState.SUSPENDED, state_before=ListingState.RESERVED, version=1)
    move(listing, ListingAction.EXPIRE)
    assert (listing.state, listing.state_before) == (
        ListingState.SUSPENDED,
        ListingState.PUBLISHED,
    )


def test_what_is_reserved_is_not_changed_also_while_suspended() -> None:
    listing = Listing(state=ListingState.SUSPENDED, state_before=ListingState.RESERVED, version=1)
    with pytest.raises(WrongState) as refusal:
        move(listing, ListingAction.UPDATE)
    assert refusal.value.reason == "RESERVED"


def test_everybody_is_offered_only_what_is_theirs_to_do() -> None:
    def offered(state: ListingState, *whos: Who) -> list[str]:
        return [action.value for action in actions_open(state, None, whos)]

    published = ListingState.PUBLISHED
    assert offered(published, Who.SEEKER) == ["RESERVE"]
    assert offered(published, Who.LANDLORD) == ["UPDATE", "REFRESH", "WITHDRAW", "MARK_LET"]
    assert offered(published, Who.STAFF) == []
    assert offered(ListingState.RESERVED, Who.HOLDER) == ["RELEASE"]
    assert offered(ListingState.IN_REVIEW, Who.STAFF) == ["APPROVE", "REFUSE"]
    assert offered(ListingState.IN_REVIEW, Who.LANDLORD) == []
