"""The built console and its examples: built from what is committed, and known to the API."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate
from graphql.execution import get_variable_values

from api.app import make_schema

ROOT = Path(__file__).parents[2]
BUILT, SOURCES = ROOT / "api/console", ROOT / "console"
EXAMPLES = [
    (group["role"], one)
    for group in json.loads((ROOT / "api/console_operations.json").read_text())["groups"]
    for one in group["operations"]
]
STAND_INS = {
    "uuid": "5f0f7a86-6d3c-4f0e-9c1b-0a0a0a0a0a0a",
    "today": "2026-11-21",
    "nextMonth": "2026-12-21T00:00:00+08:00",
}
SOURCE_NAMES = ("build", "src", "index.html", "package.json", "package-lock.json", "tsconfig.json",
                "vite.config.ts")  # fmt: skip


def _fill(value: Any) -> Any:
    """Variables with something in each place that is filled when an example is opened."""
    if isinstance(value, dict):
        return {key: _fill(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner) for inner in value]
    if isinstance(value, str) and value.startswith("$"):
        return STAND_INS.get(value[1:], "stand-in")
    return value


@pytest.mark.parametrize(
    ("role", "example"), EXAMPLES, ids=[f"{role}: {one['title']['en']}" for role, one in EXAMPLES]
)
def test_every_example_fits_the_schema(role: str, example: dict[str, Any]) -> None:
    schema = make_schema()._schema
    document = parse("\n".join(example["query"]))
    assert [error.message for error in validate(schema, document)] == []
    (operation,) = (d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    given = _fill(example.get("variables", {}))
    values = get_variable_values(schema, operation.variable_definitions or (), given)
    assert not isinstance(values, list), values
    assert set(given) <= {d.variable.name.value for d in operation.variable_definitions or ()}


def test_what_the_console_sends_fits_the_schema() -> None:
    document = parse((SOURCES / "src/documents.graphql").read_text())
    assert [error.message for error in validate(make_schema()._schema, document)] == []


def test_the_committed_build_is_of_the_committed_sources() -> None:
    recorded = json.loads((BUILT / "build.json").read_text())
    sources = [
        file
        for name in SOURCE_NAMES
        for file in (
            [SOURCES / name] if (SOURCES / name).is_file() else (SOURCES / name).rglob("*")
        )
        if file.is_file()
    ]
    built = [file for file in BUILT.rglob("*") if file.is_file() and file.name != "build.json"]
    assert _fingerprint(SOURCES, sources) == recorded["sources"]
    assert _fingerprint(BUILT, built) == recorded["built"]


def _fingerprint(root: Path, files: list[Path]) -> str:
    lines = sorted(
        f"{file.relative_to(root).as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}\n"
        for file in files
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_page_loads_nothing_from_outside() -> None:
    page = (BUILT / "index.html").read_text()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(address.startswith(("./", "data:")) for address in addresses)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
