"""Refuse breaking changes of the schema that nobody wrote down.

``python tools/schema_changes.py [--base REVISION]`` compares ``schema.graphql`` as it is here with
the one of another revision (the branch point with ``main``, or the last commit when that is where
we are) and wants a note in ``docs/schema-changes.md`` for each change that could break a client:
a line that holds the change in the words of this tool.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from graphql import build_schema
from graphql.utilities import find_breaking_changes

ROOT = Path(__file__).parent.parent
SNAPSHOT = "schema.graphql"
NOTES = "docs/schema-changes.md"


def breaking_changes(before: str, after: str) -> list[str]:
    """What in ``after`` could break a client that was written against ``before``."""
    found = find_breaking_changes(build_schema(before), build_schema(after))
    return sorted({change.description for change in found})


def without_note(changes: Sequence[str], notes: str) -> list[str]:
    """The changes that no line of the notes holds."""
    lines = notes.splitlines()
    return [change for change in changes if not any(change in line for line in lines)]


def base_revision() -> str | None:
    """The commit to compare with; ``None`` where there is no history."""
    head = _git("rev-parse", "HEAD")
    for main in ("origin/main", "main"):
        point = _git("merge-base", "HEAD", main)
        if point and point != head:
            return point
    # On main itself: what is not committed yet, else what the last commit changed.
    return head if _git("status", "--porcelain", "--", SNAPSHOT) else _git("rev-parse", "HEAD~1")


def _git(*arguments: str) -> str | None:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, tell, and answer the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--base", help="revision to compare with")
    base = parser.parse_args(arguments).base or base_revision()
    before = _git("show", f"{base}:{SNAPSHOT}") if base else None
    if not before:
        print("There is no earlier schema to compare with")
        return 0
    notes = ROOT / NOTES
    changes = breaking_changes(before, (ROOT / SNAPSHOT).read_text(encoding="utf-8"))
    unnoted = without_note(changes, notes.read_text(encoding="utf-8") if notes.exists() else "")
    for change in unnoted:
        print(f"Breaking: {change}", file=sys.stderr)
    if unnoted:
        print(f"Say in {NOTES} why, in a line that holds the words above", file=sys.stderr)
        return 1
    print(f"No breaking change without a note ({len(changes)} noted)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
