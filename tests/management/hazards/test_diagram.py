"""docs/hazards.md shows the table that the program obeys."""

from __future__ import annotations

from pathlib import Path

from management.hazards.diagram import markdown

PAGE = Path(__file__).parents[3] / "docs/hazards.md"


def test_the_page_shows_the_table_as_it_is() -> None:
    text = PAGE.read_text("utf-8")
    shown = text.split("<!-- from loop.toml -->")[1].split("<!-- to here -->")[0]
    assert shown.strip() == markdown().strip()
